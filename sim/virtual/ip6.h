/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What IPv6 has of its own on a virtual host (RFC 8200): its header, fragments, which only the
 * source makes, and where they stand among the extension headers.  ip.h sends and receives.
 */
#ifndef KNOTHOLE_VIRTUAL_IP6_H
#define KNOTHOLE_VIRTUAL_IP6_H

#include <stdbool.h>
#include <stdint.h>

#include "../port.h"

enum { IP6_MTU_MIN = 1280 }; /* RFC 8200, section 5 */

/* ::1 */
static inline bool ip6_is_loopback(struct ip_addr addr)
{
	return addr.hi == 0 && addr.lo == 1;
}

/* Where the fragment header of a packet, parsed already, stands. */
struct ip6_fragment {
	uint32_t at; /* 0 = there is none */
	uint32_t next_at; /* the byte before it that announces it */
};
struct ip6_fragment ip6_find_fragment(const struct packet *packet);

/* Cut @whole (without extension headers, checksums right), taking it, into fragments of at most
 * @mtu bytes: a list by `next`, in order.  Where memory runs out some are missing, as if the wire
 * had lost them. */
struct buffer *ip6_fragment(struct buffer *whole, uint16_t mtu, uint32_t id);

#endif
