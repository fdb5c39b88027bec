/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knothole merge: counts of different parts of one run, added up. */
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "counts.h"
#include "options.h"
#include "results.h"

static int read_counts(const char *name, const char *path, struct tally *ret)
{
	struct tally_error error = { "out of memory" };
	json_t *json;
	int status = results_load(name, path, &json), err;

	if (status)
		return status;
	err = tally_from_json(json, ret, &error);
	json_decref(json);
	return err ? command_error(name, STATUS_USAGE, "%s: %s", path, error.text) : STATUS_OK;
}

static int add_file(const char *name, const char *path, struct tally *into)
{
	struct tally_error error = { "" };
	struct tally from;
	int status = read_counts(name, path, &from);

	if (status != STATUS_OK)
		return status;
	if (tally_add(into, &from, &error) < 0)
		status = command_error(name, STATUS_USAGE, "%s: %s", path, error.text);
	tally_clear(&from);
	return status;
}

static int run_merge(int argc, char **argv)
{
	const char *format = "text", *output = NULL;
	const struct option table[] = {
		OPTION_FORMAT(&format, "text", "json"),
		{ .name = "output",
		  .letter = 'o',
		  .kind = OPTION_TEXT,
		  .ret.text = &output,
		  .value = "FILE",
		  .help = "also write the sum of the counts there" },
	};
	const struct options options = { .command = &command_merge,
					 .table = table,
					 .len = ARRAY_LEN(table),
					 .operands_min = 1,
					 .operands_max = -1 };
	int status = options_parse(&options, &argc, argv);
	struct tally tally = { .of = 0 };

	if (status != OPTIONS_GO_ON)
		return status;
	status = read_counts(argv[0], argv[1], &tally);
	if (status != STATUS_OK)
		return status;
	for (int i = 2; i < argc && status == STATUS_OK; i++)
		status = add_file(argv[0], argv[i], &tally);
	if (status == STATUS_OK)
		status = counts_give(argv[0], &tally, output, format);
	if (tally_pairs(&tally) < tally.of && status == STATUS_OK)
		fprintf(stderr,
			"knothole merge: %" PRIu64 " of %" PRIu64 " pairs are still missing\n",
			tally.of - tally_pairs(&tally), tally.of);
	tally_clear(&tally);
	return status;
}

const struct command command_merge = {
	.name = "merge",
	.usage = "[options] FILES…",
	.summary = "add up the counts of a population's shards",
	.run = run_merge,
};
