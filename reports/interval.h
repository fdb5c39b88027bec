/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shares with their uncertainty: how far a counted share may be from the true one.
 */
#ifndef KNOTHOLE_INTERVAL_H
#define KNOTHOLE_INTERVAL_H

#include <stdint.h>

struct interval {
	double share; /* 0 … 1: counted */
	double low, high; /* 0 … 1 */
};

/*
 * The 95 % confidence interval of Wilson (1927) for @successes of @trials, which stays within
 * 0 … 1 and means something at both ends, where the usual ± collapses.  No trials: share 0, and
 * anything from 0 to 1.
 */
struct interval interval_wilson(uint64_t successes, uint64_t trials);

#endif
