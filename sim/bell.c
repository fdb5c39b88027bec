/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bell.h"

#include <errno.h>
#include <stddef.h>

#include "fiber.h"

/* On its fiber's stack, since the bell may be gone when the fiber wakes. */
struct bell_waiter {
	struct bell_waiter *next;
	struct fiber *fiber;
	bool rung;
	bool broken; /* the bell is gone, and its list with it */
};

static void unlink_waiter(struct bell *bell, struct bell_waiter *waiter)
{
	struct bell_waiter **at = &bell->waiters;

	while (*at && *at != waiter)
		at = &(*at)->next;
	if (*at)
		*at = waiter->next;
}

/* Something else may have woken the fiber: then it goes on waiting. */
static int park(struct bell *bell, struct bell_waiter *waiter, uint64_t deadline)
{
	int err = 0;

	while (!waiter->rung && !err)
		err = fiber_park(deadline);
	if (waiter->broken)
		return -ECANCELED;
	unlink_waiter(bell, waiter);
	return waiter->rung ? 0 : err;
}

int bell_wait(struct bell *bell, uint64_t deadline)
{
	struct bell_waiter waiter = { .next = bell->waiters, .fiber = fiber_self() };

	bell->waiters = &waiter;
	return park(bell, &waiter, deadline);
}

/* Who is rung stays in the list until it runs: another fiber may break the bell before that. */
bool bell_ring(struct bell *bell)
{
	bool any = false;

	for (struct bell_waiter *waiter = bell->waiters; waiter; waiter = waiter->next) {
		if (waiter->rung)
			continue;
		any = waiter->rung = true;
		fiber_wake(waiter->fiber);
	}
	return any;
}

void bell_break(struct bell *bell)
{
	while (bell->waiters) {
		struct bell_waiter *waiter = bell->waiters;

		bell->waiters = waiter->next;
		waiter->rung = waiter->broken = true;
		fiber_wake(waiter->fiber);
	}
}
