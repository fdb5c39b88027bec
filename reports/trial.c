/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial.h"

#include <stdio.h>
#include <string.h>

#include "handshake.h"
#include "opening.h"

/* Who must have said hello unprompted, for the method to be what it is called (RFC 5128, 3):
 * a relay asks nothing of the two. */
static const bool speaks[METHOD_COUNT][2] = {
	[METHOD_DIRECT] = { true, false },	 [METHOD_REVERSAL] = { false, true },
	[METHOD_TCP_REVERSAL] = { false, true }, [METHOD_PUNCH] = { true, true },
	[METHOD_PREDICT] = { true, true },	 [METHOD_BIRTHDAY] = { true, true },
	[METHOD_LOW_TTL] = { true, true },
};

/*
 * Did @role speak first?  Once frames have passed both ways the path is open, and a hello
 * then only keeps it so: that makes no punch of what the caller alone had opened.  Of a punch,
 * though, the slower side's hello may go out after the quicker one's was answered.
 */
static bool spoke_first(const struct journeys *journeys, struct way way, enum talk_role role,
			size_t opened_order)
{
	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];

		if (way_has(way, journey->frame) && journey->frame->role == role &&
		    journey->frame->kind == TALK_HELLO && journey->left &&
		    (method_punches(way.method) || journey->left->order < opened_order))
			return true;
	}
	return false;
}

static bool speakers_fit(const struct journeys *journeys, const struct verdict_attempt *attempt,
			 char fault[TRIAL_TEXT])
{
	/* ICE's hellos are said once a pair has been agreed on, by whatever had opened it. */
	if (method_takes_any_family(attempt->method))
		return true;
	for (size_t role = 0; role < 2; role++) {
		bool should = speaks[attempt->method][role];

		if (attempt->spoke_first[role] == should)
			continue;
		snprintf(fault, TRIAL_TEXT, "its frames say %s, but %s %s",
			 method_word(attempt->method), trial_party(journeys, role),
			 should ? "never said hello" : "said hello unprompted");
		return false;
	}
	return true;
}

/* How many different taps saw it. */
static size_t taps_crossed(const struct journey *journey)
{
	size_t n = 0;

	for (size_t i = 0; i < journey->seen_len; i++) {
		size_t j = 0;

		while (j < i && journey->seen[j]->tap != journey->seen[i]->tap)
			j++;
		n += j == i;
	}
	return n;
}

static const char *drop_of(const struct sighting *sighting)
{
	return sighting->comment ? strstr(sighting->comment, "dropped") : NULL;
}

static const struct sighting *end_of(const struct journey *journey)
{
	return journey->seen[journey->seen_len - 1];
}

/* The frame of @role that got furthest, and best one beside which the capture says why it got
 * no further; NULL where @role sent none. */
static const struct journey *furthest(const struct journeys *journeys, struct way way,
				      enum talk_role role, bool voice)
{
	const struct journey *best = NULL;
	size_t best_score = 0;

	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];
		size_t score;

		if (!way_has(way, journey->frame) || journey->frame->role != role ||
		    journey->arrived || (journey->frame->kind == TALK_VOICE) != voice)
			continue;
		score = 2 * taps_crossed(journey) + (drop_of(end_of(journey)) != NULL);
		if (score > best_score) {
			best = journey;
			best_score = score;
		}
	}
	return best;
}

static const char *kind_word(enum talk_kind kind)
{
	switch (kind) {
	case TALK_HELLO:
		return "hello";
	case TALK_ANSWER:
		return "answer";
	default:
		return "voice";
	}
}

void trial_explain_loss(const struct journeys *journeys, struct way way, enum talk_role role,
			bool voice, char why[TRIAL_TEXT])
{
	const struct journey *journey = furthest(journeys, way, role, voice);
	const char *who = trial_party(journeys, role);
	const struct sighting *end;
	const char *what;

	if (!journey) {
		snprintf(why, TRIAL_TEXT, "%s said nothing", who);
		return;
	}
	end = end_of(journey);
	what = kind_word(journey->frame->kind);
	if (drop_of(end))
		snprintf(why, TRIAL_TEXT, "%s's %s reached %s and was %s", who, what,
			 journeys_tap(journeys, end)->name, drop_of(end));
	else if (end->comment)
		snprintf(why, TRIAL_TEXT, "%s's %s was last seen at %s (%s)", who, what,
			 journeys_tap(journeys, end)->name, end->comment);
	else
		snprintf(why, TRIAL_TEXT, "%s's %s was last seen at %s", who, what,
			 journeys_tap(journeys, end)->name);
}

/* Whose silence explains a failure: of the two that were not heard, the one who had to
 * begin. */
static enum talk_role unheard(const struct verdict_attempt *attempt)
{
	if (attempt->arrived[0])
		return TALK_CALLEE;
	if (attempt->arrived[1])
		return TALK_CALLER;
	return speaks[attempt->method][TALK_CALLEE] && !speaks[attempt->method][TALK_CALLER]
		       ? TALK_CALLEE
		       : TALK_CALLER;
}

static void explain_pair(const struct journeys *journeys, const struct trial *trial,
			 char why[TRIAL_TEXT])
{
	const char *caller = trial_party(journeys, 0), *callee = trial_party(journeys, 1);

	if (trial->attempt.ice_path == ICE_PATH_RELAYED)
		snprintf(why, TRIAL_TEXT, "%s and %s agreed on a pair that %s relays", caller,
			 callee, trial->passage.relay);
	else
		snprintf(why, TRIAL_TEXT, "%s and %s agreed on a pair %s", caller, callee,
			 trial->attempt.ice_path == ICE_PATH_DIRECT
				 ? "of their own addresses"
				 : "through the mappings of NATs");
}

static void explain_success(const struct journeys *journeys, const struct trial *trial,
			    char why[TRIAL_TEXT])
{
	const char *caller = trial_party(journeys, 0);
	const char *callee = trial_party(journeys, 1);

	switch (trial->attempt.method) {
	case METHOD_DIRECT:
		snprintf(why, TRIAL_TEXT, "%s spoke first and %s answered", caller, callee);
		break;
	case METHOD_REVERSAL:
		snprintf(why, TRIAL_TEXT, "%s spoke first and %s answered", callee, caller);
		break;
	case METHOD_ICE:
		explain_pair(journeys, trial, why);
		break;
	default:
		snprintf(why, TRIAL_TEXT, "%s passed it on", trial->passage.relay);
	}
}

static void time_attempt(const struct journeys *journeys, struct trial *trial, size_t *ret_order)
{
	const struct passage *passage = &trial->passage;
	struct verdict_attempt *attempt = &trial->attempt;

	attempt->began = UINT64_MAX;
	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];

		if (way_has((struct way){ attempt->method, attempt->family }, journey->frame) &&
		    journey->frame->kind != TALK_VOICE && journey->seen[0]->time < attempt->began)
			attempt->began = journey->seen[0]->time;
	}
	*ret_order = SIZE_MAX;
	if (passage->first[0] && passage->first[1]) {
		const struct sighting *a = passage->first[0]->arrived;
		const struct sighting *b = passage->first[1]->arrived;
		const struct sighting *later = a->order > b->order ? a : b;

		attempt->opened = later->time;
		*ret_order = later->order;
	}
}

/* Nothing was said in any connection, so there was none. */
static bool silent_trial(const struct journeys *journeys, struct trial *trial)
{
	struct verdict_attempt *attempt = &trial->attempt;
	struct way way = { attempt->method, attempt->family };

	if (!method_connects(way.method) || !handshake_was_tried(journeys, way, &attempt->began))
		return false;
	handshake_explain(journeys, way, attempt->why);
	return true;
}

/* Who began: over TCP whoever sent a SYN. */
static void find_speakers(const struct journeys *journeys, struct way way, size_t opened_order,
			  struct trial *trial, struct handshake both[2])
{
	for (enum talk_role role = TALK_CALLER; role <= TALK_CALLEE; role++) {
		bool *spoke = &trial->attempt.spoke_first[role];

		if (method_connects(way.method))
			handshake_of(journeys, way, role, &both[role]);
		*spoke = method_connects(way.method)
				 ? both[role].syn
				 : spoke_first(journeys, way, role, opened_order);
		trial->attempt.arrived[role] = trial->passage.arrived[role] > 0;
	}
}

/* Its frames have arrived both ways: did the two begin as the method says? */
static void judge_beginning(const struct journeys *journeys, struct way way,
			    const struct handshake both[2], struct trial *trial)
{
	struct verdict_attempt *attempt = &trial->attempt;
	bool connects = method_connects(way.method);

	attempt->connected = connects ? handshake_fits(journeys, way, both, attempt->why)
				      : speakers_fit(journeys, attempt, attempt->why);
	if (!attempt->connected)
		return;
	if (way.method == METHOD_ICE)
		attempt->ice_path = passage_ice_path(&trial->passage);
	if (connects)
		handshake_tell(journeys, way, both, attempt->why);
	else if (method_punches(way.method))
		attempt->shown = opening_of(journeys, way, &trial->passage, attempt->why);
	else
		explain_success(journeys, trial, attempt->why);
}

bool trial_of(const struct journeys *journeys, struct way way, struct trial *ret)
{
	struct trial trial = { .attempt = { .method = way.method,
					    .shown = way.method,
					    .family = way.family,
					    .ice_path = ICE_PATH_COUNT } };
	struct verdict_attempt *attempt = &trial.attempt;
	struct handshake both[2] = { { 0 } };
	size_t opened_order;

	passage_of(journeys, way, false, &trial.passage);
	time_attempt(journeys, &trial, &opened_order);
	if (attempt->began == UINT64_MAX) {
		if (!silent_trial(journeys, &trial))
			return false;
		*ret = trial;
		return true;
	}
	find_speakers(journeys, way, opened_order, &trial, both);
	attempt->relayed = trial.passage.relay != NULL;
	attempt->families = trial.passage.families;
	if (passage_fits(journeys, &trial.passage, way, attempt->why)) {
		if (attempt->arrived[0] && attempt->arrived[1])
			judge_beginning(journeys, way, both, &trial);
		else
			trial_explain_loss(journeys, way, unheard(attempt), false, attempt->why);
	}
	*ret = trial;
	return true;
}
