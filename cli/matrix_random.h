/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `knothole matrix --random N`: the oracle against NATs that nobody chose (draw.h).  Each draw is
 * played as scenarios/matrix-random.lua has it; one that is not as the oracle says is made as plain
 * as it can be while that stays so, and kept, with its capture.
 */
#ifndef KNOTHOLE_MATRIX_RANDOM_H
#define KNOTHOLE_MATRIX_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "../scenarios/runtime/suite.h"

struct matrix_random {
	uint64_t draws;
	uint64_t seed; /* of the first; the next has the next */
	uint64_t jobs;
	enum suite_worlds worlds;
	const char *output; /* NULL = a new directory of results */
};

/* The exit status. */
int matrix_random(const struct matrix_random *random);

#endif
