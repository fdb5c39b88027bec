/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `knothole matrix`: the NAT x NAT table, against the oracle. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/catalog.h"
#include "../probes/services/service.h"
#include "../reports/record.h"
#include "../scenarios/runtime/both_worlds.h"
#include "command.h"
#include "matrix_random.h"
#include "model_file.h"
#include "options.h"
#include "results.h"
#include "sample.h"

/* No NAT, and the nine cells of RFC 4787's mapping and filtering, from open to closed. */
static const char *const default_models[] = {
	"no-nat", "ei-ei",  "ei-ad",  "ei-apd", "ad-ei",
	"ad-ad",  "ad-apd", "apd-ei", "apd-ad", "apd-apd",
};

/* IPv6's, from open to closed, and last those that translate. */
static const char *const default_models6[] = {
	"ipv6-router",	 "ipv6-firewall-open",
	"ipv6-firewall", "ipv6-firewall-strict",
	"nptv6",	 "nat66",
	"nat64",
};

struct matrix_options {
	bool ipv6;
	const char *world, *format, *output, *realise, *methods;
	uint64_t seed, jobs, repeat;
	uint64_t sample; /* cells; 0 = all */
	uint64_t random; /* draws; 0 = no such matrix */
	struct option_list a, b;
};

/* Can a peer behind @model join the rendezvous, at any of the ports that the scenarios' has? */
static bool gets_out(const struct nat_model *model)
{
	return !model->tcp.blocked && (nat_transport_lets_out(&model->tcp, RENDEZVOUS_PORT) ||
				       nat_transport_lets_out(&model->tcp, 443) ||
				       nat_transport_lets_out(&model->tcp, 80));
}

/* Every model of the catalog that is for the family, and that lets a peer make a call at all. */
static void add_all(json_t *names, bool ipv6)
{
	for (const char *const *at = nat_model_names(NULL); *at; at++) {
		struct nat_model model;
		struct model_error error;

		if (!nat_model_find(*at, &model, &error) && gets_out(&model) &&
		    (model.family == NAT_FAMILY_IPV6) == ipv6)
			json_array_append_new(names, json_string(*at));
	}
}

/* Those of option --@option, or the defaults. */
static int models_of(const char *option, const struct option_list *list, bool ipv6, json_t **ret)
{
	const char *const *defaults = ipv6 ? default_models6 : default_models;
	size_t defaults_len = ipv6 ? ARRAY_LEN(default_models6) : ARRAY_LEN(default_models);
	size_t n = list->len ? list->len : defaults_len;
	char path[PATH_MAX];

	*ret = json_array();
	for (size_t i = 0; i < n; i++) {
		const char *name = list->len ? list->items[i] : defaults[i];
		int status;

		if (strcmp(name, "all") == 0) {
			add_all(*ret, ipv6);
			continue;
		}
		status = model_file_option("matrix", option, &name, ipv6, path);
		if (status)
			return status;
		json_array_append_new(*ret, json_string(name));
	}
	return STATUS_OK;
}

/* The usual methods are those over UDP, and a relay. */
static bool are_usual(const struct matrix_options *options)
{
	return strcmp(options->methods, "udp") == 0;
}

/* What the scenario's parameters are set to: {"a": […], "b": […], "realise": […]}. */
static int cells(const struct matrix_options *options, json_t *set)
{
	json_t *a = NULL, *b = NULL;
	int status = models_of("a", &options->a, options->ipv6, &a);

	if (!status)
		status = models_of("b", &options->b, options->ipv6, &b);
	json_object_set_new(set, "a", a);
	json_object_set_new(set, "b", b);
	if (!are_usual(options))
		json_object_set_new(set, "methods", json_pack("[s]", options->methods));
	if (strcmp(options->realise, "both") == 0)
		json_object_set_new(set, "realise", json_pack("[s, s]", "engine", "kernel"));
	else
		json_object_set_new(set, "realise", json_pack("[s]", options->realise));
	return status;
}

static int print(const struct matrix_options *options, const char *directory, const json_t *records)
{
	if (strcmp(options->format, "text") == 0) {
		report_matrix(records, stdout, command_colour(stdout));
		printf("results: %s\n", directory);
		return STATUS_OK;
	}
	return results_print_report("matrix", directory, options->format);
}

/* `realise` changes fastest: a cell's records are the engine's, in @worlds worlds, and then as many
 * of the kernel's, which must be as the engine's. */
static void compare_nats(json_t *records, size_t worlds)
{
	for (size_t i = 0; i + worlds < json_array_size(records); i += 2 * worlds)
		both_worlds_compare(json_array_get(records, i),
				    json_array_get(records, i + worlds));
}

static int fill(const struct matrix_options *options, const struct suite *suite,
		struct suite_options *suite_options)
{
	char directory[PATH_MAX];
	int status =
		command_results("matrix", options->output, "matrix", directory, sizeof(directory));
	json_t *records;

	if (status)
		return status;
	suite_options->directory = directory;
	records = suite_run(suite, suite_options);
	if (strcmp(options->realise, "both") == 0)
		compare_nats(records, suite_options->worlds == SUITE_BOTH ? 2 : 1);
	status = results_write("matrix", directory, records);
	if (!status)
		status = print(options, directory, records);
	if (!status)
		status = results_status(records);
	json_decref(records);
	return status;
}

static void tell_sample(const struct matrix_options *options, long of)
{
	uint64_t cells = options->sample < (uint64_t)of ? options->sample : (uint64_t)of;

	printf("sample: %" PRIu64 " of %ld cells, as --seed %" PRIu64 " draws them\n", cells, of,
	       options->seed);
}

static int run_matrix(const struct matrix_options *options, enum suite_worlds worlds,
		      const json_t *set)
{
	struct suite_options suite_options = { .worlds = worlds,
					       .set = set,
					       .seed = options->seed,
					       .repeat = (unsigned)options->repeat,
					       .jobs = (unsigned)options->jobs,
					       .skip_inexpressible = true,
					       .progress = results_progress };
	const char *which = options->ipv6 ? "6" : are_usual(options) ? "" : "-methods";
	long of = 0;
	char home[PATH_MAX], path[PATH_MAX], error[512], *operand = path;
	struct collection collection;
	struct suite suite;
	int status;

	if (collection_home(home, sizeof(home)))
		return command_error("matrix", STATUS_USAGE,
				     "the scenarios are not found: set KNOTHOLE_HOME");
	/* Its whole path: "matrix" might be somebody's folder here. */
	if ((size_t)snprintf(path, sizeof(path), "%s/scenarios/matrix%s.lua", home, which) >=
	    sizeof(path))
		return command_error("matrix", STATUS_USAGE, "%s: too long a path", home);
	if (collection_find(home, &operand, 1, &collection, error, sizeof(error)))
		return command_error("matrix", STATUS_USAGE, "%s", error);
	status = results_read(&collection, &suite_options, true, &suite);
	if (!status && options->sample)
		of = sample_runs(suite.entries[0].runs, options->sample, options->seed);
	if (!status && of < 0)
		status = command_error("matrix", STATUS_UNEXPECTED, "%s", strerror((int)-of));
	if (!status) {
		status = fill(options, &suite, &suite_options);
		if (options->sample && strcmp(options->format, "text") == 0)
			tell_sample(options, of);
		suite_clear(&suite);
	}
	collection_clear(&collection);
	return status;
}

/* The models are drawn, and all methods tried. */
static int run_random(const struct matrix_options *options)
{
	struct matrix_random random = {
		.draws = options->random,
		.seed = options->seed,
		.jobs = options->jobs,
		.output = options->output,
	};
	int status;

	if (options->a.len || options->b.len || options->sample || options->ipv6 ||
	    !are_usual(options) || strcmp(options->realise, "engine") != 0 ||
	    options->repeat != 1 || strcmp(options->format, "text") != 0)
		return command_error("matrix", STATUS_USAGE,
				     "--random draws the models itself: expected with it only "
				     "--world, --seed, --jobs and -o");
	status = results_worlds("matrix", options->world, &random.worlds);
	return status ? status : matrix_random(&random);
}

static int run_cells(const struct matrix_options *o)
{
	json_t *set = json_object();
	enum suite_worlds worlds;
	int status = cells(o, set);

	if (!status)
		status = results_worlds("matrix", o->world, &worlds);
	if (!status)
		status = results_nats("matrix", worlds, o->realise);
	if (!status)
		status = run_matrix(o, worlds, set);
	json_decref(set);
	return status;
}

static int run(int argc, char **argv)
{
	struct matrix_options o = {
		.world = "live",
		.format = "text",
		.realise = "engine",
		.seed = 1,
		.repeat = 1,
		.methods = "udp",
	};
	const struct option table[] = {
		{ .name = "a",
		  .kind = OPTION_NAMES,
		  .ret.list = &o.a,
		  .value = "MODELS",
		  .help = "models or files of the callers' NATs, or all; default no-nat and RFC 4787's nine" },
		{ .name = "b",
		  .kind = OPTION_NAMES,
		  .ret.list = &o.b,
		  .value = "MODELS",
		  .help = "models or files of the callees' NATs, or all; the same default" },
		{ .name = "ipv6",
		  .kind = OPTION_FLAG,
		  .ret.flag = &o.ipv6,
		  .help = "nets of IPv6: by default a router, firewalls, NPTv6, NAT66 and NAT64" },
		{ .name = "methods",
		  .kind = OPTION_WORD,
		  .ret.text = &o.methods,
		  .value = "WHICH",
		  .help = "which to try: udp (default) and a relay, tcp or all",
		  .words = (const char *const[]){ "udp", "tcp", "all", NULL } },
		{ .name = "sample",
		  .kind = OPTION_NUMBER,
		  .ret.number = &o.sample,
		  .value = "N",
		  .help = "only N cells, drawn by the seed, of each model as many; default all",
		  .min = 1 },
		{ .name = "random",
		  .kind = OPTION_NUMBER,
		  .ret.number = &o.random,
		  .value = "N",
		  .help = "instead, N pairs of NATs whose knobs the seed draws, in all layouts",
		  .min = 1,
		  .max = 1000000 },
		OPTION_REALISE(&o.realise),
		OPTION_WORLD(&o.world),
		OPTION_SEED(&o.seed),
		OPTION_REPEAT(&o.repeat),
		OPTION_JOBS(&o.jobs),
		OPTION_OUTPUT(&o.output),
		OPTION_FORMAT(&o.format, "text", "json", "junit"),
	};
	struct options options = { .command = &command_matrix,
				   .table = table,
				   .len = ARRAY_LEN(table) };
	int status = options_parse(&options, &argc, argv);

	if (status == OPTIONS_GO_ON)
		status = o.random ? run_random(&o) : run_cells(&o);
	option_list_clear(&o.a);
	option_list_clear(&o.b);
	return status;
}

const struct command command_matrix = {
	.name = "matrix",
	.usage = "[options]",
	.summary = "which method connects each pair of NATs, against the oracle",
	.run = run,
};
