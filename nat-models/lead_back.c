/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where ICMP errors belong: the way that a packet took, looked up again from either end, with nothing
 * made and nothing refreshed.
 */
#include "lead_find.h"
#include "static_forward.h"

/* Where ports stay: is nothing remembered of what @inside says and is told?  All strangers may speak to a
 * DMZ host. */
static bool is_free_of_state(const struct passage *p, struct endpoint inside)
{
	return lead_rules(p)->stateless ||
	       (p->nat->has_dmz && ip_addr_equal(inside.addr, p->nat->dmz));
}

struct lead lead_back_out(struct passage *p, struct endpoint inside, struct endpoint remote)
{
	struct nat *nat = p->nat;
	struct lead lead = { .reason = NAT_REASON_MAPPING, .to = inside };
	uint16_t port;
	int pool;

	if (nat->model.kind == NAT_KIND_FIREWALL && is_free_of_state(p, inside))
		return lead;
	if (static_forward_out(nat, p->protocol, inside, &port)) {
		if (nat->model.kind != NAT_KIND_FIREWALL)
			lead.to = (struct endpoint){ nat->pool[0], port };
		return lead;
	}
	if (nat->model.kind == NAT_KIND_ONE_TO_ONE && is_free_of_state(p, inside)) {
		pool = lead_bound_address(nat, inside.addr);
		if (pool < 0)
			return lead_closed(NAT_REASON_QUOTE_UNKNOWN);
		lead.to.addr = nat->pool[pool];
		return lead;
	}
	lead.ref = lead_find_out(p, inside, remote);
	if (!lead.ref)
		return lead_closed(NAT_REASON_QUOTE_UNKNOWN);
	lead.to = mapping_outside(nat, nat_mapping(nat, lead.ref));
	return lead;
}

/* The mapping through which a packet went from outside port @port to @remote, or 0. */
static uint32_t find_back_in(const struct passage *p, uint16_t pool, uint16_t port,
			     struct endpoint remote)
{
	uint32_t ref = port_user(p->nat, p->protocol, pool, port);
	const struct mapping *m;

	if (ref && lead_rules(p)->overload)
		ref = session_find(p->nat, p->protocol, pool, port, remote);
	if (ref && p->nat->has_dmz && !lead_rules(p)->overload) {
		uint32_t dmz =
			lead_find_particular(p, (struct endpoint){ p->nat->dmz, port }, remote);

		ref = dmz ? dmz : ref;
	}
	if (!ref)
		return 0;
	m = nat_mapping(p->nat, ref);
	if (m->flags & MAPPING_ROUTER_OWN || m->outside_port != port || m->pool != pool)
		return 0;
	if (m->flags & MAPPING_PARTICULAR)
		return scope_agrees(NAT_APD, mapping_remote(p->nat, m), remote) ? ref : 0;
	return scope_agrees(lead_rules(p)->scope, mapping_remote(p->nat, m), remote) ? ref : 0;
}

struct lead lead_back_in(struct passage *p, struct endpoint outside, struct endpoint remote)
{
	struct nat *nat = p->nat;
	struct lead lead = { .reason = NAT_REASON_MAPPING, .to = outside };
	struct mapping_key key = { p->protocol, NAT_EI, outside, remote };
	int pool = 0;

	if (nat->model.kind != NAT_KIND_FIREWALL) {
		pool = nat_pool_find(nat, outside.addr);
		if (pool < 0)
			return lead_closed(NAT_REASON_QUOTE_UNKNOWN);
		if (pool == 0 && static_forward_in(nat, p->protocol, outside.port, &lead.to))
			return lead;
	}
	if (nat_translates_ports(nat)) {
		lead.ref = find_back_in(p, (uint16_t)pool, outside.port, remote);
		if (lead.ref)
			lead.to = mapping_inside(nat, nat_mapping(nat, lead.ref));
		return lead.ref ? lead : lead_closed(NAT_REASON_QUOTE_UNKNOWN);
	}
	if (nat->model.kind == NAT_KIND_ONE_TO_ONE)
		lead.to.addr = key.inside.addr = nat->bound[pool];
	if (ip_addr_is_unset(lead.to.addr))
		return lead_closed(NAT_REASON_QUOTE_UNKNOWN);
	if (is_free_of_state(p, lead.to))
		return lead;
	lead.ref = mapping_find(nat, &key);
	return lead.ref ? lead : lead_closed(NAT_REASON_QUOTE_UNKNOWN);
}
