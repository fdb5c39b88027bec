/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the oracle plays a method, with symbols (reach.h): both peers register, whoever the method
 * lets speak says hello to the other's mapped endpoint, whoever hears one answers to where it came
 * from, and so on until nothing new is heard.
 */
#include "predict_play.h"

#include "reach_private.h"

/* Enough for whatever one side learns to come back to it, and for that to be heard in turn. */
enum { ROUNDS = 6, FLIGHTS = REACH_HEARD + 3 };

bool predict_speaks(enum method method, enum party who)
{
	if (predict_punches(method))
		return true;
	switch (method) {
	case METHOD_DIRECT:
	case METHOD_TCP_DIRECT:
	case METHOD_TCP_STUNT_2:
	case METHOD_TCP_SEQUENTIAL:
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
	return method_punches(method) || method == METHOD_ICE;
}

/* All that @who says in one round; returns how many packets left its side. */
static size_t speak(struct reach *reach, const struct predict_question *question,
		    enum method method, enum party who, struct reach_flight flights[FLIGHTS])
{
	struct reach_peer *me = &reach->peers[who];
	const struct reach_peer *other = &reach->peers[!who];
	size_t n = 0;

	if (predict_speaks(method, who)) {
		/* ICE is told of it by itself; others learn it with the rest. */
		if (question->tries_host_addresses && (other->registered || method == METHOD_ICE))
			n += reach_send(reach, who, other->host, &flights[n]);
		if (other->registered)
			n += reach_send(reach, who, other->expected, &flights[n]);
		if (other->registered && !reach_same(other->expected, other->mapped))
			n += reach_send(reach, who, other->mapped, &flights[n]);
	}
	reach->answers = reach->tcp && !predict_speaks(method, who);
	for (size_t i = 0; i < me->heard_len; i++)
		n += reach_send(reach, who, me->heard[i], &flights[n]);
	reach->answers = false;
	return n;
}

static void arrive_all(struct reach *reach, const struct reach_flight *flights, size_t n)
{
	for (size_t i = 0; i < n; i++)
		reach_arrive(reach, &flights[i]);
}

static void play_round(struct reach *reach, const struct predict_question *question,
		       enum method method, enum arrival order)
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
	bool answered;

	if (!reach_send(reach, who, to, &syn))
		return false;
	if (!reach_arrive(reach, &syn)) {
		reach_refuse(reach, &syn, to);
		return false;
	}
	if (predict_punches(method) && !reach_same(syn.src, me->mapped) &&
	    !(question->tries_host_addresses && reach_same(syn.src, me->host)))
		return false;
	reach->answers = true;
	answered = reach_send(reach, !who, syn.src, &answer);
	reach->answers = false;
	return answered && reach_same(answer.src, to) && reach_arrive(reach, &answer);
}

static bool connects(struct reach *reach, const struct predict_question *question,
		     enum method method, enum arrival order)
{
	for (int i = 0; i < 2; i++) {
		enum party who = (enum party)(order == CALLEE_FIRST ? !i : i);
		const struct reach_peer *other = &reach->peers[!who];

		if (!predict_speaks(method, who) || !other->registered ||
		    !reach->peers[who].registered)
			continue;
		if (stands(reach, question, method, who, other->mapped))
			return true;
		if (question->tries_host_addresses &&
		    stands(reach, question, method, who, other->host))
			return true;
	}
	return false;
}

/* The SYNs of the two never cross: each is out, and answered, before the next.  Whose NAT forgets one
 * that was refused has nothing to let the other's in by. */
static bool connects_by_turns(struct reach *reach, const struct predict_question *question,
			      enum method method, enum arrival order)
{
	bool connected = false;

	for (int round = 0; round < ROUNDS && !connected; round++)
		connected = connects(reach, question, method, order);
	if (reach->forgot)
		reach->chance = true;
	return connected;
}

/* Whoever the method has open its way beforehand does, in the order in which the two are heard. */
static void open_ways(struct reach *reach, const struct predict_question *question,
		      enum method method, enum arrival order)
{
	for (int i = 0; i < 2; i++) {
		enum party who = (enum party)(order == CALLEE_FIRST ? !i : i);
		const struct reach_peer *other = &reach->peers[!who];

		if (who == PARTY_CALLER && method_listens_after(method))
			continue;
		if (question->tries_host_addresses && other->registered)
			reach_open(reach, who, other->host, method_has_low_ttl(method));
		if (other->registered)
			reach_open(reach, who, other->mapped, method_has_low_ttl(method));
	}
}

/*
 * Does a check of @who's to @to succeed?  It must arrive, and its answer must come back from where it
 * went to (RFC 8445, 7.2.5.2.1).  True with how the pair's packets go.
 */
static bool check_succeeds(struct reach *reach, enum party who, struct spot to, enum ice_path *ret)
{
	struct reach_flight check, answer;
	bool unchanged;

	if (!reach_send(reach, who, to, &check) || !reach_arrive(reach, &check))
		return false;
	unchanged = reach_same(check.src, reach->peers[who].host) &&
		    reach_same(to, reach->peers[!who].host);
	if (!reach_send(reach, !who, check.src, &answer) || !reach_same(answer.src, to) ||
	    !reach_arrive(reach, &answer))
		return false;
	*ret = unchanged ? ICE_PATH_DIRECT : ICE_PATH_PUNCHED;
	return true;
}

/* The best of the pairs that @who can make: with the other's host candidate, its reflexive one, and
 * whatever its checks came from. */
static bool best_check(struct reach *reach, enum party who, enum ice_path *best)
{
	const struct reach_peer *me = &reach->peers[who], *other = &reach->peers[!who];
	struct spot remotes[REACH_HEARD + 2] = { other->host };
	size_t n = 1;
	bool any = false;

	if (other->registered)
		remotes[n++] = other->mapped;
	for (size_t i = 0; i < me->heard_len; i++)
		remotes[n++] = me->heard[i];
	for (size_t i = 0; i < n; i++) {
		enum ice_path path;

		if (!check_succeeds(reach, who, remotes[i], &path))
			continue;
		if (!any || path < *best)
			*best = path;
		any = true;
	}
	return any;
}

/* Both check what they know of each other, and are checked. */
static void play_ice(const struct predict_question *question, enum arrival order, bool lucky,
		     struct outcome *ret)
{
	struct predict_question about = *question;
	enum ice_path paths[2] = { ICE_PATH_COUNT, ICE_PATH_COUNT };

	about.tries_host_addresses = true;
	about.rendezvous_udp = question->stun_port;
	ret->connected = false;
	ret->known = reach_init(&ret->reach, &about, false, lucky);
	if (!ret->known)
		return;
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE && !question->stun_port; p++)
		ret->reach.peers[p].registered = false;
	for (int round = 0; round < ROUNDS; round++)
		play_round(&ret->reach, &about, METHOD_ICE, order);
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++)
		ret->connected |= best_check(&ret->reach, (enum party)p, &paths[p]);
	ret->path = paths[0] < paths[1] ? paths[0] : paths[1];
}

/* An active candidate connects to a passive one, which is a host's own address: from wherever its NATs
 * let it come. */
static bool play_active(const struct predict_question *question, bool lucky, struct outcome *ret)
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		ret->known = reach_init(&ret->reach, question, true, lucky);
		if (ret->known && check_succeeds(&ret->reach, (enum party)p,
						 ret->reach.peers[!p].host, &ret->path))
			return true;
	}
	return false;
}

/* Both connect at once, from and to their own addresses and those that the server has seen. */
static bool play_simultaneous(const struct predict_question *question, enum arrival order,
			      bool lucky, struct outcome *ret)
{
	const struct reach_peer *peers = ret->reach.peers;

	ret->known = reach_init(&ret->reach, question, true, lucky);
	if (!ret->known)
		return false;
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE && !question->stun_port; p++)
		ret->reach.peers[p].registered = false;
	ret->path = reach_same(peers[0].mapped, peers[0].host) &&
				    reach_same(peers[1].mapped, peers[1].host)
			    ? ICE_PATH_DIRECT
			    : ICE_PATH_PUNCHED;
	if (!lucky)
		return connects_by_turns(&ret->reach, question, METHOD_TCP_PUNCH, order);
	for (int round = 0; round < ROUNDS; round++)
		play_round(&ret->reach, question, METHOD_TCP_PUNCH, order);
	return connects(&ret->reach, question, METHOD_TCP_PUNCH, order);
}

void predict_play_ice_tcp(const struct predict_question *question, enum arrival order, bool lucky,
			  struct outcome *ret, bool *ret_crossed)
{
	struct predict_question about = *question;

	about.tries_host_addresses = true;
	about.rendezvous_tcp = question->stun_port ? &question->stun_port : NULL;
	about.rendezvous_tcp_len = question->stun_port != 0;
	*ret_crossed = false;
	ret->connected = play_active(&about, lucky, ret);
	if (ret->connected || !ret->known)
		return;
	*ret_crossed = true;
	ret->connected = play_simultaneous(&about, order, lucky, ret);
}

/* Each says which port of its own comes next, as far as it can. */
static void foresee(struct reach *reach, struct reach *scratch)
{
	struct spot next[2];

	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++)
		if (!reach_foresee(reach, (enum party)p, scratch, &next[p]))
			next[p] = reach->peers[p].mapped;
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++)
		reach->peers[p].expected = next[p];
}

static const struct predict_side *side_of(const struct predict_question *question, enum party who)
{
	return who == PARTY_CALLER ? &question->caller : &question->callee;
}

static size_t usual_ttl(const struct predict_side *own)
{
	return own->nats_len + 1;
}

bool predict_has_usual_ttl(const struct predict_question *question, enum party who)
{
	return !question->budget.ttl || question->budget.ttl == usual_ttl(side_of(question, who));
}

/*
 * Does @who's opening packet leave its own NATs, and die before the other's?  Every gateway takes
 * one off the TTL of what it passes on, and passes nothing on whose TTL is 1; but one that is
 * addressed itself does not look at it.  One more router stands where both ways meet.
 */
static bool dies_between(const struct predict_question *question, enum party who)
{
	const struct predict_side *own = side_of(question, who);
	const struct predict_side *other = side_of(question, !who);
	size_t ttl = question->budget.ttl ? question->budget.ttl : usual_ttl(own);
	size_t out = 0, in = 0;

	for (size_t i = 0; i < own->nats_len; i++)
		if (nat_kind_keeps_state(own->nats[i].model->kind))
			out = i + 1;
	for (size_t i = 0; i < other->nats_len; i++)
		if (nat_kind_keeps_state(other->nats[i].model->kind))
			in = other->nats_len - i;
	return in > 0 && question->shared.nats_len == 0 && ttl > out && ttl <= own->nats_len + in;
}

/* What dies on its way, before either says hello.  Where only one side's does, the other's may come
 * before it, as a stray. */
static void open_own(struct reach *reach, const struct predict_question *question, bool lucky)
{
	bool dies[2] = { dies_between(question, PARTY_CALLER),
			 dies_between(question, PARTY_CALLEE) };

	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		struct reach_flight lost;

		if (dies[p] && (dies[!p] || lucky) && reach->peers[!p].registered)
			reach_send(reach, (enum party)p, reach->peers[!p].mapped, &lost);
	}
}

void predict_play(const struct predict_question *question, enum method method, enum arrival order,
		  bool lucky, struct outcome *ret, struct reach *scratch)
{
	if (method == METHOD_ICE) {
		play_ice(question, order, lucky, ret);
		return;
	}
	ret->connected = false;
	ret->known = reach_init(&ret->reach, question, method_connects(method), lucky);
	if (!ret->known)
		return;
	if (method == METHOD_PREDICT)
		foresee(&ret->reach, scratch);
	if (method == METHOD_LOW_TTL)
		open_own(&ret->reach, question, lucky);
	if (method == METHOD_TCP_PUNCH && !lucky) {
		ret->connected = connects_by_turns(&ret->reach, question, method, order);
		return;
	}
	if (method_has_low_ttl(method) || method_listens_after(method))
		open_ways(&ret->reach, question, method, order);
	for (int round = 0; round < ROUNDS && !method_listens_after(method); round++)
		play_round(&ret->reach, question, method, order);
	if (method_connects(method)) {
		ret->connected = connects(&ret->reach, question, method, order);
		return;
	}
	ret->connected = gets_through(&ret->reach, PARTY_CALLER) &&
			 gets_through(&ret->reach, PARTY_CALLEE);
}
