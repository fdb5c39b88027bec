/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ICMP errors complain of, in either family's words (RFC 7915, 4.2 and 5.2).  Values only: it
 * touches no packet.
 */
#ifndef KNOTHOLE_ICMP_COMPLAINT_H
#define KNOTHOLE_ICMP_COMPLAINT_H

#include <stdint.h>

/* An error's first eight bytes, but for the checksum. */
struct icmp_complaint {
	uint8_t type, code;
	uint32_t rest; /* MTU, pointer, or nothing */
};

/* Say it in the other family's words: 0, or -EINVAL where that has none.  @quoted_len is the length that
 * the quoted packet announced: a "fragmentation needed" without an MTU must be guessed from it. */
int icmp_complaint_to_ip4(struct icmp_complaint *complaint);
int icmp_complaint_to_ip6(struct icmp_complaint *complaint, uint32_t quoted_len);

#endif
