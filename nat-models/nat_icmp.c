/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP errors (RFC 5508, section 4): translated by the packet that they quote, which is
 * translated with them.  They open nothing, refresh nothing and end nothing (REQ-6).
 *
 *   from outside:  [ R > O | error | O:o > R:r … ]   becomes   [ R > I | error | I:i > R:r … ]
 *   from inside:   [ I > R | error | R:r > I:i … ]   becomes   [ O > R | error | R:r > O:o … ]
 *
 * The sender of an error from outside may be any router on the way, and stays as it is; a sender
 * on the inside is hidden behind the outside address of the mapping (REQ-5).
 */
#include "checksum.h"
#include "header_fields.h"
#include "nat_flow.h"

bool flow_error_passes(const struct passage *p)
{
	static const uint8_t types4[] = {
		[ICMP_UNREACHABLE] = 1 << NAT_ERROR_TYPE_UNREACHABLE,
		[ICMP_SOURCE_QUENCH] = 1 << NAT_ERROR_TYPE_QUENCH,
		[ICMP_TIME_EXCEEDED] = 1 << NAT_ERROR_TYPE_TIME,
		[ICMP_PARAMETER_PROBLEM] = 1 << NAT_ERROR_TYPE_PARAMETER,
	};
	static const uint8_t types6[] = {
		[ICMPV6_UNREACHABLE] = 1 << NAT_ERROR_TYPE_UNREACHABLE,
		[ICMPV6_TOO_BIG] = 1 << NAT_ERROR_TYPE_UNREACHABLE,
		[ICMPV6_TIME_EXCEEDED] = 1 << NAT_ERROR_TYPE_TIME,
		[ICMPV6_PARAMETER_PROBLEM] = 1 << NAT_ERROR_TYPE_PARAMETER,
	};
	const uint8_t *types = p->info.version == 4 ? types4 : types6, type = p->info.icmp_type;
	size_t len = p->info.version == 4 ? sizeof(types4) : sizeof(types6);

	return type >= len || !types[type] || p->nat->model.icmp.error_types & types[type];
}

/* REQ-3c: where the whole datagram is quoted, its transport checksum could be looked at.  REQ-3d: what
 * stands behind it, padding and extensions (RFC 4884), is no part of it, though some take it for one. */
static bool has_right_transport(const struct passage *p, const struct packet_info *quoted,
				const uint8_t *bytes)
{
	bool is4 = quoted->version == 4,
	     all = p->nat->model.icmp.quoted_checksum == NAT_QUOTED_CHECKED_ALL;
	uint32_t len = is4 ? get_be16(bytes + IP4_LENGTH)
			   : IP6_HEADER + (uint32_t)get_be16(bytes + IP6_LENGTH);
	uint32_t at = quoted->transport_offset, ends = all ? p->info.payload_len : len;
	uint16_t sum = 0;

	if (len > p->info.payload_len || len < at + UDP_HEADER || quoted->more_fragments ||
	    quoted->fragment_offset)
		return true;
	if (quoted->protocol == IP_PROTO_UDP && get_be16(bytes + at + UDP_CHECKSUM) == 0)
		return true;
	if (quoted->protocol != IP_PROTO_ICMP)
		sum = checksum_fold(bytes + (is4 ? IP4_SRC : IP6_SRC), is4 ? 8 : 32,
				    quoted->protocol + (ends - at));
	return checksum_same(checksum_fold(bytes + at, ends - at, sum), UINT16_MAX);
}

/* Read the quoted packet.  NAT_REASON_ICMP_ERROR, or why the error goes no further. */
enum nat_reason flow_read_quote(struct passage *p, struct packet_info *quoted)
{
	const uint8_t *bytes = p->pkt->data + p->info.payload_offset;

	if (!flow_error_passes(p))
		return NAT_REASON_UNSUPPORTED;
	if (packet_parse_quoted(bytes, p->info.payload_len, quoted) != PACKET_OK)
		return NAT_REASON_QUOTE_UNKNOWN;
	/* REQ-3a, REQ-3b. */
	if (quoted->version == 4 && p->nat->model.icmp.verify &&
	    !checksum_same(checksum_fold(bytes, quoted->transport_offset, 0), UINT16_MAX))
		return NAT_REASON_MALFORMED;
	if (quoted->version == 4 && quoted->transport_offset > IP4_HEADER &&
	    !p->nat->model.icmp.quoted_options)
		return NAT_REASON_QUOTE_UNKNOWN;
	/* Errors about errors are not sent (RFC 1122, 3.2.2); later fragments have no ports. */
	if (quoted->is_error || !quoted->has_ports || quoted->version != p->info.version)
		return NAT_REASON_QUOTE_UNKNOWN;
	if (p->nat->model.icmp.quoted_checksum != NAT_QUOTED_UNCHECKED &&
	    !has_right_transport(p, quoted, bytes))
		return NAT_REASON_MALFORMED;
	p->protocol = quoted->protocol == IP_PROTO_UDP	 ? NAT_UDP
		      : quoted->protocol == IP_PROTO_TCP ? NAT_TCP
							 : NAT_ICMP;
	if (p->nat->rules[p->protocol].is.blocked)
		return NAT_REASON_BLOCKED;
	return NAT_REASON_ICMP_ERROR;
}

static void set_outer_src(struct passage *p, struct ip_addr to)
{
	packet_set_src(p->pkt, &p->info, (struct endpoint){ to, 0 });
}

static void set_outer_dst(struct passage *p, struct ip_addr to)
{
	packet_set_dst(p->pkt, &p->info, (struct endpoint){ to, 0 });
}

/* Translate the quote: its source, its destination, or both (NULL: not that one). */
static void set_quote(struct passage *p, struct packet_info *quoted, const struct endpoint *src,
		      const struct endpoint *dst)
{
	enum nat_quote how = p->nat->model.icmp.quote;
	uint8_t *inner = p->pkt->data + p->info.payload_offset + IP4_CHECKSUM;
	uint8_t *outer = p->pkt->data + p->info.transport_offset + ICMP_CHECKSUM;
	uint16_t before = get_be16(inner), now;

	if (how == NAT_QUOTE_KEPT)
		return;
	if (dst)
		packet_set_quoted_dst(p->pkt, &p->info, quoted, *dst);
	if (src)
		packet_set_quoted_src(p->pkt, &p->info, quoted, *src);
	if (how != NAT_QUOTE_CHECKSUM || p->info.version != 4)
		return;
	now = get_be16(inner);
	put_be16(inner, before);
	put_be16(outer, checksum_updated(get_be16(outer), checksum_change(now, before)));
}

/* REQ-6: an error is no reason to keep a mapping, nor to end it.  Some do. */
void flow_affect(struct passage *p, const struct lead *lead)
{
	const struct nat_transport *is = &p->nat->rules[p->protocol].is;
	uint64_t end = is->timeout_ns > UINT64_MAX - p->now ? UINT64_MAX : p->now + is->timeout_ns;

	if (!lead->ref)
		return;
	if (p->nat->model.icmp.on_error == NAT_ERROR_END)
		mapping_set_end(p->nat, lead->ref, p->now + 1); /* It still leads the error. */
	else if (p->nat->model.icmp.on_error == NAT_ERROR_REFRESH &&
		 end > nat_mapping(p->nat, lead->ref)->expires)
		mapping_set_end(p->nat, lead->ref, end);
}

/* REQ-3: a wrong checksum says that the quote is not to be trusted. */
static bool is_sound(const struct passage *p)
{
	uint32_t len = p->info.payload_offset - p->info.transport_offset + p->info.payload_len;

	if (p->info.more_fragments || p->pkt->offload.needs_checksum)
		return true;
	if (p->info.version == 6)
		return packet_checksums_ok(p->pkt);
	return checksum_same(checksum_fold(p->pkt->data + p->info.transport_offset, len, 0),
			     UINT16_MAX);
}

/* REQ-4b, REQ-5b. */
static void treat_code(struct passage *p)
{
	uint8_t *icmp = p->pkt->data + p->info.transport_offset;
	uint16_t before = get_be16(icmp + ICMP_TYPE), now = before & 0xff00;

	if (p->nat->model.icmp.code_kept)
		return;
	put_be16(icmp + ICMP_TYPE, now);
	put_be16(icmp + ICMP_CHECKSUM,
		 checksum_updated(get_be16(icmp + ICMP_CHECKSUM), checksum_change(before, now)));
}

/* REQ-4, REQ-5: about nothing that is known.  Where one inside host has an address, that is enough for
 * some NATs; and on the way out any is. */
static struct nat_decision error_astray(struct passage *p, const struct lead *lead)
{
	const struct nat *nat = p->nat;
	int pool = nat_pool_find(nat, p->info.dst.addr);

	if (!nat->model.icmp.strays)
		return flow_drop(p, lead->reason);
	if (p->side == NAT_INSIDE) {
		if (nat->model.kind != NAT_KIND_FIREWALL)
			set_outer_src(p, nat->pool[0]);
		return flow_forward(p, NAT_OUTSIDE, NULL, NAT_REASON_ICMP_ERROR);
	}
	if (nat->model.kind == NAT_KIND_ONE_TO_ONE && pool >= 0 &&
	    !ip_addr_is_unset(nat->bound[pool]))
		set_outer_dst(p, nat->bound[pool]);
	else if (nat->model.kind != NAT_KIND_FIREWALL)
		return flow_drop(p, lead->reason);
	return flow_forward(p, NAT_INSIDE, NULL, NAT_REASON_ICMP_ERROR);
}

static struct nat_decision error_inbound(struct passage *p, struct packet_info *quoted)
{
	struct lead lead;

	/* It goes back to whoever sent what it quotes. */
	if (!ip_addr_equal(p->info.dst.addr, quoted->src.addr))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	/* RFC 4787, REQ-12a. */
	if (!p->nat->model.icmp.any_source && !ip_addr_equal(p->info.src.addr, quoted->dst.addr))
		return flow_drop(p, NAT_REASON_FILTERED);
	lead = lead_back_in(p, quoted->src, flow_remote(p, quoted->dst));
	if (!lead_is_open(&lead))
		return error_astray(p, &lead);
	treat_code(p);
	set_quote(p, quoted, &lead.to, NULL);
	set_outer_dst(p, lead.to.addr);
	flow_affect(p, &lead);
	return flow_forward(p, NAT_INSIDE, lead.ref ? &lead : NULL, NAT_REASON_ICMP_ERROR);
}

static struct nat_decision error_outbound(struct passage *p, struct packet_info *quoted)
{
	struct lead lead = lead_back_out(p, quoted->dst, flow_remote(p, quoted->src));

	if (!lead_is_open(&lead))
		return error_astray(p, &lead);
	treat_code(p);
	set_quote(p, quoted, NULL, &lead.to);
	flow_affect(p, &lead);
	if (p->nat->model.kind != NAT_KIND_FIREWALL && p->nat->model.icmp.sender_hidden)
		set_outer_src(p, lead.to.addr);
	return flow_forward(p, NAT_OUTSIDE, lead.ref ? &lead : NULL, NAT_REASON_ICMP_ERROR);
}

/* REQ-7: about a packet that was hairpinned.  Out and in again, as that was: the quote becomes
 * what its sender sent, and the error comes from where that was sent to. */
static struct nat_decision error_hairpin(struct passage *p, struct packet_info *quoted)
{
	struct lead out, in;

	if (p->nat->model.hairpin == NAT_HAIRPIN_NONE || !p->nat->model.icmp.hairpinned_errors)
		return flow_drop(p, NAT_REASON_NO_HAIRPIN);
	out = lead_back_out(p, quoted->dst, flow_remote(p, quoted->src));
	if (!lead_is_open(&out))
		return flow_drop(p, out.reason);
	in = lead_back_in(p, quoted->src, flow_remote(p, out.to));
	if (!lead_is_open(&in))
		return flow_drop(p, in.reason);
	set_quote(p, quoted, &in.to, &out.to);
	flow_affect(p, &in);
	set_outer_src(p, out.to.addr);
	set_outer_dst(p, in.to.addr);
	return flow_forward(p, NAT_INSIDE, in.ref ? &in : NULL, NAT_REASON_ICMP_ERROR);
}

struct nat_decision flow_error(struct passage *p)
{
	bool redirect = p->info.version == 4 && p->info.icmp_type == ICMP_REDIRECT;
	struct packet_info quoted;
	enum nat_reason reason;

	/* REQ-10: a redirect is about the network that it was sent on, and stays there. */
	if (redirect || !p->nat->model.icmp.errors)
		return flow_drop(p, NAT_REASON_UNSUPPORTED);
	if (p->nat->model.icmp.verify && !is_sound(p))
		return flow_drop(p, NAT_REASON_MALFORMED);
	reason = flow_read_quote(p, &quoted);
	if (reason != NAT_REASON_ICMP_ERROR)
		return flow_drop(p, reason);
	if (p->side == NAT_OUTSIDE)
		return error_inbound(p, &quoted);
	if (!ip_addr_equal(p->info.dst.addr, quoted.src.addr))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	if (nat_pool_find(p->nat, p->info.dst.addr) >= 0)
		return error_hairpin(p, &quoted);
	return error_outbound(p, &quoted);
}
