/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ports of a virtual host's sockets: who may have which beside whom. */
#ifndef KNOTHOLE_VIRTUAL_BIND_H
#define KNOTHOLE_VIRTUAL_BIND_H

struct virtual_host;
struct virtual_sock;

/*
 * Give @sock its sock.local, choosing a port where that is 0, as Linux's bind() would:
 * 0, -EADDRNOTAVAIL, -EADDRINUSE.  Sockets but those of TCP connections can be found by it
 * from then on.
 */
int sock_bind(struct virtual_host *host, struct virtual_sock *sock);

/* Let go of the port; where it has none, that is fine. */
void sock_unbind(struct virtual_host *host, struct virtual_sock *sock);

#endif
