/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expiry.h"

#include <stdbool.h>

#include "nat_state.h"

enum { LEVEL_BITS = 6, SLOT_MASK = EXPIRY_SLOTS - 1, BITS_PER_WORD = 64 };

void expiry_init(struct expiry *expiry)
{
	*expiry = (struct expiry){ .due = UINT64_MAX };
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
	m->timer_slot = (uint16_t)(level * EXPIRY_SLOTS + slot + 1);
	m->timer_prev = 0;
	m->timer_next = e->first[level][slot];
	if (m->timer_next)
		nat_mapping(nat, m->timer_next)->timer_prev = ref;
	e->first[level][slot] = ref;
	e->taken[level][slot / BITS_PER_WORD] |= UINT64_C(1) << slot % BITS_PER_WORD;
	start = slot_start(e->now, level, slot);
	if (start < e->due)
		e->due = start;
}

void expiry_remove(struct nat *nat, uint32_t ref)
{
	struct expiry *e = &nat->expiry;
	struct mapping *m = nat_mapping(nat, ref);
	int level = (m->timer_slot - 1) / EXPIRY_SLOTS, slot = (m->timer_slot - 1) % EXPIRY_SLOTS;

	if (m->timer_slot == 0)
		return;
	m->timer_slot = 0;
	if (m->timer_next)
		nat_mapping(nat, m->timer_next)->timer_prev = m->timer_prev;
	if (m->timer_prev)
		nat_mapping(nat, m->timer_prev)->timer_next = m->timer_next;
	else
		e->first[level][slot] = m->timer_next;
	if (!e->first[level][slot])
		e->taken[level][slot / BITS_PER_WORD] &= ~(UINT64_C(1) << slot % BITS_PER_WORD);
}

/* The first slot of @level from @from on that is not empty, or -1. */
static int next_taken(const struct expiry *e, int level, int from)
{
	for (int word = from / BITS_PER_WORD; word < EXPIRY_SLOTS / BITS_PER_WORD; word++) {
		uint64_t bits = e->taken[level][word];

		if (word == from / BITS_PER_WORD)
			bits &= ~UINT64_C(0) << from % BITS_PER_WORD;
		if (bits)
			return word * BITS_PER_WORD + __builtin_ctzll(bits);
	}
	return -1;
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

/* Empty a slot whose time has come: its mappings end, or come down, or were restarted. */
static void empty_slot(struct nat *nat, int level, int slot, uint64_t now)
{
	uint32_t next, ref = nat->expiry.first[level][slot];

	nat->expiry.first[level][slot] = 0;
	nat->expiry.taken[level][slot / BITS_PER_WORD] &= ~(UINT64_C(1) << slot % BITS_PER_WORD);
	for (; ref; ref = next) {
		next = nat_mapping(nat, ref)->timer_next;
		nat_mapping(nat, ref)->timer_slot = 0;
		if (nat_mapping(nat, ref)->expires <= now)
			mapping_end(nat, ref);
		else
			expiry_add(nat, ref);
	}
}

void expiry_turn(struct nat *nat, uint64_t now)
{
	struct expiry *e = &nat->expiry;
	int level, slot;

	if (now < e->due)
		return;
	e->due = UINT64_MAX;
	while (first_taken(e, &level, &slot)) {
		uint64_t start = slot_start(e->now, level, slot);

		if (start > now) {
			e->due = start;
			break;
		}
		e->now = start;
		empty_slot(nat, level, slot, now);
		e->due = UINT64_MAX;
	}
	e->now = now;
}

static uint64_t earliest_of(const struct nat *nat, uint32_t ref)
{
	uint64_t earliest = UINT64_MAX;

	for (; ref; ref = nat_mapping(nat, ref)->timer_next)
		if (nat_mapping(nat, ref)->expires < earliest)
			earliest = nat_mapping(nat, ref)->expires;
	return earliest;
}

uint64_t expiry_next(const struct nat *nat)
{
	const struct expiry *e = &nat->expiry;
	uint64_t earliest = UINT64_MAX;

	for (int level = 0; level < EXPIRY_LEVELS; level++)
		for (int slot = next_taken(e, level, 0); slot >= 0;
		     slot = slot + 1 < EXPIRY_SLOTS ? next_taken(e, level, slot + 1) : -1) {
			uint64_t candidate;

			if (slot_start(e->now, level, slot) >= earliest)
				return earliest;
			candidate = earliest_of(nat, e->first[level][slot]);
			if (candidate < earliest)
				earliest = candidate;
		}
	return earliest;
}
