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

/* Some frames of one method, both roles' (0 the caller's). */
struct passage {
	unsigned sent[2]; /* different frames that left their own host */
	unsigned arrived[2]; /* that came to the other's */
	unsigned relayed[2]; /* of those, passed on by a third host */
	unsigned unborn[2]; /* that came without having left */
	const struct journey *first[2]; /* the first that arrived, NULL where none */
	const struct journey *last[2];
	const char *relay; /* the third host; NULL where none */
};

/* Those of @method: its voice, or (@voice false) its hellos and answers. */
void passage_of(const struct journeys *journeys, enum method method, bool voice,
		struct passage *ret);

/*
 * Does the way that the frames took fit the method that they name?  True; else false with a
 * clause in @fault: "bob's frames say punch, but supernode passed them on".
 */
bool passage_fits(const struct journeys *journeys, const struct passage *passage,
		  enum method method, char fault[TRIAL_TEXT]);

struct trial {
	struct verdict_attempt attempt;
	struct passage passage; /* of its hellos and answers */
};

/* Judge @method: true with *ret; false where no hello or answer of it was seen. */
bool trial_of(const struct journeys *journeys, enum method method, struct trial *ret);

/*
 * Where the frames of @method that @role sent, and that did not arrive, ended: "alice's hello
 * reached home_b wan and was dropped: filtered, …".
 */
void trial_explain_loss(const struct journeys *journeys, enum method method, enum talk_role role,
			bool voice, char why[TRIAL_TEXT]);

/* "alice", or "the caller" where nothing shows who it is. */
const char *trial_party(const struct journeys *journeys, size_t role);

#endif
