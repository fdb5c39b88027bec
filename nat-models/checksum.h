/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One's complement arithmetic on 16-bit words (RFC 1071) and incremental updates (RFC 1624),
 * for the packet codec only: it knows no headers.
 */
#ifndef KNOTHOLE_CHECKSUM_H
#define KNOTHOLE_CHECKSUM_H

#include <stdint.h>

#include "addr.h"

/* Fold a sum of words into 16 bits, adding the carries back in. */
static inline uint16_t checksum_narrow(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static inline uint16_t checksum_add(uint16_t a, uint16_t b)
{
	return checksum_narrow((uint32_t)a + b);
}

/* What to add to a sum where words adding up to @from become words adding up to @to. */
static inline uint16_t checksum_change(uint16_t from, uint16_t to)
{
	return checksum_add((uint16_t)~from, to);
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
static inline uint16_t checksum_updated(uint16_t checksum, uint16_t change)
{
	return (uint16_t)~checksum_add((uint16_t)~checksum, change);
}

/* Do two sums stand for the same value?  Zero has two forms, 0 and 0xffff. */
static inline int checksum_same(uint16_t a, uint16_t b)
{
	return a % 0xffff == b % 0xffff;
}

/* The sum of an address's words as they stand on the wire: two for IPv4, eight for IPv6. */
uint16_t checksum_of_addr(struct ip_addr a);

#endif
