/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nat-models/duration.h"
#include "scenarios/runtime/worker.h"

static json_t *say_number(void *arg)
{
	return json_pack("{s:i}", "n", *(int *)arg);
}

/* More than a pipe holds. */
static json_t *say_much(void *arg)
{
	char *text = malloc(1 << 20);
	json_t *result;

	(void)arg;
	memset(text, 'x', (1 << 20) - 1);
	text[(1 << 20) - 1] = '\0';
	result = json_pack("{s:s}", "text", text);
	free(text);
	return result;
}

static json_t *crash(void *arg)
{
	(void)arg;
	kill(getpid(), SIGKILL);
	return NULL;
}

static json_t *leave(void *arg)
{
	(void)arg;
	_exit(3);
}

static json_t *hang(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void results_stand_in_the_order_of_the_plan(void **state)
{
	enum { N = 40 };
	struct worker workers[N];
	int numbers[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		numbers[i] = i;
		workers[i] = (struct worker){ .work = say_number,
					      .arg = &numbers[i],
					      .budget_ns = 60 * NS_PER_S };
	}
	workers_run(workers, N, 7, NULL, NULL);
	for (int i = 0; i < N; i++) {
		assert_non_null(workers[i].result);
		assert_int_equal(json_integer_value(json_object_get(workers[i].result, "n")), i);
		json_decref(workers[i].result);
	}
}

static void a_long_result(void **state)
{
	struct worker worker = { .work = say_much, .budget_ns = 60 * NS_PER_S };

	(void)state;
	workers_run(&worker, 1, 4, NULL, NULL);
	assert_non_null(worker.result);
	assert_int_equal(json_string_length(json_object_get(worker.result, "text")), (1 << 20) - 1);
	json_decref(worker.result);
}

static void assert_fault(json_t *(*work)(void *), uint64_t budget_ns, const char *fault)
{
	struct worker worker = { .work = work, .budget_ns = budget_ns };

	workers_run(&worker, 1, 1, NULL, NULL);
	assert_null(worker.result);
	assert_string_equal(worker.fault, fault);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
}

static void one_that_crashes(void **state)
{
	(void)state;
	assert_fault(crash, 60 * NS_PER_S, "killed by signal 9 (Killed)");
}

static void one_that_leaves_nothing(void **state)
{
	(void)state;
	assert_fault(leave, 60 * NS_PER_S, "its process ended with status 3 and left no result");
}

static void one_that_hangs(void **state)
{
	(void)state;
	assert_fault(hang, 20 * NS_PER_MS, "killed: it had not ended after 20ms of real time");
}

/* One that hangs holds up nobody but itself. */
static void others_go_on(void **state)
{
	int n = 5;
	struct worker workers[] = {
		{ .work = hang, .budget_ns = 50 * NS_PER_MS },
		{ .work = say_number, .arg = &n, .budget_ns = 60 * NS_PER_S },
		{ .work = say_number, .arg = &n, .budget_ns = 60 * NS_PER_S },
	};

	(void)state;
	workers_run(workers, 3, 2, NULL, NULL);
	assert_null(workers[0].result);
	assert_non_null(workers[1].result);
	assert_non_null(workers[2].result);
	json_decref(workers[1].result);
	json_decref(workers[2].result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_stand_in_the_order_of_the_plan),
		cmocka_unit_test(a_long_result),
		cmocka_unit_test(one_that_crashes),
		cmocka_unit_test(one_that_leaves_nothing),
		cmocka_unit_test(one_that_hangs),
		cmocka_unit_test(others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
