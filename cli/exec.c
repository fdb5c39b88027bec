/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knothole exec: two programs behind any two NATs, and what the capture shows of how they met.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/duration.h"
#include "../reports/record.h"
#include "../reports/routes.h"
#include "command.h"
#include "lab_options.h"
#include "results.h"

enum { SENTENCE = 2048 };

#define GRACE (2 * NS_PER_S)

struct exec_options {
	struct lab_file lab;
	const char *output, *format, *expect;
	uint64_t seed, time, grace;
	char grace_text[32]; /* in seconds, as Lua has it */
};

/* Commands are cut at "---"; the third one may be absent. */
static int split(char **argv, int argc, struct lab_file *lab)
{
	size_t n = 0;

	for (int at = 1; at <= argc && n < LAB_PROGRAMS; n++) {
		lab->argv[n] = argv + at;
		while (at < argc && strcmp(argv[at], "---") != 0)
			at++;
		if (lab->argv[n] == argv + at)
			return command_error("exec", STATUS_USAGE,
					     "expected A-COMMAND... --- B-COMMAND...; got an "
					     "empty command");
		argv[at++] = NULL;
		if (at > argc)
			return n > 0 ? STATUS_OK
				     : command_error("exec", STATUS_USAGE,
						     "expected A-COMMAND... --- B-COMMAND...; "
						     "got no ---");
	}
	return command_error("exec", STATUS_USAGE, "expected at most %d commands; got more",
			     LAB_PROGRAMS);
}

/* Is the way at the end what --expect says? */
static bool is_expected(const struct routes *routes, const char *expect)
{
	bool connected = routes_connected(routes);
	enum method method;

	if (strcmp(expect, "none") == 0 || !connected)
		return !connected && strcmp(expect, "none") == 0;
	method = routes->routes[routes->end].method;
	if (strcmp(expect, "unrelayed") == 0)
		return method != METHOD_RELAY;
	return strcmp(expect, method_word(method)) == 0;
}

static void fail(json_t *record, const char *message)
{
	const char *before = json_string_value(json_object_get(record, "message"));

	if (record_ended(record) != RECORD_PASS && before && *before)
		return;
	json_object_set_new(record, "ended", json_string("fail"));
	json_object_set_new(record, "message", json_string(message));
}

/* Read the capture and put what it shows beside the record. */
static void judge(json_t *record, const struct exec_options *o)
{
	char error[512], sentence[SENTENCE], message[SENTENCE + 256];
	struct flows flows;
	struct routes routes;

	if (flows_read(record_text(record, "capture_file"), &flows, error, sizeof(error))) {
		fail(record, error);
		return;
	}
	if (routes_between(&flows, LAB_A, LAB_B, &routes)) {
		fail(record, "the capture does not show the hosts");
		flows_clear(&flows);
		return;
	}
	routes_sentence(&routes, sentence, sizeof(sentence));
	json_object_set_new(record, "verdict", routes_json(&routes));
	json_object_set_new(record, "why", json_string(sentence));
	if (o->expect && !is_expected(&routes, o->expect)) {
		snprintf(message, sizeof(message), "expected %s, found %s: %s", o->expect,
			 routes_connected(&routes) ? method_word(routes.routes[routes.end].method)
						   : "no connection",
			 sentence);
		fail(record, message);
	}
	routes_clear(&routes);
	flows_clear(&flows);
}

/* A program was not to be started, or was not ready in time; what the capture shows is no matter then.
 * Errors begin with the place and with the call that raised them, and this one is the script's own. */
static bool never_began(const json_t *record)
{
	return record_ended(record) == RECORD_ERROR &&
	       strstr(record_text(record, "message"), ": start: ");
}

static int print(const struct exec_options *o, const char *directory, const json_t *records)
{
	const json_t *record = json_array_get(records, 0), *line;
	size_t i;

	if (strcmp(o->format, "text") != 0)
		return results_print_report("exec", directory, o->format);
	if (never_began(record))
		return command_error("exec", STATUS_UNEXPECTED, "%s; what it said is in %s",
				     record_text(record, "message"), directory);
	report_terminal(records, stdout, command_colour(stdout), true);
	json_array_foreach(json_object_get(record, "log"), i, line)
		printf("  %s\n", json_string_value(line));
	if (record_text(record, "why")[0])
		printf("  verdict: %s\n", record_text(record, "why"));
	printf("results: %s\n", directory);
	return STATUS_OK;
}

static int play(struct exec_options *o)
{
	char directory[PATH_MAX];
	struct lab_play lab_play_of = { "exec", directory, o->seed, o->time };
	json_t *records;
	int status = lab_complete("exec", &o->lab);

	if (!status)
		status = command_results("exec", o->output, "exec", directory, sizeof(directory));
	if (status)
		return status;
	snprintf(o->grace_text, sizeof(o->grace_text), "%.3f", (double)o->grace / 1e9);
	o->lab.grace = o->grace_text;
	status = lab_play(&lab_play_of, &o->lab, &records);
	if (status)
		return status;
	if (record_text(json_array_get(records, 0), "capture_file")[0])
		judge(json_array_get(records, 0), o);
	status = results_write("exec", directory, records);
	if (!status)
		status = print(o, directory, records);
	if (!status)
		status = results_status(records);
	json_decref(records);
	return status;
}

static int run(int argc, char **argv)
{
	struct exec_options o = { .format = "text", .seed = 1, .grace = GRACE };
	const struct option table[] = {
		OPTION_NAT("a", &o.lab.nat[0]),
		OPTION_NAT("b", &o.lab.nat[1]),
		OPTION_NAT6("a", &o.lab.nat6[0]),
		OPTION_NAT6("b", &o.lab.nat6[1]),
		OPTION_FORWARD("a", &o.lab.forward[0]),
		OPTION_FORWARD("b", &o.lab.forward[1]),
		OPTION_LINK("delay", &o.lab.delay, "TIME"),
		OPTION_LINK("loss", &o.lab.loss, "SHARE"),
		OPTION_LINK("rate", &o.lab.rate, "RATE"),
		OPTION_SERVER(&o.lab.server),
		{ .name = "ready",
		  .kind = OPTION_TEXT,
		  .ret.text = &o.lab.ready,
		  .value = "PORT|TEXT",
		  .help = "b's program listens there, or says that, before a's is started" },
		{ .name = "server-ready",
		  .kind = OPTION_TEXT,
		  .ret.text = &o.lab.server_ready,
		  .value = "PORT|TEXT",
		  .help = "the same of the server's program, before both" },
		{ .name = "grace",
		  .kind = OPTION_DURATION,
		  .ret.number = &o.grace,
		  .value = "TIME",
		  .help = "what the other program has to end by itself once one has; default 2s" },
		{ .name = "expect",
		  .kind = OPTION_WORD,
		  .ret.text = &o.expect,
		  .value = "WAY",
		  .help = "how they must be talking at the end, as the capture shows it; "
			  "unrelayed: from peer to peer, by any of the first three",
		  .words = (const char *const[]){ "direct", "reversal", "punch", "relay",
						  "unrelayed", "none", NULL } },
		{ .name = "time",
		  .kind = OPTION_DURATION,
		  .ret.number = &o.time,
		  .value = "TIME",
		  .min = 1,
		  .help = "for all of it; default 60s" },
		OPTION_SEED(&o.seed),
		OPTION_OUTPUT(&o.output),
		OPTION_FORMAT(&o.format, "text", "json", "junit"),
	};
	const struct options options = {
		.command = &command_exec,
		.table = table,
		.len = ARRAY_LEN(table),
		.operands_min = 3,
		.operands_max = -1,
		.more = "The programs find KNOTHOLE_A and _B (both sides' addresses as the world "
			"sees them),\n_SELF, _PEER, _SERVER, _STUN, _TURN, _TURN_USER and "
			"_TURN_PASSWORD in their\nenvironment, and the hosts as " LAB_A ", " LAB_B
			" and " LAB_SERVER
			".  What they say is in the results' folder.\nExit status: 0 where both "
			"ended with 0 or were still running when the other ended,\nand --expect "
			"was met.",
	};
	int status = options_parse(&options, &argc, argv);

	if (status != OPTIONS_GO_ON)
		return status;
	status = split(argv, argc, &o.lab);
	return status ? status : play(&o);
}

const struct command command_exec = {
	.name = "exec",
	.usage = "[options] -- A-COMMAND... --- B-COMMAND... [--- SERVER-COMMAND...]",
	.summary = "run your own programs behind any NATs; their traffic is judged",
	.run = run,
};
