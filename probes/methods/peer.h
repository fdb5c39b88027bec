/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer's inside, for the files of this folder only; others use connect.h. */
#ifndef KNOTHOLE_PEER_H
#define KNOTHOLE_PEER_H

#include <stdbool.h>

#include "../services/channel.h"
#include "../services/crew.h"
#include "connect.h"
#include "leg.h"
#include "turn_client.h"

struct peer {
	struct host *host;
	struct endpoint rendezvous[FAMILY_COUNT]; /* for UDP; unset = not of that family */
	struct channel *channel;
	struct crew crew; /* fibers that use this peer */
	struct leg *legs;
	struct turn_client_spec turn; /* no username: it has no TURN server */
	struct endpoint stun[FAMILY_COUNT]; /* unset: it has no STUN server of that family */
	bool ice_tcp; /* see peer_use_ice_tcp() */
	uint8_t low_ttl; /* see peer_use_low_ttl(); 0 = as behind one NAT */
	bool left; /* or the rendezvous has gone */
};

/* The leg of @token's attempt @attempt, or the connected one of that call where @attempt is
 * negative; NULL if there is none. */
struct leg *peer_leg(struct peer *peer, uint64_t token, int attempt);

#endif
