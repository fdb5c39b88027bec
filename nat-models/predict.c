/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the oracle thinks.
 *
 * A method is played with symbols (predict_play.h).  All that can only add to what is open, but
 * for three things: a stray that takes a port (poison), a mapping that is stolen, and chance.  So
 * it is played once for each order in which the first hellos can arrive and for each way chance
 * can fall.  What holds in all of these must be; what holds in none must not; the rest may.
 *
 * That TCP and UDP share mappings or filters (RFC 7857, 5 and 6) is left out of it: a method speaks one
 * of the two between the peers, to endpoints that this one's mappings gave, and what the
 * other has opened is other endpoints' business.
 */
#include "predict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict_doubt.h"
#include "predict_exempt.h"
#include "predict_guess.h"
#include "predict_judge.h"

#define X(id, word, text) word,
static const char *const method_words[] = { METHODS(X) };
#undef X

#define X(id, word, text) word,
static const char *const path_words[] = { ICE_PATHS(X) };
#undef X

const char *ice_path_word(enum ice_path path)
{
	return (size_t)path < ICE_PATH_COUNT ? path_words[path] : "none";
}

const char *method_word(enum method method)
{
	return (size_t)method < METHOD_COUNT ? method_words[method] : "?";
}

int method_parse(const char *word, enum method *ret)
{
	for (int m = 0; m < METHOD_COUNT; m++) {
		if (strcmp(word, method_words[m]) == 0) {
			*ret = (enum method)m;
			return 0;
		}
	}
	return -EINVAL;
}

struct method_budget method_budget_of(const struct method_budget *asked)
{
	const struct method_budget usual = METHOD_BUDGET;

	return (struct method_budget){
		.candidates = asked->candidates ? asked->candidates : usual.candidates,
		.holes = asked->holes ? asked->holes : usual.holes,
		.probes = asked->probes ? asked->probes : usual.probes,
		.ttl = asked->ttl ? asked->ttl : usual.ttl,
		.first_port = asked->first_port ? asked->first_port : usual.first_port,
		.last_port = asked->last_port ? asked->last_port : usual.last_port,
	};
}

bool method_budget_ok(const struct method_budget *budget)
{
	return budget->candidates && budget->candidates <= BUDGET_CANDIDATES_MAX && budget->holes &&
	       budget->holes <= BUDGET_HOLES_MAX && budget->probes && budget->first_port &&
	       budget->first_port <= budget->last_port;
}

/* A port that was given back may be given again, and is surely where it is the inside one.  A firewall's
 * record may be of a connection, or of the endpoint that has others. */
static bool may_remember(const struct reach_nat *nat)
{
	enum { MAY_BE_ANY = 1024, TO = UINT16_MAX };

	return nat && (!nat_kind_gives_ports(nat->model->kind) ||
		       reach_rules(nat)->ports != NAT_PORTS_PRESERVE ||
		       reach_rules(nat)->port_min > MAY_BE_ANY || reach_rules(nat)->port_max < TO);
}

static enum prediction weigh(const struct tally *tally, enum method method, char why[WHY])
{
	if (tally->goods && tally->bads) {
		predict_why_open_question(&tally->bad, &tally->good, why);
		return PREDICT_MAY;
	}
	if (!tally->goods && may_remember(tally->bad.reach.forgot)) {
		predict_why_not(&tally->bad.reach, method, why);
		return PREDICT_MAY;
	}
	if (tally->goods) {
		predict_why_connected(&tally->good.reach, method, why);
		return PREDICT_MUST;
	}
	predict_why_not(&tally->bad.reach, method, why);
	return PREDICT_MUST_NOT;
}

static void play(const struct predict_question *question, enum method method, bool tcp, int turn,
		 struct tally *tally)
{
	enum arrival order = (enum arrival)(turn / 2);
	bool lucky = turn % 2 == 0, crossed = false;

	if (tcp)
		predict_play_ice_tcp(question, order, lucky, &tally->last, &crossed);
	else
		predict_play(question, method, order, lucky, &tally->last, &tally->scratch);
	tally->crossed |= tally->last.connected && crossed;
}

enum prediction predict_judge(const struct predict_question *question, enum method method, bool tcp,
			      struct tally *tally, char why[WHY])
{
	int orders = predict_punches(method) ? ARRIVALS : 1;

	tally->goods = 0;
	tally->bads = 0;
	tally->crossed = false;
	tally->remapped = false;
	tally->paths = 0;
	for (int i = 0; i < 2 * orders; i++) {
		play(question, method, tcp, i, tally);
		if (!tally->last.known) {
			snprintf(why, WHY, "more than %d NATs", REACH_NATS);
			return PREDICT_MAY;
		}
		if (tally->last.connected && method == METHOD_ICE)
			tally->paths |= ice_path_bit(tally->last.path);
		if (tally->last.connected && tally->goods++ == 0) {
			tally->good = tally->last;
			tally->remapped = tally->last.reach.peers[PARTY_CALLER].fate.remapped;
		}
		if (!tally->last.connected && tally->bads++ == 0)
			tally->bad = tally->last;
	}
	return weigh(tally, method, why);
}

static enum prediction judge(const struct predict_question *question, enum method method,
			     struct tally *tally, char why[WHY])
{
	return predict_judge(question, method, false, tally, why);
}

/* Do the two need none of the NATs that both are behind? */
static bool meet_directly(const struct predict_question *question, const struct tally *tally)
{
	const struct reach_peer *peers = tally->good.reach.peers;

	if (question->tries_host_addresses && !question->caller.nats_len &&
	    !question->callee.nats_len)
		return true;
	return tally->goods && !peers[PARTY_CALLER].fate.hairpinned &&
	       !peers[PARTY_CALLEE].fate.hairpinned;
}

/* Both peers hold a TCP connection to the rendezvous, at whichever port they get through to;
 * without it no method can begin.  The NAT that stops @party from each of them, and whose that
 * is; NULL where none does. */
static const struct nat_model *joins_not(const struct predict_question *question, enum party party,
					 enum party *ret_owner)
{
	const struct predict_side *own = party == PARTY_CALLER ? &question->caller
							       : &question->callee;
	static const uint16_t unnamed = 0;
	const uint16_t *ports = question->rendezvous_tcp;
	size_t len = question->rendezvous_tcp_len;
	const struct nat_model *blocker = NULL;

	for (size_t i = 0; i < (len ? len : 1); i++) {
		uint16_t port = len ? ports[i] : unnamed;

		*ret_owner = party;
		blocker = predict_tcp_blocker(own, port);
		if (blocker)
			continue;
		*ret_owner = PARTY_NONE;
		blocker = predict_tcp_blocker(&question->shared, port);
		if (!blocker)
			return NULL;
	}
	return blocker;
}

/* Does a NAT of theirs lose a port to each stray, and refuse a mapping that would have got it? */
static bool loses_ports(const struct predict_question *question)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };

	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++)
		for (size_t i = 0; i < sides[p]->nats_len; i++) {
			const struct nat_transport *udp = &sides[p]->nats[i].model->udp;

			if (udp->unsolicited == NAT_UNSOLICITED_POISON &&
			    udp->collision == NAT_COLLISION_REFUSE)
				return true;
		}
	return false;
}

/* What chance alone decides, and how often it does. */
static enum prediction by_guessing(const struct predict_question *question, enum method method,
				   struct tally *tally, struct predict_answer *ret)
{
	bool punches = judge(question, METHOD_PUNCH, tally, ret->why[method]) == PREDICT_MUST;
	enum prediction prediction = punches ? PREDICT_MUST : PREDICT_MUST_NOT;

	if (method == METHOD_PREDICT || !punches)
		prediction = judge(question, method, tally, ret->why[method]);
	if (method == METHOD_BIRTHDAY && punches && loses_ports(question)) {
		snprintf(ret->why[method], WHY, "a port that is tried may be lost to the router");
		return PREDICT_MAY;
	}
	if (punches)
		return prediction;
	return method == METHOD_PREDICT
		       ? predict_guess_rivals(question, prediction, &tally->last.reach,
					      &tally->scratch, &ret->chance[method],
					      ret->why[method])
		       : predict_guess_birthday(question, prediction, &tally->last.reach,
						&tally->scratch, &ret->chance[method],
						ret->why[method]);
}

/* What may be seen to have opened a way that @method opened. */
static unsigned shown_of(const struct predict_question *question, enum method method,
			 struct tally *tally)
{
	if (method == METHOD_LOW_TTL && question->shared.nats_len == 0 &&
	    (predict_has_usual_ttl(question, PARTY_CALLER) ||
	     predict_has_usual_ttl(question, PARTY_CALLEE)))
		return method_bit(METHOD_LOW_TTL);
	if (method == METHOD_LOW_TTL)
		return method_bit(METHOD_LOW_TTL) | method_bit(METHOD_PUNCH);
	return method_foretells(method)
		       ? predict_guess_shown(question, method, &tally->last.reach, &tally->scratch)
		       : method_bit(method);
}

/* False where the two cannot join, which *ret then says. */
static bool joins(const struct predict_question *question, enum method method,
		  struct predict_answer *ret)
{
	char name[LABEL];

	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		enum party owner;
		const struct nat_model *blocker = joins_not(question, (enum party)p, &owner);

		if (!blocker)
			continue;
		ret->udp[method] = PREDICT_MUST_NOT;
		snprintf(ret->why[method], WHY, "%s lets no TCP through to the rendezvous",
			 predict_label(owner, blocker, name));
		return false;
	}
	return true;
}

static void answer_method(const struct predict_question *question, enum method method,
			  struct tally *tally, struct predict_answer *ret)
{
	struct doubt_play play;

	if (method == METHOD_RELAY) {
		ret->udp[method] = PREDICT_MUST;
		snprintf(ret->why[method], WHY, "both hold a TCP connection to the rendezvous");
	} else if (method == METHOD_TURN) {
		ret->udp[method] = predict_judge_turn(question, tally, ret->why[method]);
	} else if (method == METHOD_ICE) {
		ret->udp[method] =
			predict_judge_ice(question, tally, &ret->ice_paths, ret->why[method]);
	} else if (method_foretells(method)) {
		ret->udp[method] = by_guessing(question, method, tally, ret);
	} else {
		ret->udp[method] = judge(question, method, tally, ret->why[method]);
	}
	play = (struct doubt_play){ tally->remapped, meet_directly(question, tally) };
	predict_doubt(question, method, &play, ret);
	if (method == METHOD_ICE && ret->udp[method] == PREDICT_MAY)
		ret->ice_paths = (1U << ICE_PATH_COUNT) - 1;
}

static void answer(const struct predict_question *question, enum method method, struct tally *tally,
		   struct predict_answer *ret)
{
	struct predict_question about;

	/* To a server the peers speak from other ports. */
	if (method_relays(method))
		about = *question;
	else
		predict_by_forwards(question, method_connects(method), &tally->forwarded, &about);
	if (joins(question, method, ret))
		answer_method(&about, method, tally, ret);
	predict_exempt(question, method, ret);
	if (ret->udp[method] != PREDICT_MUST_NOT)
		ret->shown[method] = shown_of(&about, method, tally);
}

void predict(const struct predict_question *question, struct predict_answer *ret)
{
	/* Too large for the stack of a fiber. */
	struct tally *tally = malloc(sizeof(*tally));

	memset(ret, 0, sizeof(*ret));
	for (int m = 0; m < METHOD_COUNT; m++) {
		ret->chance[m] = -1;
		if (tally) {
			answer(question, (enum method)m, tally, ret);
		} else {
			ret->udp[m] = PREDICT_MAY;
			snprintf(ret->why[m], WHY, "no memory to think with");
		}
		if (ret->udp[m] != PREDICT_MAY)
			ret->chance[m] = ret->udp[m] == PREDICT_MUST;
	}
	free(tally);
}
