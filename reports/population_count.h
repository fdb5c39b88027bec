/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting a population: pairs are drawn, tried in virtual worlds of their own, and counted.
 *
 * A pair's chance comes from its number alone, so any cut of a run into processes and machines
 * counts the same.
 */
#ifndef KNOTHOLE_POPULATION_COUNT_H
#define KNOTHOLE_POPULATION_COUNT_H

#include "../probes/population/trial.h"
#include "tally.h"

/*
 * Draw and try the pairs of @range, and count them into @tally, which tally_init() made for
 * @population.  Of the whole run's pairs @sample, evenly spread, are tried again with a capture
 * in @folder (NULL = none is verified), whose verdict is compared; only what differs stays there.
 * 0, or -errno with one line in *ret_error.  Not inside fibers.
 */
int population_count(const struct population *population, struct tally_range range, uint64_t sample,
		     const char *folder, struct tally *tally, struct tally_error *ret_error);

/* One pair, tried by itself. */
struct population_pair {
	size_t members[2]; /* of the population: the caller's NAT, the callee's */
	struct pair_outcome said; /* by the probes */
	bool agrees; /* … and the capture shows the same */
};

/*
 * Try pair @number of the run seeded @seed, with a capture at @path, which stays.  0, or -errno
 * with one line in *ret_error.  Not inside fibers.
 */
int population_try(const struct population *population, uint64_t seed, uint64_t number,
		   const char *path, struct population_pair *ret, struct tally_error *ret_error);

/* Is pair @number of @of one of the @sample that are evenly spread over them? */
bool population_sampled(uint64_t number, uint64_t of, uint64_t sample);

#endif
