/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_chain.h"

#include <stdlib.h>
#include <string.h>

#include "nat_state.h"

enum { FIRST_BUCKETS = 16 };

void source_table_clear(struct source_table *table)
{
	free(table->links);
	free(table->buckets);
}

/* A connection that began outside is another's source to Linux, and so is the router's own. */
static bool is_wanted(const struct nat *nat, const struct mapping *m)
{
	const struct rules *rules = &nat->rules[m->protocol];

	return rules->overload && rules->scope != NAT_EI && rules->is.ports == NAT_PORTS_PRESERVE &&
	       !(m->flags & MAPPING_FROM_OUTSIDE);
}

static uint32_t *bucket_of(const struct nat *nat, enum nat_protocol protocol,
			   struct endpoint inside)
{
	uint64_t hash = hash_mix(nat->hash_seed, (uint64_t)protocol << 16 | inside.port);

	hash = hash_mix(hash, inside.addr.lo);
	hash = hash_mix(hash, inside.addr.hi);
	return &nat->sources.buckets[(uint32_t)(hash >> 16) & nat->sources.buckets_mask];
}

static uint32_t *bucket_of_mapping(const struct nat *nat, uint32_t ref)
{
	const struct mapping *m = nat_mapping(nat, ref);

	return bucket_of(nat, m->protocol, mapping_inside(m));
}

static void put_first(struct nat *nat, uint32_t ref)
{
	struct source_table *table = &nat->sources;
	uint32_t *bucket = bucket_of_mapping(nat, ref);

	table->links[ref] = (struct source_link){ .next = *bucket, .prev = SOURCE_FIRST };
	if (*bucket)
		table->links[*bucket].prev = ref;
	*bucket = ref;
}

/* Put the chain from @ref on into the buckets that there are now: its oldest first, so that the
 * order stays. */
static void move_chain(struct nat *nat, uint32_t ref)
{
	struct source_link *links = nat->sources.links;
	uint32_t prev;

	while (ref && links[ref].next)
		ref = links[ref].next;
	for (; ref && ref != SOURCE_FIRST; ref = prev) {
		prev = links[ref].prev;
		put_first(nat, ref);
	}
}

/* About two mappings a bucket.  False where there are no buckets at all. */
static bool grow_buckets(struct nat *nat)
{
	struct source_table *table = &nat->sources;
	uint32_t *old = table->buckets, *buckets;
	uint32_t old_len = old ? table->buckets_mask + 1 : 0;
	uint32_t len = old ? old_len * 2 : FIRST_BUCKETS;

	if (old && table->count / 2 < old_len)
		return true;
	buckets = calloc(len, sizeof(*buckets));
	if (!buckets)
		return old != NULL;
	table->buckets = buckets;
	table->buckets_mask = len - 1;
	for (uint32_t i = 0; i < old_len; i++)
		move_chain(nat, old[i]);
	free(old);
	return true;
}

static bool grow_links(struct source_table *table, uint32_t ref)
{
	uint32_t len = table->links_len ? table->links_len : FIRST_BUCKETS;
	struct source_link *links;

	if (ref < table->links_len)
		return true;
	while (len <= ref)
		len *= 2;
	links = realloc(table->links, len * sizeof(*links));
	if (!links)
		return false;
	memset(links + table->links_len, 0, (len - table->links_len) * sizeof(*links));
	table->links = links;
	table->links_len = len;
	return true;
}

void source_chain_add(struct nat *nat, uint32_t ref)
{
	if (!is_wanted(nat, nat_mapping(nat, ref)) || !grow_links(&nat->sources, ref) ||
	    !grow_buckets(nat))
		return;
	put_first(nat, ref);
	nat->sources.count++;
}

void source_chain_remove(struct nat *nat, uint32_t ref)
{
	struct source_table *table = &nat->sources;
	struct source_link link;

	if (ref >= table->links_len || !table->links[ref].prev)
		return;
	link = table->links[ref];
	if (link.next)
		table->links[link.next].prev = link.prev;
	if (link.prev != SOURCE_FIRST)
		table->links[link.prev].next = link.next;
	else
		*bucket_of_mapping(nat, ref) = link.next;
	table->links[ref] = (struct source_link){ 0 };
	table->count--;
}

uint32_t source_chain_newest(const struct nat *nat, enum nat_protocol protocol,
			     struct endpoint inside)
{
	uint32_t ref = nat->sources.buckets ? *bucket_of(nat, protocol, inside) : 0;

	for (; ref; ref = nat->sources.links[ref].next) {
		const struct mapping *m = nat_mapping(nat, ref);

		if (m->protocol == protocol && endpoint_equal(mapping_inside(m), inside))
			return ref;
	}
	return 0;
}
