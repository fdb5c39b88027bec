/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients that come over TCP or TLS (RFC 8656, 3.1): a conduit, its messages, and its end. */
#include <errno.h>
#include <stdlib.h>

#include "outbox.h"
#include "turn.h"

#define HANDSHAKE_NS (10 * SEC)
#define MESSAGE_NS (10 * SEC) /* from a message's first byte to its last */
#define IDLE_NS (30 * SEC) /* of a connection that has no allocation */
#define PARTING_NS (1 * SEC)

struct turn_conn {
	struct turn_server *server;
	struct turn_conn *next;
	struct turn_conn **link;
	struct conduit *conduit;
	struct outbox *outbox; /* NULL until the handshake is done */
	struct turn_path path;
	struct turn_link *joined;
	bool tls;
	uint8_t message[TURN_MESSAGE_MAX];
};

int turn_conn_put(struct turn_conn *conn, const uint8_t *bytes, size_t len)
{
	int err = conn->outbox ? outbox_put(conn->outbox, bytes, len) : -EPIPE;

	if (err == -ENOBUFS)
		turn_complain(conn->server, TURN_READS_SLOWLY, conn->path.remote);
	return err;
}

void turn_conn_join(struct turn_conn *conn, struct turn_link *link)
{
	conn->joined = link;
}

static bool in_use(const struct turn_conn *conn)
{
	return turn_allocation_find(conn->server, &conn->path);
}

/* The first byte of a message: silence is a client's right while it has an allocation. */
static int recv_first(struct turn_conn *conn)
{
	for (;;) {
		uint64_t deadline = turn_now(conn->server) + IDLE_NS;
		int err = conduit_recv_exact(conn->conduit, conn->message, 1, deadline);

		if (err != -ETIMEDOUT || in_use(conn)) {
			if (err == -ETIMEDOUT)
				continue;
			return err;
		}
		turn_complain(conn->server, TURN_SILENT, conn->path.remote);
		return err;
	}
}

/* The rest of it; its length, or -errno. */
static long recv_rest(struct turn_conn *conn)
{
	uint64_t deadline = turn_now(conn->server) + MESSAGE_NS;
	uint8_t *message = conn->message;
	size_t len = 0;
	int err = conduit_recv_exact(conn->conduit, message + 1, TURN_STREAM_HEADER - 1, deadline);

	if (!err) {
		len = turn_stream_len(message);
		if (!len) {
			turn_complain(conn->server, TURN_MALFORMED, conn->path.remote);
			return -EPROTO;
		}
		err = conduit_recv_exact(conn->conduit, message + TURN_STREAM_HEADER,
					 len - TURN_STREAM_HEADER, deadline);
	}
	if (err == -ETIMEDOUT)
		turn_complain(conn->server, TURN_SLOW, conn->path.remote);
	return err ? err : (long)len;
}

static void converse(struct turn_conn *conn)
{
	while (!conn->joined) {
		int err = recv_first(conn);
		long len = err ? err : recv_rest(conn);

		if (len < 0 || !turn_hear(conn->server, &conn->path, conn->message, (size_t)len))
			return;
	}
	/* The response has to leave before the peer's bytes do. */
	outbox_drain(conn->outbox, turn_now(conn->server) + MESSAGE_NS);
	turn_link_run(conn->joined, conn->conduit);
}

static int open_conn(struct turn_conn *conn)
{
	struct turn_server *server = conn->server;
	int err = 0;

	if (conn->tls && !server->identity)
		err = conduit_identity_new(server->host, &server->identity);
	if (conn->tls && !err)
		err = conduit_secure(conn->conduit, server->identity,
				     turn_now(server) + HANDSHAKE_NS);
	if (err)
		turn_complain(conn->server, TURN_BAD_TLS, conn->path.remote);
	return err ? err : outbox_new(conn->conduit, TURN_OUTBOX, &conn->outbox);
}

static void conn_free(struct turn_conn *conn)
{
	*conn->link = conn->next;
	if (conn->next)
		conn->next->link = conn->link;
	conn->server->conns_len--;
	outbox_free(conn->outbox);
	conduit_free(conn->conduit);
	free(conn);
}

static void serve_conn(void *arg)
{
	struct turn_conn *conn = arg;
	struct turn_server *server = conn->server;

	if (!open_conn(conn)) {
		converse(conn);
		turn_allocations_end_of(server, conn);
		outbox_drain(conn->outbox, turn_now(server) + PARTING_NS);
	}
	conn_free(conn);
	crew_leave(&server->crew);
}

static void take(struct turn_server *server, struct sock *sock, bool tls)
{
	struct turn_conn *conn;

	if (server->conns_len >= TURN_CONNECTIONS) {
		turn_complain(server, TURN_NO_CONNECTIONS, sock_remote(sock));
		sock_close(sock);
		return;
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn) {
		sock_close(sock);
		return;
	}
	if (conduit_new(sock, &conn->conduit)) {
		free(conn);
		return;
	}
	conn->server = server;
	conn->tls = tls;
	conn->path = (struct turn_path){ conduit_remote(conn->conduit), conn };
	conn->next = server->conns;
	conn->link = &server->conns;
	if (conn->next)
		conn->next->link = &conn->next;
	server->conns = conn;
	server->conns_len++;
	if (crew_spawn(&server->crew, host_loop(server->host), "turn client", serve_conn, conn))
		conn_free(conn);
}

static void accept_conns(struct turn_server *server, struct sock *listener, bool tls)
{
	struct sock *sock;

	while (!server->stopping) {
		int err = sock_accept(listener, NEVER, &sock);

		if (!err && server->stopping)
			sock_close(sock);
		else if (!err)
			take(server, sock, tls);
		else if (!sock_read_on(server->host, err))
			break;
	}
	crew_leave(&server->crew);
}

void turn_accept_tcp(void *arg)
{
	struct turn_server *server = arg;

	accept_conns(server, server->tcp, false);
}

void turn_accept_tls(void *arg)
{
	struct turn_server *server = arg;

	accept_conns(server, server->tls, true);
}

void turn_conns_close(struct turn_server *server)
{
	for (struct turn_conn *conn = server->conns; conn; conn = conn->next)
		conduit_close(conn->conduit);
}
