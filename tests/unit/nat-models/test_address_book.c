/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints that are kept in eight bytes come out as they went in; an address takes one place, however
 * many keep it, and what the last of them drops makes room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/nat_state.h"

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

/* A NAT of which nothing is there but its book. */
static struct nat nat;

static int open_book(const struct nat_memory *memory)
{
	nat = (struct nat){ .hash_seed = 1 };
	address_book_init(&nat.addresses, memory);
	return 0;
}

static int open_empty(void **state)
{
	(void)state;
	return open_book(&nobody);
}

static int open_full(void **state)
{
	(void)state;
	return open_book(&full);
}

static int close_book(void **state)
{
	(void)state;
	address_book_clear(&nat.addresses);
	return 0;
}

static struct kept_endpoint keep(struct endpoint e)
{
	struct kept_endpoint kept;

	assert_true(address_book_keep(&nat, e, &kept));
	return kept;
}

static void assert_kept(struct kept_endpoint kept, struct endpoint e)
{
	assert_true(endpoint_equal(address_book_read(&nat.addresses, kept), e));
}

static void each_comes_out_as_it_went_in(void **state)
{
	struct kept_endpoint kept[ENDPOINTS];

	(void)state;
	for (int i = 0; i < ENDPOINTS; i++)
		kept[i] = keep(endpoint_of(endpoints[i]));
	for (int i = 0; i < ENDPOINTS; i++) {
		assert_kept(kept[i], endpoint_of(endpoints[i]));
		assert_int_equal(kept[i].in_book, !ip_addr_is_v4(endpoint_of(endpoints[i]).addr));
	}
}

/* As many come as go: the book gets no longer, and the one that stays is not written over. */
static void what_is_dropped_makes_room(void **state)
{
	struct kept_endpoint stays = keep(endpoint_of("[2b00::1]:1"));
	struct kept_endpoint first = keep(endpoint_of("[2b00::2]:2")), second;
	uint32_t rows = nat.addresses.addrs.unused + 1;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct endpoint e = endpoint_of("[2b00::3]:3");

		e.addr.hi += (uint64_t)i;
		second = keep(e);
		address_book_drop(&nat, first);
		assert_kept(second, e);
		first = second;
	}
	assert_int_equal(nat.addresses.addrs.unused, rows);
	assert_kept(stays, endpoint_of("[2b00::1]:1"));
}

/* Ports of one address, and addresses that differ in one half only. */
static void an_address_stands_in_the_book_once(void **state)
{
	struct kept_endpoint one = keep(endpoint_of("[2b00::1]:1"));
	struct kept_endpoint two = keep(endpoint_of("[2b00::1]:2"));
	struct kept_endpoint other = keep(endpoint_of("[2b01::1]:1"));

	(void)state;
	assert_int_equal(one.addr, two.addr);
	assert_int_not_equal(one.addr, other.addr);
	assert_int_equal(nat.addresses.count, 2);
	address_book_drop(&nat, one);
	assert_kept(two, endpoint_of("[2b00::1]:2"));
	assert_int_equal(nat.addresses.count, 2);
	address_book_drop(&nat, two);
	assert_int_equal(nat.addresses.count, 1);
	assert_kept(other, endpoint_of("[2b01::1]:1"));
}

/* So many that the buckets grow again and again: each is found where it was put. */
static void many_are_found_again(void **state)
{
	static struct kept_endpoint kept[ROUNDS];
	struct endpoint e = endpoint_of("[2b00::1]:1");

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		e.addr.lo = (uint64_t)i;
		kept[i] = keep(e);
	}
	for (int i = 0; i < ROUNDS; i++) {
		e.addr.lo = (uint64_t)i;
		assert_kept(kept[i], e);
		assert_int_equal(keep(e).addr, kept[i].addr);
	}
	assert_int_equal(nat.addresses.count, ROUNDS);
	for (int i = 0; i < ROUNDS; i++) {
		address_book_drop(&nat, kept[i]);
		address_book_drop(&nat, kept[i]);
	}
	assert_int_equal(nat.addresses.count, 0);
}

static void without_memory_ipv4_is_kept_all_the_same(void **state)
{
	struct kept_endpoint kept = { .addr = 77 };

	(void)state;
	assert_false(address_book_keep(&nat, endpoint_of("[2b00::1]:1"), &kept));
	assert_int_equal(kept.addr, 77);
	kept = keep(endpoint_of("11.1.1.2:7"));
	assert_kept(kept, endpoint_of("11.1.1.2:7"));
	address_book_drop(&nat, kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_comes_out_as_it_went_in, open_empty,
						close_book),
		cmocka_unit_test_setup_teardown(what_is_dropped_makes_room, open_empty, close_book),
		cmocka_unit_test_setup_teardown(an_address_stands_in_the_book_once, open_empty,
						close_book),
		cmocka_unit_test_setup_teardown(many_are_found_again, open_empty, close_book),
		cmocka_unit_test_setup_teardown(without_memory_ipv4_is_kept_all_the_same, open_full,
						close_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
