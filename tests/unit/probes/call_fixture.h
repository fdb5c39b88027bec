/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two peers, perhaps behind NATs, and their rendezvous, on a fake network. */
#ifndef KNOTHOLE_CALL_FIXTURE_H
#define KNOTHOLE_CALL_FIXTURE_H

#include <stdbool.h>

#include "fake_host.h"
#include "probes/methods/connect.h"
#include "probes/services/service.h"

/* A NAT's row: mapping * 3 + filtering, or OPEN (no NAT), or BLOCKED (nothing of UDP). */
enum { BLOCKED = -2, OPEN = -1, FULL_CONE = 0, PORT_RESTRICTED = 2, SYMMETRIC = 8 };

/* Alice calls Bob; the rendezvous stands on the Internet. */
struct fixture {
	struct fake_net net;
	struct fake_nat nats[2];
	struct host *alice, *bob, *rendezvous;
	struct service *service;
	struct peer *peers[2];
	struct call_spec spec;
	unsigned hellos[2][METHOD_COUNT]; /* said, by role */
	struct endpoint voice_to[2]; /* where the last voice frame was sent to, by role */
	void (*test)(struct fixture *f);
};

/* direct, reversal, punch, relay */
extern const enum method whole_ladder[4];

/* Alice behind a NAT of row @a, Bob behind one of @b. */
void set_up(struct fixture *f, int a, int b);

/* Run @test once both have joined; then both leave, the rendezvous stops, and nobody may
 * have a socket open any more. */
void run(struct fixture *f, void (*test)(struct fixture *f));

struct endpoint rendezvous_endpoint(const struct fixture *f);

/* Alice calls Bob. */
struct call *connect_by(struct fixture *f, const enum method *ladder, unsigned len);

/* Does @method alone connect them? */
bool connects(struct fixture *f, enum method method);

/* Voice passes both ways along whatever was found. */
void talk_on(struct call *call, unsigned frames);

#endif
