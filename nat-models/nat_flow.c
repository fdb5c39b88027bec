/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat_flow.h"
#include "alg.h"
#include "static_forward.h"

struct endpoint flow_remote(const struct passage *p, struct endpoint end)
{
	/* A branch: to choose the port, and then load the whole, is to wait for the choice's store. */
	if (__builtin_expect(p->protocol == NAT_ICMP, 0))
		return (struct endpoint){ end.addr, 0 };
	return end;
}

/* Field by field: to load a whole struct that was just stored in parts, the processor waits until
 * the stores are through. */
static void set_remote(struct nat_decision *decision, const struct endpoint *remote)
{
	decision->remote.addr.hi = remote->addr.hi;
	decision->remote.addr.lo = remote->addr.lo;
	decision->remote.port = remote->port;
}

static inline struct nat_decision decide(const struct passage *p, enum nat_outcome outcome,
					 enum nat_reason reason, enum nat_side to)
{
	struct nat_decision decision;

	decision.outcome = outcome;
	decision.reason = reason;
	decision.to = to;
	decision.mapping = NULL;
	set_remote(&decision, p->side == NAT_INSIDE ? &p->info.dst : &p->info.src);
	decision.protocol = p->info.protocol;
	return decision;
}

struct nat_decision flow_drop(const struct passage *p, enum nat_reason reason)
{
	return decide(p, NAT_DROP, reason, p->side);
}

struct nat_decision flow_to_self(const struct passage *p, enum nat_reason reason)
{
	return decide(p, NAT_TO_SELF, reason, p->side);
}

struct nat_decision flow_forward(const struct passage *p, enum nat_side to, const struct lead *lead,
				 enum nat_reason reason)
{
	struct nat_decision decision = decide(p, NAT_FORWARD, reason, to);

	if (lead && lead->ref)
		decision.mapping = nat_mapping(p->nat, lead->ref);
	else if (lead && lead->reason != NAT_REASON_ROUTED)
		decision.mapping = &p->nat->shown;
	return decision;
}

struct nat_decision flow_known(const struct passage *p, uint32_t ref)
{
	struct nat_decision decision = decide(p, NAT_FORWARD, NAT_REASON_MAPPING,
					      p->side == NAT_INSIDE ? NAT_OUTSIDE : NAT_INSIDE);

	decision.mapping = nat_mapping(p->nat, ref);
	return decision;
}

/* The address that an answer to an unsolicited packet comes from. */
static struct ip_addr answering_address(const struct passage *p)
{
	if (p->nat->model.kind == NAT_KIND_FIREWALL && p->nat->pool_len)
		return p->nat->pool[0];
	return p->info.dst.addr;
}

/* RFC 5382, REQ-4: a SYN waits for one that crosses it, and only then is refused. */
static struct nat_decision hold_syn(struct passage *p, struct nat_decision decision)
{
	struct nat *nat = p->nat;
	bool is_syn = p->protocol == NAT_TCP &&
		      (p->info.tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	if (!is_syn || !held_add_syn(nat, p->pkt, &p->info, answering_address(p), p->now))
		return decision;
	decision.outcome = NAT_HOLD;
	decision.reason = NAT_REASON_HELD_SYN;
	return decision;
}

/* A NAT says "port unreachable" (RFC 5382, REQ-4); IPv6's firewalls have another word (RFC 6092, REC-34). */
enum packet_error flow_refusal(const struct nat *nat, const struct packet_info *info)
{
	if (info->version == 6 && nat->model.kind == NAT_KIND_FIREWALL)
		return PACKET_ERROR_PROHIBITED;
	return PACKET_ERROR_PORT;
}

/* What the model does about a packet that nothing lets in.  @remote: who sent it, as the filter
 * sees it. */
struct nat_decision flow_refuse(struct passage *p, const struct lead *lead, struct endpoint remote)
{
	enum nat_unsolicited how = p->nat->rules[p->protocol].is.unsolicited;
	struct nat_decision decision = flow_drop(p, lead->reason);
	int err = -1;

	if (lead->reason == NAT_REASON_SELF || lead->reason == NAT_REASON_POISONED)
		return flow_to_self(p, lead->reason);
	decision.remote = remote;
	if (lead->reason != NAT_REASON_NO_MAPPING && lead->reason != NAT_REASON_FILTERED)
		return decision;
	if (how == NAT_UNSOLICITED_ICMP)
		err = packet_make_error(p->pkt, answering_address(p),
					flow_refusal(p->nat, &p->info), 0);
	else if (how == NAT_UNSOLICITED_HOLD && p->side == NAT_OUTSIDE)
		return hold_syn(p, decision);
	else if (how == NAT_UNSOLICITED_RST)
		err = packet_make_tcp_rst(p->pkt);
	if (!err)
		decision.outcome = NAT_ANSWER;
	return decision;
}

struct nat_decision flow_no_mapping(struct passage *p, enum nat_reason reason)
{
	static const enum packet_error errors[] = {
		[NAT_REFUSAL_PROHIBITED] = PACKET_ERROR_PROHIBITED,
		[NAT_REFUSAL_UNREACHABLE] = PACKET_ERROR_HOST,
	};
	const enum nat_refusal how = p->nat->model.refusal;
	const bool is_told = how == NAT_REFUSAL_PROHIBITED || how == NAT_REFUSAL_UNREACHABLE;
	struct nat_decision decision = flow_drop(p, reason);

	switch (reason) {
	case NAT_REASON_BLOCKED:
	case NAT_REASON_OUTBOUND_PORT:
	case NAT_REASON_NO_PORT:
	case NAT_REASON_COLLISION:
	case NAT_REASON_TABLE_FULL:
	case NAT_REASON_HOST_LIMIT:
	case NAT_REASON_HOST_RATE:
		break;
	default:
		return decision;
	}
	if (is_told && p->side == NAT_INSIDE &&
	    packet_make_error(p->pkt, p->nat->inside_addr, errors[how], 0) == 0)
		decision.outcome = NAT_ANSWER;
	return decision;
}

/* RFC 6888, REQ-11A: a packet that gets no mapping is to be dropped.  Some let it out as it is. */
static bool is_leaked(const struct passage *p, enum nat_reason reason)
{
	switch (reason) {
	case NAT_REASON_NO_PORT:
	case NAT_REASON_COLLISION:
	case NAT_REASON_TABLE_FULL:
	case NAT_REASON_HOST_LIMIT:
	case NAT_REASON_HOST_RATE:
		return p->nat->model.refusal == NAT_REFUSAL_LEAKED;
	default:
		return false;
	}
}

bool flow_is_port_shut(const struct passage *p)
{
	const struct nat *nat = p->nat;
	uint16_t port;

	if (nat_transport_lets_out(&nat->rules[p->protocol].is, p->info.dst.port))
		return false;
	return !(nat->has_dmz && ip_addr_equal(p->info.src.addr, nat->dmz)) &&
	       !static_forward_out(nat, p->protocol, p->info.src, &port);
}

/* RFC 6864, 5.3.1: from now on the datagram is one of many hosts' that have one address.  Later
 * fragments follow the first (fragment.c). */
static void identify(struct passage *p)
{
	if (p->nat->model.ip_id && p->info.version == 4 && !p->info.dont_fragment)
		packet_set_id(p->pkt, &p->info, ++p->nat->ip_id);
}

/* Replace the endpoint that is to be replaced: the source of what goes out, the destination of what comes
 * in.  And remember how. */
static void rewrite(struct passage *p, const struct lead *lead)
{
	bool source = p->side == NAT_INSIDE;
	struct endpoint *end = source ? &p->info.src : &p->info.dst;
	struct packet_change change;

	if (shortcut_note(p, lead, &change)) {
		packet_apply_change(p->pkt, &p->info, source, &change);
		*end = lead->to;
	} else if (source) {
		packet_replace_src(p->pkt, &p->info, &lead->to);
	} else {
		packet_replace_dst(p->pkt, &p->info, &lead->to);
	}
}

struct nat_decision flow_outbound(struct passage *p)
{
	if (flow_is_port_shut(p))
		return flow_no_mapping(p, NAT_REASON_OUTBOUND_PORT);

	/* Declared where it is found, so that it is not copied as a whole just after it was stored in
	 * parts: see set_remote(). */
	const struct lead lead = lead_out(p, p->info.src, flow_remote(p, p->info.dst));
	const struct endpoint inside = p->info.src;

	if (!lead_is_open(&lead))
		return is_leaked(p, lead.reason) ? flow_forward(p, NAT_OUTSIDE, NULL, lead.reason)
						 : flow_no_mapping(p, lead.reason);
	rewrite(p, &lead);
	identify(p);
	if (p->nat->model.algs && !alg_rewrite(p, inside, lead.to))
		return flow_drop(p, NAT_REASON_GATEWAY);
	if (p->protocol == NAT_TCP && p->info.tcp_flags & TCP_SYN)
		held_cancel_syn(p->nat, lead.to, p->info.dst);
	return flow_forward(p, NAT_OUTSIDE, &lead, lead.reason);
}

struct nat_decision flow_inbound(struct passage *p)
{
	if (p->nat->model.algs)
		alg_prepare(p);

	const struct lead lead = lead_in(p, p->info.dst, flow_remote(p, p->info.src));
	const struct endpoint outside = p->info.dst;

	if (!lead_is_open(&lead))
		return flow_refuse(p, &lead, p->info.src);
	rewrite(p, &lead);
	if (p->nat->model.algs && !alg_rewrite(p, outside, lead.to))
		return flow_drop(p, NAT_REASON_GATEWAY);
	return flow_forward(p, NAT_INSIDE, &lead, lead.reason);
}

bool flow_is_echo(const struct passage *p)
{
	if (p->info.version == 6)
		return p->info.protocol == IP_PROTO_ICMPV6 &&
		       p->info.icmp_type == ICMPV6_ECHO_REQUEST;
	return p->info.protocol == IP_PROTO_ICMP && p->info.icmp_type == ICMP_ECHO;
}

/* A ping of the outside address from inside is for the router, where it answers pings, unless
 * an inside host has that address to itself. */
static bool is_ping_of_router(const struct passage *p)
{
	return nat_translates_ports(p->nat) && p->nat->model.icmp.ping_answered && flow_is_echo(p);
}

/*
 * RFC 4787, 6: from inside to an outside address of this very NAT.  It goes out first, opening
 * the sender's mapping and permission, and comes in again as a packet from the sender's outside
 * endpoint would; the filter is asked as for any other.
 */
struct nat_decision flow_hairpin(struct passage *p)
{
	struct endpoint inside = p->info.src, target = p->info.dst;
	struct nat_decision decision;
	struct lead out, in;

	if (is_ping_of_router(p))
		return flow_to_self(p, NAT_REASON_SELF);
	if (p->nat->model.hairpin == NAT_HAIRPIN_NONE || !p->nat->rules[p->protocol].is.hairpin)
		return flow_drop(p, NAT_REASON_NO_HAIRPIN);
	if (flow_is_port_shut(p))
		return flow_no_mapping(p, NAT_REASON_OUTBOUND_PORT);
	out = lead_out(p, p->info.src, flow_remote(p, target));
	if (!lead_is_open(&out))
		return flow_no_mapping(p, out.reason);
	in = lead_in(p, target, flow_remote(p, out.to));
	if (!lead_is_open(&in))
		return flow_refuse(p, &in, out.to);
	/* REQ-9a: from the sender's outside endpoint, so that it can be answered. */
	if (p->nat->model.hairpin == NAT_HAIRPIN_EXTERNAL)
		packet_set_src(p->pkt, &p->info, out.to);
	packet_set_dst(p->pkt, &p->info, in.to);
	if (p->nat->model.algs)
		alg_rewrite_hairpin(p, inside, p->info.src, target, in.to);
	decision = flow_forward(p, NAT_INSIDE, &in, NAT_REASON_HAIRPIN);
	decision.remote = out.to;
	return decision;
}
