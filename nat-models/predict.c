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

#include "duration.h"
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

static enum prediction weigh(const struct tally *tally, enum method method, char why[WHY])
{
	if (tally->goods && tally->bads) {
		predict_why_open_question(&tally->bad, &tally->good, why);
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

static void lower(enum method method, enum prediction to, const char *text,
		  const struct nat_model *model, enum party owner, struct predict_answer *ret)
{
	char name[LABEL];

	ret->udp[method] = to;
	snprintf(ret->why[method], WHY, "%s %s", predict_label(owner, model, name), text);
}

/* RFC 5382, REQ-2: where a NAT lets no SYN in that crosses one, it is the other side's that must, and
 * who comes first may decide. */
static void doubt_crossing(const struct predict_side *side, enum party owner, enum method method,
			   struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (nat_kind_keeps_state(model->kind) && !model->tcp.simultaneous_open &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method, PREDICT_MAY, "drops a SYN that crosses one", model, owner,
			      ret);
	}
}

/*
 * By how much do the numbers of two connections in a row, the first of which opens a way, differ at
 * least?  Linux's clock for them ticks each 64 ns.
 */
static uint64_t numbers_between(const struct predict_question *question)
{
	enum { LINUX_TICK_NS = 64 };
	uint64_t pace_ns = question->pace_ns ? question->pace_ns : METHOD_PACE_NS;

	return METHOD_OPENING_PACES * pace_ns / LINUX_TICK_NS;
}

/* Twice as far as a window of a SYN's can reach, which none scales (RFC 7323, 2.2); beyond, numbers are
 * taken for old ones again half-way round. */
enum { BEYOND_WINDOWS = 2 * UINT16_MAX };
#define HALF_WAY_ROUND (UINT64_C(1) << 31)

/* Who answers by other numbers than it opened its way by is not let out by a NAT that looks at
 * windows: something, the SYN that it answers, has come in by then. */
static void doubt_answers(const struct predict_question *question, enum method method,
			  struct predict_answer *ret)
{
	const struct predict_side *side = &question->callee;
	uint64_t numbers = numbers_between(question);

	if (numbers <= BEYOND_WINDOWS || numbers >= HALF_WAY_ROUND)
		return;
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (nat_kind_keeps_state(model->kind) && !model->tcp.out_of_window &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method, PREDICT_MUST_NOT,
			      "takes the number of the callee's answer for out of its window",
			      model, PARTY_CALLEE, ret);
	}
}

/* Who gives a socket up goes on with other numbers, which a NAT that looks at windows may take for old
 * ones, once something has come in (RFC 9293, 3.4). */
static void doubt_numbers(const struct predict_side *side, enum party owner, enum method method,
			  struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (nat_kind_keeps_state(model->kind) && !model->tcp.out_of_window &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method, PREDICT_MAY, "may take a number for out of its window", model,
			      owner, ret);
	}
}

/* A SYN from outside after one from inside is what crossing SYNs look like to a NAT, too.  After a RST
 * the connection is a new one to some. */
static void doubt_listening(const struct predict_side *side, enum party owner, enum method method,
			    struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (nat_kind_keeps_state(model->kind) && !model->tcp.simultaneous_open &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method, method == METHOD_TCP_STUNT_2 ? PREDICT_MUST_NOT : PREDICT_MAY,
			      "drops a SYN that comes after one to where it is from", model, owner,
			      ret);
	}
}

/* Where a SYN that opens a way ends is reasoned about for the usual TTL alone. */
static void doubt_ttl(const struct predict_question *question, enum party owner, enum method method,
		      struct predict_answer *ret)
{
	if (predict_has_usual_ttl(question, owner))
		return;
	ret->udp[method] = PREDICT_MAY;
	snprintf(ret->why[method], WHY,
		 "%s's SYN, of a TTL of %u, may end elsewhere than it should",
		 owner == PARTY_CALLER ? "caller" : "callee", question->budget.ttl);
}

/* What a method over TCP asks of NATs beside mappings and filters.  Of each party's, or only the
 * callee's where only that sends a SYN before. */
static void doubt_syns(const struct predict_question *question, enum method method,
		       const struct tally *tally, struct predict_answer *ret)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };
	bool listens = method_listens_after(method);

	/* To where the caller's SYN comes from the callee has sent none then. */
	if (listens && tally->remapped)
		return;
	if (listens)
		doubt_answers(question, method, ret);
	for (int p = listens ? PARTY_CALLEE : PARTY_CALLER; p <= PARTY_NONE; p++) {
		enum party owner = (enum party)p;

		if (listens)
			doubt_listening(sides[p], owner, method, ret);
		else if (method_punches_tcp(method))
			doubt_crossing(sides[p], owner, method, ret);
		if (listens || method_has_low_ttl(method))
			doubt_numbers(sides[p], owner, method, ret);
		if (method_has_low_ttl(method) && owner != PARTY_NONE)
			doubt_ttl(question, owner, method, ret);
	}
}

/* Below these, a NAT may have forgotten or refused what the reasoning takes for granted: a
 * call needs a few mappings at a time, and a second or so. */
enum { FEW_MAPPINGS = 16 };
#define SHORT_NS NS_PER_S

static bool may_refuse(const struct nat_model *model)
{
	bool few = model->max_mappings && model->max_mappings < FEW_MAPPINGS;
	bool few_host = model->max_mappings_host && model->max_mappings_host < FEW_MAPPINGS;

	return nat_kind_gives_ports(model->kind) && (few || few_host);
}

/* Mappings of TCP's live long enough for any call. */
static bool over_tcp(const struct predict_question *question, enum method method)
{
	return method == METHOD_RELAY || method_connects(method) ||
	       (method == METHOD_TURN && question->turn == PREDICT_TURN_TCP);
}

static void doubt(const struct predict_side *side, enum party owner, enum method method, bool tcp,
		  struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		bool forgets = nat_kind_keeps_state(model->kind);
		bool brief = !tcp && forgets && model->udp.timeout_ns < SHORT_NS;
		char name[LABEL];

		if (ret->udp[method] != PREDICT_MUST || !(brief || may_refuse(model)))
			continue;
		ret->udp[method] = PREDICT_MAY;
		snprintf(ret->why[method], WHY,
			 brief ? "%s may have forgotten its mapping by then"
			       : "%s may have reached its limit of mappings",
			 predict_label(owner, model, name));
	}
}

/* Whoever drops the opening packet may say so (RFC 792: time exceeded), and a NAT may end a mapping
 * for it. */
static void doubt_errors(const struct predict_side *side, enum party owner,
			 struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		char name[LABEL];

		if (!nat_kind_gives_ports(model->kind) || model->icmp.on_error != NAT_ERROR_END ||
		    ret->udp[METHOD_LOW_TTL] != PREDICT_MUST)
			continue;
		ret->udp[METHOD_LOW_TTL] = PREDICT_MAY;
		snprintf(ret->why[METHOD_LOW_TTL], WHY, "%s ends mappings that an error is about",
			 predict_label(owner, model, name));
	}
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

/* What chance alone decides, and how often it does. */
static enum prediction by_guessing(const struct predict_question *question, enum method method,
				   struct tally *tally, struct predict_answer *ret)
{
	bool punches = judge(question, METHOD_PUNCH, tally, ret->why[method]) == PREDICT_MUST;
	enum prediction prediction = punches ? PREDICT_MUST : PREDICT_MUST_NOT;

	if (method == METHOD_PREDICT || !punches)
		prediction = judge(question, method, tally, ret->why[method]);
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

static void answer_method(const struct predict_question *question, enum method method,
			  struct tally *tally, struct predict_answer *ret)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };
	char name[LABEL];

	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		enum party owner;
		const struct nat_model *blocker = joins_not(question, (enum party)p, &owner);

		if (!blocker)
			continue;
		ret->udp[method] = PREDICT_MUST_NOT;
		snprintf(ret->why[method], WHY, "%s lets no TCP through to the rendezvous",
			 predict_label(owner, blocker, name));
		return;
	}
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
	doubt_syns(question, method, tally, ret);
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE && method == METHOD_LOW_TTL; p++)
		doubt_errors(sides[p], (enum party)p, ret);
	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++)
		doubt(sides[p], (enum party)p, method, over_tcp(question, method), ret);
	if (method == METHOD_ICE && ret->udp[method] == PREDICT_MAY)
		ret->ice_paths = (1U << ICE_PATH_COUNT) - 1;
}

void predict(const struct predict_question *question, struct predict_answer *ret)
{
	/* Too large for the stack of a fiber. */
	struct tally *tally = malloc(sizeof(*tally));

	memset(ret, 0, sizeof(*ret));
	for (int m = 0; m < METHOD_COUNT; m++) {
		ret->chance[m] = -1;
		if (tally) {
			answer_method(question, (enum method)m, tally, ret);
			predict_exempt(question, (enum method)m, ret);
		} else {
			ret->udp[m] = PREDICT_MAY;
			snprintf(ret->why[m], WHY, "no memory to think with");
		}
		if (tally && ret->udp[m] != PREDICT_MUST_NOT)
			ret->shown[m] = shown_of(question, (enum method)m, tally);
		if (ret->udp[m] != PREDICT_MAY)
			ret->chance[m] = ret->udp[m] == PREDICT_MUST;
	}
	free(tally);
}
