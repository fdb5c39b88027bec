/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses in 32 bits, for tables of very many: an IPv4 address is kept as itself, an IPv6 address
 * as its number in a book.  Most NATs never open it.
 */
#ifndef KNOTHOLE_ADDRESS_BOOK_H
#define KNOTHOLE_ADDRESS_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "rows.h"

struct address_book {
	struct rows addrs; /* struct ip_addr */
	uint32_t free; /* given back, linked by their lower halves */
};

/* An endpoint in eight bytes. */
struct kept_endpoint {
	uint32_t addr;
	uint16_t port;
	bool in_book; /* what `addr` is: a number there, or the address itself */
};

/* @memory must outlive it. */
void address_book_init(struct address_book *book, const struct nat_memory *memory);
void address_book_clear(struct address_book *book);

/* Keep @e in *ret, until address_book_drop().  False without memory. */
bool address_book_keep(struct address_book *book, struct endpoint e, struct kept_endpoint *ret);
void address_book_drop(struct address_book *book, struct kept_endpoint kept);

/* What is kept. */
static inline struct endpoint address_book_read(const struct address_book *book,
						struct kept_endpoint kept)
{
	if (__builtin_expect(kept.in_book, false))
		return (struct endpoint){ *(const struct ip_addr *)rows_at(&book->addrs, kept.addr),
					  kept.port };
	return (struct endpoint){ ip_addr_v4(kept.addr), kept.port };
}

#endif
