/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside_host.h"

#include "duration.h"
#include "nat_state.h"

void inside_host_table_init(struct inside_host_table *table, bool has_blocks,
			    const struct nat_memory *memory)
{
	size_t size = sizeof(struct inside_host);

	table->has_blocks = has_blocks;
	rows_init(&table->hosts, has_blocks ? size + sizeof(struct host_blocks) : size, memory);
	buckets_none(&table->buckets);
	table->free = table->count = 0;
}

void inside_host_table_clear(struct inside_host_table *table)
{
	rows_clear(&table->hosts);
	buckets_clear(&table->buckets, table->hosts.memory);
}

static struct inside_host *host_at(const struct nat *nat, uint32_t ref)
{
	return inside_host_at(&nat->hosts, ref);
}

static uint32_t *bucket_of(const struct nat *nat, struct ip_addr addr)
{
	uint64_t hash = hash_mix(hash_mix(nat->hash_seed, addr.lo), addr.hi);

	return buckets_of(&nat->hosts.buckets, (uint32_t)(hash >> 16));
}

static uint32_t *next_of(const struct nat *nat, uint32_t ref)
{
	return &host_at(nat, ref)->next;
}

static uint32_t *bucket_of_host(const struct nat *nat, uint32_t ref)
{
	return bucket_of(nat, host_at(nat, ref)->addr);
}

/* Keep about one host a bucket. */
static void grow(struct nat *nat)
{
	static const struct bucket_chains chains = { next_of, bucket_of_host };
	struct inside_host_table *table = &nat->hosts;

	if (table->count >= table->buckets.len)
		buckets_grow(&table->buckets, table->hosts.memory, &chains, nat);
}

/* More hosts than mappings there cannot be. */
static uint32_t slot_take(struct nat *nat)
{
	uint32_t ref = nat->hosts.free;

	if (!ref)
		return rows_take(&nat->hosts.hosts, MAPPINGS_MAX);
	nat->hosts.free = host_at(nat, ref)->next;
	return ref;
}

/* The host at @addr, or 0. */
static uint32_t find(const struct nat *nat, struct ip_addr addr)
{
	uint32_t ref = *bucket_of(nat, addr);

	while (ref && !ip_addr_equal(host_at(nat, ref)->addr, addr))
		ref = host_at(nat, ref)->next;
	return ref;
}

/* A new one at @addr; 0 without memory. */
static uint32_t make(struct nat *nat, struct ip_addr addr)
{
	uint32_t ref = slot_take(nat), *bucket = bucket_of(nat, addr);
	struct inside_host *host;

	if (!ref)
		return 0;
	host = host_at(nat, ref);
	*host = (struct inside_host){ .addr = addr, .next = *bucket };
	if (nat->hosts.has_blocks)
		host->blocks[0] = (struct host_blocks){ 0 };
	*bucket = ref;
	nat->hosts.count++;
	return ref;
}

uint32_t inside_host_hold(struct nat *nat, struct ip_addr addr)
{
	uint32_t ref;

	grow(nat);
	ref = find(nat, addr);
	if (!ref)
		ref = make(nat, addr);
	if (ref)
		host_at(nat, ref)->count++;
	return ref;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool inside_host_may_make(const struct nat *nat, uint32_t host, uint64_t now)
{
	uint32_t rate = nat->model.rate_host;

	if (!host || !rate)
		return true;
	return later(host_at(nat, host)->blocks[0].opened_ns, now) + NS_PER_S / rate <=
	       now + NS_PER_S;
}

void inside_host_has_made(struct nat *nat, uint32_t host, uint64_t now)
{
	uint32_t rate = nat->model.rate_host;
	uint64_t *opened;

	if (!host || !rate)
		return;
	opened = &host_at(nat, host)->blocks[0].opened_ns;
	*opened = later(*opened, now) + NS_PER_S / rate;
}

static void free_blocks(struct nat *nat, const struct host_blocks *blocks)
{
	for (int protocol = 0; protocol < NAT_PROTOCOLS; protocol++)
		for (int i = 0; i < BLOCKS_MAX && blocks->block[protocol][i]; i++)
			port_free_block(&nat->ports[protocol], blocks->pool,
					blocks->block[protocol][i] - 1);
}

static void forget(struct nat *nat, uint32_t ref)
{
	struct inside_host_table *table = &nat->hosts;
	struct inside_host *host = host_at(nat, ref);
	uint32_t *at = bucket_of(nat, host->addr);

	if (table->has_blocks)
		free_blocks(nat, host->blocks);
	while (*at != ref)
		at = &host_at(nat, *at)->next;
	*at = host->next;
	host->next = table->free;
	table->free = ref;
	table->count--;
}

void inside_host_let_go(struct nat *nat, uint32_t host)
{
	if (host && --host_at(nat, host)->count == 0)
		forget(nat, host);
}

static struct mapping_host *links_of(const struct nat *nat, uint32_t mapping)
{
	return mapping_host_at(&nat->mappings, mapping);
}

static void ring_append(struct nat *nat, struct inside_host *host, uint32_t ref)
{
	struct mapping_host *links = links_of(nat, ref);

	if (!host->oldest) {
		host->oldest = links->next = links->prev = ref;
		return;
	}
	links->next = host->oldest;
	links->prev = links_of(nat, host->oldest)->prev;
	links_of(nat, links->prev)->next = ref;
	links_of(nat, links->next)->prev = ref;
}

static void ring_remove(struct nat *nat, struct inside_host *host, uint32_t ref)
{
	const struct mapping_host *links = links_of(nat, ref);

	if (links->next == ref) {
		host->oldest = 0;
		return;
	}
	links_of(nat, links->prev)->next = links->next;
	links_of(nat, links->next)->prev = links->prev;
	if (host->oldest == ref)
		host->oldest = links->next;
}

void inside_host_add(struct nat *nat, uint32_t host, uint32_t mapping)
{
	ring_append(nat, host_at(nat, host), mapping);
	host_at(nat, host)->count++;
}

/* The host that has a mapping, or 0: the router's own mappings are no host's. */
static uint32_t host_of(const struct nat *nat, uint32_t mapping)
{
	const struct mapping *m = nat_mapping(nat, mapping);

	return links_of(nat, mapping)->next ? find(nat, mapping_inside(nat, m).addr) : 0;
}

void inside_host_remove(struct nat *nat, uint32_t mapping)
{
	uint32_t ref = host_of(nat, mapping);

	if (!ref)
		return;
	ring_remove(nat, host_at(nat, ref), mapping);
	inside_host_let_go(nat, ref);
}

void inside_host_used(struct nat *nat, uint32_t mapping)
{
	uint32_t ref = host_of(nat, mapping);
	struct inside_host *host = host_at(nat, ref);

	if (!ref)
		return;
	ring_remove(nat, host, mapping);
	ring_append(nat, host, mapping);
}
