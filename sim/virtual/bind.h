/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ports of a virtual host's sockets: who may have which beside whom. */
#ifndef KNOTHOLE_VIRTUAL_BIND_H
#define KNOTHOLE_VIRTUAL_BIND_H

#include <stdbool.h>

#include "../../nat-models/addr.h"

struct virtual_host;
struct virtual_sock;

/* Does a socket at @local hear what is sent to @addr, an address of its host?  "::" is every one, and
 * 0.0.0.0 every one of IPv4. */
static inline bool sock_covers(struct ip_addr local, struct ip_addr addr)
{
	if (!ip_addr_is_unset(local))
		return ip_addr_equal(local, addr);
	return !ip_addr_is_v4(local) || ip_addr_is_v4(addr);
}

/*
 * Give @sock its sock.local, choosing a port where that is 0, as Linux's bind() would:
 * 0, -EADDRNOTAVAIL, -EADDRINUSE.  Sockets but those of TCP connections can be found by it
 * from then on.
 */
int sock_bind(struct virtual_host *host, struct virtual_sock *sock);

/* Let go of the port; where it has none, that is fine. */
void sock_unbind(struct virtual_host *host, struct virtual_sock *sock);

/* The socket that listens for connections from @remote to @local: the one that is bound to just that
 * address before one for all; of equal ones each gets a share of the remote ends.  NULL: none. */
struct virtual_sock *sock_find_listener(const struct virtual_host *host, struct endpoint local,
					struct endpoint remote);

#endif
