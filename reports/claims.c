/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims against scenarios: which of the rows that the source documents make does a run
 * cover, and how did it end?
 */
#include <string.h>

#include "paint.h"

enum { ROW_WIDTH = 10, STATE_WIDTH = 10 };

static bool names_row(const json_t *record, const char *row)
{
	json_t *claim;
	size_t i;

	json_array_foreach(json_object_get(record, "claims"), i, claim)
	{
		const char *text = json_string_value(claim);

		if (text && strcmp(text, row) == 0)
			return true;
	}
	return false;
}

/* How bad is it?  An error says less than a failure, a skip less than a pass. */
static int badness(enum record_end end)
{
	static const int order[] = {
		[RECORD_PASS] = 0, [RECORD_SKIP] = 1, [RECORD_FAIL] = 2, [RECORD_ERROR] = 3
	};

	return order[end];
}

/* The worst end of the runs that name @row; false where none does. */
static bool row_end(const json_t *records, const char *row, enum record_end *ret)
{
	bool covered = false;
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		enum record_end end = record_ended(record);

		if (!names_row(record, row))
			continue;
		if (!covered || badness(end) > badness(*ret))
			*ret = end;
		covered = true;
	}
	return covered;
}

/* Is @record the first of its scenario's that names @row? */
static bool is_first(const json_t *records, size_t index, const char *row)
{
	const char *scenario = record_text(json_array_get(records, index), "scenario");

	for (size_t i = 0; i < index; i++) {
		const json_t *earlier = json_array_get(records, i);

		if (names_row(earlier, row) &&
		    strcmp(record_text(earlier, "scenario"), scenario) == 0)
			return false;
	}
	return true;
}

/* One line a scenario: how many of its runs ended how. */
static void tell_scenario(const json_t *records, size_t index, const char *row, FILE *out)
{
	const char *scenario = record_text(json_array_get(records, index), "scenario");
	size_t ended[RECORD_END_COUNT] = { 0 };
	const char *before = "";
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		if (names_row(record, row) &&
		    strcmp(record_text(record, "scenario"), scenario) == 0)
			ended[record_ended(record)]++;
	}
	fprintf(out, "%*s%s: ", ROW_WIDTH + STATE_WIDTH, "", scenario);
	for (int end = 0; end < RECORD_END_COUNT; end++) {
		if (ended[end] == 0)
			continue;
		fprintf(out, "%s%zu %s", before, ended[end], record_end_word((enum record_end)end));
		before = ", ";
	}
	fputc('\n', out);
}

static void tell_document(const json_t *claim, const char **document, FILE *out)
{
	const char *text = record_text(claim, "document");

	if (strcmp(text, *document) == 0)
		return;
	fprintf(out, "%s%s\n", (*document)[0] != '\0' ? "\n" : "", text);
	*document = text;
}

static void tell_claim(const json_t *claim, const json_t *records, FILE *out, bool colour,
		       size_t counts[RECORD_END_COUNT])
{
	const char *row = record_text(claim, "row");
	enum record_end end = RECORD_PASS;
	bool covered = row_end(records, row, &end);

	paint(out, colour, PAINT_PLAIN, ROW_WIDTH, row);
	paint(out, colour, covered ? paint_of(end) : PAINT_DIM, STATE_WIDTH,
	      covered ? record_end_word(end) : "-");
	fprintf(out, "%s\n", record_text(claim, "claim"));
	if (!covered)
		return;
	counts[end]++;
	for (size_t i = 0; i < json_array_size(records); i++) {
		if (names_row(json_array_get(records, i), row) && is_first(records, i, row))
			tell_scenario(records, i, row, out);
	}
}

/* A misspelt row would otherwise cover nothing, in silence. */
static void tell_unknown(const json_t *claims, const json_t *records, FILE *out)
{
	json_t *record, *named, *claim;
	size_t i, j, k;

	json_array_foreach(records, i, record)
	{
		json_array_foreach(json_object_get(record, "claims"), j, named)
		{
			bool known = false;

			json_array_foreach(claims, k, claim)
				known = known || json_equal(json_object_get(claim, "row"), named);
			if (!known && json_is_string(named) &&
			    is_first(records, i, json_string_value(named)))
				fprintf(out, "%s names %s, which is no row\n",
					record_text(record, "scenario"), json_string_value(named));
		}
	}
}

int report_claims(const json_t *claims, const json_t *records, FILE *out, bool colour)
{
	size_t counts[RECORD_END_COUNT] = { 0 };
	const char *document = "";
	size_t i, rows = json_array_size(claims), covered;
	json_t *claim;

	json_array_foreach(claims, i, claim)
	{
		tell_document(claim, &document, out);
		tell_claim(claim, records, out, colour, counts);
	}
	covered = counts[RECORD_PASS] + counts[RECORD_FAIL] + counts[RECORD_ERROR] +
		  counts[RECORD_SKIP];
	fputc('\n', out);
	tell_unknown(claims, records, out);
	fprintf(out, "%zu of %zu rows covered: %zu passed, %zu failed, %zu skipped\n", covered,
		rows, counts[RECORD_PASS], counts[RECORD_FAIL] + counts[RECORD_ERROR],
		counts[RECORD_SKIP]);
	return paint_done(out);
}
