/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fibers: stackful coroutines, so that probes and Lua actors are written as plain blocking
 * code.  They switch only where they park; between two parks nothing else runs.
 */
#ifndef KNOTHOLE_FIBER_H
#define KNOTHOLE_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

struct fiber;

/* Start @run(@arg) as a fiber of @loop; it first runs when the caller parks or returns to the
 * loop.  @name is copied, for messages.  A fiber frees itself when it returns, unless @ret is
 * not NULL: then its owner must fiber_join() it. 0 or -ENOMEM. */
int fiber_spawn(struct loop *loop, const char *name, void (*run)(void *arg), void *arg,
		struct fiber **ret);

/* The running fiber; NULL outside of any. */
struct fiber *fiber_self(void);
const char *fiber_name(const struct fiber *fiber);

/* Sleep until fiber_wake() or @deadline.  0 when woken, -ETIMEDOUT.  Only inside a fiber.
 * A wake that came before the park is not lost: the next park returns at once. */
int fiber_park(uint64_t deadline);
void fiber_wake(struct fiber *fiber); /* NULL is fine */

void fiber_sleep(uint64_t until); /* not disturbed by wakes */

/* Park until @fiber has returned, and free it. 0, or -ETIMEDOUT (then it still lives). */
int fiber_join(struct fiber *fiber, uint64_t deadline);
bool fiber_done(const struct fiber *fiber);

#endif
