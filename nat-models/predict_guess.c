/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where chance decides.
 *
 * A side is steady where one more destination sees the endpoint that the rendezvous has seen, in a
 * row where it sees another that could be foretold, and random where nobody could (reach_foresee()).
 */
#include "predict_guess.h"

#include <stdio.h>

#include "odds.h"
#include "reach_private.h"

enum gives { GIVES_STEADY, GIVES_IN_A_ROW, GIVES_RANDOM };

/* How @who's NATs give ports; false where not even the rendezvous has seen one. */
static bool look(const struct reach *reach, enum party who, struct reach *scratch, enum gives *ret)
{
	struct spot next;

	if (!reach->peers[who].registered)
		return false;
	if (!reach_foresee(reach, who, scratch, &next))
		*ret = GIVES_RANDOM;
	else
		*ret = reach_same(next, reach->peers[who].mapped) ? GIVES_STEADY : GIVES_IN_A_ROW;
	return true;
}

static bool look_by_luck(const struct predict_question *question, bool lucky, struct reach *reach,
			 struct reach *scratch, enum gives ret[2])
{
	return reach_init(reach, question, false, lucky) &&
	       look(reach, PARTY_CALLER, scratch, &ret[PARTY_CALLER]) &&
	       look(reach, PARTY_CALLEE, scratch, &ret[PARTY_CALLEE]);
}

static bool look_at_both(const struct predict_question *question, struct reach *reach,
			 struct reach *scratch, enum gives ret[2])
{
	return look_by_luck(question, true, reach, scratch, ret);
}

static const struct predict_side *side(const struct predict_question *question, enum party who)
{
	return who == PARTY_CALLER ? &question->caller : &question->callee;
}

/* The only NAT on @who's way that gives ports; NULL where it is not the only one. */
static const struct nat_model *only_nat(const struct predict_question *question, enum party who)
{
	const struct predict_side *own = side(question, who);
	const struct nat_model *only = NULL;

	for (size_t i = 0; i < own->nats_len; i++) {
		if (!nat_kind_gives_ports(own->nats[i].model->kind))
			continue;
		if (only)
			return NULL;
		only = own->nats[i].model;
	}
	return question->shared.nats_len ? NULL : only;
}

static enum prediction unsure(char why[WHY], const char *text)
{
	snprintf(why, WHY, "%s", text);
	return PREDICT_MAY;
}

/* Does the only NAT on @who's way ask both whom and which port of theirs was spoken to? */
static bool filters_strictly(const struct predict_question *question, enum party who)
{
	const struct nat_model *nat = only_nat(question, who);

	return nat && nat->udp.filtering == NAT_APD;
}

/* What was played is the next port alone.  A side that gives ports in a row, and lets in whoever it has
 * sent to from any port of theirs, is also heard from those that come after, where its first packet
 * was not let in; and one that also tries the other's own address has used a port for that. */
static enum prediction predict_of_more(const struct predict_question *question,
				       const enum gives gives[2], unsigned candidates,
				       char why[WHY])
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++)
		if (candidates > 1 && gives[p] == GIVES_IN_A_ROW &&
		    (question->tries_host_addresses || !filters_strictly(question, (enum party)p)))
			return unsure(why,
				      "a port after the next may be the one that gets through");
	return PREDICT_MUST_NOT;
}

/*
 * The other side speaks to the next n ports, and each rival takes one.  Where both give them in a row,
 * hello number i of one side goes to number i of the other's, and leaves by its own number i + g where
 * it has g rivals: it comes in where both are among the n that were spoken to or from, that is for some
 * i where the rivals of both sides are fewer than n.
 */
enum prediction predict_guess_rivals(const struct predict_question *question,
				     enum prediction prediction, struct reach *reach,
				     struct reach *scratch, double *ret_chance, char why[WHY])
{
	unsigned candidates = method_budget_of(&question->budget).candidates;
	enum gives gives[2];
	double rivals = 0, chance;

	if (prediction == PREDICT_MAY)
		return prediction;
	if (prediction == PREDICT_MUST_NOT &&
	    look_by_luck(question, false, reach, scratch, gives) &&
	    predict_of_more(question, gives, candidates, why) == PREDICT_MAY)
		return PREDICT_MAY;
	if (!look_at_both(question, reach, scratch, gives))
		return prediction;
	if (prediction == PREDICT_MUST_NOT)
		return predict_of_more(question, gives, candidates, why);
	if (question->shared.nats_len)
		return unsure(why, "the two take ports of one NAT, each the other's next");
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++)
		if (gives[p] == GIVES_IN_A_ROW)
			rivals += question->rivals[p];
	chance = odds_of_fewer(rivals, candidates);
	if (chance >= 1)
		return prediction;
	if (filters_strictly(question, PARTY_CALLER) && filters_strictly(question, PARTY_CALLEE))
		*ret_chance = chance;
	return unsure(why, "others may take the port that is spoken to first");
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many of @holes sockets of one host get a port from @nat. */
static uint32_t open_ports(const struct nat_model *nat, uint32_t holes)
{
	uint32_t ports = (uint32_t)nat->udp.port_max - nat->udp.port_min + 1;
	uint32_t limit = least(nat->max_mappings ? nat->max_mappings : ports,
			       nat->max_mappings_host ? nat->max_mappings_host : ports);

	return least(holes, least(ports, limit));
}

/* Are all ports that @nat gives among those that are tried, and is there nothing else to guess? */
static bool is_plain(const struct nat_model *nat, const struct method_budget *budget)
{
	return nat && nat->kind == NAT_KIND_NAPT && nat->pool_size == 1 &&
	       nat->udp.mapping != NAT_EI && nat->udp.port_min >= budget->first_port &&
	       nat->udp.port_max <= budget->last_port;
}

/* Does @who keep its endpoint for the other's address, too? */
static bool stays(const struct reach *reach, enum party who, struct reach *scratch)
{
	struct reach_flight flight;

	*scratch = *reach;
	return reach_send(scratch, who, reach->peers[!who].mapped, &flight) &&
	       reach_same(flight.src, reach->peers[who].mapped);
}

/* Filters alone stood in the way: no NAT forbids to send, and none refuses a mapping. */
static bool only_filtered(const struct reach *reach)
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		enum reach_drop drop = reach->peers[p].fate.drop;

		/* A DMZ leads what is for other ports to where nobody is. */
		if (drop != REACH_ARRIVED && drop != REACH_FILTERED && drop != REACH_NO_ROUTE)
			return false;
	}
	return true;
}

static uint32_t range_of(const struct method_budget *budget)
{
	return (uint32_t)budget->last_port - budget->first_port + 1;
}

static enum prediction one_is_hard(const struct predict_question *question, enum party hard,
				   const struct method_budget *budget, double *ret_chance,
				   char why[WHY])
{
	const struct nat_model *nat = only_nat(question, hard);
	uint32_t open;

	if (!is_plain(nat, budget))
		return unsure(why, "a port that is tried may be open");
	open = open_ports(nat, budget->holes);
	*ret_chance = odds_of_meeting(range_of(budget), open, budget->probes);
	snprintf(why, WHY, "%u of %u ports are open, and %u are tried: %.2f %%", (unsigned)open,
		 (unsigned)range_of(budget), (unsigned)budget->probes, 100 * *ret_chance);
	return *ret_chance < 1 ? PREDICT_MAY : PREDICT_MUST;
}

static enum prediction both_are_hard(const struct predict_question *question,
				     const struct method_budget *budget, double *ret_chance,
				     char why[WHY])
{
	const struct nat_model *nats[2] = { only_nat(question, PARTY_CALLER),
					    only_nat(question, PARTY_CALLEE) };

	if (!is_plain(nats[0], budget) || !is_plain(nats[1], budget) ||
	    nats[0]->udp.mapping != NAT_APD || nats[1]->udp.mapping != NAT_APD)
		return unsure(why, "a port that is tried may be open");
	*ret_chance = odds_of_crossing(range_of(budget), open_ports(nats[0], budget->holes),
				       open_ports(nats[1], budget->holes));
	snprintf(why, WHY, "both try %u of %u ports, each from one of as many: %.4f %%",
		 (unsigned)budget->holes, (unsigned)range_of(budget), 100 * *ret_chance);
	return PREDICT_MAY;
}

enum prediction predict_guess_birthday(const struct predict_question *question,
				       enum prediction prediction, struct reach *reach,
				       struct reach *scratch, double *ret_chance, char why[WHY])
{
	const struct method_budget budget = method_budget_of(&question->budget);
	bool filtered = only_filtered(reach), refused = reach_is_refused(reach);
	enum gives gives[2];
	enum party hard;

	if (prediction == PREDICT_MUST_NOT && refused)
		return unsure(why, "another socket may not be refused the port that it has");
	if (prediction != PREDICT_MUST_NOT || !filtered ||
	    !look_at_both(question, reach, scratch, gives))
		return prediction;
	if (gives[0] == GIVES_STEADY && gives[1] == GIVES_STEADY)
		return prediction;
	if (gives[0] != GIVES_STEADY && gives[1] != GIVES_STEADY)
		return both_are_hard(question, &budget, ret_chance, why);
	hard = gives[0] != GIVES_STEADY ? PARTY_CALLER : PARTY_CALLEE;
	if (!stays(reach, hard == PARTY_CALLER ? PARTY_CALLEE : PARTY_CALLER, scratch))
		return unsure(why, "a port that is tried may be open");
	return one_is_hard(question, hard, &budget, ret_chance, why);
}

/*
 * Does @who hear from no port of the other's that it has not spoken to?  Where its only NAT asks whom
 * and which port was spoken to, never.  Where that asks for the address alone, and @who's own ports do
 * not change, the other speaks to one port of its, and so by one port.
 */
static bool hears_as_spoken(const struct predict_question *question, enum party who,
			    enum gives gives)
{
	const struct predict_nat *nats = side(question, who)->nats;
	const struct nat_model *nat = only_nat(question, who);

	if (!nat || side(question, who)->nats_len != 1 || nats[0].forwards_peer)
		return false;
	return nat->udp.filtering == NAT_APD ||
	       (nat->udp.filtering == NAT_AD && gives == GIVES_STEADY);
}

/* Do strays leave the row alone in which @who's only NAT gives ports?  One that takes a port to itself
 * moves it on, and so does one that is led to a DMZ host; what is spoken to beforehand are strays. */
static bool keeps_its_row(const struct predict_question *question, enum party who)
{
	const struct predict_side *own = side(question, who);
	const struct nat_model *nat = only_nat(question, who);

	for (size_t i = 0; i < own->nats_len; i++)
		if (own->nats[i].forwards_peer)
			return false;
	return nat && nat->udp.unsolicited != NAT_UNSOLICITED_POISON && question->rivals[who] <= 0;
}

/* Does @who, whose ports change, open many of them, whatever comes of it? */
static bool opens_many(const struct predict_question *question, enum party who)
{
	const struct method_budget budget = method_budget_of(&question->budget);
	const struct nat_model *nat = only_nat(question, who);

	return nat && nat->kind == NAT_KIND_NAPT &&
	       open_ports(nat, budget.holes) >= METHOD_MANY_PORTS;
}

unsigned predict_guess_shown(const struct predict_question *question, enum method method,
			     struct reach *reach, struct reach *scratch)
{
	enum gives gives[2];

	if (!look_at_both(question, reach, scratch, gives))
		return method_bit(method) | method_bit(METHOD_PUNCH);
	if (gives[0] == GIVES_STEADY && gives[1] == GIVES_STEADY && !question->shared.nats_len)
		return method_bit(METHOD_PUNCH);
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		enum party who = (enum party)p;

		/* … nor by the port that is known, which a filter by port alone keeps the other from. */
		if (method == METHOD_PREDICT && gives[p] == GIVES_IN_A_ROW &&
		    keeps_its_row(question, who) && filters_strictly(question, who) &&
		    hears_as_spoken(question, !who, gives[!p]))
			return method_bit(method);
		if (method == METHOD_BIRTHDAY && gives[p] != GIVES_STEADY &&
		    opens_many(question, who))
			return method_bit(method);
	}
	return method_bit(method) | method_bit(METHOD_PUNCH);
}
