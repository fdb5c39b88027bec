/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "sim/bell.h"
#include "sim/fiber.h"

static struct loop *loop;
static struct bell *bell;
static int results[2];
static int ended;
static bool done;

static int setup(void **state)
{
	(void)state;
	bell = calloc(1, sizeof(*bell));
	assert_non_null(bell);
	ended = 0;
	done = false;
	return loop_new(LOOP_VIRTUAL, &loop);
}

static int teardown(void **state)
{
	(void)state;
	free(bell);
	loop_free(loop);
	return 0;
}

static void wait_and_note(void *arg)
{
	*(int *)arg = bell_wait(bell, SEC);
	done = ++ended == 2;
}

/* Waits, and then does what a reader does that met the end of its stream: it closes. */
static void wait_and_close(void *arg)
{
	*(int *)arg = bell_wait(bell, SEC);
	bell_break(bell);
	free(bell);
	bell = NULL;
	done = ++ended == 2;
}

static void ring(void *arg)
{
	(void)arg;
	assert_non_null(bell);
	assert_true(bell_ring(bell));
	assert_false(bell_ring(bell));
}

static void nobody_waits(void **state)
{
	(void)state;
	assert_false(bell_ring(bell));
	bell_break(bell);
}

static void all_who_wait_are_woken(void **state)
{
	(void)state;
	assert_int_equal(fiber_spawn(loop, "a", wait_and_note, &results[0], NULL), 0);
	assert_int_equal(fiber_spawn(loop, "b", wait_and_note, &results[1], NULL), 0);
	assert_int_equal(fiber_spawn(loop, "ringer", ring, NULL, NULL), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_int_equal(results[0], 0);
	assert_int_equal(results[1], 0);
	assert_int_equal(loop_now(loop), 0);
}

static void a_wait_can_time_out(void **state)
{
	(void)state;
	ended = 1;
	assert_int_equal(fiber_spawn(loop, "a", wait_and_note, &results[0], NULL), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_int_equal(results[0], -ETIMEDOUT);
	assert_false(bell_ring(bell));
}

/* Both are rung, and the one that runs first takes the bell away: whichever that is, the other
 * must hear of it, and not believe that there is something to read. */
static void rung_and_broken_before_it_runs(void **state)
{
	(void)state;
	assert_int_equal(fiber_spawn(loop, "a", wait_and_close, &results[0], NULL), 0);
	assert_int_equal(fiber_spawn(loop, "b", wait_and_note, &results[1], NULL), 0);
	assert_int_equal(fiber_spawn(loop, "ringer", ring, NULL, NULL), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_int_equal(results[0], 0);
	/* Waiters are woken newest first, so b may have run before a closed. */
	assert_true(results[1] == 0 || results[1] == -ECANCELED);
}

static void rung_and_broken_in_the_other_order(void **state)
{
	(void)state;
	assert_int_equal(fiber_spawn(loop, "b", wait_and_note, &results[1], NULL), 0);
	assert_int_equal(fiber_spawn(loop, "a", wait_and_close, &results[0], NULL), 0);
	assert_int_equal(fiber_spawn(loop, "ringer", ring, NULL, NULL), 0);
	assert_int_equal(loop_run(loop, &done), 0);
	assert_int_equal(results[0], 0);
	assert_int_equal(results[1], -ECANCELED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(nobody_waits),
		TEST(all_who_wait_are_woken),
		TEST(a_wait_can_time_out),
		TEST(rung_and_broken_before_it_runs),
		TEST(rung_and_broken_in_the_other_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
