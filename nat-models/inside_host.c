/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside_host.h"

#include <stdlib.h>

#include "nat_state.h"

enum { FIRST_BUCKETS = 16, FIRST_HOSTS = 8 };

void inside_host_table_clear(struct inside_host_table *table)
{
	free(table->hosts);
	free(table->buckets);
}

static uint32_t *bucket_of(const struct nat *nat, struct ip_addr addr)
{
	uint64_t hash = hash_mix(hash_mix(nat->hash_seed, addr.lo), addr.hi);

	return &nat->hosts.buckets[(uint32_t)(hash >> 16) & nat->hosts.buckets_mask];
}

/* Keep about one host a bucket. */
static bool buckets_grow(struct nat *nat)
{
	struct inside_host_table *table = &nat->hosts;
	uint32_t *old = table->buckets;
	uint32_t old_len = old ? table->buckets_mask + 1 : 0;
	uint32_t len = old ? old_len * 2 : FIRST_BUCKETS;

	if (old && table->count <= table->buckets_mask)
		return true;
	table->buckets = calloc(len, sizeof(*table->buckets));
	if (!table->buckets) {
		table->buckets = old;
		return old != NULL;
	}
	table->buckets_mask = len - 1;
	for (uint32_t i = 0; i < old_len; i++) {
		uint32_t next;

		for (uint32_t ref = old[i]; ref; ref = next) {
			uint32_t *bucket = bucket_of(nat, table->hosts[ref].addr);

			next = table->hosts[ref].next;
			table->hosts[ref].next = *bucket;
			*bucket = ref;
		}
	}
	free(old);
	return true;
}

static uint32_t slot_take(struct inside_host_table *table)
{
	uint32_t ref = table->free;

	if (ref) {
		table->free = table->hosts[ref].next;
		return ref;
	}
	if (table->unused >= table->room) {
		uint32_t room = table->room ? table->room * 2 : FIRST_HOSTS;
		struct inside_host *hosts = realloc(table->hosts, room * sizeof(*hosts));

		if (!hosts)
			return 0;
		table->hosts = hosts;
		table->room = room;
		if (table->unused == 0)
			table->unused = 1; /* Reference 0 is nobody. */
	}
	return table->unused++;
}

uint32_t inside_host_hold(struct nat *nat, struct ip_addr addr)
{
	struct inside_host_table *table = &nat->hosts;
	uint32_t ref, *bucket;

	if (!buckets_grow(nat))
		return 0;
	bucket = bucket_of(nat, addr);
	for (ref = *bucket; ref; ref = table->hosts[ref].next)
		if (ip_addr_equal(table->hosts[ref].addr, addr)) {
			table->hosts[ref].count++;
			return ref;
		}
	ref = slot_take(table);
	if (!ref)
		return 0;
	table->hosts[ref] = (struct inside_host){
		.addr = addr,
		.next = *bucket,
		.count = 1,
	};
	*bucket = ref;
	table->count++;
	return ref;
}

static void forget(struct nat *nat, uint32_t ref)
{
	struct inside_host_table *table = &nat->hosts;
	struct inside_host *host = &table->hosts[ref];
	uint32_t *at = bucket_of(nat, host->addr);

	for (int protocol = 0; protocol < NAT_PROTOCOLS; protocol++)
		for (int i = 0; i < BLOCKS_MAX && host->block[protocol][i]; i++)
			port_free_block(&nat->ports[protocol], host->pool,
					host->block[protocol][i] - 1);
	while (*at != ref)
		at = &table->hosts[*at].next;
	*at = host->next;
	host->next = table->free;
	table->free = ref;
	table->count--;
}

void inside_host_let_go(struct nat *nat, uint32_t host)
{
	if (host && --nat->hosts.hosts[host].count == 0)
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
	ring_append(nat, &nat->hosts.hosts[host], mapping);
	nat->hosts.hosts[host].count++;
}

void inside_host_remove(struct nat *nat, uint32_t mapping)
{
	uint32_t ref = links_of(nat, mapping)->host;
	struct inside_host *host = &nat->hosts.hosts[ref];

	ring_remove(nat, host, mapping);
	inside_host_let_go(nat, ref);
}

void inside_host_used(struct nat *nat, uint32_t mapping)
{
	struct inside_host *host = &nat->hosts.hosts[links_of(nat, mapping)->host];

	ring_remove(nat, host, mapping);
	ring_append(nat, host, mapping);
}
