/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses, prefixes and transport endpoints.
 *
 * One 128-bit type serves IPv4 and IPv6: an IPv4 address is kept as its
 * IPv4-mapped form ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).  Everything is in host
 * byte order; only the packet headers' codec swaps.  No name resolution here.
 */
#ifndef KNOTHOLE_ADDR_H
#define KNOTHOLE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ip_addr {
	uint64_t hi;
	uint64_t lo;
};

struct ip_prefix {
	struct ip_addr addr;
	uint8_t bits; /* 0..128, counted in the mapped form: a /24 of IPv4 is 120 */
};

struct endpoint {
	struct ip_addr addr;
	uint16_t port; /* an ICMP query's identifier stands here too */
};

/* (constant, word): IPv4 is the zero, which whoever knows of no families means. */
#define FAMILIES(X)                                                                                \
	X(FAMILY_IPV4, "ipv4")                                                                     \
	X(FAMILY_IPV6, "ipv6")

enum family {
#define X(id, word) id,
	FAMILIES(X)
#undef X
		FAMILY_COUNT
};

const char *family_word(enum family family);
int family_parse(const char *word, enum family *ret); /* 0 or -EINVAL */

/* Room for the longest text of each, with its final NUL. */
enum { IP_ADDR_TEXT = 46, IP_PREFIX_TEXT = 50, ENDPOINT_TEXT = 54 };

static inline struct ip_addr ip_addr_v4(uint32_t v4)
{
	return (struct ip_addr){ 0, 0xffff00000000ULL | v4 };
}

static inline bool ip_addr_is_v4(struct ip_addr a)
{
	return a.hi == 0 && a.lo >> 32 == 0xffff;
}

/* The 32 bits of an IPv4 address; meaningless for others. */
static inline uint32_t ip_addr_to_v4(struct ip_addr a)
{
	return (uint32_t)a.lo;
}

static inline enum family ip_addr_family(struct ip_addr a)
{
	return ip_addr_is_v4(a) ? FAMILY_IPV4 : FAMILY_IPV6;
}

static inline bool ip_addr_equal(struct ip_addr a, struct ip_addr b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/* The all-zero value, which no host has: "none given". */
static inline bool ip_addr_is_unset(struct ip_addr a)
{
	return a.hi == 0 && (a.lo == 0 || a.lo == 0xffff00000000ULL);
}

static inline bool endpoint_equal(struct endpoint a, struct endpoint b)
{
	return a.port == b.port && ip_addr_equal(a.addr, b.addr);
}

/* The first @bits bits set, of 64; more than 64 are 64, less than 0 are none. */
static inline uint64_t ip_leading_bits(int bits)
{
	if (bits <= 0)
		return 0;
	return bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
}

static inline bool ip_prefix_contains(struct ip_prefix p, struct ip_addr a)
{
	uint64_t hi = p.addr.hi ^ a.hi, lo = p.addr.lo ^ a.lo;

	return !(hi & ip_leading_bits(p.bits)) && !(lo & ip_leading_bits(p.bits - 64));
}

/* Where an IPv4 address begins in the mapped form. */
enum { IP_V4_MAPPED_BITS = 96 };

/* Its bits as they are written: counted in its own family. */
static inline int ip_prefix_length(struct ip_prefix p)
{
	bool v4 = p.bits >= IP_V4_MAPPED_BITS && ip_addr_is_v4(p.addr);

	return v4 ? p.bits - IP_V4_MAPPED_BITS : p.bits;
}

/* RFC 1112, RFC 4291 */
static inline bool ip_addr_is_multicast(struct ip_addr a)
{
	if (ip_addr_is_v4(a))
		return ip_addr_to_v4(a) >> 28 == 0xe;
	return a.hi >> 56 == 0xff;
}

bool ip_addr_is_private(struct ip_addr a); /* RFC 1918, RFC 6598, RFC 4193, link-local */

/* Parse text; 0, or -EINVAL with *ret untouched. */
int ip_addr_parse(const char *text, struct ip_addr *ret);
int ip_prefix_parse(const char *text, struct ip_prefix *ret); /* "192.168.1.0/24" */
int endpoint_parse(const char *text, struct endpoint *ret); /* "1.2.3.4:5", "[::1]:5" */

/* Format into @buf, which they return. */
const char *ip_addr_format(struct ip_addr a, char buf[IP_ADDR_TEXT]);
const char *ip_prefix_format(struct ip_prefix p, char buf[IP_PREFIX_TEXT]);
const char *endpoint_format(struct endpoint e, char buf[ENDPOINT_TEXT]);

#endif
