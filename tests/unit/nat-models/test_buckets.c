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
static struct buckets table;

static uint32_t hash_of(uint32_t entry)
{
	return (uint32_t)chance_scramble(entry);
}

static void put(uint32_t *bucket, uint32_t entry)
{
	next[entry] = *bucket;
	*bucket = entry;
}

static bool is_there(uint32_t entry)
{
	for (uint32_t at = *buckets_of(&table, hash_of(entry)); at; at = next[at])
		if (at == entry)
			return true;
	return false;
}

static uint32_t *next_of(const struct nat *nat, uint32_t entry)
{
	(void)nat;
	return &next[entry];
}

static uint32_t *bucket_of(const struct nat *nat, uint32_t entry)
{
	(void)nat;
	return buckets_of(&table, hash_of(entry));
}

static const struct bucket_chains chains = { next_of, bucket_of };

/* Entries of the bucket whose hash sends them elsewhere. */
static uint32_t strangers(uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t at = *buckets_at(&table, n); at; at = next[at])
		count += bucket_of(NULL, at) != buckets_at(&table, n);
	return count;
}

/* A bucket more for each entry, whose share of another's entries goes there. */
static void every_entry_is_found(void **state)
{
	uint32_t longest = 0;

	(void)state;
	assert_true(buckets_grow(&table, &nobody, &chains, NULL));
	assert_int_equal(table.len, 1 << BUCKET_CHUNK_BITS);
	for (uint32_t entry = 1; entry <= ENTRIES; entry++) {
		uint32_t len = table.len;

		put(buckets_of(&table, hash_of(entry)), entry);
		assert_true(buckets_grow(&table, &nobody, &chains, NULL));
		assert_int_equal(table.len, len + 1);
		assert_int_equal(strangers(len), 0);
		/* All of them now and then, and always some. */
		for (uint32_t i = entry % 97 ? entry - entry % 13 : 1; i && i <= entry; i++)
			assert_true(is_there(i));
	}
	for (uint32_t n = 0; n < table.len; n++) {
		uint32_t length = 0;

		for (uint32_t at = *buckets_at(&table, n); at; at = next[at])
			length++;
		assert_int_equal(strangers(n), 0);
		if (length > longest)
			longest = length;
	}
	/* As even as chance: nowhere near as many as if some buckets were never filled. */
	assert_in_range(longest, 2, 12);
	buckets_clear(&table, &nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_entry_is_found) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
