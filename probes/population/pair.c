/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pair of NATs, and the whole ladder between two peers behind them. */
#include <errno.h>

#include "../methods/connect.h"
#include "../services/service.h"
#include "lab.h"

enum { FRAMES = 3 };

struct pair {
	struct lab lab;
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

static int connect_peers(struct peer *alice, struct peer *bob, struct pair_outcome *outcome)
{
	const struct call_spec spec = {
		.ladder = { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_RELAY },
		.ladder_len = 4,
		.attempt_ns = 400 * MSEC,
	};
	struct call *call = NULL;
	int err = call_connect(alice, bob, &spec, &call);

	if (err)
		return err;
	outcome->token = call_token(call);
	if (call_connected(call)) {
		outcome->method = call_method(call);
		err = talk(call, outcome);
	}
	call_free(call);
	return err;
}

static void act(void *arg)
{
	struct pair *pair = arg;
	struct host *server = pair->lab.hosts[LAB_SERVER];
	const struct service_spec spec = { .name = "rendezvous", .host = server };
	const struct endpoint at = { host_addr(server), RENDEZVOUS_PORT };
	struct peer *alice = NULL, *bob = NULL;
	struct service *service = NULL;
	int err = service_start(&spec, &service);

	if (!err)
		err = peer_join(pair->lab.hosts[LAB_ALICE], at, at.port, 10 * SEC, &alice);
	if (!err)
		err = peer_join(pair->lab.hosts[LAB_BOB], at, at.port, 10 * SEC, &bob);
	if (!err)
		err = connect_peers(alice, bob, &pair->outcome);
	peer_leave(bob);
	peer_leave(alice);
	service_stop(service);
	/* A NAT may keep two from meeting, or even from joining; only a lack of means is an
	 * error of the trial. */
	pair->err = err == -ENOMEM || err == -EMFILE ? err : 0;
}

int trial_pair(const struct population_trial *trial, struct pair_outcome *ret)
{
	struct pair pair = { .err = 0 };
	int err = lab_begin(&pair.lab, trial), ended;

	if (!err)
		err = world_run(pair.lab.world, act, &pair);
	ended = lab_end(&pair.lab);
	err = err ? err : pair.err ? pair.err : ended;
	if (!err)
		*ret = pair.outcome;
	return err;
}
