/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  The connection to the rendezvous stands as long as the leg, so that a NAT
 * keeps the mapping that the other side was told of.  A connection attempt that is refused is
 * made again (RFC 5128, 3.4: a NAT may answer a SYN that comes too early with RST or ICMP, RFC
 * 5382, 4.3); one that hears nothing is the stack's to repeat, for the state in which it waits is
 * the one that a crossing SYN must find (RFC 9293, 3.5).
 */
#include "tcp_leg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../services/crew.h"
#include "../services/outbox.h"
#include "peer.h"

enum { CONNECTORS_MAX = LEG_TARGETS, OUTBOX_ROOM = 64 * 1024 };

/* The longest rest between two tries, or between two registrations. */
#define REST_MAX_NS (160 * MSEC)

struct way {
	struct tcp_leg *tcp;
	struct conduit *conduit;
	struct outbox *outbox;
	struct endpoint remote;
	uint8_t held[TALK_MAX]; /* bytes from which no whole frame has come yet */
	size_t held_len;
};

struct connector {
	struct tcp_leg *tcp;
	struct endpoint to;
	uint8_t ttl;
	uint64_t deadline;
	struct sock *opening;
};

struct tcp_leg {
	struct leg *leg;
	struct crew crew;
	uint16_t port;
	bool listens, closing;
	struct sock *listener;
	struct connector registering;
	struct sock *registration; /* what came of it */
	struct way *ways[LEG_TARGETS]; /* until the end, also those that have ended */
	unsigned ways_len;
	struct connector connectors[CONNECTORS_MAX];
	unsigned connectors_len;
};

int tcp_leg_new(struct leg *leg, struct tcp_leg **ret)
{
	struct tcp_leg *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return -ENOMEM;
	tcp->leg = leg;
	tcp->port = leg->spec.local_port;
	*ret = tcp;
	return 0;
}

static struct host *host_of(const struct tcp_leg *tcp)
{
	return tcp->leg->peer->host;
}

static struct loop *loop_of(const struct tcp_leg *tcp)
{
	return host_loop(host_of(tcp));
}

static uint64_t now_of(const struct tcp_leg *tcp)
{
	return host_now(host_of(tcp));
}

/* Nobody needs another connection. */
static bool is_over(const struct tcp_leg *tcp)
{
	const struct leg *leg = tcp->leg;

	return tcp->closing || leg->refused || leg->settle || leg->connected;
}

/* Connections that stand */

/* Hear every whole frame; false where the bytes are none. */
static bool hear(struct way *way)
{
	size_t at = 0;

	for (;;) {
		struct talk frame;
		size_t len = talk_decode(way->held + at, way->held_len - at, &frame);

		if (!len)
			break;
		leg_hear(way->tcp->leg, &frame, &way->remote, NULL);
		at += len;
	}
	way->held_len -= at;
	memmove(way->held, way->held + at, way->held_len);
	return way->held_len < sizeof(way->held);
}

static void read_way(void *arg)
{
	struct way *way = arg;
	struct tcp_leg *tcp = way->tcp;

	while (!tcp->closing) {
		long n = conduit_recv(way->conduit, way->held + way->held_len,
				      sizeof(way->held) - way->held_len, NEVER);

		if (n <= 0 || tcp->closing)
			break;
		way->held_len += (size_t)n;
		if (!hear(way))
			break;
	}
	outbox_close(way->outbox);
	crew_leave(&tcp->crew);
}

static struct way *way_new(struct tcp_leg *tcp, struct sock *sock)
{
	struct way *way = calloc(1, sizeof(*way));

	if (!way) {
		sock_close(sock);
		return NULL;
	}
	way->tcp = tcp;
	way->remote = sock_remote(sock);
	if (conduit_new(sock, &way->conduit)) {
		free(way);
		return NULL;
	}
	if (outbox_new(way->conduit, OUTBOX_ROOM, &way->outbox)) {
		conduit_free(way->conduit);
		free(way);
		return NULL;
	}
	return way;
}

static void way_free(struct way *way)
{
	outbox_free(way->outbox);
	conduit_free(way->conduit);
	free(way);
}

/* A connection stands: it is one more way to say hello. */
static void stand(struct tcp_leg *tcp, struct sock *sock)
{
	struct way *way;

	if (tcp->ways_len == LEG_TARGETS || is_over(tcp)) {
		sock_close(sock);
		return;
	}
	way = way_new(tcp, sock);
	if (!way)
		return;
	if (crew_spawn(&tcp->crew, loop_of(tcp), "tcp way", read_way, way)) {
		way_free(way);
		return;
	}
	tcp->ways[tcp->ways_len++] = way;
	leg_reach(tcp->leg, way->remote);
}

int tcp_leg_send(struct tcp_leg *tcp, struct endpoint to, const void *bytes, size_t len)
{
	for (unsigned i = 0; i < tcp->ways_len; i++)
		if (endpoint_equal(tcp->ways[i]->remote, to))
			return outbox_put(tcp->ways[i]->outbox, bytes, len);
	return -ENOTCONN;
}

/* Connections that are to stand */

static int open_from_port(struct tcp_leg *tcp, struct connector *connector, struct sock **ret)
{
	const struct sock_spec spec = {
		.kind = SOCK_TCP,
		.local.port = tcp->port,
		.remote = connector->to,
		.deadline = connector->deadline,
		.ttl = connector->ttl,
		.share = true,
		.opening = &connector->opening,
	};

	return sock_open(host_of(tcp), &spec, ret);
}

/* Between half of @gap and all of it: two sides that try again at the same pace would else miss
 * each other each time. */
static void rest(struct tcp_leg *tcp, uint64_t *gap)
{
	uint64_t half = *gap / 2;

	fiber_sleep(now_of(tcp) + half + host_random(host_of(tcp)) % (half + 1));
	*gap = 2 * *gap < REST_MAX_NS ? 2 * *gap : REST_MAX_NS;
}

/* Who punches knows whom it connects to: from elsewhere comes what no SYN of its own has let in. */
static bool is_wanted(const struct tcp_leg *tcp, struct endpoint remote)
{
	const struct leg *leg = tcp->leg;

	return tcp->listens || endpoint_equal(remote, leg->theirs) ||
	       (leg->spec.host_addresses && endpoint_equal(remote, leg->their_host));
}

static void accept_ways(void *arg)
{
	struct tcp_leg *tcp = arg;

	while (!tcp->closing) {
		struct sock *sock;
		int err = sock_accept(tcp->listener, NEVER, &sock);

		if (!err && is_wanted(tcp, sock_remote(sock)))
			stand(tcp, sock);
		else if (!err)
			sock_close(sock);
		else if (tcp->closing || !sock_read_on(host_of(tcp), err))
			break;
	}
	crew_leave(&tcp->crew);
}

static int listen_at_port(struct tcp_leg *tcp)
{
	const struct sock_spec spec = { .kind = SOCK_TCP_LISTEN,
					.local.port = tcp->port,
					.share = true };
	int err = sock_open(host_of(tcp), &spec, &tcp->listener);

	if (err)
		return err;
	tcp->port = sock_local(tcp->listener).port;
	return crew_spawn(&tcp->crew, loop_of(tcp), "tcp accept", accept_ways, tcp);
}

int tcp_leg_listen(struct tcp_leg *tcp, bool anybody)
{
	tcp->listens = tcp->listens || anybody;
	return tcp->listener || tcp->closing ? 0 : listen_at_port(tcp);
}

static void connect_until_it_stands(void *arg)
{
	struct connector *connector = arg;
	struct tcp_leg *tcp = connector->tcp;
	uint64_t gap = tcp->leg->spec.pace_ns;

	while (!is_over(tcp) && now_of(tcp) < connector->deadline) {
		struct sock *sock;

		if (!open_from_port(tcp, connector, &sock)) {
			stand(tcp, sock);
			break;
		}
		if (tcp->closing)
			break;
		/* The SYN has opened the way; now the other side's may come between two of ours, too. */
		if (method_punches_tcp(tcp->leg->spec.method))
			tcp_leg_listen(tcp, false);
		rest(tcp, &gap);
	}
	crew_leave(&tcp->crew);
}

/* The socket is given up, for what became of its SYN may have ended it: Linux lets any ICMP error do
 * that to a connection that does not stand yet, which RFC 5461, 4 finds many stacks do. */
static void open_once(void *arg)
{
	struct connector *connector = arg;
	struct tcp_leg *tcp = connector->tcp;
	struct sock *sock;

	if (!is_over(tcp) && !open_from_port(tcp, connector, &sock))
		stand(tcp, sock);
	crew_leave(&tcp->crew);
}

static int connector_start(struct tcp_leg *tcp, const struct connector *spec,
			   void (*act)(void *arg))
{
	struct connector *connector = &tcp->connectors[tcp->connectors_len];

	if (tcp->connectors_len == CONNECTORS_MAX)
		return -ENOBUFS;
	*connector = *spec;
	connector->tcp = tcp;
	tcp->connectors_len++;
	return crew_spawn(&tcp->crew, loop_of(tcp), "tcp connector", act, connector);
}

int tcp_leg_connect(struct tcp_leg *tcp, struct endpoint to, uint64_t deadline)
{
	const struct connector spec = { .to = to, .deadline = deadline };

	return connector_start(tcp, &spec, connect_until_it_stands);
}

int tcp_leg_open_way(struct tcp_leg *tcp, struct endpoint to, uint8_t ttl, uint64_t deadline)
{
	const struct connector spec = { .to = to, .ttl = ttl, .deadline = deadline };

	return connector_start(tcp, &spec, open_once);
}

/* The registration */

static int register_once(struct tcp_leg *tcp)
{
	uint8_t bytes[RENDEZVOUS_MAX];
	size_t len = leg_registration(tcp->leg, bytes, sizeof(bytes));

	return sock_send(tcp->registration, NULL, bytes, len, now_of(tcp) + SEC);
}

/* The registration may overtake its call, and is then said in vain. */
static void register_until_introduced(struct tcp_leg *tcp)
{
	uint64_t gap = 2 * tcp->leg->spec.pace_ns;

	while (!is_over(tcp) && !tcp->leg->introduced) {
		if (register_once(tcp))
			return;
		rest(tcp, &gap);
	}
}

/* Its address of the attempt's family, at the port at which this peer has joined. */
static struct endpoint rendezvous_of(const struct tcp_leg *tcp)
{
	const struct peer *peer = tcp->leg->peer;

	return (struct endpoint){ peer->rendezvous[tcp->leg->spec.family].addr,
				  channel_remote(peer->channel).port };
}

static void take_port(void *arg)
{
	struct tcp_leg *tcp = arg;
	struct sock *sock;
	int err = tcp->listens ? listen_at_port(tcp) : 0;

	tcp->registering.to = rendezvous_of(tcp);
	tcp->registering.deadline = now_of(tcp) + 3 * SEC;
	if (!err && !is_over(tcp))
		err = open_from_port(tcp, &tcp->registering, &sock);
	else
		err = -ECANCELED;
	if (!err && tcp->closing) {
		sock_close(sock);
	} else if (!err) {
		tcp->registration = sock;
		tcp->port = sock_local(sock).port;
		tcp->leg->local.port = tcp->port;
		register_until_introduced(tcp);
	}
	crew_leave(&tcp->crew);
}

int tcp_leg_start(struct tcp_leg *tcp, bool listens)
{
	tcp->listens = listens;
	return crew_spawn(&tcp->crew, loop_of(tcp), "tcp leg", take_port, tcp);
}

void tcp_leg_close(struct tcp_leg *tcp)
{
	struct sock *listener = tcp->listener, *registration = tcp->registration;

	tcp->closing = true;
	tcp->listener = tcp->registration = NULL;
	sock_close(listener);
	sock_close(registration);
	sock_give_up(&tcp->registering.opening);
	for (unsigned i = 0; i < tcp->connectors_len; i++)
		sock_give_up(&tcp->connectors[i].opening);
	for (unsigned i = 0; i < tcp->ways_len; i++)
		outbox_close(tcp->ways[i]->outbox);
}

void tcp_leg_free(struct tcp_leg *tcp)
{
	if (!tcp)
		return;
	tcp_leg_close(tcp);
	crew_wait(&tcp->crew);
	for (unsigned i = 0; i < tcp->ways_len; i++)
		way_free(tcp->ways[i]);
	free(tcp);
}
