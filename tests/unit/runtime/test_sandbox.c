/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/runtime/sandbox.h"

/* Each file is run in a fresh sandbox of 100 000 instructions and 1 MiB; "" = it must pass. */
static const struct row {
	const char *name;
	const char *text;
	const char *error;
} rows[] = {
	{ "a file may return", "return { 1 }", "" },
	{ "libraries without side effects are there",
	  "return string.rep('a', 3) .. table.concat({}) .. math.max(1, 2) .. utf8.char(65)", "" },
	{ "no os", "return os.time()", "t.lua:1: there is no global \"os\"" },
	{ "no io", "\nreturn io.open('x')", "t.lua:2: there is no global \"io\"" },
	{ "no debug", "return debug", "t.lua:1: there is no global \"debug\"" },
	{ "no require", "return require 'x'", "t.lua:1: there is no global \"require\"" },
	{ "no package", "return package", "t.lua:1: there is no global \"package\"" },
	{ "no load", "return load('x')", "t.lua:1: there is no global \"load\"" },
	{ "no loadfile", "return loadfile", "t.lua:1: there is no global \"loadfile\"" },
	{ "no dofile", "return dofile", "t.lua:1: there is no global \"dofile\"" },
	{ "no coroutine", "return coroutine", "t.lua:1: there is no global \"coroutine\"" },
	{ "no string.dump", "return string.dump(next)", "attempt to call a nil value" },
	{ "no randomseed", "math.randomseed(1)", "attempt to call a nil value" },
	{ "no getmetatable", "return getmetatable('').__index",
	  "t.lua:1: there is no global \"getmetatable\"" },
	{ "no finaliser", "setmetatable({}, { __gc = function () end })",
	  "a finaliser (__gc) is not allowed" },
	{ "a global is not made by mistake", "x = 1", "t.lua:1: global \"x\" is not allowed" },
	{ "broken Lua", "return {\n  a = \n}", "t.lua:3: unexpected symbol near '}'" },
	{ "binary chunks", "\x1bLua", "t.lua: attempt to load a binary chunk" },
	{ "an endless loop", "local x\nwhile true do x = 1 end",
	  "t.lua:2: ran out of its budget of 100000 instructions" },
	{ "an endless loop round a pcall",
	  "while true do pcall(function () while true do end end) end", "ran out of its budget" },
	{ "too much memory", "return string.rep('x', 2000000)", "t.lua: not enough memory" },
	{ "too much memory, bit by bit", "local t = {} while true do t[#t + 1] = {} end",
	  "t.lua: not enough memory" },
	{ "endless recursion", "local function f() return 1 + f() end return f()",
	  "t.lua: not enough memory" },
	{ "an error that is no text", "error({})", "t.lua: error object is a table value" },
	{ "an error of two lines", "error('one\\ntwo')", "t.lua:1: one two" },
};

static char path[] = "/tmp/knothole-sandbox-XXXXXX";

static struct sandbox *sandbox_for(const char *text, uint64_t seed)
{
	const struct sandbox_limits limits = { .instructions = 100000, .memory = 1 << 20 };
	struct sandbox *sandbox;
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(sandbox_new(&limits, seed, NULL, &sandbox), 0);
	return sandbox;
}

static void run_row(void **state)
{
	const struct row *row = *state;
	struct sandbox *sandbox = sandbox_for(row->text, 1);
	char error[512] = "";
	int ret = sandbox_run_file(sandbox, path, "t.lua", error, sizeof(error));

	sandbox_free(sandbox);
	assert_int_equal(ret != 0, row->error[0] != '\0');
	if (!strstr(error, row->error))
		fail_msg("expected \"%s\", got \"%s\"", row->error, error);
	assert_null(strchr(error, '\n'));
}

static lua_Integer draw(uint64_t seed)
{
	struct sandbox *sandbox = sandbox_for("return math.random(1 << 40)", seed);
	char error[512];
	lua_Integer drawn;

	assert_int_equal(sandbox_run_file(sandbox, path, "t.lua", error, sizeof(error)), 0);
	drawn = lua_tointeger(sandbox_lua(sandbox), -1);
	sandbox_free(sandbox);
	return drawn;
}

static void chance_comes_from_the_seed(void **state)
{
	(void)state;
	assert_int_equal(draw(7), draw(7));
	assert_int_not_equal(draw(7), draw(8));
}

static void a_missing_file(void **state)
{
	struct sandbox *sandbox = sandbox_for("", 1);
	char error[512];

	(void)state;
	assert_int_not_equal(
		sandbox_run_file(sandbox, "/nowhere/x.lua", "x.lua", error, sizeof(error)), 0);
	sandbox_free(sandbox);
	assert_string_equal(error, "/nowhere/x.lua: No such file or directory");
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* Lua itself shows 59 bytes of a name, and errors begin with all of it. */
static void a_long_path_is_named_whole(void **state)
{
	static const char *const texts[] = { "error('oh')", "return {", "x = 1",
					     "while true do end", "error({})" };
	char file[300], begin[310], error[1024];

	(void)state;
	for (size_t len = 57; len < sizeof(file); len += len < 63 ? 1 : 50) {
		memset(file, 'd', len);
		memcpy(file, "/a/", 3);
		memcpy(file + len - 6, "/t.lua", 7);
		snprintf(begin, sizeof(begin), "%s:", file);
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			struct sandbox *sandbox = sandbox_for(texts[i], 1);

			assert_true(sandbox_run_file(sandbox, path, file, error, sizeof(error)));
			sandbox_free(sandbox);
			if (strncmp(error, begin, strlen(begin)) != 0 || strstr(error, "/t.lua: /"))
				fail_msg("expected %s at first, got %s", begin, error);
		}
	}
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	struct CMUnitTest tests[ROWS + 3];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = run_row,
						.initial_state = (void *)&rows[i] };
	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(chance_comes_from_the_seed);
	tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(a_missing_file);
	tests[ROWS + 2] = (struct CMUnitTest)cmocka_unit_test(a_long_path_is_named_whole);
	return _cmocka_run_group_tests("sandbox", tests, ROWS + 3, make_file, remove_file);
}
