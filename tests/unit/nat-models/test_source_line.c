/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of keys in Lua texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/source_line.h"

static const struct row {
	const char *name;
	const char *text;
	const char *path;
	unsigned want;
} rows[] = {
	{ "a key", "return {\n a = 1,\n b = 2 }", "b", 3 },
	{ "a nested key", "return {\n udp = {\n  x = 1 },\n tcp = {\n  x = 2 } }", "tcp.x", 5 },
	{ "not the same key elsewhere", "return {\n x = 1,\n udp = {\n  x = 2 } }", "udp.x", 4 },
	{ "not one deeper", "return {\n udp = { x = {\n y = 1 },\n y = 2 } }", "udp.y", 4 },
	{ "a missing key: its table's", "return {\n\n udp = {\n } }", "udp.x", 3 },
	{ "nothing of it", "return { a = 1 }", "b", 0 },
	{ "the empty path", "return { a = 1 }", "", 0 },
	{ "the later of two", "return {\n a = 1,\n a = 2 }", "a", 3 },
	{ "semicolons", "return {\n a = 1;\n b = 2; }", "b", 3 },
	{ "in brackets", "return {\n [\"a\"] = 1,\n ['b'] = 2 }", "b", 3 },
	{ "a comment", "-- b = 1\nreturn { -- {\n a = 1, --[[ b = 0,\n ]] b = 2 }", "b", 4 },
	{ "a long comment", "--[==[\n return { b = 1 ]] }\n]==]\nreturn {\nb = 2 }", "b", 5 },
	{ "a string", "return { a = \"x\\\"\\\n, b = 1, \",\n b = 2 }", "b", 3 },
	{ "a long string", "return { a = [[\n{ b = 1, ]],\n b = 2 }", "b", 3 },
	{ "a comparison is no key", "return {\n a == b,\n b = 1 }", "b", 3 },
	{ "a table before", "local t = {\n a = 1 }\nreturn {\n a = 2 }", "a", 4 },
	{ "a table after is not returned", "return {\n a = 1 } , {\n a = 2 }", "a", 2 },
	{ "not in what is returned", "local t = {\n a = 1 }\nreturn t", "a", 2 },
	{ "a table handed to a function", "return {\n udp = f {\n x = 1 } }", "udp.x", 3 },
	{ "a value between", "return { udp = 3,\n { x = 1 },\n y = 1 }", "udp.x", 1 },
	{ "unfinished string", "return { a = \"", "a", 1 },
	{ "unfinished comment", "return { --[[ a = 1", "a", 0 },
	{ "unfinished table", "return {\n{{{{{{{{{{{{{{{{{{{{{{{{\na = 1", "a", 0 },
	{ "too many ends", "}}}}\nreturn {\na = 1 }", "a", 3 },
	{ "nothing", "", "a", 0 },
};

static void a_row(void **state)
{
	const struct row *row = *state;

	assert_int_equal(source_line(row->text, strlen(row->text), row->path), row->want);
}

/* Cut anywhere, a text is read to its end and no further (the sanitizers see it). */
static void cut_anywhere(void **state)
{
	static const char text[] = "return { ['a'] = [==[ x ]==], --[[ y ]] b = \"\\\"\" }";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char copy[sizeof(text)];

		memset(copy, ']', sizeof(copy));
		memcpy(copy, text, len);
		assert_true(source_line(copy, len, "b") <= 1);
	}
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest row_tests[ROWS];
	const struct CMUnitTest tests[] = { cmocka_unit_test(cut_anywhere) };
	int failed = cmocka_run_group_tests_name("source_line", tests, NULL, NULL);

	for (size_t i = 0; i < ROWS; i++)
		row_tests[i] =
			(struct CMUnitTest){ rows[i].name, a_row, NULL, NULL, (void *)&rows[i] };
	return failed + cmocka_run_group_tests_name("source_line rows", row_tests, NULL, NULL);
}
