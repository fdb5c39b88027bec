/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a static forward makes of a NAT for the one endpoint that it leads to.  For predict*.c only. */
#ifndef KNOTHOLE_PREDICT_FORWARD_H
#define KNOTHOLE_PREDICT_FORWARD_H

#include "predict.h"
#include "reach.h"

enum { PREDICT_FORWARDED = 4 };

/* Where the changed question keeps what it points to. */
struct predict_forwarded {
	struct nat_model models[PREDICT_FORWARDED];
	size_t models_len;
	struct predict_nat nats[2][REACH_NATS];
};

/*
 * @question as it is for what the peers say to each other over UDP, or (@tcp) over TCP: each NAT of one
 * peer's own that forwards the peer's port is, for that port, one that swaps addresses and keeps no
 * state, or where it swaps none, a router.  Those that both are behind stay as they are.  *ret points
 * into @room and into what @question does.
 */
void predict_by_forwards(const struct predict_question *question, bool tcp,
			 struct predict_forwarded *room, struct predict_question *ret);

#endif
