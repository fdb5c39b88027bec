/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two ICE agents behind NATs, with a STUN and TURN server outside, on a fake network. */
#ifndef KNOTHOLE_ICE_FIXTURE_H
#define KNOTHOLE_ICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call_fixture.h"
#include "probes/methods/ice_agent.h"
#include "probes/methods/turn_client.h"
#include "probes/wire/stun.h"

enum { ICE_TIMES = 256 };

/* Alice controls, until a test says otherwise. */
struct pair {
	struct fake_net net;
	struct fake_nat nats[2];
	struct host *hosts[2], *server;
	struct service *service;
	struct turn_client_spec turn;
	struct ice_agent_spec specs[2];
	struct ice_agent *agents[2];
	bool one_lan, with_turn;
	bool deaf; /* the two hear the server alone */
	unsigned in_channels, indicated; /* what the two have sent their TURN server for others */
	/* When alice's new transactions began. */
	uint8_t transactions[ICE_TIMES][STUN_TRANSACTION];
	uint64_t times[ICE_TIMES];
	unsigned times_len;
	void (*test)(struct pair *p);
};

/* Alice behind a NAT of row @a, Bob behind one of @b. */
void prepare(struct pair *p, int a, int b);

/* Both have gathered when @test begins; after it nothing is open any more. */
void run_pair(struct pair *p, void (*test)(struct pair *p));

void tell_credentials(const struct ice_agent *from, struct ice_agent *to);
void tell_candidates(const struct ice_agent *from, struct ice_agent *to);
void tell_all(struct pair *p);

void connect_both(struct pair *p);

/* Both use one pair, seen from its two ends. */
void assert_agreed(struct pair *p);
/* Something crosses each way. */
void talk(struct pair *p);

#endif
