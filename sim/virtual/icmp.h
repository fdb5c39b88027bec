/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP (RFC 792, RFC 1122 3.2.2) and ICMPv6 (RFC 4443) of a virtual host: answering echo requests, taking errors to
 * the sockets that they are about, and complaining.
 */
#ifndef KNOTHOLE_VIRTUAL_ICMP_H
#define KNOTHOLE_VIRTUAL_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "../port.h"
#include "ip.h"

struct virtual_host;
struct virtual_sock;

/* What a host complains of. */
enum icmp_complaint { ICMP_NO_PORT, ICMP_NO_PROTOCOL, ICMP_NO_REST };

/*
 * How often the host complains to each of those that it complained to last: as Linux does,
 * six at once, then one a second (RFC 1812, 4.3.2.8), or sixteen in IPv6.
 */
enum { ICMP_LIMITED = 4 };
struct icmp_limit {
	struct icmp_bucket {
		struct ip_addr to;
		uint64_t credit_ns, last;
	} buckets[ICMP_LIMITED];
	uint8_t used, oldest;
};

/* What an ICMP error means to a socket. */
struct icmp_meaning {
	int err; /* -errno; 0 = nothing */
	bool hard; /* no second try would help */
	bool too_big; /* it is about the path's MTU, which is @mtu (0 = not said) */
	uint16_t mtu;
};

/* Take an ICMP message, checksum checked, for an address of @scope. */
void icmp_receive(struct virtual_host *host, struct buffer *buffer, const struct packet_info *info,
		  enum ip_scope scope);

/* Answer @buffer, taking it, with an error from @self, where that may be done. */
void icmp_complain(struct virtual_host *host, struct buffer *buffer, struct ip_addr self,
		   enum icmp_complaint complaint);

/* Choose @sock's identifier where its port is 0.  0 or -EADDRINUSE. */
int ping_bind(struct virtual_host *host, struct virtual_sock *sock);

/* Send an echo request from @src, around @bytes.  0, -EMSGSIZE or -ENOMEM. */
int ping_send(struct virtual_host *host, struct virtual_sock *sock, struct ip_addr src,
	      struct ip_addr dst, uint8_t ttl, const void *bytes, size_t len);

#endif
