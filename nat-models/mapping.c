/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mapping.h"

#include "nat_state.h"
#include "table_memory.h"

/* Mappings of a chunk that has huge pages.  Of the last of them a part may lie idle: with so many
 * that is sixteen bytes for each mapping, and with a quarter as many it would be sixty-four. */
enum { HOT_CHUNK = 1 << 17 };

static size_t chunk_size(const struct mapping_table *table, uint32_t chunk)
{
	size_t each = sizeof(struct mapping) + sizeof(struct mapping_links);

	if (table->has_hosts)
		each += sizeof(struct mapping_host);
	if (table->has_sources)
		each += sizeof(struct mapping_source);
	return each << (MAPPING_CHUNK_BITS + chunk);
}

void mapping_table_init(struct mapping_table *table, bool has_hosts, bool has_sources)
{
	buckets_init(&table->buckets);
	table->has_hosts = has_hosts;
	table->has_sources = has_sources;
	table->chunks[0] = (char *)&table->few;
	table->chunks_len = chunk_size(table, 0) == sizeof(table->few);
	table->unused = 1; /* Reference 0 is nobody. */
	table->free = table->count = table->particular = table->sequence = 0;
	table->oldest = table->newest = 0;
}

void mapping_table_clear(struct mapping_table *table, const struct nat_memory *memory)
{
	for (uint32_t i = table->chunks[0] == (char *)&table->few; i < table->chunks_len; i++)
		table_memory_free(memory, table->chunks[i], chunk_size(table, i));
	buckets_clear(&table->buckets, memory);
}

struct endpoint mapping_outside(const struct nat *nat, const struct mapping *m)
{
	if (nat->model.kind == NAT_KIND_FIREWALL)
		return mapping_inside(nat, m);
	return (struct endpoint){ nat->pool[m->pool], m->outside_port };
}

static enum nat_scope scope_of(const struct nat *nat, const struct mapping *m)
{
	return m->flags & MAPPING_PARTICULAR ? NAT_APD : nat->rules[m->protocol].scope;
}

static uint32_t hash_key(const struct nat *nat, const struct mapping_key *key)
{
	uint64_t low = (uint64_t)key->inside.port << 16 | (uint64_t)key->protocol << 8 | key->scope;
	uint64_t hash = hash_mix(nat->hash_seed, key->inside.addr.lo);

	hash = hash_mix(hash, key->inside.addr.hi);
	if (key->scope != NAT_EI) {
		hash = hash_mix(hash, key->remote.addr.lo);
		hash = hash_mix(hash, key->remote.addr.hi);
	}
	if (key->scope == NAT_APD)
		low |= (uint64_t)key->remote.port << 32;
	return (uint32_t)(hash_mix(hash, low) >> 16);
}

static uint32_t *bucket_of(const struct nat *nat, const struct mapping *m)
{
	struct mapping_key key = { m->protocol, scope_of(nat, m), mapping_inside(nat, m),
				   mapping_remote(nat, m) };

	return buckets_of(&nat->mappings.buckets, hash_key(nat, &key));
}

static bool is_of_key(const struct nat *nat, const struct mapping *m, const struct mapping_key *key)
{
	return m->inside_port == key->inside.port && m->protocol == key->protocol &&
	       !mapping_is_over(m, nat->now) &&
	       endpoint_equal(mapping_inside(nat, m), key->inside) &&
	       scope_of(nat, m) == key->scope &&
	       scope_agrees(key->scope, mapping_remote(nat, m), key->remote);
}

const uint32_t *mapping_entry(const struct nat *nat, const struct mapping_key *key)
{
	return buckets_of(&nat->mappings.buckets, hash_key(nat, key));
}

uint32_t mapping_find(const struct nat *nat, const struct mapping_key *key)
{
	const struct mapping_table *table = &nat->mappings;
	uint32_t ref = *mapping_entry(nat, key);

	while (ref && !is_of_key(nat, mapping_at(table, ref), key))
		ref = mapping_at(table, ref)->key_next;
	return ref;
}

/* Mapping @ref has @key. */
static void index_add(struct nat *nat, const struct mapping_key *key, uint32_t ref)
{
	uint32_t *bucket = buckets_of(&nat->mappings.buckets, hash_key(nat, key));

	nat_mapping(nat, ref)->key_next = *bucket;
	*bucket = ref;
}

static void index_remove(struct nat *nat, uint32_t ref)
{
	struct mapping *m = nat_mapping(nat, ref);
	uint32_t *at = bucket_of(nat, m);

	while (*at != ref)
		at = &nat_mapping(nat, *at)->key_next;
	*at = m->key_next;
}

static uint32_t *key_next_of(const struct nat *nat, uint32_t ref)
{
	return &nat_mapping(nat, ref)->key_next;
}

static uint32_t *bucket_of_ref(const struct nat *nat, uint32_t ref)
{
	return bucket_of(nat, nat_mapping(nat, ref));
}

/* Three buckets for two mappings: a chain's every step may be one to memory. */
static void index_grow(struct nat *nat)
{
	static const struct bucket_chains chains = { key_next_of, bucket_of_ref };
	struct mapping_table *table = &nat->mappings;

	while (table->buckets.len < table->count + table->count / 2)
		if (!buckets_grow(&table->buckets, &nat->memory, &chains, nat))
			return;
}

static void all_append(struct mapping_table *table, uint32_t ref)
{
	struct mapping_links *links = mapping_links_at(table, ref);

	links->all_next = 0;
	links->all_prev = table->newest;
	if (table->newest)
		mapping_links_at(table, table->newest)->all_next = ref;
	else
		table->oldest = ref;
	table->newest = ref;
}

static void all_remove(struct mapping_table *table, uint32_t ref)
{
	struct mapping_links *links = mapping_links_at(table, ref);

	if (links->all_prev)
		mapping_links_at(table, links->all_prev)->all_next = links->all_next;
	else
		table->oldest = links->all_next;
	if (links->all_next)
		mapping_links_at(table, links->all_next)->all_prev = links->all_prev;
	else
		table->newest = links->all_prev;
}

static bool add_chunk(struct mapping_table *table, const struct nat_memory *memory)
{
	size_t len = (size_t)1 << (MAPPING_CHUNK_BITS + table->chunks_len);
	size_t hot = len < HOT_CHUNK ? 0 : len * sizeof(struct mapping);
	char *chunk = table_memory_new(memory, chunk_size(table, table->chunks_len), hot);

	if (!chunk)
		return false;
	table->chunks[table->chunks_len++] = chunk;
	return true;
}

/* How many references the chunks have places for, 0 among them. */
static uint32_t places(const struct mapping_table *table)
{
	return ((1U << table->chunks_len) - 1) << MAPPING_CHUNK_BITS;
}

/* A slot that nobody has; 0 without memory. */
static uint32_t slot_take(struct mapping_table *table, const struct nat_memory *memory)
{
	uint32_t ref = table->free;

	if (ref) {
		table->free = mapping_at(table, ref)->key_next;
		return ref;
	}
	if (table->unused >= MAPPINGS_MAX)
		return 0;
	if (table->unused >= places(table) && !add_chunk(table, memory))
		return 0;
	return table->unused++;
}

static void slot_give_back(struct mapping_table *table, uint32_t ref)
{
	struct mapping *m = mapping_at(table, ref);

	m->flags = 0;
	m->key_next = table->free;
	table->free = ref;
}

/* Does it stand in the way of the mapping that its inside endpoint would use otherwise? */
static bool is_exception(uint8_t flags)
{
	return (flags & (MAPPING_PARTICULAR | MAPPING_ROUTER_OWN)) == MAPPING_PARTICULAR;
}

/*
 * May its coming or going change what packets of other mappings meet?  Not where an inside endpoint
 * has one mapping and a port one owner, nor where both are told apart by the remote endpoint.
 */
static bool bears_on_others(const struct nat *nat, const struct mapping *m)
{
	const struct rules *rules = &nat->rules[m->protocol];

	if (m->flags & (MAPPING_PARTICULAR | MAPPING_FROM_OUTSIDE | MAPPING_ROUTER_OWN))
		return true;
	if (rules->overload)
		return rules->scope != NAT_APD || rules->is.filtering != NAT_APD;
	return rules->scope != NAT_EI;
}

static uint64_t after(uint64_t now, uint64_t span)
{
	return span > UINT64_MAX - now ? UINT64_MAX : now + span;
}

/* Have the address book keep the endpoints of a new mapping.  False without memory. */
static bool keep_endpoints(struct nat *nat, const struct mapping_key *key, struct mapping *m)
{
	struct kept_endpoint inside, remote;

	if (!address_book_keep(nat, key->inside, &inside))
		return false;
	if (!address_book_keep(nat, key->remote, &remote)) {
		address_book_drop(nat, inside);
		return false;
	}
	m->inside_addr = inside.addr;
	m->inside_port = inside.port;
	m->remote_addr = remote.addr;
	m->remote_port = remote.port;
	m->flags = (uint8_t)((inside.in_book ? MAPPING_INSIDE_IN_BOOK : 0) |
			     (remote.in_book ? MAPPING_REMOTE_IN_BOOK : 0));
	return true;
}

static void drop_endpoints(struct nat *nat, const struct mapping *m)
{
	address_book_drop(nat, mapping_kept_inside(m));
	address_book_drop(nat, mapping_kept_remote(m));
}

/* Do a mapping's TCP connections set its end?  The router's own state has none. */
static bool is_followed(const struct nat *nat, enum nat_protocol protocol, uint8_t flags)
{
	return protocol == NAT_TCP && nat_tracks_tcp(nat) && !(flags & MAPPING_ROUTER_OWN);
}

uint32_t mapping_new(struct nat *nat, const struct mapping_key *key, uint16_t pool,
		     uint16_t outside_port, uint8_t flags, uint64_t now)
{
	struct mapping_table *table = &nat->mappings;
	struct mapping kept;
	struct mapping *m;
	uint32_t ref;

	if (nat_translates_ports(nat) &&
	    port_prepare(&nat->ports[key->protocol], &nat->memory, pool, outside_port))
		return 0;
	if (!expiry_prepare(nat))
		return 0;
	if (!keep_endpoints(nat, key, &kept))
		return 0;
	ref = slot_take(table, &nat->memory);
	if (!ref) {
		drop_endpoints(nat, &kept);
		return 0;
	}
	m = mapping_at(table, ref);
	if (table->has_hosts)
		*mapping_host_at(table, ref) = (struct mapping_host){ 0 };
	if (table->has_sources)
		*mapping_source_at(table, ref) = (struct mapping_source){ 0 };
	*m = (struct mapping){
		.expires = after(now, nat->rules[key->protocol].is.timeout_ns),
		.inside_addr = kept.inside_addr,
		.inside_port = kept.inside_port,
		.remote_addr = kept.remote_addr,
		.remote_port = kept.remote_port,
		.pool = pool,
		.outside_port = outside_port,
		.protocol = (uint8_t)key->protocol,
		.flags = (uint8_t)(flags | kept.flags | MAPPING_LIVE),
		.sequence = table->sequence++,
	};
	if (is_followed(nat, key->protocol, flags))
		m->flags |= MAPPING_FOLLOWED; /* It has no connections yet. */
	else
		m->created = now;
	if (nat->rules[key->protocol].sessions)
		session_add_first(nat, ref);
	if (bears_on_others(nat, m) || table->sequence == 0)
		shortcuts_forget(&nat->shortcuts);
	table->count++;
	table->particular += is_exception(flags);
	all_append(table, ref);
	index_add(nat, key, ref);
	source_chain_add(nat, ref);
	if (nat_translates_ports(nat))
		port_take(nat, ref);
	expiry_add(nat, ref);
	index_grow(nat);
	return ref;
}

void mapping_end(struct nat *nat, uint32_t ref)
{
	struct mapping *m = nat_mapping(nat, ref);

	if (bears_on_others(nat, m))
		shortcuts_forget(&nat->shortcuts);
	expiry_remove(nat, ref);
	if (nat->rules[m->protocol].sessions)
		session_end_all(nat, ref);
	if (m->flags & MAPPING_FOLLOWED)
		tcp_track_end_all(nat, ref);
	if (nat_translates_ports(nat))
		port_leave(nat, ref);
	index_remove(nat, ref);
	source_chain_remove(nat, ref);
	if (nat->mappings.has_hosts)
		inside_host_remove(nat, ref);
	all_remove(&nat->mappings, ref);
	nat->mappings.particular -= is_exception(m->flags);
	nat->mappings.count--;
	drop_endpoints(nat, m);
	slot_give_back(&nat->mappings, ref);
}

/* How long the mapping may idle from now on.  As Linux does: once it is old enough and has
 * been used both ways, the longer time counts; the first reply alone does not bring it,
 * unless the model waits for nothing. */
static uint64_t idle_ns(const struct nat *nat, const struct mapping *m, uint64_t now)
{
	const struct nat_transport *is = &nat->rules[m->protocol].is;

	if (is->timeout_two_way_ns == 0 || !(m->flags & MAPPING_TWO_WAY))
		return is->timeout_ns;
	if (is->two_way_after_ns && now - m->created <= is->two_way_after_ns)
		return is->timeout_ns;
	return is->timeout_two_way_ns;
}

bool mapping_is_refreshed(const struct nat_transport *is, bool inbound)
{
	return is->refresh == NAT_REFRESH_BOTH ||
	       is->refresh == (inbound ? NAT_REFRESH_INBOUND : NAT_REFRESH_OUTBOUND);
}

static inline void set_end(struct nat *nat, struct mapping *m, uint32_t ref, uint64_t expires)
{
	bool sooner = expires < m->expires;

	/* The wheel finds out by itself where an end moves on, not where it comes nearer. */
	if (sooner)
		expiry_remove(nat, ref);
	m->expires = expires;
	if (sooner)
		expiry_add(nat, ref);
}

void mapping_set_end(struct nat *nat, uint32_t ref, uint64_t expires)
{
	set_end(nat, nat_mapping(nat, ref), ref, expires);
}

void mapping_prolong(struct nat *nat, uint32_t ref, bool inbound, uint64_t now)
{
	struct mapping *m = nat_mapping(nat, ref);

	if (mapping_is_refreshed(&nat->rules[m->protocol].is, inbound))
		set_end(nat, m, ref, after(now, idle_ns(nat, m, now)));
}

void mapping_touch(struct nat *nat, uint32_t ref, bool inbound, uint64_t now)
{
	struct mapping *m = nat_mapping(nat, ref);
	const struct nat_transport *is = &nat->rules[m->protocol].is;
	bool replies = inbound != !!(m->flags & MAPPING_FROM_OUTSIDE);

	if (replies && is->two_way_after_ns == 0)
		m->flags |= MAPPING_TWO_WAY;
	mapping_prolong(nat, ref, inbound, now);
	if (replies)
		m->flags |= MAPPING_TWO_WAY;
	if (nat->keeps_order_of_use)
		mapping_used(nat, ref);
}

void mapping_used(struct nat *nat, uint32_t ref)
{
	if (!nat->keeps_order_of_use)
		return;
	all_remove(&nat->mappings, ref);
	all_append(&nat->mappings, ref);
	if (nat->mappings.has_hosts)
		inside_host_used(nat, ref);
}
