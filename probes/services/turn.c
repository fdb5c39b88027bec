/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TURN service's frame: starting, stopping, UDP, and what is common to all transports. */
#include "turn.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service_ops.h"

#define LIFETIME_NS (600 * SEC) /* RFC 8656, 7.2 */
#define NONCE_NS (3600 * SEC) /* RFC 8489, 9.2 */

static_assert((int)TURN_COMPLAINTS_LEN <= (int)COMPLAINTS_MAX, "each is counted by itself");

/* Messages */

void turn_complain(struct turn_server *server, enum turn_complaint what, struct endpoint who)
{
#define X(id, text) text,
	static const char *const texts[] = { TURN_COMPLAINTS(X) };
#undef X

	complain(&server->complaints, what, texts[what], who);
}

int turn_tell(struct turn_server *server, const struct turn_path *path, const uint8_t *bytes,
	      size_t len)
{
	if (!len)
		return -EMSGSIZE;
	if (path->conn)
		return turn_conn_put(path->conn, bytes, len);
	return server->udp ? sock_send(server->udp, &path->remote, bytes, len, NEVER) : -EPIPE;
}

static void hear_channel_data(struct turn_server *server, const struct turn_path *path,
			      const struct turn_channel_data *data)
{
	struct turn_allocation *a = turn_allocation_find(server, path);
	struct turn_channel *channel =
		a ? turn_channel_find(a, data->channel, (struct endpoint){ 0 }) : NULL;

	if (channel)
		turn_relay_out(server, a, channel->peer, false, data->bytes, data->len);
}

static void hear_indication(struct turn_server *server, const struct turn_path *path,
			    const struct stun_message *msg)
{
	struct turn_allocation *a;

	if (msg->method != TURN_SEND)
		return;
	a = turn_allocation_find(server, path);
	if (a)
		turn_send_on(server, a, msg);
}

bool turn_hear(struct turn_server *server, const struct turn_path *path, const uint8_t *bytes,
	       size_t len)
{
	struct turn_channel_data data;
	struct stun_message msg;

	if (!turn_channel_decode(bytes, len, &data)) {
		hear_channel_data(server, path, &data);
		return true;
	}
	if (stun_decode(bytes, len, &msg) || msg.classic) {
		turn_complain(server, TURN_MALFORMED, path->remote);
		return false;
	}
	if (msg.class == STUN_INDICATION)
		hear_indication(server, path, &msg);
	else if (msg.class == STUN_REQUEST)
		turn_answer(server, path, &msg);
	return true;
}

static void read_udp(void *arg)
{
	struct turn_server *server = arg;
	struct turn_path path = { 0 };

	while (!server->stopping) {
		long n = sock_recv(server->udp, &path.remote, server->datagram,
				   sizeof(server->datagram), NEVER);

		if (server->stopping)
			break;
		if (n >= 0)
			turn_hear(server, &path, server->datagram, (size_t)n);
		else if (!sock_read_on(server->host, n))
			break;
	}
	crew_leave(&server->crew);
}

/* Its life */

static void turn_stop(void *state)
{
	struct turn_server *server = state;
	struct sock *socks[] = { server->udp, server->tcp, server->tls };

	server->stopping = true;
	server->udp = server->tcp = server->tls = NULL;
	for (size_t i = 0; i < sizeof(socks) / sizeof(socks[0]); i++)
		sock_close(socks[i]);
	for (int i = 0; i < TURN_RESERVATIONS; i++) {
		sock_close(server->reservations[i].sock);
		server->reservations[i] = (struct turn_reservation){ 0 };
	}
	turn_conns_close(server);
	while (server->allocations)
		turn_allocation_end(server->allocations);
	crew_wait(&server->crew);
	conduit_identity_free(server->identity);
	free(server);
}

static void set_options(struct turn_server *server, const struct turn_options *given)
{
	struct turn_options *o = &server->options;

	if (given)
		*o = *given;
	if (!o->realm[0])
		snprintf(o->realm, sizeof(o->realm), TURN_ANYBODY);
	if (!o->users_len) {
		snprintf(o->users[0].name, sizeof(o->users[0].name), TURN_ANYBODY);
		snprintf(o->users[0].password, sizeof(o->users[0].password), TURN_ANYBODY);
		o->users_len = 1;
	}
	if (!o->quota)
		o->quota = TURN_ALLOCATIONS;
	if (!o->nonce_ns)
		o->nonce_ns = NONCE_NS;
	server->auth.options = o;
	for (size_t i = 0; i < sizeof(server->auth.secret); i++)
		server->auth.secret[i] = (uint8_t)host_random(server->host);
}

static int open_socks(struct turn_server *server)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = STUN_PORT };
	struct sock_spec tcp = { .kind = SOCK_TCP_LISTEN, .local.port = STUN_PORT };
	struct sock_spec tls = { .kind = SOCK_TCP_LISTEN, .local.port = TURN_TLS_PORT };
	int err = sock_open(server->host, &udp, &server->udp);

	if (!err)
		err = sock_open(server->host, &tcp, &server->tcp);
	if (!err)
		err = sock_open(server->host, &tls, &server->tls);
	return err;
}

static int turn_start(const struct service_spec *spec, void **ret)
{
	struct turn_server *server = calloc(1, sizeof(*server));
	struct loop *loop = host_loop(spec->host);
	int err;

	if (!server)
		return -ENOMEM;
	server->host = spec->host;
	server->complaints = complaints_of(spec, "turn");
	set_options(server, spec->turn);
	err = open_socks(server);
	if (!err)
		err = crew_spawn(&server->crew, loop, "turn udp", read_udp, server);
	if (!err)
		err = crew_spawn(&server->crew, loop, "turn tcp", turn_accept_tcp, server);
	if (!err)
		err = crew_spawn(&server->crew, loop, "turn tls", turn_accept_tls, server);
	if (err) {
		turn_stop(server);
		return err;
	}
	*ret = server;
	return 0;
}

const struct service_ops turn_service = {
	.name = "turn",
	.start = turn_start,
	.stop = turn_stop,
};
