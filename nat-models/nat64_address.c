/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 6052, 2.2: the IPv4 address begins where the prefix ends, and leaves out bits 64 to 71.
 *
 *   /32   |prefix |v4 (32)        |u| suffix
 *   /48   |prefix         |v4 (16)|u|v4 (16)| suffix
 *   /64   |prefix                 |u|v4 (32)        | suffix
 *   /96   |prefix                                           |v4 (32)|
 */
#include "nat64_address.h"

enum { U_OCTET = 8, OCTETS = 4 };

struct ip_prefix nat64_well_known(void)
{
	return (struct ip_prefix){ { UINT64_C(0x0064ff9b) << 32, 0 }, 96 };
}

bool nat64_prefix_is_sane(struct ip_prefix prefix)
{
	switch (prefix.bits) {
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
		return true;
	case 96:
		return prefix.addr.lo >> 56 == 0;
	default:
		return false;
	}
}

/* Which octet of the IPv6 address, from 0 on the left, octet @i of the IPv4 address is. */
static unsigned place(struct ip_prefix prefix, unsigned i)
{
	unsigned at = prefix.bits / 8U + i;

	return prefix.bits < 96 && at >= U_OCTET ? at + 1 : at;
}

static unsigned shift_of(unsigned octet)
{
	return 56 - octet % 8 * 8;
}

struct ip_addr nat64_synthesise(struct ip_prefix prefix, struct ip_addr v4)
{
	struct ip_addr a = prefix.addr;

	for (unsigned i = 0; i < OCTETS; i++) {
		uint64_t octet = ip_addr_to_v4(v4) >> (24 - 8 * i) & 0xff;
		unsigned at = place(prefix, i);

		if (at < 8)
			a.hi |= octet << shift_of(at);
		else
			a.lo |= octet << shift_of(at);
	}
	return a;
}

bool nat64_extract(struct ip_prefix prefix, struct ip_addr addr, struct ip_addr *ret)
{
	uint32_t v4 = 0;

	if (!ip_prefix_contains(prefix, addr))
		return false;
	for (unsigned i = 0; i < OCTETS; i++) {
		unsigned at = place(prefix, i);
		uint64_t half = at < 8 ? addr.hi : addr.lo;

		v4 = v4 << 8 | (uint32_t)(half >> shift_of(at) & 0xff);
	}
	*ret = ip_addr_v4(v4);
	return true;
}
