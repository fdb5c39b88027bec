/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "odds.h"

#include <math.h>

double odds_of_meeting(uint32_t range, uint32_t open, uint32_t tried)
{
	double missed = 1;

	if (!open || !tried)
		return 0;
	if (open > range || tried > range - open)
		return 1;
	for (uint32_t i = 0; i < tried; i++)
		missed *= (double)(range - open - i) / (double)(range - i);
	return 1 - missed;
}

double odds_of_meeting_again(uint32_t range, uint32_t open, uint32_t tried)
{
	if (open >= range)
		return tried > 0;
	return -expm1((double)tried * log1p(-(double)open / (double)range));
}

double odds_of_crossing(uint32_t range, uint32_t here, uint32_t there)
{
	double ways = (double)range * (double)range;

	if (ways <= 1)
		return here > 0 && there > 0;
	return -expm1((double)here * (double)there * log1p(-1 / ways));
}

double odds_of_fewer(double mean, unsigned n)
{
	double term = exp(-mean), sum = 0;

	for (unsigned k = 0; k < n; k++) {
		sum += term;
		term *= mean / (k + 1);
	}
	return sum < 1 ? sum : 1;
}
