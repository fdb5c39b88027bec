/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bell: fibers wait for it, and whoever knows that something has changed rings it.  It must be
 * broken before the fibers that wait are freed with their loop.
 */
#ifndef KNOTHOLE_BELL_H
#define KNOTHOLE_BELL_H

#include <stdbool.h>
#include <stdint.h>

struct bell_waiter;

/* All zero: nobody waits. */
struct bell {
	struct bell_waiter *waiters;
};

/* Park until the bell rings: 0, -ETIMEDOUT, -ENOMEM, or -ECANCELED where it broke; then what
 * it hung on may be gone. */
int bell_wait(struct bell *bell, uint64_t deadline);

/* Wake all who wait. Were there any? */
bool bell_ring(struct bell *bell);

/* Wake all with -ECANCELED. */
void bell_break(struct bell *bell);

#endif
