/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wilson's interval against values worked out elsewhere: R. G. Newcombe, 1998, table I, method 3. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "reports/interval.h"

static const struct row {
	uint64_t successes, trials;
	double low, high; /* to four digits, as printed there */
} rows[] = {
	{ 81, 263, 0.2553, 0.3662 },
	{ 15, 148, 0.0624, 0.1605 },
	{ 0, 20, 0.0000, 0.1611 },
	{ 1, 29, 0.0061, 0.1718 },
};

static void as_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct interval got = interval_wilson(rows[i].successes, rows[i].trials);

		if (fabs(got.low - rows[i].low) > 0.00005001 ||
		    fabs(got.high - rows[i].high) > 0.00005001)
			fail_msg("%d of %d: %.5f to %.5f", (int)rows[i].successes,
				 (int)rows[i].trials, got.low, got.high);
	}
}

static void the_mirror_holds(void **state)
{
	struct interval few = interval_wilson(15, 148), many = interval_wilson(133, 148);

	(void)state;
	assert_true(fabs(few.low - (1 - many.high)) < 1e-12);
	assert_true(fabs(few.high - (1 - many.low)) < 1e-12);
}

static void the_ends_are_exact(void **state)
{
	struct interval none = interval_wilson(0, 7), all = interval_wilson(7, 7);
	struct interval untried = interval_wilson(0, 0);

	(void)state;
	assert_true(none.low == 0 && none.share == 0 && none.high > 0 && none.high < 1);
	assert_true(all.high == 1 && all.share == 1 && all.low > 0 && all.low < 1);
	assert_true(untried.low == 0 && untried.high == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_published),
		cmocka_unit_test(the_mirror_holds),
		cmocka_unit_test(the_ends_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
