/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knothole verdict: judge a capture that is there already.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../reports/routes.h"
#include "../reports/verdict.h"
#include "command.h"
#include "options.h"

enum { ERROR_ROOM = 1024, SENTENCE = 4096 };

static const char *name_or(const char *name, const char *otherwise)
{
	return name[0] != '\0' ? name : otherwise;
}

static void print_path(const struct verdict_call *call, size_t role)
{
	if (call->path_len[role] == 0)
		return;
	fputs("  path      ", stdout);
	for (size_t i = 0; i < call->path_len[role]; i++)
		printf("%s%s", i > 0 ? " > " : "", call->path[role][i]);
	putchar('\n');
}

static void print_call(const struct verdict_call *call)
{
	printf("%s to %s, call %016" PRIx64 ": ", name_or(call->caller, "an unseen caller"),
	       name_or(call->callee, "an unseen callee"), call->token);
	if (call->connected)
		printf("connected by %s\n", method_word(call->method));
	else
		puts("did not connect");
	printf("  because   %s\n", call->why);
	for (size_t i = 0; i < call->attempts_len; i++) {
		const struct verdict_attempt *attempt = &call->attempts[i];

		printf("  %-10s", method_word(attempt->method));
		if (attempt->connected)
			printf("open after %.1f ms%s%s\n",
			       (double)(attempt->opened - attempt->began) / 1e6,
			       attempt->shown != attempt->method ? ", shown to be no more than "
								 : "",
			       attempt->shown != attempt->method ? method_word(attempt->shown)
								 : "");
		else
			printf("failed: %s\n", attempt->why);
	}
	print_path(call, 0);
	print_path(call, 1);
}

/* What went between each two hosts, where none of our probes called. */
static void each_pair(const struct flows *flows, void (*take)(const struct routes *, void *),
		      void *arg)
{
	const struct tap_list *taps = &flows->taps;
	struct routes routes;

	for (size_t a = 0; a < taps->len; a++)
		for (size_t b = a + 1; b < taps->len; b++) {
			if (taps->taps[a].side != TAP_HOST || taps->taps[b].side != TAP_HOST ||
			    routes_between(flows, taps->taps[a].node, taps->taps[b].node, &routes))
				continue;
			if (routes.len > 0)
				take(&routes, arg);
			routes_clear(&routes);
		}
}

static void print_routes(const struct routes *routes, void *arg)
{
	char sentence[SENTENCE];

	(void)arg;
	printf("%s and %s: %s\n", routes->hosts[0], routes->hosts[1],
	       routes_sentence(routes, sentence, sizeof(sentence)));
}

static void add_routes(const struct routes *routes, void *list)
{
	json_array_append_new(list, routes_json(routes));
}

static void print_text(const struct verdict *verdict, const struct flows *flows)
{
	if (verdict->calls_len == 0) {
		printf("no calls of knothole's probes in %zu packets\n", verdict->packets);
		each_pair(flows, print_routes, NULL);
	}
	for (size_t i = 0; i < verdict->calls_len; i++)
		print_call(&verdict->calls[i]);
}

static int print_json(const struct verdict *verdict, const struct flows *flows)
{
	json_t *calls = json_array(), *pairs = json_array();
	json_t *whole;
	int r;

	for (size_t i = 0; i < verdict->calls_len; i++)
		json_array_append_new(calls, verdict_call_json(&verdict->calls[i]));
	if (verdict->calls_len == 0)
		each_pair(flows, add_routes, pairs);
	whole = json_pack("{s:I, s:o, s:o}", "packets", (json_int_t)verdict->packets, "calls",
			  calls, "pairs", pairs);
	r = whole ? json_dumpf(whole, stdout, JSON_INDENT(1)) : -1;
	putchar('\n');
	json_decref(whole);
	return r;
}

static bool all_connected(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->calls_len; i++) {
		if (!verdict->calls[i].connected)
			return false;
	}
	return true;
}

static int run(int argc, char **argv)
{
	const char *format = "text";
	const struct option table[] = {
		OPTION_FORMAT(&format, "text", "json"),
	};
	const struct options options = {
		.command = &command_verdict,
		.table = table,
		.len = ARRAY_LEN(table),
		.operands_min = 1,
		.operands_max = 1,
		.more = "Where FILE has no calls of knothole's own probes, the ways that any two hosts'\ntraffic took are told.\n"
			"Exit status: 0 where every call in FILE connected, 1 where one did not.",
	};
	char error[ERROR_ROOM];
	struct verdict verdict;
	struct flows flows;
	int status = options_parse(&options, &argc, argv);

	if (status != OPTIONS_GO_ON)
		return status;
	if (verdict_read(argv[1], &verdict, error, sizeof(error)) < 0)
		return command_error("verdict", STATUS_USAGE, "%s", error);
	if (flows_read(argv[1], &flows, error, sizeof(error)) < 0) {
		verdict_clear(&verdict);
		return command_error("verdict", STATUS_USAGE, "%s", error);
	}
	status = all_connected(&verdict) ? STATUS_OK : STATUS_UNEXPECTED;
	if (strcmp(format, "json") != 0)
		print_text(&verdict, &flows);
	else if (print_json(&verdict, &flows) < 0)
		status = STATUS_UNEXPECTED;
	flows_clear(&flows);
	verdict_clear(&verdict);
	return status;
}

const struct command command_verdict = {
	.name = "verdict",
	.usage = "[options] FILE",
	.summary = "judge an existing capture",
	.run = run,
};
