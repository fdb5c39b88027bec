/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenarios/runtime/collection.h"

/* A home of our own: what stands in the folders is a scenario, what stands beside them not. */
static const char *const files[] = { "scenarios/matrix.lua",
				     "scenarios/knothole.d.lua",
				     "scenarios/basics/punch.lua",
				     "scenarios/basics/direct.lua",
				     "scenarios/basics/notes.txt",
				     "scenarios/skype/both.lua",
				     "skype/both.lua" };
static const char *const folders[] = { "scenarios", "scenarios/basics", "scenarios/skype",
				       "scenarios/empty", "skype" };

enum { FILES = sizeof(files) / sizeof(*files), FOLDERS = sizeof(folders) / sizeof(*folders) };

static char home[] = "/tmp/knothole-home-XXXXXX";

static const char *in_home(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", home, name);
	return path;
}

static const struct row {
	const char *name;
	const char *operand; /* NULL = none; a leading '/' stands for the home */
	const char *names; /* each followed by a blank; or the error's end */
} rows[] = {
	{ "none: all in the folders", NULL, "basics/direct basics/punch skype/both " },
	{ "a folder of ours", "basics", "basics/direct basics/punch " },
	{ "one of ours", "skype/both", "skype/both " },
	{ "one of ours by its file's name", "skype/both.lua", "skype/both " },
	{ "one that is beside the folders", "matrix", "matrix " },
	{ "a file by its path", "/scenarios/skype/both.lua", "skype/both " },
	{ "a folder by its path", "/scenarios/basics", "basics/direct basics/punch " },
	{ "a word that is nearly one", "skype/bth",
	  "skype/bth: no such file, folder or scenario; did you mean \"skype/both\"?" },
	{ "a word that is nothing", "zzzzzzzzzz", "zzzzzzzzzz: no such file, folder or scenario" },
	{ "an empty folder", "empty", "empty: no scenario in it" },
};

static void run_row(void **state)
{
	const struct row *row = *state;
	char error[256] = "", names[256] = "", operand[256];
	char *operands[] = { operand };
	struct collection collection;
	size_t used = 0;
	int ret;

	snprintf(operand, sizeof(operand), "%s", row->operand ? row->operand : "");
	if (operand[0] == '/')
		snprintf(operand, sizeof(operand), "%s", in_home(row->operand + 1));
	ret = collection_find(home, operands, row->operand ? 1 : 0, &collection, error,
			      sizeof(error));
	for (size_t i = 0; !ret && i < collection.len; i++) {
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s ",
					 collection.files[i].name);
	}
	collection_clear(&collection);
	assert_string_equal(ret ? error : names, row->names);
}

static void each_file_once(void **state)
{
	char *operands[] = { "basics", "basics/punch", "basics" };
	struct collection collection;
	char error[256];

	(void)state;
	assert_int_equal(collection_find(home, operands, 3, &collection, error, sizeof(error)), 0);
	assert_int_equal(collection.len, 2);
	collection_clear(&collection);
}

/* Or the second would write over the first one's capture. */
static void two_of_the_same_name(void **state)
{
	char first[256], second[256], error[256];
	char *operands[] = { first, second };
	struct collection collection;

	(void)state;
	snprintf(first, sizeof(first), "%s", in_home("scenarios/skype/both.lua"));
	snprintf(second, sizeof(second), "%s", in_home("skype/both.lua"));
	assert_int_equal(collection_find(home, operands, 2, &collection, error, sizeof(error)), 0);
	assert_string_equal(collection.files[0].name, "skype/both");
	assert_string_equal(collection.files[1].name, "skype/both-2");
	collection_clear(&collection);
}

static int make_home(void **state)
{
	(void)state;
	if (!mkdtemp(home) || chdir("/")) /* where no file is called as ours are */
		return -1;
	for (size_t i = 0; i < FOLDERS; i++)
		if (mkdir(in_home(folders[i]), 0700))
			return -1;
	for (size_t i = 0; i < FILES; i++) {
		FILE *file = fopen(in_home(files[i]), "w");

		if (!file || fclose(file))
			return -1;
	}
	return 0;
}

static int remove_home(void **state)
{
	int ret = 0;

	(void)state;
	for (size_t i = 0; i < FILES; i++)
		ret |= unlink(in_home(files[i]));
	for (size_t i = FOLDERS; i > 0; i--)
		ret |= rmdir(in_home(folders[i - 1]));
	return ret | rmdir(home);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	struct CMUnitTest tests[ROWS + 2];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = run_row,
						.initial_state = (void *)&rows[i] };
	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(each_file_once);
	tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(two_of_the_same_name);
	return _cmocka_run_group_tests("collection", tests, ROWS + 2, make_home, remove_home);
}
