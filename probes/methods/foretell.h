/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Foretelling ports: how a NAT has mapped one socket for one destination after another says
 * which port it will give next (draft-takeda-symmetric-nat-traversal-00; the supernode that
 * watches how a router's ports change).
 *
 * All destinations are ports of one address, the rendezvous': a NAT that maps alike for those
 * and differently for another address is taken for a steady one.
 */
#ifndef KNOTHOLE_FORETELL_H
#define KNOTHOLE_FORETELL_H

#include <stddef.h>

#include "leg.h"

struct foretold {
	enum rendezvous_outlook outlook;
	struct endpoint next; /* STEPS: the port to come; else the first sample */
	int16_t step; /* STEPS: from one to the next; else 0 */
};

/*
 * What @samples, the outside endpoints of one socket in the order in which they were asked for,
 * foretell; unset ones were not answered.  Ports that others have taken in between do not
 * mislead, as long as two samples follow each other closely.  One sample is taken for steady.
 */
struct foretold foretell(const struct endpoint *samples, size_t len);

/* Number @i (from 0) of the ports to come, which stay within 1024 … 65535 as a ring; where @next is below
 * that, within 1 … 65535. */
struct endpoint foretold_next(struct endpoint next, int16_t step, unsigned i);

/*
 * Look at how this side's ports are given, tell the other side, and hear the same of it.  False
 * where that will not be.  The leg knows its own outlook then, and the other's.
 */
bool foretell_both(struct leg *leg, uint64_t deadline);

/* Tell the other side that this one's NAT is open, and wait until the other's is.  False as above. */
bool foretell_ready(struct leg *leg, uint64_t deadline);

#endif
