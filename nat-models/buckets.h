/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buckets of a hash table that grows one bucket at a time (W. Litwin, "Linear hashing", 1980), so
 * that no packet ever waits for a whole table to be filled anew.
 *
 * Theory of operation.  With n buckets, 2^k <= n < 2^(k+1), a hash belongs to bucket number
 * hash mod 2^(k+1) where there is one, else to hash mod 2^k.  A new bucket n thus takes its
 * entries from just one other, n - 2^k.  Buckets hold 32-bit references, 0 being none; chains are
 * the caller's, and so is the moving of the entries.
 */
#ifndef KNOTHOLE_BUCKETS_H
#define KNOTHOLE_BUCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "nat_memory.h"

struct nat;

/* The first chunk has 2^4 buckets, and each is twice as long as the one before. */
enum { BUCKET_CHUNK_BITS = 4, BUCKET_CHUNKS = 22 };

/* The first of them stand in the table itself: a small NAT needs no allocation for them. */
struct buckets {
	uint32_t few[1 << BUCKET_CHUNK_BITS];
	uint32_t *chunks[BUCKET_CHUNKS];
	uint32_t chunks_len;
	uint32_t len; /* how many there are; 0 = none yet */
	uint32_t mask; /* of the lowest bits that can tell so many apart */
};

/* None yet: buckets_grow() makes the first. */
static inline void buckets_none(struct buckets *buckets)
{
	buckets->chunks_len = buckets->len = 0;
}

/* A first few.  The table may not move from then on. */
void buckets_init(struct buckets *buckets);
void buckets_give_back(struct buckets *buckets, const struct nat_memory *memory);

static inline void buckets_clear(struct buckets *buckets, const struct nat_memory *memory)
{
	if (buckets->chunks_len > 1) /* The first few are part of it. */
		buckets_give_back(buckets, memory);
	buckets_none(buckets);
}

/* Bucket number @n, which is below len. */
static inline uint32_t *buckets_at(const struct buckets *buckets, uint32_t n)
{
	uint32_t at = n + (1U << BUCKET_CHUNK_BITS);
	int bits = 31 - __builtin_clz(at);

	return &buckets->chunks[bits - BUCKET_CHUNK_BITS][at - (1U << bits)];
}

/* The bucket that a hash belongs to.  There must be one. */
static inline uint32_t *buckets_of(const struct buckets *buckets, uint32_t hash)
{
	uint32_t n = hash & buckets->mask;

	return buckets_at(buckets, n < buckets->len ? n : hash & buckets->mask >> 1);
}

/* One more.  Its entries are still in *ret_from, from where the caller is to move those whose hash
 * says so to *ret_to.  False, and nothing has changed, without memory. */
bool buckets_add(struct buckets *buckets, const struct nat_memory *memory, uint32_t **ret_from,
		 uint32_t **ret_to);

/* How the entries of a table of @nat's hang together. */
struct bucket_chains {
	uint32_t *(*next_of)(const struct nat *nat, uint32_t entry); /* in its bucket */
	uint32_t *(*bucket_of)(const struct nat *nat, uint32_t entry); /* by its hash */
};

/* One more, to which the entries have been moved that belong there; the first few, where there are none
 * yet.  False, and nothing has changed, without memory: the chains just get longer. */
bool buckets_grow(struct buckets *buckets, const struct nat_memory *memory,
		  const struct bucket_chains *chains, const struct nat *nat);

#endif
