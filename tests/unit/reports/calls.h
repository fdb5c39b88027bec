/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forged calls between alice and bob: frames that go all the way, or part of it.
 */
#ifndef KNOTHOLE_TEST_CALLS_H
#define KNOTHOLE_TEST_CALLS_H

#include "forge.h"

enum { CALL = 0xca11 };

/* Where a frame goes, tap by tap; it is told up to and with @taps of them. */
struct way {
	uint32_t tap[8];
	enum pcapng_direction direction[8];
	size_t taps;
};

static const struct way alice_to_bob = {
	{ ALICE, HOME_A_LAN, HOME_A_WAN, HOME_B_WAN, HOME_B_LAN, BOB },
	{ PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND,
	  PCAPNG_INBOUND },
	6,
};
static const struct way bob_to_alice = {
	{ BOB, HOME_B_LAN, HOME_B_WAN, HOME_A_WAN, HOME_A_LAN, ALICE },
	{ PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND,
	  PCAPNG_INBOUND },
	6,
};
static const struct way alice_to_bob_relayed = {
	{ ALICE, HOME_A_LAN, HOME_A_WAN, SUPERNODE, SUPERNODE, HOME_B_WAN, HOME_B_LAN, BOB },
	{ PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND,
	  PCAPNG_INBOUND, PCAPNG_OUTBOUND, PCAPNG_INBOUND },
	8,
};
static const struct way bob_to_alice_relayed = {
	{ BOB, HOME_B_LAN, HOME_B_WAN, SUPERNODE, SUPERNODE, HOME_A_WAN, HOME_A_LAN, ALICE },
	{ PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND, PCAPNG_INBOUND, PCAPNG_OUTBOUND,
	  PCAPNG_INBOUND, PCAPNG_OUTBOUND, PCAPNG_INBOUND },
	8,
};

enum { WHOLE = 99 };

/* Let a frame go along @way for @taps taps, with @comment at the last of them. */
static inline void go(struct forge *forge, const struct way *way, enum method method,
		      enum talk_kind kind, uint32_t sequence, size_t taps, const char *comment)
{
	const struct talk frame = {
		.kind = kind,
		.token = CALL,
		.method = method,
		.family = forge->says,
		.role = way->tap[0] == ALICE ? TALK_CALLER : TALK_CALLEE,
		.padding = kind == TALK_VOICE ? 100 : 0,
		.sequence = sequence,
	};

	if (taps > way->taps)
		taps = way->taps;
	for (size_t i = 0; i < taps; i++)
		forge_frame(forge, way->tap[i], way->direction[i], &frame,
			    i == taps - 1 ? comment : NULL);
}

static inline void voice(struct forge *forge, const struct way *way, enum method method,
			 uint32_t sent, uint32_t arrived)
{
	for (uint32_t i = 0; i < sent; i++)
		go(forge, way, method, TALK_VOICE, i, i < arrived ? WHOLE : 3, NULL);
}

static inline void voices(struct forge *forge, enum method method)
{
	voice(forge, &alice_to_bob, method, 5, 5);
	voice(forge, &bob_to_alice, method, 5, 5);
}

static inline void punch(struct forge *forge)
{
	go(forge, &alice_to_bob, METHOD_PUNCH, TALK_HELLO, 0, 4,
	   "dropped: filtered, no permission for 11.2.1.2:4000 (address-and-port-dependent)");
	go(forge, &bob_to_alice, METHOD_PUNCH, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &alice_to_bob, METHOD_PUNCH, TALK_ANSWER, 0, WHOLE, NULL);
}

static inline void honest_punch(struct forge *forge)
{
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, 4, "dropped: no mapping");
	punch(forge);
	voices(forge, METHOD_PUNCH);
}

static inline void honest_direct(struct forge *forge)
{
	go(forge, &alice_to_bob, METHOD_DIRECT, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice, METHOD_DIRECT, TALK_ANSWER, 0, WHOLE, NULL);
	/* Once it is open, a hello of the callee's only keeps it so. */
	go(forge, &bob_to_alice, METHOD_DIRECT, TALK_HELLO, 1, WHOLE, NULL);
	voices(forge, METHOD_DIRECT);
}

static inline void honest_reversal(struct forge *forge)
{
	go(forge, &bob_to_alice, METHOD_REVERSAL, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &alice_to_bob, METHOD_REVERSAL, TALK_ANSWER, 0, WHOLE, NULL);
}

static inline void relay(struct forge *forge)
{
	go(forge, &alice_to_bob_relayed, METHOD_RELAY, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice_relayed, METHOD_RELAY, TALK_ANSWER, 0, WHOLE, NULL);
}

/* Each has an address on the TURN server, so that all that is seen is within TURN. */
static inline void honest_turn(struct forge *forge)
{
	go(forge, &alice_to_bob_relayed, METHOD_TURN, TALK_HELLO, 0, WHOLE, NULL);
	go(forge, &bob_to_alice_relayed, METHOD_TURN, TALK_ANSWER, 0, WHOLE, NULL);
	voice(forge, &alice_to_bob_relayed, METHOD_TURN, 5, 5);
	voice(forge, &bob_to_alice_relayed, METHOD_TURN, 5, 5);
}

static inline void honest_relay(struct forge *forge)
{
	relay(forge);
	voice(forge, &alice_to_bob_relayed, METHOD_RELAY, 5, 5);
	voice(forge, &bob_to_alice_relayed, METHOD_RELAY, 5, 5);
}

#endif
