/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/stream.h"

enum { WINDOW = 64 * 1024, DATAGRAMS_MAX = 256, BACKLOG = 64 };

struct fake_host {
	struct host host;
	struct fake_net *net;
	struct fake_host *next;
	struct fake_nat *nat;
	uint16_t ephemeral;
};

enum packet_kind { DATAGRAM, SEGMENT, FIN, RST, SYN, SYN_ACK };

struct fake_packet {
	struct event event;
	struct fake_net *net;
	struct fake_packet *next;
	struct fake_packet **link;
	enum packet_kind kind;
	struct endpoint from, to; /* of a datagram and a SYN */
	struct fake_host *origin; /* of a datagram */
	struct fake_sock *sender, *receiver; /* of the others */
	size_t len;
	uint8_t bytes[];
};

struct datagram {
	struct endpoint from;
	size_t len;
	uint8_t *bytes;
};

struct fake_sock {
	struct sock sock;
	struct fake_sock *next;
	bool closed, connected, refused, ended, reset;
	uint8_t ttl; /* 0 = enough */
	struct fiber *reader, *writer;
	struct datagram in[DATAGRAMS_MAX]; /* UDP */
	unsigned in_len;
	struct fake_sock *peer; /* TCP */
	uint8_t stream[WINDOW];
	size_t stream_len, in_flight;
	struct fake_sock *pending[BACKLOG];
	unsigned pending_len;
};

static struct fake_sock *of_sock(struct sock *sock)
{
	return (struct fake_sock *)sock;
}

static struct fake_host *of_host(struct host *host)
{
	return (struct fake_host *)host;
}

static struct fake_host *find_host(struct fake_net *net, struct ip_addr addr)
{
	for (struct fake_host *h = net->hosts; h; h = h->next)
		if (ip_addr_equal(h->host.addr, addr))
			return h;
	return NULL;
}

static struct fake_host *find_nated(struct fake_net *net, struct ip_addr outside)
{
	for (struct fake_host *h = net->hosts; h; h = h->next)
		if (h->nat && ip_addr_equal(h->nat->outside, outside))
			return h;
	return NULL;
}

static struct fake_sock *find_sock(const struct fake_host *host, uint16_t port, enum sock_kind kind)
{
	for (struct fake_sock *s = host->net->socks; s; s = s->next)
		if (s->sock.host == &host->host && !s->closed && s->sock.kind == kind &&
		    s->sock.local.port == port)
			return s;
	return NULL;
}

/* Packets on their way */

static void packet_free(struct fake_packet *p)
{
	*p->link = p->next;
	if (p->next)
		p->next->link = p->link;
	free(p);
}

static void deliver_datagram(struct fake_packet *p)
{
	struct fake_host *host = find_host(p->net, p->to.addr);
	struct fake_sock *s;
	struct datagram *d;

	/* Who shares the address of another one talks to itself. */
	if (ip_addr_equal(p->origin->host.addr, p->to.addr))
		host = p->origin;
	/* Private addresses are all on one LAN; others are the Internet's. */
	if (!host || (host->nat && !ip_addr_is_private(p->to.addr))) {
		host = find_nated(p->net, p->to.addr);
		if (!host || host->nat->blocks_udp || !fake_nat_in(host->nat, p->from, &p->to))
			return;
	}
	s = find_sock(host, p->to.port, SOCK_UDP);
	if (!s || s->in_len == DATAGRAMS_MAX)
		return;
	d = &s->in[s->in_len++];
	d->from = p->from;
	d->len = p->len;
	d->bytes = malloc(p->len + 1);
	memcpy(d->bytes, p->bytes, p->len);
	fiber_wake(s->reader);
}

static void packet_send(struct fake_net *net, struct fake_packet *p);

static struct fake_packet *packet_new(struct fake_net *net, enum packet_kind kind,
				      const void *bytes, size_t len)
{
	struct fake_packet *p = calloc(1, sizeof(*p) + len);

	p->net = net;
	p->kind = kind;
	p->len = len;
	if (len)
		memcpy(p->bytes, bytes, len);
	return p;
}

static void send_control(enum packet_kind kind, struct fake_sock *sender,
			 struct fake_sock *receiver)
{
	struct fake_net *net = of_host(receiver->sock.host)->net;
	struct fake_packet *p = packet_new(net, kind, NULL, 0);

	p->sender = sender;
	p->receiver = receiver;
	packet_send(net, p);
}

static struct fake_sock *sock_new(struct fake_host *host, enum sock_kind kind)
{
	struct fake_sock *s = calloc(1, sizeof(*s));

	s->sock.host = &host->host;
	s->sock.kind = kind;
	s->next = host->net->socks;
	host->net->socks = s;
	return s;
}

static void deliver_syn(struct fake_packet *p)
{
	struct fake_host *host = find_host(p->net, p->to.addr);
	struct fake_sock *listener = host ? find_sock(host, p->to.port, SOCK_TCP_LISTEN) : NULL;
	struct fake_sock *s;

	if (p->net->silent_port && p->to.port == p->net->silent_port)
		return;
	if (!listener || listener->pending_len == BACKLOG) {
		send_control(RST, NULL, p->sender);
		return;
	}
	s = sock_new(host, SOCK_TCP);
	s->sock.local = p->to;
	s->sock.remote = p->from;
	s->peer = p->sender;
	s->connected = true;
	listener->pending[listener->pending_len++] = s;
	fiber_wake(listener->reader);
	send_control(SYN_ACK, s, p->sender);
}

static void deliver(struct event *event)
{
	struct fake_packet *p = (struct fake_packet *)event;
	struct fake_sock *to = p->receiver;

	switch (p->kind) {
	case DATAGRAM:
		deliver_datagram(p);
		break;
	case SYN:
		deliver_syn(p);
		break;
	case SYN_ACK:
		to->peer = p->sender;
		to->connected = true;
		break;
	case SEGMENT:
		p->sender->in_flight -= p->len;
		if (to->closed) {
			send_control(RST, to, p->sender);
			break;
		}
		memcpy(to->stream + to->stream_len, p->bytes, p->len);
		to->stream_len += p->len;
		break;
	case FIN:
		to->ended = true;
		break;
	case RST:
		to->reset = true;
		break;
	}
	if (to) {
		fiber_wake(to->reader);
		fiber_wake(to->writer);
	}
	packet_free(p);
}

static void packet_send(struct fake_net *net, struct fake_packet *p)
{
	p->event.fire = deliver;
	p->next = net->packets;
	p->link = &net->packets;
	if (p->next)
		p->next->link = &p->next;
	net->packets = p;
	loop_schedule(net->loop, &p->event, loop_now(net->loop) + net->delay_ns);
}

/* The operations */

static int connect_stream(struct fake_sock *s, const struct sock_spec *spec)
{
	struct fake_host *host = of_host(s->sock.host);
	struct fake_packet *p = packet_new(host->net, SYN, NULL, 0);
	uint64_t deadline = spec->deadline ? spec->deadline : NEVER;

	p->sender = s;
	p->to = spec->remote;
	p->from = s->sock.local;
	if (host->nat)
		p->from.addr = host->nat->outside;
	s->sock.remote = spec->remote;
	packet_send(host->net, p);
	s->reader = fiber_self();
	while (!s->connected && !s->reset) {
		if (fiber_park(deadline)) {
			s->closed = true;
			return -ETIMEDOUT;
		}
	}
	s->reader = NULL;
	s->closed = s->reset;
	return s->reset ? -ECONNREFUSED : 0;
}

static int fake_open(struct host *h, const struct sock_spec *spec, struct sock **ret)
{
	struct fake_host *host = of_host(h);
	struct fake_sock *s;
	int err = 0;

	if (spec->local.port && !spec->share && find_sock(host, spec->local.port, spec->kind))
		return -EADDRINUSE;
	s = sock_new(host, spec->kind);
	s->sock.local = (struct endpoint){ h->addr, spec->local.port };
	if (!spec->local.port)
		s->sock.local.port = host->ephemeral++;
	if (spec->kind == SOCK_TCP)
		err = connect_stream(s, spec);
	if (!err)
		*ret = &s->sock;
	return err;
}

static int send_datagram(struct fake_sock *s, const struct endpoint *to, const void *bytes,
			 size_t len)
{
	struct fake_host *host = of_host(s->sock.host);
	struct fake_net *net = host->net;
	struct endpoint from = s->sock.local;
	struct fake_packet *p;

	net->datagrams++;
	if (net->filter && !net->filter(net, &host->host, *to, bytes, len))
		return 0;
	if (host->nat && host->nat->blocks_udp)
		return 0;
	if (host->nat && !ip_addr_is_private(to->addr))
		from = fake_nat_out(host->nat, from, *to);
	if (stream_below(&net->chance, 1000000) < net->udp_loss_ppm)
		return 0;
	if (s->ttl && s->ttl <= FAKE_HOPS) {
		net->expired++;
		return 0;
	}
	p = packet_new(net, DATAGRAM, bytes, len);
	p->from = from;
	p->to = *to;
	p->origin = host;
	packet_send(net, p);
	return 0;
}

static int fake_send(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
		     uint64_t deadline)
{
	struct fake_sock *s = of_sock(sock);
	const uint8_t *at = bytes;

	assert_false(s->closed);
	if (sock->kind == SOCK_UDP)
		return send_datagram(s, to, bytes, len);
	while (len > 0) {
		size_t room = WINDOW - s->peer->stream_len - s->in_flight;
		size_t part = len < room ? len : room;
		struct fake_packet *p;

		if (s->closed)
			return -ECANCELED;
		if (s->reset)
			return -ECONNRESET;
		if (!part) {
			int err;

			s->writer = fiber_self();
			err = fiber_park(deadline);
			s->writer = NULL;
			if (err)
				return err;
			continue;
		}
		p = packet_new(of_host(sock->host)->net, SEGMENT, at, part);
		p->sender = s;
		p->receiver = s->peer;
		s->in_flight += part;
		packet_send(p->net, p);
		at += part;
		len -= part;
	}
	return 0;
}

static long take_datagram(struct fake_sock *s, struct endpoint *from, void *bytes, size_t room)
{
	struct datagram d = s->in[0];
	size_t len = d.len < room ? d.len : room;

	memmove(s->in, s->in + 1, --s->in_len * sizeof(d));
	memcpy(bytes, d.bytes, len);
	free(d.bytes);
	if (from)
		*from = d.from;
	return (long)len;
}

static long take_stream(struct fake_sock *s, void *bytes, size_t room)
{
	size_t len = s->stream_len < room ? s->stream_len : room;

	memcpy(bytes, s->stream, len);
	s->stream_len -= len;
	memmove(s->stream, s->stream + len, s->stream_len);
	fiber_wake(s->peer->writer);
	return (long)len;
}

static long fake_recv(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
		      uint64_t deadline)
{
	struct fake_sock *s = of_sock(sock);

	for (;;) {
		if (s->closed)
			return -ECANCELED;
		if (s->in_len)
			return take_datagram(s, from, bytes, room);
		if (s->stream_len)
			return take_stream(s, bytes, room);
		if (s->reset)
			return -ECONNRESET;
		if (s->ended)
			return 0;
		s->reader = fiber_self();
		if (fiber_park(deadline)) {
			s->reader = NULL;
			return -ETIMEDOUT;
		}
		s->reader = NULL;
	}
}

static int fake_accept(struct sock *sock, uint64_t deadline, struct sock **ret)
{
	struct fake_sock *s = of_sock(sock);

	while (!s->closed && !s->pending_len) {
		int err;

		s->reader = fiber_self();
		err = fiber_park(deadline);
		s->reader = NULL;
		if (err)
			return err;
	}
	if (s->closed)
		return -ECANCELED;
	*ret = &s->pending[0]->sock;
	memmove(s->pending, s->pending + 1, --s->pending_len * sizeof(struct fake_sock *));
	return 0;
}

static void fake_close(struct sock *sock)
{
	struct fake_sock *s = of_sock(sock);

	assert_false(s->closed); /* closing twice is a bug in the probe */
	s->closed = true;
	if (sock->kind == SOCK_TCP && s->peer)
		send_control(FIN, s, s->peer);
	fiber_wake(s->reader);
	fiber_wake(s->writer);
}

/* Nothing here has fragments. */
static int fake_control(struct sock *sock, enum sock_option option, const void *value)
{
	const uint8_t *ttl = value;

	if (option == SOCK_OPTION_TTL)
		of_sock(sock)->ttl = *ttl;
	return 0;
}

static const struct host_ops fake_ops = {
	.open = fake_open,
	.send = fake_send,
	.control = fake_control,
	.recv = fake_recv,
	.accept = fake_accept,
	.close = fake_close,
};

/* The net */

void fake_net_init(struct fake_net *net)
{
	*net = (struct fake_net){ .delay_ns = 10 * MSEC, .chance = 1 };
	assert_int_equal(loop_new(LOOP_VIRTUAL, &net->loop), 0);
}

struct host *fake_host_add(struct fake_net *net, const char *name, const char *addr,
			   struct fake_nat *nat)
{
	struct fake_host *h = calloc(1, sizeof(*h));

	h->host.ops = &fake_ops;
	h->host.loop = net->loop;
	snprintf(h->host.name, sizeof(h->host.name), "%s", name);
	assert_int_equal(ip_addr_parse(addr, &h->host.addr), 0);
	h->host.random_state = stream_seed(1, "host", name);
	h->net = net;
	h->nat = nat;
	h->ephemeral = (uint16_t)(40000 + stream_below(&net->chance, 1000));
	h->next = net->hosts;
	net->hosts = h;
	return &h->host;
}

unsigned fake_host_open_socks(const struct fake_net *net, const struct host *host)
{
	unsigned count = 0;

	for (const struct fake_sock *s = net->socks; s; s = s->next)
		count += s->sock.host == host && !s->closed;
	return count;
}

void fake_net_free(struct fake_net *net)
{
	struct fake_packet *next;

	for (struct fake_packet *p = net->packets; p; p = next) {
		next = p->next;
		loop_cancel(net->loop, &p->event);
		packet_free(p);
	}
	while (net->socks) {
		struct fake_sock *s = net->socks;

		net->socks = s->next;
		while (s->in_len)
			free(s->in[--s->in_len].bytes);
		free(s);
	}
	while (net->hosts) {
		struct fake_host *h = net->hosts;

		net->hosts = h->next;
		free(h);
	}
	loop_free(net->loop);
}

struct main_fiber {
	void (*test)(void *arg);
	void *arg;
	bool done;
};

static void run_main(void *arg)
{
	struct main_fiber *m = arg;

	m->test(m->arg);
	m->done = true;
}

void fake_net_run(struct fake_net *net, void (*test)(void *arg), void *arg)
{
	struct main_fiber m = { .test = test, .arg = arg };

	assert_int_equal(fiber_spawn(net->loop, "test", run_main, &m, NULL), 0);
	assert_int_equal(loop_run(net->loop, &m.done), 0);
}
