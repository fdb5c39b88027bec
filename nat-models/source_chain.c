/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_chain.h"

#include "nat_state.h"

void source_table_init(struct source_table *table)
{
	buckets_none(&table->buckets);
	table->count = 0;
}

void source_table_clear(struct source_table *table, const struct nat_memory *memory)
{
	buckets_clear(&table->buckets, memory);
}

bool source_chain_is_kept(const struct rules *rules)
{
	return rules->overload && rules->scope != NAT_EI && rules->is.ports == NAT_PORTS_PRESERVE;
}

/* A connection that began outside is another's source to Linux, and so is the router's own. */
static bool is_wanted(const struct nat *nat, const struct mapping *m)
{
	return source_chain_is_kept(&nat->rules[m->protocol]) && !(m->flags & MAPPING_FROM_OUTSIDE);
}

static uint32_t *bucket_of(const struct nat *nat, enum nat_protocol protocol,
			   struct endpoint inside)
{
	uint64_t hash = hash_mix(nat->hash_seed, (uint64_t)protocol << 16 | inside.port);

	hash = hash_mix(hash, inside.addr.lo);
	hash = hash_mix(hash, inside.addr.hi);
	return buckets_of(&nat->sources.buckets, (uint32_t)(hash >> 16));
}

static uint32_t *bucket_of_mapping(const struct nat *nat, uint32_t ref)
{
	const struct mapping *m = nat_mapping(nat, ref);

	return bucket_of(nat, m->protocol, mapping_inside(nat, m));
}

static struct mapping_source *link_of(const struct nat *nat, uint32_t ref)
{
	return mapping_source_at(&nat->mappings, ref);
}

static void put_first(struct nat *nat, uint32_t ref)
{
	uint32_t *bucket = bucket_of_mapping(nat, ref);

	*link_of(nat, ref) = (struct mapping_source){ .next = *bucket, .prev = SOURCE_FIRST };
	if (*bucket)
		link_of(nat, *bucket)->prev = ref;
	*bucket = ref;
}

static void take_out(struct nat *nat, uint32_t *bucket, uint32_t ref)
{
	struct mapping_source *link = link_of(nat, ref);

	if (link->next)
		link_of(nat, link->next)->prev = link->prev;
	if (link->prev != SOURCE_FIRST)
		link_of(nat, link->prev)->next = link->next;
	else
		*bucket = link->next;
	*link = (struct mapping_source){ 0 };
}

/* About four mappings a bucket, which is looked at where a mapping begins only.  Those that belong to a new one keep their order.  Without memory the
 * chains just get longer. */
static void grow(struct nat *nat)
{
	struct source_table *table = &nat->sources;
	uint32_t *from, *to, next, last = 0;

	if (!table->buckets.len)
		buckets_init(&table->buckets);
	if (table->count / 4 < table->buckets.len ||
	    !buckets_add(&table->buckets, &nat->memory, &from, &to))
		return;
	for (uint32_t ref = *from; ref; ref = next) {
		next = link_of(nat, ref)->next;
		if (bucket_of_mapping(nat, ref) != to)
			continue;
		take_out(nat, from, ref);
		link_of(nat, ref)->prev = last ? last : SOURCE_FIRST;
		if (last)
			link_of(nat, last)->next = ref;
		else
			*to = ref;
		last = ref;
	}
}

void source_chain_add(struct nat *nat, uint32_t ref)
{
	if (!is_wanted(nat, nat_mapping(nat, ref)))
		return;
	grow(nat);
	put_first(nat, ref);
	nat->sources.count++;
}

void source_chain_remove(struct nat *nat, uint32_t ref)
{
	if (!nat->mappings.has_sources || !link_of(nat, ref)->prev)
		return;
	take_out(nat, bucket_of_mapping(nat, ref), ref);
	nat->sources.count--;
}

uint32_t source_chain_newest(const struct nat *nat, enum nat_protocol protocol,
			     struct endpoint inside)
{
	uint32_t ref = nat->sources.count ? *bucket_of(nat, protocol, inside) : 0;

	for (; ref; ref = link_of(nat, ref)->next) {
		const struct mapping *m = nat_mapping(nat, ref);

		if (m->protocol == protocol && endpoint_equal(mapping_inside(nat, m), inside) &&
		    !mapping_is_over(m, nat->now))
			return ref;
	}
	return 0;
}
