/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/index.h"

enum { MANY = 1000, HASHES = 100 };

static struct index_entry entries[MANY];

/* Is what is found under @hash every HASHES-th entry from @first on, in the order of adding? */
static void check_chain(const struct index *index, uint32_t hash, size_t first)
{
	struct index_entry *e = index_first(index, hash);

	for (size_t i = first; i < MANY; i += HASHES, e = index_next(e))
		assert_ptr_equal(e, &entries[i]);
	assert_null(e);
}

static void entries_are_found_in_the_order_of_adding(void **state)
{
	struct index index;

	(void)state;
	index_init(&index);
	assert_null(index_first(&index, 0));
	for (uint32_t i = 0; i < MANY; i++) /* it grows on the way */
		index_add(&index, &entries[i], i % HASHES);
	assert_int_equal(index.len, MANY);
	for (uint32_t hash = 0; hash < HASHES; hash++)
		check_chain(&index, hash, hash);
	assert_null(index_first(&index, HASHES));
	for (uint32_t i = 0; i < HASHES; i++) {
		index_remove(&index, &entries[i]);
		index_remove(&index, &entries[i]); /* it is not there: nothing happens */
	}
	assert_int_equal(index.len, MANY - HASHES);
	for (uint32_t hash = 0; hash < HASHES; hash++)
		check_chain(&index, hash, hash + HASHES);
	index_free(&index);
	assert_null(index_first(&index, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_found_in_the_order_of_adding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
