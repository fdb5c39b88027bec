/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an endpoint becomes on the other side.
 *
 * Three kinds of NAT answer differently.  A NAPT asks its mappings.  A one-to-one NAT asks which
 * host has which address, and keeps mappings only to filter by.  A firewall changes nothing, and
 * keeps them only to filter by.  Before all of them come static forwards; after them, for what
 * nobody wants, the DMZ host and the router itself.
 */
#include "filter.h"
#include "lead_find.h"
#include "limits.h"
#include "mapping_use.h"
#include "nat_flow.h"
#include "static_forward.h"

bool lead_is_open(const struct lead *lead)
{
	switch (lead->reason) {
	case NAT_REASON_ROUTED:
	case NAT_REASON_NEW_MAPPING:
	case NAT_REASON_MAPPING:
	case NAT_REASON_FORWARDED:
	case NAT_REASON_DMZ:
		return true;
	default:
		return false;
	}
}

/* A lead that no mapping gives; what it amounts to is shown as if one did. */
static struct lead without_mapping(struct passage *p, enum nat_reason reason, struct endpoint to,
				   struct endpoint inside, uint16_t pool, uint16_t outside_port)
{
	p->nat->shown = (struct mapping){
		.expires = UINT64_MAX,
		.pool = pool,
		.outside_port = outside_port,
		.protocol = (uint8_t)p->protocol,
	};
	p->nat->shown_inside = inside;
	return (struct lead){ .reason = reason, .to = to };
}

/* ICMP queries that ask, and those that answer: RFC 792, RFC 950, RFC 4443. */
static bool is_request(const struct passage *p)
{
	uint8_t type = p->info.icmp_type;

	if (p->protocol != NAT_ICMP || p->info.is_error)
		return false;
	if (p->info.version == 6)
		return type == ICMPV6_ECHO_REQUEST;
	return type == ICMP_ECHO || (type >= 13 && type % 2 == 1);
}

static bool is_reply(const struct passage *p)
{
	return p->protocol == NAT_ICMP && !p->info.is_error && !is_request(p);
}

/* A mapping has just been made for this packet: its connection begins. */
static void begin_connection(struct passage *p, struct lead *lead, bool inbound,
			     struct endpoint remote)
{
	enum nat_reason used;

	if (p->protocol != NAT_TCP || !nat_tracks_tcp(p->nat))
		return;
	used = mapping_use(p, lead->ref, inbound, &remote);
	if (used == NAT_REASON_MAPPING)
		return;
	mapping_end(p->nat, lead->ref);
	*lead = lead_closed(used);
}

/* The other one of UDP and TCP; ICMP has none. */
static bool sibling_of(enum nat_protocol protocol, enum nat_protocol *ret)
{
	*ret = protocol == NAT_UDP ? NAT_TCP : NAT_UDP;
	return protocol != NAT_ICMP;
}

/* RFC 7857, 5: where mappings are shared, the outside port that the other protocol has for the same
 * inside endpoint, and this one can have.  False where there is none. */
static bool shared_port(struct nat *nat, const struct mapping_key *key, struct outside_port *ret)
{
	struct mapping_key other = *key;
	const struct mapping *m;
	uint32_t ref;

	if (!nat->model.shared_mappings || !nat_translates_ports(nat) || key->scope != NAT_EI ||
	    !sibling_of(key->protocol, &other.protocol))
		return false;
	ref = mapping_find(nat, &other);
	if (!ref)
		return false;
	m = nat_mapping(nat, ref);
	*ret = (struct outside_port){ m->pool, m->outside_port };
	return port_is_free_for(nat, key->protocol, ret->pool, ret->port, key->remote);
}

static struct lead make_out(struct passage *p, struct mapping_key *key, uint8_t flags,
			    const struct outside_port *fixed)
{
	struct lead lead = { 0 };
	struct outside_port shared;

	if (!fixed && shared_port(p->nat, key, &shared))
		fixed = &shared;
	lead.reason = limits_make_mapping(p->nat, key, fixed, flags, p->now, &lead.ref);
	if (lead.reason != NAT_REASON_NEW_MAPPING)
		return lead;
	lead.to = mapping_outside(p->nat, nat_mapping(p->nat, lead.ref));
	nat_note_permission(p->nat, p->protocol, key->inside, key->remote);
	begin_connection(p, &lead, false, key->remote);
	return lead;
}

static struct lead find_or_make(struct passage *p, struct endpoint inside, struct endpoint remote,
				const struct outside_port *fixed)
{
	struct mapping_key key = { p->protocol, lead_rules(p)->scope, inside, remote };
	struct lead lead = { .reason = NAT_REASON_MAPPING,
			     .ref = lead_find_out(p, inside, remote) };
	enum session_result session;
	enum nat_reason used;

	if (lead.ref && p->protocol == NAT_TCP && nat_tracks_tcp(p->nat) &&
	    tcp_begins_anew(p->nat, lead.ref, remote, p->info.tcp_flags, p->now)) {
		mapping_end(p->nat, lead.ref);
		lead.ref = 0;
	}
	if (!lead.ref) {
		/* A reply opens nothing.  Where addresses stay, it needs nothing either. */
		if (is_reply(p) && nat_translates_ports(p->nat))
			return lead_closed(NAT_REASON_NO_MAPPING);
		if (p->protocol == NAT_TCP && !tcp_may_open(p->nat, p->info.tcp_flags))
			return lead_closed(NAT_REASON_OUT_OF_STATE);
		/* A NAT that fails when two want one port: "non-deterministic" in RFC 4787, 8. */
		if (nat_translates_ports(p->nat) && key.scope != NAT_APD &&
		    lead_rules(p)->is.collision == NAT_COLLISION_DEPENDENT &&
		    port_collides(p->nat, p->protocol, inside)) {
			key.scope = NAT_APD;
			return make_out(p, &key, MAPPING_PARTICULAR, fixed);
		}
		return make_out(p, &key, 0, fixed);
	}
	session = session_open(p->nat, lead.ref, remote);
	if (session == SESSION_NO_ROOM)
		return lead_closed(NAT_REASON_TABLE_FULL);
	if (session == SESSION_TAKEN) {
		/* Another host speaks to this remote endpoint from the same outside port: this one
		 * session cannot use the common mapping. */
		key.scope = NAT_APD;
		return make_out(p, &key, MAPPING_PARTICULAR, fixed);
	}
	used = mapping_use(p, lead.ref, false, &remote);
	if (used != NAT_REASON_MAPPING)
		return lead_closed(used);
	nat_note_permission(p->nat, p->protocol, inside, remote);
	lead.to = mapping_outside(p->nat, nat_mapping(p->nat, lead.ref));
	return lead;
}

/* Where ports stay, whoever speaks to a DMZ host is let in without state; so are its answers let out, which a
 * NAT that follows TCP would else take for out of turn. */
static bool leads_strangers(const struct passage *p, struct endpoint inside)
{
	return p->nat->has_dmz && ip_addr_equal(inside.addr, p->nat->dmz);
}

static struct lead one_to_one_out(struct passage *p, struct endpoint inside, struct endpoint remote)
{
	int pool = lead_bound_address(p->nat, inside.addr);
	bool is_new = pool < 0;
	struct outside_port at;
	struct endpoint outside;

	if (is_new)
		pool = lead_bound_address(p->nat, (struct ip_addr){ 0, 0 });
	if (pool < 0)
		return lead_closed(NAT_REASON_NO_PORT);
	p->nat->bound[pool] = inside.addr; /* for good: nothing takes it back */
	at = (struct outside_port){ (uint16_t)pool, inside.port };
	/* Ports stay, so one that is forwarded elsewhere cannot be had. */
	if (pool == 0 && static_forward_in(p->nat, p->protocol, inside.port, &outside))
		return lead_closed(NAT_REASON_COLLISION);
	if (!lead_rules(p)->stateless && !leads_strangers(p, inside))
		return find_or_make(p, inside, remote, &at);
	outside = (struct endpoint){ p->nat->pool[pool], inside.port };
	return without_mapping(p, is_new ? NAT_REASON_NEW_MAPPING : NAT_REASON_MAPPING, outside,
			       inside, at.pool, at.port);
}

struct lead lead_out(struct passage *p, struct endpoint inside, struct endpoint remote)
{
	struct nat *nat = p->nat;
	uint16_t port;

	if (nat->model.kind == NAT_KIND_FIREWALL) {
		if (lead_rules(p)->stateless)
			return (struct lead){ .reason = NAT_REASON_ROUTED, .to = inside };
		if (nat->forwards_len && static_forward_out(nat, p->protocol, inside, &port))
			return without_mapping(p, NAT_REASON_FORWARDED, inside, inside, 0,
					       inside.port);
		if (leads_strangers(p, inside))
			return without_mapping(p, NAT_REASON_DMZ, inside, inside, 0, inside.port);
		return find_or_make(p, inside, remote, NULL);
	}
	if (nat->forwards_len && static_forward_out(nat, p->protocol, inside, &port))
		return without_mapping(p, NAT_REASON_FORWARDED,
				       (struct endpoint){ nat->pool[0], port }, inside, 0, port);
	if (nat->model.kind == NAT_KIND_ONE_TO_ONE)
		return one_to_one_out(p, inside, remote);
	return find_or_make(p, inside, remote, NULL);
}

static struct lead through(struct passage *p, uint32_t ref, struct endpoint remote,
			   enum nat_reason reason)
{
	enum nat_reason used = mapping_use(p, ref, true, &remote);

	if (used != NAT_REASON_MAPPING)
		return lead_closed(used);
	return (struct lead){ reason, ref, mapping_inside(p->nat, nat_mapping(p->nat, ref)) };
}

/* RFC 7857, 7: what is kept out should refresh nothing.  To some NATs it is a packet like others. */
static void refused(struct passage *p, uint32_t ref)
{
	if (lead_rules(p)->is.refresh_refused)
		mapping_prolong(p->nat, ref, true, p->now);
}

/* Where ports stay: is there state that lets @remote in to @inside? */
static struct lead filtered_in(struct passage *p, struct endpoint inside, struct endpoint remote)
{
	struct mapping_key key = { p->protocol, NAT_EI, inside, remote };
	uint32_t ref = is_request(p) ? 0 : mapping_find(p->nat, &key);

	if (!ref)
		return lead_closed(NAT_REASON_NO_MAPPING);
	if (!filter_admits(p->nat, ref, remote)) {
		refused(p, ref);
		return lead_closed(NAT_REASON_FILTERED);
	}
	return through(p, ref, remote, NAT_REASON_MAPPING);
}

static struct lead firewall_in(struct passage *p, struct endpoint inside, struct endpoint remote)
{
	struct nat *nat = p->nat;
	uint16_t port;

	if (static_forward_out(nat, p->protocol, inside, &port))
		return without_mapping(p, NAT_REASON_FORWARDED, inside, inside, 0, inside.port);
	if (leads_strangers(p, inside))
		return without_mapping(p, NAT_REASON_DMZ, inside, inside, 0, inside.port);
	if (lead_rules(p)->stateless)
		return (struct lead){ .reason = NAT_REASON_ROUTED, .to = inside };
	return filtered_in(p, inside, remote);
}

static struct lead one_to_one_in(struct passage *p, struct endpoint outside, struct endpoint remote,
				 uint16_t pool)
{
	struct nat *nat = p->nat;
	struct endpoint inside;

	if (pool == 0 && static_forward_in(nat, p->protocol, outside.port, &inside))
		return without_mapping(p, NAT_REASON_FORWARDED, inside, inside, 0, outside.port);
	inside = (struct endpoint){ nat->bound[pool], outside.port };
	if (ip_addr_is_unset(inside.addr))
		return lead_closed(is_request(p) && nat->model.icmp.ping_answered
					   ? NAT_REASON_SELF
					   : NAT_REASON_NO_MAPPING);
	if (lead_rules(p)->stateless)
		return without_mapping(p, NAT_REASON_MAPPING, inside, inside, pool, outside.port);
	if (leads_strangers(p, inside))
		return without_mapping(p, NAT_REASON_DMZ, inside, inside, pool, outside.port);
	return filtered_in(p, inside, remote);
}

/* The DMZ host gets it, at the same port.  The mapping holds for this remote endpoint only,
 * and makes the host's answers leave from where the question went to. */
static struct lead to_dmz(struct passage *p, struct endpoint outside, struct endpoint remote,
			  uint16_t pool)
{
	struct nat *nat = p->nat;
	struct outside_port at = { pool, outside.port };
	struct mapping_key key = { p->protocol, NAT_APD, { nat->dmz, outside.port }, remote };
	struct lead lead = { .ref = mapping_find(nat, &key) };

	if (lead.ref) {
		const struct mapping *m = nat_mapping(nat, lead.ref);

		/* The host itself speaks to this remote endpoint, from another outside port. */
		if (m->pool != pool || m->outside_port != outside.port)
			return lead_closed(NAT_REASON_COLLISION);
		return through(p, lead.ref, remote, NAT_REASON_DMZ);
	}
	lead.reason = limits_make_mapping(nat, &key, &at, MAPPING_PARTICULAR | MAPPING_FROM_OUTSIDE,
					  p->now, &lead.ref);
	if (lead.reason != NAT_REASON_NEW_MAPPING)
		return lead;
	lead.reason = NAT_REASON_DMZ;
	lead.to = key.inside;
	begin_connection(p, &lead, true, remote);
	return lead;
}

/*
 * The router takes a stray for its own, as Linux does where INPUT accepts: an entry from the
 * remote endpoint to this port now stands in its table, and stands in the way of any mapping
 * that would need the same.  Where ports are not shared, one that has an owner is not up for it.
 */
static struct lead poisoned(struct passage *p, struct endpoint outside, struct endpoint remote,
			    uint16_t pool, enum nat_reason otherwise)
{
	struct nat *nat = p->nat;
	struct outside_port at = { pool, outside.port };
	struct mapping_key key = { p->protocol, NAT_APD, outside, remote };
	struct lead lead = { .reason = NAT_REASON_POISONED, .ref = mapping_find(nat, &key) };

	if (lead.ref) {
		mapping_touch(nat, lead.ref, true, p->now);
		return lead;
	}
	if (!lead_rules(p)->overload && otherwise == NAT_REASON_FILTERED)
		return lead_closed(otherwise);
	lead.reason = limits_make_mapping(
		nat, &key, &at, MAPPING_PARTICULAR | MAPPING_FROM_OUTSIDE | MAPPING_ROUTER_OWN,
		p->now, &lead.ref);
	if (lead.reason == NAT_REASON_NEW_MAPPING)
		lead.reason = NAT_REASON_POISONED;
	return lead;
}

/* No mapping lets it in: @otherwise says whether there was one. */
static struct lead unsolicited(struct passage *p, struct endpoint outside, struct endpoint remote,
			       uint16_t pool, enum nat_reason otherwise)
{
	if (is_request(p) && p->nat->model.icmp.ping_answered)
		return lead_closed(NAT_REASON_SELF);
	if (p->nat->has_dmz)
		return to_dmz(p, outside, remote, pool);
	if (p->side == NAT_OUTSIDE && lead_rules(p)->is.unsolicited == NAT_UNSOLICITED_POISON)
		return poisoned(p, outside, remote, pool, otherwise);
	return lead_closed(otherwise);
}

/* May mapping @m take this packet in?  ICMP requests only where they came from outside
 * before; the router's own state leads nowhere. */
static bool serves(const struct passage *p, const struct mapping *m)
{
	uint8_t flags = m->flags;

	return !mapping_is_over(m, p->now) && !(flags & MAPPING_ROUTER_OWN) &&
	       (!is_request(p) || flags & MAPPING_FROM_OUTSIDE);
}

/* Where filters are shared: the first of the other protocol's mappings at this port that lets @remote in, to
 * @inside if that is not NULL; or 0.  What strangers have opened opens nothing further. */
static uint32_t sibling_admits(const struct passage *p, uint16_t pool, uint16_t port,
			       struct endpoint remote, const struct endpoint *inside)
{
	struct nat *nat = p->nat;
	enum nat_protocol other;
	uint32_t first, ref;

	if (!nat->model.shared_filters || !sibling_of(p->protocol, &other))
		return 0;
	first = ref = port_user(nat, other, pool, port);
	while (ref) {
		const struct mapping *m = nat_mapping(nat, ref);

		if (!mapping_is_over(m, p->now) && !(m->flags & MAPPING_FROM_OUTSIDE) &&
		    (!inside || endpoint_equal(mapping_inside(nat, m), *inside)) &&
		    filter_admits(nat, ref, remote))
			return ref;
		ref = m->port_next == first ? 0 : m->port_next;
	}
	return 0;
}

/* Has the other protocol, from the inside endpoint of mapping @ref, opened the way for @remote? */
static bool opened_by_sibling(const struct passage *p, uint32_t ref, struct endpoint remote)
{
	const struct mapping *m = nat_mapping(p->nat, ref);
	const struct endpoint inside = mapping_inside(p->nat, m);

	return sibling_admits(p, m->pool, m->outside_port, remote, &inside) != 0;
}

/* With ports shared: the mapping that has this session, or else the first that admits it. */
static uint32_t find_in_shared(const struct passage *p, uint16_t pool, uint16_t port,
			       struct endpoint remote, uint32_t first)
{
	uint32_t ref = session_find(p->nat, p->protocol, pool, port, remote);

	if (ref)
		return serves(p, nat_mapping(p->nat, ref)) &&
				       (filter_remembers(p->nat, ref, remote) ||
					opened_by_sibling(p, ref, remote))
			       ? ref
			       : 0;
	if (lead_rules(p)->is.filtering == NAT_APD && !p->nat->model.shared_filters)
		return 0;
	ref = first;
	do {
		const struct mapping *m = nat_mapping(p->nat, ref);

		if (serves(p, m) && !(m->flags & MAPPING_FROM_OUTSIDE) &&
		    (filter_admits(p->nat, ref, remote) || opened_by_sibling(p, ref, remote)))
			return ref;
		ref = nat_mapping(p->nat, ref)->port_next;
	} while (ref != first);
	return 0;
}

/* The way by which the owner of mapping @own was spoken to from @remote as the DMZ host, or 0. */
static uint32_t find_in_dmz(const struct passage *p, struct endpoint remote,
			    const struct mapping *own)
{
	struct endpoint inside;
	const struct mapping *m;
	uint32_t ref;

	if (!p->nat->has_dmz)
		return 0;
	inside = mapping_inside(p->nat, own);
	if (!ip_addr_equal(inside.addr, p->nat->dmz))
		return 0;
	ref = lead_find_particular(p, inside, remote);
	m = nat_mapping(p->nat, ref);
	return ref && serves(p, m) && m->pool == own->pool && m->outside_port == own->outside_port
		       ? ref
		       : 0;
}

/*
 * Without: only the first mapping at a port can be an inside host's own, since a new one takes
 * no port that is in use.  Those that strangers have opened (DMZ, router) are found by name.  One that
 * leads to the very same endpoint goes first: its answers open the own mapping, too, which knows nothing
 * of the connection.
 */
static uint32_t find_in_own(const struct passage *p, struct endpoint remote, uint32_t first)
{
	const struct mapping *m = nat_mapping(p->nat, first);
	uint32_t dmz = find_in_dmz(p, remote, m);

	if (dmz)
		return dmz;
	if (m->flags & MAPPING_FROM_OUTSIDE || !serves(p, m))
		return 0;
	return filter_admits(p->nat, first, remote) || opened_by_sibling(p, first, remote) ? first
											   : 0;
}

/* RFC 7857, 6: where filters are shared, what the other protocol has opened at this port is open to this
 * one, which gets a mapping of its own there.  False where nothing is. */
static bool shared_way_in(struct passage *p, struct endpoint outside, struct endpoint remote,
			  uint16_t pool, struct lead *ret)
{
	struct nat *nat = p->nat;
	struct outside_port at = { pool, outside.port };
	struct mapping_key key = { p->protocol, lead_rules(p)->scope, outside, remote };
	uint32_t ref = sibling_admits(p, pool, outside.port, remote, NULL);

	if (!ref)
		return false;
	key.inside = mapping_inside(nat, nat_mapping(nat, ref));
	/* An endpoint has one mapping for each protocol: not another at the sibling's port. */
	if (mapping_find(nat, &key))
		return false;
	*ret = (struct lead){ .to = key.inside };
	ret->reason = limits_make_mapping(nat, &key, &at, 0, p->now, &ret->ref);
	if (ret->reason == NAT_REASON_NEW_MAPPING)
		begin_connection(p, ret, true, remote);
	return true;
}

static struct lead napt_in(struct passage *p, struct endpoint outside, struct endpoint remote,
			   uint16_t pool)
{
	uint32_t first = port_user(p->nat, p->protocol, pool, outside.port);
	bool owned;
	uint32_t ref;

	mapping_prefetch(&p->nat->mappings, first);
	if (!first) {
		struct endpoint inside;

		struct lead shared;

		if (pool == 0 && static_forward_in(p->nat, p->protocol, outside.port, &inside))
			return without_mapping(p, NAT_REASON_FORWARDED, inside, inside, 0,
					       outside.port);
		if (shared_way_in(p, outside, remote, pool, &shared))
			return shared;
		return unsolicited(p, outside, remote, pool, NAT_REASON_NO_MAPPING);
	}
	if (lead_rules(p)->overload)
		ref = find_in_shared(p, pool, outside.port, remote, first);
	else
		ref = find_in_own(p, remote, first);
	if (ref)
		return through(p, ref, remote,
			       nat_mapping(p->nat, ref)->flags & MAPPING_FROM_OUTSIDE
				       ? NAT_REASON_DMZ
				       : NAT_REASON_MAPPING);
	owned = !(nat_mapping(p->nat, first)->flags & MAPPING_FROM_OUTSIDE);
	if (owned)
		refused(p, first);
	return unsolicited(p, outside, remote, pool,
			   owned ? NAT_REASON_FILTERED : NAT_REASON_NO_MAPPING);
}

struct lead lead_in(struct passage *p, struct endpoint outside, struct endpoint remote)
{
	uint16_t pool;

	if (p->nat->model.kind == NAT_KIND_FIREWALL)
		return firewall_in(p, outside, remote);
	pool = (uint16_t)nat_pool_find(p->nat, outside.addr);
	if (p->nat->model.kind == NAT_KIND_ONE_TO_ONE)
		return one_to_one_in(p, outside, remote, pool);
	return napt_in(p, outside, remote, pool);
}
