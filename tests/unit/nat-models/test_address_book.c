/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints that are kept in eight bytes come out as they went in; what is dropped makes room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/address_book.h"

static const struct nat_memory nobody; /* lends: memory is the C library's */

static void *no_room(void *lender, size_t size, size_t clear)
{
	(void)lender;
	(void)size;
	(void)clear;
	return NULL;
}

static void nothing_to_give(void *lender, void *piece, size_t size)
{
	(void)lender;
	(void)piece;
	(void)size;
}

static const struct nat_memory full = { no_room, nothing_to_give, NULL };

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint e;

	assert_int_equal(endpoint_parse(text, &e), 0);
	return e;
}

static const char *const endpoints[] = {
	"0.0.0.0:0",	   "192.168.1.2:4000", "255.255.255.255:65535", "[::]:0",
	"[2b00:3:1::1]:7", "[::ffff:0:1]:7",   "[::2:102:304]:9",
};

enum { ENDPOINTS = sizeof(endpoints) / sizeof(endpoints[0]), ROUNDS = 1000 };

static void each_comes_out_as_it_went_in(void **state)
{
	struct kept_endpoint kept[ENDPOINTS];
	struct address_book book = { .free = 0 };

	(void)state;
	address_book_init(&book, &nobody);
	for (int i = 0; i < ENDPOINTS; i++)
		assert_true(address_book_keep(&book, endpoint_of(endpoints[i]), &kept[i]));
	for (int i = 0; i < ENDPOINTS; i++) {
		assert_true(endpoint_equal(address_book_read(&book, kept[i]),
					   endpoint_of(endpoints[i])));
		assert_int_equal(kept[i].in_book, !ip_addr_is_v4(endpoint_of(endpoints[i]).addr));
	}
	address_book_clear(&book);
}

/* As many come as go: the book gets no longer, and the one that stays is not written over. */
static void what_is_dropped_makes_room(void **state)
{
	struct kept_endpoint stays, first, second;
	struct address_book book = { .free = 0 };
	uint32_t rows;

	(void)state;
	address_book_init(&book, &nobody);
	assert_true(address_book_keep(&book, endpoint_of("[2b00::1]:1"), &stays));
	assert_true(address_book_keep(&book, endpoint_of("[2b00::2]:2"), &first));
	rows = book.addrs.unused + 1;
	for (int i = 0; i < ROUNDS; i++) {
		struct endpoint e = endpoint_of("[2b00::3]:3");

		e.addr.hi += (uint64_t)i;
		assert_true(address_book_keep(&book, e, &second));
		address_book_drop(&book, first);
		assert_true(endpoint_equal(address_book_read(&book, second), e));
		first = second;
	}
	assert_int_equal(book.addrs.unused, rows);
	assert_true(endpoint_equal(address_book_read(&book, stays), endpoint_of("[2b00::1]:1")));
	address_book_clear(&book);
}

static void without_memory_ipv4_is_kept_all_the_same(void **state)
{
	struct kept_endpoint kept = { .addr = 77 };
	struct address_book book = { .free = 0 };

	(void)state;
	address_book_init(&book, &full);
	assert_false(address_book_keep(&book, endpoint_of("[2b00::1]:1"), &kept));
	assert_int_equal(kept.addr, 77);
	assert_true(address_book_keep(&book, endpoint_of("11.1.1.2:7"), &kept));
	assert_true(endpoint_equal(address_book_read(&book, kept), endpoint_of("11.1.1.2:7")));
	address_book_drop(&book, kept);
	address_book_clear(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_comes_out_as_it_went_in),
		cmocka_unit_test(what_is_dropped_makes_room),
		cmocka_unit_test(without_memory_ipv4_is_kept_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
