/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside_host.h"

#include "nat_state.h"

void inside_host_table_init(struct inside_host_table *table, const struct nat_memory *memory)
{
	rows_init(&table->hosts, sizeof(struct inside_host), memory);
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

uint32_t inside_host_hold(struct nat *nat, struct ip_addr addr)
{
	uint32_t ref, *bucket;

	grow(nat);
	bucket = bucket_of(nat, addr);
	for (ref = *bucket; ref; ref = host_at(nat, ref)->next)
		if (ip_addr_equal(host_at(nat, ref)->addr, addr)) {
			host_at(nat, ref)->count++;
			return ref;
		}
	ref = slot_take(nat);
	if (!ref)
		return 0;
	*host_at(nat, ref) = (struct inside_host){
		.addr = addr,
		.next = *bucket,
		.count = 1,
	};
	*bucket = ref;
	nat->hosts.count++;
	return ref;
}

static void forget(struct nat *nat, uint32_t ref)
{
	struct inside_host_table *table = &nat->hosts;
	struct inside_host *host = host_at(nat, ref);
	uint32_t *at = bucket_of(nat, host->addr);

	for (int protocol = 0; protocol < NAT_PROTOCOLS; protocol++)
		for (int i = 0; i < BLOCKS_MAX && host->block[protocol][i]; i++)
			port_free_block(&nat->ports[protocol], host->pool,
					host->block[protocol][i] - 1);
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
	links_of(nat, mapping)->host = host;
	ring_append(nat, host_at(nat, host), mapping);
	host_at(nat, host)->count++;
}

void inside_host_remove(struct nat *nat, uint32_t mapping)
{
	uint32_t ref = links_of(nat, mapping)->host;
	struct inside_host *host = host_at(nat, ref);

	ring_remove(nat, host, mapping);
	inside_host_let_go(nat, ref);
}

void inside_host_used(struct nat *nat, uint32_t mapping)
{
	struct inside_host *host = host_at(nat, links_of(nat, mapping)->host);

	ring_remove(nat, host, mapping);
	ring_append(nat, host, mapping);
}
