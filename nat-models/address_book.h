/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses in 32 bits, for tables of very many: an IPv4 address is kept as itself, an IPv6 address
 * as its number in a book.  Most NATs never open it.
 *
 * An address stands there once, however many keep it: a host has many mappings, and a server many
 * clients.  So what mappings cost more in IPv6 than in IPv4 is the book's row of each address, not two
 * addresses each.
 */
#ifndef KNOTHOLE_ADDRESS_BOOK_H
#define KNOTHOLE_ADDRESS_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "buckets.h"
#include "rows.h"

struct nat;

/* A row of the book. */
struct kept_address {
	struct ip_addr addr;
	uint32_t uses; /* how many endpoints are kept with it */
	uint32_t next; /* in its bucket; free ones are linked here too */
};

struct address_book {
	struct rows addrs; /* struct kept_address */
	uint32_t free;
	uint32_t count;
	struct buckets *buckets; /* by address; NULL until there is one */
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

/* Keep @e in *ret, until address_book_drop(), in the book of @nat.  False without memory. */
bool address_book_keep(struct nat *nat, struct endpoint e, struct kept_endpoint *ret);
void address_book_drop(struct nat *nat, struct kept_endpoint kept);

/* What is kept. */
static inline struct endpoint address_book_read(const struct address_book *book,
						struct kept_endpoint kept)
{
	const struct kept_address *row;

	if (__builtin_expect(!kept.in_book, true))
		return (struct endpoint){ ip_addr_v4(kept.addr), kept.port };
	row = rows_at(&book->addrs, kept.addr);
	return (struct endpoint){ row->addr, kept.port };
}

#endif
