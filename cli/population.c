/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knothole population: how often do two peers get through, where their NATs are drawn from what
 * a study met?
 *
 * Processes count parts of the run; only counts come back, so the memory does not grow with the
 * number of pairs.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../nat-models/catalog.h"
#include "../nat-models/duration.h"
#include "../nat-models/population.h"
#include "../reports/population_count.h"
#include "../reports/repeat.h"
#include "../scenarios/runtime/worker.h"
#include "command.h"
#include "counts.h"
#include "options.h"
#include "results.h"
#include "shard.h"
#include "text_file.h"

enum { PAIRS = 10000, PART_PAIRS = 20000, PARTS_MAX = 1000, BUDGET_DAYS = 30 };

#define PAIRS_MAX UINT64_C(1000000000000)

/* What was asked for. */
struct request {
	const char *format, *output, *shard;
	uint64_t pairs; /* 0 = it was not said */
	uint64_t seed, jobs, verify, pair;
	bool has_pair;
	struct shard part;
};

struct run {
	const char *name; /* the command's */
	const char *wanted; /* the population's name or file, as it was given */
	const struct request *request;
	const struct population *population;
	char folder[PATH_MAX]; /* of the captures that verify; of the results */
	struct worker *workers;
	struct errand *errands;
	size_t parts;
	struct tally *tally; /* of the parts that have been added */
	int status; /* of adding them */
};

/* One process's part. */
struct errand {
	const struct run *run;
	struct tally_range range;
	bool added; /* its result, to the run's tally */
};

static json_t *work(void *arg)
{
	const struct errand *errand = arg;
	const struct request *request = errand->run->request;
	struct tally_error error = { "" };
	struct tally tally;
	json_t *json;
	int err;

	tally_init(&tally, errand->run->population, request->seed, request->pairs);
	err = population_count(errand->run->population, errand->range, request->verify,
			       request->verify ? errand->run->folder : NULL, &tally, &error);
	json = err ? json_pack("{s:s}", "error", *error.text ? error.text : strerror(-err))
		   : tally_to_json(&tally);
	tally_clear(&tally);
	return json;
}

/* Cut @range into parts, a worker each: enough for every process to have some, and for the
 * progress to move. */
static int cut(struct run *run, struct tally_range range)
{
	const uint64_t pairs = range.end - range.first;
	uint64_t parts = pairs / PART_PAIRS;

	parts = parts < run->request->jobs ? run->request->jobs : parts;
	parts = parts > PARTS_MAX ? PARTS_MAX : parts > pairs ? pairs : parts;
	run->parts = parts;
	run->workers = calloc(parts, sizeof(*run->workers));
	run->errands = calloc(parts, sizeof(*run->errands));
	if (!run->workers || !run->errands)
		return -ENOMEM;
	for (uint64_t i = 0; i < parts; i++) {
		const struct shard part = { .index = i, .count = parts };
		struct errand *errand = &run->errands[i];

		errand->run = run;
		shard_range(&part, pairs, &errand->range.first, &errand->range.end);
		errand->range.first += range.first;
		errand->range.end += range.first;
		run->workers[i] = (struct worker){ .work = work,
						   .arg = errand,
						   .budget_ns = BUDGET_DAYS * 86400 * NS_PER_S };
	}
	return 0;
}

static int add_result(const struct run *run, const struct worker *worker, struct tally *tally)
{
	const char *fault = json_string_value(json_object_get(worker->result, "error"));
	struct tally_error error = { "" };
	struct tally part;
	int err;

	if (!worker->result || fault)
		return command_error(run->name, STATUS_UNEXPECTED, "%s",
				     fault ? fault : worker->fault);
	err = tally_from_json(worker->result, &part, &error);
	if (!err) {
		err = tally_add(tally, &part, &error);
		tally_clear(&part);
	}
	return err ? command_error(run->name, STATUS_UNEXPECTED, "%s", error.text) : STATUS_OK;
}

/* Add what has come: kept until the end, results would take memory by the number of pairs. */
static void gather(struct run *run)
{
	for (size_t i = 0; i < run->parts && run->status == STATUS_OK; i++) {
		struct worker *worker = &run->workers[i];

		if (!worker->result)
			continue;
		run->status = add_result(run, worker, run->tally);
		json_decref(worker->result);
		worker->result = NULL;
		run->errands[i].added = true;
	}
}

static void progress(size_t ended, void *arg)
{
	struct run *run = arg;

	gather(run);
	results_progress(ended, run->parts);
}

static int count(struct run *run, struct tally_range range, struct tally *tally)
{
	run->tally = tally;
	run->status = STATUS_OK;
	if (cut(run, range) < 0)
		run->status = command_error(run->name, STATUS_UNEXPECTED, "out of memory");
	else
		workers_run(run->workers, run->parts, (unsigned)run->request->jobs, progress, run);
	for (size_t i = 0; i < run->parts && run->status == STATUS_OK; i++)
		if (!run->errands[i].added) /* and so there is a fault */
			run->status = add_result(run, &run->workers[i], tally);
	for (size_t i = 0; run->workers && i < run->parts; i++)
		json_decref(run->workers[i].result);
	free(run->workers);
	free(run->errands);
	return run->status;
}

static int make_folder(struct run *run)
{
	const struct request *request = run->request;
	char result[NAME_MAX];

	snprintf(result, sizeof(result), "population-%s", run->population->name);
	return command_results(run->name, request->output, result, run->folder,
			       sizeof(run->folder));
}

/* Of a pair that did not go as the capture shows. */
static void print_repeat(const struct run *run, uint64_t pair, FILE *out)
{
	char *command = repeat_pair(run->wanted, run->request->seed, pair);

	if (command)
		fprintf(out, "  repeat: %s\n", command);
	free(command);
}

static const char *came_of(const struct pair_outcome *outcome)
{
	return outcome->connected ? method_word(outcome->method) : "none";
}

/* One pair alone, with its capture. */
static int try_one(struct run *run)
{
	const struct request *request = run->request;
	const struct population_member *members = run->population->members;
	char path[PATH_MAX + 40];
	struct population_pair pair;
	struct tally_error error;
	int status = make_folder(run);

	if (status != STATUS_OK)
		return status;
	snprintf(path, sizeof(path), "%s/pair-%" PRIu64 ".pcapng", run->folder, request->pair);
	if (population_try(run->population, request->seed, request->pair, path, &pair, &error))
		return command_error(run->name, STATUS_UNEXPECTED, "%s", error.text);
	printf("pair %" PRIu64 ": %s and %s: %s, as the capture %s\n  capture: %s\n", request->pair,
	       members[pair.members[0]].label, members[pair.members[1]].label, came_of(&pair.said),
	       pair.agrees ? "shows" : "does NOT show", path);
	if (pair.agrees)
		return STATUS_OK;
	print_repeat(run, request->pair, stdout);
	return STATUS_UNEXPECTED;
}

static int count_and_give(struct run *run)
{
	const struct request *request = run->request;
	char path[PATH_MAX + 16];
	struct tally_range range;
	struct tally tally;
	int status = make_folder(run);

	if (status != STATUS_OK)
		return status;
	snprintf(path, sizeof(path), "%s/counts.json", run->folder);
	tally_init(&tally, run->population, request->seed, request->pairs);
	shard_range(&request->part, request->pairs, &range.first, &range.end);
	status = count(run, range, &tally);
	if (status == STATUS_OK)
		status = counts_give(run->name, &tally, path, request->format);
	if (status == STATUS_OK && tally.disagreed_at != UINT64_MAX)
		print_repeat(run, tally.disagreed_at, stderr);
	run->tally = NULL;
	tally_clear(&tally);
	return status;
}

static int read_file(const char *path, struct population *ret, struct model_error *error)
{
	size_t len = 0;
	char *text = text_file_read(path, &len);
	int err = text ? population_load(path, text, len, ret, error) : -errno;

	if (!text)
		snprintf(error->text, sizeof(error->text), "%.400s: %s", path, strerror(-err));
	free(text);
	return err;
}

static int list_populations(const char *name, bool json)
{
	static struct population population;
	json_t *list = json_array();

	for (const char *const *at = population_names(NULL); *at; at++) {
		struct model_error error;

		if (population_find(*at, &population, &error) < 0) {
			json_decref(list);
			return command_error(name, STATUS_UNEXPECTED, "%s", error.text);
		}
		if (json)
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:s, s:s}", "name",
							population.name, "title", population.title,
							"source", population.source, "definition",
							population.definition));
		else
			printf("%-24s %s\n", population.name, population.title);
	}
	if (json) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(list);
	return STATUS_OK;
}

static bool measures_pairs(const struct population *population)
{
	for (size_t i = 0; i < population->figures_len; i++) {
		if (population->figures[i].measure == MEASURE_PAIR_UDP)
			return true;
	}
	return false;
}

static int take_shard(const char *name, struct request *request)
{
	char error[200];

	if (!request->shard) {
		if (shard_detect(getenv, &request->part, error, sizeof(error)) < 0)
			return command_error(name, STATUS_USAGE, "%s", error);
	} else if (shard_parse(request->shard, &request->part) < 0) {
		return command_error(name, STATUS_USAGE,
				     "--shard: expected I/N, I from 1 to N; got \"%s\"",
				     request->shard);
	}
	if (request->part.from)
		fprintf(stderr, "knothole %s: part %llu of %llu, as %s says\n", name,
			(unsigned long long)request->part.index + 1,
			(unsigned long long)request->part.count, request->part.from);
	return STATUS_OK;
}

/* One pair alone leaves nothing to do for some options; and it must be one of the run. */
static int check_pair(const char *name, const struct request *request)
{
	const char *other = request->shard			   ? "shard"
			    : request->verify			   ? "verify"
			    : strcmp(request->format, "json") == 0 ? "format json"
								   : NULL;

	if (!request->has_pair)
		return STATUS_OK;
	if (other)
		return command_error(name, STATUS_USAGE,
				     "--pair: expected no --%s with it; got both", other);
	if (!request->pairs || request->pair < request->pairs)
		return STATUS_OK;
	return command_error(name, STATUS_USAGE,
			     "--pair: expected 0 to %" PRIu64 ", as there are %" PRIu64
			     " pairs (-n); got %" PRIu64,
			     request->pairs - 1, request->pairs, request->pair);
}

static int run_request(const char *name, const char *wanted, struct request *request)
{
	static struct population population;
	struct run run = {
		.name = name, .wanted = wanted, .request = request, .population = &population
	};
	struct model_error error;
	int err = nat_model_is_path(wanted) ? read_file(wanted, &population, &error)
					    : population_find(wanted, &population, &error);
	int status;

	if (err)
		return command_error(name, STATUS_USAGE, "%s", error.text);
	if ((request->verify || request->has_pair) && !measures_pairs(&population))
		return command_error(name, STATUS_USAGE,
				     "--%s: %s does not measure pair-udp, which alone is "
				     "judged from captures",
				     request->has_pair ? "pair" : "verify", population.name);
	status = check_pair(name, request);
	if (status != STATUS_OK)
		return status;
	if (request->has_pair)
		return try_one(&run);
	if (!request->pairs)
		request->pairs = PAIRS;
	status = take_shard(name, request);
	return status == STATUS_OK ? count_and_give(&run) : status;
}

static int run_population(int argc, char **argv)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct request request = { .format = "text",
				   .seed = 1,
				   .pair = UINT64_MAX,
				   .jobs = processors > 0 ? (uint64_t)processors : 1 };
	const struct option table[] = {
		{ .name = "pairs",
		  .of_operand = true,
		  .letter = 'n',
		  .kind = OPTION_NUMBER,
		  .ret.number = &request.pairs,
		  .value = "N",
		  .help = "pairs to draw, of all shards together; default 10000",
		  .min = 1,
		  .max = PAIRS_MAX },
		OPTION_SEED(&request.seed),
		OPTION_JOBS(&request.jobs),
		{ .name = "shard",
		  .of_operand = true,
		  .kind = OPTION_TEXT,
		  .ret.text = &request.shard,
		  .value = "I/N",
		  .help = "do the I-th of N parts; default as an array job's variables say" },
		{ .name = "verify",
		  .of_operand = true,
		  .kind = OPTION_NUMBER,
		  .ret.number = &request.verify,
		  .value = "N",
		  .help = "judge N of the pairs from captures too; default 0",
		  .max = 1000000 },
		{ .name = "pair",
		  .of_operand = true,
		  .kind = OPTION_NUMBER,
		  .ret.number = &request.pair,
		  .value = "N",
		  .help = "try that pair alone, counted from 0, and keep its capture",
		  .max = PAIRS_MAX },
		OPTION_FORMAT(&request.format, "text", "json"),
		OPTION_OUTPUT(&request.output),
	};
	const struct options options = {
		.command = &command_population,
		.table = table,
		.len = ARRAY_LEN(table),
		.operands_max = 1,
		.operand = "NAME or FILE",
		.more = "Without a NAME or FILE the known populations are listed.\n"
			"The same seed counts the same with any --jobs, and with any shards merged "
			"(knothole merge).\nThe shard is taken from SLURM_ARRAY_TASK_ID and _COUNT, "
			"JOB_COMPLETION_INDEX and JOB_COMPLETIONS,\nor CI_NODE_INDEX and "
			"CI_NODE_TOTAL, where they are set.",
	};
	int status = options_parse(&options, &argc, argv);

	if (status != OPTIONS_GO_ON)
		return status;
	request.has_pair = request.pair != UINT64_MAX;
	if (argc < 2 && request.output)
		return command_error(argv[0], STATUS_USAGE,
				     "--output: expected NAME or FILE with it; got none");
	if (argc < 2)
		return list_populations(argv[0], strcmp(request.format, "json") == 0);
	return run_request(argv[0], argv[1], &request);
}

const struct command command_population = {
	.name = "population",
	.usage = "[options] [NAME|FILE]",
	.summary = "draw pairs of NATs from what a study met, and count who gets through",
	.run = run_population,
};
