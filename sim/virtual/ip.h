/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP (RFC 791, RFC 1122 section 3; RFC 8200) of a virtual host: which addresses are its own, sending
 * in fragments where the path's MTU asks for them, receiving whole datagrams.
 */
#ifndef KNOTHOLE_VIRTUAL_IP_H
#define KNOTHOLE_VIRTUAL_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "../port.h"

struct virtual_host;

enum ip_scope {
	IP_ELSEWHERE, /* somebody else's */
	IP_OWN, /* this host's, or loopback */
	IP_BROADCAST, /* 255.255.255.255, or the subnet's */
	IP_MULTICAST,
};
enum ip_scope ip_scope(const struct virtual_host *host, struct ip_addr addr);

bool ip_is_loopback(struct ip_addr addr); /* 127/8, ::1 */

static inline struct ip_addr ip_loopback(void)
{
	return ip_addr_v4(0x7f000001);
}

/* The address that packets to @to come from, where no socket says which; unset where the host does
 * not speak that family. */
struct ip_addr ip_source_for(const struct virtual_host *host, struct ip_addr to);

/* The longest packet to @to that needs no fragments, as far as is known. */
uint16_t ip_mtu_to(const struct virtual_host *host, struct ip_addr to);

/* Of a packet that was parsed before: its ends, and where its transport is. */
struct ip_addr ip_source(const struct packet *packet);
struct ip_addr ip_destination(const struct packet *packet);
uint32_t ip_transport_offset(const struct packet *packet);

/*
 * Send @buffer, taking it: a whole packet, checksums right.  It leaves, or comes back to
 * this host, in a moment.  Where "don't fragment" is set this means path MTU discovery, as Linux
 * does it for datagrams: what is known to be too long is fragmented here.
 */
void ip_send(struct virtual_host *host, struct buffer *buffer);

/* Who may cut a packet: as Linux does unless it is told otherwise, who knows that the way needs it;
 * anybody (DF is clear); nobody. */
enum ip_cut { IP_CUT_AS_KNOWN, IP_CUT_ANYWHERE, IP_CUT_NOWHERE };

/* The same to an address of @scope, where @cut says who may cut it: 0, or -EMSGSIZE, and it is
 * lost. */
int ip_send_cut(struct virtual_host *host, struct buffer *buffer, enum ip_scope scope,
		enum ip_cut cut);

/* Send @buffer, taking it, as it is. */
void ip_send_bare(struct virtual_host *host, struct buffer *buffer);

/* A packet for this host from the wire (or not for it: taken in any case). */
void ip_receive(struct port *port, struct buffer *buffer);

void ip_init(struct virtual_host *host);
void ip_clear(struct virtual_host *host);

#endif
