/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trials: what each method that was tried in a call came to, judged by the journeys of its
 * hellos and answers; and the same for the voice.
 */
#ifndef KNOTHOLE_TRIAL_H
#define KNOTHOLE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journey.h"
#include "verdict.h"

/* Clauses are as long as an attempt's `why`. */
enum { TRIAL_TEXT = sizeof(((struct verdict_attempt *)NULL)->why) };

/* One way of trying: what frames say that they belong to. */
struct way {
	enum method method;
	enum family family;
};

static inline bool way_has(struct way way, const struct talk *frame)
{
	return frame->method == way.method && frame->family == way.family;
}

/* Some frames of one way, both roles' (0 the caller's). */
struct passage {
	unsigned sent[2]; /* different frames that left their own host */
	unsigned arrived[2]; /* that came to the other's */
	unsigned relayed[2]; /* of those, passed on by a third host */
	unsigned unborn[2]; /* that came without having left */
	unsigned changed
		[2]; /* that came from or to another endpoint than they had left from or to */
	const struct journey *first[2]; /* the first that arrived, NULL where none */
	const struct journey *last[2];
	const char *relay; /* the third host; NULL where none */
	unsigned strayed[2]; /* that arrived, say IPv6, and were in IPv4 somewhere */
	struct verdict_families families; /* of those that arrived */
};

/* Those of @way: its voice, or (@voice false) its hellos and answers. */
void passage_of(const struct journeys *journeys, struct way way, bool voice, struct passage *ret);

/*
 * Does the way that the frames took fit the one that they name?  True; else false with a
 * clause in @fault: "bob's frames say punch, but supernode passed them on".
 */
bool passage_fits(const struct journeys *journeys, const struct passage *passage, struct way way,
		  char fault[TRIAL_TEXT]);

/* How the packets of a pair of ICE's went, by those that arrived. */
enum ice_path passage_ice_path(const struct passage *passage);

struct trial {
	struct verdict_attempt attempt;
	struct passage passage; /* of its hellos and answers */
};

/* Judge @way: true with *ret; false where no hello or answer of it was seen. */
bool trial_of(const struct journeys *journeys, struct way way, struct trial *ret);

/*
 * Where the frames of @way that @role sent, and that did not arrive, ended: "alice's hello
 * reached home_b wan and was dropped: filtered, …".
 */
void trial_explain_loss(const struct journeys *journeys, struct way way, enum talk_role role,
			bool voice, char why[TRIAL_TEXT]);

/* "alice", or "the caller" where nothing shows who it is. */
const char *trial_party(const struct journeys *journeys, size_t role);

#endif
