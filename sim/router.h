/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every router does beside choosing the way (RFC 1812, RFC 8200): the TTL or hop limit, the
 * MTU, fragments (of IPv4 only), and the ICMP errors about them.
 */
#ifndef KNOTHOLE_ROUTER_H
#define KNOTHOLE_ROUTER_H

#include <stdbool.h>

#include "../nat-models/addr.h"
#include "port.h"

/* Answer @buffer, which came in on @port, with an ICMP error from @self, an address of the packet's
 * family; takes it.  @mtu: what would not have been too big. */
void router_answer(struct port *port, struct buffer *buffer, struct ip_addr self,
		   enum packet_error error, uint16_t mtu, const char *comment);

/* Decrement the TTL.  Where it runs out, answer on @in, take the buffer and return false. */
bool router_hop(struct port *in, struct buffer *buffer, struct ip_addr self);

/* The broadcast address of the subnet @lan (RFC 919); UINT32_MAX, which is everybody's, where it has
 * none of IPv4. */
uint32_t router_broadcast(struct ip_prefix lan);

/* Has its sender said that no router may cut it?  IPv6 always has (RFC 8200, section 5). */
bool router_forbids_fragments(const struct packet *packet);

/* Does the packet need more than @mtu, and forbid fragments? */
bool router_longer_than(const struct packet *packet, uint16_t mtu);

/* ... than @out's?  Nearly every packet is told by its bare length. */
static inline bool router_too_big(const struct port *out, const struct buffer *buffer)
{
	return buffer->packet.len > out->mtu && router_longer_than(&buffer->packet, out->mtu);
}

/* Cut @whole, taking it, into fragments of at most @mtu bytes (RFC 791, 3.2): a list by `next`,
 * in order.  Where memory runs out some are missing, as if the wire had lost them. */
struct buffer *router_fragment(struct buffer *whole, uint16_t mtu);

/* router_send() of what is longer than the MTU of @out, as a whole or as a burst of segments. */
void router_send_long(struct port *out, struct buffer *buffer, const char *comment);

/* The same, but the last of the fragments leaves first (RFC 4787, REQ-13a: they should not). */
void router_send_backwards(struct port *out, struct buffer *buffer);

/* Send on @out, in fragments where it must be (RFC 791, 3.2); takes the buffer.  What is too big, and
 * must not be fragmented, is lost: the caller asks router_too_big() where somebody cares. */
static inline void router_send(struct port *out, struct buffer *buffer, const char *comment)
{
	if (buffer->packet.len <= out->mtu)
		port_send(out, buffer, comment);
	else
		router_send_long(out, buffer, comment);
}

#endif
