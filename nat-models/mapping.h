/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mappings (RFC 4787, section 4): the table of them, found by their inside endpoint.
 *
 * A mapping is known by a 32-bit reference, 0 being none; references stay valid while the
 * mapping lives, pointers only until the next one is made.  Every mapping stands
 *  - in the index by inside endpoint and, as far as its scope says, remote endpoint,
 *  - in the chain of its outside port (ports.c), where ports are translated,
 *  - in the session index under its first remote endpoint (session.c), where needed,
 *  - in the timing wheel (expiry.c),
 *  - in the list of all, and in its inside host's, where hosts are counted (inside_host.c).
 * With its share of the indexes, and a TCP connection, it takes 128 bytes or less, which is why the
 * links are references and the addresses have 32 bits (address_book.h).  What packets look at
 * fills one line of the cache, struct mapping; the rest, struct mapping_links, is kept apart.
 */
#ifndef KNOTHOLE_MAPPING_H
#define KNOTHOLE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address_book.h"
#include "buckets.h"
#include "model.h"
#include "table_memory.h"

struct nat;

/* The protocols that have tables of their own, in the order of struct nat's arrays. */
enum nat_protocol { NAT_UDP, NAT_TCP, NAT_ICMP, NAT_PROTOCOLS };

enum mapping_flag {
	MAPPING_LIVE = 1, /* not on the free list */
	MAPPING_TWO_WAY = 2, /* has seen a packet against the direction that opened it */
	MAPPING_FROM_OUTSIDE = 4, /* opened by a packet from outside (DMZ host) */
	MAPPING_ROUTER_OWN = 8, /* the router's own state: its "inside" is the outside endpoint */
	MAPPING_PARTICULAR = 16, /* for one remote endpoint, whatever the model's mapping is */
	MAPPING_FOLLOWED = 32, /* it lives as long as its TCP connections (tcp_track.c) */
	MAPPING_INSIDE_IN_BOOK = 64, /* its inside address is an IPv6 one, kept in the book */
	MAPPING_REMOTE_IN_BOOK = 128, /* the same of its remote address */
};

struct mapping {
	uint64_t expires; /* UINT64_MAX: never */
	union {
		uint64_t created;
		uint32_t connections; /* with MAPPING_FOLLOWED: the first of them (tcp_track.c) */
	};
	uint32_t inside_addr; /* as the address book keeps it */
	uint32_t remote_addr; /* of the packet that opened it */
	uint16_t inside_port;
	uint16_t remote_port;
	uint16_t outside_port;
	uint16_t pool; /* which outside address */
	uint8_t protocol; /* enum nat_protocol */
	uint8_t flags;
	uint32_t timer; /* its place in the wheel (expiry.c); 0 = nowhere */
	uint32_t sequence; /* of creation */
	uint32_t key_next; /* in the index by inside endpoint; free ones are linked here too */
	uint32_t session_next;
	uint32_t permissions; /* session.c's list of further remote endpoints */
	uint32_t port_next, port_prev; /* a ring, in order of creation */
};

/* In order of creation, or of use where the oldest is evicted. */
struct mapping_links {
	uint32_t all_next, all_prev;
};

/* Kept only where inside hosts are counted: a ring of the host's, or 0 where no host has it. */
struct mapping_host {
	uint32_t next, prev;
};

/* Kept only where source_chain.c has a use for it. */
struct mapping_source {
	uint32_t next; /* a reference; 0 = none */
	uint32_t prev; /* the same, or SOURCE_FIRST; 0 = not entered */
};

_Static_assert(sizeof(struct mapping) == 64, "a mapping must be one line of the cache");

/* What a mapping is looked up by.  @scope says how much of @remote counts. */
struct mapping_key {
	enum nat_protocol protocol;
	enum nat_scope scope;
	struct endpoint inside;
	struct endpoint remote;
};

/* The first chunk of the table has 2^3 places.  More than MAPPINGS_MAX no table holds, whatever
 * the model says. */
enum { MAPPING_CHUNK_BITS = 3, MAPPING_CHUNKS = 22, MAPPINGS_MAX = 1 << 24 };

/* A chunk has the mappings first, then their links, then, where they are wanted, their hosts and
 * their places in chains of sources. */
struct mapping_table {
	/* The first chunk stands in the table itself where there are neither hosts nor sources. */
	struct {
		struct mapping mappings[1 << MAPPING_CHUNK_BITS];
		struct mapping_links links[1 << MAPPING_CHUNK_BITS];
	} few;
	char *chunks[MAPPING_CHUNKS]; /* each twice as long as the one before */
	uint32_t chunks_len;
	bool has_hosts, has_sources;
	struct buckets buckets;
	uint32_t unused; /* the lowest reference never given out */
	uint32_t free; /* given back, linked by key_next */
	uint32_t count;
	uint32_t particular; /* how many of inside hosts have MAPPING_PARTICULAR */
	uint32_t sequence;
	uint32_t oldest, newest; /* ends of the list of all */
};

/* Its endpoints, as the address book keeps them. */
static inline struct kept_endpoint mapping_kept_inside(const struct mapping *m)
{
	return (struct kept_endpoint){ m->inside_addr, m->inside_port,
				       m->flags & MAPPING_INSIDE_IN_BOOK };
}

static inline struct kept_endpoint mapping_kept_remote(const struct mapping *m)
{
	return (struct kept_endpoint){ m->remote_addr, m->remote_port,
				       m->flags & MAPPING_REMOTE_IN_BOOK };
}

/* Has its time come?  It may still be in the tables, but nothing uses it any more (expiry.h). */
static inline bool mapping_is_over(const struct mapping *m, uint64_t now)
{
	return m->expires <= now && m->expires != UINT64_MAX;
}

/* Where a reference leads: the chunk, how many mappings that has, and which of them it is. */
struct mapping_place {
	char *chunk;
	size_t len, at;
};

static inline struct mapping_place mapping_place(const struct mapping_table *table, uint32_t ref)
{
	uint32_t at = ref + (1U << MAPPING_CHUNK_BITS);
	int bits = 31 - __builtin_clz(at);

	return (struct mapping_place){ table->chunks[bits - MAPPING_CHUNK_BITS], (size_t)1 << bits,
				       at - (1U << bits) };
}

static inline struct mapping *mapping_at(const struct mapping_table *table, uint32_t ref)
{
	struct mapping_place place = mapping_place(table, ref);

	return (struct mapping *)place.chunk + place.at;
}

static inline struct mapping_links *mapping_links_at(const struct mapping_table *table,
						     uint32_t ref)
{
	struct mapping_place place = mapping_place(table, ref);
	char *links = place.chunk + place.len * sizeof(struct mapping);

	return (struct mapping_links *)links + place.at;
}

static inline struct mapping_host *mapping_host_at(const struct mapping_table *table, uint32_t ref)
{
	struct mapping_place place = mapping_place(table, ref);
	char *hosts =
		place.chunk + place.len * (sizeof(struct mapping) + sizeof(struct mapping_links));

	return (struct mapping_host *)hosts + place.at;
}

static inline struct mapping_source *mapping_source_at(const struct mapping_table *table,
						       uint32_t ref)
{
	struct mapping_place place = mapping_place(table, ref);
	size_t before = sizeof(struct mapping) + sizeof(struct mapping_links);

	if (table->has_hosts)
		before += sizeof(struct mapping_host);
	return (struct mapping_source *)(place.chunk + place.len * before) + place.at;
}

/* A packet will look at this mapping: let it come from memory meanwhile. */
static inline void mapping_prefetch(const struct mapping_table *table, uint32_t ref)
{
	if (ref)
		table_memory_prefetch(mapping_at(table, ref));
}

/* @has_hosts: are inside hosts counted?  @has_sources: are there chains of sources? */
void mapping_table_init(struct mapping_table *table, bool has_hosts, bool has_sources);
void mapping_table_clear(struct mapping_table *table, const struct nat_memory *memory);

/* Where the index has the first of those among which @key's would be. */
const uint32_t *mapping_entry(const struct nat *nat, const struct mapping_key *key);

/* The mapping of @key, or 0. */
uint32_t mapping_find(const struct nat *nat, const struct mapping_key *key);

/*
 * Make the mapping of @key between its inside endpoint and @outside_port of pool address
 * @pool, live from @now on, and enter it everywhere.  @flags: those of enum mapping_flag that
 * it begins with; the key's scope is NAT_APD with MAPPING_PARTICULAR, else the rules'.  0 without
 * memory.
 */
uint32_t mapping_new(struct nat *nat, const struct mapping_key *key, uint16_t pool,
		     uint16_t outside_port, uint8_t flags, uint64_t now);

/* Take it out of everything. */
void mapping_end(struct nat *nat, uint32_t ref);

/* Restart its timer where a packet that comes so does. */
void mapping_prolong(struct nat *nat, uint32_t ref, bool inbound, uint64_t now);

/* A packet has used it: restart its timer where the model says so (RFC 4787, 4.3). */
void mapping_touch(struct nat *nat, uint32_t ref, bool inbound, uint64_t now);

/* The parts of it, for those that reckon ends themselves (tcp_track.c): do packets of this
 * direction restart a timer; end at @expires; it has just been used. */
bool mapping_is_refreshed(const struct nat_transport *is, bool inbound);
void mapping_set_end(struct nat *nat, uint32_t ref, uint64_t expires);
void mapping_used(struct nat *nat, uint32_t ref);

/* Its outside endpoint, put together; the others are in nat_state.h. */
struct endpoint mapping_outside(const struct nat *nat, const struct mapping *m);

/* Do @a and @b agree in what @scope looks at? */
static inline bool scope_agrees(enum nat_scope scope, struct endpoint a, struct endpoint b)
{
	return scope == NAT_EI ||
	       (ip_addr_equal(a.addr, b.addr) && (scope == NAT_AD || a.port == b.port));
}

#endif
