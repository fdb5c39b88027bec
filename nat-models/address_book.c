/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address_book.h"

enum { ADDRESSES_MAX = 1 << 24 };

void address_book_init(struct address_book *book, const struct nat_memory *memory)
{
	rows_init(&book->addrs, sizeof(struct ip_addr), memory);
	book->free = 0;
}

void address_book_clear(struct address_book *book)
{
	rows_clear(&book->addrs);
	book->free = 0;
}

static struct ip_addr *addr_at(const struct address_book *book, uint32_t number)
{
	return rows_at(&book->addrs, number);
}

/* A number that nobody has; 0 without memory. */
static uint32_t take(struct address_book *book)
{
	uint32_t number = book->free;

	if (!number)
		return rows_take(&book->addrs, ADDRESSES_MAX);
	book->free = (uint32_t)addr_at(book, number)->lo;
	return number;
}

bool address_book_keep(struct address_book *book, struct endpoint e, struct kept_endpoint *ret)
{
	bool in_book = !ip_addr_is_v4(e.addr);
	uint32_t addr = in_book ? take(book) : ip_addr_to_v4(e.addr);

	if (in_book && !addr)
		return false;
	if (in_book)
		*addr_at(book, addr) = e.addr;
	*ret = (struct kept_endpoint){ addr, e.port, in_book };
	return true;
}

void address_book_drop(struct address_book *book, struct kept_endpoint kept)
{
	if (!kept.in_book)
		return;
	addr_at(book, kept.addr)->lo = book->free;
	book->free = kept.addr;
}
