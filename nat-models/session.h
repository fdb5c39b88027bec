/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: which remote endpoints there is traffic with (RFC 2663, 2.3).
 *
 * They are kept for one of two purposes:
 *  - where mappings share outside ports (overloading), a session belongs to an outside port, and
 *    leads to the one mapping that may have this remote endpoint there;
 *  - else a session is a permission (RFC 4787, section 5): "if X:x has not sent packets to Y:y"
 *    speaks of the inside endpoint, not of one of its mappings, so it belongs to that.
 * A session has no timer of its own: it lives as long as the mapping that it was sent
 * through.  A mapping's first remote endpoint stands in the mapping itself; further ones are
 * nodes of 20 bytes, 24 with their share of the index.
 */
#ifndef KNOTHOLE_SESSION_H
#define KNOTHOLE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "address_book.h"
#include "mapping.h"
#include "rows.h"

struct nat;

struct permission {
	struct kept_endpoint remote;
	uint32_t mapping; /* 0 = free */
	uint32_t hash_next; /* in the session index; free ones are linked here too */
	uint32_t next; /* of the same mapping */
};

/* More permissions than this nobody gets: a scan of the whole Internet from one port. */
enum { PERMISSIONS_MAX = 1 << 22 };

struct session_table {
	struct buckets
		buckets; /* references to mappings, or to permissions with SESSION_NODE set */
	uint32_t count;
	struct rows nodes; /* struct permission */
	uint32_t free;
};

void session_table_init(struct session_table *table, const struct nat_memory *memory);

enum session_result {
	SESSION_OPEN, /* it is this mapping's, now or before */
	SESSION_TAKEN, /* another mapping at the same outside port has this remote endpoint */
	SESSION_NO_ROOM,
};

void session_table_clear(struct session_table *table);

/* With overloading: the mapping at outside @port of pool address @pool that has a session with
 * @remote, or 0. */
uint32_t session_find(const struct nat *nat, enum nat_protocol protocol, uint16_t pool,
		      uint16_t port, struct endpoint remote);

/* Without: has @inside sent to @remote, as far as filtering looks? */
bool session_permits(const struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
		     struct endpoint remote);

/* Enter a new mapping under its first remote endpoint. */
void session_add_first(struct nat *nat, uint32_t ref);

/* Note that the mapping has sent to @remote. */
enum session_result session_open(struct nat *nat, uint32_t ref, struct endpoint remote);

/* Has the mapping a session with @remote as far as @scope looks?  Walks its list. */
bool session_any(const struct nat *nat, uint32_t ref, struct endpoint remote, enum nat_scope scope);

/* Forget everything about a mapping. */
void session_end_all(struct nat *nat, uint32_t ref);

#endif
