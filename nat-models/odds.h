/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The odds of guessing ports, in closed form. */
#ifndef KNOTHOLE_ODDS_H
#define KNOTHOLE_ODDS_H

#include <stdint.h>

/* That of @tried different ports of @range at least one is among the @open ones, wherever those
 * are: 1 - (range-open choose tried) / (range choose tried). */
double odds_of_meeting(uint32_t range, uint32_t open, uint32_t tried);

/* The same where each of @tried is drawn anew: 1 - (1 - open/range)^tried, as it was published. */
double odds_of_meeting_again(uint32_t range, uint32_t open, uint32_t tried);

/* That of @here packets and @there back, each from and to a port at random, at least two are from
 * and to the same: 1 - (1 - 1/range^2)^(here * there). */
double odds_of_crossing(uint32_t range, uint32_t here, uint32_t there);

/* That fewer than @n things happen that happen @mean times on average, at times of chance (Poisson). */
double odds_of_fewer(double mean, unsigned n);

#endif
