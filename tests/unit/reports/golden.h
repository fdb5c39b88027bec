/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden files: text that a writer must reproduce, in golden/ beside the test.  With
 * KNOTHOLE_GOLDEN=write in the environment they are written anew, to be read in review.
 */
#ifndef KNOTHOLE_TEST_GOLDEN_H
#define KNOTHOLE_TEST_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN_ROOM = 1 << 16, GOLDEN_PATH = 512 };

static inline const char *golden_path(const char *name, char buf[GOLDEN_PATH])
{
	const char *home = getenv("KNOTHOLE_HOME");

	snprintf(buf, GOLDEN_PATH, "%s/tests/unit/reports/golden/%s", home ? home : ".", name);
	return buf;
}

/* The whole of @file, which is read from its start; the caller frees it. */
static inline char *golden_slurp(FILE *file)
{
	char *text = calloc(1, GOLDEN_ROOM);

	assert_non_null(text);
	rewind(file);
	assert_true(fread(text, 1, GOLDEN_ROOM - 1, file) < GOLDEN_ROOM - 1);
	return text;
}

/* Does @text equal the golden file @name?  Fails the test, showing both, where not. */
static inline void golden_check(const char *name, const char *text)
{
	const char *mode = getenv("KNOTHOLE_GOLDEN");
	char path[GOLDEN_PATH];
	char *golden;
	FILE *file;

	golden_path(name, path);
	if (mode && strcmp(mode, "write") == 0) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		assert_int_equal(fclose(file), 0);
		return;
	}
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s is missing: KNOTHOLE_GOLDEN=write makes it (KNOTHOLE_HOME is the "
			 "tree's root)",
			 path);
	golden = golden_slurp(file);
	fclose(file);
	assert_string_equal(text, golden);
	free(golden);
}

#endif
