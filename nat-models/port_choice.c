/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which outside address and port a new mapping gets: RFC 4787, 4.1 (pooling), 4.2 (port
 * assignment).
 *
 * First an address.  Then the port that the model wants: the inside one, the next of a
 * sequence, or none in particular.  Where the wanted one is in use the model's collision
 * behaviour says what happens; where none is wanted, any free one of the range does, and the
 * collision behaviour counts only once nothing is free.
 */
#include "nat_state.h"

enum {
	LOW_PORTS =
		512, /* BSD's services for root take a client that has one of these for root, too */
	LOW_PORTS_REST = 600, /* Linux leaves those between the two alone */
	LUCKY_DRAWS = 8, /* before a random choice turns into a search */
	SHARING_TRIES =
		128, /* ports looked at for one that may be shared; Linux looks at as many */
};

/* One choice that is being made. */
struct choice {
	struct nat *nat;
	const struct mapping_key *key;
	const struct rules *rules;
	struct port_space *space;
	uint16_t pool;
	uint16_t lo, hi; /* the range, both included */
	int parity; /* 0 or 1; -1 = either */
	int32_t step; /* in which direction, and how far, "the next" is */
};

static bool is_free(const struct choice *c, uint16_t port)
{
	port_end_late(c->nat, c->key->protocol, c->pool, port);
	return !port_is_used(c->space, c->pool, port);
}

static bool in_range(const struct choice *c, int port)
{
	return port >= c->lo && port <= c->hi && (c->parity < 0 || port % 2 == c->parity);
}

/* The port @by further on in the range, which is a ring. */
static uint16_t step_on(const struct choice *c, uint16_t port, int32_t by)
{
	int64_t size = c->hi - c->lo + 1;
	int64_t at = (port - c->lo + by) % size;

	return (uint16_t)(c->lo + (at < 0 ? at + size : at));
}

static uint16_t with_parity(const struct choice *c, uint16_t port)
{
	for (int tries = 0; tries < 2 && !in_range(c, port); tries++)
		port = step_on(c, port, c->step < 0 ? -1 : 1);
	return port;
}

static uint16_t draw(const struct choice *c)
{
	uint32_t size = (uint32_t)(c->hi - c->lo + 1);

	return with_parity(c, (uint16_t)(c->lo + chance_below(&c->nat->chance, size)));
}

/* The next free port from @from upwards, going round once; -1 where none is free. */
static int search_up(const struct choice *c, uint16_t from)
{
	int port = port_find_free(c->space, c->pool, from, c->hi, c->parity);

	return port >= 0 ? port : port_find_free(c->space, c->pool, c->lo, c->hi, c->parity);
}

/* Any free port; -1 where none is. */
static int any_free(const struct choice *c)
{
	uint16_t port = c->lo;

	for (int tries = 0; tries < LUCKY_DRAWS; tries++) {
		port = draw(c);
		if (in_range(c, port) && is_free(c, port))
			return port;
	}
	return search_up(c, port);
}

/* The next free one after @want, by steps where it was counted in steps. */
static int next_free(const struct choice *c, uint16_t want)
{
	uint16_t port = want;

	if (c->step == 1 || search_up(c, want) < 0)
		return search_up(c, want);
	for (int tries = 0; tries < PORTS; tries++) {
		port = with_parity(c, step_on(c, port, c->step));
		if (in_range(c, port) && is_free(c, port))
			return port;
		if (port == want) /* The steps have gone round without meeting a free one. */
			break;
	}
	return search_up(c, want);
}

/* A port where this remote endpoint is new, from a random one upwards; -1 where none was
 * found. */
static int any_shareable(const struct choice *c)
{
	uint16_t port = draw(c);

	for (int tries = 0; tries < SHARING_TRIES; tries++, port = step_on(c, port, 1)) {
		port_end_late(c->nat, c->key->protocol, c->pool, port);
		if (in_range(c, port) &&
		    port_is_free_for(c->nat, c->key->protocol, c->pool, port, c->key->remote))
			return port;
	}
	return -1;
}

/* Make @port free by ending the mappings there; false where a static forward has it. */
static bool steal(const struct choice *c, uint16_t port)
{
	uint32_t owner = port_owner(c->space, c->pool, port);

	if (!owner)
		return false;
	for (; owner; owner = port_owner(c->space, c->pool, port))
		mapping_end(c->nat, owner);
	return true;
}

/* No port was wanted in particular, and none is free. */
static int when_exhausted(const struct choice *c)
{
	if (c->rules->overload)
		return any_shareable(c);
	if (c->rules->is.collision == NAT_COLLISION_STEAL) {
		uint16_t port = draw(c);

		for (int tries = 0; tries < PORTS; tries++, port = step_on(c, port, 1))
			if (in_range(c, port) && steal(c, port))
				return port;
	}
	return -1;
}

/* With ports shared, one that others have is as good as any (so to Linux). */
static int any_port(const struct choice *c)
{
	int port = c->rules->overload ? any_shareable(c) : -1;

	if (port < 0)
		port = any_free(c);
	return port >= 0 ? port : when_exhausted(c);
}

/* @want is in use, or out of range.  A port, or -1. */
static int instead_of(const struct choice *c, uint16_t want)
{
	switch (c->rules->is.collision) {
	case NAT_COLLISION_NEXT:
		return next_free(c, in_range(c, want) ? want : with_parity(c, c->lo));
	case NAT_COLLISION_OVERLOAD:
		if (in_range(c, want) &&
		    port_is_free_for(c->nat, c->key->protocol, c->pool, want, c->key->remote))
			return want;
		return any_port(c);
	case NAT_COLLISION_STEAL:
		if (in_range(c, want) && steal(c, want))
			return want;
		return any_port(c);
	case NAT_COLLISION_RANDOM:
	case NAT_COLLISION_REFUSE: /* Out of range: there is nobody to be refused for. */
	default:
		return any_port(c);
	}
}

/* The port after the last one given; the sequence starts at the end that it leads away from. */
static uint16_t next_of_sequence(const struct choice *c)
{
	uint32_t last = c->space->last[c->pool]; /* plus 1 */

	if (last <= c->lo || last > c->hi + 1U)
		return with_parity(c, c->step < 0 ? c->hi : c->lo);
	return with_parity(c, step_on(c, (uint16_t)(last - 1), c->step));
}

/* RFC 4787, 4.2.3: is the inside port next to this one mapped, by the same address?  RTP sends
 * its RTCP to the port next to its own (RFC 3550, section 11), so for narrow mappings that one
 * is tried as well.  The port wanted, or -1. */
static int contiguous(const struct choice *c)
{
	for (int by = -1; by <= 1; by += 2) {
		struct mapping_key key = *c->key;
		uint32_t ref;

		key.inside.port = (uint16_t)(key.inside.port + by);
		key.scope = c->rules->scope;
		ref = mapping_find(c->nat, &key);
		if (!ref) {
			key.remote.port = (uint16_t)(key.remote.port + by);
			ref = mapping_find(c->nat, &key);
		}
		if (ref && nat_mapping(c->nat, ref)->pool == c->pool)
			return nat_mapping(c->nat, ref)->outside_port - by;
	}
	return -1;
}

/* As Linux does: the port that the newest mapping of this inside endpoint has, where this
 * remote endpoint is new there; else -1. */
static int same_again(const struct choice *c)
{
	uint32_t ref = source_chain_newest(c->nat, c->key->protocol, c->key->inside);
	const struct mapping *m = nat_mapping(c->nat, ref);

	if (!ref || m->pool != c->pool ||
	    !port_is_free_for(c->nat, c->key->protocol, c->pool, m->outside_port, c->key->remote))
		return -1;
	return m->outside_port;
}

/* The port that the model wants, or -1: any. */
static int wanted(const struct choice *c)
{
	int next_door = c->rules->is.contiguity ? contiguous(c) : -1;
	int again = c->nat->sources.count ? same_again(c) : -1;

	if (again >= 0)
		return again;
	if (next_door >= 0 && in_range(c, next_door) && is_free(c, (uint16_t)next_door))
		return next_door;
	if (c->rules->is.ports == NAT_PORTS_PRESERVE)
		return c->key->inside.port;
	if (c->rules->is.ports == NAT_PORTS_SEQUENTIAL)
		return next_of_sequence(c);
	return -1;
}

static enum nat_reason choose_port(const struct choice *c, uint16_t *ret)
{
	int port = wanted(c);

	if (port < 0) {
		port = any_port(c);
	} else if (!in_range(c, port) || !is_free(c, (uint16_t)port)) {
		if (c->rules->is.collision == NAT_COLLISION_REFUSE && in_range(c, port))
			return NAT_REASON_COLLISION;
		port = instead_of(c, (uint16_t)port);
	}
	if (port < 0)
		return NAT_REASON_NO_PORT;
	c->space->last[c->pool] = (uint32_t)port + 1;
	*ret = (uint16_t)port;
	return NAT_REASON_NEW_MAPPING;
}

/* The range to draw from.  RFC 4787 REQ-3a: well-known ports map to well-known ones. */
static void set_range(struct choice *c)
{
	const struct nat_transport *is = &c->rules->is;

	c->lo = is->port_min;
	c->hi = is->port_max;
	if (is->keep_low && c->key->inside.port < LOW_PORTS) {
		c->lo = 1;
		c->hi = LOW_PORTS - 1;
	} else if (is->keep_low && c->key->inside.port < 1024) {
		c->lo = LOW_PORTS_REST;
		c->hi = 1023;
	} else if (is->keep_well_known && c->key->inside.port < 1024) {
		c->lo = 1;
		c->hi = 1023;
	} else if (is->keep_well_known && c->lo < 1024 && c->hi >= 1024) {
		c->lo = 1024;
	}
	c->parity = is->parity ? c->key->inside.port % 2 : -1;
	c->step = is->ports == NAT_PORTS_SEQUENTIAL ? is->step : 1;
}

static struct choice new_choice(struct nat *nat, const struct mapping_key *key, uint16_t pool)
{
	struct choice c = {
		.nat = nat,
		.key = key,
		.rules = &nat->rules[key->protocol],
		.space = &nat->ports[key->protocol],
		.pool = pool,
	};

	set_range(&c);
	return c;
}

/* The next free port of block @block, after the last one given there; -1 where none is. */
static int next_of_block(struct choice *c, uint32_t block, uint16_t cursor)
{
	uint32_t size = c->rules->is.block_size;

	c->lo = (uint16_t)(c->rules->is.port_min + block * size);
	c->hi = (uint16_t)(c->lo + size - 1);
	return search_up(c, cursor < c->lo || cursor >= c->hi ? c->lo : (uint16_t)(cursor + 1));
}

/* The next free port of the blocks that the host owns (RFC 6888, REQ-14 and section 4).  A host
 * gets another block where its own are full, up to the model's limit for each protocol. */
static enum nat_reason choose_from_block(struct nat *nat, const struct mapping_key *key,
					 uint32_t host, uint16_t *ret_pool, uint16_t *ret_port)
{
	struct host_blocks *h = inside_host_at(&nat->hosts, host)->blocks;
	uint32_t *owned = h->block[key->protocol];
	struct choice c = new_choice(nat, key, h->pool);
	const struct nat_transport *is = &c.rules->is;
	uint32_t blocks = (uint32_t)(is->port_max - is->port_min + 1) / is->block_size;
	int port = -1, max = is->blocks_max > BLOCKS_MAX ? BLOCKS_MAX : is->blocks_max;

	for (int i = 0; i < max && port < 0; i++) {
		if (!owned[i])
			owned[i] = (uint32_t)(port_take_block(c.space, h->pool, blocks) + 1);
		if (!owned[i])
			break;
		port = next_of_block(&c, owned[i] - 1, h->cursor[key->protocol]);
	}
	if (port < 0 && owned[0])
		port = when_exhausted(&c);
	if (port < 0)
		return NAT_REASON_NO_PORT;
	h->cursor[key->protocol] = (uint16_t)port;
	*ret_pool = h->pool;
	*ret_port = (uint16_t)port;
	return NAT_REASON_NEW_MAPPING;
}

/*
 * RFC 7422: the inside address alone says which outside address and ports its host has, so that
 * no log is needed.  Hosts are counted off from the inside network's first address.
 */
static enum nat_reason choose_determined(struct nat *nat, const struct mapping_key *key,
					 uint16_t *ret_pool, uint16_t *ret_port)
{
	const struct nat_transport *is = &nat->rules[key->protocol].is;
	uint32_t blocks = (uint32_t)(is->port_max - is->port_min + 1) / is->block_size;
	uint64_t host = key->inside.addr.lo - nat->inside.addr.lo;
	struct choice c;
	int port;

	if (!ip_prefix_contains(nat->inside, key->inside.addr) || host / blocks >= nat->pool_len)
		return NAT_REASON_NO_PORT;
	c = new_choice(nat, key, (uint16_t)(host / blocks));
	port = next_of_block(&c, (uint32_t)(host % blocks), 0);
	if (port < 0)
		port = when_exhausted(&c);
	if (port < 0)
		return NAT_REASON_NO_PORT;
	*ret_pool = c.pool;
	*ret_port = (uint16_t)port;
	return NAT_REASON_NEW_MAPPING;
}

/* RFC 4787 REQ-2, "paired".  Neighbours on the LAN get different addresses; the hosts that
 * static forwards and the DMZ name have the first one, where those are. */
static uint16_t paired_pool(const struct nat *nat, struct ip_addr inside)
{
	if (nat->pool_len == 1 || ip_addr_equal(inside, nat->dmz))
		return 0;
	for (size_t i = 0; i < nat->forwards_len; i++)
		if (ip_addr_equal(inside, nat->forwards[i].to.addr))
			return 0;
	return (uint16_t)(inside.lo % nat->pool_len);
}

bool port_collides(struct nat *nat, enum nat_protocol protocol, struct endpoint inside)
{
	uint16_t pool = paired_pool(nat, inside.addr);

	port_end_late(nat, protocol, pool, inside.port);
	return port_is_used(&nat->ports[protocol], pool, inside.port);
}

enum nat_reason port_choose(struct nat *nat, const struct mapping_key *key, uint32_t host,
			    uint16_t *ret_pool, uint16_t *ret_port)
{
	bool paired = nat->model.pooling == NAT_POOLING_PAIRED || nat->pool_len == 1;
	uint32_t tries = paired ? 1 : nat->pool_len;
	enum nat_reason reason = NAT_REASON_NO_PORT;
	uint16_t pool = paired ? paired_pool(nat, key->inside.addr)
			       : (uint16_t)chance_below(&nat->chance, nat->pool_len);

	port_wake(&nat->ports[key->protocol], nat->now);
	if (nat->rules[key->protocol].is.ports == NAT_PORTS_DETERMINISTIC)
		return choose_determined(nat, key, ret_pool, ret_port);
	if (nat->rules[key->protocol].is.ports == NAT_PORTS_BLOCK) {
		struct host_blocks *h = inside_host_at(&nat->hosts, host)->blocks;

		/* All blocks of a host are at one address, chosen with the first. */
		if (!h->block[NAT_UDP][0] && !h->block[NAT_TCP][0] && !h->block[NAT_ICMP][0])
			h->pool = pool;
		return choose_from_block(nat, key, host, ret_pool, ret_port);
	}
	for (; tries > 0; tries--, pool = (uint16_t)((pool + 1U) % nat->pool_len)) {
		struct choice c = new_choice(nat, key, pool);

		reason = choose_port(&c, ret_port);
		if (reason == NAT_REASON_NEW_MAPPING) {
			*ret_pool = pool;
			break;
		}
	}
	return reason;
}
