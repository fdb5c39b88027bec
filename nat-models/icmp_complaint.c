/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "icmp_complaint.h"

#include <errno.h>
#include <stddef.h>

#include "header_fields.h"
#include "packet.h"

enum { HEADER_GROWTH = IP6_HEADER - IP4_HEADER, IP6_MTU_MIN = 1280 };

/* One row of the tables in RFC 7915, 4.2 and 5.2, for the pointer of a parameter problem: fields @first
 * to @last of the one header are at @to in the other. */
struct pointer_row {
	uint8_t first, last, to;
};

static int translate_pointer(const struct pointer_row *rows, size_t len, uint32_t pointer)
{
	for (size_t i = 0; i < len; i++)
		if (pointer >= rows[i].first && pointer <= rows[i].last)
			return rows[i].to;
	return -EINVAL;
}

static int problem_to_ip4(struct icmp_complaint *c)
{
	static const struct pointer_row rows[] = { { 0, 0, 0 },	  { 1, 1, 1 }, { 4, 5, 2 },
						   { 6, 6, 9 },	  { 7, 7, 8 }, { 8, 23, 12 },
						   { 24, 39, 16 } };
	int pointer;

	if (c->code == 1) { /* an unknown next header */
		*c = (struct icmp_complaint){ ICMP_UNREACHABLE, 2, 0 };
		return 0;
	}
	pointer = translate_pointer(rows, sizeof(rows) / sizeof(rows[0]), c->rest);
	if (c->code != 0 || pointer < 0)
		return -EINVAL;
	*c = (struct icmp_complaint){ ICMP_PARAMETER_PROBLEM, 0, (uint32_t)pointer << 24 };
	return 0;
}

static int unreachable_to_ip4(struct icmp_complaint *c)
{
	switch (c->code) {
	case ICMPV6_ADMIN_PROHIBITED:
		c->code = 10; /* host administratively prohibited */
		break;
	case ICMPV6_NO_ROUTE:
	case 2: /* beyond the scope of the source */
	case ICMPV6_ADDRESS_UNREACHABLE:
		c->code = ICMP_HOST_UNREACHABLE;
		break;
	case ICMPV6_PORT_UNREACHABLE:
		c->code = ICMP_PORT_UNREACHABLE;
		break;
	default:
		return -EINVAL;
	}
	c->type = ICMP_UNREACHABLE;
	c->rest = 0;
	return 0;
}

int icmp_complaint_to_ip4(struct icmp_complaint *c)
{
	uint32_t mtu;

	switch (c->type) {
	case ICMPV6_UNREACHABLE:
		return unreachable_to_ip4(c);
	case ICMPV6_TOO_BIG:
		mtu = c->rest > UINT16_MAX ? UINT16_MAX : c->rest;
		mtu = mtu > HEADER_GROWTH ? mtu - HEADER_GROWTH : 0;
		*c = (struct icmp_complaint){ ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, mtu };
		return 0;
	case ICMPV6_TIME_EXCEEDED:
		c->type = ICMP_TIME_EXCEEDED;
		c->rest = 0;
		return 0;
	default:
		return problem_to_ip4(c);
	}
}

/* RFC 1191, section 7: a router that names no MTU has one of these, below the packet's length. */
static uint32_t plateau_below(uint32_t len)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002,
					     1492,  1006,  508,	 296,  68 };

	for (size_t i = 0; i < sizeof(plateaus) / sizeof(plateaus[0]); i++)
		if (plateaus[i] < len)
			return plateaus[i];
	return 68;
}

/* RFC 7915, 4.2: IPv6's own smallest MTU is the least that anyone is told. */
static int too_big_to_ip6(struct icmp_complaint *c, uint32_t quoted_len)
{
	uint32_t mtu = c->rest & UINT16_MAX;

	mtu = (mtu ? mtu : plateau_below(quoted_len)) + HEADER_GROWTH;
	if (mtu < IP6_MTU_MIN)
		mtu = IP6_MTU_MIN;
	*c = (struct icmp_complaint){ ICMPV6_TOO_BIG, 0, mtu };
	return 0;
}

static int unreachable_to_ip6(struct icmp_complaint *c, uint32_t quoted_len)
{
	switch (c->code) {
	case ICMP_FRAGMENTATION_NEEDED:
		return too_big_to_ip6(c, quoted_len);
	case 2: /* protocol unreachable: the next header is not known */
		*c = (struct icmp_complaint){ ICMPV6_PARAMETER_PROBLEM, 1, IP6_NEXT };
		return 0;
	case ICMP_PORT_UNREACHABLE:
		c->code = ICMPV6_PORT_UNREACHABLE;
		break;
	case 9: /* network, */
	case 10: /* host administratively prohibited */
	case ICMP_ADMIN_PROHIBITED:
	case 15: /* precedence cut off */
		c->code = ICMPV6_ADMIN_PROHIBITED;
		break;
	default:
		if (c->code > 12) /* host precedence violation; unknown ones */
			return -EINVAL;
		c->code = ICMPV6_NO_ROUTE;
	}
	c->type = ICMPV6_UNREACHABLE;
	c->rest = 0;
	return 0;
}

static int problem_to_ip6(struct icmp_complaint *c)
{
	static const struct pointer_row rows[] = { { 0, 0, 0 },	  { 1, 1, 1 }, { 2, 3, 4 },
						   { 8, 8, 7 },	  { 9, 9, 6 }, { 12, 15, 8 },
						   { 16, 19, 24 } };
	int pointer = translate_pointer(rows, sizeof(rows) / sizeof(rows[0]), c->rest >> 24);

	if ((c->code != 0 && c->code != 2) || pointer < 0)
		return -EINVAL;
	*c = (struct icmp_complaint){ ICMPV6_PARAMETER_PROBLEM, 0, (uint32_t)pointer };
	return 0;
}

int icmp_complaint_to_ip6(struct icmp_complaint *c, uint32_t quoted_len)
{
	switch (c->type) {
	case ICMP_UNREACHABLE:
		return unreachable_to_ip6(c, quoted_len);
	case ICMP_TIME_EXCEEDED:
		c->type = ICMPV6_TIME_EXCEEDED;
		c->rest = 0;
		return 0;
	case ICMP_PARAMETER_PROBLEM:
		return problem_to_ip6(c);
	default: /* redirect, source quench */
		return -EINVAL;
	}
}
