/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command that repeats something exactly, as a shell takes it.  Whoever reads of a failure
 * copies one line and has the same failure; in a virtual world, the same bytes in the capture.
 *
 * It holds from the directory that the failing command was given in, with the same files.
 */
#ifndef KNOTHOLE_REPEAT_H
#define KNOTHOLE_REPEAT_H

#include <jansson.h>
#include <stdint.h>

struct repeat_run {
	const char *file; /* the scenario's, as it was given */
	const char *worlds; /* "live", "virtual", "both" */
	const char *realise; /* "kernel", "both"; NULL = as the scenario says */
	uint64_t seed;
	uint64_t budget_ns; /* 0 = not given */
	unsigned twin; /* which, from 1; 0 = no twin, but a run with … */
	const json_t *params; /* … these values, every one of them */
};

/* Both are freed by the caller; NULL without memory. */
char *repeat_run(const struct repeat_run *run);
char *repeat_pair(const char *population, uint64_t seed, uint64_t pair);

#endif
