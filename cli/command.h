/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A subcommand of `knothole`, and what all of them share: exit statuses, one-line errors,
 * colour and the directory of results.
 */
#ifndef KNOTHOLE_COMMAND_H
#define KNOTHOLE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit statuses, the same for every subcommand. */
enum {
	STATUS_OK = 0, /* everything was as expected */
	STATUS_UNEXPECTED = 1, /* something was not */
	STATUS_USAGE = 2, /* the command line or a file it names is wrong */
	STATUS_CANNOT = 77, /* cannot run here; the message says why */
};

struct command {
	const char *name;
	const char *usage; /* what follows the name: "[options] FILE" */
	const char *summary; /* one line for `knothole --help` */
	int (*run)(int argc, char **argv); /* argv[0] is the name; returns the exit status */
};

/* Each lives in cli/NAME*.c; main.c's table names them all. */
extern const struct command command_bench;
extern const struct command command_exec;
extern const struct command command_matrix;
extern const struct command command_merge;
extern const struct command command_models;
extern const struct command command_population;
extern const struct command command_run;
extern const struct command command_shell;
extern const struct command command_verdict;

/* Print "knothole NAME: …", or "knothole: …" where @name is NULL, as one line on stderr, whatever
 * the texts hold, and return @status, so that a subcommand can end with
 * `return command_error(argv[0], STATUS_USAGE, "…")`. */
int command_error(const char *name, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* May @out be coloured?  Only a terminal is, and not where NO_COLOR is set to anything. */
bool command_colour(FILE *out);

/*
 * Make the directory that results go to, parents included: @given (-o), or where that is NULL
 * results/<time>-<name>, never one that is already there.  Its path is written to @ret.
 * STATUS_OK; or STATUS_USAGE, with a line printed for subcommand @command, where there is none
 * that can be written to, or its path is longer than @size.
 */
int command_results(const char *command, const char *given, const char *name, char *ret,
		    size_t size);

#endif
