/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one NAT does to UDP, seen from both of its sides.  Nothing is lost in the lab and every
 * way takes milliseconds, so one packet a question is enough.
 */
#include <errno.h>

#include "lab.h"

enum { PORT = 4321, SERVER_PORT = 3478 };

static const uint64_t patience = 200 * MSEC;

struct check {
	struct lab lab;
	struct nat_outcome_seen seen;
	int err;
};

static int open_udp(struct host *host, uint16_t port, struct sock **ret)
{
	const struct sock_spec spec = { .kind = SOCK_UDP, .local.port = port };

	return sock_open(host, &spec, ret);
}

/* Where @to hears a datagram of @from's come from; false where it hears nothing. */
static bool mapped_for(struct sock *from, struct sock *to, struct endpoint *ret)
{
	const struct endpoint at = { host_addr(sock_host(to)), SERVER_PORT };
	char byte = 'm';

	return sock_send(from, &at, &byte, 1, NEVER) == 0 &&
	       sock_recv(to, ret, &byte, 1, host_now(sock_host(to)) + patience) == 1;
}

/*
 * RFC 4787, 6: do two sockets of one host meet at their outside endpoints?  Each is told the
 * other's as the server sees it, and both speak, so that a filter that a NAT also applies here
 * is open.
 */
static bool hairpins(struct sock *a, struct sock *b, struct sock *server)
{
	struct endpoint outside_a, outside_b;
	char byte = 'h';

	if (!mapped_for(a, server, &outside_a) || !mapped_for(b, server, &outside_b))
		return false;
	for (int i = 0; i < 2; i++) {
		sock_send(a, &outside_b, &byte, 1, NEVER);
		sock_send(b, &outside_a, &byte, 1, NEVER);
	}
	return sock_recv(a, NULL, &byte, 1, host_now(sock_host(a)) + patience) == 1 &&
	       sock_recv(b, NULL, &byte, 1, host_now(sock_host(b)) + patience) == 1;
}

static void act(void *arg)
{
	struct check *check = arg;
	struct host *alice = check->lab.hosts[LAB_ALICE];
	struct sock *socks[5] = { NULL };
	struct endpoint by_server, by_other;
	int err = 0;

	/* A port for each question: what one of them opens must not answer the other. */
	for (uint16_t i = 0; i < 3 && !err; i++)
		err = open_udp(alice, PORT + i, &socks[i]);
	if (!err)
		err = open_udp(check->lab.hosts[LAB_SERVER], SERVER_PORT, &socks[3]);
	if (!err)
		err = open_udp(check->lab.hosts[LAB_OTHER], SERVER_PORT, &socks[4]);
	if (!err) {
		check->seen.consistent = mapped_for(socks[0], socks[3], &by_server) &&
					 mapped_for(socks[0], socks[4], &by_other) &&
					 endpoint_equal(by_server, by_other);
		check->seen.hairpins = hairpins(socks[1], socks[2], socks[3]);
	}
	for (int i = 0; i < 5; i++)
		sock_close(socks[i]);
	check->err = err;
}

int trial_nat_udp(const struct population_trial *trial, struct nat_outcome_seen *ret)
{
	struct check check = { .err = 0 };
	int err = lab_begin(&check.lab, trial), ended;

	if (!err)
		err = world_run(check.lab.world, act, &check);
	ended = lab_end(&check.lab);
	err = err ? err : check.err ? check.err : ended;
	if (!err)
		*ret = check.seen;
	return err;
}
