/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line options as a table: one row says the name, the kind of value, its unit and its
 * help, and where the value goes.  The parser and `--help` are both made from it.
 *
 * `--name VALUE`, `--name=VALUE`, `-n VALUE` and `-nVALUE` are the same; options and operands
 * may be mixed; `--` ends the options.  `--help` is understood everywhere and has no row.  A value
 * of its own does not begin with `--`: it would rather be the next option.
 *
 *	uint64_t seed = 0;
 *	const char *format = "text";
 *	struct option_list models = { 0 };
 *	const struct option table[] = {
 *		OPTION_SEED(&seed),
 *		OPTION_FORMAT(&format, "text", "json"),
 *		{ .name = "a", .kind = OPTION_NAMES, .ret.list = &models, .value = "MODELS",
 *		  .help = "models of the callers' NATs" },
 *	};
 *	struct options options = { &command_matrix, table, ARRAY_LEN(table), .operands_max = 0 };
 *	int status = options_parse(&options, &argc, argv);
 *
 *	if (status != OPTIONS_GO_ON)
 *		return status;
 */
#ifndef KNOTHOLE_OPTIONS_H
#define KNOTHOLE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"

enum option_kind {
	OPTION_FLAG, /* ret.flag = true */
	OPTION_TEXT, /* ret.text = the argument itself, which stays argv's and is not empty */
	OPTION_WORD, /* the same, checked to be one of `words` */
	OPTION_NUMBER, /* ret.number, decimal or 0x…, between min and max (0 = no limit) */
	OPTION_DURATION, /* ret.number in ns, from "20ms", "3s" … (nat-models/duration.h) */
	OPTION_LIST, /* appended to ret.list, each time that the option is given */
	OPTION_NAMES, /* the same, and each value is cut at its commas */
};

/* Grows by options_parse(); the caller ends it with option_list_clear(). */
struct option_list {
	char **items; /* owned */
	size_t len;
};

void option_list_clear(struct option_list *list);

struct option {
	const char *name; /* without its dashes */
	char letter; /* 'o' for -o; 0 = none */
	enum option_kind kind;
	union {
		bool *flag;
		const char **text;
		uint64_t *number;
		struct option_list *list;
	} ret; /* untouched where the option is not given: initialise it to the default */
	const char *value; /* the value's name in the help, with its unit: "N", "DIR"; no flag's */
	const char *help; /* with the default */
	const char *const *words; /* OPTION_WORD: NULL-terminated */
	uint64_t min, max; /* OPTION_NUMBER; of OPTION_DURATION min alone, in ns */
	bool of_operand; /* says something of an operand only: without any, it is an error */
};

struct options {
	const struct command *command;
	const struct option *table;
	size_t len;
	int operands_min;
	int operands_max; /* -1 = any number */
	const char *operand; /* what `of_operand` options ask for: "NAME or FILE" */
	const char *more; /* printed under the options by --help; may be NULL */
};

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { OPTIONS_GO_ON = -1 };

/*
 * Read argv[1] … argv[*argc - 1].  OPTIONS_GO_ON: the operands are now argv[1] …
 * argv[*argc - 1], and argv[*argc] is NULL.  Anything else is the exit status to return at
 * once: 0 after --help, 2 after an error, which has been printed as one line.
 */
int options_parse(const struct options *options, int *argc, char **argv);

/* Print the help that --help gives. */
void options_help(const struct options *options, FILE *out);

/* Reports have it as an integer of JSON, and repetitions count on from it. */
#define SEED_MAX (UINT64_C(1) << 62)

/* The options that several subcommands have, so that they read alike in each. */
#define OPTION_OUTPUT(target)                                                                      \
	{                                                                                          \
		.name = "output", .letter = 'o', .kind = OPTION_TEXT, .ret.text = (target),        \
		.value = "DIR", .help = "where results go; default results/<time>-<name>"          \
	}
#define OPTION_FORMAT(target, ...) /* the words that it may be */                                  \
	{                                                                                          \
		.name = "format", .kind = OPTION_WORD, .ret.text = (target), .value = "FORMAT",    \
		.help = "what is printed", .words = (const char *const[])                          \
		{                                                                                  \
			__VA_ARGS__, NULL                                                          \
		}                                                                                  \
	}
#define OPTION_SEED(target)                                                                        \
	{                                                                                          \
		.name = "seed", .kind = OPTION_NUMBER, .ret.number = (target), .value = "N",       \
		.help = "seed of all chance in the world; default 1", .max = SEED_MAX              \
	}
#define OPTION_JOBS(target)                                                                        \
	{                                                                                          \
		.name = "jobs", .letter = 'j', .kind = OPTION_NUMBER, .ret.number = (target),      \
		.value = "N", .help = "worlds at a time; default by the number of processors",     \
		.min = 1, .max = 4096                                                              \
	}
#define OPTION_REPEAT(target)                                                                      \
	{                                                                                          \
		.name = "repeat", .kind = OPTION_NUMBER, .ret.number = (target), .value = "N",     \
		.help = "run everything N times; default 1", .min = 1, .max = 1000000              \
	}
#define OPTION_WORLD(target)                                                                       \
	{                                                                                          \
		.name = "world", .kind = OPTION_WORD, .ret.text = (target), .value = "KIND",       \
		.help = "live (default), virtual, or both, which must agree",                      \
		.words = (const char *const[])                                                     \
		{                                                                                  \
			"live", "virtual", "both", NULL                                            \
		}                                                                                  \
	}
#define OPTION_REALISE(target)                                                                     \
	{                                                                                          \
		.name = "realise", .kind = OPTION_WORD, .ret.text = (target), .value = "BY",       \
		.help = "who translates, where it can: engine (default), kernel or both",          \
		.words = (const char *const[])                                                     \
		{                                                                                  \
			"engine", "kernel", "both", NULL                                           \
		}                                                                                  \
	}
#define OPTION_SET(target)                                                                         \
	{                                                                                          \
		.name = "set", .kind = OPTION_LIST, .ret.list = (target), .value = "NAME=VALUES",  \
		.help = "a scenario's parameter; several values, cut by commas, are all run"       \
			", \"\\,\" is a comma"                                                     \
	}

#endif
