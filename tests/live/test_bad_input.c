/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bad scenarios, and bad captures.
 *
 * bad_input/NAME.lua begins with `-- STATUS: text`: `knothole run` on it must end with that
 * status and say that text: where the file is wrong (2), as one line on stderr.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver.h"

enum { FILES_MAX = 64, LINE_MAX_LEN = 256 };

static struct CMUnitTest tests[FILES_MAX];
static char names[FILES_MAX][64];
static size_t tests_len;

static void read_expectation(const char *path, int *status, char says[LINE_MAX_LEN])
{
	char line[LINE_MAX_LEN];
	FILE *file = fopen(path, "r");
	int at = 0;

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_int_equal(sscanf(line, "-- %d: %n", status, &at), 1);
	snprintf(says, LINE_MAX_LEN, "%s", line + at);
	says[strcspn(says, "\n")] = '\0';
	/* Blanks at the end would be invisible here and in the message. */
	while (*says && says[strlen(says) - 1] == ' ')
		says[strlen(says) - 1] = '\0';
}

static void bad_scenario(void **state)
{
	static struct driven driven;
	char path[DRIVEN_PATH], file[128], results[DRIVEN_PATH], says[LINE_MAX_LEN];
	int status;

	snprintf(file, sizeof(file), "tests/live/bad_input/%s", (const char *)*state);
	drive_file(file, path);
	read_expectation(path, &status, says);
	drive_directory(results);
	drive(&(struct drive){ .argv = (const char *const[]){ "knothole", "run", "--time", "5s",
							      "-o", results, path, NULL } },
	      &driven);
	drive_remove(results);
	if (!strstr(status == 2 ? driven.err : driven.out, says))
		fail_msg("expected \"%s\"; stdout: %s; stderr: %s", says, driven.out, driven.err);
	assert_int_equal(driven.status, status);
	if (status == 2 && !drive_is_one_line(driven.err))
		fail_msg("expected one line, got: %s", driven.err);
}

/* A section header that promises more than there is. */
static void truncated_capture(void **state)
{
	static const unsigned char bytes[] = { 0x0a, 0x0d, 0x0d, 0x0a, 0x60, 0, 0, 0,
					       0x4d, 0x3c, 0x2b, 0x1a, 1,    0, 0, 0 };
	static struct driven driven;
	char directory[DRIVEN_PATH], path[DRIVEN_PATH + 16];
	FILE *file;

	(void)state;
	drive_directory(directory);
	snprintf(path, sizeof(path), "%s/cut.pcapng", directory);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	assert_int_equal(fclose(file), 0);
	drive(&(struct drive){ .argv = (const char *const[]){ "knothole", "verdict", path, NULL } },
	      &driven);
	drive_remove(directory);
	if (!strstr(driven.err, path) || !strstr(driven.err, "cut short"))
		fail_msg("expected the file and \"cut short\", got: %s", driven.err);
	assert_true(drive_is_one_line(driven.err));
	assert_int_equal(driven.status, 2);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void find_files(void)
{
	char path[DRIVEN_PATH];
	struct dirent *entry;
	DIR *directory = opendir(drive_file("tests/live/bad_input", path));

	if (!directory) {
		perror(path);
		exit(1);
	}
	while ((entry = readdir(directory)) && tests_len < FILES_MAX - 1) {
		if (strstr(entry->d_name, ".lua"))
			snprintf(names[tests_len++], sizeof(names[0]), "%.63s", entry->d_name);
	}
	closedir(directory);
	qsort(names, tests_len, sizeof(names[0]), by_name);
	for (size_t i = 0; i < tests_len; i++)
		tests[i] = (struct CMUnitTest){ .name = names[i],
						.test_func = bad_scenario,
						.initial_state = names[i] };
}

int main(void)
{
	if (!drive_possible())
		return 77;
	find_files();
	tests[tests_len++] = (struct CMUnitTest)cmocka_unit_test(truncated_capture);
	return _cmocka_run_group_tests("bad input", tests, tests_len, NULL, NULL);
}
