/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crew: how many fibers still work on something, so that it is freed after the last of
 * them.  It neither starts nor stops them.
 */
#ifndef KNOTHOLE_CREW_H
#define KNOTHOLE_CREW_H

#include "../../sim/fiber.h"

struct crew {
	unsigned working;
	struct fiber *waiter;
};

/* Start @run(@arg) as a fiber that belongs to @crew; the last thing that it does must be
 * crew_leave(). 0 or -ENOMEM. */
static inline int crew_spawn(struct crew *crew, struct loop *loop, const char *name,
			     void (*run)(void *arg), void *arg)
{
	int err = fiber_spawn(loop, name, run, arg, NULL);

	if (!err)
		crew->working++;
	return err;
}

/* A running fiber joins, for as long as it uses what the crew works on. */
static inline void crew_enter(struct crew *crew)
{
	crew->working++;
}

static inline void crew_leave(struct crew *crew)
{
	if (!--crew->working)
		fiber_wake(crew->waiter);
}

/*
 * Park until nobody works any more.  Outside of fibers it returns at once: there the loop
 * has stopped for good, and nobody will ever work again.
 */
static inline void crew_wait(struct crew *crew)
{
	if (!fiber_self())
		return;
	crew->waiter = fiber_self();
	while (crew->working)
		fiber_park(NEVER);
	crew->waiter = NULL;
}

#endif
