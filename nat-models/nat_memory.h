/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a NAT that lives for a few packets: pieces from whoever keeps it, who may have them at
 * hand from the last one.  What is large, and everything where nobody lends, is the C library's.
 * Tables that are meant to be large have table_memory.h.
 */
#ifndef KNOTHOLE_NAT_MEMORY_H
#define KNOTHOLE_NAT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Who lends; all zero = nobody. */
struct nat_memory {
	void *(*take)(void *lender, size_t size, size_t zero); /* NULL without memory */
	void (*give)(void *lender, void *piece, size_t size); /* what was taken with that size */
	void *lender;
};

enum { NAT_MEMORY_PIECE = 16 * 1024 }; /* no larger one is borrowed */

static inline bool nat_memory_lends(const struct nat_memory *memory, size_t size)
{
	return memory->take && size <= NAT_MEMORY_PIECE;
}

/* @size bytes, the first @zero of them zero; NULL without memory. */
static inline void *nat_memory_take_partly(const struct nat_memory *memory, size_t size,
					   size_t zero)
{
	return nat_memory_lends(memory, size) ? memory->take(memory->lender, size, zero)
					      : calloc(1, size);
}

/* All of them. */
static inline void *nat_memory_take(const struct nat_memory *memory, size_t size)
{
	return nat_memory_take_partly(memory, size, size);
}

/* Give back what was taken with @size; NULL is fine. */
static inline void nat_memory_give(const struct nat_memory *memory, void *piece, size_t size)
{
	if (!piece)
		return;
	if (nat_memory_lends(memory, size))
		memory->give(memory->lender, piece, size);
	else
		free(piece);
}

#endif
