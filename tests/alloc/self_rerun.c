/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does rerun.c see one single lost object?  A program with tests that lose just one, each on another way,
 * and with one that loses nothing: it is run with allocations failing, and as many faults as are planted
 * here must be reported, and no more.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct thing {
	char *name;
	char *text;
};

static void thing_free(struct thing *thing)
{
	if (!thing)
		return;
	free(thing->name);
	free(thing->text);
	free(thing);
}

/* 0 or -ENOMEM.  @forgets: what had been made when the last part of it failed. */
static int thing_new(void (*forgets)(struct thing *thing), struct thing **ret)
{
	struct thing *thing = calloc(1, sizeof(*thing));

	if (!thing)
		return -ENOMEM;
	thing->name = malloc(8);
	if (thing->name)
		thing->text = malloc(80);
	if (!thing->name || !thing->text) {
		if (thing->name && forgets)
			forgets(thing);
		else
			thing_free(thing);
		return -ENOMEM;
	}
	*ret = thing;
	return 0;
}

static void all_of_it(struct thing *thing)
{
	(void)thing;
}

static void its_name(struct thing *thing)
{
	thing->name = NULL;
	thing_free(thing);
}

static void make(void (*forgets)(struct thing *thing))
{
	struct thing *thing = NULL;

	assert_int_equal(thing_new(forgets, &thing), 0);
	thing_free(thing);
}

static void loses_nothing(void **state)
{
	(void)state;
	make(NULL);
}

static void loses_one_of_many(void **state)
{
	(void)state;
	make(all_of_it);
}

static void loses_a_part(void **state)
{
	(void)state;
	make(its_name);
}

/* No assertion fails: it is missed at the end. */
static void goes_on_without(void **state)
{
	struct thing *thing = NULL;

	(void)state;
	if (thing_new(all_of_it, &thing) == 0)
		thing_free(thing);
}

/* Held by a variable of the test's, though not by the callee's caller. */
static void holds_it(void **state)
{
	struct thing *thing = NULL;
	char *other;

	(void)state;
	assert_int_equal(thing_new(NULL, &thing), 0);
	other = malloc(30);
	assert_non_null(other);
	free(other);
	thing_free(thing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loses_nothing), cmocka_unit_test(loses_one_of_many),
		cmocka_unit_test(loses_a_part),	 cmocka_unit_test(goes_on_without),
		cmocka_unit_test(holds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
