/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knothole bench: its own speed, in machine-readable form.
 */
#include "bench.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "../nat-models/suggest.h"
#include "command.h"
#include "options.h"

static const struct measure {
	const char *name;
	const char *unit;
	bool higher; /* is better */
	double target; /* 0 = none */
	const char *against;
	const char *about;
	int (*take)(struct bench_result *result);
} measures[] = {
	{ "lab_up_ms", "ms", false, 10, "the same lab, built by a shell script",
	  "two NATs, two clients, two servers, to the first packet through", bench_lab_up },
	{ "matrix_live_s", "s", false, 15, NULL, "knothole matrix, 10 x 10, live",
	  bench_matrix_live },
	{ "throughput_ratio", "ratio", true, 0.9, "the same path through kernel masquerade",
	  "iperf3 TCP through an engine NAT", bench_throughput },
	{ "scenarios_per_s", "1/s", true, 200000, NULL,
	  "fresh world of one plan, two NATs, STUN, rendezvous and punch over UDP",
	  bench_scenarios },
	{ "calls_per_s", "1/s", true, 0, NULL,
	  "the same through the rendezvous service (TCP) and the ladder", bench_calls },
	{ "engine_pps_1k", "packets/s", true, 20e6, NULL, "the NAT engine alone, 1,000 flows",
	  bench_engine_pps },
	{ "engine_pps_1m", "packets/s", true, 5e6, NULL,
	  "the NAT engine alone, 1,000,000 mappings that come and go", bench_engine_pps_1m },
	{ "bytes_per_mapping", "bytes", false, 128, NULL,
	  "resident memory, indexes included, at 1,000,000 mappings", bench_mapping_bytes },
	{ "mapping_growth", "ratio", false, 0, NULL,
	  "time of a packet at 1,000,000 mappings to that at 1,000, making of packets included",
	  bench_mapping_growth },
	{ "bytes_per_host", "bytes", false, 0, NULL,
	  "resident memory of a virtual host, its plan and link included, at 1,000,000 hosts",
	  bench_host_bytes },
	{ "host_up_ns", "ns", false, 0, NULL,
	  "a virtual host planned, checked and built, at 1,000,000 hosts", bench_host_up },
	{ "datagram_ns", "ns", false, 0, NULL,
	  "a datagram from virtual host to host, 1,000,000 at a time", bench_datagram },
	{ "guess_birthday", "points", false, 0, NULL,
	  "the birthday attack, 1,000 runs: its share of successes, furthest from the computed",
	  bench_birthday },
	{ "guess_prediction", "points", false, 0, NULL,
	  "the same of port prediction, while others take ports", bench_prediction },
	{ "population_growth", "bytes/pair", false, 0.1, NULL,
	  "resident memory that pairs of a population leave behind them", bench_population },
	{ "matrix_virtual_s", "s", false, 1, NULL, "knothole matrix, 10 x 10, virtual, one job",
	  bench_matrix_virtual },
};

static json_t *measure_json(const struct measure *measure, const struct bench_result *result,
			    int error)
{
	bool met = measure->higher ? result->value >= measure->target
				   : result->value <= measure->target;
	json_t *against = NULL;

	if (!error && measure->against)
		against =
			json_pack("{s:s,s:f}", "name", measure->against, "value", result->against);
	/* Without a target there is nothing to meet; without a value, nothing that could. */
	return json_pack("{s:s,s:o,s:s,s:s,s:o,s:o,s:o,s:s,s:o}", "name", measure->name, "value",
			 error ? json_null() : json_real(result->value), "unit", measure->unit,
			 "better", measure->higher ? "higher" : "lower", "target",
			 measure->target > 0 ? json_real(measure->target) : json_null(), "met",
			 measure->target > 0 && !error ? json_boolean(met) : json_null(), "against",
			 against ? against : json_null(), "note", result->note, "limit",
			 *result->limit ? json_string(result->limit) : json_null());
}

/* How far from its target a measure is, which was taken and has one. */
static void print_target(const struct measure *measure, double value, bool met)
{
	double times = measure->higher ? measure->target / value : value / measure->target;

	printf("%17starget: %s %g, ", "", measure->higher ? "at least" : "at most",
	       measure->target);
	if (met)
		puts("met");
	else
		printf("MISSED by a factor of %.2f\n", times);
}

static void print_text(const struct measure *measure, const json_t *taken)
{
	const json_t *against = json_object_get(taken, "against");
	const json_t *met = json_object_get(taken, "met");
	const json_t *limit = json_object_get(taken, "limit");

	printf("%-17s ", measure->name);
	if (json_is_null(json_object_get(taken, "value")))
		printf("not measured: %s\n", json_string_value(json_object_get(taken, "note")));
	else
		printf("%.6g %s\n", json_real_value(json_object_get(taken, "value")),
		       measure->unit);
	printf("%17s%s\n", "", measure->about);
	if (json_is_boolean(met))
		print_target(measure, json_real_value(json_object_get(taken, "value")),
			     json_is_true(met));
	if (json_is_object(against))
		printf("%17sagainst %.6g %s: %s\n", "",
		       json_real_value(json_object_get(against, "value")), measure->unit,
		       measure->against);
	if (!json_is_null(json_object_get(taken, "value")) &&
	    *json_string_value(json_object_get(taken, "note")))
		printf("%17s%s\n", "", json_string_value(json_object_get(taken, "note")));
	if (json_is_string(limit))
		printf("%17slimit: %s\n", "", json_string_value(limit));
	fflush(stdout);
}

/* The exit status of one measure: a target missed outweighs a measure that could not be taken. */
static int status_of(const json_t *taken)
{
	if (json_is_false(json_object_get(taken, "met")))
		return STATUS_UNEXPECTED;
	return json_is_null(json_object_get(taken, "value")) ? STATUS_CANNOT : STATUS_OK;
}

static int check_names(const char *command, char **names, int len)
{
	const char *words[ARRAY_LEN(measures)];

	for (size_t i = 0; i < ARRAY_LEN(measures); i++)
		words[i] = measures[i].name;
	for (int n = 0; n < len; n++) {
		size_t i = 0;
		const char *near;

		while (i < ARRAY_LEN(measures) && strcmp(words[i], names[n]) != 0)
			i++;
		if (i < ARRAY_LEN(measures))
			continue;
		near = suggest(names[n], words, ARRAY_LEN(measures));
		return command_error(command, STATUS_USAGE,
				     "nothing called \"%s\" is measured; did you mean \"%s\"?",
				     names[n], near ? near : words[0]);
	}
	return OPTIONS_GO_ON;
}

static bool is_wanted(const struct measure *measure, char **names, int len)
{
	for (int n = 0; n < len; n++) {
		if (strcmp(names[n], measure->name) == 0)
			return true;
	}
	return len == 0;
}

/* A measure on its way to a process of its own, and what came of it. */
struct errand {
	const struct measure *measure;
	struct bench_result result;
	int err;
};

static void run_errand(void *about)
{
	struct errand *errand = about;

	errand->err = errand->measure->take(&errand->result);
}

static json_t *take_one(const struct measure *measure, uint64_t pairs)
{
	struct errand errand = { .measure = measure, .result.pairs = pairs };
	int err = bench_apart(run_errand, &errand, sizeof(errand));

	if (err)
		snprintf(errand.result.note, sizeof(errand.result.note), "its process ended early");
	return measure_json(measure, &errand.result, err ? err : errand.err);
}

static int take_all(char **names, int len, bool text, uint64_t pairs)
{
	json_t *all = json_array();
	int status = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(measures); i++) {
		json_t *taken;
		int one;

		if (!is_wanted(&measures[i], names, len))
			continue;
		taken = take_one(&measures[i], pairs);
		if (text)
			print_text(&measures[i], taken);
		one = status_of(taken);
		if (status == STATUS_OK || one == STATUS_UNEXPECTED)
			status = one;
		json_array_append_new(all, taken);
	}
	if (!text) {
		json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		putchar('\n');
	}
	json_decref(all);
	return status;
}

static int run(int argc, char **argv)
{
	const char *format = "text";
	uint64_t pairs = 1000000;
	const struct option table[] = {
		OPTION_FORMAT(&format, "text", "json"),
		{ .name = "pairs",
		  .kind = OPTION_NUMBER,
		  .ret.number = &pairs,
		  .value = "N",
		  .help = "pairs that population_growth counts; default 1000000",
		  .min = 1000,
		  .max = 1000000000 },
	};
	const struct options options = {
		.command = &command_bench,
		.table = table,
		.len = ARRAY_LEN(table),
		.operands_max = -1,
		.more = "NAMEs: lab_up_ms, matrix_live_s, throughput_ratio, scenarios_per_s, "
			"calls_per_s,\nengine_pps_1k, engine_pps_1m, bytes_per_mapping, "
			"bytes_per_host, host_up_ns, datagram_ns,\nmapping_growth, population_growth, matrix_virtual_s,\nguess_birthday, guess_prediction; default all.\nExit status 1 where a target is missed, 77 where a measure could "
			"not be taken.",
	};
	int status = options_parse(&options, &argc, argv);

	if (status == OPTIONS_GO_ON)
		status = check_names(argv[0], argv + 1, argc - 1);
	if (status == OPTIONS_GO_ON)
		status = take_all(argv + 1, argc - 1, strcmp(format, "text") == 0, pairs);
	return status;
}

const struct command command_bench = {
	.name = "bench",
	.usage = "[--format text|json] [--pairs N] [NAME …]",
	.summary = "its own speed, in machine-readable form",
	.run = run,
};
