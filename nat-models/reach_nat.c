/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one NAT does to a packet, in symbols: how it maps, whom it admits. */
#include "reach_private.h"

#include <string.h>

bool reach_same(struct spot a, struct spot b)
{
	return a.addr == b.addr && a.port == b.port;
}

int reach_new_symbol(struct reach *reach)
{
	return ++reach->symbols;
}

/* A port's symbol says who gave it, above so many bits. */
enum { GIVER_SHIFT = 24 };

int reach_new_port(struct reach *reach, const struct reach_nat *giver)
{
	int who = giver ? (int)(giver - reach->nats) + 1 : 0;

	return reach_new_symbol(reach) | who << GIVER_SHIFT;
}

/* Rows are a set; the bound on what peers hear bounds how many there can be. */
static void add_row(struct reach_table *table, struct spot inside, struct spot remote,
		    struct spot outside, bool particular)
{
	for (size_t i = 0; i < table->len; i++) {
		const struct reach_row *row = &table->rows[i];

		if (reach_same(row->inside, inside) && reach_same(row->remote, remote) &&
		    reach_same(row->outside, outside))
			return;
	}
	if (table->len < REACH_ROWS)
		table->rows[table->len++] =
			(struct reach_row){ inside, remote, outside, particular };
}

bool reach_within(enum nat_scope scope, struct spot a, struct spot b)
{
	switch (scope) {
	case NAT_EI:
		return true;
	case NAT_AD:
		return a.addr == b.addr;
	default:
		return reach_same(a, b);
	}
}

/* Has each inside host an outside address of its own, with the ports that it has itself? */
static bool gives_addresses(const struct nat_model *model)
{
	return model->kind == NAT_KIND_ONE_TO_ONE || model->kind == NAT_KIND_NPTV6;
}

bool reach_translates(const struct nat_model *model)
{
	return nat_kind_gives_ports(model->kind) || gives_addresses(model);
}

const struct nat_transport *reach_rules(const struct reach_nat *nat)
{
	return nat->tcp ? &nat->model->tcp : &nat->model->udp;
}

bool reach_owns(const struct reach_nat *nat, int addr)
{
	if (addr == nat->addr)
		return true;
	for (size_t i = 0; i < nat->mappings.len; i++) {
		if (nat->mappings.rows[i].outside.addr == addr)
			return true;
	}
	return false;
}

bool reach_luck(struct reach *reach)
{
	reach->chance = true;
	return reach->lucky;
}

/* Where ports are shared, it is with whoever speaks to others. */
static bool overloads(const struct reach_nat *nat)
{
	return nat_kind_gives_ports(nat->model->kind) &&
	       reach_rules(nat)->collision == NAT_COLLISION_OVERLOAD;
}

/* Does any row of @table stand in the way of @outside, used toward @remote? */
static bool is_in_use(const struct reach_nat *nat, const struct reach_table *table,
		      struct spot outside, struct spot remote)
{
	for (size_t i = 0; i < table->len; i++) {
		const struct reach_row *row = &table->rows[i];

		if (reach_same(row->outside, outside) &&
		    (!overloads(nat) || reach_same(row->remote, remote)))
			return true;
	}
	return false;
}

/* Has the router, or a stranger who was led in, the wanted outside endpoint? */
static bool is_others(const struct reach_nat *nat, struct spot outside, struct spot remote)
{
	return is_in_use(nat, &nat->taken, outside, remote) ||
	       is_in_use(nat, &nat->led, outside, remote);
}

/* Can the wanted outside endpoint serve a new mapping toward @remote? */
static bool is_free(const struct reach_nat *nat, struct spot outside, struct spot remote)
{
	return !is_others(nat, outside, remote) && !is_in_use(nat, &nat->mappings, outside, remote);
}

/* The newcomer takes it: older mappings of that outside endpoint are gone. */
static void steal(struct reach_nat *nat, struct spot outside)
{
	size_t kept = 0;

	for (size_t i = 0; i < nat->mappings.len; i++) {
		if (!reach_same(nat->mappings.rows[i].outside, outside))
			nat->mappings.rows[kept++] = nat->mappings.rows[i];
	}
	nat->mappings.len = kept;
}

/* Ports that programs are given by themselves (RFC 6335, 6: 49152-65535; Linux: from 32768). */
enum { EPHEMERAL_MIN = 32768, EPHEMERAL_MAX = 65535, WELL_KNOWN_MAX = 1023 };

/* Numbers, both included. */
struct range {
	uint16_t first, last;
};

/* What number @port can be. */
static struct range numbers_of(const struct reach *reach, int port)
{
	const int giver = port >> GIVER_SHIFT;

	if (giver)
		return (struct range){ reach_rules(&reach->nats[giver - 1])->port_min,
				       reach_rules(&reach->nats[giver - 1])->port_max };
	if (reach->local_port)
		return (struct range){ reach->local_port, reach->local_port };
	return (struct range){ EPHEMERAL_MIN, EPHEMERAL_MAX };
}

/* Is the inside port kept, where it is free? */
static bool preserves(struct reach *reach, const struct nat_transport *rules, int port)
{
	const struct range inside = numbers_of(reach, port);

	if (rules->ports != NAT_PORTS_PRESERVE)
		return false;
	/* RFC 4787, REQ-3a: these have a range of their own. */
	if (inside.first <= WELL_KNOWN_MAX && (rules->keep_well_known || rules->keep_low))
		return reach_luck(reach);
	if (rules->port_min <= inside.first && rules->port_max >= inside.last)
		return true;
	if (rules->port_max < inside.first || rules->port_min > inside.last)
		return false;
	return reach_luck(reach);
}

static bool gives_in_a_row(const struct nat_transport *rules)
{
	switch (rules->ports) {
	case NAT_PORTS_SEQUENTIAL:
	case NAT_PORTS_BLOCK:
	case NAT_PORTS_DETERMINISTIC:
		return true;
	case NAT_PORTS_PRESERVE:
		return rules->collision == NAT_COLLISION_NEXT;
	default:
		return false;
	}
}

/*
 * One that no mapping has.  Where they come in a row it can be foretold, whatever the NATs further in
 * have drawn; but a stranger may have spoken to it before it was given.  False where it cannot be had,
 * and no other may be.
 */
static bool next_port(struct reach *reach, struct reach_nat *nat, struct spot dst, int *ret)
{
	const struct nat_transport *rules = reach_rules(nat);
	int port = nat->ahead;

	reach->drawn = !gives_in_a_row(rules);
	if (reach->drawn) {
		*ret = reach_new_port(reach, nat);
		return true;
	}
	if (is_others(nat, (struct spot){ nat->addr, port }, dst)) {
		if (rules->collision == NAT_COLLISION_REFUSE)
			return false;
		port = reach_new_port(reach, nat);
	}
	nat->ahead = reach_new_port(reach, nat);
	*ret = port;
	return true;
}

/* The one that is wanted is in use.  False where none may be given. */
static bool collide(struct reach *reach, struct reach_nat *nat, struct spot dst,
		    struct reach_row *ret)
{
	switch (reach_rules(nat)->collision) {
	case NAT_COLLISION_REFUSE:
		return false;
	case NAT_COLLISION_STEAL:
		steal(nat, ret->outside);
		return true;
	case NAT_COLLISION_DEPENDENT:
		ret->particular = true;
		return next_port(reach, nat, dst, &ret->outside.port);
	default:
		return next_port(reach, nat, dst, &ret->outside.port);
	}
}

/*
 * Who preserves ports and shares them takes for a host's next remote endpoint the one that it has for the
 * last, as long as that tells the two apart: Linux does, whose ports then look like a cone's.  False where
 * there is none.
 */
static bool stays_at_its_port(const struct reach_nat *nat, struct reach_row *ret)
{
	const struct reach_row *newest = NULL;

	if (!overloads(nat) || reach_rules(nat)->ports != NAT_PORTS_PRESERVE)
		return false;
	for (size_t i = 0; i < nat->mappings.len; i++)
		if (reach_same(nat->mappings.rows[i].inside, ret->inside))
			newest = &nat->mappings.rows[i];
	if (!newest || reach_rules(nat)->mapping == NAT_EI || newest->outside.addr != nat->addr ||
	    !is_free(nat, newest->outside, ret->remote))
		return false;
	ret->outside = newest->outside;
	return true;
}

/* The outside endpoint of a new mapping (RFC 4787, 4.2.1), of *ret, which has the rest.  False where
 * none may be given. */
static bool allocate(struct reach *reach, struct reach_nat *nat, struct reach_row *ret)
{
	const struct nat_model *model = nat->model;
	const struct nat_transport *rules = reach_rules(nat);
	/* RFC 4787 REQ-2: with arbitrary pooling the next mapping may get another address. */
	bool elsewhere = model->pooling == NAT_POOLING_ARBITRARY && model->pool_size > 1 &&
			 nat->mappings.len && !reach_luck(reach);
	bool got = true;

	/* RFC 7422: the inside address determines its ports, of which those of other networks have none. */
	if (rules->ports == NAT_PORTS_DETERMINISTIC && nat->foreign)
		return false;
	ret->outside =
		(struct spot){ elsewhere ? reach_new_symbol(reach) : nat->addr, ret->inside.port };
	if (!elsewhere && stays_at_its_port(nat, ret))
		return true;
	if (!preserves(reach, rules, ret->inside.port))
		got = next_port(reach, nat, ret->remote, &ret->outside.port);
	else if (!is_free(nat, ret->outside, ret->remote))
		got = collide(reach, nat, ret->remote, ret);
	reach->drawn |= elsewhere;
	return got;
}

/* A mapping that did not get the port it wanted may be for its one destination only. */
static enum nat_scope scope_of(const struct nat_transport *rules, const struct reach_row *row)
{
	return row->particular ? NAT_APD : rules->mapping;
}

/* The row of @table that @src has toward @dst, as far as @scope tells remotes apart, or its own one does;
 * NULL where there is none. */
static const struct reach_row *find_row(const struct reach_nat *nat,
					const struct reach_table *table, struct spot src,
					struct spot dst, bool exact)
{
	for (size_t i = 0; i < table->len; i++) {
		const struct reach_row *row = &table->rows[i];
		enum nat_scope scope = exact ? NAT_APD : scope_of(reach_rules(nat), row);

		if (reach_same(row->inside, src) && reach_within(scope, row->remote, dst))
			return row;
	}
	return NULL;
}

static bool map_napt(struct reach *reach, struct reach_nat *nat, struct spot *src, struct spot dst)
{
	/* Whom a stranger was led to answers from where that one had come to. */
	const struct reach_row *row = find_row(nat, &nat->led, *src, dst, true);
	struct reach_row fresh = { .inside = *src, .remote = dst };

	if (!row)
		row = find_row(nat, &nat->mappings, *src, dst, true);
	if (!row)
		row = find_row(nat, &nat->mappings, *src, dst, false);
	/* Who shares ports cannot use this one toward whom somebody else uses it for. */
	if (row && !row->particular && overloads(nat) && is_others(nat, row->outside, dst)) {
		fresh.particular = true;
		row = NULL;
	}
	/* Who follows connections closely begins none with an answer. */
	if (!row && reach->answers && reach_rules(nat)->tracking == NAT_TRACKING_STRICT)
		return false;
	if (!row) {
		if (!allocate(reach, nat, &fresh))
			return false;
		add_row(&nat->mappings, *src, dst, fresh.outside, fresh.particular);
		row = &fresh;
	}
	*src = row->outside;
	return true;
}

/* An inside host has an outside address of its own; its ports stay. */
static void map_one_to_one(struct reach *reach, struct reach_nat *nat, struct spot *src)
{
	struct spot outside = { nat->addr, src->port };

	for (size_t i = 0; i < nat->mappings.len; i++) {
		if (nat->mappings.rows[i].inside.addr == src->addr) {
			src->addr = nat->mappings.rows[i].outside.addr;
			return;
		}
	}
	if (nat->mappings.len)
		outside.addr = reach_new_symbol(reach);
	add_row(&nat->mappings, *src, *src, outside, false);
	*src = outside;
}

/*
 * May @nat send to @dst, for all of whom it lets out?  The rendezvous' port is known.  A peer's
 * is one that programs are given, or on its way became one, and no policy names those; where it
 * was chosen, some NAT may have kept it.
 */
static bool is_let_out(struct reach *reach, const struct nat_transport *rules, struct spot dst)
{
	if (!rules->outbound_ports[0])
		return true;
	/* Over TCP it is one of several, and the peers have joined at one that they got through to. */
	if (reach_same(dst, reach->rendezvous))
		return reach->tcp || nat_transport_lets_out(rules, reach->rendezvous_port);
	return reach->local_port && nat_transport_lets_out(rules, reach->local_port) &&
	       reach_luck(reach);
}

/* Does a static forward, or a DMZ, lead to whom @addr is inside of @nat? */
static bool strangers_led_to(const struct reach *reach, const struct reach_nat *nat, int addr)
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++)
		if (nat->forwards[p] && addr == reach_inside_addr(reach, nat, (enum party)p))
			return true;
	return false;
}

enum reach_drop reach_go_out(struct reach *reach, struct reach_nat *nat, struct spot *src,
			     struct spot dst)
{
	const struct spot inside = *src;

	if (reach_rules(nat)->blocked)
		return REACH_BLOCKED;
	if (nat->model->kind == NAT_KIND_ROUTER)
		return REACH_ARRIVED;
	if (nat_kind_keeps_state(nat->model->kind) && !strangers_led_to(reach, nat, src->addr) &&
	    !is_let_out(reach, reach_rules(nat), dst))
		return REACH_PORT_SHUT;
	if (gives_addresses(nat->model))
		map_one_to_one(reach, nat, src);
	else if (nat_kind_gives_ports(nat->model->kind) && !map_napt(reach, nat, src, dst))
		return REACH_NO_PORT;
	/* What gets no mapping opens nothing. */
	add_row(&nat->sent, inside, dst, *src, false);
	return REACH_ARRIVED;
}

/*
 * RFC 4787, 5: a packet from Y:y to the inside endpoint X:x is filtered out if X:x has not sent
 * to Y:y (or to Y:any) before.  It is the inside endpoint that has sent, through whichever of
 * its mappings; but where ports are shared it takes what was sent from @outside to tell whose a packet
 * is that comes there.
 */
static bool admits(const struct reach_nat *nat, struct spot inside, struct spot outside,
		   struct spot from)
{
	enum nat_scope filtering = reach_rules(nat)->filtering;

	/* A firewall translates nothing: that it leads to an endpoint at all is because that has sent. */
	if (filtering == NAT_EI && nat->model->kind != NAT_KIND_FIREWALL)
		return true;
	for (size_t i = 0; i < nat->sent.len; i++) {
		const struct reach_row *row = &nat->sent.rows[i];

		if (reach_same(row->inside, inside) && reach_within(filtering, row->remote, from) &&
		    (!overloads(nat) || reach_same(row->outside, outside)))
			return true;
	}
	return false;
}

/* The inside endpoint that a row of the table leads @dst to. */
static bool leads_to(const struct reach_nat *nat, const struct reach_row *row, struct spot dst,
		     struct spot *ret)
{
	if (gives_addresses(nat->model)) {
		*ret = (struct spot){ row->inside.addr, dst.port };
		return row->outside.addr == dst.addr;
	}
	*ret = row->inside;
	return reach_same(row->outside, dst);
}

/* A stranger is led to @who, at the port that was addressed; a static forward may lead from any to the
 * peer's own. */
static enum reach_drop lead_stranger(struct reach *reach, struct reach_nat *nat, enum party who,
				     struct spot src, struct spot *dst)
{
	struct spot inside = { reach_inside_addr(reach, nat, who), dst->port };
	const struct reach_row *row;

	if (reach->local_port && dst->port != reach->peers[who].host.port && reach_luck(reach))
		inside.port = reach->peers[who].host.port;
	/* It speaks to that one itself, from another port. */
	row = find_row(nat, &nat->mappings, inside, src, true);
	if (row && scope_of(reach_rules(nat), row) == NAT_APD && !reach_same(row->outside, *dst))
		return REACH_FILTERED;
	add_row(&nat->led, inside, src, *dst, true);
	*dst = inside;
	return REACH_ARRIVED;
}

/* What no mapping lets in; @owned: there is one all the same. */
static enum reach_drop meet_stranger(struct reach *reach, struct reach_nat *nat, struct spot src,
				     struct spot *dst, bool owned)
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE && !gives_addresses(nat->model); p++)
		if (nat->forwards[p])
			return lead_stranger(reach, nat, (enum party)p, src, dst);
	/* The router takes the stray for its own, and its answer's state takes the port, unless that is
	 * somebody's alone. */
	if (nat->poisons && (!owned || overloads(nat))) {
		add_row(&nat->taken, *dst, src, *dst, false);
		reach->poisoned = true;
	}
	return REACH_FILTERED;
}

static enum reach_drop translate_in(struct reach *reach, struct reach_nat *nat, struct spot src,
				    struct spot *dst, bool filter)
{
	bool owned = false;

	/* Whose packets the router has taken for its own it goes on to. */
	if (overloads(nat) && is_in_use(nat, &nat->taken, *dst, src))
		return REACH_FILTERED;
	for (size_t i = 0; i < nat->mappings.len; i++) {
		struct spot inside;

		if (!leads_to(nat, &nat->mappings.rows[i], *dst, &inside))
			continue;
		owned = true;
		if (!filter || admits(nat, inside, *dst, src) ||
		    (gives_addresses(nat->model) && strangers_led_to(reach, nat, inside.addr))) {
			*dst = inside;
			return REACH_ARRIVED;
		}
	}
	return meet_stranger(reach, nat, src, dst, owned);
}

enum reach_drop reach_go_in(struct reach *reach, struct reach_nat *nat, struct spot src,
			    struct spot *dst, bool filter)
{
	if (reach_rules(nat)->blocked)
		return REACH_BLOCKED;
	if (nat->model->kind == NAT_KIND_ROUTER)
		return REACH_ARRIVED;
	if (reach_translates(nat->model))
		return translate_in(reach, nat, src, dst, filter);
	return admits(nat, *dst, *dst, src) || strangers_led_to(reach, nat, dst->addr)
		       ? REACH_ARRIVED
		       : REACH_FILTERED;
}
