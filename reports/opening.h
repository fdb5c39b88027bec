/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Openings: what opened a way over UDP on which both spoke, by the packets.
 *
 * Low TTL, port prediction and the birthday attack are hole punching with something done besides.
 * That the frames name one of them shows nothing: whether it was what opened the way is read here
 * from TTLs, ports, and the order in which things came.  Over TCP handshake.h does the same.
 */
#ifndef KNOTHOLE_OPENING_H
#define KNOTHOLE_OPENING_H

#include "trial.h"

/* So many ports of one side's that are open, or that were tried, are many: hole punching has one. */
enum { OPENING_MANY = METHOD_MANY_PORTS };

/*
 * @passage, of @way's hellos and answers, has arrived both ways after both spoke first.  What is
 * proved to have opened it: @way's method, or METHOD_PUNCH where that is more than the capture
 * shows; and a clause in @why, of either.
 */
enum method opening_of(const struct journeys *journeys, struct way way,
		       const struct passage *passage, char why[TRIAL_TEXT]);

#endif
