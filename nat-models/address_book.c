/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address_book.h"

#include "nat_state.h"

enum { ADDRESSES_MAX = 1 << 24 };

void address_book_init(struct address_book *book, const struct nat_memory *memory)
{
	rows_init(&book->addrs, sizeof(struct kept_address), memory);
	book->free = book->count = 0;
	book->buckets = NULL;
}

void address_book_clear(struct address_book *book)
{
	const struct nat_memory *memory = book->addrs.memory;

	if (book->buckets)
		buckets_clear(book->buckets, memory);
	nat_memory_give(memory, book->buckets, sizeof(*book->buckets));
	rows_clear(&book->addrs);
	address_book_init(book, memory);
}

static struct kept_address *row_at(const struct nat *nat, uint32_t number)
{
	return rows_at(&nat->addresses.addrs, number);
}

static uint32_t *next_of(const struct nat *nat, uint32_t number)
{
	return &row_at(nat, number)->next;
}

/* There must be buckets. */
static uint32_t *bucket_of(const struct nat *nat, struct ip_addr addr)
{
	uint64_t hash = hash_mix(hash_mix(nat->hash_seed, addr.lo), addr.hi);

	return buckets_of(nat->addresses.buckets, (uint32_t)(hash >> 16));
}

static uint32_t *bucket_of_row(const struct nat *nat, uint32_t number)
{
	return bucket_of(nat, row_at(nat, number)->addr);
}

static uint32_t find(const struct nat *nat, struct ip_addr addr)
{
	uint32_t number = nat->addresses.buckets ? *bucket_of(nat, addr) : 0;

	while (number && !ip_addr_equal(row_at(nat, number)->addr, addr))
		number = *next_of(nat, number);
	return number;
}

/* Have buckets, and as many as there are addresses.  False where there are none. */
static bool make_buckets(struct nat *nat)
{
	static const struct bucket_chains chains = { next_of, bucket_of_row };
	struct address_book *book = &nat->addresses;
	const struct nat_memory *memory = book->addrs.memory;

	if (!book->buckets) {
		book->buckets = nat_memory_take(memory, sizeof(*book->buckets));
		if (!book->buckets)
			return false;
	}
	if (book->count >= book->buckets->len)
		buckets_grow(book->buckets, memory, &chains, nat);
	return true;
}

/* A number that nobody has; 0 without memory. */
static uint32_t take(struct nat *nat)
{
	struct address_book *book = &nat->addresses;
	uint32_t number = book->free;

	if (!number)
		return rows_take(&book->addrs, ADDRESSES_MAX);
	book->free = *next_of(nat, number);
	return number;
}

/* The number of an address that is not in the book yet; 0 without memory. */
static uint32_t enter(struct nat *nat, struct ip_addr addr)
{
	uint32_t number = make_buckets(nat) ? take(nat) : 0;
	uint32_t *bucket;

	if (!number)
		return 0;
	bucket = bucket_of(nat, addr);
	*row_at(nat, number) = (struct kept_address){ .addr = addr, .next = *bucket };
	*bucket = number;
	nat->addresses.count++;
	return number;
}

bool address_book_keep(struct nat *nat, struct endpoint e, struct kept_endpoint *ret)
{
	uint32_t number;

	if (ip_addr_is_v4(e.addr)) {
		*ret = (struct kept_endpoint){ ip_addr_to_v4(e.addr), e.port, false };
		return true;
	}
	number = find(nat, e.addr);
	if (!number)
		number = enter(nat, e.addr);
	if (!number)
		return false;
	row_at(nat, number)->uses++;
	*ret = (struct kept_endpoint){ number, e.port, true };
	return true;
}

void address_book_drop(struct nat *nat, struct kept_endpoint kept)
{
	struct address_book *book = &nat->addresses;
	uint32_t *at;

	if (!kept.in_book || --row_at(nat, kept.addr)->uses)
		return;
	at = bucket_of_row(nat, kept.addr);
	while (*at != kept.addr)
		at = next_of(nat, *at);
	*at = *next_of(nat, kept.addr);
	*next_of(nat, kept.addr) = book->free;
	book->free = kept.addr;
	book->count--;
}
