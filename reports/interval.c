/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interval.h"

#include <math.h>

/* The normal distribution's 97.5 % point. */
#define Z 1.959963984540054

struct interval interval_wilson(uint64_t successes, uint64_t trials)
{
	const double n = (double)trials, z2 = Z * Z;
	double p, middle, half;

	if (trials == 0)
		return (struct interval){ 0, 0, 1 };
	p = (double)successes / n;
	middle = (p + z2 / (2 * n)) / (1 + z2 / n);
	half = Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
	/* At the ends the formula is exact and the arithmetic is not quite. */
	return (struct interval){
		.share = p,
		.low = successes == 0 ? 0 : middle - half,
		.high = successes == trials ? 1 : middle + half,
	};
}
