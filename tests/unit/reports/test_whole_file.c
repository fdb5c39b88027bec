/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "reports/whole_file.h"

static char directory[32], path[64];

static int make(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/knothole-whole-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/report", directory);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory); /* fails where a temporary file was left */
}

static void check_holds(const char *expected)
{
	char text[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static void takes_the_old_ones_place(void **state)
{
	(void)state;
	assert_int_equal(whole_file_write(path, "an older report", 15), 0);
	assert_int_equal(whole_file_write(path, "new", 3), 0);
	check_holds("new");
}

/* Cut after 8 bytes, as by a full disk. */
static void leaves_none_cut_short(void **state)
{
	struct rlimit limit, all;
	char bytes[9] = "somewhat";
	int error;

	(void)state;
	assert_int_equal(whole_file_write(path, "old", 3), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	limit = (struct rlimit){ .rlim_cur = 8, .rlim_max = all.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	error = whole_file_write(path, bytes, sizeof(bytes));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_int_equal(error, -EFBIG);
	check_holds("old");
}

/* What a link leads to is written; the link stays, as /dev/stdout must. */
static void a_link_stays_one(void **state)
{
	char target[80], text[80];
	ssize_t len;

	(void)state;
	snprintf(target, sizeof(target), "%s/target", directory);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(whole_file_write(path, "new", 3), 0);
	len = readlink(path, text, sizeof(text));
	assert_int_equal(len, strlen(target));
	check_holds("new");
	unlink(target);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_the_old_ones_place, make, unmake),
		cmocka_unit_test_setup_teardown(leaves_none_cut_short, make, unmake),
		cmocka_unit_test_setup_teardown(a_link_stays_one, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
