/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NAT x NAT table for people.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "grid.h"
#include "paint.h"

enum { LABEL_MAX = 10, CELL_WIDTH = 12, LABEL_ROOM = 48, ROW_ROOM = 112 };

/* A name too long for a column becomes its words' first letters, and its numbers:
 * "port-restricted-cone" is "prc", "symmetric-sequential-2" is "ss2". */
static const char *label(const char *name, char buf[LABEL_ROOM])
{
	size_t len = 0;
	bool start = true;

	if (strlen(name) <= LABEL_MAX) {
		snprintf(buf, LABEL_ROOM, "%s", name);
		return buf;
	}
	for (; *name && len < LABEL_MAX; name++) {
		if (start || isdigit((unsigned char)*name))
			buf[len++] = *name;
		start = *name == '-';
	}
	buf[len] = '\0';
	return buf;
}

static const char *row_label(const char *name, char buf[ROW_ROOM])
{
	char brief[LABEL_ROOM];

	if (strcmp(label(name, brief), name) == 0)
		snprintf(buf, ROW_ROOM, "%s", name);
	else
		snprintf(buf, ROW_ROOM, "%.48s (%s)", name, brief);
	return buf;
}

static const char *row_name(const struct grid *grid, size_t row)
{
	return grid_name(grid->rows, grid->rows_len, grid->rows[row]);
}

static const char *column_name(const struct grid *grid, size_t column)
{
	return grid_name(grid->columns, grid->columns_len, grid->columns[column]);
}

static int row_width(const struct grid *grid)
{
	char buf[ROW_ROOM];
	size_t width = strlen("a \\ b");

	for (size_t i = 0; i < grid->rows_len; i++) {
		size_t len = strlen(row_label(row_name(grid, i), buf));

		if (len > width)
			width = len;
	}
	return (int)width + 2;
}

static const char *word(enum method method)
{
	return method == METHOD_COUNT ? "none" : method_word(method);
}

/* As much as the longest word that there is. */
static int widest_cell(const struct grid *grid)
{
	size_t width = CELL_WIDTH;

	for (size_t i = 0; i < grid->rows_len * grid->columns_len; i++) {
		const json_t *record = grid->cells[i];
		size_t len = record ? strlen(word(grid_found(record))) + 2 : 0;

		if (record && !grid_as_expected(record))
			len += 2;
		if (len > width)
			width = len;
	}
	return (int)width;
}

/* The last one needs no room behind it. */
static int cell_width(const struct grid *grid, size_t column, int width)
{
	return column + 1 < grid->columns_len ? width : 0;
}

static void draw_cell(const json_t *record, int width, FILE *out, bool colour)
{
	char text[LABEL_ROOM];
	enum paint how = PAINT_PLAIN;

	if (!record) {
		paint(out, colour, PAINT_DIM, width, "-");
		return;
	}
	if (record_ended(record) == RECORD_SKIP) {
		paint(out, colour, PAINT_WARN, width, "skip");
		return;
	}
	if (!method_relays(grid_found(record)) && grid_found(record) != METHOD_COUNT)
		how = PAINT_GOOD;
	if (!grid_as_expected(record))
		how = PAINT_BAD;
	snprintf(text, sizeof(text), "%s%s", word(grid_found(record)),
		 grid_as_expected(record) ? "" : " !");
	paint(out, colour, how, width, text);
}

static void draw(const struct grid *grid, FILE *out, bool colour)
{
	int width = row_width(grid), cells = widest_cell(grid);
	char buf[ROW_ROOM];

	paint(out, colour, PAINT_DIM, width, "a \\ b");
	for (size_t i = 0; i < grid->columns_len; i++)
		paint(out, colour, PAINT_PLAIN, cell_width(grid, i, cells),
		      label(column_name(grid, i), buf));
	fputc('\n', out);
	for (size_t row = 0; row < grid->rows_len; row++) {
		paint(out, colour, PAINT_PLAIN, width, row_label(row_name(grid, row), buf));
		for (size_t column = 0; column < grid->columns_len; column++)
			draw_cell(grid_cell(grid, row, column), cell_width(grid, column, cells),
				  out, colour);
		fputc('\n', out);
	}
}

/* What each method of a call came to, where the oracle says otherwise. */
static void tell_oracle(const json_t *record, FILE *out)
{
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		const json_t *capture = json_object_get(call, "capture");
		json_t *attempt;
		size_t j;

		json_array_foreach(json_object_get(capture, "attempts"), j, attempt)
		{
			const char *method = record_text(attempt, "method");
			bool ipv6 = strcmp(record_text(attempt, "family"), "ipv6") == 0 &&
				    strcmp(method, method_word(METHOD_RELAY)) != 0;
			const json_t *says = grid_oracle(call, method, ipv6);
			const char *prediction = record_text(says, "prediction");
			bool connected = json_is_true(json_object_get(attempt, "connected"));

			if (strcmp(prediction, connected ? "must-not" : "must") != 0)
				continue;
			fprintf(out, "      %s %s connect (%s), and did%s: %s\n", method,
				connected ? "must not" : "must", record_text(says, "why"),
				connected ? "" : " not", record_text(attempt, "why"));
		}
	}
}

static void tell_cell(const json_t *record, FILE *out)
{
	const char *capture = record_text(record, "capture_file");
	const char *message = record_text(record, "message");
	json_t *call;
	size_t i;

	if (message[0] != '\0')
		fprintf(out, "      %s\n", message);
	tell_oracle(record, out);
	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		const char *why = record_text(json_object_get(call, "capture"), "why");

		if (why[0] != '\0')
			fprintf(out, "      the capture shows: %s\n", why);
	}
	if (capture[0] != '\0')
		fprintf(out, "      capture: %s\n", capture);
	if (record_text(record, "repeat")[0] != '\0')
		fprintf(out, "      repeat: %s\n", record_text(record, "repeat"));
}

/* Which methods were not tried in a cell, and why the first was not; how many. */
static size_t tell_not_tried(const json_t *record, const char *a, const char *b, FILE *out)
{
	const json_t *list = json_object_get(record, "not_tried");
	json_t *rung;
	size_t i;

	if (!json_array_size(list))
		return 0;
	fprintf(out, "part  %s, %s: not tried:", a, b);
	json_array_foreach(list, i, rung)
		fprintf(out, "%s %s", i ? "," : "", record_text(rung, "method"));
	fprintf(out, ": %s\n", record_text(json_array_get(list, 0), "why"));
	return json_array_size(list);
}

/* The marked cells in full, and how many cells there were of each kind. */
static void tell_cells(const struct grid *grid, FILE *out)
{
	size_t cells = 0, as_expected = 0, skipped = 0, in_part = 0;

	for (size_t i = 0; i < grid->rows_len * grid->columns_len; i++) {
		const json_t *record = grid->cells[i];
		const char *a = row_name(grid, i / grid->columns_len);
		const char *b = column_name(grid, i % grid->columns_len);

		if (!record)
			continue;
		cells++;
		if (record_ended(record) == RECORD_SKIP) {
			skipped++;
			fprintf(out, "skip  %s, %s: %s\n", a, b, record_text(record, "message"));
		} else if (grid_as_expected(record)) {
			as_expected++;
			in_part += tell_not_tried(record, a, b, out) > 0;
		} else {
			fprintf(out, "!     %s, %s: expected %s, found %s\n", a, b,
				word(grid_expected(record)), word(grid_found(record)));
			tell_cell(record, out);
			in_part += tell_not_tried(record, a, b, out) > 0;
		}
	}
	fprintf(out, "%zu cells: %zu as the oracle says, %zu not, %zu skipped", cells, as_expected,
		cells - as_expected - skipped, skipped);
	if (in_part)
		fprintf(out, ", %zu tried in part", in_part);
	fputc('\n', out);
}

static void legend(FILE *out)
{
	static const char *const meanings[] = {
#define X(id, word_, text) [id] = (text),
		METHODS(X)
#undef X
	};

	fputs("\na is the caller's NAT, b the callee's; a cell shows the first of these that the "
	      "capture\nshows to connect:\n",
	      out);
	for (int m = 0; m < METHOD_COUNT; m++)
		fprintf(out, "  %-18s%s\n", method_word((enum method)m), meanings[m]);
	fprintf(out, "  %-18s%s\n  %-18s%s\n", "none", "none of them did", "!",
		"not as the oracle says, or failed: told below its table");
}

/* Has an earlier record the same `realise`? */
static bool seen_before(const json_t *records, size_t index)
{
	const char *realise = record_text(json_array_get(records, index), "realise");

	for (size_t i = 0; i < index; i++) {
		if (strcmp(record_text(json_array_get(records, i), "realise"), realise) == 0)
			return true;
	}
	return false;
}

int report_matrix(const json_t *records, FILE *out, bool colour)
{
	for (size_t i = 0; i < json_array_size(records); i++) {
		const char *realise = record_text(json_array_get(records, i), "realise");
		struct grid grid;

		if (seen_before(records, i))
			continue;
		if (grid_new(records, realise, &grid) < 0)
			return -ENOMEM;
		fprintf(out, "%sNATs realised by the %s\n\n", i > 0 ? "\n" : "",
			realise[0] != '\0' ? realise : "engine");
		draw(&grid, out, colour);
		fputc('\n', out);
		tell_cells(&grid, out);
		grid_clear(&grid);
	}
	if (record_left_out(records))
		fprintf(out,
			"%zu calls were not wholly compared: luck decides them, as the oracle says\n",
			record_left_out(records));
	legend(out);
	return paint_done(out);
}
