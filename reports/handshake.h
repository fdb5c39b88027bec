/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handshakes: how the two sides of an attempt over TCP came to a connection, or why they did not,
 * from the segments that open and refuse them.
 *
 * What a method is called is a matter of who sends SYNs, how far they go, in which order, and of
 * what answers them; the frames within the connection only say what it is meant to be.
 */
#ifndef KNOTHOLE_HANDSHAKE_H
#define KNOTHOLE_HANDSHAKE_H

#include "trial.h"

/* One side of it. */
struct handshake {
	bool syn; /* it sent one */
	bool in_connection; /* … between the endpoints between which its frames stand */
	bool low; /* its first had not the TTL of the rest, and none left where it got to the other's NAT, if it did */
	bool linked; /* its first got there by no router at all, where it could not end before */
	bool crossed; /* a SYN of its own answers for the connection: SYNs crossed */
	bool accepted; /* it answered a SYN with a number that no SYN of its own had */
	size_t first; /* order of its first SYN; SIZE_MAX = none */
};

/* Of @role in @way. */
void handshake_of(const struct journeys *journeys, struct way way, enum talk_role role,
		  struct handshake *ret);

/* Are these two the handshake of @way's method?  True; else false with a clause in @fault. */
bool handshake_fits(const struct journeys *journeys, struct way way, const struct handshake both[2],
		    char fault[TRIAL_TEXT]);

/* How it opened, where it fits. */
void handshake_tell(const struct journeys *journeys, struct way way, const struct handshake both[2],
		    char why[TRIAL_TEXT]);

/* Was @way tried, as the rendezvous was told?  Then when. */
bool handshake_was_tried(const struct journeys *journeys, struct way way, uint64_t *ret_began);

/* Where the SYNs of those ended who were to send any, and what they heard: "alice's SYN reached home_b
 * wan and was dropped: filtered, …; she heard nothing". */
void handshake_explain(const struct journeys *journeys, struct way way, char why[TRIAL_TEXT]);

#endif
