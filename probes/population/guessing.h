/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is guessed, tried many times with other seeds, packet by packet through the engine's NATs in
 * virtual worlds, and beside it what the oracle computes and what was published.
 *
 * Not inside fibers.
 */
#ifndef KNOTHOLE_GUESSING_H
#define KNOTHOLE_GUESSING_H

#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/predict.h"

enum { GUESSING_FIGURES = 5 };

/* One NAT against another, and how often it works within so many probes. */
struct guessing {
	const char *name;
	enum method method;
	const char *nats[2]; /* of the catalog: the caller's, the callee's … */
	uint16_t first_port, last_port; /* … which give random ports of this range; 0 = of theirs */
	struct method_budget budget;
	uint64_t rival_ns; /* as population_trial's */
	uint64_t lead_ns; /* prediction: as it must come out, to the tenth of a millisecond */
	struct {
		uint16_t probes; /* 0 = as the budget says; else not more than that */
		const char *published; /* "" = nothing was */
	} figures[GUESSING_FIGURES];
	size_t figures_len;
};

extern const struct guessing guessings[];
extern const size_t guessings_len;

/*
 * Try @guessing with the seeds 1 to @runs, and count the successes of each of its figures into @ret:
 * a run with a budget of more probes goes on where that of fewer ends.  0; -EDOM where the lead is
 * not as it must be; or -errno where there was no memory.
 */
int guessing_count(const struct guessing *guessing, unsigned runs, unsigned ret[GUESSING_FIGURES]);

/* The probability of figure @i, from the models and the budget alone. */
double guessing_odds(const struct guessing *guessing, size_t i);

#endif
