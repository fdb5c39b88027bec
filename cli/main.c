/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command `knothole`: finds the subcommand and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "../nat-models/suggest.h"
#include "command.h"
#include "options.h"

static const struct command *const commands[] = {
	&command_matrix,  &command_run,	       &command_models, &command_exec,	&command_shell,
	&command_verdict, &command_population, &command_merge,	&command_bench,
};

static void help(FILE *out)
{
	fputs("usage: knothole COMMAND [options]\n\n"
	      "Which traversal method gets two peers talking through these NATs, and why?\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-12s%s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`knothole COMMAND --help` says more of each.\n"
	      "Exit status: 0 all as expected, 1 something was not, 2 usage, 77 cannot run here.\n",
	      out);
}

static int unknown_command(const char *word)
{
	const char *names[ARRAY_LEN(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i]->name;
	near = suggest(word, names, ARRAY_LEN(commands));
	if (near)
		return command_error(NULL, STATUS_USAGE,
				     "unknown command \"%s\"; did you mean \"%s\"?", word, near);
	return command_error(NULL, STATUS_USAGE, "unknown command \"%s\"; see knothole --help",
			     word);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return STATUS_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	}
	return unknown_command(argv[1]);
}
