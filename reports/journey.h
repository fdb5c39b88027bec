/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Journeys: each frame of a call, followed from tap to tap.  Who the caller and the callee
 * are is found here too: the hosts that their frames began at.
 */
#ifndef KNOTHOLE_JOURNEY_H
#define KNOTHOLE_JOURNEY_H

#include <stdbool.h>
#include <stddef.h>

#include "evidence.h"

/* One frame, also where a NAT64 changes its family on the way: same call, method, family, role, kind and sequence. */
struct journey {
	const struct talk *frame;
	const struct sighting *const *seen; /* everywhere, in order */
	size_t seen_len;
	const struct sighting *left; /* first outbound at its own host; NULL where never … */
	const struct sighting *arrived; /* … first inbound at the other's; NULL where never */
	const struct sighting *via; /* passed on by a third host before it arrived; or NULL */
	bool unborn; /* it arrived, and had not left before: that cannot be */
};

struct journeys {
	const struct evidence *evidence;
	uint64_t token; /* of the call */
	const char *node[2]; /* of the caller, the callee; NULL where nothing shows it */
	struct journey *list; /* by method, role, kind, sequence */
	size_t len;
	const struct sighting **seen; /* what the list points into */
};

/* Follow @dossier's frames.  0 with *ret, which journeys_clear() ends and which points into
 * the evidence; or -ENOMEM. */
int journeys_follow(const struct evidence *evidence, const struct dossier *dossier,
		    struct journeys *ret);
void journeys_clear(struct journeys *journeys);

const struct tap *journeys_tap(const struct journeys *journeys, const struct sighting *sighting);

#endif
