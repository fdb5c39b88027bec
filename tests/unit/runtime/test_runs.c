/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runs that parameters, --set and twins make of a scenario. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "scenarios/runtime/scenario.h"

static const struct row {
	const char *name;
	const char *about;
	const char *set;
	const char *runs; /* or the error */
} rows[] = {
	{ "no parameters: one run", "{'params': {}, 'twins': []}", "{}", "[{'params':{}}]" },
	{ "a list is several runs", "{'params': {'a': ['x', 'y']}, 'twins': []}", "{}",
	  "[{'params':{'a':'x'}},{'params':{'a':'y'}}]" },
	{ "the last parameter changes fastest",
	  "{'params': {'a': ['x', 'y'], 'b': [1, 2]}, 'twins': []}", "{}",
	  "[{'params':{'a':'x','b':1}},{'params':{'a':'x','b':2}},"
	  "{'params':{'a':'y','b':1}},{'params':{'a':'y','b':2}}]" },
	{ "--set replaces a list", "{'params': {'a': ['x', 'y']}, 'twins': []}", "{'a': ['z']}",
	  "[{'params':{'a':'z'}}]" },
	{ "--set with several values", "{'params': {'a': ['x']}, 'twins': []}", "{'a': ['y', 'z']}",
	  "[{'params':{'a':'y'}},{'params':{'a':'z'}}]" },
	{ "--set of another scenario's parameter", "{'params': {'a': ['x']}, 'twins': []}",
	  "{'b': ['y']}", "[{'params':{'a':'x'}}]" },
	{ "a number stays a number", "{'params': {'n': [5]}, 'twins': []}", "{'n': ['7']}",
	  "[{'params':{'n':7}}]" },
	{ "a number must be one", "{'params': {'n': [5]}, 'twins': []}", "{'n': ['7x']}",
	  "--set n: expected a number, got \"7x\"" },
	{ "and be there", "{'params': {'n': [5]}, 'twins': []}", "{'n': ['']}",
	  "--set n: expected a number, got \"\"" },
	{ "a flag stays a flag", "{'params': {'f': [true]}, 'twins': []}", "{'f': ['false']}",
	  "[{'params':{'f':false}}]" },
	{ "a flag must be one", "{'params': {'f': [true]}, 'twins': []}", "{'f': ['no']}",
	  "--set f: expected true or false, got \"no\"" },
	{ "twins come last, from the first values",
	  "{'params': {'a': ['x', 'y'], 'b': [1]}, 'twins': [{'set': {'b': [2]}, 'fails': 'f'}]}",
	  "{}",
	  "[{'params':{'a':'x','b':1}},{'params':{'a':'y','b':1}},"
	  "{'params':{'a':'x','b':2},'twin':0}]" },
	{ "--set takes the twins away",
	  "{'params': {'a': ['x']}, 'twins': [{'set': {'a': ['y']}, 'fails': 'f'}]}",
	  "{'a': ['z']}", "[{'params':{'a':'z'}}]" },
	{ "but not where it changes nothing here",
	  "{'params': {'a': ['x']}, 'twins': [{'set': {'a': ['y']}, 'fails': 'f'}]}",
	  "{'b': ['z']}", "[{'params':{'a':'x'}},{'params':{'a':'y'},'twin':0}]" },
};

/* JSON with single quotes, which C text carries more legibly. */
static json_t *parse(const char *text)
{
	char copy[512];
	json_t *json;

	assert_true((size_t)snprintf(copy, sizeof(copy), "%s", text) < sizeof(copy));
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(copy, 0, NULL);
	assert_non_null(json);
	return json;
}

static void run_row(void **state)
{
	const struct row *row = *state;
	json_t *about = parse(row->about), *set = parse(row->set), *runs = NULL, *expected;
	char error[SCENARIO_ERROR] = "";
	int ret = scenario_runs(about, set, &runs, error);

	if (row->runs[0] != '[') {
		assert_int_not_equal(ret, 0);
		assert_string_equal(error, row->runs);
	} else {
		expected = parse(row->runs);
		assert_int_equal(ret, 0);
		if (!json_equal(runs, expected))
			fail_msg("got %s", json_dumps(runs, JSON_COMPACT));
		json_decref(expected);
		json_decref(runs);
	}
	json_decref(about);
	json_decref(set);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	struct CMUnitTest tests[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = run_row,
						.initial_state = (void *)&rows[i] };
	return _cmocka_run_group_tests("runs", tests, ROWS, NULL, NULL);
}
