/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines in, values and exit statuses out. */
#include "../../../cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 8, SAID_MAX = 512 };

/* Where the options of `fixture` go. */
static struct values {
	bool flag;
	const char *text;
	const char *word;
	uint64_t number;
	uint64_t duration;
	struct option_list list;
	struct option_list names;
} values;

static const struct command command = { "fixture", "[options] FILE", "For the tests.", NULL };

static const char *const words[] = { "engine", "kernel", NULL };

static const struct option table[] = {
	{ .name = "flag", .letter = 'f', .kind = OPTION_FLAG, .ret.flag = &values.flag },
	{ .name = "text",
	  .letter = 't',
	  .kind = OPTION_TEXT,
	  .ret.text = &values.text,
	  .value = "TEXT" },
	{ .name = "word",
	  .kind = OPTION_WORD,
	  .ret.text = &values.word,
	  .value = "WORD",
	  .words = words },
	{ .name = "number",
	  .kind = OPTION_NUMBER,
	  .ret.number = &values.number,
	  .value = "N",
	  .min = 1,
	  .max = 100 },
	{ .name = "duration",
	  .kind = OPTION_DURATION,
	  .ret.number = &values.duration,
	  .value = "TIME" },
	{ .name = "list", .kind = OPTION_LIST, .ret.list = &values.list, .value = "X" },
	{ .name = "names", .kind = OPTION_NAMES, .ret.list = &values.names, .value = "X,Y" },
	{ .name = "bound", .kind = OPTION_FLAG, .ret.flag = &values.flag, .of_operand = true },
};

static const struct options options = {
	.command = &command,
	.table = table,
	.len = ARRAY_LEN(table),
	.operands_min = 0,
	.operands_max = 2,
	.operand = "FILE",
};

/* Parse @given (NULL-terminated); stderr goes to @said.  Operands are left in @argv. */
static int parse(const char *const *given, int *argc, char **argv, char said[SAID_MAX])
{
	int status, saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	size_t len;

	memset(&values, 0, sizeof(values));
	argv[0] = "fixture";
	*argc = 1;
	for (; *given; given++)
		argv[(*argc)++] = (char *)*given;
	argv[*argc] = NULL;
	fflush(stderr);
	assert_true(file && saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	status = options_parse(&options, argc, argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	len = fread(said, 1, SAID_MAX - 1, file);
	said[len] = '\0';
	fclose(file);
	return status;
}

/* What is wrong, and what the one line about it must hold. */
static const struct refused {
	const char *name;
	const char *given[ARGS_MAX];
	const char *says;
} refused[] = {
	{ "names that are none", { "--names", "," }, "--names: expected X,Y; got \",\"" },
	{ "an empty name", { "--names=" }, "--names: expected X,Y; got \"\"" },
	{ "an unknown option, with the nearest", { "--flg" }, "did you mean --flag?" },
	{ "an unknown option like no other", { "--zzzzzzzz" }, "see knothole fixture --help" },
	{ "an unknown letter", { "-x" }, "unknown option -x" },
	{ "a flag with a value", { "--flag=yes" }, "--flag takes no value; got \"yes\"" },
	{ "no value at the end", { "--text" }, "--text: expected TEXT; got nothing" },
	{ "an empty text", { "-t", "" }, "--text: expected TEXT; got \"\"" },
	{ "the next option for a value",
	  { "--text", "--flag" },
	  "--text: expected TEXT; got \"--flag\"; if it is meant, write --text=--flag" },
	{ "help with a value", { "--help=me" }, "--help takes no value; got \"me\"" },
	{ "help with a letter", { "-hf" }, "--help takes no value; got \"f\"" },
	{ "an empty operand", { "a", "" }, "an argument is empty; usage: knothole fixture" },
	{ "an option of the operand that is not there",
	  { "--bound", "--flag" },
	  "--bound: expected FILE with it; got none" },
	{ "lines in a value", { "--word", "a\nb" }, "got \"a\\x0ab\"" },
	{ "not one of the words", { "--word", "kernal" }, "did you mean \"kernel\"?" },
	{ "not one of the words at all", { "--word", "?" }, "expected one of engine, kernel" },
	{ "not a number", { "--number", "12x" }, "expected a number; got \"12x\"" },
	{ "an empty number", { "--number=" }, "expected a number; got \"\"" },
	{ "a negative number", { "--number", "-1" }, "expected a number; got \"-1\"" },
	{ "below the least", { "--number", "0" }, "expected 1 to 100; got 0" },
	{ "above the most", { "--number", "101" }, "expected 1 to 100; got 101" },
	{ "beyond 64 bits", { "--number", "18446744073709551616" }, "expected a number" },
	{ "a time without a unit", { "--duration", "20" }, "expected a time such as" },
	{ "too many operands", { "a", "b", "c" }, "unexpected argument \"c\"" },
};

static void refuse(void **state)
{
	const struct refused *row = *state;
	char *argv[ARGS_MAX + 2], said[SAID_MAX];
	int argc;

	assert_int_equal(parse(row->given, &argc, argv, said), STATUS_USAGE);
	assert_non_null(strstr(said, "knothole fixture: "));
	assert_non_null(strstr(said, row->says));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void every_kind(void **state)
{
	static const char *const given[] = { "--flag",	      "-tx",	    "--word", "kernel",
					     "--number=0x64", "--duration", "20ms",   NULL };
	char *argv[ARGS_MAX + 2], said[SAID_MAX];
	int argc;

	(void)state;
	assert_int_equal(parse(given, &argc, argv, said), OPTIONS_GO_ON);
	assert_string_equal(said, "");
	assert_true(values.flag);
	assert_string_equal(values.text, "x");
	assert_string_equal(values.word, "kernel");
	assert_int_equal(values.number, 100);
	assert_int_equal(values.duration, 20000000);
	assert_int_equal(argc, 1);
}

static void lists_grow(void **state)
{
	static const char *const given[] = { "--list",	"a=1,2", "--list=b", "--names=x,,y",
					     "--names", "z",	 NULL };
	char *argv[ARGS_MAX + 2], said[SAID_MAX];
	int argc;

	(void)state;
	assert_int_equal(parse(given, &argc, argv, said), OPTIONS_GO_ON);
	assert_int_equal(values.list.len, 2);
	assert_string_equal(values.list.items[0], "a=1,2");
	assert_string_equal(values.list.items[1], "b");
	assert_int_equal(values.names.len, 3);
	assert_string_equal(values.names.items[1], "y");
	assert_string_equal(values.names.items[2], "z");
	option_list_clear(&values.list);
	option_list_clear(&values.names);
}

/* Operands keep their order, wherever options stand between them; "-" and what follows "--"
 * are operands. */
static void operands_move_together(void **state)
{
	static const char *const given[] = { "-", "-t", "x", "--", "--flag", NULL };
	char *argv[ARGS_MAX + 2], said[SAID_MAX];
	int argc;

	(void)state;
	assert_int_equal(parse(given, &argc, argv, said), OPTIONS_GO_ON);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[1], "-");
	assert_string_equal(argv[2], "--flag");
	assert_null(argv[3]);
	assert_false(values.flag);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(refused) + 3] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(lists_grow),
		cmocka_unit_test(operands_move_together),
	};

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		tests[3 + i] = (struct CMUnitTest){ .name = refused[i].name,
						    .test_func = refuse,
						    .initial_state = (void *)&refused[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
