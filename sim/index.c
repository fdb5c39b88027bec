/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "index.h"

#include <stdlib.h>

enum { ENTRIES_PER_SLOT = 2 };

void index_clear(struct index *index)
{
	free(index->slots);
	index_init(index);
}

/* Hashes may differ in a few bits only, as ports do: spread them (Fibonacci hashing). */
static struct index_entry **slot_of(struct index *index, uint32_t hash)
{
	uint32_t spread = hash * UINT32_C(0x9e3779b1);

	spread ^= spread >> 16;
	return index->slots ? &index->slots[spread & (index->slots_len - 1)]
			    : &index->few[spread & (INDEX_FEW - 1)];
}

static void append(struct index *index, struct index_entry *entry)
{
	struct index_entry **end = slot_of(index, entry->hash);

	while (*end)
		end = &(*end)->next;
	entry->next = NULL;
	*end = entry;
}

static uint32_t slots_of(const struct index *index)
{
	return index->slots ? index->slots_len : INDEX_FEW;
}

static void grow(struct index *index)
{
	struct index_entry **old = index->slots ? index->slots : index->few;
	uint32_t old_len = slots_of(index), len = old_len * 4;
	struct index_entry **slots = calloc(len, sizeof(struct index_entry *));

	if (!slots)
		return;
	index->slots = slots;
	index->slots_len = len;
	for (uint32_t i = 0; i < old_len; i++) {
		struct index_entry *next;

		for (struct index_entry *e = old[i]; e; e = next) {
			next = e->next;
			append(index, e);
		}
	}
	if (old != index->few)
		free(old);
}

void index_add(struct index *index, struct index_entry *entry, uint32_t hash)
{
	if (index->len >= slots_of(index) * ENTRIES_PER_SLOT)
		grow(index);
	entry->hash = hash;
	append(index, entry);
	index->len++;
}

void index_remove(struct index *index, struct index_entry *entry)
{
	struct index_entry **at = slot_of(index, entry->hash);

	while (*at && *at != entry)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = entry->next;
	index->len--;
}

static struct index_entry *with_hash(struct index_entry *entry, uint32_t hash)
{
	while (entry && entry->hash != hash)
		entry = entry->next;
	return entry;
}

struct index_entry *index_first(const struct index *index, uint32_t hash)
{
	return with_hash(*slot_of((struct index *)index, hash), hash);
}

struct index_entry *index_next(const struct index_entry *entry)
{
	return with_hash(entry->next, entry->hash);
}
