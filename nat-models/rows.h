/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of one size, known by number, 0 being none: a table that grows without moving what it has, so
 * that no packet waits for that, and pointers to rows stay valid.
 *
 * Theory of operation.  The first chunk has 2^4 rows, and each is twice as long as the one before; the
 * number of a row, and 2^4 more, tells by its highest bit which chunk it is in.  New rows are all
 * zero.  Not here: which of those that were given out are free again, which is the caller's.
 */
#ifndef KNOTHOLE_ROWS_H
#define KNOTHOLE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat_memory.h"

enum { ROW_CHUNK_BITS = 4, ROW_CHUNKS = 20 };

struct rows {
	char *chunks[ROW_CHUNKS];
	const struct nat_memory *memory; /* where they come from */
	uint32_t size; /* of a row, in bytes */
	uint32_t chunks_len;
	uint32_t unused; /* the lowest number never given out */
};

/* Empty.  @memory must outlive it. */
void rows_init(struct rows *rows, size_t size, const struct nat_memory *memory);

/* Give everything back; empty again. */
void rows_give_back(struct rows *rows);

static inline void rows_clear(struct rows *rows)
{
	if (rows->chunks_len)
		rows_give_back(rows);
}

/* Row @n, for which there must be room. */
static inline void *rows_at(const struct rows *rows, uint32_t n)
{
	uint32_t at = n + (1U << ROW_CHUNK_BITS);
	int bits = 31 - __builtin_clz(at);

	return rows->chunks[bits - ROW_CHUNK_BITS] + (size_t)(at - (1U << bits)) * rows->size;
}

/* Is there room for row @n? */
static inline bool rows_reach(const struct rows *rows, uint32_t n)
{
	return n < ((1U << rows->chunks_len) - 1) << ROW_CHUNK_BITS;
}

/* Have room for rows up to @n.  False without memory. */
bool rows_extend(struct rows *rows, uint32_t n);

/* The next number, for a row below @max that nobody ever had; 0 without memory. */
uint32_t rows_take(struct rows *rows, uint32_t max);

#endif
