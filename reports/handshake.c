/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: NATs change endpoints and TTLs, but no sequence numbers, so a SYN is known by
 * its number wherever it is seen.  A side's own SYNs are those from the port that it registered
 * for the attempt, to anybody but the rendezvous.
 */
#include "handshake.h"

#include <stdio.h>
#include <string.h>

/* Who has to send a SYN for the method to be what it is called; who, one that ends on its way first. */
static const struct {
	bool syn[2], low[2];
} wanted[METHOD_COUNT] = {
	[METHOD_TCP_DIRECT] = { { true, false }, { false, false } },
	[METHOD_TCP_REVERSAL] = { { false, true }, { false, false } },
	[METHOD_TCP_PUNCH] = { { true, true }, { false, false } },
	[METHOD_TCP_PUNCH_LOW_TTL] = { { true, true }, { true, true } },
	[METHOD_TCP_STUNT_2] = { { true, true }, { false, true } },
	[METHOD_TCP_SEQUENTIAL] = { { true, true }, { false, false } },
};

static const struct tcp_evidence *tcp_of(const struct journeys *journeys)
{
	return &journeys->evidence->tcp;
}

static const struct tap *tap_of(const struct journeys *journeys, const struct signal *signal)
{
	return &journeys->evidence->taps.taps[signal->at.tap];
}

static bool is_of(const struct journeys *journeys, const struct claim *claim, struct way way)
{
	return claim->token == journeys->token && claim->method == way.method &&
	       claim->family == way.family;
}

/* Did @role send this, from a port of the attempt's, to anybody but the rendezvous? */
static bool is_own(const struct journeys *journeys, struct way way, enum talk_role role,
		   const struct signal *signal)
{
	const struct tcp_evidence *tcp = tcp_of(journeys);

	for (size_t i = 0; i < tcp->claims_len; i++) {
		const struct claim *c = &tcp->claims[i];

		if (is_of(journeys, c, way) && c->role == role && c->at.tap == signal->at.tap &&
		    endpoint_equal(c->local, signal->src) &&
		    !endpoint_equal(c->server, signal->dst) && signal->at.order > c->at.order &&
		    signal->at.order < c->until)
			return signal->at.direction == PCAPNG_OUTBOUND;
	}
	return false;
}

/* Do frames of @role's in @way stand in the connection that this is of, at its own host? */
static bool has_frames(const struct journeys *journeys, struct way way, enum talk_role role,
		       const struct signal *signal)
{
	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *journey = &journeys->list[i];
		const struct sighting *left = journey->left;

		if (way_has(way, journey->frame) && journey->frame->role == role && left &&
		    journey->arrived && left->tap == signal->at.tap &&
		    left->order > signal->at.order && endpoint_equal(left->src, signal->src) &&
		    endpoint_equal(left->dst, signal->dst))
			return true;
	}
	return false;
}

static bool at_host_of(const struct journeys *journeys, const struct signal *signal, size_t role,
		       enum pcapng_direction direction)
{
	const struct tap *tap = tap_of(journeys, signal);

	return signal->at.direction == direction && tap->side == TAP_HOST && journeys->node[role] &&
	       strcmp(tap->node, journeys->node[role]) == 0;
}

/* The next time that the segment which left its host as @start was seen, after @s; NULL = no more. */
static const struct signal *next_sighting(const struct journeys *journeys,
					  const struct signal *start, const struct signal *s)
{
	const struct tcp_evidence *tcp = tcp_of(journeys);

	while (++s < tcp->signals + tcp->signals_len) {
		if (s->kind != start->kind || s->seq != start->seq)
			continue;
		/* At the same place again: it was sent again. */
		return s->at.tap == start->at.tap ? NULL : s;
	}
	return NULL;
}

/* Where it was seen last, and how often in all. */
static const struct signal *end_of_trail(const struct journeys *journeys,
					 const struct signal *start, size_t *ret_len)
{
	const struct signal *end = start, *s = start;

	*ret_len = 1;
	while ((s = next_sighting(journeys, start, s))) {
		end = s;
		++*ret_len;
	}
	return end;
}

/* Where it came to the host of @role; NULL where it did not. */
static const struct signal *arrival(const struct journeys *journeys, const struct signal *start,
				    size_t role)
{
	const struct signal *s = start;

	while ((s = next_sighting(journeys, start, s)))
		if (at_host_of(journeys, s, role, PCAPNG_INBOUND))
			break;
	return s;
}

/* Did it come to the far side: the host of @role, or another's NAT, by more than its last hop? */
static bool reached_far_side(const struct journeys *journeys, const struct signal *start,
			     size_t role)
{
	const struct signal *s = start;

	if (arrival(journeys, start, role))
		return true;
	while ((s = next_sighting(journeys, start, s)))
		if (s->at.direction == PCAPNG_INBOUND && tap_of(journeys, s)->side != TAP_LAN &&
		    s->ttl > 1)
			return true;
	return false;
}

/* Did the sender of @answer, a SYN-ACK, give a SYN the same number before? */
static bool repeats_a_syn(const struct journeys *journeys, const struct signal *answer)
{
	const struct tcp_evidence *tcp = tcp_of(journeys);

	for (size_t i = 0; i < tcp->signals_len && &tcp->signals[i] != answer; i++) {
		const struct signal *s = &tcp->signals[i];

		if (s->kind == SIGNAL_SYN && s->seq == answer->seq && s->at.tap == answer->at.tap)
			return true;
	}
	return false;
}

void handshake_of(const struct journeys *journeys, struct way way, enum talk_role role,
		  struct handshake *ret)
{
	const struct tcp_evidence *tcp = tcp_of(journeys);
	const struct signal *first = NULL, *end;
	uint8_t ttl = 0;

	*ret = (struct handshake){ .first = SIZE_MAX };
	for (size_t i = 0; i < tcp->signals_len; i++) {
		const struct signal *s = &tcp->signals[i];
		bool framed;

		if (s->kind > SIGNAL_SYN_ACK || s->at.direction != PCAPNG_OUTBOUND)
			continue;
		framed = has_frames(journeys, way, role, s);
		if (!framed && !is_own(journeys, way, role, s))
			continue;
		if (s->ttl > ttl)
			ttl = s->ttl;
		if (s->kind == SIGNAL_SYN && !first)
			first = s;
		ret->in_connection |= s->kind == SIGNAL_SYN && framed;
		if (s->kind == SIGNAL_SYN_ACK && framed && repeats_a_syn(journeys, s))
			ret->crossed = true;
		else if (s->kind == SIGNAL_SYN_ACK && framed)
			ret->accepted = true;
	}
	if (!first)
		return;
	ret->syn = true;
	ret->first = first->at.order;
	end = arrival(journeys, first, !role);
	ret->low = first->ttl < ttl && !reached_far_side(journeys, first, !role);
	ret->linked = end && end->ttl == first->ttl;
}

static bool syns_fit(const struct journeys *journeys, struct way way,
		     const struct handshake both[2], char fault[TRIAL_TEXT])
{
	for (size_t role = 0; role < 2; role++) {
		bool should = wanted[way.method].syn[role];
		/* What opens a way beforehand may go to where the other then does not come from. */
		bool did = method_listens_after(way.method) ? both[role].syn
							    : both[role].in_connection;
		const char *what = NULL;

		if (did != should)
			what = should ? "never sent a SYN" : "sent a SYN";
		else if (both[role].low != wanted[way.method].low[role] && !both[role].linked)
			what = both[role].low ? "sent a SYN that ended on its way"
					      : "sent no SYN that ended on its way";
		if (!what)
			continue;
		snprintf(fault, TRIAL_TEXT, "its frames say %s, but %s %s", method_word(way.method),
			 trial_party(journeys, role), what);
		return false;
	}
	return true;
}

static bool came(const struct journey *journey, struct way way, enum talk_role role)
{
	return way_has(way, journey->frame) && journey->frame->role == role && journey->left &&
	       journey->arrived;
}

/* Did a frame of the callee's come to the caller in the connection that one of the caller's left by?  Two
 * who connect to each other may make two connections, of which each hears by the one and speaks by the
 * other. */
static bool share_a_connection(const struct journeys *journeys, struct way way)
{
	for (size_t i = 0; i < journeys->len; i++) {
		const struct journey *to = &journeys->list[i];

		for (size_t k = 0; k < journeys->len && came(to, way, TALK_CALLER); k++) {
			const struct journey *back = &journeys->list[k];

			if (came(back, way, TALK_CALLEE) &&
			    endpoint_equal(to->left->src, back->arrived->dst) &&
			    endpoint_equal(to->left->dst, back->arrived->src))
				return true;
		}
	}
	return false;
}

bool handshake_fits(const struct journeys *journeys, struct way way, const struct handshake both[2],
		    char fault[TRIAL_TEXT])
{
	const char *what = NULL;

	if (!syns_fit(journeys, way, both, fault))
		return false;
	if (!share_a_connection(journeys, way)) {
		snprintf(fault, TRIAL_TEXT,
			 "its frames say %s, but those of %s and of %s stand in two connections",
			 method_word(way.method), trial_party(journeys, TALK_CALLER),
			 trial_party(journeys, TALK_CALLEE));
		return false;
	}
	if (!method_listens_after(way.method))
		return true;
	if (both[TALK_CALLER].first < both[TALK_CALLEE].first)
		what = "'s SYN was the first";
	else if (both[TALK_CALLEE].crossed || !both[TALK_CALLEE].accepted)
		what = "'s SYN was not answered by one who listened";
	if (!what)
		return true;
	snprintf(fault, TRIAL_TEXT, "its frames say %s, but %s%s", method_word(way.method),
		 trial_party(journeys, TALK_CALLER), what);
	return false;
}

void handshake_tell(const struct journeys *journeys, struct way way, const struct handshake both[2],
		    char why[TRIAL_TEXT])
{
	const char *caller = trial_party(journeys, TALK_CALLER);
	const char *callee = trial_party(journeys, TALK_CALLEE);
	const char *low = method_has_low_ttl(way.method) ? " that ended on its way" : "";
	bool reversed = way.method == METHOD_TCP_REVERSAL;

	if (!method_punches_tcp(way.method) && !method_listens_after(way.method)) {
		snprintf(why, TRIAL_TEXT, "%s connected to %s", reversed ? callee : caller,
			 reversed ? caller : callee);
		return;
	}
	if (method_listens_after(way.method)) {
		snprintf(why, TRIAL_TEXT, "%s sent a SYN%s, and then accepted %s's", callee, low,
			 caller);
		return;
	}
	snprintf(why, TRIAL_TEXT, "%s and %s both sent a SYN%s, and %s", caller, callee, low,
		 both[0].crossed || both[1].crossed ? "made one connection of two that crossed"
						    : "made one connection");
}

bool handshake_was_tried(const struct journeys *journeys, struct way way, uint64_t *ret_began)
{
	const struct tcp_evidence *tcp = tcp_of(journeys);

	for (size_t i = 0; i < tcp->claims_len; i++) {
		if (!is_of(journeys, &tcp->claims[i], way))
			continue;
		*ret_began = tcp->claims[i].at.time;
		return true;
	}
	return false;
}

/* Why nothing came of it */

/* The SYN of @role's that got furthest, and of those one that the capture says most of. */
static const struct signal *furthest_syn(const struct journeys *journeys, struct way way,
					 enum talk_role role, const struct signal **ret_end)
{
	const struct tcp_evidence *tcp = tcp_of(journeys);
	const struct signal *best = NULL;
	size_t best_score = 0;

	for (size_t i = 0; i < tcp->signals_len; i++) {
		const struct signal *s = &tcp->signals[i], *end;
		size_t len;

		if (s->kind != SIGNAL_SYN || !is_own(journeys, way, role, s))
			continue;
		end = end_of_trail(journeys, s, &len);
		if (2 * len + (end->comment != NULL) <= best_score)
			continue;
		best_score = 2 * len + (end->comment != NULL);
		best = s;
		*ret_end = end;
	}
	return best;
}

/* What the host of @role heard to its SYNs that were to open something. */
static const char *heard(const struct journeys *journeys, struct way way, enum talk_role role)
{
	static const char *const words[] = { "nothing", "an ICMP error", "RST",
					     "RST and an ICMP error" };
	const struct tcp_evidence *tcp = tcp_of(journeys);
	bool error = false, rst = false;

	for (size_t i = 0; i < tcp->signals_len; i++) {
		const struct signal *s = &tcp->signals[i];
		struct signal mirror = *s;

		if (s->at.direction != PCAPNG_INBOUND)
			continue;
		mirror.at.direction = PCAPNG_OUTBOUND;
		if (s->kind == SIGNAL_RST) {
			mirror.src = s->dst;
			mirror.dst = s->src;
		}
		if (s->kind < SIGNAL_RST || !is_own(journeys, way, role, &mirror))
			continue;
		error |= s->kind == SIGNAL_ERROR;
		rst |= s->kind == SIGNAL_RST;
	}
	return words[2 * rst + error];
}

/* What answered a SYN that got to the other's host. */
static const struct signal *answer_to(const struct journeys *journeys, const struct signal *syn)
{
	const struct tcp_evidence *tcp = tcp_of(journeys);

	for (const struct signal *s = syn; s < tcp->signals + tcp->signals_len; s++)
		if (s->at.tap == syn->at.tap && s->at.direction == PCAPNG_OUTBOUND &&
		    (s->kind == SIGNAL_SYN_ACK || s->kind == SIGNAL_RST) &&
		    endpoint_equal(s->src, syn->dst) && endpoint_equal(s->dst, syn->src))
			return s;
	return NULL;
}

static void explain_answer(const struct journeys *journeys, const struct signal *syn,
			   const char *node, char *text, size_t size)
{
	const struct signal *answer = answer_to(journeys, syn), *end;
	size_t len;

	if (!answer || answer->kind == SIGNAL_RST) {
		snprintf(text, size, "reached %s, who %s", node,
			 answer ? "refused it" : "did not answer");
		return;
	}
	end = end_of_trail(journeys, answer, &len);
	snprintf(text, size, "reached %s, whose SYN-ACK was last seen at %s%s%s", node,
		 tap_of(journeys, end)->name, end->comment ? ", " : "",
		 end->comment ? end->comment : "");
}

static void explain_side(const struct journeys *journeys, struct way way, enum talk_role role,
			 char *text, size_t size)
{
	const struct signal *end = NULL, *syn = furthest_syn(journeys, way, role, &end);
	const char *who = trial_party(journeys, role);
	char fate[TRIAL_TEXT];

	if (!syn) {
		snprintf(text, size, "%s sent no SYN", who);
		return;
	}
	if (at_host_of(journeys, end, !role, PCAPNG_INBOUND))
		explain_answer(journeys, end, trial_party(journeys, !role), fate, sizeof(fate));
	else if (end->comment && strncmp(end->comment, "forwarded", 9) != 0)
		snprintf(fate, sizeof(fate), "reached %s and was %s", tap_of(journeys, end)->name,
			 end->comment);
	else
		snprintf(fate, sizeof(fate), "was last seen at %s", tap_of(journeys, end)->name);
	snprintf(text, size, "%s's SYN %.150s; %s heard %s", who, fate, who,
		 heard(journeys, way, role));
}

void handshake_explain(const struct journeys *journeys, struct way way, char why[TRIAL_TEXT])
{
	size_t len = 0;

	why[0] = '\0';
	for (enum talk_role role = TALK_CALLER; role <= TALK_CALLEE; role++) {
		if (!wanted[way.method].syn[role] || len + 2 >= TRIAL_TEXT)
			continue;
		if (len)
			len += (size_t)snprintf(why + len, TRIAL_TEXT - len, "; ");
		explain_side(journeys, way, role, why + len, TRIAL_TEXT - len);
		len = strlen(why);
	}
}
