/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stateful NAT64, RFC 6146: IPv6 inside, IPv4 outside.
 *
 *   [ I:i > P::R:r ]  IPv6   becomes   [ O:o > R:r ]     IPv4   and back
 *
 * I is an inside host, R an IPv4 host, which is P::R inside (RFC 6052), O of the pool.  The Binding
 * Information Base (3.1) is the engine's mappings between I:i and O:o, and the session table is
 * its sessions, with R:r in IPv4's form: what a NAPT has, and so its timers, filters and limits are.
 * The headers are packet_family.c's.
 */
#include <errno.h>

#include "nat64_address.h"
#include "nat_ip6.h"
#include "packet_family.h"

static struct ip_addr synthesised(const struct passage *p, struct ip_addr v4)
{
	return nat64_synthesise(p->nat->nat64_prefix, v4);
}

static bool behind_prefix(const struct passage *p, struct ip_addr addr)
{
	return ip_prefix_contains(p->nat->nat64_prefix, addr);
}

/* Can @v4 be one host on the outside?  RFC 6052, 3.1: the well-known prefix is not for private ones. */
static bool is_reachable(const struct passage *p, struct ip_addr v4)
{
	uint32_t first = ip_addr_to_v4(v4) >> 24;
	struct ip_prefix known = nat64_well_known();

	if (first == 0 || first == 127 || first >= 224)
		return false;
	return !ip_addr_is_private(v4) || !ip_addr_equal(p->nat->nat64_prefix.addr, known.addr);
}

static struct nat_decision routed(const struct passage *p)
{
	bool in = p->side == NAT_OUTSIDE || ip_prefix_contains(p->nat->inside, p->info.dst.addr);

	return flow_forward(p, in ? NAT_INSIDE : NAT_OUTSIDE, NULL, NAT_REASON_ROUTED);
}

static struct nat_decision impossible(const struct passage *p, int err)
{
	return flow_drop(p, err == -ENOSPC ? NAT_REASON_NO_SPACE : NAT_REASON_NO_COUNTERPART);
}

/* The sides' endpoints, in the packet's own family or in mapped form. */
static void set_ends(struct passage *p, struct endpoint src, struct endpoint dst)
{
	packet_set_src(p->pkt, &p->info, src);
	packet_set_dst(p->pkt, &p->info, dst);
}

/* An echo has its identifier in both ports, and the inside's is the one that is translated. */
static uint16_t remote_port(const struct passage *p, uint16_t port, uint16_t identifier)
{
	return p->protocol == NAT_ICMP ? identifier : port;
}

static struct nat_decision outbound(struct passage *p, struct endpoint remote)
{
	struct nat_decision decision;
	struct lead lead;
	int err;

	if (flow_is_port_shut(p))
		return flow_no_mapping(p, NAT_REASON_OUTBOUND_PORT);
	lead = lead_out(p, p->info.src, flow_remote(p, remote));
	if (!lead_is_open(&lead))
		return flow_no_mapping(p, lead.reason);
	remote.port = remote_port(p, remote.port, lead.to.port);
	if (p->protocol == NAT_TCP && p->info.tcp_flags & TCP_SYN)
		held_cancel_syn(p->nat, lead.to, remote);
	set_ends(p, lead.to, remote);
	err = packet_to_ip4(p->pkt, &p->info, (uint16_t)chance_next(&p->nat->chance));
	if (err)
		return impossible(p, err);
	decision = flow_forward(p, NAT_OUTSIDE, &lead, lead.reason);
	decision.remote = remote;
	return decision;
}

/* RFC 6146, 3.8: to another inside host, by an address of the pool.  It stays IPv6. */
static struct nat_decision hairpin(struct passage *p, struct endpoint target)
{
	struct nat_decision decision;
	struct lead out, in;

	if (p->nat->model.hairpin == NAT_HAIRPIN_NONE || !p->nat->rules[p->protocol].is.hairpin)
		return flow_drop(p, NAT_REASON_NO_HAIRPIN);
	out = lead_out(p, p->info.src, flow_remote(p, target));
	if (!lead_is_open(&out))
		return flow_no_mapping(p, out.reason);
	in = lead_in(p, target, flow_remote(p, out.to));
	if (!lead_is_open(&in))
		return flow_refuse(p, &in, out.to);
	if (p->nat->model.hairpin == NAT_HAIRPIN_EXTERNAL)
		packet_set_src(p->pkt, &p->info,
			       (struct endpoint){ synthesised(p, out.to.addr), out.to.port });
	packet_set_dst(p->pkt, &p->info, in.to);
	decision = flow_forward(p, NAT_INSIDE, &in, NAT_REASON_HAIRPIN);
	decision.remote = out.to;
	return decision;
}

static struct nat_decision inbound(struct passage *p)
{
	struct endpoint remote = p->info.src, src = p->info.src;
	struct lead lead;
	struct nat_decision decision;
	int err;

	/* What cannot become longer opens nothing, refreshes nothing. */
	if (p->pkt->room - p->pkt->len < PACKET_FAMILY_GROWTH)
		return flow_drop(p, NAT_REASON_NO_SPACE);
	lead = lead_in(p, p->info.dst, flow_remote(p, remote));
	if (!lead_is_open(&lead))
		return flow_refuse(p, &lead, remote);
	err = packet_to_ip6(p->pkt, &p->info);
	if (err)
		return impossible(p, err);
	src.addr = synthesised(p, remote.addr);
	src.port = remote_port(p, src.port, lead.to.port);
	set_ends(p, src, lead.to);
	decision = flow_forward(p, NAT_INSIDE, &lead, lead.reason);
	decision.remote = remote;
	return decision;
}

static struct nat_decision error_passed(struct passage *p, enum nat_side to,
					const struct lead *lead)
{
	flow_affect(p, lead);
	return flow_forward(p, to, lead->ref ? lead : NULL, NAT_REASON_ICMP_ERROR);
}

/* [ S > O | O:o > R:r ] becomes [ P::S > I | I:i > P::R:r ]. */
static struct nat_decision error_inbound(struct passage *p, struct packet_info *quoted)
{
	struct endpoint remote = quoted->dst;
	struct ip_addr sender = p->info.src.addr;
	struct lead lead;
	int err;

	if (!ip_addr_equal(p->info.dst.addr, quoted->src.addr))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	lead = lead_back_in(p, quoted->src, flow_remote(p, remote));
	if (!lead_is_open(&lead))
		return flow_drop(p, lead.reason);
	err = packet_error_to_ip6(p->pkt, &p->info, quoted);
	if (err)
		return impossible(p, err);
	remote.addr = synthesised(p, remote.addr);
	remote.port = remote_port(p, remote.port, lead.to.port);
	packet_set_quoted_src(p->pkt, &p->info, quoted, lead.to);
	packet_set_quoted_dst(p->pkt, &p->info, quoted, remote);
	set_ends(p, (struct endpoint){ synthesised(p, sender), 0 },
		 (struct endpoint){ lead.to.addr, 0 });
	return error_passed(p, NAT_INSIDE, &lead);
}

/* [ S > P::R | P::R:r > I:i ] becomes [ O > R | R:r > O:o ]: whoever S is, it is hidden behind the
 * mapping's address (RFC 5508, REQ-5). */
static struct nat_decision error_outbound(struct passage *p, struct packet_info *quoted,
					  struct endpoint remote)
{
	struct lead lead = lead_back_out(p, quoted->dst, flow_remote(p, remote));
	int err;

	if (!lead_is_open(&lead))
		return flow_drop(p, lead.reason);
	remote.port = remote_port(p, remote.port, lead.to.port);
	packet_set_quoted_dst(p->pkt, &p->info, quoted, lead.to);
	packet_set_quoted_src(p->pkt, &p->info, quoted, remote);
	set_ends(p, (struct endpoint){ lead.to.addr, 0 }, (struct endpoint){ remote.addr, 0 });
	err = packet_error_to_ip4(p->pkt, &p->info, quoted);
	if (err)
		return impossible(p, err);
	return error_passed(p, NAT_OUTSIDE, &lead);
}

/* About a hairpinned packet: out and in again, as that was (RFC 5508, REQ-7). */
static struct nat_decision error_hairpin(struct passage *p, struct packet_info *quoted,
					 struct endpoint target)
{
	struct endpoint dst;
	struct lead out, in;

	if (p->nat->model.hairpin == NAT_HAIRPIN_NONE || !p->nat->model.icmp.hairpinned_errors)
		return flow_drop(p, NAT_REASON_NO_HAIRPIN);
	out = lead_back_out(p, quoted->dst, flow_remote(p, target));
	if (!lead_is_open(&out))
		return flow_drop(p, out.reason);
	in = lead_back_in(p, target, flow_remote(p, out.to));
	if (!lead_is_open(&in))
		return flow_drop(p, in.reason);
	dst = (struct endpoint){ synthesised(p, out.to.addr),
				 remote_port(p, out.to.port, in.to.port) };
	packet_set_quoted_src(p->pkt, &p->info, quoted, in.to);
	packet_set_quoted_dst(p->pkt, &p->info, quoted, dst);
	set_ends(p, (struct endpoint){ dst.addr, 0 }, (struct endpoint){ in.to.addr, 0 });
	return error_passed(p, NAT_INSIDE, &in);
}

/* @remote: whom an error from inside goes to.  What becomes of its checksum would hide that it was
 * wrong: such an error is dropped, whatever the model says. */
static struct nat_decision error(struct passage *p, struct ip_addr remote)
{
	struct packet_info quoted;
	enum nat_reason reason;

	if (!p->nat->model.icmp.errors)
		return flow_drop(p, NAT_REASON_UNSUPPORTED);
	if (p->info.more_fragments || !packet_checksums_ok(p->pkt))
		return flow_drop(p, NAT_REASON_MALFORMED);
	reason = flow_read_quote(p, &quoted);
	if (reason != NAT_REASON_ICMP_ERROR)
		return flow_drop(p, reason);
	if (p->side == NAT_OUTSIDE)
		return error_inbound(p, &quoted);
	if (!ip_addr_equal(p->info.dst.addr, quoted.src.addr))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	if (nat_pool_find(p->nat, remote) >= 0)
		return error_hairpin(p, &quoted, (struct endpoint){ remote, quoted.src.port });
	return error_outbound(p, &quoted, (struct endpoint){ remote, quoted.src.port });
}

/* May it be translated, as far as protocols and fragments go? */
static enum nat_reason may_cross(struct passage *p, enum packet_fault fault)
{
	bool fragment = p->info.more_fragments || p->info.fragment_offset;

	if (fragment && p->nat->model.fragments == NAT_FRAGMENTS_DROP)
		return NAT_REASON_NO_FRAGMENTS;
	if (p->info.fragment_offset)
		return NAT_REASON_MAPPING;
	if (fault == PACKET_UNSUPPORTED || !flow_find_protocol(p))
		return NAT_REASON_UNSUPPORTED;
	if (p->nat->rules[p->protocol].is.blocked)
		return NAT_REASON_BLOCKED;
	return NAT_REASON_MAPPING;
}

static struct nat_decision from_inside(struct passage *p, enum packet_fault fault)
{
	struct endpoint remote = { .port = p->info.dst.port };
	enum nat_reason reason;
	bool own;

	if (!nat64_extract(p->nat->nat64_prefix, p->info.dst.addr, &remote.addr))
		return routed(p);
	/* RFC 6146, 3.5: what comes from behind the prefix would go round in circles. */
	if (behind_prefix(p, p->info.src.addr) || !is_reachable(p, remote.addr))
		return flow_drop(p, NAT_REASON_BOGON);
	reason = may_cross(p, fault);
	if (reason != NAT_REASON_MAPPING)
		return flow_no_mapping(p, reason);
	if (p->info.fragment_offset)
		return flow_later_fragment(p);
	if (p->info.is_error)
		return error(p, remote.addr);
	own = nat_pool_find(p->nat, remote.addr) >= 0;
	return own ? hairpin(p, remote) : outbound(p, remote);
}

static struct nat_decision from_outside(struct passage *p, enum packet_fault fault)
{
	enum nat_reason reason = may_cross(p, fault);

	if (nat_pool_find(p->nat, p->info.dst.addr) < 0)
		return flow_drop(p, NAT_REASON_NO_MAPPING);
	if (reason != NAT_REASON_MAPPING)
		return flow_drop(p, reason);
	if (p->info.fragment_offset)
		return flow_later_fragment(p);
	return p->info.is_error ? error(p, p->info.src.addr) : inbound(p);
}

struct nat_decision nat64_process(struct passage *p, enum packet_fault fault)
{
	if (p->info.version == 6)
		return p->side == NAT_INSIDE ? from_inside(p, fault) : routed(p);
	if (p->side == NAT_INSIDE)
		return flow_drop(p, NAT_REASON_UNSUPPORTED);
	return from_outside(p, fault);
}

bool nat64_follow(struct packet *pkt, struct packet_info *info, struct ip_addr src,
		  struct ip_addr dst)
{
	struct endpoint from = { src, 0 }, to = { dst, 0 };

	if (info->version == 4) {
		if (packet_to_ip6(pkt, info))
			return false;
		packet_set_src(pkt, info, from);
		packet_set_dst(pkt, info, to);
		return true;
	}
	packet_set_src(pkt, info, from);
	packet_set_dst(pkt, info, to);
	return packet_to_ip4(pkt, info, 0) == 0;
}
