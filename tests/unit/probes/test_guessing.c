/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is guessed, 1,000 times each with other seeds, packet by packet through the engine's NATs in
 * virtual worlds: how often it works must lie within the 99 % interval round the oracle's odds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "probes/population/guessing.h"

enum { RUNS = 1000 };

/* That of RUNS exactly @k succeed. */
static double exactly(unsigned k, double chance)
{
	return exp(lgamma(RUNS + 1) - lgamma(k + 1) - lgamma(RUNS - k + 1) + k * log(chance) +
		   (RUNS - k) * log1p(-chance));
}

/* The numbers of successes that lie within 99 %: as few and as many as each end's half per cent allows. */
static void interval(double chance, unsigned *ret_low, unsigned *ret_high)
{
	double below = 0, above = 0;
	unsigned low = 0, high = RUNS;

	while (low < RUNS && below + exactly(low, chance) < 0.005)
		below += exactly(low++, chance);
	while (high > 0 && above + exactly(high, chance) < 0.005)
		above += exactly(high--, chance);
	*ret_low = low;
	*ret_high = high;
}

/* @successes of RUNS, against @chance. */
static void check(const char *what, unsigned successes, double chance, const char *published)
{
	unsigned low, high;

	assert_true(chance > 0 && chance < 1);
	interval(chance, &low, &high);
	print_message(
		"  %-38s computed %6.2f %%, measured %6.2f %% (%u of %u, 99 %%: %u to %u)%s%s\n",
		what, 100 * chance, 100.0 * successes / RUNS, successes, (unsigned)RUNS, low, high,
		*published ? ", published " : "", published);
	if (successes < low || successes > high)
		fail_msg("%s: expected %u to %u of %u, got %u", what, low, high, (unsigned)RUNS,
			 successes);
}

static void a_row(void **state)
{
	const struct guessing *guessing = *state;
	unsigned counts[GUESSING_FIGURES];

	assert_int_equal(guessing_count(guessing, RUNS, counts), 0);
	for (size_t i = 0; i < guessing->figures_len; i++) {
		char what[64];

		snprintf(what, sizeof(what), "%s", guessing->name);
		if (guessing->figures[i].probes)
			snprintf(what, sizeof(what), "%s, %u probes", guessing->name,
				 (unsigned)guessing->figures[i].probes);
		check(what, counts[i], guessing_odds(guessing, i), guessing->figures[i].published);
	}
}

int main(void)
{
	struct CMUnitTest tests[8] = { 0 }; /* those without a name are none */

	assert_in_range(guessings_len, 1, 8);
	for (size_t i = 0; i < guessings_len; i++) {
		tests[i].name = guessings[i].name;
		tests[i].test_func = a_row;
		tests[i].initial_state = (void *)&guessings[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
