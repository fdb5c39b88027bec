/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Echo (RFC 862): what arrives goes back, over UDP and TCP, port 7. */
#include <errno.h>
#include <stdlib.h>

#include "crew.h"
#include "service_ops.h"

enum { CONNECTIONS_MAX = 64, DATAGRAM_MAX = 65536 };
#define IDLE_NS (300 * SEC)
#define ERROR_REST_NS (10 * MSEC) /* after an error that may last, such as EMFILE */

struct connection {
	struct echo *echo;
	struct connection *next;
	struct connection **link;
	struct sock *sock;
};

struct echo {
	struct host *host;
	struct crew crew;
	struct sock *udp;
	struct sock *listener;
	struct connection *connections;
	unsigned connections_len;
	bool stopping;
	uint8_t datagram[DATAGRAM_MAX];
};

static void echo_datagrams(void *arg)
{
	struct echo *echo = arg;
	struct endpoint from;

	while (!echo->stopping) {
		long n = sock_recv(echo->udp, &from, echo->datagram, DATAGRAM_MAX, NEVER);

		if (n == -ECANCELED || echo->stopping)
			break;
		if (n >= 0)
			sock_send(echo->udp, &from, echo->datagram, (size_t)n, NEVER);
		else
			fiber_sleep(host_now(echo->host) + ERROR_REST_NS);
	}
	crew_leave(&echo->crew);
}

static void connection_free(struct connection *connection)
{
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	connection->echo->connections_len--;
	sock_close(connection->sock);
	free(connection);
}

static void echo_stream(void *arg)
{
	struct connection *connection = arg;
	struct echo *echo = connection->echo;
	struct host *host = sock_host(connection->sock);
	uint8_t bytes[4096];

	while (connection->sock) {
		uint64_t deadline = host_now(host) + IDLE_NS;
		long n = sock_recv(connection->sock, NULL, bytes, sizeof(bytes), deadline);

		if (n <= 0 || !connection->sock)
			break;
		if (sock_send(connection->sock, NULL, bytes, (size_t)n, deadline))
			break;
	}
	connection_free(connection);
	crew_leave(&echo->crew);
}

static void take(struct echo *echo, struct sock *sock)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection || echo->connections_len == CONNECTIONS_MAX) {
		free(connection);
		sock_close(sock);
		return;
	}
	connection->echo = echo;
	connection->sock = sock;
	connection->next = echo->connections;
	connection->link = &echo->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	echo->connections = connection;
	echo->connections_len++;
	if (crew_spawn(&echo->crew, host_loop(sock_host(sock)), "echo tcp", echo_stream,
		       connection))
		connection_free(connection);
}

static void accept_streams(void *arg)
{
	struct echo *echo = arg;
	struct sock *sock;

	while (!echo->stopping) {
		int err = sock_accept(echo->listener, NEVER, &sock);

		if (!err && echo->stopping)
			sock_close(sock);
		else if (!err)
			take(echo, sock);
		else if (err == -ECANCELED)
			break;
		else
			fiber_sleep(host_now(echo->host) + ERROR_REST_NS);
	}
	crew_leave(&echo->crew);
}

static void echo_stop(void *state)
{
	struct echo *echo = state;
	struct connection *next;

	echo->stopping = true;
	sock_close(echo->udp);
	sock_close(echo->listener);
	for (struct connection *c = echo->connections; c; c = c->next) {
		struct sock *sock = c->sock;

		c->sock = NULL;
		sock_close(sock);
	}
	crew_wait(&echo->crew);
	for (struct connection *c = echo->connections; c; c = next) {
		next = c->next;
		connection_free(c);
	}
	free(echo);
}

static int echo_start(const struct service_spec *spec, void **ret)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = ECHO_PORT };
	struct sock_spec tcp = { .kind = SOCK_TCP_LISTEN, .local.port = ECHO_PORT };
	struct loop *loop = host_loop(spec->host);
	struct echo *echo = calloc(1, sizeof(*echo));
	int err;

	if (!echo)
		return -ENOMEM;
	echo->host = spec->host;
	err = sock_open(spec->host, &udp, &echo->udp);
	if (!err)
		err = sock_open(spec->host, &tcp, &echo->listener);
	if (!err)
		err = crew_spawn(&echo->crew, loop, "echo udp", echo_datagrams, echo);
	if (!err)
		err = crew_spawn(&echo->crew, loop, "echo tcp accept", accept_streams, echo);
	if (err) {
		echo_stop(echo);
		return err;
	}
	*ret = echo;
	return 0;
}

const struct service_ops echo_service = {
	.name = "echo",
	.start = echo_start,
	.stop = echo_stop,
};
