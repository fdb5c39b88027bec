/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One side that opens a TCP connection as RFC 5128, 3.4, says: one local port is listened on,
 * connected from to a server that tells how it looks from outside, and connected from to the
 * other side.  For the files of this folder.
 */
#ifndef KNOTHOLE_TCP_SIDE_H
#define KNOTHOLE_TCP_SIDE_H

#include "../../sim/fiber.h"
#include "../../sim/host.h"

enum { TCP_SIDE_SERVER_PORT = 3478 };

struct tcp_side {
	struct host *host;
	uint16_t port;
	struct sock *listener;
	struct sock *to_server;
	struct endpoint outside; /* as a server saw the port */

	struct endpoint other; /* whom tcp_side_meet() connects to … */
	bool met; /* … and whether a connection came to stand, either way */
	struct fiber *connecting, *accepting;
};

/* Listen on @port.  0 or sock_open()'s. */
int tcp_side_open(struct tcp_side *side, struct host *host, uint16_t port);
void tcp_side_close(struct tcp_side *side);

/* Connect to @server's listener; *ret is where from, as the server sees it.  The connection is
 * kept in *ret_sock, the caller's.  False where it cannot be made within a second. */
bool tcp_side_mapped(struct tcp_side *side, struct sock *server, struct endpoint *ret,
		     struct sock **ret_sock);

/* Each of @a and @b connects to the other's `outside`, both at once.  Have both a connection
 * within two seconds? */
bool tcp_sides_meet(struct tcp_side *a, struct tcp_side *b);

#endif
