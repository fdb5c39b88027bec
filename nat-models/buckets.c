/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buckets.h"

#include <stddef.h>
#include <string.h>

#include "table_memory.h"

static size_t chunk_size(uint32_t chunk)
{
	return sizeof(uint32_t) << (BUCKET_CHUNK_BITS + chunk);
}

static uint32_t places(const struct buckets *buckets)
{
	return ((1U << buckets->chunks_len) - 1) << BUCKET_CHUNK_BITS;
}

static bool add_chunk(struct buckets *buckets, const struct nat_memory *memory)
{
	uint32_t *chunk;

	if (buckets->chunks_len == BUCKET_CHUNKS)
		return false;
	chunk = table_memory_new(memory, chunk_size(buckets->chunks_len),
				 chunk_size(buckets->chunks_len));
	if (!chunk)
		return false;
	buckets->chunks[buckets->chunks_len++] = chunk;
	return true;
}

void buckets_init(struct buckets *buckets)
{
	memset(buckets->few, 0, sizeof(buckets->few));
	buckets->chunks_len = 1;
	buckets->chunks[0] = buckets->few;
	buckets->len = places(buckets);
	buckets->mask = buckets->len - 1;
}

void buckets_give_back(struct buckets *buckets, const struct nat_memory *memory)
{
	for (uint32_t i = 1; i < buckets->chunks_len; i++)
		table_memory_free(memory, buckets->chunks[i], chunk_size(i));
}

bool buckets_add(struct buckets *buckets, const struct nat_memory *memory, uint32_t **ret_from,
		 uint32_t **ret_to)
{
	uint32_t n = buckets->len;

	if (n >= places(buckets) && !add_chunk(buckets, memory))
		return false;
	if (n > buckets->mask)
		buckets->mask = buckets->mask * 2 + 1;
	buckets->len++;
	*ret_from = buckets_at(buckets, n & buckets->mask >> 1);
	*ret_to = buckets_at(buckets, n);
	return true;
}

bool buckets_grow(struct buckets *buckets, const struct nat_memory *memory,
		  const struct bucket_chains *chains, const struct nat *nat)
{
	uint32_t *from, *to;

	if (!buckets->len) {
		buckets_init(buckets);
		return true;
	}
	if (!buckets_add(buckets, memory, &from, &to))
		return false;
	while (*from) {
		uint32_t entry = *from, *next = chains->next_of(nat, entry);

		if (chains->bucket_of(nat, entry) != to) {
			from = next;
			continue;
		}
		*from = *next;
		*next = *to;
		*to = entry;
	}
	return true;
}
