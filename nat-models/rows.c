/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rows.h"

#include "table_memory.h"

void rows_init(struct rows *rows, size_t size, const struct nat_memory *memory)
{
	rows->memory = memory;
	rows->size = (uint32_t)size;
	rows->chunks_len = rows->unused = 0;
}

static size_t chunk_size(const struct rows *rows, uint32_t chunk)
{
	return (size_t)rows->size << (ROW_CHUNK_BITS + chunk);
}

void rows_give_back(struct rows *rows)
{
	for (uint32_t i = 0; i < rows->chunks_len; i++)
		table_memory_free(rows->memory, rows->chunks[i], chunk_size(rows, i));
	rows_init(rows, rows->size, rows->memory);
}

bool rows_extend(struct rows *rows, uint32_t n)
{
	while (!rows_reach(rows, n)) {
		size_t size = chunk_size(rows, rows->chunks_len);

		if (rows->chunks_len == ROW_CHUNKS)
			return false;
		rows->chunks[rows->chunks_len] = table_memory_new(rows->memory, size, size);
		if (!rows->chunks[rows->chunks_len])
			return false;
		rows->chunks_len++;
	}
	return true;
}

uint32_t rows_take(struct rows *rows, uint32_t max)
{
	uint32_t n = rows->unused ? rows->unused : 1; /* Number 0 is nobody's. */

	if (n >= max || !rows_extend(rows, n))
		return 0;
	rows->unused = n + 1;
	return n;
}
