/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When mappings end: a hierarchical timing wheel, exact to the nanosecond.
 *
 * Eleven levels of 64 slots each stand for a time's 64 bits, six by six.  A mapping waits on the
 * level of the highest six in which its end differs from the wheel's time, and comes down as
 * the wheel turns.  Restarting a timer does not touch the wheel: a mapping whose end has
 * moved on is put back when its old slot comes round.  So a packet costs nothing here, and an
 * end a few moves.
 */
#ifndef KNOTHOLE_EXPIRY_H
#define KNOTHOLE_EXPIRY_H

#include <stdint.h>

struct nat;

enum { EXPIRY_LEVELS = 11, EXPIRY_SLOTS = 64 };

struct expiry {
	uint64_t now; /* the time that slots are reckoned from */
	uint64_t due; /* nothing ends before */
	uint64_t taken[EXPIRY_LEVELS][EXPIRY_SLOTS / 64]; /* bit by slot: not empty */
	uint32_t first[EXPIRY_LEVELS][EXPIRY_SLOTS];
};

void expiry_init(struct expiry *expiry);

/* Enter a mapping under its `expires`, or take it out. */
void expiry_add(struct nat *nat, uint32_t ref);
void expiry_remove(struct nat *nat, uint32_t ref);

/* End every mapping whose time has come: those with expires <= @now. */
void expiry_turn(struct nat *nat, uint64_t now);

/* The earliest end of a live mapping; UINT64_MAX where there is none.  As many steps as there
 * are mappings that were restarted since they were entered. */
uint64_t expiry_next(const struct nat *nat);

#endif
