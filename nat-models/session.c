/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include "nat_state.h"

/* Set in an index entry that is a permission's; otherwise it is a mapping's. */
#define SESSION_NODE 0x80000000U

void session_table_init(struct session_table *table, const struct nat_memory *memory)
{
	buckets_none(&table->buckets);
	rows_init(&table->nodes, sizeof(struct permission), memory);
	table->count = table->free = 0;
}

void session_table_clear(struct session_table *table)
{
	buckets_clear(&table->buckets, table->nodes.memory);
	rows_clear(&table->nodes);
}

static struct permission *node_at(const struct session_table *table, uint32_t node)
{
	return rows_at(&table->nodes, node);
}

/* The permission that an index entry is of. */
static struct permission *permission_of(const struct nat *nat, uint32_t entry)
{
	return node_at(&nat->sessions, entry & ~SESSION_NODE);
}

/* What a session is looked up by: an outside port of a pool address, or an inside endpoint. */
struct session_key {
	enum nat_protocol protocol;
	uint16_t pool; /* with overloading */
	struct endpoint
		local; /* the inside one; with overloading the outside port, and no address */
	struct endpoint remote;
};

static const struct rules *rules_of(const struct nat *nat, uint32_t ref)
{
	return &nat->rules[nat_mapping(nat, ref)->protocol];
}

static struct session_key key_of(const struct nat *nat, uint32_t ref, struct endpoint remote)
{
	const struct mapping *m = nat_mapping(nat, ref);

	if (rules_of(nat, ref)->overload)
		return (struct session_key){
			m->protocol, m->pool, { { 0, 0 }, m->outside_port }, remote
		};
	return (struct session_key){ m->protocol, 0, mapping_inside(nat, m), remote };
}

static bool is_of_key(const struct nat *nat, uint32_t ref, const struct session_key *key)
{
	const struct mapping *m = nat_mapping(nat, ref);

	if (m->protocol != key->protocol || mapping_is_over(m, nat->now))
		return false;
	if (nat->rules[key->protocol].overload)
		return m->outside_port == key->local.port && m->pool == key->pool;
	return endpoint_equal(mapping_inside(nat, m), key->local);
}

static uint32_t hash_of(const struct nat *nat, const struct session_key *key)
{
	bool ports = nat->rules[key->protocol].grain == NAT_APD;
	uint64_t low = (uint64_t)key->protocol << 48 | (uint64_t)key->local.port << 32 |
		       (uint32_t)key->pool << 16 | (ports ? key->remote.port : 0);
	uint64_t hash = hash_mix(nat->hash_seed, low);

	hash = hash_mix(hash, key->local.addr.lo);
	hash = hash_mix(hash, key->local.addr.hi);
	hash = hash_mix(hash, key->remote.addr.lo);
	hash = hash_mix(hash, key->remote.addr.hi);
	return (uint32_t)(hash >> 16);
}

static struct endpoint remote_of(const struct nat *nat, const struct permission *node)
{
	return address_book_read(&nat->addresses, node->remote);
}

/* An entry's mapping and remote endpoint. */
static uint32_t entry_mapping(const struct nat *nat, uint32_t entry)
{
	return entry & SESSION_NODE ? permission_of(nat, entry)->mapping : entry;
}

static struct endpoint entry_remote(const struct nat *nat, uint32_t entry)
{
	if (entry & SESSION_NODE)
		return remote_of(nat, permission_of(nat, entry));
	return mapping_remote(nat, nat_mapping(nat, entry));
}

static uint32_t *entry_next(const struct nat *nat, uint32_t entry)
{
	if (entry & SESSION_NODE)
		return &permission_of(nat, entry)->hash_next;
	return &nat_mapping(nat, entry)->session_next;
}

/* @hash is @key's. */
static uint32_t find(const struct nat *nat, const struct session_key *key, uint32_t hash)
{
	enum nat_scope grain = nat->rules[key->protocol].grain;
	uint32_t entry;

	if (!nat->sessions.buckets.len)
		return 0;
	entry = *buckets_of(&nat->sessions.buckets, hash);
	for (; entry; entry = *entry_next(nat, entry))
		if (is_of_key(nat, entry_mapping(nat, entry), key) &&
		    scope_agrees(grain, entry_remote(nat, entry), key->remote))
			return entry_mapping(nat, entry);
	return 0;
}

uint32_t session_find(const struct nat *nat, enum nat_protocol protocol, uint16_t pool,
		      uint16_t port, struct endpoint remote)
{
	struct session_key key = { protocol, pool, { { 0, 0 }, port }, remote };

	return find(nat, &key, hash_of(nat, &key));
}

bool session_permits(const struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
		     struct endpoint remote)
{
	struct session_key key = { protocol, 0, inside, remote };

	return find(nat, &key, hash_of(nat, &key)) != 0;
}

static uint32_t *bucket_of_entry(const struct nat *nat, uint32_t entry)
{
	struct session_key key = key_of(nat, entry_mapping(nat, entry), entry_remote(nat, entry));

	return buckets_of(&nat->sessions.buckets, hash_of(nat, &key));
}

/* @hash is the entry's key's. */
static void index_add(struct nat *nat, uint32_t entry, uint32_t hash)
{
	uint32_t *bucket = buckets_of(&nat->sessions.buckets, hash);

	*entry_next(nat, entry) = *bucket;
	*bucket = entry;
	nat->sessions.count++;
}

static void index_remove(struct nat *nat, uint32_t entry)
{
	uint32_t *at = bucket_of_entry(nat, entry);

	while (*at != entry)
		at = entry_next(nat, *at);
	*at = *entry_next(nat, entry);
	nat->sessions.count--;
}

/* Make room for one more entry. */
static void index_grow(struct nat *nat)
{
	static const struct bucket_chains chains = { entry_next, bucket_of_entry };
	struct session_table *table = &nat->sessions;

	if (table->count >= table->buckets.len)
		buckets_grow(&table->buckets, &nat->memory, &chains, nat);
}

void session_add_first(struct nat *nat, uint32_t ref)
{
	struct session_key key = key_of(nat, ref, mapping_remote(nat, nat_mapping(nat, ref)));

	index_grow(nat);
	index_add(nat, ref, hash_of(nat, &key));
}

/* A node that nobody has; 0 without memory. */
static uint32_t node_take(struct session_table *table)
{
	uint32_t node = table->free;

	if (!node)
		return rows_take(&table->nodes, PERMISSIONS_MAX);
	table->free = node_at(table, node)->hash_next;
	return node;
}

static void node_give_back(struct session_table *table, uint32_t node)
{
	node_at(table, node)->mapping = 0;
	node_at(table, node)->hash_next = table->free;
	table->free = node;
}

/* A node of mapping @ref's for @remote, in no list yet; 0 without memory. */
static uint32_t node_new(struct nat *nat, uint32_t ref, struct endpoint remote)
{
	uint32_t node = node_take(&nat->sessions);
	struct kept_endpoint kept;

	if (!node)
		return 0;
	if (!address_book_keep(nat, remote, &kept)) {
		node_give_back(&nat->sessions, node);
		return 0;
	}
	*node_at(&nat->sessions, node) = (struct permission){ .remote = kept, .mapping = ref };
	return node;
}

enum session_result session_open(struct nat *nat, uint32_t ref, struct endpoint remote)
{
	struct mapping *m = nat_mapping(nat, ref);
	const struct rules *rules = rules_of(nat, ref);
	struct session_key key;
	uint32_t other, node, hash;

	if (!rules->sessions || scope_agrees(rules->grain, mapping_remote(nat, m), remote))
		return SESSION_OPEN;
	key = key_of(nat, ref, remote);
	hash = hash_of(nat, &key);
	other = find(nat, &key, hash);
	if (other)
		return other == ref || !rules->overload ? SESSION_OPEN : SESSION_TAKEN;
	index_grow(nat);
	node = node_new(nat, ref, remote);
	if (!node)
		return SESSION_NO_ROOM;
	node_at(&nat->sessions, node)->next = m->permissions;
	m->permissions = node;
	if (rules->overload)
		shortcuts_forget(&nat->shortcuts); /* It may now lead here. */
	index_add(nat, node | SESSION_NODE, hash);
	return SESSION_OPEN;
}

bool session_any(const struct nat *nat, uint32_t ref, struct endpoint remote, enum nat_scope scope)
{
	const struct mapping *m = nat_mapping(nat, ref);

	if (scope_agrees(scope, mapping_remote(nat, m), remote))
		return true;
	for (uint32_t node = m->permissions; node; node = node_at(&nat->sessions, node)->next)
		if (scope_agrees(scope, remote_of(nat, node_at(&nat->sessions, node)), remote))
			return true;
	return false;
}

void session_end_all(struct nat *nat, uint32_t ref)
{
	struct session_table *table = &nat->sessions;
	uint32_t next, node = nat_mapping(nat, ref)->permissions;

	for (; node; node = next) {
		next = node_at(table, node)->next;
		index_remove(nat, node | SESSION_NODE);
		address_book_drop(nat, node_at(table, node)->remote);
		node_give_back(table, node);
	}
	index_remove(nat, ref);
}
