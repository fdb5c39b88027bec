/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buckets that come one at a time: every hash is found where its entries were moved to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/buckets.h"
#include "nat-models/chance.h"

enum { ENTRIES = 5000 };

static const struct nat_memory nobody; /* lends: memory is the C library's */
static uint32_t next[ENTRIES + 1];

static uint32_t hash_of(uint32_t entry)
{
	return (uint32_t)chance_scramble(entry);
}

static void put(uint32_t *bucket, uint32_t entry)
{
	next[entry] = *bucket;
	*bucket = entry;
}

static bool is_there(const struct buckets *buckets, uint32_t entry)
{
	for (uint32_t at = *buckets_of(buckets, hash_of(entry)); at; at = next[at])
		if (at == entry)
			return true;
	return false;
}

/* A bucket more for each entry, whose share of the other's entries goes there. */
static void grow(struct buckets *buckets)
{
	uint32_t *from, *to, entry, after, len = buckets->len;

	assert_true(buckets_add(buckets, &nobody, &from, &to));
	assert_int_equal(buckets->len, len + 1);
	assert_int_equal(*to, 0);
	entry = *from;
	*from = 0;
	for (; entry; entry = after) {
		uint32_t *bucket = buckets_of(buckets, hash_of(entry));

		after = next[entry];
		assert_true(bucket == from || bucket == to);
		put(bucket, entry);
	}
}

static void every_entry_is_found(void **state)
{
	struct buckets buckets;
	uint32_t longest = 0;

	(void)state;
	buckets_init(&buckets);
	for (uint32_t entry = 1; entry <= ENTRIES; entry++) {
		put(buckets_of(&buckets, hash_of(entry)), entry);
		grow(&buckets);
		/* All of them now and then, and always some. */
		for (uint32_t i = entry % 97 ? entry - entry % 13 : 1; i && i <= entry; i++)
			assert_true(is_there(&buckets, i));
	}
	for (uint32_t n = 0; n < buckets.len; n++) {
		uint32_t length = 0;

		for (uint32_t at = *buckets_at(&buckets, n); at; at = next[at])
			length++;
		if (length > longest)
			longest = length;
	}
	/* As even as chance: nowhere near as many as if some buckets were never filled. */
	assert_in_range(longest, 2, 12);
	buckets_clear(&buckets, &nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_entry_is_found) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
