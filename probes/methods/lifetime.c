/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A port of ours asks the server who it is, which makes a mapping; then it is
 * silent.  After the time in question another port asks the server to answer to the first one's
 * outside port: the answer comes in only where the mapping still stands.
 *
 * When a packet passes the NAT is only known within a round trip, so that what is said of a mapping that
 * was alive counts the least time that it can have been idle, and of one that was gone the most.
 *
 * A host that others keep from running asks later than it meant to.  What it then finds is true of the age
 * that it asked at, but may be nothing new: what came late and has told nothing is asked again.
 */
#include "lifetime.h"

#include <errno.h>
#include <string.h>

#include "../../sim/fiber.h"
#include "../../sim/host.h"
#include "../wire/stun.h"

enum { TRIES = 4, LATE_MAX = 8, ROOM = 576 };

/* RFC 8489, 6.2.1: the first wait for an answer, which doubles. */
#define RTO_NS (500 * MSEC)

/* A port of ours with a mapping. */
struct window {
	struct sock *sock; /* NULL: none */
	uint16_t outside_port;
	uint64_t asked, answered; /* when the server was asked last, and its answer came */
};

struct clockwork {
	struct host *host;
	const struct lifetime_spec *spec;
	struct sock *second; /* the port that asks for the others */
	bool late; /* since this was last cleared, something was asked later than was meant */
	unsigned late_times; /* that it was put up with */
};

/* Sleep until @at; to wake @margin after that is late. */
static void sleep_until(struct clockwork *c, uint64_t at, uint64_t margin)
{
	fiber_sleep(at);
	c->late = c->late || host_now(c->host) > at + margin;
}

/* Was it late, and may what has told nothing be asked again? */
static bool may_ask_again(struct clockwork *c)
{
	return c->late && c->late_times++ < LATE_MAX;
}

/* Ask from @sock for an answer, to @response_port where that is not 0; the transaction is @id's. */
static int ask(struct clockwork *c, struct sock *sock, uint16_t response_port,
	       const uint8_t id[STUN_TRANSACTION])
{
	uint8_t bytes[STUN_HEADER + 16];
	struct stun_writer w;

	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, id);
	if (response_port)
		stun_add_response_port(&w, response_port);
	return sock_send(sock, &c->spec->server, bytes, stun_end(&w), NEVER);
}

/* The answer to transaction @id at @sock.  0 with *ret (may be NULL), or sock_recv()'s. */
static int hear(struct clockwork *c, struct sock *sock, const uint8_t id[STUN_TRANSACTION],
		uint64_t deadline, struct endpoint *ret)
{
	uint8_t bytes[ROOM];
	struct endpoint from;

	for (;;) {
		long n = sock_recv(sock, &from, bytes, sizeof(bytes), deadline);
		struct stun_message msg;
		struct endpoint mapped;

		if (n < 0)
			return (int)n;
		if (!endpoint_equal(from, c->spec->server) || stun_decode(bytes, (size_t)n, &msg) ||
		    msg.class != STUN_SUCCESS ||
		    memcmp(msg.transaction, id, STUN_TRANSACTION) != 0 ||
		    !stun_get_address(&msg, STUN_XOR_MAPPED_ADDRESS, &mapped))
			continue;
		if (ret)
			*ret = mapped;
		return 0;
	}
}

static void draw_id(struct clockwork *c, uint8_t ret[STUN_TRANSACTION])
{
	stun_transaction(host_random(c->host), host_random(c->host), ret);
}

static void window_close(struct window *window)
{
	sock_close(window->sock);
	window->sock = NULL;
}

/* A fresh port, and its mapping.  0; else nothing is open. */
static int window_open(struct clockwork *c, struct window *ret)
{
	const struct sock_spec udp = { .kind = SOCK_UDP };
	uint8_t id[STUN_TRANSACTION];
	uint64_t rto = RTO_NS;
	struct endpoint mapped;
	int err = sock_open(c->host, &udp, &ret->sock);

	if (err)
		return err;
	draw_id(c, id);
	err = -ETIMEDOUT;
	for (int i = 0; i < TRIES && err; i++, rto *= 2) {
		ret->asked = host_now(c->host);
		ask(c, ret->sock, 0, id);
		err = hear(c, ret->sock, id, ret->asked + rto, &mapped);
	}
	ret->answered = host_now(c->host);
	ret->outside_port = mapped.port;
	if (err)
		window_close(ret);
	return err;
}

/* How long an answer may take: twice what the first took, and a little. */
static uint64_t patience(const struct window *window)
{
	return 2 * (window->answered - window->asked) + 20 * MSEC;
}

/*
 * Does the mapping still stand?  *ret_idle: how long it has been idle: where it does, at least, and where
 * it does not, at most.
 */
static bool window_is_open(struct clockwork *c, const struct window *window, uint64_t *ret_idle)
{
	uint8_t id[STUN_TRANSACTION];
	uint64_t asked = 0;

	draw_id(c, id);
	for (int i = 0; i < TRIES; i++) {
		asked = host_now(c->host);
		if (i == 0)
			*ret_idle = asked - window->answered;
		ask(c, c->second, window->outside_port, id);
		if (!hear(c, window->sock, id, asked + patience(window), NULL))
			return true;
	}
	*ret_idle = asked + patience(window) - window->asked;
	return false;
}

/* What of a round is known: the longest that was alive, and the shortest beyond it that was gone. */
static void note(struct lifetime *known, bool alive, uint64_t idle)
{
	if (alive && idle > known->alive_ns)
		known->alive_ns = idle;
	if (alive && known->gone_ns <= idle)
		known->gone_ns = 0;
	if (!alive && idle > known->alive_ns && (!known->gone_ns || idle < known->gone_ns))
		known->gone_ns = idle;
}

/* Look at ages spread over what is not known yet, each by a port of its own; all at once. */
static int look(struct clockwork *c, struct lifetime *known)
{
	struct window windows[LIFETIME_PARALLEL_MAX] = { 0 };
	unsigned n = c->spec->parallel;
	uint64_t from = known->alive_ns, span;
	int err = 0;

	/* Where nothing was gone yet the last of them is as old as is looked at all. */
	span = known->gone_ns ? (known->gone_ns - from) / (n + 1)
			      : (c->spec->longest_ns - from) / n;
	c->late = false;
	for (unsigned i = 0; i < n && !err; i++)
		err = window_open(c, &windows[i]);
	for (unsigned i = 0; i < n && !err; i++) {
		uint64_t idle;
		bool alive;

		sleep_until(c, windows[i].answered + from + span * (i + 1), span / 4);
		alive = window_is_open(c, &windows[i], &idle);
		note(known, alive, idle);
		/* The older ones are gone, too. */
		if (!alive)
			break;
	}
	for (unsigned i = 0; i < n; i++)
		window_close(&windows[i]);
	return err;
}

/* Does a packet, out or (@inbound) in, after three quarters of its life let a mapping live on for as
 * long?  Without it that would be half as much again as it lives. */
static int refreshes_once(struct clockwork *c, const struct lifetime *known, bool inbound,
			  bool *ret)
{
	uint64_t rest = known->alive_ns / 4 * 3, idle;
	uint8_t bytes[STUN_HEADER], id[STUN_TRANSACTION];
	struct window window;
	struct stun_writer w;
	int err = window_open(c, &window);

	if (err)
		return err;
	c->late = false;
	sleep_until(c, window.answered + rest, rest / 16);
	if (inbound) {
		window_is_open(c, &window, &idle);
	} else {
		draw_id(c, id);
		stun_begin(&w, bytes, sizeof(bytes), STUN_INDICATION, STUN_BINDING, id);
		sock_send(window.sock, &c->spec->server, bytes, stun_end(&w), NEVER);
	}
	sleep_until(c, host_now(c->host) + rest, rest / 16);
	*ret = window_is_open(c, &window, &idle);
	window_close(&window);
	return 0;
}

/* Late, it tells nothing: a packet out then makes another mapping at the same port. */
static int refreshes(struct clockwork *c, struct lifetime *known, bool inbound, bool *ret)
{
	int err;

	do
		err = refreshes_once(c, known, inbound, ret);
	while (!err && may_ask_again(c));
	if (c->late)
		known->refresh_known = false;
	return err;
}

static int measure(struct clockwork *c, struct lifetime *ret)
{
	uint64_t before = UINT64_MAX;
	int err;

	do {
		err = look(c, ret);
		if (!err && !ret->alive_ns && ret->gone_ns <= c->spec->precision_ns)
			return -ETIMEDOUT; /* or no answer ever comes by RESPONSE-PORT */
		if (err || !ret->gone_ns)
			break;
		/* Round trips may be longer than what is left. */
		if (ret->gone_ns - ret->alive_ns >= before && !may_ask_again(c))
			break;
		before = ret->gone_ns - ret->alive_ns;
	} while (before > c->spec->precision_ns);
	if (err || !ret->gone_ns || ret->alive_ns / 2 * 3 < ret->gone_ns)
		return err;
	ret->refresh_known = true;
	err = refreshes(c, ret, false, &ret->outbound);
	return err ? err : refreshes(c, ret, true, &ret->inbound);
}

int lifetime_measure(struct host *host, const struct lifetime_spec *spec, struct lifetime *ret)
{
	const struct sock_spec udp = { .kind = SOCK_UDP };
	struct clockwork c = { .host = host, .spec = spec };
	struct lifetime known = { 0 };
	int err;

	if (!spec->parallel || spec->parallel > LIFETIME_PARALLEL_MAX || !spec->precision_ns ||
	    spec->longest_ns <= spec->precision_ns)
		return -EINVAL;
	err = sock_open(host, &udp, &c.second);
	if (err)
		return err;
	err = measure(&c, &known);
	sock_close(c.second);
	if (!err)
		*ret = known;
	return err;
}
