/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * What is larger than SMALL comes from the kernel, which zeroes a page when it is first used: a packet
 * that makes a table grow is not the one that waits for all of the new memory.  Huge pages are for
 * what has LARGE at least: of the last one a part may lie idle, which must be little beside the rest.
 */
enum {
	SMALL = 16 * 1024,
	LARGE = 4 * 1024 * 1024,
	HUGE_PAGE = 2 * 1024 * 1024,
	CACHE_LINE = 64,
};

void *table_memory_new_unset(const struct nat_memory *from, size_t size)
{
	void *memory;

	if (nat_memory_lends(from, size))
		return nat_memory_take_partly(from, size, 0);
	if (size < SMALL)
		return aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) & ~(CACHE_LINE - 1UL));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	return memory;
}

void *table_memory_new(const struct nat_memory *from, size_t size, size_t hot)
{
	void *memory = table_memory_new_unset(from, size);

	if (memory && (nat_memory_lends(from, size) || size < SMALL))
		memset(memory, 0, size);
	if (memory && hot >= LARGE)
		madvise(memory, hot & ~(HUGE_PAGE - 1UL), MADV_HUGEPAGE); /* a wish, no more */
	return memory;
}

void table_memory_free(const struct nat_memory *memory, void *table, size_t size)
{
	if (nat_memory_lends(memory, size))
		nat_memory_give(memory, table, size);
	else if (table && size >= SMALL)
		munmap(table, size);
	else
		free(table);
}
