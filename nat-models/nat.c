/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat.h"

#include "foresight.h"
#include "nat_flow.h"
#include "nat_ip6.h"

static bool is_own(const struct nat *nat, struct ip_addr addr)
{
	return ip_addr_equal(addr, nat->inside_addr) || nat_pool_find(nat, addr) >= 0;
}

/* For everybody on the link, this router among them, and for nobody beyond it. */
static bool is_for_all(const struct nat *nat, struct ip_addr addr)
{
	return ip_addr_is_multicast(addr) || ip_addr_equal(addr, ip_addr_v4(UINT32_MAX)) ||
	       ip_addr_equal(addr, nat->inside_broadcast);
}

/* No host may send from there (RFC 1122, 3.2.1.3), least of all an inside one.  What IPv6 makes of groups is
 * decided already. */
static bool may_not_send(const struct nat *nat, struct ip_addr addr)
{
	return nat_pool_find(nat, addr) >= 0 ||
	       (ip_addr_is_v4(addr) && ip_addr_is_multicast(addr)) || ip_addr_is_unset(addr) ||
	       ip_addr_equal(addr, ip_addr_v4(UINT32_MAX));
}

static struct nat_decision routed(const struct passage *p, enum nat_side to)
{
	return flow_forward(p, to, NULL, NAT_REASON_ROUTED);
}

/* For another inside host, which is its own segment's business.  But what gets here nobody there
 * has, and it may be an outside host's (RFC 4787, REQ-7). */
static bool stays_inside(const struct passage *p)
{
	return !p->nat->model.overlap && p->side == NAT_INSIDE &&
	       ip_prefix_contains(p->nat->inside, p->info.dst.addr);
}

static struct nat_decision route(const struct passage *p)
{
	return routed(p, p->side == NAT_OUTSIDE || stays_inside(p) ? NAT_INSIDE : NAT_OUTSIDE);
}

/* Is nothing translated between the inside and @remote, which @info is of? */
static bool exempts(const struct nat *nat, const struct packet_info *info, struct endpoint remote)
{
	for (size_t i = 0; i < nat->exempt_len; i++)
		if (ip_prefix_contains(nat->exempt[i], remote.addr))
			return true;
	if (info->protocol == IP_PROTO_UDP)
		return nat_transport_exempts(&nat->model.udp, remote.port);
	return info->protocol == IP_PROTO_TCP &&
	       nat_transport_exempts(&nat->model.tcp, remote.port);
}

/* An error is about the packet that it quotes, whoever on the way has sent it. */
static bool exempts_quoted(const struct passage *p)
{
	struct packet_info quoted;

	return packet_parse_quoted(p->pkt->data + p->info.payload_offset, p->info.payload_len,
				   &quoted) == PACKET_OK &&
	       exempts(p->nat, &quoted, p->side == NAT_INSIDE ? quoted.src : quoted.dst);
}

/* RFC 6888, REQ-6: for some destinations, and ports, nothing is translated.  Of a packet in parts only
 * the first has ports; the others follow it. */
static bool is_exempt(const struct passage *p)
{
	const struct ip_addr dst = p->info.dst.addr;

	/* Who speaks to the NAT's own addresses speaks to what it translates. */
	if (p->side == NAT_OUTSIDE ? !ip_prefix_contains(p->nat->inside, dst)
				   : nat_pool_find(p->nat, dst) >= 0)
		return false;
	if (p->info.is_error)
		return exempts_quoted(p);
	return exempts(p->nat, &p->info, p->side == NAT_INSIDE ? p->info.dst : p->info.src);
}

/*
 * Exempt is from translation alone: what is blocked for all, or for a port, is blocked here.  Which port a
 * packet's later parts are for, its first has said.
 */
static struct nat_decision exempted(struct passage *p)
{
	if (!flow_find_protocol(p))
		return route(p);
	if (p->nat->rules[p->protocol].is.blocked)
		return flow_no_mapping(p, NAT_REASON_BLOCKED);
	if (p->side == NAT_OUTSIDE || !p->nat->rules[p->protocol].is.outbound_ports[0])
		return route(p);
	if (p->info.fragment_offset)
		return flow_later_fragment(p);
	return flow_is_port_shut(p) ? flow_no_mapping(p, NAT_REASON_OUTBOUND_PORT) : route(p);
}

/* Is the packet of the addresses' own family?  This NAT does not translate between the two. */
static bool is_translatable(const struct passage *p)
{
	if (p->nat->model.kind == NAT_KIND_FIREWALL)
		return true;
	return ip_addr_is_v4(p->nat->pool[0]) == (p->info.version == 4);
}

/* Which table is it for?  False where there is none. */
bool flow_find_protocol(struct passage *p)
{
	switch (p->info.protocol) {
	case IP_PROTO_UDP:
		p->protocol = NAT_UDP;
		return true;
	case IP_PROTO_TCP:
		p->protocol = NAT_TCP;
		return true;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		p->protocol = NAT_ICMP;
		return true;
	default:
		return false;
	}
}

/* A packet with ports, or an error, that is not for the router itself by its inside address. */
static inline struct nat_decision translate(struct passage *p)
{
	struct nat *nat = p->nat;
	bool own = nat_pool_find(nat, p->info.dst.addr) >= 0;

	if (nat->rules[p->protocol].is.blocked)
		return flow_no_mapping(p, NAT_REASON_BLOCKED);
	if (nat->model.kind == NAT_KIND_FIREWALL && own)
		return flow_to_self(p, NAT_REASON_SELF);
	/* A private address on the outside is nobody here. */
	if (p->side == NAT_OUTSIDE && nat->model.kind != NAT_KIND_FIREWALL && !own)
		return flow_drop(p, NAT_REASON_NO_MAPPING);
	if (p->info.is_error)
		return flow_error(p);
	if (p->side == NAT_OUTSIDE)
		return flow_inbound(p);
	return own ? flow_hairpin(p) : flow_outbound(p);
}

/* RFC 4787, REQ-14: one that comes before the first may wait for it. */
struct nat_decision flow_later_fragment(struct passage *p)
{
	struct nat *nat = p->nat;
	struct nat_decision decision;

	if (nat->model.fragments == NAT_FRAGMENTS_DROP)
		return flow_drop(p, NAT_REASON_NO_FRAGMENTS);
	decision = fragment_follow(&nat->fragments, p->side, p->pkt, &p->info, p->now);
	if (decision.reason != NAT_REASON_FRAGMENT ||
	    nat->model.fragments != NAT_FRAGMENTS_ANY_ORDER ||
	    !held_add_fragment(nat, p->side, p->pkt, &p->info, p->now))
		return decision;
	decision.outcome = NAT_HOLD;
	decision.reason = NAT_REASON_HELD_FRAGMENT;
	return decision;
}

/* In one piece with nat_process(), for what it costs to call functions that have much to put on the
 * stack. */
__attribute__((always_inline)) static inline struct nat_decision process(struct passage *p,
									 enum packet_fault fault)
{
	struct nat *nat = p->nat;
	struct ip_addr dst = p->info.dst.addr;
	struct nat_decision decision;

	if ((p->info.version == 6 || nat->crosses_families) && ip6_decide(p, fault, &decision))
		return decision;
	if (p->side == NAT_INSIDE && may_not_send(nat, p->info.src.addr))
		return flow_drop(p, NAT_REASON_NOT_INSIDE);
	if (is_for_all(nat, dst) || (p->side == NAT_INSIDE && ip_addr_equal(dst, nat->inside_addr)))
		return flow_to_self(p, NAT_REASON_SELF);
	if (nat->model.kind == NAT_KIND_ROUTER)
		return is_own(nat, dst) ? flow_to_self(p, NAT_REASON_SELF) : route(p);
	if (stays_inside(p))
		return route(p);
	if (nat->exempts && is_exempt(p))
		return exempted(p);
	if (p->info.fragment_offset)
		return flow_later_fragment(p);
	if (p->info.more_fragments && nat->model.fragments == NAT_FRAGMENTS_DROP)
		return flow_drop(p, NAT_REASON_NO_FRAGMENTS);
	if (fault == PACKET_UNSUPPORTED || !flow_find_protocol(p) || !is_translatable(p))
		return flow_drop(p, NAT_REASON_UNSUPPORTED);
	return translate(p);
}

/* The first part of a fragmented packet, which says what becomes of the rest. */
__attribute__((noinline)) static struct nat_decision first_fragment(struct passage *p,
								    enum packet_fault fault)
{
	const struct packet_info before = p->info;
	struct nat_decision decision = process(p, fault);

	if (decision.outcome == NAT_FORWARD || decision.outcome == NAT_TO_SELF)
		fragment_remember(p->nat, p->side, &before, &p->info, &decision, p->now);
	if (decision.outcome == NAT_FORWARD)
		held_release_fragments(&p->nat->held, p->side, &before, p->now);
	return decision;
}

static inline enum packet_fault begin(struct passage *p, struct nat *nat, enum nat_side side,
				      struct packet *pkt)
{
	p->nat = nat;
	p->side = side;
	p->pkt = pkt;
	return packet_parse(pkt, &p->info);
}

static inline struct nat_decision decide(struct passage *p, enum packet_fault fault, uint64_t now)
{
	struct nat *nat = p->nat;
	uint32_t ref;

	nat->now = p->now = now > nat->now ? now : nat->now;
	expiry_turn(nat, p->now);
	ref = shortcut_take(p);
	if (ref)
		return flow_known(p, ref);
	if (fault != PACKET_OK && fault != PACKET_UNSUPPORTED)
		return flow_drop(p, NAT_REASON_MALFORMED);
	if (p->info.more_fragments && !p->info.fragment_offset)
		return first_fragment(p, fault);
	return process(p, fault);
}

struct nat_decision nat_process(struct nat *nat, enum nat_side side, struct packet *pkt,
				uint64_t now)
{
	struct passage p;
	enum packet_fault fault = begin(&p, nat, side, pkt);

	if (nat->expects)
		foresight_turn(nat);
	return decide(&p, fault, now);
}

void nat_forget_shortcuts(struct nat *nat)
{
	shortcuts_forget(&nat->shortcuts);
}

uint64_t nat_next_wake(const struct nat *nat)
{
	uint64_t expiry = expiry_next(nat), answer = nat_next_answer(nat);

	return answer < expiry ? answer : expiry;
}

uint64_t nat_next_answer(const struct nat *nat)
{
	return held_next(&nat->held);
}

enum nat_outcome nat_poll(struct nat *nat, uint64_t now, struct packet *ret, enum nat_side *ret_to)
{
	nat->now = now > nat->now ? now : nat->now;
	return held_poll(nat, nat->now, ret, ret_to);
}

bool nat_owns_outside(const struct nat *nat, struct ip_addr addr)
{
	return nat_pool_find(nat, addr) >= 0 ||
	       (nat->model.kind == NAT_KIND_NPTV6 && ip_prefix_contains(nat->outside_prefix, addr));
}
