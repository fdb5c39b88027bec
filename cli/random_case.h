/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drawn case (draw.h) as a run of scenarios/matrix-random.lua, its models in files; and the plainest
 * case that fails as it does.
 */
#ifndef KNOTHOLE_RANDOM_CASE_H
#define KNOTHOLE_RANDOM_CASE_H

#include <jansson.h>

#include "../scenarios/runtime/suite.h"
#include "draw.h"

struct random_case {
	uint64_t seed;
	struct draw draw;
	const char *method; /* "all", or the one to try */
	const char *directory; /* where the models' files are: SEED-a.lua, … */
};

/* Write its models' files: 0 or -errno. */
int random_case_write(const struct random_case *random);
void random_case_remove(const struct random_case *random);

/* As suite_entry's `runs` has it; the caller owns it. */
json_t *random_case_run(const struct random_case *random);

/*
 * Make @random, which is that of @record, plainer as long as it fails alike: knobs at their defaults,
 * fewer NATs, one method.  Its files, @record and its capture are then those of the plainest one.
 */
void random_case_shrink(struct random_case *random, const struct suite *suite,
			const struct suite_options *options, json_t *record);

#endif
