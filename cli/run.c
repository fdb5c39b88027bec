/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `knothole run`: one or many scenarios. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../reports/record.h"
#include "command.h"
#include "options.h"
#include "results.h"

struct run_options {
	const char *world, *realise, *format, *output, *record;
	uint64_t seed, jobs, repeat, time, twin;
	struct option_list set;
	bool list, claims, verbose;
};

/* The value that @text begins with, up to a comma; "\\," and "\\\\" are what stands behind the
 * backslash.  Its length in @text is @ret_len. */
static json_t *read_value(const char *text, size_t *ret_len)
{
	char *value = calloc(1, strlen(text) + 1);
	json_t *string;
	size_t n = 0, i;

	for (i = 0; value && text[i] && text[i] != ','; i++) {
		if (text[i] == '\\' && (text[i + 1] == ',' || text[i + 1] == '\\'))
			i++;
		value[n++] = text[i];
	}
	*ret_len = i;
	string = json_stringn(value, n);
	free(value);
	return string;
}

/* `a=x,y` into {"a": ["x", "y"]}; -EINVAL where there is no "=". */
static int add_set(json_t *set, const char *text)
{
	const char *equals = strchr(text, '=');
	json_t *values = json_array();
	char name[64];

	if (!equals || equals == text || (size_t)(equals - text) >= sizeof(name)) {
		json_decref(values);
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	for (const char *value = equals + 1;; value++) {
		size_t len;

		json_array_append_new(values, read_value(value, &len));
		value += len;
		if (!*value)
			break;
	}
	return json_object_set_new(set, name, values);
}

static int read_set(const struct option_list *list, json_t **ret)
{
	*ret = json_object();
	for (size_t i = 0; i < list->len; i++)
		if (add_set(*ret, list->items[i]))
			return command_error("run", STATUS_USAGE,
					     "--set: expected NAME=VALUES, got \"%s\"",
					     list->items[i]);
	return STATUS_OK;
}

/* What is set must be a parameter of at least one of the scenarios. */
static int check_set(const struct suite *suite, const json_t *set)
{
	const char *name;
	json_t *values;

	json_object_foreach((json_t *)set, name, values)
	{
		size_t i = 0;

		while (i < suite->len &&
		       !json_object_get(json_object_get(suite->entries[i].about, "params"), name))
			i++;
		if (i == suite->len)
			return command_error("run", STATUS_USAGE,
					     "--set %s: no scenario here has that parameter", name);
	}
	return STATUS_OK;
}

/* And so must --twin be. */
static int check_twin(const struct suite *suite, uint64_t twin)
{
	if (!twin)
		return STATUS_OK;
	for (size_t i = 0; i < suite->len; i++) {
		const json_t *run;
		size_t k;

		json_array_foreach(suite->entries[i].runs, k, run)
		{
			const json_t *number = json_object_get(run, "twin");

			if (number && (uint64_t)json_integer_value(number) + 1 == twin)
				return STATUS_OK;
		}
	}
	return command_error("run", STATUS_USAGE,
			     "--twin %" PRIu64 ": no scenario here has so many, or --set took "
			     "them away",
			     twin);
}

static int list(const struct suite *suite, bool json)
{
	if (json) {
		json_t *abouts = json_array();

		for (size_t i = 0; i < suite->len; i++)
			json_array_append(abouts, suite->entries[i].about);
		json_dumpf(abouts, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(abouts);
		return STATUS_OK;
	}
	for (size_t i = 0; i < suite->len; i++)
		printf("%-40s %s\n", suite->entries[i].file->name,
		       json_string_value(json_object_get(suite->entries[i].about, "title")));
	return STATUS_OK;
}

static int print_claims(const char *home, const json_t *records)
{
	char path[PATH_MAX];
	json_t *claims;
	int status;

	snprintf(path, sizeof(path), "%.4000s/scenarios/claims.json", home);
	status = results_load("run", path, &claims);
	if (status)
		return status;
	report_claims(claims, records, stdout, command_colour(stdout));
	json_decref(claims);
	return STATUS_OK;
}

/* What an earlier run has shown, of its report. */
static int read_claims(const char *home, const char *path)
{
	const json_t *records;
	json_t *report;
	int status = results_load("run", path, &report);

	if (status)
		return status;
	records = json_object_get(report, "records");
	if (json_is_array(records))
		status = print_claims(home, records);
	else
		status = command_error("run", STATUS_USAGE,
				       "%s: expected a report.json with its \"records\", got none",
				       path);
	if (!status)
		status = results_status(records);
	json_decref(report);
	return status;
}

/* Does the scenario have twins, of which none was planned? */
static bool lost_twins(const struct suite_entry *entry)
{
	const json_t *run;
	size_t i;

	json_array_foreach(entry->runs, i, run) if (json_object_get(run, "twin")) return false;
	return json_array_size(json_object_get(entry->about, "twins")) > 0;
}

/* With other parameters than its own a scenario's twins need not fail: a pass is not to hide that
 * they did not run. */
static void tell_lost_twins(const struct suite *suite)
{
	size_t n = 0;

	for (size_t i = 0; i < suite->len; i++)
		n += lost_twins(&suite->entries[i]);
	if (n)
		printf("twins not run: those of %zu scenario%s, whose parameters --set changes\n",
		       n, n == 1 ? "" : "s");
}

static int print(const struct run_options *options, const char *home, const struct suite *suite,
		 const char *directory, const json_t *records)
{
	if (options->claims)
		return print_claims(home, records);
	if (strcmp(options->format, "text") == 0) {
		report_terminal(records, stdout, command_colour(stdout), options->verbose);
		tell_lost_twins(suite);
		printf("results: %s\n", directory);
		return STATUS_OK;
	}
	return results_print_report("run", directory, options->format);
}

static int play(const struct run_options *options, const char *home, const struct suite *suite,
		struct suite_options *suite_options)
{
	char directory[PATH_MAX];
	int status = results_worlds("run", options->world, &suite_options->worlds);
	json_t *records;

	if (!status)
		status = results_nats("run", suite_options->worlds, options->realise);
	if (!status)
		status = command_results("run", options->output, "run", directory,
					 sizeof(directory));
	if (status)
		return status;
	suite_options->directory = directory;
	records = suite_run(suite, suite_options);
	status = results_write("run", directory, records);
	if (!status)
		status = print(options, home, suite, directory, records);
	if (!status)
		status = results_status(records);
	json_decref(records);
	return status;
}

static enum suite_nats nats_of(const char *word)
{
	return strcmp(word, "kernel") == 0 ? SUITE_KERNEL
	       : strcmp(word, "both") == 0 ? SUITE_BOTH_NATS
					   : SUITE_AS_SAID;
}

static int run_collection(const struct run_options *options, const char *home, char **operands,
			  size_t n, json_t *set)
{
	struct suite_options suite_options = { .nats = nats_of(options->realise),
					       .set = set,
					       .seed = options->seed,
					       .repeat = (unsigned)options->repeat,
					       .twin = (unsigned)options->twin,
					       .jobs = (unsigned)options->jobs,
					       .budget_ns = options->time,
					       .progress = results_progress };
	struct collection collection;
	struct suite suite;
	char error[1024];
	int status;

	if (collection_find(home, operands, n, &collection, error, sizeof(error)))
		return command_error("run", STATUS_USAGE, "%s", error);
	status = results_read(&collection, &suite_options, !options->list, &suite);
	if (!status) {
		status = check_set(&suite, set);
		if (!status && !options->list)
			status = check_twin(&suite, options->twin);
		if (!status && options->list)
			status = list(&suite, strcmp(options->format, "json") == 0);
		else if (!status)
			status = play(options, home, &suite, &suite_options);
		suite_clear(&suite);
	}
	collection_clear(&collection);
	return status;
}

static int act(const struct run_options *o, char **operands, size_t operands_len)
{
	char home[PATH_MAX];
	json_t *set = NULL;
	int status = read_set(&o->set, &set);

	if (!status && collection_home(home, sizeof(home)))
		status = command_error("run", STATUS_USAGE,
				       "the scenarios are not found: set KNOTHOLE_HOME");
	if (!status && o->record && !o->claims)
		status = command_error("run", STATUS_USAGE, "--record goes with --claims only");
	if (!status && o->record && operands_len)
		status = command_error("run", STATUS_USAGE,
				       "--record %s: expected no scenario with it; got \"%s\"",
				       o->record, operands[0]);
	if (!status && o->record)
		status = read_claims(home, o->record);
	else if (!status)
		status = run_collection(o, home, operands, operands_len, set);
	json_decref(set);
	return status;
}

static int run(int argc, char **argv)
{
	struct run_options o = {
		.world = "live", .realise = "engine", .format = "text", .seed = 1, .repeat = 1
	};
	const struct option table[] = {
		OPTION_WORLD(&o.world),
		OPTION_REALISE(&o.realise),
		OPTION_SET(&o.set),
		OPTION_SEED(&o.seed),
		OPTION_REPEAT(&o.repeat),
		{ .name = "twin",
		  .kind = OPTION_NUMBER,
		  .ret.number = &o.twin,
		  .value = "N",
		  .help = "run the N-th twin of each scenario only",
		  .min = 1,
		  .max = 1000000 },
		OPTION_JOBS(&o.jobs),
		OPTION_OUTPUT(&o.output),
		OPTION_FORMAT(&o.format, "text", "json", "junit"),
		{ .name = "time",
		  .kind = OPTION_DURATION,
		  .ret.number = &o.time,
		  .value = "TIME",
		  .min = 1,
		  .help = "a run's time by its world's clock, 2s more until it is killed; default "
			  "60s; virtual 24h, but 60s of real time whatever is given" },
		{ .name = "list",
		  .kind = OPTION_FLAG,
		  .ret.flag = &o.list,
		  .help = "name the scenarios and run none" },
		{ .name = "verbose",
		  .letter = 'v',
		  .kind = OPTION_FLAG,
		  .ret.flag = &o.verbose,
		  .help = "tell all about what was not as expected, not just the first thing" },
		{ .name = "claims",
		  .kind = OPTION_FLAG,
		  .ret.flag = &o.claims,
		  .help = "print which claim each scenario shows, and how that ended" },
		{ .name = "record",
		  .kind = OPTION_TEXT,
		  .ret.text = &o.record,
		  .value = "FILE",
		  .help = "with --claims: run nothing, and read that report.json" },
	};
	struct options options = {
		.command = &command_run, .table = table, .len = ARRAY_LEN(table), .operands_max = -1
	};
	int status = options_parse(&options, &argc, argv);

	if (status != OPTIONS_GO_ON)
		return status;
	status = act(&o, argv + 1, (size_t)argc - 1);
	option_list_clear(&o.set);
	return status;
}

const struct command command_run = {
	.name = "run",
	.usage = "[options] [FILE | FOLDER | NAME]...",
	.summary = "run scenarios: all of them, or those that are named",
	.run = run,
};
