/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "matrix_random.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../nat-models/model_text.h"
#include "../nat-models/predict.h"
#include "../reports/record.h"
#include "command.h"
#include "random_case.h"
#include "results.h"

/* What the draws came to, by method. */
struct count {
	size_t must, must_not; /* as the oracle said */
	size_t may, worked; /* of these */
	size_t wrong;
};

struct counts {
	struct count methods[METHOD_COUNT];
};

static bool is_said(const json_t *call, const char *method, const char *prediction)
{
	const json_t *says = json_object_get(json_object_get(call, "oracle"), method);

	return strcmp(record_text(says, "prediction"), prediction) == 0;
}

static void count_call(const json_t *call, struct counts *counts)
{
	const json_t *capture = json_object_get(call, "capture"), *attempt;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(call, "probe"), "attempts"), i, attempt)
	{
		const char *word = record_text(attempt, "method");
		struct count *count;
		enum method method;

		if (method_parse(word, &method))
			continue;
		count = &counts->methods[method];
		if (!json_is_true(json_object_get(call, "agrees"))) {
			count->wrong++;
		} else if (is_said(call, word, "may")) {
			count->may++;
			count->worked += json_is_true(json_object_get(capture, "connected"));
		} else if (is_said(call, word, "must")) {
			count->must++;
		} else {
			count->must_not++;
		}
	}
}

static void count_all(const json_t *records, struct counts *ret)
{
	const json_t *record, *call;
	size_t i, k;

	memset(ret, 0, sizeof(*ret));
	json_array_foreach(records, i, record)
		json_array_foreach(json_object_get(record, "calls"), k, call) count_call(call, ret);
}

static double percent(size_t part, size_t of)
{
	return of ? 100.0 * (double)part / (double)of : 0;
}

static void print_count(const char *name, const struct count *count)
{
	printf("%-18s %8zu %8zu %8zu %8zu %8zu\n", name, count->must, count->must_not, count->may,
	       count->worked, count->wrong);
}

static void print_counts(const struct counts *counts)
{
	struct count all = { 0 };

	printf("%-18s %8s %8s %8s %8s %8s\n", "", "must", "must not", "may", "worked", "wrong");
	for (int m = 0; m < METHOD_COUNT; m++) {
		const struct count *count = &counts->methods[m];

		print_count(method_word((enum method)m), count);
		/* These are left to luck by their nature. */
		if (method_foretells((enum method)m))
			continue;
		all.must += count->must;
		all.must_not += count->must_not;
		all.may += count->may;
		all.worked += count->worked;
		all.wrong += count->wrong;
	}
	print_count("but for guesses", &all);
	printf("\"may\" in %.1f %% of these\n\n",
	       percent(all.may, all.must + all.must_not + all.may + all.wrong));
}

static const char *world_word(enum suite_worlds worlds)
{
	return worlds == SUITE_BOTH ? "both" : worlds == SUITE_VIRTUAL ? "virtual" : "live";
}

/* All that is needed to see it again, and where to look. */
static void print_failure(const struct matrix_random *random, const struct random_case *one,
			  const json_t *record)
{
	char text[MODEL_TEXT_MAX];

	printf("seed %" PRIu64 ": %s\n", one->seed, record_text(record, "message"));
	printf("  as it was drawn: knothole matrix --random 1 --world %s --seed %" PRIu64 "\n",
	       world_word(random->worlds), one->seed);
	printf("  at its plainest: %s\n", record_text(record, "repeat"));
	for (unsigned i = 0; i < DRAW_MODELS; i++) {
		if (!draw_has(one->draw.layout, i))
			continue;
		model_text(&one->draw.models[i], text, sizeof(text));
		printf("  %c: %s", (char)('a' + i), text);
	}
}

static json_t *runs_of(const struct matrix_random *random, const char *directory, int *ret_error)
{
	json_t *runs = json_array();

	*ret_error = 0;
	for (uint64_t i = 0; i < random->draws && !*ret_error; i++) {
		struct random_case one = {
			.seed = random->seed + i,
			.method = "all",
			.directory = directory,
		};

		draw_case(one.seed, &one.draw);
		*ret_error = random_case_write(&one);
		json_array_append_new(runs, random_case_run(&one));
	}
	return runs;
}

/* Where the connection to the rendezvous broke off: the oracle must have had its doubts of a relay. */
static void judge_breaking(json_t *record)
{
	const json_t *call = json_array_get(json_object_get(record, "calls"), 0), *log = NULL;
	const char *line = NULL;
	size_t i;

	json_array_foreach(json_object_get(record, "log"), i, log)
	{
		line = strstr(json_string_value(log), "broke off");
		if (line)
			break;
	}
	if (record_ended(record) != RECORD_PASS || !line || is_said(call, "relay", "may"))
		return;
	json_object_set_new(record, "ended", json_string("fail"));
	json_object_set_new(record, "message",
			    json_sprintf("a relay must work, but the call %s", line));
}

/* What went as the oracle says needs no files; what did not is made plain. */
static void look_at(const struct matrix_random *random, const char *directory,
		    const struct suite *suite, const struct suite_options *options, json_t *records)
{
	const size_t ways = options->worlds == SUITE_BOTH ? 2 : 1;

	for (size_t i = 0; i < random->draws; i++) {
		struct random_case one = {
			.seed = random->seed + i,
			.method = "all",
			.directory = directory,
		};
		bool failed = false;

		draw_case(one.seed, &one.draw);
		for (size_t k = 0; k < ways; k++) {
			json_t *record = json_array_get(records, i * ways + k);

			if (record_ended(record) == RECORD_PASS) {
				unlink(record_text(record, "capture_file"));
				json_object_del(record, "capture_file");
				continue;
			}
			failed = true;
			if (options->worlds == SUITE_VIRTUAL)
				random_case_shrink(&one, suite, options, record);
			print_failure(random, &one, record);
		}
		if (!failed)
			random_case_remove(&one);
	}
}

static int play(const struct matrix_random *random, struct suite *suite,
		struct suite_options *options)
{
	char directory[PATH_MAX];
	struct counts counts;
	int error, status = command_results("matrix", random->output, "matrix", directory,
					    sizeof(directory));
	json_t *records, *record;
	char *whole;
	size_t i;

	if (status)
		return status;
	/* A scenario seeks models from its own folder. */
	whole = realpath(directory, NULL);
	if (!whole)
		return command_error("matrix", STATUS_USAGE, "%s: %s", directory, strerror(errno));
	options->directory = whole;
	json_decref(suite->entries[0].runs);
	suite->entries[0].runs = runs_of(random, whole, &error);
	if (error) {
		free(whole);
		return command_error("matrix", STATUS_UNEXPECTED, "%s: %s", directory,
				     strerror(-error));
	}
	records = suite_run(suite, options);
	json_array_foreach(records, i, record) judge_breaking(record);
	count_all(records, &counts);
	print_counts(&counts);
	look_at(random, whole, suite, options, records);
	status = results_write("matrix", directory, records);
	if (!status)
		status = results_status(records);
	printf("%" PRIu64 " draws from seed %" PRIu64 ", results: %s\n", random->draws,
	       random->seed, directory);
	json_decref(records);
	free(whole);
	return status;
}

int matrix_random(const struct matrix_random *random)
{
	struct suite_options options = {
		.worlds = random->worlds,
		.seed = random->seed,
		.jobs = (unsigned)random->jobs,
		.progress = results_progress,
	};
	char home[PATH_MAX], path[PATH_MAX], error[512], *operand = path;
	struct collection collection;
	struct suite suite;
	int status;

	if (collection_home(home, sizeof(home)))
		return command_error("matrix", STATUS_USAGE,
				     "the scenarios are not found: set KNOTHOLE_HOME");
	if ((size_t)snprintf(path, sizeof(path), "%s/scenarios/matrix-random.lua", home) >=
	    sizeof(path))
		return command_error("matrix", STATUS_USAGE, "%s: too long a path", home);
	if (collection_find(home, &operand, 1, &collection, error, sizeof(error)))
		return command_error("matrix", STATUS_USAGE, "%s", error);
	status = results_read(&collection, &options, true, &suite);
	if (!status) {
		status = play(random, &suite, &options);
		suite_clear(&suite);
	}
	collection_clear(&collection);
	return status;
}
