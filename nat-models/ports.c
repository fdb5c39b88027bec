/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ports.h"

#include <errno.h>
#include <stdlib.h>

#include "nat_state.h"

int port_space_init(struct port_space *space, size_t pool_len, bool blocks)
{
	space->pool_len = (uint32_t)pool_len;
	if (blocks)
		space->blocks = calloc(pool_len * PORT_WORDS, sizeof(*space->blocks));
	return blocks && !space->blocks ? -ENOMEM : 0;
}

static size_t pages_size(const struct port_space *space)
{
	return (size_t)space->pool_len * PORT_PAGES * sizeof(*space->pages);
}

void port_space_clear(struct port_space *space, const struct nat_memory *memory)
{
	while (space->all) {
		struct port_page *next = space->all->next;

		nat_memory_give(memory, space->all, sizeof(*space->all));
		space->all = next;
	}
	while (space->rests) {
		struct rest_block *next = space->rests->next;

		free(space->rests);
		space->rests = next;
	}
	nat_memory_give(memory, space->pages, pages_size(space));
	free(space->blocks);
}

/* The words of a page, and the bit for a port there. */
static uint64_t *used_word(struct port_page *page, uint32_t port)
{
	return &page->used[port % PORT_PAGE / 64];
}

static uint64_t bit_of(uint32_t port)
{
	return UINT64_C(1) << port % 64;
}

bool port_is_used(const struct port_space *space, uint16_t pool, uint16_t port)
{
	struct port_page *page = port_page(space, pool, port);

	return page && *used_word(page, port) & bit_of(port);
}

int port_prepare(struct port_space *space, const struct nat_memory *memory, uint16_t pool,
		 uint16_t port)
{
	struct port_page **page;

	if (!space->pages)
		space->pages = nat_memory_take(memory, pages_size(space));
	if (!space->pages)
		return -ENOMEM;
	page = &space->pages[(size_t)pool * PORT_PAGES + port / PORT_PAGE];
	if (*page)
		return 0;
	*page = nat_memory_take(memory, sizeof(**page));
	if (!*page)
		return -ENOMEM;
	(*page)->next = space->all;
	space->all = *page;
	return 0;
}

int port_reserve(struct port_space *space, const struct nat_memory *memory, uint16_t pool,
		 uint16_t port)
{
	int err = port_prepare(space, memory, pool, port);

	if (!err)
		*used_word(port_page(space, pool, port), port) |= bit_of(port);
	return err;
}

void port_take(struct nat *nat, uint32_t mapping)
{
	struct mapping *m = nat_mapping(nat, mapping);
	struct port_page *page = port_page(&nat->ports[m->protocol], m->pool, m->outside_port);
	uint32_t *owner = &page->owners[m->outside_port % PORT_PAGE];

	if (!*owner) {
		*used_word(page, m->outside_port) |= bit_of(m->outside_port);
		*owner = m->port_next = m->port_prev = mapping;
		return;
	}
	m->port_next = *owner;
	m->port_prev = nat_mapping(nat, *owner)->port_prev;
	nat_mapping(nat, m->port_prev)->port_next = mapping;
	nat_mapping(nat, m->port_next)->port_prev = mapping;
}

/* Place for one more at the end; NULL without memory. */
static struct port_rest *add_rest(struct port_space *space)
{
	struct rest_block *block = space->rests_last;

	if (!block || block->len == REST_BLOCK) {
		block = calloc(1, sizeof(*block));
		if (!block)
			return NULL;
		if (space->rests_last)
			space->rests_last->next = block;
		else
			space->rests = block;
		space->rests_last = block;
	}
	return &block->rests[block->len++];
}

/* The first has rested. */
static void remove_rest(struct port_space *space)
{
	struct rest_block *block = space->rests;

	if (++block->first < block->len)
		return;
	space->rests = block->next;
	if (!block->next)
		space->rests_last = NULL;
	free(block);
}

/* RFC 6888, REQ-8: a, b and c. */
static bool may_be_reused_at_once(const struct nat_transport *is)
{
	return is->reuse_exceptions &&
	       (is->tracking != NAT_TRACKING_NONE || is->ports == NAT_PORTS_DETERMINISTIC ||
		is->filtering != NAT_EI);
}

/* The mapping's port stays in use though nobody has it, until its rest is over.  False where it
 * does not rest. */
static bool rest(struct nat *nat, const struct mapping *m)
{
	struct port_space *space = &nat->ports[m->protocol];
	const struct nat_transport *is = &nat->rules[m->protocol].is;
	uint64_t span = may_be_reused_at_once(is) ? 0 : is->reuse_ns;
	struct port_rest *added = NULL;

	if (span && span <= UINT64_MAX - nat->now)
		added = add_rest(space);
	if (!added)
		return false;
	*added = (struct port_rest){ nat->now + span, m->pool, m->outside_port };
	return true;
}

void port_wake(struct port_space *space, uint64_t now)
{
	while (space->rests && space->rests->rests[space->rests->first].until <= now) {
		const struct port_rest *first = &space->rests->rests[space->rests->first];
		struct port_page *page = port_page(space, first->pool, first->port);

		/* Whoever got it all the same, by a fixed port, has it now. */
		if (!page->owners[first->port % PORT_PAGE])
			*used_word(page, first->port) &= ~bit_of(first->port);
		remove_rest(space);
	}
}

void port_leave(struct nat *nat, uint32_t mapping)
{
	struct mapping *m = nat_mapping(nat, mapping);
	struct port_page *page = port_page(&nat->ports[m->protocol], m->pool, m->outside_port);
	uint32_t *owner = &page->owners[m->outside_port % PORT_PAGE];

	if (m->port_next == mapping) {
		*owner = 0;
		if (!rest(nat, m))
			*used_word(page, m->outside_port) &= ~bit_of(m->outside_port);
		return;
	}
	nat_mapping(nat, m->port_prev)->port_next = m->port_next;
	nat_mapping(nat, m->port_next)->port_prev = m->port_prev;
	if (*owner == mapping)
		*owner = m->port_next;
}

uint32_t port_user(const struct nat *nat, enum nat_protocol protocol, uint16_t pool, uint16_t port)
{
	uint32_t first = port_owner(&nat->ports[protocol], pool, port), ref = first;

	if (!first || !expiry_lags(&nat->expiry))
		return first;
	do {
		if (!mapping_is_over(nat_mapping(nat, ref), nat->now))
			return ref;
		ref = nat_mapping(nat, ref)->port_next;
	} while (ref != first);
	return 0;
}

void port_end_late(struct nat *nat, enum nat_protocol protocol, uint16_t pool, uint16_t port)
{
	const struct port_space *space = &nat->ports[protocol];
	uint32_t ref;

	if (!expiry_lags(&nat->expiry))
		return;
	for (int share = EXPIRY_SHARE; share > 0; share--) {
		ref = port_owner(space, pool, port);
		if (!ref || !mapping_is_over(nat_mapping(nat, ref), nat->now))
			return;
		mapping_end(nat, ref);
	}
}

static uint64_t *block_word(struct port_space *space, uint16_t pool, uint32_t block)
{
	return &space->blocks[(size_t)pool * PORT_WORDS + block / 64];
}

void port_free_block(struct port_space *space, uint16_t pool, uint32_t block)
{
	*block_word(space, pool, block) &= ~(UINT64_C(1) << block % 64);
}

int port_take_block(struct port_space *space, uint16_t pool, uint32_t blocks)
{
	for (uint32_t block = 0; block < blocks; block++) {
		uint64_t *word = block_word(space, pool, block);

		if (*word >> block % 64 & 1)
			continue;
		*word |= UINT64_C(1) << block % 64;
		return (int)block;
	}
	return -1;
}

bool port_is_free_for(const struct nat *nat, enum nat_protocol protocol, uint16_t pool,
		      uint16_t port, struct endpoint remote)
{
	const struct port_space *space = &nat->ports[protocol];

	if (!port_is_used(space, pool, port))
		return true;
	/* Used by no mapping: reserved. */
	if (!nat->rules[protocol].overload || !port_owner(space, pool, port))
		return false;
	return !session_find(nat, protocol, pool, port, remote);
}

int port_find_free(const struct port_space *space, uint16_t pool, uint16_t from, uint16_t last,
		   int parity)
{
	const uint64_t every_second = UINT64_C(0x5555555555555555);
	uint64_t wanted = parity < 0 ? ~UINT64_C(0) : every_second << parity;

	for (uint32_t word = from / 64; word <= last / 64U; word++) {
		struct port_page *page = port_page(space, pool, word * 64);
		uint64_t open = page ? ~*used_word(page, word * 64) & wanted : wanted;

		if (word == from / 64U)
			open &= ~UINT64_C(0) << from % 64;
		if (word == last / 64U)
			open &= ~UINT64_C(0) >> (63 - last % 64);
		if (open)
			return (int)(word * 64 + (uint32_t)__builtin_ctzll(open));
	}
	return -1;
}
