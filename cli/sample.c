/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: rows and columns are shuffled, and cells taken along the diagonals, one after
 * another.  A diagonal meets each of the longer side once, and so all of the shorter; all of them
 * together are the whole table.
 */
#include "sample.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/stream.h"

/* The values of one parameter, in the order in which the draw takes them. */
struct axis {
	const char **names;
	size_t len;
};

static const char *value_of(const json_t *run, const char *key)
{
	return json_string_value(json_object_get(json_object_get(run, "params"), key));
}

static size_t place_of(const struct axis *axis, const char *name)
{
	size_t i = 0;

	while (i < axis->len && strcmp(axis->names[i], name) != 0)
		i++;
	return i;
}

static int axis_new(const json_t *runs, const char *key, struct axis *ret)
{
	json_t *run;
	size_t i;

	ret->len = 0;
	ret->names = calloc(json_array_size(runs) + 1, sizeof(*ret->names));
	if (!ret->names)
		return -ENOMEM;
	json_array_foreach(runs, i, run)
	{
		const char *name = value_of(run, key);

		if (name && place_of(ret, name) == ret->len)
			ret->names[ret->len++] = name;
	}
	return 0;
}

/* Fisher and Yates's. */
static void shuffle(struct axis *axis, uint64_t *stream)
{
	for (size_t i = axis->len; i > 1; i--) {
		size_t k = (size_t)stream_below(stream, i);
		const char *kept = axis->names[i - 1];

		axis->names[i - 1] = axis->names[k];
		axis->names[k] = kept;
	}
}

/* When the draw comes to the cell of @run. */
static uint64_t turn_of(const struct axis *a, const struct axis *b, const json_t *run)
{
	const char *row = value_of(run, "a"), *column = value_of(run, "b");
	bool wide = a->len < b->len;
	const struct axis *longer = wide ? b : a, *shorter = wide ? a : b;
	size_t along, across;

	if (!row || !column || !shorter->len)
		return 0;
	along = place_of(longer, wide ? column : row);
	across = place_of(shorter, wide ? row : column);
	return (across + shorter->len - along % shorter->len) % shorter->len * longer->len + along;
}

/* Which runs stay is known before the first goes: the axes' names are the runs' own. */
static int remove_late(json_t *runs, const struct axis *a, const struct axis *b, uint64_t cells)
{
	size_t len = json_array_size(runs);
	bool *late = calloc(len + 1, sizeof(*late));

	if (!late)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		late[i] = turn_of(a, b, json_array_get(runs, i)) >= cells;
	for (size_t i = len; i-- > 0;)
		if (late[i])
			json_array_remove(runs, i);
	free(late);
	return 0;
}

long sample_runs(json_t *runs, uint64_t cells, uint64_t seed)
{
	uint64_t stream = stream_seed(seed, "sample", "cells");
	struct axis a = { 0 }, b = { 0 };
	int err = axis_new(runs, "a", &a);
	long of = -ENOMEM;

	if (!err)
		err = axis_new(runs, "b", &b);
	if (!err) {
		shuffle(&a, &stream);
		shuffle(&b, &stream);
		err = remove_late(runs, &a, &b, cells);
	}
	if (!err)
		of = (long)(a.len * b.len);
	free(a.names);
	free(b.names);
	return of;
}
