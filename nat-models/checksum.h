/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One's complement arithmetic on 16-bit words (RFC 1071) and incremental updates (RFC 1624),
 * for the packet codec only: it knows no headers.
 */
#ifndef KNOTHOLE_CHECKSUM_H
#define KNOTHOLE_CHECKSUM_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"

/* Fold a sum of words into 16 bits, adding the carries back in: of a number and itself with its halves
 * exchanged, the upper half is the sum of both and of the carry. */
static inline uint16_t checksum_narrow(uint64_t sum)
{
	uint32_t half;

	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

static inline uint16_t checksum_add(uint16_t a, uint16_t b)
{
	uint32_t sum = (uint32_t)a + b;

	return (uint16_t)((sum & 0xffff) + (sum >> 16));
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

/* The sum of an IPv4 header without options, whose words are added as the machine loads them
 * (RFC 1071, 2 (B)). */
static inline uint16_t checksum_of_ip4(const uint8_t header[20])
{
	uint32_t words[5];
	uint64_t sum = 0;

	memcpy(words, header, sizeof(words));
	for (int i = 0; i < 5; i++)
		sum += words[i];
	return ntohs(checksum_narrow(sum));
}

/* The sum of an address's words as they stand on the wire: two for IPv4, eight for IPv6. */
static inline uint16_t checksum_of_addr(struct ip_addr a)
{
	/* The mapped form's ::ffff: is not on the wire. */
	if (ip_addr_is_v4(a))
		return checksum_add((uint16_t)(a.lo >> 16), (uint16_t)a.lo);
	return checksum_add(checksum_narrow(a.hi), checksum_narrow(a.lo));
}

/* What to add to a sum where address @from becomes @to. */
static inline uint16_t checksum_change_of_addr(struct ip_addr from, struct ip_addr to)
{
	/* The words of one number less those of another: 32 bits at once. */
	if (__builtin_expect(ip_addr_is_v4(from) && ip_addr_is_v4(to), 1))
		return checksum_narrow((uint64_t)(uint32_t)~from.lo + (uint32_t)to.lo);
	return checksum_change(checksum_of_addr(from), checksum_of_addr(to));
}

/* The sum of the pseudo-header before @len bytes of @protocol, not folded: RFC 768, RFC 9293 3.1,
 * RFC 8200 8.1. */
static inline uint64_t checksum_of_pseudo(uint8_t protocol, uint32_t len, struct ip_addr src,
					  struct ip_addr dst)
{
	uint64_t sum = (uint64_t)protocol + len;

	if (__builtin_expect(ip_addr_is_v4(src) && ip_addr_is_v4(dst), 1))
		return sum + ip_addr_to_v4(src) + ip_addr_to_v4(dst);
	sum += checksum_of_addr(src);
	return sum + checksum_of_addr(dst);
}

#endif
