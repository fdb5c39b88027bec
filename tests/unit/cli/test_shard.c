/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shards: as given, as an array job's variables say, and that together they are the whole. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/shard.h"

static void as_given(void **state)
{
	static const char *const bad[] = {
		"",	"1",	"/",	"1/",	"/2",  "0/2",  "3/2",
		"-1/2", "1/2x", "1x/2", "+1/2", "1/0", " 1/2", "1/99999999999999999999"
	};
	struct shard shard;

	(void)state;
	assert_int_equal(shard_parse("1/1", &shard), 0);
	assert_true(shard.index == 0 && shard.count == 1);
	assert_int_equal(shard_parse("7/7", &shard), 0);
	assert_true(shard.index == 6 && shard.count == 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (shard_parse(bad[i], &shard) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	}
}

static const char *const *environment; /* name, value, name, value …, NULL */

static char *get(const char *name)
{
	for (size_t i = 0; environment[i]; i += 2) {
		if (strcmp(environment[i], name) == 0)
			return (char *)environment[i + 1];
	}
	return NULL;
}

static const struct row {
	const char *variables[10];
	uint64_t index, count; /* count 0: an error … */
	const char *text; /* … that says so */
} rows[] = {
	{ { NULL }, 0, 1, NULL },
	{ { "SLURM_ARRAY_TASK_ID", "3", "SLURM_ARRAY_TASK_COUNT", "4" }, 3, 4, NULL },
	{ { "SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_COUNT", "4", "SLURM_ARRAY_TASK_MIN",
	    "1" },
	  0,
	  4,
	  NULL },
	{ { "SLURM_ARRAY_TASK_ID", "18", "SLURM_ARRAY_TASK_COUNT", "5", "SLURM_ARRAY_TASK_MIN",
	    "10", "SLURM_ARRAY_TASK_STEP", "2" },
	  4,
	  5,
	  NULL },
	{ { "SLURM_ARRAY_TASK_ID", "4", "SLURM_ARRAY_TASK_COUNT", "4" }, 0, 0, "none of" },
	{ { "SLURM_ARRAY_TASK_ID", "0", "SLURM_ARRAY_TASK_COUNT", "4", "SLURM_ARRAY_TASK_MIN",
	    "1" },
	  0,
	  0,
	  "none of" },
	{ { "JOB_COMPLETION_INDEX", "0", "JOB_COMPLETIONS", "8" }, 0, 8, NULL },
	{ { "JOB_COMPLETION_INDEX", "7", "JOB_COMPLETIONS", "8" }, 7, 8, NULL },
	{ { "JOB_COMPLETION_INDEX", "8", "JOB_COMPLETIONS", "8" }, 0, 0, "none of" },
	{ { "JOB_COMPLETION_INDEX", "7" }, 0, 0, "JOB_COMPLETIONS" },
	{ { "JOB_COMPLETION_INDEX", "x", "JOB_COMPLETIONS", "8" }, 0, 0, "got \"x\"" },
	{ { "CI_NODE_INDEX", "1", "CI_NODE_TOTAL", "3" }, 0, 3, NULL },
	{ { "CI_NODE_INDEX", "3", "CI_NODE_TOTAL", "3" }, 2, 3, NULL },
	{ { "CI_NODE_INDEX", "0", "CI_NODE_TOTAL", "3" }, 0, 0, "none of" },
	{ { "CI_NODE_INDEX", "4", "CI_NODE_TOTAL", "3" }, 0, 0, "none of" },
	{ { "CI_NODE_INDEX", "2" }, 0, 0, "CI_NODE_TOTAL" },
	{ { "SLURM_ARRAY_TASK_ID", "2" }, 0, 0, "SLURM_ARRAY_TASK_COUNT" },
	{ { "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_COUNT", "0" }, 0, 0, "none of" },
	{ { "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_COUNT", "4", "SLURM_ARRAY_TASK_MIN",
	    "first" },
	  0,
	  0,
	  "SLURM_ARRAY_TASK_MIN: expected a number; got \"first\"" },
	{ { "SLURM_ARRAY_TASK_ID", "13", "SLURM_ARRAY_TASK_COUNT", "5", "SLURM_ARRAY_TASK_MIN",
	    "10", "SLURM_ARRAY_TASK_STEP", "2" },
	  0,
	  0,
	  "no multiple of SLURM_ARRAY_TASK_STEP" },
	/* One job inside another: fine where they agree. */
	{ { "JOB_COMPLETION_INDEX", "1", "JOB_COMPLETIONS", "3", "CI_NODE_INDEX", "2",
	    "CI_NODE_TOTAL", "3" },
	  1,
	  3,
	  NULL },
	{ { "JOB_COMPLETION_INDEX", "1", "JOB_COMPLETIONS", "3", "CI_NODE_INDEX", "1",
	    "CI_NODE_TOTAL", "3" },
	  0,
	  0,
	  "JOB_COMPLETION_INDEX says part 2 of 3, and CI_NODE_INDEX part 1 of 3" },
	{ { "SLURM_ARRAY_TASK_ID", "0", "SLURM_ARRAY_TASK_COUNT", "4", "CI_NODE_INDEX", "1",
	    "CI_NODE_TOTAL", "2" },
	  0,
	  0,
	  "SLURM_ARRAY_TASK_ID says part 1 of 4, and CI_NODE_INDEX part 1 of 2" },
	/* GitLab tells the total to jobs that are not parallel, too. */
	{ { "CI_NODE_TOTAL", "1" }, 0, 1, NULL },
};

static void as_the_environment_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct shard shard = { 99, 99, NULL };
		char error[200] = "";
		int err;

		environment = rows[i].variables;
		err = shard_detect(get, &shard, error, sizeof(error));
		if (rows[i].count == 0) {
			assert_int_equal(err, -EINVAL);
			assert_non_null(strstr(error, rows[i].text));
			continue;
		}
		if (err || shard.index != rows[i].index || shard.count != rows[i].count)
			fail_msg("row %zu: %d: %d of %d %s", i, err, (int)shard.index,
				 (int)shard.count, error);
	}
}

static void together_they_are_the_whole(void **state)
{
	static const uint64_t wholes[] = { 0, 1, 7, 100, 1000000000000 };
	static const uint64_t counts[] = { 1, 2, 3, 7, 100 };

	(void)state;
	for (size_t w = 0; w < 5; w++) {
		for (size_t c = 0; c < 5; c++) {
			uint64_t at = 0, first, end;

			for (uint64_t i = 0; i < counts[c]; i++) {
				struct shard shard = { i, counts[c], NULL };

				shard_range(&shard, wholes[w], &first, &end);
				assert_true(first == at);
				assert_in_range(end - first, wholes[w] / counts[c],
						wholes[w] / counts[c] + 1);
				at = end;
			}
			assert_true(at == wholes[w]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_given),
		cmocka_unit_test(as_the_environment_says),
		cmocka_unit_test(together_they_are_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
