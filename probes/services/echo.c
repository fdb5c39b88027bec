/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Echo (RFC 862): what arrives goes back, over UDP and TCP, port 7. */
#include <errno.h>
#include <stdlib.h>

#include "complaints.h"
#include "crew.h"
#include "service_ops.h"
#include "visitors.h"

enum { CONNECTIONS_MAX = 64, DATAGRAM_MAX = 65536 };
#define IDLE_NS (300 * SEC)

enum { FULL, SILENT, READS_SLOWLY, LOOPS };

struct echo {
	struct host *host;
	struct crew crew;
	struct sock *udp;
	struct visitors *visitors;
	struct complaints complaints;
	bool stopping;
	uint8_t datagram[DATAGRAM_MAX];
};

/* Two echo services that a forged source has introduced would talk to each other for ever. */
static void echo_one(struct echo *echo, const struct endpoint *from, size_t len)
{
	if (from->port == ECHO_PORT)
		complain(&echo->complaints, LOOPS, "is an echo service itself", *from);
	else
		sock_send(echo->udp, from, echo->datagram, len, NEVER);
}

static void echo_datagrams(void *arg)
{
	struct echo *echo = arg;
	struct endpoint from;

	while (!echo->stopping) {
		long n = sock_recv(echo->udp, &from, echo->datagram, DATAGRAM_MAX, NEVER);

		if (echo->stopping)
			break;
		if (n >= 0)
			echo_one(echo, &from, (size_t)n);
		else if (!sock_read_on(echo->host, n))
			break;
	}
	crew_leave(&echo->crew);
}

static void echo_stream(void *arg, struct conduit *visitor)
{
	struct echo *echo = arg;
	struct endpoint who = conduit_remote(visitor);
	uint8_t bytes[4096];

	for (;;) {
		uint64_t deadline = host_now(echo->host) + IDLE_NS;
		long n = conduit_recv(visitor, bytes, sizeof(bytes), deadline);
		int err;

		if (n == -ETIMEDOUT)
			complain(&echo->complaints, SILENT, "connected, and then said nothing",
				 who);
		if (n <= 0)
			return;
		err = conduit_send(visitor, bytes, (size_t)n, deadline);
		if (err == -ETIMEDOUT)
			complain(&echo->complaints, READS_SLOWLY, "does not read its echo", who);
		if (err)
			return;
	}
}

static void turn_away(void *arg, struct endpoint who)
{
	struct echo *echo = arg;

	complain(&echo->complaints, FULL, "finds all connections taken", who);
}

static void echo_stop(void *state)
{
	struct echo *echo = state;

	echo->stopping = true;
	sock_close(echo->udp);
	visitors_close(echo->visitors);
	crew_wait(&echo->crew);
	free(echo);
}

static int echo_start(const struct service_spec *spec, void **ret)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = ECHO_PORT };
	struct echo *echo = calloc(1, sizeof(*echo));
	struct visitors_spec tcp = {
		.host = spec->host,
		.port = ECHO_PORT,
		.most = CONNECTIONS_MAX,
		.name = "echo tcp",
		.arg = echo,
		.serve = echo_stream,
		.turned_away = turn_away,
	};
	int err;

	if (!echo)
		return -ENOMEM;
	echo->host = spec->host;
	echo->complaints = complaints_of(spec, "echo");
	err = sock_open(spec->host, &udp, &echo->udp);
	if (!err)
		err = visitors_open(&tcp, &echo->visitors);
	if (!err)
		err = crew_spawn(&echo->crew, host_loop(spec->host), "echo udp", echo_datagrams,
				 echo);
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
