/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows stay where they are however many there are, begin as zero, and end at the number that is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/rows.h"

static const struct nat_memory nobody; /* lends: memory is the C library's */

enum { MANY = 100000 };

static void rows_do_not_move(void **state)
{
	static uint32_t *places[MANY];
	struct rows rows;

	(void)state;
	rows_init(&rows, 3 * sizeof(uint32_t), &nobody);
	for (uint32_t n = 1; n < MANY; n++) {
		assert_int_equal(rows_take(&rows, MANY), n);
		places[n] = rows_at(&rows, n);
		assert_int_equal(places[n][0] | places[n][1] | places[n][2], 0);
		places[n][0] = places[n][1] = places[n][2] = n;
	}
	for (uint32_t n = 1; n < MANY; n++) {
		assert_ptr_equal(rows_at(&rows, n), places[n]);
		assert_int_equal(places[n][0], n);
		assert_int_equal(places[n][2], n);
	}
	assert_int_equal(rows_take(&rows, MANY), 0);
	rows_clear(&rows);
	assert_int_equal(rows_take(&rows, MANY), 1);
	rows_clear(&rows);
}

static void room_is_made_up_to_a_row(void **state)
{
	struct rows rows;

	(void)state;
	rows_init(&rows, sizeof(uint32_t), &nobody);
	assert_false(rows_reach(&rows, 0));
	assert_true(rows_extend(&rows, 47));
	assert_true(rows_reach(&rows, 47));
	assert_false(rows_reach(&rows, 48)); /* 16 and 32 */
	assert_false(rows_extend(&rows, UINT32_MAX));
	rows_clear(&rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_do_not_move),
		cmocka_unit_test(room_is_made_up_to_a_row),
	};

	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
