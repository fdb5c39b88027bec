/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the fields of the headers stand (RFC 791, 768, 9293, 792, 8200), and addresses as they
 * stand there.  For codecs only.
 */
#ifndef KNOTHOLE_HEADER_FIELDS_H
#define KNOTHOLE_HEADER_FIELDS_H

#include <stdint.h>

#include "addr.h"
#include "byteorder.h"

enum {
	IP4_TOS = 1,
	IP4_LENGTH = 2,
	IP4_ID = 4,
	IP4_FRAGMENT = 6,
	IP4_TTL = 8,
	IP4_PROTOCOL = 9,
	IP4_CHECKSUM = 10,
	IP4_SRC = 12,
	IP4_DST = 16,
	IP4_HEADER = 20,
	IP4_DONT_FRAGMENT = 0x4000,
	IP4_MORE_FRAGMENTS = 0x2000,
	IP4_FRAGMENT_OFFSET = 0x1fff, /* in units of 8 bytes */

	IP6_LENGTH = 4,
	IP6_NEXT = 6,
	IP6_HOPS = 7,
	IP6_SRC = 8,
	IP6_DST = 24,
	IP6_HEADER = 40,

	IP6_HOP_BY_HOP = 0, /* extension headers, RFC 8200, 4.1 */
	IP6_ROUTING = 43,
	IP6_FRAGMENT = 44,
	IP6_DESTINATION = 60,
	IP6_FRAGMENT_OFFSET = 2, /* in units of 8 bytes, the last bit being "more" */
	IP6_FRAGMENT_ID = 4,
	IP6_FRAGMENT_HEADER = 8,

	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
	UDP_HEADER = 8,

	TCP_SEQ = 4,
	TCP_ACKNOWLEDGED = 8,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_CHECKSUM = 16,
	TCP_HEADER = 20,

	ICMP_TYPE = 0,
	ICMP_CODE = 1,
	ICMP_CHECKSUM = 2,
	ICMP_IDENTIFIER = 4,
	ICMP_SEQUENCE = 6,
	ICMP_MTU = 6, /* RFC 1191, section 4; the low half of ICMPv6's (RFC 4443, 3.2) */
	ICMP_HEADER = 8,
};

/* An address in a header of IP @version. */
static inline struct ip_addr get_addr(const uint8_t *p, uint8_t version)
{
	if (version == 4)
		return ip_addr_v4(get_be32(p));
	return (struct ip_addr){ get_be64(p), get_be64(p + 8) };
}

static inline void put_addr(uint8_t *p, uint8_t version, struct ip_addr a)
{
	if (version == 6) {
		put_be64(p, a.hi);
		put_be32(p + 8, (uint32_t)(a.lo >> 32));
		p += 12;
	}
	put_be32(p, (uint32_t)a.lo);
}

#endif
