/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An index: things found by a hash of theirs, chained through themselves.  Things of one hash
 * are found in the order in which they were added, so that nothing depends on where memory
 * happened to be.  It owns none of them.
 */
#ifndef KNOTHOLE_INDEX_H
#define KNOTHOLE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"

/* Embedded in the thing. */
struct index_entry {
	struct index_entry *next;
	uint32_t hash;
};

enum { INDEX_FEW = 8 };

/* All zero: nothing is in it.  Most hosts have a handful of sockets, and most segments of members: those
 * need no memory but this. */
struct index {
	struct index_entry **slots; /* slots_len of them, a power of two; NULL = the few */
	uint32_t slots_len;
	uint32_t len;
	struct index_entry *few[INDEX_FEW];
};

/* Make it all zero, where it is not yet. */
static inline void index_init(struct index *index)
{
	*index = (struct index){ 0 };
}

/* Nothing is in it from now on; the entries are left as they are. */
void index_clear(struct index *index);

/* The same before its end, when most are empty. */
static inline void index_free(struct index *index)
{
	if (index->slots || index->len)
		index_clear(index);
}

/* The entry must not stand in an index.  Where memory runs out, chains grow longer. */
void index_add(struct index *index, struct index_entry *entry, uint32_t hash);
void index_remove(struct index *index, struct index_entry *entry);

/* A hash of @addr, for this index. */
static inline uint32_t index_hash_addr(struct ip_addr addr)
{
	uint64_t bits = addr.hi ^ addr.lo;

	return (uint32_t)(bits ^ bits >> 16 ^ bits >> 32);
}

struct index_entry *index_first(const struct index *index, uint32_t hash);
struct index_entry *index_next(const struct index_entry *entry); /* of the same hash */

#endif
