/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report for people at a terminal: a line a run, below it one that says what was not as
 * expected, or all of it, with the rungs that its calls tried, and how the run is repeated; a
 * summary.
 */
#include "paint.h"

enum { MARK_WIDTH = 6, NAME_ROOM = 160, METHOD_ROOM = 64, RUNGS_ROOM = 2048 };

static void tell_time(const json_t *record, FILE *out)
{
	double ms = json_number_value(json_object_get(record, "ms"));

	if (ms < 1000)
		fprintf(out, "  %.0f ms", ms);
	else
		fprintf(out, "  %.1f s", ms / 1000);
}

/* Why the oracle's word did not count: a pass should not hide that. */
static void tell_waivers(const json_t *record, FILE *out)
{
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		const char *reason = record_text(call, "oracle_waived");

		if (reason[0] == '\0')
			continue;
		fputs("  (oracle waived: ", out);
		paint_safe(out, reason);
		fputc(')', out);
	}
}

static void tell_run(const json_t *record, FILE *out, bool colour)
{
	enum record_end end = record_ended(record);
	const char *twin = record_text(record, "twin");
	char name[NAME_ROOM], methods[METHOD_ROOM];

	paint(out, colour, paint_of(end), MARK_WIDTH, record_end_word(end));
	fputs(record_name(record, name, sizeof(name)), out);
	record_methods(record, methods, sizeof(methods));
	if (methods[0] != '\0')
		fprintf(out, "  %s", methods);
	tell_time(record, out);
	tell_waivers(record, out);
	if (twin[0] != '\0' && end != RECORD_SKIP)
		fprintf(out,
			end == RECORD_PASS ? "  (failed, as it must: %s)"
					   : "  (should have failed: %s)",
			twin);
	if (end == RECORD_SKIP)
		fprintf(out, "  %s", record_text(record, "message"));
	fputc('\n', out);
}

/* A line of a failure: @texts, NULL-terminated, one after the other. */
static void tell(FILE *out, const char *const *texts)
{
	fputs("      ", out);
	for (; *texts; texts++)
		paint_safe(out, *texts);
	fputc('\n', out);
}

#define TELL(out, ...) tell(out, (const char *const[]){ __VA_ARGS__, NULL })

/* Every expectation that did not hold, or the first of them and how many more there are.  Returns
 * how many. */
static size_t tell_expectations(const json_t *record, FILE *out, bool all)
{
	size_t i, n = 0, unmet = 0;
	json_t *expectation;
	char more[40] = "";

	json_array_foreach(json_object_get(record, "expectations"), i, expectation)
	{
		unmet += !json_is_true(json_object_get(expectation, "ok"));
	}
	if (!all && unmet > 1)
		snprintf(more, sizeof(more), " (and %zu more)", unmet - 1);
	json_array_foreach(json_object_get(record, "expectations"), i, expectation)
	{
		if (json_is_true(json_object_get(expectation, "ok")) || (n && !all))
			continue;
		TELL(out, record_text(expectation, "where"), ": ", record_text(expectation, "what"),
		     ": expected ", record_text(expectation, "expected"), ", found ",
		     record_text(expectation, "found"), more);
		n++;
	}
	return n;
}

/* Which rungs of the ladder each call tried, and how long each took. */
static void tell_rungs(const json_t *record, FILE *out)
{
	char rungs[RUNGS_ROOM];
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		if (record_rungs(call, rungs, sizeof(rungs))[0] != '\0')
			TELL(out, record_text(call, "caller"), " to ", record_text(call, "callee"),
			     ": ", rungs);
	}
}

static void tell_calls(const json_t *record, FILE *out)
{
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		const char *why = record_text(json_object_get(call, "capture"), "why");

		if (why[0] != '\0')
			TELL(out, record_text(call, "caller"), " to ", record_text(call, "callee"),
			     ", by the capture: ", why);
	}
}

static void tell_log(const json_t *record, FILE *out)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(record, "log"), i, line)
	{
		if (json_is_string(line))
			TELL(out, "log: ", json_string_value(line));
	}
}

static void tell_failure(const json_t *record, FILE *out, bool verbose)
{
	const char *capture = record_text(record, "capture_file");
	const char *message = record_text(record, "message");

	/* The message is the first expectation that did not hold, where there is one. */
	if (tell_expectations(record, out, verbose) == 0 && message[0] != '\0')
		TELL(out, message);
	if (verbose) {
		tell_calls(record, out);
		tell_log(record, out);
		if (capture[0] != '\0')
			TELL(out, "capture: ", capture);
		fprintf(out, "      seed: %" JSON_INTEGER_FORMAT "\n",
			json_integer_value(json_object_get(record, "seed")));
	}
	if (record_text(record, "repeat")[0] != '\0')
		TELL(out, "repeat: ", record_text(record, "repeat"));
}

int report_terminal(const json_t *records, FILE *out, bool colour, bool verbose)
{
	struct record_counts counts = record_count(records);
	size_t failed = counts.ended[RECORD_FAIL] + counts.ended[RECORD_ERROR];
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		enum record_end end = record_ended(record);

		tell_run(record, out, colour);
		if (verbose)
			tell_rungs(record, out);
		if (end == RECORD_FAIL || end == RECORD_ERROR)
			tell_failure(record, out, verbose);
	}
	report_luck(records, out);
	if (record_left_out(records))
		fprintf(out,
			"%zu calls were not wholly compared: luck decides them, as the oracle says\n",
			record_left_out(records));
	fprintf(out, "%zu passed, ", counts.ended[RECORD_PASS]);
	if (failed > 0 && colour)
		fprintf(out, "\033[1;31m%zu failed\033[0m", failed);
	else
		fprintf(out, "%zu failed", failed);
	fprintf(out, ", %zu skipped\n", counts.ended[RECORD_SKIP]);
	return paint_done(out);
}
