/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../nat-models/duration.h"
#include "../../reports/repeat.h"
#include "both_worlds.h"
#include "run.h"
#include "scenario.h"
#include "tree.h"
#include "values.h"
#include "worker.h"

enum { JOBS_PER_CPU = 16, JOBS_MAX = 128, SETTINGS_MAX = 3 };

#define READ_BUDGET (10 * NS_PER_S)
#define RUN_BUDGET (60 * NS_PER_S)
#define VIRTUAL_BUDGET (24 * 3600 * NS_PER_S) /* nobody has to wait for it */
#define RUN_GRACE (2 * NS_PER_S) /* to build before the world's time, and to judge after it */

unsigned suite_jobs(enum suite_worlds worlds)
{
	long jobs = sysconf(_SC_NPROCESSORS_ONLN) * (worlds == SUITE_VIRTUAL ? 1 : JOBS_PER_CPU);

	return jobs < 1 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : (unsigned)jobs;
}

/* What is read of a file: {"about": …, "runs": …}, or {"error": "…"}. */
struct reading {
	const struct collection_file *file;
	const struct suite_options *options;
	bool plan;
};

static json_t *read_error(const char *text)
{
	return json_pack("{s:s}", "error", text);
}

static json_t *plan_runs(struct scenario *scenario, const struct reading *reading, json_t *about)
{
	char error[SCENARIO_ERROR];
	json_t *runs, *run;
	size_t i;

	if (scenario_runs(about, reading->options->set, &runs, error))
		return read_error(error);
	json_array_foreach(runs, i, run)
	{
		struct plan plan = { 0 };
		int err = scenario_plan(scenario, json_object_get(run, "params"), 1, &plan, error);

		tree_clear(&plan);
		if (err) {
			json_decref(runs);
			return read_error(error);
		}
	}
	return json_pack("{s:O, s:o}", "about", about, "runs", runs);
}

static json_t *read_one(void *arg)
{
	const struct reading *reading = arg;
	const struct collection_file *file = reading->file;
	struct scenario *scenario;
	char error[SCENARIO_ERROR];
	json_t *about, *result;

	if (scenario_load(file->path, file->shown, 1, NULL, &scenario, error))
		return read_error(error);
	about = scenario_about(scenario);
	if (reading->plan)
		result = plan_runs(scenario, reading, about);
	else
		result = json_pack("{s:O}", "about", about);
	json_decref(about);
	scenario_free(scenario);
	return result;
}

/* Take over what came back, or its error. */
static void take(struct suite *suite, const struct collection_file *file, struct worker *worker,
		 json_t *errors)
{
	const char *error = json_string_value(json_object_get(worker->result, "error"));
	json_t *about = json_object_get(worker->result, "about");

	if (error)
		json_array_append_new(errors, json_string(error));
	else if (!worker->result)
		json_array_append_new(errors, json_sprintf("%s: while it was read: %s", file->shown,
							   worker->fault));
	else
		suite->entries[suite->len++] = (struct suite_entry){
			.file = file,
			.about = json_incref(about),
			.runs = json_incref(json_object_get(worker->result, "runs")),
		};
	json_object_set_new(about, "name", json_string(file->name));
	json_decref(worker->result);
}

int suite_read(const struct collection *collection, const struct suite_options *options, bool plan,
	       struct suite *ret, json_t **ret_errors)
{
	struct worker *workers = calloc(collection->len + 1, sizeof(*workers));
	struct reading *readings = calloc(collection->len + 1, sizeof(*readings));
	int error = -ENOMEM;

	*ret_errors = json_array();
	*ret = (struct suite){ calloc(collection->len + 1, sizeof(*ret->entries)), 0 };
	if (!workers || !readings || !ret->entries)
		goto out;
	for (size_t i = 0; i < collection->len; i++) {
		readings[i] = (struct reading){ &collection->files[i], options, plan };
		workers[i] = (struct worker){ .work = read_one,
					      .arg = &readings[i],
					      .budget_ns = READ_BUDGET };
	}
	workers_run(workers, collection->len, suite_jobs(SUITE_LIVE), NULL, NULL);
	for (size_t i = 0; i < collection->len; i++)
		take(ret, &collection->files[i], &workers[i], *ret_errors);
	error = json_array_size(*ret_errors) ? -EINVAL : 0;
out:
	free(workers);
	free(readings);
	return error;
}

void suite_clear(struct suite *suite)
{
	for (size_t i = 0; i < suite->len; i++) {
		json_decref(suite->entries[i].about);
		json_decref(suite->entries[i].runs);
	}
	free(suite->entries);
	*suite = (struct suite){ 0 };
}

/* One run, waiting for its worker. */
struct job {
	struct run_spec spec;
	const char *fails; /* of a twin */
	const char *skip; /* why it cannot be played so; or NULL */
	char capture[4096];
	json_t *record; /* what is known beforehand */
};

struct jobs {
	struct job *jobs;
	struct worker *workers;
	size_t len;
	const struct suite_options *options;
};

static json_t *run_one(void *arg)
{
	const struct job *job = arg;

	if (job->skip)
		return json_pack("{s:s, s:s}", "ended", "skip", "message", job->skip);
	return run_scenario(&job->spec);
}

/* A text of at most its size, of letters that a file's name may safely have. */
struct safe_name {
	char text[512];
	size_t len;
};

static void append(struct safe_name *name, const char *text)
{
	for (; *text && name->len + 1 < sizeof(name->text); text++)
		name->text[name->len++] =
			isalnum((unsigned char)*text) || strchr("=._-", *text) ? *text : '-';
	name->text[name->len] = '\0';
}

static void append_number(struct safe_name *name, const char *before, unsigned number)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%u", before, number);
	append(name, text);
}

/* Of a path, what says most in little room. */
static const char *last_part(const char *text)
{
	const char *slash = strrchr(text, '/');

	return slash && slash[1] ? slash + 1 : text;
}

static void append_params(struct safe_name *name, const json_t *params)
{
	char text[128];
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)params, key, value)
	{
		append(name, ".");
		append(name, key);
		append(name, "=");
		append(name, json_is_string(value) ? last_part(json_string_value(value))
						   : value_text(value, text, sizeof(text)));
	}
}

/* How many of @runs are no twin. */
static size_t plain_runs(const json_t *runs)
{
	size_t n = 0, i;
	json_t *run;

	json_array_foreach(runs, i, run) n += json_object_get(run, "twin") == NULL;
	return n;
}

/* Paths' last parts may be the same: which of @runs is this one, from 1; 0 where none has any. */
static unsigned number_of_paths(const json_t *runs, const json_t *run)
{
	const char *key;
	json_t *value, *one;
	bool paths = false;
	size_t i;

	json_object_foreach(json_object_get(run, "params"), key, value)
	{
		paths |= json_is_string(value) && strchr(json_string_value(value), '/');
	}
	json_array_foreach(runs, i, one) if (one == run && paths) return (unsigned)i + 1;
	return 0;
}

/* One of the ways in which each run is played. */
struct setting {
	enum world_kind world;
	bool kernel_nats;
	const char *suffix; /* of the capture's name */
};

/* The first is what the others are compared with. */
static size_t settings_of(const struct suite_options *options, struct setting ret[SETTINGS_MAX])
{
	size_t n = 0;

	if (options->worlds != SUITE_VIRTUAL && options->nats != SUITE_KERNEL)
		ret[n++] = (struct setting){ WORLD_LIVE, false, ".live" };
	if (options->worlds != SUITE_VIRTUAL && options->nats != SUITE_AS_SAID)
		ret[n++] = (struct setting){ WORLD_LIVE, true, ".kernel" };
	if (options->worlds != SUITE_LIVE)
		ret[n++] = (struct setting){ WORLD_VIRTUAL, false, ".virtual" };
	return n;
}

/* Why a scenario with such `needs` cannot be played so; NULL where it can. */
static const char *why_not(const char *needs, const struct setting *setting)
{
	if (!needs)
		return NULL;
	if (strcmp(needs, "live") == 0 && setting->world != WORLD_LIVE)
		return "it needs --world live";
	if (strcmp(needs, "engine") == 0 && setting->kernel_nats)
		return "it needs the engine's NATs";
	return NULL;
}

/* "DIR/skype-both-behind-nat.a=full-cone.pcapng": told apart as far as there are several. */
static void name_capture(struct job *job, const struct suite_entry *entry, const json_t *run,
			 const struct setting *setting, unsigned repetition,
			 const struct suite_options *options)
{
	struct setting all[SETTINGS_MAX];
	const json_t *twin = json_object_get(run, "twin");
	struct safe_name name = { .len = 0 };

	append(&name, entry->file->name);
	if (twin)
		append_number(&name, ".twin", (unsigned)json_integer_value(twin) + 1);
	else if (plain_runs(entry->runs) > 1)
		append_params(&name, json_object_get(run, "params"));
	if (number_of_paths(entry->runs, run))
		append_number(&name, ".", number_of_paths(entry->runs, run));
	if (options->repeat > 1)
		append_number(&name, ".", repetition + 1);
	if (settings_of(options, all) > 1)
		append(&name, setting->suffix);
	snprintf(job->capture, sizeof(job->capture), "%s/%s.pcapng", options->directory, name.text);
}

static uint64_t budget_of(const struct suite_options *options, enum world_kind world)
{
	if (options->budget_ns)
		return options->budget_ns;
	return world == WORLD_LIVE ? RUN_BUDGET : VIRTUAL_BUDGET;
}

/* One of our own scenarios is found by its name on any machine, but where a file here hides it. */
static const char *repeat_file(const struct run_spec *spec)
{
	return access(spec->shown, F_OK) == 0 ? spec->path : spec->shown;
}

/* Note in the record how the run is repeated: in both worlds, where the two are compared. */
static void note_repeat(struct job *job, const struct suite_options *options, const json_t *twin)
{
	struct repeat_run repeat = {
		.file = repeat_file(&job->spec),
		.worlds = options->worlds == SUITE_BOTH	     ? "both"
			  : job->spec.world == WORLD_VIRTUAL ? "virtual"
							     : "live",
		.realise = options->nats == SUITE_KERNEL      ? "kernel"
			   : options->nats == SUITE_BOTH_NATS ? "both"
							      : NULL,
		.seed = job->spec.seed,
		.budget_ns = options->budget_ns,
		.twin = twin ? (unsigned)json_integer_value(twin) + 1 : 0,
		.params = job->spec.params,
	};
	char *command = repeat_run(&repeat);

	if (command)
		json_object_set_new(job->record, "repeat", json_string(command));
	free(command);
}

static void prepare(struct jobs *jobs, const struct suite_entry *entry, json_t *run,
		    const struct setting *setting, unsigned repetition)
{
	const enum world_kind world = setting->world;
	const struct suite_options *options = jobs->options;
	struct job *job = &jobs->jobs[jobs->len];
	json_t *params = json_object_get(run, "params"), *twin = json_object_get(run, "twin");
	json_t *twins = json_object_get(entry->about, "twins");
	const json_t *own = json_object_get(run, "seed");
	uint64_t seed = (own ? (uint64_t)json_integer_value(own) : options->seed) + repetition;

	name_capture(job, entry, run, setting, repetition, options);
	job->spec = (struct run_spec){
		.path = entry->file->path,
		.shown = entry->file->shown,
		.name = entry->file->name,
		.params = params,
		.world = world,
		.seed = seed,
		.capture_path = job->capture,
		.budget_ns = budget_of(options, world),
		.skip_inexpressible = options->skip_inexpressible,
		.kernel_nats = setting->kernel_nats,
	};
	job->record = json_pack("{s:s, s:O, s:s, s:O, s:O, s:s, s:s, s:I, s:s}", "scenario",
				entry->file->name, "title", json_object_get(entry->about, "title"),
				"file", entry->file->shown, "claims",
				json_object_get(entry->about, "claims"), "params", params, "world",
				world == WORLD_LIVE ? "live" : "virtual", "realise",
				setting->kernel_nats ? "kernel" : "engine", "seed",
				(json_int_t)seed, "capture_file", job->capture);
	note_repeat(job, options, twin);
	if (setting->kernel_nats)
		json_object_set_new(job->record, "kernel_nats", json_true());
	job->skip = why_not(json_string_value(json_object_get(entry->about, "needs")), setting);
	if (twin) {
		twin = json_array_get(twins, (size_t)json_integer_value(twin));
		job->fails = json_string_value(json_object_get(twin, "fails"));
		json_object_set(job->record, "twin", json_object_get(twin, "fails"));
	}
	jobs->workers[jobs->len++] = (struct worker){
		.work = run_one,
		.arg = job,
		.live = world == WORLD_LIVE,
		.budget_ns = (world == WORLD_LIVE ? job->spec.budget_ns : RUN_BUDGET) + RUN_GRACE,
	};
}

/* A twin has done what it should where it failed, and for the reason that was named. */
static void judge_twin(json_t *record, const char *fails)
{
	const char *ended = json_string_value(json_object_get(record, "ended"));
	const char *message = json_string_value(json_object_get(record, "message"));
	char text[1280];

	if (!ended || strcmp(ended, "error") == 0 || strcmp(ended, "skip") == 0)
		return;
	if (strcmp(ended, "fail") == 0 && message && strstr(message, fails)) {
		json_object_set_new(record, "ended", json_string("pass"));
		json_object_set_new(record, "failed_with", json_string(message));
		json_object_del(record, "message");
		return;
	}
	if (strcmp(ended, "fail") == 0)
		snprintf(text, sizeof(text),
			 "the twin was to fail with \"%s\", and failed with: %s", fails,
			 message ? message : "");
	else
		snprintf(text, sizeof(text), "the twin was to fail with \"%s\", and passed", fails);
	json_object_set_new(record, "ended", json_string("fail"));
	json_object_set_new(record, "message", json_string(text));
}

static void complete(struct job *job, struct worker *worker)
{
	json_t *record = job->record;

	/* A virtual world has a time of its own, which is the same on every machine. */
	json_object_set_new(
		record, "ms",
		json_real(job->spec.world == WORLD_LIVE ? (double)worker->took_ns / 1e6 : 0));
	if (worker->result) {
		json_object_update(record, worker->result);
		json_decref(worker->result);
	} else {
		json_object_set_new(record, "ended", json_string("error"));
		json_object_set_new(record, "message",
				    json_sprintf("%s: %s", job->spec.shown, worker->fault));
	}
	if (job->fails)
		judge_twin(record, job->fails);
	if (access(job->capture, F_OK))
		json_object_del(record, "capture_file");
}

static void progress(size_t ended, void *arg)
{
	const struct jobs *jobs = arg;

	if (jobs->options->progress)
		jobs->options->progress(ended, jobs->len);
}

static size_t count_runs(const struct suite *suite, const struct suite_options *options)
{
	size_t n = 0;

	for (size_t i = 0; i < suite->len; i++)
		n += json_array_size(suite->entries[i].runs);
	return n * (options->repeat ? options->repeat : 1);
}

static bool is_wanted(const struct suite_options *options, const json_t *run)
{
	const json_t *twin = json_object_get(run, "twin");

	return !options->twin || (twin && json_integer_value(twin) + 1 == options->twin);
}

/* In every setting, or in none: their records are told apart by their number. */
static void prepare_settings(struct jobs *jobs, const struct suite_entry *entry, json_t *run,
			     unsigned repetition)
{
	struct setting settings[SETTINGS_MAX];
	const size_t n = settings_of(jobs->options, settings);

	for (size_t i = 0; i < n && is_wanted(jobs->options, run); i++)
		prepare(jobs, entry, run, &settings[i], repetition);
}

json_t *suite_run(const struct suite *suite, const struct suite_options *options)
{
	unsigned repeat = options->repeat ? options->repeat : 1;
	struct setting settings[SETTINGS_MAX];
	const size_t ways = settings_of(options, settings);
	size_t n = count_runs(suite, options) * ways, k;
	struct jobs jobs = { calloc(n + 1, sizeof(*jobs.jobs)),
			     calloc(n + 1, sizeof(*jobs.workers)), 0, options };
	json_t *records = json_array(), *run;

	for (unsigned r = 0; r < repeat && jobs.jobs && jobs.workers; r++)
		for (size_t i = 0; i < suite->len; i++)
			json_array_foreach(suite->entries[i].runs, k, run)
				prepare_settings(&jobs, &suite->entries[i], run, r);
	workers_run(jobs.workers, jobs.len,
		    options->jobs ? options->jobs : suite_jobs(options->worlds), progress, &jobs);
	for (size_t i = 0; i < jobs.len; i++) {
		complete(&jobs.jobs[i], &jobs.workers[i]);
		if (i % ways)
			both_worlds_compare(jobs.jobs[i - i % ways].record, jobs.jobs[i].record);
	}
	for (size_t i = 0; i < jobs.len; i++)
		json_array_append_new(records, jobs.jobs[i].record);
	free(jobs.jobs);
	free(jobs.workers);
	return records;
}
