/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as packet sockets with virtio-net headers carry them: what stands before the packet.
 *
 *   | virtio_net_hdr (10) | Ethernet (14) | IP …
 *
 * The kernel's offload note counts from the Ethernet header, ours (struct packet_offload) from
 * the IP header.
 */
#ifndef KNOTHOLE_LIVE_FRAME_H
#define KNOTHOLE_LIVE_FRAME_H

#include <stdint.h>

#include "../../nat-models/packet.h"
#include "netlink.h"

enum { FRAME_PREFIX = 24 };

/* Write the prefix of @pkt's frame from the fabric to @to. @type: an EtherType, host order. */
void frame_wrap(const struct packet *pkt, uint16_t type, const uint8_t to[MAC_LEN],
		const uint8_t from[MAC_LEN], uint8_t prefix[FRAME_PREFIX]);

/* The EtherType, host order. */
uint16_t frame_type(const uint8_t prefix[FRAME_PREFIX]);

/* Set @pkt's offload from the prefix that came before it; its bytes must be there. */
void frame_read_offload(const uint8_t prefix[FRAME_PREFIX], struct packet *pkt);

/* The MAC for an IPv4 multicast group @v4 (RFC 1112, 6.4: its low 23 bits). */
void frame_multicast_mac(uint32_t v4, uint8_t ret[MAC_LEN]);

/* The MAC for the IPv6 multicast group at @group, 16 bytes (RFC 2464, 7: its low 32 bits). */
void frame_multicast_mac6(const uint8_t *group, uint8_t ret[MAC_LEN]);

#endif
