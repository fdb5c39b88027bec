/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When mappings end: a hierarchical timing wheel, exact to the nanosecond.
 *
 * Eleven levels of 64 slots each stand for a time's 64 bits, six by six.  A mapping waits on the
 * level of the highest six in which its end differs from the wheel's time, and comes down as
 * the wheel turns.  Restarting a timer does not touch the wheel: a mapping whose end has
 * moved on is put back when its old slot comes round.  So a packet costs nothing here, and an
 * end a few moves.
 *
 * A slot is a list of blocks of references, all full but the first, so that a slot of many is gone
 * through as fast as memory can bring the mappings, several at a time.
 *
 * Where very many wait for one time, no packet waits for all of them: each sees to EXPIRY_SHARE, and
 * the wheel lags behind until the rest is done.  A mapping that has ended then still stands in
 * the tables, and whoever looks there passes it over (mapping_is_over()); its port looks used to a
 * search, but not to who wants just that one, and nobody is refused for want of what it holds.
 */
#ifndef KNOTHOLE_EXPIRY_H
#define KNOTHOLE_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "nat_memory.h"

struct nat;

enum { EXPIRY_LEVELS = 11, EXPIRY_SLOTS = 64, EXPIRY_BLOCK = 14, EXPIRY_SHARE = 64 };

/* One line of the cache. */
struct expiry_block {
	uint32_t refs[EXPIRY_BLOCK];
	uint32_t next; /* of the same slot; free ones are linked here too */
	uint16_t slot; /* counted through all levels */
	uint16_t len;
};

_Static_assert(sizeof(struct expiry_block) == 64, "a block must be one line of the cache");

/* Blocks are known by number, 0 being none, in chunks of which each is twice as long as the one before. */
enum { EXPIRY_CHUNK_BITS = 2, EXPIRY_CHUNKS = 22, EXPIRY_FEW = 1 << EXPIRY_CHUNK_BITS };

struct expiry {
	uint64_t now; /* the time that slots are reckoned from */
	uint64_t due; /* nothing ends before */
	bool lags; /* something that has ended may still be there */
	uint32_t emptying; /* the slot whose time has come, plus 1; 0 = none */
	uint64_t taken[EXPIRY_LEVELS]; /* bit by slot: not empty */
	struct expiry_block *chunks[EXPIRY_CHUNKS];
	uint32_t chunks_len;
	uint32_t unused; /* the lowest block never used */
	uint32_t free;
	struct expiry_block few[EXPIRY_FEW]; /* the first chunk: small NATs need no other */
	uint32_t first[EXPIRY_LEVELS * EXPIRY_SLOTS]; /* blocks, of slots that were ever taken */
};

/* What most NATs never look at, slots and blocks, is left as it is: to clear that would be half of the
 * cost of making one. */
void expiry_init(struct expiry *expiry);
void expiry_clear(struct expiry *expiry, const struct nat_memory *memory);

/* Have memory for one mapping more, whatever slots they all come to wait in.  False without. */
bool expiry_prepare(struct nat *nat);

/* Enter a mapping, which is prepared for, under its `expires`, or take it out. */
void expiry_add(struct nat *nat, uint32_t ref);
void expiry_remove(struct nat *nat, uint32_t ref);

/* End mappings whose time has come, those with expires <= @now: all of them, where they are not many more
 * than EXPIRY_SHARE.  See expiry_lags(). */
void expiry_turn(struct nat *nat, uint64_t now);

/* Has the wheel more to do? */
static inline bool expiry_lags(const struct expiry *expiry)
{
	return expiry->lags;
}

/* A good deal of that, for who cannot wait.  False where there was nothing. */
bool expiry_catch_up(struct nat *nat);

/* The earliest end of a live mapping; UINT64_MAX where there is none.  As many steps as there
 * are mappings that were restarted since they were entered. */
uint64_t expiry_next(const struct nat *nat);

#endif
