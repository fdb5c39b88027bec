/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_side.h"

#include <string.h>

enum { TRIES = 8 };

int tcp_side_open(struct tcp_side *side, struct host *host, uint16_t port)
{
	const struct sock_spec spec = { .kind = SOCK_TCP_LISTEN,
					.local.port = port,
					.share = true };

	*side = (struct tcp_side){ .host = host, .port = port };
	return sock_open(host, &spec, &side->listener);
}

void tcp_side_close(struct tcp_side *side)
{
	sock_close(side->to_server);
	sock_close(side->listener);
}

bool tcp_side_mapped(struct tcp_side *side, struct sock *server, struct endpoint *ret,
		     struct sock **ret_sock)
{
	const uint64_t deadline = host_now(side->host) + SEC;
	const struct sock_spec spec = {
		.kind = SOCK_TCP,
		.local.port = side->port,
		.remote = { host_addr(sock_host(server)), TCP_SIDE_SERVER_PORT },
		.deadline = deadline,
		.share = true,
	};
	struct sock *there;

	if (sock_open(side->host, &spec, ret_sock) < 0)
		return false;
	if (sock_accept(server, deadline, &there) < 0) {
		sock_close(*ret_sock);
		*ret_sock = NULL;
		return false;
	}
	*ret = sock_remote(there);
	sock_close(there);
	return true;
}

/* Connect again after each refusal: the other side's NAT may send one until its own host's SYN
 * has passed (RFC 5128, 3.4). */
static void connect_side(void *arg)
{
	struct tcp_side *side = arg;
	const uint64_t deadline = host_now(side->host) + 2 * SEC;
	const struct sock_spec spec = { .kind = SOCK_TCP,
					.local.port = side->port,
					.remote = side->other,
					.deadline = deadline,
					.share = true };

	for (int i = 0; i < TRIES && !side->met && host_now(side->host) < deadline; i++) {
		struct sock *sock;

		if (sock_open(side->host, &spec, &sock) == 0) {
			side->met = true;
			/* It stands until the other side has seen it stand. */
			fiber_sleep(deadline);
			sock_close(sock);
			return;
		}
		fiber_sleep(host_now(side->host) + 50 * MSEC);
	}
}

static void accept_side(void *arg)
{
	struct tcp_side *side = arg;
	const uint64_t deadline = host_now(side->host) + 2 * SEC;
	struct sock *sock;

	if (sock_accept(side->listener, deadline, &sock) < 0)
		return;
	side->met = true;
	fiber_sleep(deadline);
	sock_close(sock);
}

static int start(struct tcp_side *side, struct endpoint other)
{
	struct loop *loop = host_loop(side->host);
	int err;

	side->other = other;
	err = fiber_spawn(loop, "accept", accept_side, side, &side->accepting);
	if (!err)
		err = fiber_spawn(loop, "connect", connect_side, side, &side->connecting);
	return err;
}

static void stop(struct tcp_side *side)
{
	if (side->accepting)
		fiber_join(side->accepting, NEVER);
	if (side->connecting)
		fiber_join(side->connecting, NEVER);
	side->accepting = side->connecting = NULL;
}

bool tcp_sides_meet(struct tcp_side *a, struct tcp_side *b)
{
	int err = start(a, b->outside);

	if (!err)
		err = start(b, a->outside);
	stop(a);
	stop(b);
	return !err && a->met && b->met;
}
