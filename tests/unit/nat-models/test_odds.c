/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Odds against what was published, what can be counted by hand, and each other. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nat-models/odds.h"

static void assert_near(double got, double want, double margin)
{
	if (fabs(got - want) > margin)
		fail_msg("expected %g, give or take %g, got %g", want, margin, got);
}

/* "How NAT traversal works" (Tailscale): of 64,511 ports 256 are open; shares as it rounds them. */
static void published(void **state)
{
	static const struct {
		uint32_t tried;
		double share, margin;
	} rows[] = {
		{ 174, 0.50, 0.005 },
		{ 256, 0.64, 0.005 },
		{ 1024, 0.98, 0.005 },
		{ 2048, 0.999, 0.001 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_near(odds_of_meeting_again(64511, 256, rows[i].tried), rows[i].share,
			    rows[i].margin);
		/* Whoever tries none twice does a little better. */
		assert_true(odds_of_meeting(64511, 256, rows[i].tried) >
			    odds_of_meeting_again(64511, 256, rows[i].tried));
		assert_near(odds_of_meeting(64511, 256, rows[i].tried), rows[i].share,
			    rows[i].margin);
	}
	assert_near(odds_of_crossing(64511, 256, 2048), 0.0001, 0.00005);
	assert_near(odds_of_crossing(64511, 54000, 54000), 0.50, 0.005);
	assert_near(odds_of_crossing(64511, 170000, 170000), 0.999, 0.0005);
}

/* Of 5 ports 2 are open: all of 2 that are tried miss in 3 of 10 ways. */
static void by_hand(void **state)
{
	(void)state;
	assert_near(odds_of_meeting(5, 2, 2), 0.7, 1e-12);
	assert_near(odds_of_meeting_again(5, 2, 2), 1 - 0.6 * 0.6, 1e-12);
	assert_near(odds_of_crossing(2, 1, 1), 0.25, 1e-12);
	assert_near(odds_of_fewer(1, 1), exp(-1), 1e-12);
	assert_near(odds_of_fewer(2, 3), exp(-2) * (1 + 2 + 2), 1e-12);
}

static void at_the_edges(void **state)
{
	(void)state;
	assert_true(odds_of_meeting(10, 0, 10) == 0);
	assert_true(odds_of_meeting(10, 1, 0) == 0);
	assert_true(odds_of_meeting(10, 1, 10) == 1);
	assert_true(odds_of_meeting(10, 3, 8) == 1);
	assert_true(odds_of_meeting(10, 3, 7) < 1);
	assert_true(odds_of_meeting(10, 11, 1) == 1);
	assert_true(odds_of_meeting_again(10, 10, 1) == 1);
	assert_true(odds_of_meeting_again(10, 10, 0) == 0);
	assert_true(odds_of_crossing(1, 1, 1) == 1);
	assert_true(odds_of_crossing(1, 0, 1) == 0);
	assert_true(odds_of_fewer(0, 1) == 1);
	assert_true(odds_of_fewer(5, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(at_the_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
