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

/* Rows are a set; the bound on what peers hear bounds how many there can be. */
static void add_row(struct reach_table *table, struct spot inside, struct spot remote,
		    struct spot outside)
{
	for (size_t i = 0; i < table->len; i++) {
		const struct reach_row *row = &table->rows[i];

		if (reach_same(row->inside, inside) && reach_same(row->remote, remote) &&
		    reach_same(row->outside, outside))
			return;
	}
	if (table->len < REACH_ROWS)
		table->rows[table->len++] = (struct reach_row){ inside, remote, outside };
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

/* Can the wanted outside endpoint serve a new mapping toward @remote? */
static bool is_free(const struct reach_nat *nat, struct spot outside, struct spot remote)
{
	bool overloads = reach_rules(nat)->collision == NAT_COLLISION_OVERLOAD;

	for (size_t i = 0; i < nat->taken.len; i++) {
		if (reach_same(nat->taken.rows[i].outside, outside) &&
		    reach_same(nat->taken.rows[i].remote, remote))
			return false;
	}
	for (size_t i = 0; i < nat->mappings.len; i++) {
		const struct reach_row *row = &nat->mappings.rows[i];

		if (reach_same(row->outside, outside) &&
		    (!overloads || reach_same(row->remote, remote)))
			return false;
	}
	return true;
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
enum { EPHEMERAL_MIN = 32768, EPHEMERAL_MAX = 65535 };

/* Is the inside port kept, where it is free? */
static bool preserves(struct reach *reach, const struct nat_transport *rules)
{
	if (rules->ports != NAT_PORTS_PRESERVE)
		return false;
	if (rules->port_min <= EPHEMERAL_MIN && rules->port_max == EPHEMERAL_MAX)
		return true;
	if (rules->port_max < EPHEMERAL_MIN)
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

/* One that no mapping has. */
static int next_port(struct reach *reach, struct reach_nat *nat)
{
	int port = nat->ahead;

	if (!gives_in_a_row(reach_rules(nat))) {
		reach->drawn = true;
		return reach_new_symbol(reach);
	}
	nat->ahead = reach_new_symbol(reach);
	return port;
}

/* The outside endpoint of a new mapping (RFC 4787, 4.2.1).  False where none may be given. */
static bool allocate(struct reach *reach, struct reach_nat *nat, struct spot src, struct spot dst,
		     struct spot *ret)
{
	const struct nat_model *model = nat->model;
	const struct nat_transport *rules = reach_rules(nat);
	struct spot outside = { nat->addr, src.port };

	/* RFC 4787 REQ-2: with arbitrary pooling the next mapping may get another address. */
	if (model->pooling == NAT_POOLING_ARBITRARY && model->pool_size > 1 && nat->mappings.len &&
	    !reach_luck(reach)) {
		outside.addr = reach_new_symbol(reach);
		reach->drawn = true;
	}
	if (!preserves(reach, rules)) {
		outside.port = next_port(reach, nat);
	} else if (!is_free(nat, outside, dst)) {
		if (rules->collision == NAT_COLLISION_REFUSE)
			return false;
		if (rules->collision == NAT_COLLISION_STEAL)
			steal(nat, outside);
		else
			outside.port = next_port(reach, nat);
	}
	*ret = outside;
	return true;
}

/* A mapping that did not get the port it wanted may be for its one destination only. */
static enum nat_scope scope_of(const struct nat_transport *rules, const struct reach_row *row)
{
	if (rules->collision == NAT_COLLISION_DEPENDENT && rules->ports == NAT_PORTS_PRESERVE &&
	    row->outside.port != row->inside.port)
		return NAT_APD;
	return rules->mapping;
}

static bool map_napt(struct reach *reach, struct reach_nat *nat, struct spot *src, struct spot dst)
{
	struct spot outside;

	for (size_t i = 0; i < nat->mappings.len; i++) {
		const struct reach_row *row = &nat->mappings.rows[i];

		if (reach_same(row->inside, *src) &&
		    reach_within(scope_of(reach_rules(nat), row), row->remote, dst)) {
			*src = row->outside;
			return true;
		}
	}
	if (!allocate(reach, nat, *src, dst, &outside))
		return false;
	add_row(&nat->mappings, *src, dst, outside);
	*src = outside;
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
	add_row(&nat->mappings, *src, *src, outside);
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

enum reach_drop reach_go_out(struct reach *reach, struct reach_nat *nat, struct spot *src,
			     struct spot dst)
{
	if (reach_rules(nat)->blocked)
		return REACH_BLOCKED;
	if (nat->model->kind == NAT_KIND_ROUTER)
		return REACH_ARRIVED;
	if (!nat->forwards_peer && !is_let_out(reach, reach_rules(nat), dst))
		return REACH_PORT_SHUT;
	add_row(&nat->sent, *src, dst, *src);
	if (gives_addresses(nat->model))
		map_one_to_one(reach, nat, src);
	else if (nat_kind_gives_ports(nat->model->kind) && !map_napt(reach, nat, src, dst))
		return REACH_NO_PORT;
	return REACH_ARRIVED;
}

/*
 * RFC 4787, 5: a packet from Y:y to the inside endpoint X:x is filtered out if X:x has not sent
 * to Y:y (or to Y:any) before.  It is the inside endpoint that has sent, through whichever of
 * its mappings.
 */
static bool admits(const struct reach_nat *nat, struct spot inside, struct spot from)
{
	enum nat_scope filtering = reach_rules(nat)->filtering;

	/* A firewall translates nothing: that it leads to an endpoint at all is because that has sent. */
	if (filtering == NAT_EI && nat->model->kind != NAT_KIND_FIREWALL)
		return true;
	for (size_t i = 0; i < nat->sent.len; i++) {
		const struct reach_row *row = &nat->sent.rows[i];

		if (reach_same(row->inside, inside) && reach_within(filtering, row->remote, from))
			return true;
	}
	return false;
}

/* A static forward or a DMZ leads in whatever is addressed to the peer's own port. */
static bool forwarded(struct reach *reach, const struct reach_nat *nat, struct spot inside,
		      struct spot dst)
{
	return nat->forwards_peer && (dst.port == inside.port || reach_luck(reach));
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

static enum reach_drop translate_in(struct reach *reach, struct reach_nat *nat, struct spot src,
				    struct spot *dst, bool filter)
{
	for (size_t i = 0; i < nat->mappings.len; i++) {
		struct spot inside;

		if (!leads_to(nat, &nat->mappings.rows[i], *dst, &inside))
			continue;
		if (!filter || admits(nat, inside, src) || forwarded(reach, nat, inside, *dst)) {
			*dst = inside;
			return REACH_ARRIVED;
		}
	}
	/* The router takes the stray for its own, and its answer's state takes the port. */
	if (nat->poisons) {
		add_row(&nat->taken, *dst, src, *dst);
		reach->poisoned = true;
	}
	return REACH_FILTERED;
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
	return admits(nat, *dst, src) || nat->forwards_peer ? REACH_ARRIVED : REACH_FILTERED;
}
