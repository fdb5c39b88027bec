/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A method, played once: in one order of arrival, with one side of chance. */
#ifndef KNOTHOLE_PREDICT_PLAY_H
#define KNOTHOLE_PREDICT_PLAY_H

#include "reach.h"

/* Who is heard first, where both speak. */
enum arrival { CALLER_FIRST, CALLEE_FIRST, CROSSING, ARRIVALS };

struct outcome {
	bool known; /* false: more NATs than can be reasoned about */
	bool connected;
	enum ice_path path; /* of ICE's best pair, where connected; a relay is not played */
	struct reach reach; /* at its end */
};

/* Does @who say hello unasked? */
bool predict_speaks(enum method method, enum party who);

/* Do both speak unasked? */
bool predict_punches(enum method method);

/* Is the TTL of what @who sends to open its way such that it passes @who's own nets, and no router after
 * them?  True where nothing else was asked for. */
bool predict_has_usual_ttl(const struct predict_question *question, enum party who);

/* @lucky: where chance decides, it decides for the peers.  @scratch is overwritten. */
void predict_play(const struct predict_question *question, enum method method, enum arrival order,
		  bool lucky, struct outcome *ret, struct reach *scratch);

/* The same for ICE's candidates over TCP alone.  *ret_crossed: it takes SYNs that cross. */
void predict_play_ice_tcp(const struct predict_question *question, enum arrival order, bool lucky,
			  struct outcome *ret, bool *ret_crossed);

#endif
