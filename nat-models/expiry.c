/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expiry.h"

#include <string.h>

#include "nat_state.h"
#include "table_memory.h"

enum { LEVEL_BITS = 6, SLOT_MASK = EXPIRY_SLOTS - 1, SLOTS = EXPIRY_LEVELS * EXPIRY_SLOTS };

/* A mapping's place in the wheel is its block's number and, in the lowest four bits, which it is of
 * those. */
enum { PLACE_BITS = 4 };
_Static_assert(EXPIRY_BLOCK <= 1 << PLACE_BITS, "a place must name one of a block");

void expiry_init(struct expiry *expiry)
{
	expiry->now = 0;
	expiry->due = UINT64_MAX;
	expiry->lags = false;
	expiry->emptying = 0;
	memset(expiry->taken, 0, sizeof(expiry->taken));
	expiry->unused = 1;
	expiry->free = 0;
	expiry->chunks_len = 1;
	expiry->chunks[0] = expiry->few;
	expiry->few[0] = (struct expiry_block){ .next = 0 }; /* nobody's, and its own next */
}

static size_t chunk_size(uint32_t chunk)
{
	return sizeof(struct expiry_block) << (EXPIRY_CHUNK_BITS + chunk);
}

void expiry_clear(struct expiry *expiry, const struct nat_memory *memory)
{
	for (uint32_t i = 1; i < expiry->chunks_len; i++)
		table_memory_free(memory, expiry->chunks[i], chunk_size(i));
}

static struct expiry_block *block_at(const struct expiry *e, uint32_t block)
{
	uint32_t at = block + (1U << EXPIRY_CHUNK_BITS);
	int bits = 31 - __builtin_clz(at);

	return &e->chunks[bits - EXPIRY_CHUNK_BITS][at - (1U << bits)];
}

/* At worst each mapping waits in another slot, in a block of its own; then they fill blocks.  One
 * more block is being emptied meanwhile, and number 0 is never used. */
bool expiry_prepare(struct nat *nat)
{
	struct expiry *e = &nat->expiry;
	uint32_t count = nat->mappings.count + 1;
	uint32_t blocks = (count < SLOTS ? count : SLOTS + count / EXPIRY_BLOCK) + 2;

	while (((1U << e->chunks_len) - 1) << EXPIRY_CHUNK_BITS < blocks) {
		struct expiry_block *chunk;

		if (e->chunks_len == EXPIRY_CHUNKS)
			return false;
		chunk = table_memory_new_unset(&nat->memory, chunk_size(e->chunks_len));
		if (!chunk)
			return false;
		e->chunks[e->chunks_len++] = chunk;
	}
	return true;
}

/* The first block of the slot; 0 = it is empty. */
static uint32_t first_of(const struct expiry *e, uint32_t slot)
{
	return e->taken[slot / EXPIRY_SLOTS] >> slot % EXPIRY_SLOTS & 1 ? e->first[slot] : 0;
}

/* A block in front of those that the slot has. */
static struct expiry_block *add_block(struct expiry *e, uint32_t slot)
{
	uint32_t number = e->free;
	struct expiry_block *block;

	if (!number)
		number = e->unused++;
	block = block_at(e, number);
	if (e->free)
		e->free = block->next;
	block->next = first_of(e, slot);
	block->slot = (uint16_t)slot;
	block->len = 0;
	e->first[slot] = number;
	e->taken[slot / EXPIRY_SLOTS] |= UINT64_C(1) << slot % EXPIRY_SLOTS;
	return block;
}

static void free_block(struct expiry *e, uint32_t number)
{
	block_at(e, number)->next = e->free;
	e->free = number;
}

/* The level where @time waits: that of the highest six bits in which it differs from @now. */
static int level_of(uint64_t time, uint64_t now)
{
	uint64_t difference = time ^ now;

	return difference ? (63 - __builtin_clzll(difference)) / LEVEL_BITS : 0;
}

/* When slot @slot of @level comes round. */
static uint64_t slot_start(uint64_t now, int level, int slot)
{
	uint64_t above = level == EXPIRY_LEVELS - 1 ? 0 : ~UINT64_C(0) << LEVEL_BITS * (level + 1);

	return (now & above) | (uint64_t)slot << LEVEL_BITS * level;
}

static void put(struct expiry *e, struct mapping *m, uint32_t ref, uint32_t slot)
{
	uint32_t first = first_of(e, slot);
	struct expiry_block *block = first ? block_at(e, first) : NULL;

	if (!block || block->len == EXPIRY_BLOCK)
		block = add_block(e, slot);
	m->timer = e->first[slot] << PLACE_BITS | block->len;
	block->refs[block->len++] = ref;
}

void expiry_add(struct nat *nat, uint32_t ref)
{
	struct expiry *e = &nat->expiry;
	struct mapping *m = nat_mapping(nat, ref);
	uint64_t start;
	int level, slot;

	if (m->expires == UINT64_MAX)
		return;
	level = level_of(m->expires, e->now);
	slot = (int)(m->expires >> LEVEL_BITS * level) & SLOT_MASK;
	put(e, m, ref, (uint32_t)(level * EXPIRY_SLOTS + slot));
	start = slot_start(e->now, level, slot);
	if (start < e->due)
		e->due = start;
}

/* Its first block is no longer the slot's. */
static void unlink_first(struct expiry *e, uint32_t slot)
{
	e->first[slot] = block_at(e, e->first[slot])->next;
	if (!e->first[slot])
		e->taken[slot / EXPIRY_SLOTS] &= ~(UINT64_C(1) << slot % EXPIRY_SLOTS);
}

void expiry_remove(struct nat *nat, uint32_t ref)
{
	struct expiry *e = &nat->expiry;
	struct mapping *m = nat_mapping(nat, ref);
	struct expiry_block *block, *first;
	uint32_t last, number;

	if (m->timer == 0)
		return;
	block = block_at(e, m->timer >> PLACE_BITS);
	number = e->first[block->slot];
	first = block_at(e, number);
	/* The last of the block that is not full takes its place. */
	last = first->refs[--first->len];
	block->refs[m->timer % (1U << PLACE_BITS)] = last;
	nat_mapping(nat, last)->timer = m->timer;
	m->timer = 0;
	if (first->len)
		return;
	unlink_first(e, first->slot);
	free_block(e, number);
}

/* The first slot of @level from @from on that is not empty, or -1. */
static int next_taken(const struct expiry *e, int level, int from)
{
	uint64_t bits = e->taken[level] & ~UINT64_C(0) << from;

	return bits ? __builtin_ctzll(bits) : -1;
}

/* The slot that comes round first: what waits on a level ends before all that wait above. */
static bool first_taken(const struct expiry *e, int *ret_level, int *ret_slot)
{
	for (int level = 0; level < EXPIRY_LEVELS; level++) {
		int slot = next_taken(e, level, 0);

		if (slot >= 0) {
			*ret_level = level;
			*ret_slot = slot;
			return true;
		}
	}
	return false;
}

/* The mappings of a block come from memory; gives the one after it. */
static uint32_t prefetch_block(const struct nat *nat, uint32_t number)
{
	const struct expiry_block *block = block_at(&nat->expiry, number);

	if (!number)
		return 0;
	for (int i = 0; i < block->len; i++)
		mapping_prefetch(&nat->mappings, block->refs[i]);
	table_memory_prefetch(block_at(&nat->expiry, block->next));
	return block->next;
}

/* How many blocks ahead: memory takes its time. */
enum { AHEAD = 4 };

/* The mappings of the first block of a slot whose time has come end, or come down, or were restarted.
 * How many there were. */
static int empty_block(struct nat *nat, uint32_t slot, uint64_t now)
{
	struct expiry *e = &nat->expiry;
	uint32_t number = e->first[slot], ahead = number;
	const struct expiry_block *block = block_at(e, number);

	for (int i = 0; i < AHEAD; i++)
		ahead = block_at(e, ahead)->next;
	prefetch_block(nat, ahead);
	unlink_first(e, slot);
	for (int i = 0; i < block->len; i++) {
		struct mapping *m = nat_mapping(nat, block->refs[i]);

		m->timer = 0;
		if (m->expires <= now)
			mapping_end(nat, block->refs[i]);
		else
			expiry_add(nat, block->refs[i]);
	}
	free_block(e, number);
	return block->len;
}

static void begin_to_empty(struct nat *nat, uint32_t slot)
{
	uint32_t ahead = nat->expiry.first[slot];

	nat->expiry.emptying = slot + 1;
	for (int i = 0; i < AHEAD; i++)
		ahead = prefetch_block(nat, ahead);
}

/* The next slot to be emptied, to whose time the wheel turns; false, and the time when there is
 * one is noted, where none has come. */
static bool next_due(struct nat *nat, uint64_t now)
{
	struct expiry *e = &nat->expiry;
	int level, slot;
	uint64_t start;

	e->due = UINT64_MAX;
	if (!first_taken(e, &level, &slot))
		return false;
	start = slot_start(e->now, level, slot);
	if (start > now) {
		e->due = start;
		return false;
	}
	e->now = start;
	begin_to_empty(nat, (uint32_t)(level * EXPIRY_SLOTS + slot));
	return true;
}

/* One slot is emptied wholly before the next: what comes down from it stands in slots that are
 * reckoned from its time. */
static void turn(struct nat *nat, uint64_t now, int share)
{
	struct expiry *e = &nat->expiry;

	e->lags = true;
	while (e->emptying || next_due(nat, now)) {
		uint32_t slot = e->emptying - 1;

		if (share <= 0) {
			e->due = 0;
			return;
		}
		if (e->first[slot])
			share -= empty_block(nat, slot, now);
		if (!e->first[slot])
			e->emptying = 0;
	}
	e->lags = false;
	e->now = now;
}

void expiry_turn(struct nat *nat, uint64_t now)
{
	if (now >= nat->expiry.due)
		turn(nat, now, EXPIRY_SHARE);
}

bool expiry_catch_up(struct nat *nat)
{
	if (!nat->expiry.lags)
		return false;
	turn(nat, nat->now, 16 * EXPIRY_SHARE);
	return true;
}

/* The first that ends after now. */
static uint64_t earliest_of(const struct nat *nat, uint32_t number)
{
	const struct expiry_block *block;
	uint64_t earliest = UINT64_MAX;

	for (; number; number = block->next) {
		block = block_at(&nat->expiry, number);
		for (int i = 0; i < block->len; i++) {
			uint64_t expires = nat_mapping(nat, block->refs[i])->expires;

			if (expires > nat->now && expires < earliest)
				earliest = expires;
		}
	}
	return earliest;
}

uint64_t expiry_next(const struct nat *nat)
{
	const struct expiry *e = &nat->expiry;
	/* What has not come down yet may be before all that wait below. */
	uint64_t earliest = e->emptying ? earliest_of(nat, e->first[e->emptying - 1]) : UINT64_MAX;

	for (int level = 0; level < EXPIRY_LEVELS; level++)
		for (int slot = next_taken(e, level, 0); slot >= 0;
		     slot = slot + 1 < EXPIRY_SLOTS ? next_taken(e, level, slot + 1) : -1) {
			uint64_t candidate;

			if (slot_start(e->now, level, slot) >= earliest)
				return earliest;
			candidate = earliest_of(nat, e->first[level * EXPIRY_SLOTS + slot]);
			if (candidate < earliest)
				earliest = candidate;
		}
	return earliest;
}
