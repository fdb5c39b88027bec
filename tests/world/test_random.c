/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle against NATs that nobody chose: pairs of models with every knob drawn, in every layout and by
 * every method.  What must be has to happen, what must not may not; and "may" must not become what it
 * hides behind.  `knothole matrix --random N --seed S` draws others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../live/driver.h"

/* Under the sanitizers each takes ten times as long. */
#ifdef __SANITIZE_ADDRESS__
#define DRAWS "30"
#else
#define DRAWS "250"
#endif

/* Of the methods that are not guesses: twice what was measured would be hiding. */
#define MAY_PERCENT 18.0

static char directory[DRIVEN_PATH];
static struct driven driven;

static int setup(void **state)
{
	(void)state;
	drive_directory(directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	drive_remove(directory);
	return 0;
}

static void all_is_as_the_oracle_says(void **state)
{
	const char *const argv[] = { "knothole", "matrix",  "--random", DRAWS, "--seed", "1",
				     "--world",	 "virtual", "-o",	"out", NULL };
	const char *told;
	double percent = 100;

	(void)state;
	drive(&(struct drive){ .argv = argv, .directory = directory }, &driven);
	if (driven.status)
		fail_msg("%s%s", driven.out, driven.err);
	told = strstr(driven.out, "\"may\" in ");
	assert_non_null(told);
	assert_int_equal(sscanf(told, "\"may\" in %lf %%", &percent), 1);
	if (percent > MAY_PERCENT)
		fail_msg("the oracle says \"may\" too often: %.1f %%\n%s", percent, driven.out);
	/* Of what went well no file is kept but the reports. */
	assert_null(strstr(driven.out, "seed 1:"));
}

static void a_draw_can_be_had_again(void **state)
{
	const char *const one[] = { "knothole", "matrix",  "--random", "1",   "--seed", "5",
				    "--world",	"virtual", "-o",       "one", NULL };
	const char *const two[] = { "knothole", "matrix",  "--random", "3",   "--seed", "4",
				    "--world",	"virtual", "-o",       "two", NULL };
	const char *const compare[] = { "sh", "-c",
					"python3 -c 'import json;"
					"a = json.load(open(\"one/report.json\"))[\"records\"][0];"
					"b = json.load(open(\"two/report.json\"))[\"records\"][1];"
					"print(a[\"calls\"] == b[\"calls\"])'",
					NULL };

	(void)state;
	drive(&(struct drive){ .argv = one, .directory = directory }, &driven);
	drive(&(struct drive){ .argv = two, .directory = directory }, &driven);
	drive(&(struct drive){ .argv = compare, .directory = directory }, &driven);
	assert_string_equal(driven.out, "True\n");
}

static void it_draws_its_models_itself(void **state)
{
	const char *const argv[] = { "knothole", "matrix", "--random", "1", "--a", "no-nat", NULL };

	(void)state;
	drive(&(struct drive){ .argv = argv, .directory = directory }, &driven);
	assert_int_equal(driven.status, 2);
	assert_non_null(strstr(driven.err, "--random draws the models itself"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_as_the_oracle_says, setup, teardown),
		cmocka_unit_test_setup_teardown(a_draw_can_be_had_again, setup, teardown),
		cmocka_unit_test_setup_teardown(it_draws_its_models_itself, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
