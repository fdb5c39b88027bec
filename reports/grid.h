/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a matrix, as a grid: which models stand at its edges, and which run is in
 * which cell.  matrix.c draws it.
 */
#ifndef KNOTHOLE_GRID_H
#define KNOTHOLE_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "../nat-models/predict.h"
#include "record.h"

struct grid {
	const char *realise; /* who does the translating in these runs */
	const char **rows; /* values of parameter "a", in the order of the plan */
	size_t rows_len;
	const char **columns; /* of "b" */
	size_t columns_len;
	const json_t **cells; /* rows * columns; NULL where nothing was run */
};

/* The runs of @records that @realise did; where a cell was run more than once, the worst of
 * them stands in it.  0 or -ENOMEM. */
int grid_new(const json_t *records, const char *realise, struct grid *ret);
void grid_clear(struct grid *grid);
const json_t *grid_cell(const struct grid *grid, size_t row, size_t column);

/* What a row or column is called: its model's name, or that of its file where it is the only one
 * so called in @names, of @len. */
const char *grid_name(const char *const *names, size_t len, const char *name);

/* The first method of the ladder that a run's captures showed to connect; METHOD_COUNT: none. */
enum method grid_found(const json_t *record);

/* What the oracle says of @method in one family: of @call's "oracle", or its "oracle6".  NULL where
 * it was not asked. */
const json_t *grid_oracle(const json_t *call, const char *method, bool ipv6);

/* The first that its oracle says must connect; METHOD_COUNT: none must. */
enum method grid_expected(const json_t *record);

/* Did it end as expected, and do probe, capture and oracle agree on every call? */
bool grid_as_expected(const json_t *record);

#endif
