/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, an argument a line: options of every kind, in any order. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGS_MAX = 12, TEXT_MAX = 512 };

static const struct command command = { .name = "fuzz", .usage = "", .summary = "" };

static void require(bool fact)
{
	if (!fact)
		abort();
}

static void parse(int argc, char **argv)
{
	const char *text = "", *word = "one";
	struct option_list list = { 0 }, names = { 0 };
	uint64_t number = 5, duration = 1;
	bool flag = false;
	const struct option table[] = {
		{ .name = "flag", .letter = 'f', .kind = OPTION_FLAG, .ret.flag = &flag },
		{ .name = "text", .letter = 't', .kind = OPTION_TEXT, .ret.text = &text },
		{ .name = "word",
		  .kind = OPTION_WORD,
		  .ret.text = &word,
		  .words = (const char *const[]){ "one", "two", NULL } },
		{ .name = "number",
		  .letter = 'n',
		  .kind = OPTION_NUMBER,
		  .ret.number = &number,
		  .min = 2,
		  .max = 99 },
		{ .name = "duration", .kind = OPTION_DURATION, .ret.number = &duration, .min = 1 },
		{ .name = "list", .kind = OPTION_LIST, .ret.list = &list },
		{ .name = "names", .kind = OPTION_NAMES, .ret.list = &names },
	};
	const struct options options = {
		.command = &command, .table = table, .len = ARRAY_LEN(table), .operands_max = 3
	};
	const int status = options_parse(&options, &argc, argv);

	require(status == OPTIONS_GO_ON || status == STATUS_OK || status == STATUS_USAGE);
	require(number >= 2 && number <= 99 && duration >= 1);
	require(strcmp(word, "one") == 0 || strcmp(word, "two") == 0);
	require(status != OPTIONS_GO_ON || (argc >= 1 && argc <= 4 && !argv[argc]));
	option_list_clear(&list);
	option_list_clear(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1], *argv[ARGS_MAX + 2] = { "fuzz" }, *rest = text;
	static FILE *nowhere;
	FILE *err = stderr, *out = stdout;
	int argc = 1;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	require(nowhere != NULL);
	size = size < TEXT_MAX ? size : TEXT_MAX;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	while (argc <= ARGS_MAX && rest)
		argv[argc++] = strsep(&rest, "\n");
	/* Errors and help are for people: what a sanitizer says has its own way out. */
	stdout = stderr = nowhere;
	parse(argc, argv);
	stdout = out;
	stderr = err;
	return 0;
}
