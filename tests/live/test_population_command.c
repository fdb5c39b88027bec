/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knothole population and merge, as a user runs them: however a run is cut, it counts the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver.h"

enum { TEXT = 65536, ARGS_MAX = 12 };

static char directory[DRIVEN_PATH];
static struct driven driven;

static int make_directory(void **state)
{
	(void)state;
	drive_directory(directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	drive_remove(directory);
	return 0;
}

/* A fresh environment: the machine that runs the tests may itself be part of an array. */
static int no_array(void)
{
	unsetenv("SLURM_ARRAY_TASK_ID");
	unsetenv("JOB_COMPLETION_INDEX");
	unsetenv("CI_NODE_INDEX");
	return 0;
}

static int second_of_two(void)
{
	no_array();
	setenv("JOB_COMPLETION_INDEX", "1", 1);
	setenv("JOB_COMPLETIONS", "2", 1);
	return 0;
}

static int of_unknown_many(void)
{
	no_array();
	setenv("JOB_COMPLETION_INDEX", "1", 1);
	unsetenv("JOB_COMPLETIONS");
	return 0;
}

static void command(int (*before)(void), const char *const *argv, int status)
{
	drive(&(struct drive){ .argv = argv, .before = before, .directory = directory }, &driven);
	if (driven.status != status)
		fail_msg("%s %s: status %d, not %d: %s", argv[0], argv[1], driven.status, status,
			 driven.err);
}

/* The whole of @name in the tests' directory, the caller's. */
static char *contents(const char *name)
{
	char path[DRIVEN_PATH + 64], *text = calloc(1, TEXT);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("%s was not written", path);
	assert_in_range(fread(text, 1, TEXT - 1, file), 1000, TEXT - 2);
	fclose(file);
	return text;
}

static void same(const char *a, const char *b)
{
	char *left = contents(a), *right = contents(b);

	assert_string_equal(left, right);
	free(left);
	free(right);
}

#define RUN "knothole", "population", "roverso", "-n", "400"

static void the_same_with_any_jobs(void **state)
{
	static const char *const one[] = { RUN, "--jobs", "1", "-o", "jobs1", NULL };
	static const char *const two[] = { RUN, "--jobs", "2", "-o", "jobs2", NULL };
	static const char *const seven[] = { RUN, "--jobs", "7", "-o", "jobs7", NULL };
	static const char *const seed[] = { RUN, "--seed", "2", "-o", "seed2", NULL };
	char *first, *other;

	(void)state;
	command(no_array, one, 0);
	command(no_array, two, 0);
	command(no_array, seven, 0);
	same("jobs1/counts.json", "jobs2/counts.json");
	same("jobs1/counts.json", "jobs7/counts.json");
	command(no_array, seed, 0);
	first = contents("jobs1/counts.json");
	other = contents("seed2/counts.json");
	assert_string_not_equal(first, other);
	free(first);
	free(other);
}

static void the_same_by_shards(void **state)
{
	static const char *const whole[] = { RUN, "-o", "whole", NULL };
	static const char *const shards[3][ARGS_MAX] = {
		{ RUN, "--shard", "1/3", "-o", "s1", NULL },
		{ RUN, "--shard", "2/3", "-o", "s2", NULL },
		{ RUN, "--shard", "3/3", "-o", "s3", NULL },
	};
	static const char *const merge[] = {
		"knothole",	  "merge", "s3/counts.json", "s1/counts.json",
		"s2/counts.json", "-o",	   "sum.json",	     NULL,
	};
	static const char *const part[] = { "knothole", "merge", "s3/counts.json", "s1/counts.json",
					    NULL };
	static const char *const twice[] = { "knothole", "merge", "s1/counts.json",
					     "s1/counts.json", NULL };

	(void)state;
	command(no_array, whole, 0);
	for (int i = 0; i < 3; i++)
		command(no_array, shards[i], 0);
	command(no_array, merge, 0);
	assert_string_equal(driven.err, "");
	same("whole/counts.json", "sum.json");
	command(no_array, part, 0);
	assert_non_null(strstr(driven.err, "of 400 pairs are still missing"));
	command(no_array, twice, 2);
	assert_non_null(strstr(driven.err, "s1/counts.json: some pairs were already counted"));
}

static void an_array_job_knows_its_shard(void **state)
{
	static const char *const told[] = { RUN, "-o", "told", NULL };
	static const char *const given[] = { RUN, "--shard", "2/2", "-o", "given", NULL };

	(void)state;
	command(second_of_two, told, 0);
	assert_non_null(strstr(driven.err, "part 2 of 2, as JOB_COMPLETION_INDEX says"));
	command(no_array, given, 0);
	same("told/counts.json", "given/counts.json");
	command(of_unknown_many, told, 2);
	assert_non_null(strstr(driven.err, "JOB_COMPLETIONS"));
	/* What is given counts for more. */
	command(of_unknown_many, given, 0);
}

static void a_sample_is_verified(void **state)
{
	static const char *const run[] = { RUN, "--verify", "15", "-o", "verify", NULL };
	static const char *const guess[] = { "knothole", "population", "tailscale-birthday",
					     "--verify", "1",	       NULL };

	(void)state;
	command(no_array, run, 0);
	assert_non_null(strstr(driven.out, "Of 15 pairs that were also judged from a capture, 15 "
					   "came out the same."));
	command(no_array, guess, 2);
	assert_non_null(strstr(driven.err, "does not measure pair-udp"));
}

/* Counts in which a capture showed something else end with 1, whoever gives them. */
static void a_false_word_is_reported(void **state)
{
	static const char *const run[] = { RUN, "--verify", "15", "-o", "lie", NULL };
	static const char *const merge[] = { "knothole", "merge", "lie.json", NULL };
	char path[DRIVEN_PATH + 16], *text, *agreed;
	FILE *file;

	(void)state;
	command(no_array, run, 0);
	text = contents("lie/counts.json");
	agreed = strstr(text, "\"agreed\": 15");
	assert_non_null(agreed);
	memcpy(agreed, "\"agreed\": 14", 12);
	snprintf(path, sizeof(path), "%s/lie.json", directory);
	file = fopen(path, "wb");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(text);
	command(no_array, merge, 1);
	assert_non_null(strstr(driven.err, "1 of 15 verified pairs came out otherwise"));
}

static void published_figures_are_compared(void **state)
{
	static const char *const run[] = { "knothole", "population", "ford-2005-udp", "-n",
					   "400",      "-o",	     "ford",	      NULL };
	static const char *const json[] = { "knothole", "population", "ford-2005-udp", "-n",
					    "400",	"-o",	      "ford",	       "--format",
					    "json",	NULL };

	(void)state;
	command(no_array, run, 0);
	assert_non_null(strstr(driven.out, "310 of 380"));
	assert_non_null(strstr(driven.out, "DIFFERENCE"));
	command(no_array, json, 0);
	assert_non_null(strstr(driven.out, "\"difference\": "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_with_any_jobs),
		cmocka_unit_test(the_same_by_shards),
		cmocka_unit_test(an_array_job_knows_its_shard),
		cmocka_unit_test(a_sample_is_verified),
		cmocka_unit_test(a_false_word_is_reported),
		cmocka_unit_test(published_figures_are_compared),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
