/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sample of a matrix: so many cells, each model of the longer side as often as the others, and the same
 * ones for the same seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/sample.h"

enum { SIDE_MAX = 40 };

/* The runs of a table of @rows by @columns, with two of `realise` each. */
static json_t *runs_of(int rows, int columns)
{
	json_t *runs = json_array();

	for (int cell = 0; cell < rows * columns * 2; cell++) {
		json_t *params = json_pack(
			"{s:o, s:o, s:i}", "a", json_sprintf("a%d", cell / 2 / columns), "b",
			json_sprintf("b%d", cell / 2 % columns), "realise", cell % 2);

		json_array_append_new(runs, json_pack("{s:o}", "params", params));
	}
	return runs;
}

static int number(const json_t *run, const char *key)
{
	int n = -1;

	assert_int_equal(
		sscanf(json_string_value(json_object_get(json_object_get(run, "params"), key)),
		       "%*c%d", &n),
		1);
	return n;
}

static void count(const json_t *runs, const char *key, int len, unsigned *ret_least,
		  unsigned *ret_most)
{
	unsigned counts[SIDE_MAX] = { 0 };
	json_t *run;
	size_t i;

	json_array_foreach(runs, i, run) counts[number(run, key)]++;
	*ret_least = *ret_most = counts[0];
	for (int n = 1; n < len; n++) {
		*ret_least = counts[n] < *ret_least ? counts[n] : *ret_least;
		*ret_most = counts[n] > *ret_most ? counts[n] : *ret_most;
	}
}

static void each_model_as_often(void **state)
{
	static const struct {
		int rows, columns;
		uint64_t cells;
	} tables[] = { { 32, 32, 200 }, { 5, 31, 40 }, { 31, 5, 40 },
		       { 1, 9, 4 },	{ 7, 7, 49 },  { 7, 7, 48 } };

	(void)state;
	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++) {
		int rows = tables[t].rows, columns = tables[t].columns;
		bool wide = rows < columns;
		json_t *runs = runs_of(rows, columns);
		unsigned least, most;

		assert_int_equal(sample_runs(runs, tables[t].cells, 7), rows * columns);
		assert_int_equal(json_array_size(runs), 2 * tables[t].cells);
		count(runs, wide ? "b" : "a", wide ? columns : rows, &least, &most);
		assert_true(most - least <= 2); /* both of `realise` */
		count(runs, wide ? "a" : "b", wide ? rows : columns, &least, &most);
		if (tables[t].cells >= (uint64_t)rows + (uint64_t)columns)
			assert_true(least > 0);
		json_decref(runs);
	}
}

static void the_seed_says_which(void **state)
{
	json_t *one = runs_of(10, 10), *same = runs_of(10, 10), *other = runs_of(10, 10);

	(void)state;
	sample_runs(one, 30, 1);
	sample_runs(same, 30, 1);
	sample_runs(other, 30, 2);
	assert_true(json_equal(one, same));
	assert_false(json_equal(one, other));
	json_decref(one);
	json_decref(same);
	json_decref(other);
}

static void more_than_there_are(void **state)
{
	json_t *runs = runs_of(3, 4), *all = runs_of(3, 4);

	(void)state;
	assert_int_equal(sample_runs(runs, 1000, 1), 12);
	assert_true(json_equal(runs, all));
	json_decref(runs);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_model_as_often),
		cmocka_unit_test(the_seed_says_which),
		cmocka_unit_test(more_than_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
