/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pair of NATs, and the whole ladder between two peers behind them. */
#include <errno.h>
#include <math.h>

#include "../../sim/fiber.h"
#include "../methods/connect.h"
#include "../services/service.h"
#include "lab.h"

enum { FRAMES = 3 };

/* The sister's flows, each to a port of its own. */
enum { RIVAL_FIRST_PORT = 10000, RIVAL_PORTS = 40000 };

struct pair {
	struct lab lab;
	const struct call_spec *spec;
	uint64_t rival_ns;
	bool over; /* the sister may rest */
	struct pair_outcome outcome;
	int err;
};

static int talk(struct call *call, struct pair_outcome *outcome)
{
	const struct talk_spec spec = { .frames = FRAMES, .every_ns = 5 * MSEC };
	struct talk_stats stats;
	int err = call_talk(call, &spec, &stats);

	outcome->connected = !err && stats.received[0] > 0 && stats.received[1] > 0;
	return err;
}

static int connect_peers(struct peer *alice, struct peer *bob, const struct call_spec *spec,
			 struct pair_outcome *outcome)
{
	const struct attempt *attempts;
	struct call *call = NULL;
	int err = call_connect(alice, bob, spec, &call);
	unsigned n;

	if (err)
		return err;
	n = call_attempts(call, &attempts);
	if (n)
		outcome->attempt = attempts[n - 1];
	outcome->token = call_token(call);
	if (call_connected(call)) {
		outcome->method = call_method(call);
		err = talk(call, outcome);
	}
	call_free(call);
	return err;
}

/* Times of chance: the gaps between them are distributed exponentially. */
static uint64_t gap(struct host *host, uint64_t mean_ns)
{
	double share = ((double)(host_random(host) >> 11) + 1) / 9007199254740993.0; /* 2^53 + 1 */

	return (uint64_t)(-log(share) * (double)mean_ns);
}

static void be_rival(void *arg)
{
	struct pair *pair = arg;
	struct host *host = pair->lab.hosts[LAB_SISTER];
	struct endpoint to = { host_addr(pair->lab.hosts[LAB_OTHER]), RIVAL_FIRST_PORT };
	const struct sock_spec udp = { .kind = SOCK_UDP };
	struct sock *sock;

	if (sock_open(host, &udp, &sock))
		return;
	for (int i = 0; i < RIVAL_PORTS && !pair->over; i++, to.port++) {
		sock_send(sock, &to, "rival", 5, NEVER);
		fiber_sleep(host_now(host) + gap(host, pair->rival_ns));
	}
	sock_close(sock);
}

static void act(void *arg)
{
	struct pair *pair = arg;
	struct host *server = pair->lab.hosts[LAB_SERVER];
	const struct service_spec spec = { .name = "rendezvous", .host = server };
	const struct endpoint at = { host_addr(server), RENDEZVOUS_PORT };
	struct peer *alice = NULL, *bob = NULL;
	struct service *service = NULL;
	struct fiber *rival = NULL;
	int err = service_start(&spec, &service);

	if (!err && pair->rival_ns)
		err = fiber_spawn(host_loop(server), "rival", be_rival, pair, &rival);

	if (!err)
		err = peer_join(pair->lab.hosts[LAB_ALICE], at, at.port, 10 * SEC, &alice);
	if (!err)
		err = peer_join(pair->lab.hosts[LAB_BOB], at, at.port, 10 * SEC, &bob);
	if (!err)
		err = connect_peers(alice, bob, pair->spec, &pair->outcome);
	pair->over = true;
	if (rival)
		fiber_join(rival, NEVER);
	peer_leave(bob);
	peer_leave(alice);
	service_stop(service);
	/* A NAT may keep two from meeting, or even from joining; only a lack of means is an
	 * error of the trial. */
	pair->err = err == -ENOMEM || err == -EMFILE ? err : 0;
}

int trial_ladder(const struct population_trial *trial, const struct call_spec *spec,
		 struct pair_outcome *ret)
{
	struct pair pair = { .spec = spec, .rival_ns = trial->rival_ns };
	int err = lab_begin(&pair.lab, trial), ended;

	if (!err)
		err = world_run(pair.lab.world, act, &pair);
	ended = lab_end(&pair.lab);
	err = err ? err : pair.err ? pair.err : ended;
	if (!err)
		*ret = pair.outcome;
	return err;
}

int trial_pair(const struct population_trial *trial, struct pair_outcome *ret)
{
	static const struct call_spec spec = {
		.ladder = { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_RELAY },
		.ladder_len = 4,
		.attempt_ns = 400 * MSEC,
	};

	return trial_ladder(trial, &spec, ret);
}
