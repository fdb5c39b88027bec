/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A turn of the loop runs every posted task, then every event that is
 * due, with the tasks that each one posts before the next; only then does time move: a virtual
 * clock jumps to the next event, a real one sleeps in epoll until that event or a descriptor.
 *
 * On a busy machine a real loop may wake long after a deadline, with the awaited packet lying in
 * a socket, or one hop from it.  So deadlines are patient events: they fire only after a turn
 * in which nothing was ready and no packet moved, or after PATIENCE turns.
 * Ties between events break by sequence, so a virtual run is the same every time.
 */
#include "loop.h"

#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "fiber_list.h"

enum { EPOLL_BATCH = 64, PATIENCE = 64, FIRST_EVENTS = 16 };
#define POLL_NS (50 * USEC)

/* 2001-10-25T00:00:00Z: a virtual world needs some date, the same on every machine. */
#define VIRTUAL_EPOCH (UINT64_C(1003968000) * SEC)

struct loop {
	struct arena *arena;
	enum loop_clock clock;
	uint64_t now;
	uint64_t began; /* CLOCK_MONOTONIC at now = 0 */
	uint64_t epoch;
	uint64_t sequence;
	struct event **heap;
	size_t heap_len;
	size_t heap_room;
	size_t reserved; /* of its room, for events that loop_reserve() was called for */
	struct task *tasks;
	struct task **tasks_end;
	struct idler *idlers;
	struct fiber_list fibers;
	bool restless; /* real time: something has moved since the last look at the descriptors */
	bool polls; /* real time: before it sleeps */
	int epoll;
	size_t watches;
	struct epoll_event *batch; /* EPOLL_BATCH; real time only */
	int batch_len;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * SEC + (uint64_t)t.tv_nsec;
}

static int begin_real(struct loop *loop)
{
	loop->batch = arena_take(loop->arena, EPOLL_BATCH * sizeof(*loop->batch));
	if (!loop->batch)
		return -ENOMEM;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	/* The default slack of 50 us would blur every link's delay. */
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	loop->began = clock_ns(CLOCK_MONOTONIC);
	loop->epoch = clock_ns(CLOCK_REALTIME);
	return 0;
}

int loop_new(enum loop_clock clock, struct loop **ret)
{
	struct arena *arena = arena_new();
	struct loop *loop = arena ? arena_take(arena, sizeof(*loop)) : NULL;
	int err;

	if (!loop) {
		arena_free(arena);
		return -ENOMEM;
	}
	loop->arena = arena;
	loop->clock = clock;
	loop->tasks_end = &loop->tasks;
	loop->epoll = -1;
	loop->epoch = VIRTUAL_EPOCH;
	if (clock == LOOP_REAL) {
		err = begin_real(loop);
		if (err) {
			loop_free(loop);
			return err;
		}
	}
	*ret = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	struct arena *arena;

	if (!loop)
		return;
	arena = loop->arena;
	fiber_list_free(&loop->fibers);
	if (loop->epoll >= 0)
		close(loop->epoll);
	arena_give(arena, loop->batch, EPOLL_BATCH * sizeof(*loop->batch));
	arena_give(arena, loop->heap, loop->heap_room * sizeof(struct event *));
	arena_give(arena, loop, sizeof(*loop));
	arena_free(arena);
}

struct arena *loop_arena(struct loop *loop)
{
	return loop->arena;
}

enum loop_clock loop_clock(const struct loop *loop)
{
	return loop->clock;
}

uint64_t loop_now(const struct loop *loop)
{
	return loop->now;
}

uint64_t loop_epoch(const struct loop *loop)
{
	return loop->epoch;
}

struct fiber_list *loop_fibers(struct loop *loop)
{
	return &loop->fibers;
}

/* Events: a binary heap, whose slots the events know so that they can be moved. */

static bool event_before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

static void heap_put(struct loop *loop, size_t i, struct event *event)
{
	loop->heap[i] = event;
	event->slot = i + 1;
}

static void heap_rise(struct loop *loop, size_t i, struct event *event)
{
	while (i > 0 && event_before(event, loop->heap[(i - 1) / 2])) {
		heap_put(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(loop, i, event);
}

static void heap_sink(struct loop *loop, size_t i, struct event *event)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= loop->heap_len)
			break;
		if (child + 1 < loop->heap_len &&
		    event_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!event_before(loop->heap[child], event))
			break;
		heap_put(loop, i, loop->heap[child]);
		i = child;
	}
	heap_put(loop, i, event);
}

void loop_remove(struct loop *loop, struct event *event)
{
	size_t i = event->slot - 1;
	struct event *last;

	event->slot = 0;
	last = loop->heap[--loop->heap_len];
	if (last == event)
		return;
	if (i > 0 && event_before(last, loop->heap[(i - 1) / 2]))
		heap_rise(loop, i, last);
	else
		heap_sink(loop, i, last);
}

/* Apart from who asks for it a packet, and hardly ever needs it. */
__attribute__((noinline)) static int grow_heap(struct loop *loop)
{
	const size_t room = loop->heap_room ? 2 * loop->heap_room : FIRST_EVENTS;
	struct event **heap = arena_grow(loop->arena, loop->heap, loop->heap_room * sizeof(*heap),
					 room * sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	loop->heap = heap;
	loop->heap_room = room;
	return 0;
}

/* Have room for one event more than all that have it reserved and all that are set. */
static inline int make_room(struct loop *loop)
{
	return loop->heap_len + loop->reserved < loop->heap_room ? 0 : grow_heap(loop);
}

int loop_reserve(struct loop *loop, struct event *event)
{
	if (make_room(loop))
		return -ENOMEM;
	loop->reserved++;
	event->reserved = true;
	return 0;
}

void loop_unreserve(struct loop *loop, struct event *event)
{
	loop->reserved -= event->reserved;
	event->reserved = false;
}

int loop_schedule(struct loop *loop, struct event *event, uint64_t at)
{
	loop_cancel(loop, event);
	if (!event->reserved && make_room(loop))
		return -ENOMEM;
	event->waited = 0;
	event->at = at > loop->now ? at : loop->now;
	event->sequence = loop->sequence++;
	heap_rise(loop, loop->heap_len++, event);
	return 0;
}

/* Tasks */

void loop_post(struct loop *loop, struct task *task)
{
	task->next = NULL;
	*loop->tasks_end = task;
	loop->tasks_end = &task->next;
}

static void run_tasks(struct loop *loop, const bool *done)
{
	while (loop->tasks && !*done) {
		struct task *task = loop->tasks;

		loop->tasks = task->next;
		if (!loop->tasks)
			loop->tasks_end = &loop->tasks;
		task->run(task);
	}
}

/* Descriptors */

int loop_watch(struct loop *loop, struct watch *watch)
{
	struct epoll_event e = { .events = watch->wants, .data.ptr = watch };
	int op = watch->active ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (watch->active == watch->wants)
		return 0;
	if (!watch->wants) {
		loop_unwatch(loop, watch);
		return 0;
	}
	if (epoll_ctl(loop->epoll, op, watch->fd, &e))
		return -errno;
	if (!watch->active)
		loop->watches++;
	watch->active = watch->wants;
	return 0;
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	if (!watch->active)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->active = 0;
	loop->watches--;
	/* An event of it may stand in the batch that is being worked through. */
	for (int i = 0; i < loop->batch_len; i++)
		if (loop->batch[i].data.ptr == watch)
			loop->batch[i].data.ptr = NULL;
}

void loop_add_idler(struct loop *loop, struct idler *idler)
{
	idler->next = loop->idlers;
	loop->idlers = idler;
}

void loop_remove_idler(struct loop *loop, struct idler *idler)
{
	for (struct idler **at = &loop->idlers; *at; at = &(*at)->next) {
		if (*at == idler) {
			*at = idler->next;
			return;
		}
	}
}

static void run_idlers(struct loop *loop)
{
	struct idler *next;

	for (struct idler *i = loop->idlers; i; i = next) {
		next = i->next;
		i->idle(i);
	}
}

static void read_clock(struct loop *loop)
{
	if (loop->clock == LOOP_REAL)
		loop->now = clock_ns(CLOCK_MONOTONIC) - loop->began;
}

/* Look at the descriptors, for @ns at most, or (UINT64_MAX) until one is ready.  How many are, or
 * -errno. */
static int look(struct loop *loop, uint64_t ns)
{
	struct timespec timeout = { (time_t)(ns / SEC), (long)(ns % SEC) };
	int n = epoll_pwait2(loop->epoll, loop->batch, EPOLL_BATCH,
			     ns == UINT64_MAX ? NULL : &timeout, NULL);

	return n >= 0 ? n : errno == EINTR ? 0 : -errno;
}

/* As look(), but without sleeping, while others who want the processor have it. */
static int poll_real(struct loop *loop, uint64_t ns)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + ns;
	int n;

	while ((n = look(loop, 0)) == 0 && clock_ns(CLOCK_MONOTONIC) < until)
		sched_yield();
	return n;
}

/*
 * To be woken takes a processor that sleeps longer than most frames take to cross the fabric, and
 * TCP waits for its answers: so while descriptors are ready soon after one another, they are
 * polled for POLL_NS before the loop sleeps.  One poll in vain ends that, until a sleep was again
 * that short: where little happens nothing is spent.
 */
static int wait_ready(struct loop *loop, uint64_t ns)
{
	uint64_t began;
	int n;

	if (loop->polls) {
		n = poll_real(loop, ns < POLL_NS ? ns : POLL_NS);
		if (n || ns <= POLL_NS)
			return n;
		ns -= ns == UINT64_MAX ? 0 : POLL_NS;
	}
	began = clock_ns(CLOCK_MONOTONIC);
	n = look(loop, ns);
	loop->polls = n > 0 && clock_ns(CLOCK_MONOTONIC) - began < POLL_NS;
	return n;
}

/* Wait until the next event or a descriptor, and serve the descriptors. */
static int wait_real(struct loop *loop, const bool *done)
{
	uint64_t ns = UINT64_MAX;

	if (loop->heap_len)
		ns = loop->heap[0]->at > loop->now ? loop->heap[0]->at - loop->now : 0;
	loop->batch_len = wait_ready(loop, ns);
	if (loop->batch_len < 0) {
		int err = loop->batch_len;

		loop->batch_len = 0;
		return err;
	}
	loop->restless = loop->batch_len > 0;
	read_clock(loop);
	for (int i = 0; i < loop->batch_len && !*done; i++) {
		struct watch *watch = loop->batch[i].data.ptr;

		if (watch)
			watch->ready(watch, loop->batch[i].events);
		run_tasks(loop, done);
	}
	loop->batch_len = 0;
	return 0;
}

/* Put a patient event off by a turn. False where it must fire now. */
static bool put_off(struct loop *loop, struct event *event)
{
	uint8_t waited = event->waited;

	if (!event->patient || !loop->restless || waited == PATIENCE)
		return false;
	/* Scheduling where an event has just left the heap needs no memory. */
	loop_schedule(loop, event, loop->now + 1);
	event->waited = waited + 1;
	return true;
}

static void fire_due(struct loop *loop, const bool *done)
{
	uint64_t until = loop->now;

	while (!*done && loop->heap_len && loop->heap[0]->at <= until) {
		struct event *event = loop->heap[0];

		loop_remove(loop, event);
		if (put_off(loop, event))
			continue;
		loop->restless = loop->clock == LOOP_REAL;
		event->fire(event);
		run_tasks(loop, done);
	}
}

int loop_run(struct loop *loop, const bool *done)
{
	int err = 0;

	read_clock(loop);
	while (!err) {
		run_tasks(loop, done);
		fire_due(loop, done);
		if (*done)
			break;
		run_idlers(loop);
		if (loop->tasks)
			continue;
		if (!loop->heap_len && !loop->watches)
			return -EDEADLK;
		if (loop->clock == LOOP_REAL)
			err = wait_real(loop, done);
		else if (loop->heap_len)
			loop->now = loop->heap[0]->at;
	}
	run_idlers(loop);
	return err;
}
