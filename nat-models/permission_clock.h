/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When an inside endpoint last sent to a remote one, for NATs whose filtering forgets before the
 * mapping ends.  Kept only where the model says so.
 */
#ifndef KNOTHOLE_PERMISSION_CLOCK_H
#define KNOTHOLE_PERMISSION_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "buckets.h"
#include "mapping.h"
#include "rows.h"

struct nat;

struct permission_time {
	struct endpoint inside, remote; /* as far as filtering looks */
	uint64_t until;
	uint32_t next; /* in its bucket; free ones are linked here too */
	uint8_t protocol;
};

struct permission_clock {
	struct rows times; /* struct permission_time */
	uint32_t free;
	uint32_t count; /* those that have run out and were not swept out yet are among them */
	uint32_t hand; /* the bucket that is swept next */
	struct buckets buckets; /* none at first */
};

/* @memory must outlive it. */
void permission_clock_init(struct permission_clock *clock, const struct nat_memory *memory);
void permission_clock_clear(struct permission_clock *clock);

/* @inside sends to @remote now, and the model has it that permissions end.  Without memory it is as if
 * it had not.  Where the model is not known, nat_note_permission() asks it. */
void permission_clock_note(struct nat *nat, enum nat_protocol protocol, struct endpoint inside,
			   struct endpoint remote);

/* Has @inside sent to @remote, as far as filtering looks, within the model's time? */
bool permission_clock_runs(const struct nat *nat, enum nat_protocol protocol,
			   struct endpoint inside, struct endpoint remote);

#endif
