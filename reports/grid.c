/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *param(const json_t *record, const char *key)
{
	return record_text(json_object_get(record, "params"), key);
}

static size_t find(const char *const *names, size_t len, const char *name)
{
	size_t i = 0;

	while (i < len && strcmp(names[i], name) != 0)
		i++;
	return i;
}

static void add_name(const char **names, size_t *len, const char *name)
{
	if (find(names, *len, name) == *len)
		names[(*len)++] = name;
}

static bool belongs(const struct grid *grid, const json_t *record)
{
	return strcmp(record_text(record, "realise"), grid->realise) == 0;
}

/* The worst of two runs of one cell is the one to show: a failure must not be painted over by
 * a later success.  One that was skipped in this world says nothing of another. */
static const json_t *worse(const json_t *a, const json_t *b)
{
	if (!a || record_ended(a) == RECORD_SKIP)
		return b;
	if (record_ended(b) == RECORD_SKIP)
		return a;
	if (grid_as_expected(a) != grid_as_expected(b))
		return grid_as_expected(a) ? b : a;
	return a;
}

static void place(struct grid *grid, const json_t *record)
{
	size_t row = find(grid->rows, grid->rows_len, param(record, "a"));
	size_t column = find(grid->columns, grid->columns_len, param(record, "b"));
	const json_t **cell = &grid->cells[row * grid->columns_len + column];

	*cell = worse(*cell, record);
}

int grid_new(const json_t *records, const char *realise, struct grid *ret)
{
	size_t n = json_array_size(records);
	struct grid grid = { .realise = realise };
	json_t *record;
	size_t i;

	grid.rows = calloc(n + 1, sizeof(const char *));
	grid.columns = calloc(n + 1, sizeof(const char *));
	if (!grid.rows || !grid.columns)
		goto fail;
	json_array_foreach(records, i, record)
	{
		if (!belongs(&grid, record))
			continue;
		add_name(grid.rows, &grid.rows_len, param(record, "a"));
		add_name(grid.columns, &grid.columns_len, param(record, "b"));
	}
	grid.cells = calloc(grid.rows_len * grid.columns_len + 1, sizeof(const json_t *));
	if (!grid.cells)
		goto fail;
	json_array_foreach(records, i, record)
	{
		if (belongs(&grid, record))
			place(&grid, record);
	}
	*ret = grid;
	return 0;
fail:
	grid_clear(&grid);
	return -ENOMEM;
}

void grid_clear(struct grid *grid)
{
	free(grid->rows);
	free(grid->columns);
	free(grid->cells);
	*grid = (struct grid){ 0 };
}

const json_t *grid_cell(const struct grid *grid, size_t row, size_t column)
{
	return grid->cells[row * grid->columns_len + column];
}

/* Of a path, what says most in little room. */
static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *grid_name(const char *const *names, size_t len, const char *name)
{
	const char *brief = last_part(name);
	size_t same = 0;

	for (size_t i = 0; i < len; i++)
		same += strcmp(last_part(names[i]), brief) == 0;
	return same > 1 ? name : brief;
}

static bool call_connected(const json_t *call, enum method method)
{
	const json_t *capture = json_object_get(call, "capture");
	json_t *attempt;
	size_t i;

	json_array_foreach(json_object_get(capture, "attempts"), i, attempt)
	{
		if (json_is_true(json_object_get(attempt, "connected")) &&
		    strcmp(record_text(attempt, "method"), method_word(method)) == 0)
			return true;
	}
	return false;
}

enum method grid_found(const json_t *record)
{
	for (int m = 0; m < METHOD_COUNT; m++) {
		json_t *call;
		size_t i;

		json_array_foreach(json_object_get(record, "calls"), i, call)
		{
			if (call_connected(call, (enum method)m))
				return (enum method)m;
		}
	}
	return METHOD_COUNT;
}

const json_t *grid_oracle(const json_t *call, const char *method, bool ipv6)
{
	return json_object_get(json_object_get(call, ipv6 ? "oracle6" : "oracle"), method);
}

static bool must(const json_t *call, enum method method, bool ipv6)
{
	const json_t *says = grid_oracle(call, method_word(method), ipv6);

	return strcmp(record_text(says, "prediction"), "must") == 0;
}

enum method grid_expected(const json_t *record)
{
	const json_t *call = json_array_get(json_object_get(record, "calls"), 0);

	for (int m = 0; m < METHOD_COUNT; m++)
		if (must(call, (enum method)m, false) || must(call, (enum method)m, true))
			return (enum method)m;
	return METHOD_COUNT;
}

bool grid_as_expected(const json_t *record)
{
	json_t *call;
	size_t i;

	if (record_ended(record) != RECORD_PASS)
		return false;
	json_array_foreach(json_object_get(record, "calls"), i, call)
	{
		if (json_is_false(json_object_get(call, "agrees")))
			return false;
	}
	return true;
}
