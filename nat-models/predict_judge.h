/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the oracle's verdict on a method is reached: by playing it in every way (predict_play.h), and for
 * relays and ICE by what of a server's they need.  For predict*.c only; others use predict.h.
 */
#ifndef KNOTHOLE_PREDICT_JUDGE_H
#define KNOTHOLE_PREDICT_JUDGE_H

#include "predict_forward.h"
#include "predict_play.h"
#include "predict_why.h"

/* What playing a method in every way has shown: the first outcome of each kind. */
struct tally {
	struct outcome last, good, bad;
	struct reach scratch;
	unsigned goods, bads;
	bool crossed; /* in a good one, SYNs had to cross */
	bool remapped; /* in the good one, the caller did not come from where it is known */
	unsigned paths; /* of ICE's good ones */
	struct predict_forwarded forwarded;
};

/* Play @method, or (@tcp) ICE's candidates over TCP, in every order and with either luck. */
enum prediction predict_judge(const struct predict_question *question, enum method method, bool tcp,
			      struct tally *tally, char why[WHY]);

/* A relay asks nothing of a NAT but what any client and server do. */
enum prediction predict_judge_turn(const struct predict_question *question, struct tally *tally,
				   char why[WHY]);

/* ICE: the best pair that works is used, and it works if any does.  *ret_paths: by which it may. */
enum prediction predict_judge_ice(const struct predict_question *question, struct tally *tally,
				  unsigned *ret_paths, char why[WHY]);

/* The NAT of @side that keeps TCP from @port; NULL where none does. */
const struct nat_model *predict_tcp_blocker(const struct predict_side *side, uint16_t port);

#endif
