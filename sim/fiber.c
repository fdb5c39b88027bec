/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  The loop is not a fiber; it resumes one by a task, and a fiber parks by
 * switching back to the loop.  A fiber is in one of four states:
 *
 *   READY    its task is posted           (wakes are remembered)
 *   RUNNING  it is fiber_self()           (wakes are remembered)
 *   PARKED   waits for a wake or its event
 *   DONE     its function has returned; waits to be joined, where somebody owns it
 */
#include "fiber.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "context.h"
#include "fiber_list.h"

enum fiber_state { FIBER_READY, FIBER_RUNNING, FIBER_PARKED, FIBER_DONE };

struct fiber {
	struct loop *loop;
	struct task task;
	struct event deadline;
	struct context context;
	struct fiber *next; /* in the loop's list */
	struct fiber **link;
	struct fiber *joiner;
	void (*run)(void *arg);
	void *arg;
	enum fiber_state state;
	bool woken; /* by a wake that no park has consumed */
	bool timed_out;
	bool owned;
	char name[40];
};

static _Thread_local struct fiber *self;
static _Thread_local struct context loop_context;

static struct fiber *of_task(struct task *task)
{
	return (struct fiber *)((char *)task - offsetof(struct fiber, task));
}

static struct fiber *of_deadline(struct event *event)
{
	return (struct fiber *)((char *)event - offsetof(struct fiber, deadline));
}

static void fiber_free(struct fiber *fiber)
{
	*fiber->link = fiber->next;
	if (fiber->next)
		fiber->next->link = fiber->link;
	context_free(&fiber->context);
	loop_unreserve(fiber->loop, &fiber->deadline);
	arena_give(loop_arena(fiber->loop), fiber, sizeof(*fiber));
}

static void entry(void)
{
	struct fiber *fiber = self;

	context_began(&loop_context);
	fiber->run(fiber->arg);
	fiber->state = FIBER_DONE;
	context_switch(&fiber->context, &loop_context, 1);
	abort(); /* a done fiber is never resumed */
}

static void resume(struct task *task)
{
	struct fiber *fiber = of_task(task);

	fiber->state = FIBER_RUNNING;
	self = fiber;
	context_switch(&loop_context, &fiber->context, 0);
	self = NULL;
	if (fiber->state != FIBER_DONE)
		return;
	if (fiber->owned)
		fiber_wake(fiber->joiner);
	else
		fiber_free(fiber);
}

static void ready(struct fiber *fiber)
{
	loop_cancel(fiber->loop, &fiber->deadline);
	fiber->state = FIBER_READY;
	loop_post(fiber->loop, &fiber->task);
}

static void time_out(struct event *event)
{
	struct fiber *fiber = of_deadline(event);

	fiber->timed_out = true;
	ready(fiber);
}

int fiber_spawn(struct loop *loop, const char *name, void (*run)(void *arg), void *arg,
		struct fiber **ret)
{
	struct fiber *fiber = arena_take(loop_arena(loop), sizeof(*fiber));
	struct fiber_list *list = loop_fibers(loop);
	int err;

	if (!fiber)
		return -ENOMEM;
	/* One that could not sleep for want of memory would have to spin. */
	err = loop_reserve(loop, &fiber->deadline);
	if (!err)
		err = context_new(&fiber->context, entry);
	if (err) {
		loop_unreserve(loop, &fiber->deadline);
		arena_give(loop_arena(loop), fiber, sizeof(*fiber));
		return err;
	}
	memccpy(fiber->name, name, '\0', sizeof(fiber->name) - 1); /* the rest is zero */
	fiber->loop = loop;
	fiber->task.run = resume;
	fiber->deadline.fire = time_out;
	fiber->deadline.patient = true;
	fiber->run = run;
	fiber->arg = arg;
	fiber->owned = ret != NULL;
	fiber->next = list->first;
	fiber->link = &list->first;
	if (fiber->next)
		fiber->next->link = &fiber->next;
	list->first = fiber;
	ready(fiber);
	if (ret)
		*ret = fiber;
	return 0;
}

struct fiber *fiber_self(void)
{
	return self;
}

const char *fiber_name(const struct fiber *fiber)
{
	return fiber->name;
}

int fiber_park(uint64_t deadline)
{
	struct fiber *fiber = self;

	if (fiber->woken) {
		fiber->woken = false;
		return 0;
	}
	if (deadline <= loop_now(fiber->loop))
		return -ETIMEDOUT;
	fiber->timed_out = false;
	if (deadline != NEVER)
		loop_schedule(fiber->loop, &fiber->deadline, deadline); /* reserved */
	fiber->state = FIBER_PARKED;
	context_switch(&fiber->context, &loop_context, 0);
	if (fiber->timed_out && !fiber->woken)
		return -ETIMEDOUT;
	fiber->woken = false;
	return 0;
}

void fiber_wake(struct fiber *fiber)
{
	if (!fiber)
		return;
	fiber->woken = true;
	if (fiber->state == FIBER_PARKED)
		ready(fiber);
}

void fiber_sleep(uint64_t until)
{
	struct fiber *fiber = self;
	bool woken = false;

	while (loop_now(fiber->loop) < until)
		if (fiber_park(until) == 0)
			woken = true;
	if (woken)
		fiber->woken = true;
}

bool fiber_done(const struct fiber *fiber)
{
	return fiber->state == FIBER_DONE;
}

int fiber_join(struct fiber *fiber, uint64_t deadline)
{
	fiber->joiner = self;
	while (fiber->state != FIBER_DONE) {
		if (fiber_park(deadline)) {
			fiber->joiner = NULL;
			return -ETIMEDOUT;
		}
	}
	fiber_free(fiber);
	return 0;
}

void fiber_list_free(struct fiber_list *list)
{
	while (list->first)
		fiber_free(list->first); /* which takes it off the list */
}
