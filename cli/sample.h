/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Some of a matrix's cells, drawn by a seed, so that each model is met as often as the others. */
#ifndef KNOTHOLE_SAMPLE_H
#define KNOTHOLE_SAMPLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keep the runs of @cells cells among @runs (scenario_runs()), whose cells are told apart by the
 * parameters "a" and "b", in their order; all where there are no more.  Each value of the parameter
 * that has more is in as many of them as any other, or in one more.  How many cells there were, or
 * -ENOMEM, and nothing is changed.
 */
long sample_runs(json_t *runs, uint64_t cells, uint64_t seed);

#endif
