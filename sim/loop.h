/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: timers in order of (time, sequence), file descriptors, and the fibers'
 * run queue.  Virtual time jumps to the next event; real time is CLOCK_MONOTONIC.
 *
 * It is the only place that reads a clock.  One loop a world, one thread a loop.
 */
#ifndef KNOTHOLE_LOOP_H
#define KNOTHOLE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEVER UINT64_MAX
#define USEC UINT64_C(1000)
#define MSEC UINT64_C(1000000)
#define SEC UINT64_C(1000000000)

enum loop_clock { LOOP_VIRTUAL, LOOP_REAL };

struct arena;
struct loop;

/* A timer, embedded in what it is for; all zero is an idle one. */
struct event {
	uint64_t at;
	uint64_t sequence;
	size_t slot; /* 1 + place in the heap; 0 = idle */
	bool patient; /* in real time, wait until what was already on its way is served */
	bool reserved; /* the loop's own: there is room for it */
	uint8_t waited; /* the loop's own: turns that patience has cost */
	void (*fire)(struct event *event);
};

/* An interest in a file descriptor (real time only), embedded in what it is for. */
struct watch {
	int fd;
	uint32_t wants; /* EPOLLIN | EPOLLOUT */
	uint32_t active; /* the loop's own: what it watches for now; 0 = not watched */
	void (*ready)(struct watch *watch, uint32_t events);
};

/* Work to do each time the loop is about to sleep: flushing batches. */
struct idler {
	struct idler *next;
	void (*idle)(struct idler *idler);
};

/* Something to do now, after what is running; embedded in what it is for. */
struct task {
	struct task *next;
	void (*run)(struct task *task);
};

int loop_new(enum loop_clock clock, struct loop **ret);
void loop_free(struct loop *loop);

/* The memory of all that the loop drives.  Whatever was taken there must be given back before
 * loop_free(). */
struct arena *loop_arena(struct loop *loop);

enum loop_clock loop_clock(const struct loop *loop);

/* ns since the world began. */
uint64_t loop_now(const struct loop *loop);

/* CLOCK_REALTIME ns at which the world began; a fixed date in virtual time. */
uint64_t loop_epoch(const struct loop *loop);

/* Keep room for @event, so that loop_schedule() cannot fail for it: for what could not go on
 * without.  0 or -ENOMEM.  loop_unreserve() gives it back: @event is set no more. */
int loop_reserve(struct loop *loop, struct event *event);
void loop_unreserve(struct loop *loop, struct event *event);

/* Fire at @at, or as soon as possible where that is past.  Moves an event that is already
 * set.  0 or -ENOMEM. */
int loop_schedule(struct loop *loop, struct event *event, uint64_t at);
void loop_remove(struct loop *loop, struct event *event); /* one that is set */

static inline void loop_cancel(struct loop *loop, struct event *event) /* idle ones are fine */
{
	if (event->slot)
		loop_remove(loop, event);
}

void loop_post(struct loop *loop, struct task *task); /* tasks run in the order of posting */

int loop_watch(struct loop *loop, struct watch *watch); /* start, or change `wants` of, a watch */
void loop_unwatch(struct loop *loop, struct watch *watch); /* before its fd is closed */
void loop_add_idler(struct loop *loop, struct idler *idler);
void loop_remove_idler(struct loop *loop, struct idler *idler);

/*
 * Run until *@done is true.  0, or -EDEADLK where it can never become true: no fiber is
 * runnable, no event set and no descriptor watched.
 */
int loop_run(struct loop *loop, const bool *done);

#endif
