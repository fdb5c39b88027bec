/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for the engine's large tables.
 *
 * What is very large is in huge pages where the kernel has them: packets come in no order,
 * and with small pages most of them would wait for the translation of their mapping's address.
 */
#ifndef KNOTHOLE_TABLE_MEMORY_H
#define KNOTHOLE_TABLE_MEMORY_H

#include <stddef.h>

#include "nat_memory.h"

/* @size bytes, all zero, of which packets look at the first @hot at random; NULL without memory.  They begin at a
 * line of the cache, unless they are borrowed.  The rest stays in small pages: of a huge one the
 * part not used yet is lost. */
void *table_memory_new(const struct nat_memory *memory, size_t size, size_t hot);

/* The same, but not zeroed, and not for looks at random: of what its user does not come to touch,
 * pages are not even made. */
void *table_memory_new_unset(const struct nat_memory *memory, size_t size);

/* Give back @table (NULL is fine), which had @size bytes. */
void table_memory_free(const struct nat_memory *memory, void *table, size_t size);

/* Have what is at @address come from memory, to be there when it is needed.  Not just the built-in:
 * gcc takes functions that do no more for such as have no effect, and drops the calls. */
static inline void table_memory_prefetch(const void *address)
{
	__builtin_prefetch(address);
	__asm__ volatile("");
}

#endif
