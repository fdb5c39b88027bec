/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  What a side sends crosses its own NATs, whose last tap is the edge, and
 * comes to the far side: the first tap of the other's outermost NAT, or the other's host.
 *
 *   alice -> [lan home_a wan] -> hops -> [wan home_b lan] -> bob
 *                         edge           far
 *
 *   low-ttl   A hello passed the edge with no more TTL than there are hops to the far side, as a
 *             frame that did arrive counts them, and was not seen there; nothing of the other's had
 *             come in before it.
 *   predict   A side was heard from another port than the rendezvous had seen it at, and the other
 *             had spoken to that port before it was heard from.
 *   birthday  A side's hellos left by many ports, and the connection's was one of them; or the other
 *             spoke to many ports, and to the connection's before it was heard from.
 */
#include "opening.h"

#include <stdio.h>
#include <string.h>

static bool is_far(const struct journeys *journeys, const struct sighting *seen)
{
	return seen->direction == PCAPNG_INBOUND && journeys_tap(journeys, seen)->side != TAP_LAN;
}

/* Where @journey, which left its host, was seen last before it came to the far side. */
static const struct sighting *edge_of(const struct journeys *journeys,
				      const struct journey *journey)
{
	const struct sighting *edge = journey->left;

	for (size_t i = 0; i < journey->seen_len; i++) {
		const struct sighting *seen = journey->seen[i];

		if (is_far(journeys, seen))
			break;
		if (seen->direction == PCAPNG_OUTBOUND &&
		    journeys_tap(journeys, seen)->side == TAP_WAN)
			edge = seen;
	}
	return edge;
}

/* Where it came to the far side; NULL where it never did. */
static const struct sighting *far_of(const struct journeys *journeys, const struct journey *journey)
{
	for (size_t i = 0; i < journey->seen_len; i++)
		if (is_far(journeys, journey->seen[i]))
			return journey->seen[i];
	return NULL;
}

/* Where @journey left @edge, a tap, for the outside; NULL where it never did. */
static const struct sighting *passing(const struct journey *journey, const struct sighting *edge)
{
	for (size_t i = 0; i < journey->seen_len; i++)
		if (journey->seen[i]->tap == edge->tap &&
		    journey->seen[i]->direction == PCAPNG_OUTBOUND)
			return journey->seen[i];
	return NULL;
}

/* One endpoint, as two places know it: a NAT64 in between changes the address alone. */
static bool same_outside(struct endpoint a, struct endpoint b)
{
	if (ip_addr_family(a.addr) != ip_addr_family(b.addr))
		return a.port == b.port;
	return endpoint_equal(a, b);
}

static bool is_hello(const struct journey *journey, struct way way, enum talk_role role)
{
	return way_has(way, journey->frame) && journey->frame->role == role &&
	       journey->frame->kind == TALK_HELLO && journey->left;
}

/* Low TTL */

static bool low_ttl_of(const struct journeys *journeys, struct way way,
		       const struct passage *passage, enum talk_role role, char why[TRIAL_TEXT])
{
	const struct journey *whole = passage->first[role];
	const struct sighting *edge = whole->left ? edge_of(journeys, whole) : NULL;
	const struct sighting *far = far_of(journeys, whole);
	size_t heard = passage->first[!role]->arrived->order;

	for (size_t i = 0; edge && far && i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];
		const struct sighting *out;

		if (!is_hello(journey, way, role) || far_of(journeys, journey))
			continue;
		out = passing(journey, edge);
		if (!out || out->order > heard || out->ttl + far->ttl > edge->ttl)
			continue;
		snprintf(
			why, TRIAL_TEXT,
			"%s's hello left %s with a TTL of %u, which ended before %s, and %s's then "
			"came in",
			trial_party(journeys, role), journeys_tap(journeys, out)->name, out->ttl,
			journeys_tap(journeys, far)->name, trial_party(journeys, !role));
		return true;
	}
	return false;
}

/* Ports */

/* The frame by which @role was heard last, voice too: that is the connection. */
static const struct journey *last_heard(const struct journeys *journeys, struct way way,
					enum talk_role role)
{
	const struct journey *last = NULL;

	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];

		if (way_has(way, journey->frame) && journey->frame->role == role && journey->left &&
		    journey->arrived && (!last || journey->arrived->order > last->arrived->order))
			last = journey;
	}
	return last;
}

/* When @role was first heard from @from; SIZE_MAX = never. */
static size_t first_heard_from(const struct journeys *journeys, struct way way, enum talk_role role,
			       struct endpoint from)
{
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];

		if (way_has(way, journey->frame) && journey->frame->role == role &&
		    journey->arrived && journey->arrived->order < first &&
		    endpoint_equal(journey->arrived->src, from))
			first = journey->arrived->order;
	}
	return first;
}

/* Had the other said hello to where @role's @last came from, before anything had come from there? */
static bool was_guessed(const struct journeys *journeys, struct way way, enum talk_role role,
			const struct journey *last)
{
	struct endpoint outside = last->arrived->src;
	size_t heard = first_heard_from(journeys, way, role, outside);

	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];

		if (is_hello(journey, way, !role) && journey->left->order < heard &&
		    endpoint_equal(journey->left->dst, outside))
			return true;
	}
	return false;
}

static bool foretold(const struct journeys *journeys, struct way way, enum talk_role role,
		     char why[TRIAL_TEXT])
{
	const struct journey *last = last_heard(journeys, way, role);
	const struct registration *seen =
		journeys->node[role]
			? registrations_find(&journeys->evidence->registrations, journeys->token,
					     way.method, way.family, journeys->node[role])
			: NULL;

	if (!last || !seen || same_outside(last->arrived->src, seen->outside) ||
	    !was_guessed(journeys, way, role, last))
		return false;
	snprintf(why, TRIAL_TEXT,
		 "%s, whom the rendezvous had seen at port %u, was spoken to at %u before being "
		 "heard from there",
		 trial_party(journeys, role), seen->outside.port, last->arrived->src.port);
	return true;
}

/* A set of ports. */
struct ports {
	uint64_t bits[65536 / 64];
	unsigned len;
};

static void ports_add(struct ports *ports, uint16_t port)
{
	uint64_t bit = UINT64_C(1) << port % 64;

	ports->len += !(ports->bits[port / 64] & bit);
	ports->bits[port / 64] |= bit;
}

/* By how many ports outside of its NATs @role's hellos left, each from a port of its own; and was
 * @last's among them? */
static unsigned count_opened(const struct journeys *journeys, struct way way, enum talk_role role,
			     const struct journey *last, bool *ret_among)
{
	const struct sighting *edge = edge_of(journeys, last);
	struct ports inside = { { 0 }, 0 }, outside = { { 0 }, 0 };

	*ret_among = false;
	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];
		const struct sighting *out;

		if (!is_hello(journey, way, role))
			continue;
		out = passing(journey, edge);
		if (!out)
			continue;
		ports_add(&inside, journey->left->src.port);
		ports_add(&outside, out->src.port);
		*ret_among |= same_outside(out->src, last->arrived->src);
	}
	return inside.len < outside.len ? inside.len : outside.len;
}

/* To how many ports of the address of @role's @last the other said hello. */
static unsigned count_tried(const struct journeys *journeys, struct way way, enum talk_role role,
			    const struct journey *last)
{
	struct ports tried = { { 0 }, 0 };

	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];

		if (is_hello(journey, way, !role) &&
		    ip_addr_equal(journey->left->dst.addr, last->arrived->src.addr))
			ports_add(&tried, journey->left->dst.port);
	}
	return tried.len;
}

static bool met_by_chance(const struct journeys *journeys, struct way way, enum talk_role role,
			  char why[TRIAL_TEXT])
{
	const struct journey *last = last_heard(journeys, way, role);
	unsigned opened, tried;
	bool among;

	if (!last)
		return false;
	opened = count_opened(journeys, way, role, last, &among);
	tried = count_tried(journeys, way, role, last);
	if (!(opened >= OPENING_MANY && among) &&
	    !(tried >= OPENING_MANY && was_guessed(journeys, way, role, last)))
		return false;
	snprintf(why, TRIAL_TEXT, "%s had %u ports open, %s spoke to %u, and they met at %u",
		 trial_party(journeys, role), opened, trial_party(journeys, !role), tried,
		 last->arrived->src.port);
	return true;
}

static bool is_proved(const struct journeys *journeys, struct way way,
		      const struct passage *passage, enum talk_role role, char why[TRIAL_TEXT])
{
	switch (way.method) {
	case METHOD_LOW_TTL:
		return low_ttl_of(journeys, way, passage, role, why);
	case METHOD_PREDICT:
		return foretold(journeys, way, role, why);
	case METHOD_BIRTHDAY:
		return met_by_chance(journeys, way, role, why);
	default:
		return false;
	}
}

static const char *what_lacks(enum method method)
{
	switch (method) {
	case METHOD_LOW_TTL:
		return "no hello's TTL ended on its way before the other's came in";
	case METHOD_PREDICT:
		return "neither was heard from a port that was spoken to before";
	default:
		return "neither side had many ports open or tried that the connection is one of";
	}
}

enum method opening_of(const struct journeys *journeys, struct way way,
		       const struct passage *passage, char why[TRIAL_TEXT])
{
	bool plain = way.method == METHOD_PUNCH;

	for (enum talk_role role = TALK_CALLER; role <= TALK_CALLEE; role++)
		if (is_proved(journeys, way, passage, role, why))
			return way.method;
	snprintf(why, TRIAL_TEXT, "%s and %s both spoke first%s%s%s%s",
		 trial_party(journeys, TALK_CALLER), trial_party(journeys, TALK_CALLEE),
		 plain ? "" : "; that it was ", plain ? "" : method_word(way.method),
		 plain ? "" : " is not proved: ", plain ? "" : what_lacks(way.method));
	return METHOD_PUNCH;
}
