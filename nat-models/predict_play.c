/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the oracle plays a method, with symbols (reach.h): both peers register, whoever the method
 * lets speak says hello to the other's mapped endpoint, whoever hears one answers to where it came
 * from, and so on until nothing new is heard.
 */
#include "predict_play.h"

/* Enough for whatever one side learns to come back to it, and for that to be heard in turn. */
enum { ROUNDS = 6, FLIGHTS = REACH_HEARD + 2 };

bool predict_speaks(enum method method, enum party who)
{
	switch (method) {
	case METHOD_PUNCH:
	case METHOD_TCP_PUNCH:
		return true;
	case METHOD_DIRECT:
	case METHOD_TCP_DIRECT:
		return who == PARTY_CALLER;
	case METHOD_REVERSAL:
	case METHOD_TCP_REVERSAL:
		return who == PARTY_CALLEE;
	default:
		return false;
	}
}

bool predict_punches(enum method method)
{
	return method == METHOD_PUNCH || method == METHOD_TCP_PUNCH;
}

static bool spots_equal(struct spot a, struct spot b)
{
	return a.addr == b.addr && a.port == b.port;
}

/* All that @who says in one round; returns how many packets left its side. */
static size_t speak(struct reach *reach, const struct predict_question *question,
		    enum method method, enum party who, struct reach_flight flights[FLIGHTS])
{
	struct reach_peer *me = &reach->peers[who];
	const struct reach_peer *other = &reach->peers[!who];
	size_t n = 0;

	if (predict_speaks(method, who)) {
		if (question->tries_host_addresses)
			n += reach_send(reach, who, other->host, &flights[n]);
		if (other->registered)
			n += reach_send(reach, who, other->mapped, &flights[n]);
	}
	for (size_t i = 0; i < me->heard_len; i++)
		n += reach_send(reach, who, me->heard[i], &flights[n]);
	return n;
}

static void arrive_all(struct reach *reach, const struct reach_flight *flights, size_t n)
{
	for (size_t i = 0; i < n; i++)
		reach_arrive(reach, &flights[i]);
}

static void play_round(struct reach *reach, const struct predict_question *question,
		       enum method method, enum order order)
{
	enum party first = order == CALLEE_FIRST ? PARTY_CALLEE : PARTY_CALLER;
	enum party second = first == PARTY_CALLER ? PARTY_CALLEE : PARTY_CALLER;
	struct reach_flight one[FLIGHTS], two[FLIGHTS];
	size_t ones = speak(reach, question, method, first, one);
	size_t twos;

	if (order != CROSSING)
		arrive_all(reach, one, ones);
	twos = speak(reach, question, method, second, two);
	if (order == CROSSING)
		arrive_all(reach, one, ones);
	arrive_all(reach, two, twos);
}

/* Does anything that @who sends to where it heard the other from arrive? */
static bool gets_through(struct reach *reach, enum party who)
{
	const struct reach_peer *me = &reach->peers[who];

	for (size_t i = 0; i < me->heard_len; i++) {
		struct reach_flight flight;

		if (reach_send(reach, who, me->heard[i], &flight) && reach_arrive(reach, &flight))
			return true;
	}
	return false;
}

/*
 * Does a connection of @who's to @to stand?  Its SYN must come to one who listens, or, where both
 * connect, who has sent one to where this one comes from (RFC 9293, 3.5); and the answer must come from
 * where the SYN went.
 */
static bool stands(struct reach *reach, const struct predict_question *question, enum method method,
		   enum party who, struct spot to)
{
	const struct reach_peer *me = &reach->peers[who];
	struct reach_flight syn, answer;

	if (!reach_send(reach, who, to, &syn) || !reach_arrive(reach, &syn))
		return false;
	if (method == METHOD_TCP_PUNCH && !spots_equal(syn.src, me->mapped) &&
	    !(question->tries_host_addresses && spots_equal(syn.src, me->host)))
		return false;
	return reach_send(reach, !who, syn.src, &answer) && spots_equal(answer.src, to) &&
	       reach_arrive(reach, &answer);
}

static bool connects(struct reach *reach, const struct predict_question *question,
		     enum method method)
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		const struct reach_peer *other = &reach->peers[!p];

		if (!predict_speaks(method, (enum party)p) || !other->registered ||
		    !reach->peers[p].registered)
			continue;
		if (stands(reach, question, method, (enum party)p, other->mapped))
			return true;
		if (question->tries_host_addresses &&
		    stands(reach, question, method, (enum party)p, other->host))
			return true;
	}
	return false;
}

void predict_play(const struct predict_question *question, enum method method, enum order order,
		  bool lucky, struct outcome *ret)
{
	ret->connected = false;
	ret->known = reach_init(&ret->reach, question, method_connects(method), lucky);
	if (!ret->known)
		return;
	for (int round = 0; round < ROUNDS; round++)
		play_round(&ret->reach, question, method, order);
	if (method_connects(method)) {
		ret->connected = connects(&ret->reach, question, method);
		return;
	}
	ret->connected = gets_through(&ret->reach, PARTY_CALLER) &&
			 gets_through(&ret->reach, PARTY_CALLEE);
}
