/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6-to-IPv6 Network Prefix Translation, RFC 6296: no state, no ports, and no checksum that needs
 * to change, since one word of the address makes up for what the prefixes differ by.  So any
 * protocol passes, fragments and encrypted ones among them.
 */
#include "checksum.h"
#include "header_fields.h"
#include "nat_ip6.h"

enum { WORDS = 8, SUBNET_WORD = 3, SUBNET_BITS = 48, PREFIX_MAX = 64, ALL_ONES = 0xffff };

bool nptv6_config_is_sane(const struct nat_config *config)
{
	const struct ip_prefix *prefixes[] = { &config->inside, &config->outside_prefix };

	for (int i = 0; i < 2; i++) {
		if (prefixes[i]->bits > PREFIX_MAX || prefixes[i]->bits == 0 ||
		    ip_addr_is_v4(prefixes[i]->addr))
			return false;
	}
	return true;
}

uint16_t nptv6_adjustment(struct ip_prefix inside, struct ip_prefix outside)
{
	return checksum_change(checksum_of_addr(outside.addr), checksum_of_addr(inside.addr));
}

static unsigned shift_of(unsigned word)
{
	return 48 - word % 4 * 16;
}

static uint16_t word_of(struct ip_addr a, unsigned word)
{
	return (uint16_t)((word < 4 ? a.hi : a.lo) >> shift_of(word));
}

static void set_word(struct ip_addr *a, unsigned word, uint16_t value)
{
	uint64_t *half = word < 4 ? &a->hi : &a->lo;

	*half &= ~((uint64_t)ALL_ONES << shift_of(word));
	*half |= (uint64_t)value << shift_of(word);
}

/* RFC 6296, 3.4: with prefixes of 48 bits or less the subnet's word; 3.5: with longer ones the
 * first of the interface identifier's that is not all ones.  -1: there is none. */
static int word_to_adjust(struct ip_addr a, uint8_t bits)
{
	unsigned word = SUBNET_WORD;

	if (bits <= SUBNET_BITS)
		return word_of(a, word) == ALL_ONES ? -1 : SUBNET_WORD;
	for (word = 4; word < WORDS && word_of(a, word) == ALL_ONES; word++)
		;
	return word < WORDS ? (int)word : -1;
}

/* 3.2: of two lengths the longer one, the shorter prefix being filled up with zeroes. */
static uint8_t longer(struct ip_prefix a, struct ip_prefix b)
{
	return a.bits > b.bits ? a.bits : b.bits;
}

static struct ip_addr swap_prefix(struct ip_addr addr, struct ip_prefix from, struct ip_prefix to)
{
	uint8_t bits = longer(from, to);
	uint64_t host = bits >= 64 ? 0 : UINT64_MAX >> bits;

	return (struct ip_addr){ to.addr.hi | (addr.hi & host), addr.lo };
}

bool nptv6_map(struct ip_addr *addr, struct ip_prefix from, struct ip_prefix to,
	       uint16_t adjustment)
{
	struct ip_addr mapped = swap_prefix(*addr, from, to);
	int word = word_to_adjust(mapped, longer(from, to));
	uint16_t value;

	if (word < 0)
		return false;
	value = checksum_add(word_of(mapped, (unsigned)word), adjustment);
	/* 3.1: zero has two forms, and only this one comes back as what it was. */
	set_word(&mapped, (unsigned)word, value == ALL_ONES ? 0 : value);
	*addr = mapped;
	return true;
}

static bool map(const struct nat *nat, struct ip_addr *addr, struct ip_prefix from,
		struct ip_prefix to, uint16_t adjustment)
{
	if (!ip_prefix_contains(from, *addr))
		return false;
	if (nat->model.checksum_neutral)
		return nptv6_map(addr, from, to, adjustment);
	*addr = swap_prefix(*addr, from, to);
	return true;
}

static bool map_out(const struct nat *nat, struct ip_addr *addr)
{
	return map(nat, addr, nat->inside, nat->outside_prefix, nat->npt_adjustment);
}

static bool map_in(const struct nat *nat, struct ip_addr *addr)
{
	return map(nat, addr, nat->outside_prefix, nat->inside, (uint16_t)~nat->npt_adjustment);
}

/* No checksum is touched: that is the point of it. */
static void put_src(struct passage *p, struct ip_addr to)
{
	if (!p->nat->model.checksum_neutral) {
		packet_set_src(p->pkt, &p->info, (struct endpoint){ to, p->info.src.port });
		return;
	}
	put_addr(p->pkt->data + IP6_SRC, 6, to);
	p->info.src.addr = to;
}

static void put_dst(struct passage *p, struct ip_addr to)
{
	if (!p->nat->model.checksum_neutral) {
		packet_set_dst(p->pkt, &p->info, (struct endpoint){ to, p->info.dst.port });
		return;
	}
	put_addr(p->pkt->data + IP6_DST, 6, to);
	p->info.dst.addr = to;
}

/* An address that cannot be translated: 3.4 and 3.5.  Its owner hears of it, where anybody is told. */
static struct nat_decision untranslatable(struct passage *p)
{
	struct nat_decision decision = flow_drop(p, NAT_REASON_NO_COUNTERPART);

	if (p->side == NAT_INSIDE && p->nat->model.refusal != NAT_REFUSAL_SILENT &&
	    packet_make_error(p->pkt, p->nat->inside_addr, PACKET_ERROR_NO_ROUTE, 0) == 0)
		decision.outcome = NAT_ANSWER;
	return decision;
}

/* What an error quotes is translated as well, or its receiver would not know it again (as RFC 5508, REQ-4).
 * The packet that an error from outside quotes has left with an outside source; one from inside quotes
 * one that came to an inside destination.  False where there is nothing to be read. */
static bool map_quote(struct passage *p, bool out)
{
	uint8_t *quote = p->pkt->data + p->info.payload_offset;
	uint8_t *at = quote + (out ? IP6_DST : IP6_SRC);
	uint8_t *icmp = p->pkt->data + p->info.transport_offset;
	struct ip_addr addr, before;
	uint16_t change;

	if (p->info.payload_len < IP6_HEADER || quote[0] >> 4 != 6)
		return false;
	addr = get_addr(at, 6);
	before = addr;
	if (!(out ? map_out(p->nat, &addr) : map_in(p->nat, &addr)))
		return false;
	put_addr(at, 6, addr);
	/* Of the same sum, it changes nothing. */
	change = checksum_change_of_addr(before, addr);
	if (!p->nat->model.checksum_neutral)
		put_be16(icmp + ICMP_CHECKSUM,
			 checksum_updated(get_be16(icmp + ICMP_CHECKSUM), change));
	return true;
}

static enum nat_reason error_may_pass(const struct passage *p)
{
	if (!p->nat->model.icmp.errors)
		return NAT_REASON_UNSUPPORTED;
	if (p->nat->model.icmp.verify && !packet_checksums_ok(p->pkt))
		return NAT_REASON_MALFORMED;
	return NAT_REASON_PREFIX;
}

static struct nat_decision outbound(struct passage *p)
{
	struct ip_addr src = p->info.src.addr;

	if (!ip_prefix_contains(p->nat->inside, src))
		return flow_drop(p, NAT_REASON_NOT_INSIDE);
	if (!map_out(p->nat, &src))
		return untranslatable(p);
	if (p->info.is_error && !map_quote(p, true))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	put_src(p, src);
	return flow_forward(p, NAT_OUTSIDE, NULL, NAT_REASON_PREFIX);
}

static struct nat_decision inbound(struct passage *p)
{
	struct ip_addr dst = p->info.dst.addr;

	if (!map_in(p->nat, &dst))
		return flow_drop(p, NAT_REASON_NO_MAPPING);
	if (p->info.is_error && !map_quote(p, false))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	put_dst(p, dst);
	return flow_forward(p, NAT_INSIDE, NULL, NAT_REASON_PREFIX);
}

/* To another inside host by its outside address: out and in again, so that the answer comes
 * the same way (RFC 6296, 4.3, which holds NPTv6 to RFC 4787's REQ-9). */
static struct nat_decision hairpin(struct passage *p)
{
	struct ip_addr src = p->info.src.addr, dst = p->info.dst.addr;

	if (p->nat->model.hairpin == NAT_HAIRPIN_NONE)
		return flow_drop(p, NAT_REASON_NO_HAIRPIN);
	if (!ip_prefix_contains(p->nat->inside, src))
		return flow_drop(p, NAT_REASON_NOT_INSIDE);
	if (!map_out(p->nat, &src) || !map_in(p->nat, &dst))
		return untranslatable(p);
	if (p->info.is_error && (!map_quote(p, true) || !map_quote(p, false)))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	if (p->nat->model.hairpin == NAT_HAIRPIN_EXTERNAL)
		put_src(p, src);
	put_dst(p, dst);
	return flow_forward(p, NAT_INSIDE, NULL, NAT_REASON_HAIRPIN);
}

struct nat_decision nptv6_process(struct passage *p)
{
	struct nat *nat = p->nat;
	enum nat_reason reason = p->info.is_error ? error_may_pass(p) : NAT_REASON_PREFIX;

	if (nat_pool_find(nat, p->info.dst.addr) >= 0)
		return flow_to_self(p, NAT_REASON_SELF);
	if (flow_find_protocol(p) && nat->rules[p->protocol].is.blocked)
		return flow_drop(p, NAT_REASON_BLOCKED);
	if (nat->model.fragments == NAT_FRAGMENTS_DROP &&
	    (p->info.more_fragments || p->info.fragment_offset))
		return flow_drop(p, NAT_REASON_NO_FRAGMENTS);
	if (reason != NAT_REASON_PREFIX)
		return flow_drop(p, reason);
	if (p->side == NAT_OUTSIDE)
		return inbound(p);
	if (ip_prefix_contains(nat->inside, p->info.dst.addr))
		return flow_forward(p, NAT_INSIDE, NULL, NAT_REASON_ROUTED);
	if (ip_prefix_contains(nat->outside_prefix, p->info.dst.addr))
		return hairpin(p);
	return outbound(p);
}
