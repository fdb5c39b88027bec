/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one NAT, or a pair of them, does to TCP. */
#include <errno.h>

#include "lab.h"
#include "tcp_side.h"

enum { PORT = 4321 };

struct check {
	struct lab lab;
	struct sock *servers[2]; /* the server's and the other's listeners */
	struct nat_outcome_seen seen;
	bool connected;
	int err;
};

static int listen_at(struct host *host, struct sock **ret)
{
	const struct sock_spec spec = { .kind = SOCK_TCP_LISTEN,
					.local.port = TCP_SIDE_SERVER_PORT };

	return sock_open(host, &spec, ret);
}

/* Does a SYN from a host that was never spoken to come back as RST?  Silence and a connection
 * are both no refusal. */
static bool refuses(struct host *stranger, struct endpoint outside)
{
	const struct sock_spec spec = { .kind = SOCK_TCP,
					.remote = outside,
					.deadline = host_now(stranger) + 500 * MSEC };
	struct sock *sock = NULL;
	int err = sock_open(stranger, &spec, &sock);

	sock_close(sock);
	return err == -ECONNREFUSED || err == -ECONNRESET;
}

static bool consistent(struct check *check, struct tcp_side *side)
{
	struct sock *second = NULL;
	struct endpoint other = { .port = 0 };
	bool same = tcp_side_mapped(side, check->servers[0], &side->outside, &side->to_server) &&
		    tcp_side_mapped(side, check->servers[1], &other, &second) &&
		    endpoint_equal(side->outside, other);

	sock_close(second);
	return same && !refuses(check->lab.hosts[LAB_STRANGER], side->outside);
}

/* Open @side at @port of @host, and learn how it looks from outside. */
static bool prepare(struct check *check, struct tcp_side *side, struct host *host, uint16_t port)
{
	int err = tcp_side_open(side, host, port);

	if (err) {
		check->err = err;
		return false;
	}
	return tcp_side_mapped(side, check->servers[0], &side->outside, &side->to_server);
}

static bool meet(struct check *check, struct host *a, uint16_t port_a, struct host *b,
		 uint16_t port_b)
{
	struct tcp_side sides[2] = { { .host = a }, { .host = b } };
	bool met = prepare(check, &sides[0], a, port_a) && prepare(check, &sides[1], b, port_b) &&
		   tcp_sides_meet(&sides[0], &sides[1]);

	tcp_side_close(&sides[0]);
	tcp_side_close(&sides[1]);
	return met;
}

static int open_servers(struct check *check)
{
	int err = listen_at(check->lab.hosts[LAB_SERVER], &check->servers[0]);

	return err ? err : listen_at(check->lab.hosts[LAB_OTHER], &check->servers[1]);
}

static void act_nat(void *arg)
{
	struct check *check = arg;
	struct host *alice = check->lab.hosts[LAB_ALICE];
	struct tcp_side side = { .host = alice };

	check->err = open_servers(check);
	if (!check->err)
		check->err = tcp_side_open(&side, alice, PORT);
	if (!check->err) {
		check->seen.consistent = consistent(check, &side);
		check->seen.hairpins = meet(check, alice, PORT + 1, alice, PORT + 2);
	}
	tcp_side_close(&side);
	sock_close(check->servers[0]);
	sock_close(check->servers[1]);
}

static void act_pair(void *arg)
{
	struct check *check = arg;

	check->err = open_servers(check);
	if (!check->err)
		check->connected = meet(check, check->lab.hosts[LAB_ALICE], PORT,
					check->lab.hosts[LAB_BOB], PORT);
	sock_close(check->servers[0]);
	sock_close(check->servers[1]);
}

static int run(const struct population_trial *trial, void (*act)(void *arg), struct check *check)
{
	int err = lab_begin(&check->lab, trial), ended;

	if (!err)
		err = world_run(check->lab.world, act, check);
	ended = lab_end(&check->lab);
	return err ? err : check->err ? check->err : ended;
}

int trial_pair_tcp(const struct population_trial *trial, bool *ret_connected)
{
	struct check check = { .err = 0 };
	int err = run(trial, act_pair, &check);

	if (!err)
		*ret_connected = check.connected;
	return err;
}

int trial_nat_tcp(const struct population_trial *trial, struct nat_outcome_seen *ret)
{
	struct check check = { .err = 0 };
	int err = run(trial, act_nat, &check);

	if (!err)
		*ret = check.seen;
	return err;
}
