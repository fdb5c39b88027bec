/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind.h"

#include <errno.h>

#include "connection.h"
#include "ip.h"
#include "stack.h"

/* Linux's net.ipv4.ip_local_port_range; RFC 6335 would begin at 49152. */
enum { EPHEMERAL_FIRST = 32768, EPHEMERAL_LAST = 60999 };

static bool is_tcp(const struct virtual_sock *sock)
{
	return sock->sock.kind == SOCK_TCP || sock->sock.kind == SOCK_TCP_LISTEN;
}

static bool overlap(struct ip_addr a, struct ip_addr b)
{
	return sock_covers(a, b) || sock_covers(b, a);
}

/* Does a socket that stands on a port keep @sock from it?  Two that listen share it only where
 * both want to (SO_REUSEADDR and SO_REUSEPORT). */
static bool is_in_the_way(const struct virtual_sock *other, const struct virtual_sock *sock)
{
	if (other == sock || other->sock.kind == SOCK_PING || is_tcp(other) != is_tcp(sock))
		return false;
	return overlap(other->sock.local.addr, sock->sock.local.addr) &&
	       !(other->share && sock->share);
}

static bool is_free(const struct virtual_host *host, const struct virtual_sock *sock, uint16_t port)
{
	for (struct virtual_sock *s = first_on_port(host, port); s; s = next_on_port(s))
		if (is_in_the_way(s, sock))
			return false;
	return !is_tcp(sock) || !connection_holds(host, port, sock->sock.local.addr, sock->share);
}

/* Any free port, at random (RFC 6056, 3.3.1).  Who shares ports shares none that it did not ask for: from
 * one that a connection has, there is none to the same remote. */
static int choose_port(struct virtual_host *host, struct virtual_sock *sock)
{
	const bool share = sock->share;
	int err = -EADDRINUSE;
	const uint32_t range = EPHEMERAL_LAST - EPHEMERAL_FIRST + 1;
	uint32_t start = (uint32_t)stream_below(&host->chance, range);

	sock->share = false;
	for (uint32_t i = 0; i < range && err; i++) {
		uint16_t port = (uint16_t)(EPHEMERAL_FIRST + (start + i) % range);

		if (is_free(host, sock, port)) {
			sock->sock.local.port = port;
			err = 0;
		}
	}
	sock->share = share;
	return err;
}

static bool may_have(const struct virtual_host *host, const struct virtual_sock *sock)
{
	if (ip_addr_is_unset(sock->sock.local.addr))
		return true;
	switch (ip_scope(host, sock->sock.local.addr)) {
	case IP_OWN:
		return true;
	case IP_BROADCAST:
	case IP_MULTICAST:
		return !is_tcp(sock);
	case IP_ELSEWHERE:
		break;
	}
	return false;
}

int sock_bind(struct virtual_host *host, struct virtual_sock *sock)
{
	int err = 0;

	if (!may_have(host, sock))
		return -EADDRNOTAVAIL;
	if (sock->sock.kind == SOCK_PING)
		err = ping_bind(host, sock);
	else if (!sock->sock.local.port)
		err = choose_port(host, sock);
	else if (!is_free(host, sock, sock->sock.local.port))
		err = -EADDRINUSE;
	if (err || sock->sock.kind == SOCK_TCP)
		return err;
	index_add(&host->ports, &sock->by_port, sock->sock.local.port);
	sock->bound = true;
	return 0;
}

void sock_unbind(struct virtual_host *host, struct virtual_sock *sock)
{
	if (sock->bound)
		index_remove(&host->ports, &sock->by_port);
	sock->bound = false;
}

struct virtual_sock *sock_find_listener(const struct virtual_host *host, struct endpoint local,
					struct endpoint remote)
{
	struct virtual_sock *best = NULL;
	uint32_t equals = 0, nth;
	bool exact = false;

	for (struct virtual_sock *s = first_on_port(host, local.port); s; s = next_on_port(s)) {
		bool any = ip_addr_is_unset(s->sock.local.addr);

		if (s->sock.kind != SOCK_TCP_LISTEN || (any && exact) ||
		    !sock_covers(s->sock.local.addr, local.addr))
			continue;
		if (!best || exact == any)
			equals = 0;
		best = equals++ ? best : s;
		exact = !any;
	}
	if (equals < 2)
		return best;
	nth = stack_hash(host, local, remote) % equals;
	for (struct virtual_sock *s = best; s; s = next_on_port(s))
		if (s->sock.kind == SOCK_TCP_LISTEN &&
		    ip_addr_equal(s->sock.local.addr, best->sock.local.addr) && nth-- == 0)
			return s;
	return best;
}
