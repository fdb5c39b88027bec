/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sim/fiber.h"
#include "sim/loop.h"

/* A world small enough to see whole: what happened, one letter each, in order. */
static struct loop *loop;
static char trace[64];
static bool done;

static void note(char c)
{
	size_t n = strlen(trace);

	assert_true(n + 1 < sizeof(trace));
	trace[n] = c;
	trace[n + 1] = '\0';
}

static int setup(void **state)
{
	(void)state;
	trace[0] = '\0';
	done = false;
	return loop_new(LOOP_VIRTUAL, &loop);
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

struct letter {
	struct event event;
	char c;
};

static void fire_letter(struct event *event)
{
	note(((struct letter *)event)->c);
}

static void fire_done(struct event *event)
{
	(void)event;
	done = true;
}

static struct letter letter(char c)
{
	return (struct letter){ .event.fire = fire_letter, .c = c };
}

static void ties_break_by_the_order_of_scheduling(void **state)
{
	struct letter a = letter('a'), b = letter('b'), c = letter('c'), d = letter('d');
	struct event end = { .fire = fire_done };

	(void)state;
	loop_schedule(loop, &b.event, 2 * SEC);
	loop_schedule(loop, &c.event, 2 * SEC);
	loop_schedule(loop, &a.event, 1 * SEC);
	loop_schedule(loop, &d.event, 2 * SEC);
	loop_schedule(loop, &end, 2 * SEC);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_string_equal(trace, "abcd");
	assert_int_equal(loop_now(loop), 2 * SEC);
}

static void moved_and_cancelled_events(void **state)
{
	struct letter a = letter('a'), b = letter('b'), c = letter('c');
	struct event end = { .fire = fire_done };

	(void)state;
	loop_schedule(loop, &a.event, 1 * SEC);
	loop_schedule(loop, &b.event, 2 * SEC);
	loop_schedule(loop, &c.event, 3 * SEC);
	loop_schedule(loop, &end, 10 * SEC);
	loop_schedule(loop, &a.event, 4 * SEC);
	loop_cancel(loop, &b.event);
	loop_cancel(loop, &b.event);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_string_equal(trace, "ca");
}

/* Many events with random times must come out sorted, whatever is cancelled in between. */
static void a_thousand_events_come_in_order(void **state)
{
	static struct letter letters[1000];
	struct event end = { .fire = fire_done };
	uint64_t x = 1, last = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		letters[i] = letter('x');
		letters[i].event.fire = fire_done;
		loop_schedule(loop, &letters[i].event, x >> 44);
	}
	for (int i = 0; i < 1000; i += 3)
		loop_cancel(loop, &letters[i].event);
	loop_schedule(loop, &end, NEVER);
	for (int left = 1000 - 334; left > 0; left--) {
		done = false;
		assert_int_equal(loop_run(loop, &done), 0);
		assert_true(loop_now(loop) >= last);
		last = loop_now(loop);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(letters[i].event.slot, 0);
}

static void nothing_to_wait_for_is_a_deadlock(void **state)
{
	(void)state;
	assert_int_equal(loop_run(loop, &done), -EDEADLK);
}

/* Fibers */

static void sleeper(void *arg)
{
	note('1');
	fiber_sleep(loop_now(loop) + 5 * SEC);
	note('2');
	*(bool *)arg = true;
}

static void a_sleep_takes_virtual_time(void **state)
{
	(void)state;
	assert_int_equal(fiber_spawn(loop, "sleeper", sleeper, &done, NULL), 0);
	assert_string_equal(trace, "");
	assert_int_equal(loop_run(loop, &done), 0);
	assert_string_equal(trace, "12");
	assert_int_equal(loop_now(loop), 5 * SEC);
}

static struct fiber *waiter;

static void wait_to_be_woken(void *arg)
{
	(void)arg;
	note(fiber_park(NEVER) == 0 ? 'w' : 't');
	note(fiber_park(loop_now(loop) + SEC) == 0 ? 'w' : 't');
}

static void waker(void *arg)
{
	(void)arg;
	fiber_wake(waiter);
	fiber_wake(waiter);
	note(fiber_join(waiter, NEVER) == 0 ? 'j' : 'J');
	done = true;
}

/* Two wakes before the waiter runs are one; the second park must then time out. */
static void wakes_do_not_add_up(void **state)
{
	(void)state;
	assert_int_equal(fiber_spawn(loop, "waiter", wait_to_be_woken, NULL, &waiter), 0);
	assert_int_equal(fiber_spawn(loop, "waker", waker, NULL, NULL), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_string_equal(trace, "wtj");
}

static void wake_self_then_park(void *arg)
{
	fiber_wake(fiber_self());
	note(fiber_park(NEVER) == 0 ? 'w' : 't');
	*(bool *)arg = true;
}

static void a_wake_before_the_park_is_not_lost(void **state)
{
	(void)state;
	assert_int_equal(fiber_spawn(loop, "self", wake_self_then_park, &done, NULL), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_string_equal(trace, "w");
}

static void join_too_early(void *arg)
{
	(void)arg;
	note(fiber_join(waiter, loop_now(loop) + SEC) == -ETIMEDOUT ? 't' : 'T');
	fiber_wake(waiter);
	note(fiber_join(waiter, NEVER) == 0 ? 'j' : 'J');
	done = true;
}

static void a_join_can_time_out(void **state)
{
	(void)state;
	assert_int_equal(fiber_spawn(loop, "waiter", wait_to_be_woken, NULL, &waiter), 0);
	assert_int_equal(fiber_spawn(loop, "joiner", join_too_early, NULL, NULL), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_string_equal(trace, "twtj");
}

/* A deep stack in one fiber must not be felt in another. */
static int deep(int n)
{
	volatile char room[512];

	memset((char *)room, n, sizeof(room));
	fiber_sleep(loop_now(loop) + 1);
	return n ? deep(n - 1) + room[5] - n : room[5];
}

static int finished;

static void dive(void *arg)
{
	assert_int_equal(deep(*(int *)arg), 0);
	done = ++finished == 20;
}

static void fibers_keep_their_own_stacks(void **state)
{
	static int depth[20];

	(void)state;
	finished = 0;
	for (int i = 0; i < 20; i++) {
		depth[i] = 5 + 3 * i;
		assert_int_equal(fiber_spawn(loop, "diver", dive, &depth[i], NULL), 0);
	}
	assert_int_equal(loop_run(loop, &done), 0);
}

/* Real time: a descriptor that is unwatched by another one's handler must not fire any more,
 * though both became ready in the same turn. */
static struct watch pair[2];
static int fired;

static void unwatch_both(struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	fired++;
	loop_unwatch(loop, &pair[0]);
	loop_unwatch(loop, &pair[1]);
	done = true;
}

static void an_unwatched_descriptor_is_silent_at_once(void **state)
{
	int fds[2];

	(void)state;
	loop_free(loop);
	assert_int_equal(loop_new(LOOP_REAL, &loop), 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	fired = 0;
	for (int i = 0; i < 2; i++) {
		pair[i] = (struct watch){ .fd = i == 0 ? fds[0] : dup(fds[0]),
					  .wants = EPOLLIN,
					  .ready = unwatch_both };
		assert_int_equal(loop_watch(loop, &pair[i]), 0);
	}
	assert_int_equal(loop_run(loop, &done), 0);
	done = false;
	assert_int_equal(loop_run(loop, &done), -EDEADLK);
	assert_int_equal(fired, 1);
	close(fds[0]);
	close(fds[1]);
	close(pair[1].fd);
}

/* A machine so busy that a deadline has passed while its packet lay in a socket, two hops off:
 * the deadline must wait for what is already there. */
static int hops[4];
static struct watch hop[2];
static struct fiber *late;

static void pass_on(struct watch *watch, uint32_t events)
{
	char c;

	(void)events;
	assert_int_equal(read(watch->fd, &c, 1), 1);
	if (watch == &hop[0])
		assert_int_equal(write(hops[3], &c, 1), 1);
	else
		fiber_wake(late);
}

static void wait_for_the_second_hop(void *arg)
{
	(void)arg;
	assert_int_equal(write(hops[1], "x", 1), 1);
	note(fiber_park(loop_now(loop) + 1) == 0 ? 'w' : 't');
	done = true;
}

static void a_deadline_waits_for_what_is_already_there(void **state)
{
	(void)state;
	loop_free(loop);
	assert_int_equal(loop_new(LOOP_REAL, &loop), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(&hops[2 * i]), 0);
		hop[i] = (struct watch){ .fd = hops[2 * i], .wants = EPOLLIN, .ready = pass_on };
		assert_int_equal(loop_watch(loop, &hop[i]), 0);
	}
	assert_int_equal(fiber_spawn(loop, "late", wait_for_the_second_hop, NULL, &late), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_string_equal(trace, "w");
	for (int i = 0; i < 4; i++)
		close(hops[i]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(ties_break_by_the_order_of_scheduling),
		TEST(moved_and_cancelled_events),
		TEST(a_thousand_events_come_in_order),
		TEST(nothing_to_wait_for_is_a_deadlock),
		TEST(a_sleep_takes_virtual_time),
		TEST(wakes_do_not_add_up),
		TEST(a_wake_before_the_park_is_not_lost),
		TEST(a_join_can_time_out),
		TEST(fibers_keep_their_own_stacks),
		TEST(an_unwatched_descriptor_is_silent_at_once),
		TEST(a_deadline_waits_for_what_is_already_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
