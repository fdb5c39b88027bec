/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "predict_doubt.h"

#include <stdio.h>

#include "duration.h"
#include "predict_play.h"
#include "predict_why.h"

static void lower(enum method method, enum prediction to, const char *text,
		  const struct nat_model *model, enum party owner, struct predict_answer *ret)
{
	char name[LABEL];

	ret->udp[method] = to;
	snprintf(ret->why[method], WHY, "%s %s", predict_label(owner, model, name), text);
}

/* Has it anything to forget?  A router has not, nor who swaps addresses for all alike. */
static bool keeps_state(const struct nat_model *model, const struct nat_transport *rules)
{
	return nat_kind_keeps_state(model->kind) &&
	       !(model->kind == NAT_KIND_ONE_TO_ONE && rules->filtering == NAT_EI);
}

/* … and what comes of a connection?  Where addresses and ports stay, a DMZ host needs nobody to. */
static bool follows_tcp(const struct predict_nat *nat)
{
	const struct nat_model *model = nat->model;

	return keeps_state(model, &model->tcp) && model->tcp.tracking != NAT_TRACKING_NONE &&
	       (nat_kind_gives_ports(model->kind) || !nat->forwards_tcp);
}

/* RFC 5382, REQ-2: where a NAT lets no SYN in that crosses one, it is the other side's that must, and
 * who comes first may decide. */
static void doubt_crossing(const struct predict_side *side, enum party owner, enum method method,
			   struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (follows_tcp(&side->nats[i]) && !model->tcp.simultaneous_open &&
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

/* Is a SYN that comes to the caller's side for sure not answered there?  Whoever refuses it ends the
 * connection that it began, and the next has numbers of its own. */
static bool swallows_syns(const struct predict_side *side)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_transport *tcp = &side->nats[i].model->tcp;

		if (keeps_state(side->nats[i].model, tcp) && tcp->filtering != NAT_EI &&
		    !side->nats[i].forwards_tcp &&
		    (tcp->unsolicited == NAT_UNSOLICITED_DROP ||
		     tcp->unsolicited == NAT_UNSOLICITED_POISON))
			return true;
	}
	return false;
}

static void doubt_answer(const struct predict_nat *nat, enum party owner, bool sure,
			 enum method method, struct predict_answer *ret)
{
	if (follows_tcp(nat) && !nat->model->tcp.out_of_window && ret->udp[method] == PREDICT_MUST)
		lower(method, sure ? PREDICT_MUST_NOT : PREDICT_MAY,
		      "takes the number of the callee's answer for out of its window", nat->model,
		      owner, ret);
}

/* Does the SYN that opens the callee's way come as far as the caller's outermost NAT?  One that is to die
 * may, where no router stands between. */
static bool reaches_caller(const struct predict_question *question, enum method method)
{
	return method == METHOD_TCP_SEQUENTIAL ||
	       (method == METHOD_TCP_STUNT_2 && question->shared.nats_len);
}

/* Who answers by other numbers than it opened its way by is not let out by a NAT that looks at
 * windows: something, the SYN that it answers, has come in by then.  Nor is it let in by one of the
 * caller's that the first SYN has passed. */
static void doubt_answers(const struct predict_question *question, enum method method,
			  struct predict_answer *ret)
{
	const struct predict_side *callee = &question->callee, *caller = &question->caller;
	uint64_t numbers = numbers_between(question);
	bool dies = method == METHOD_TCP_STUNT_2 && !question->shared.nats_len;
	bool sure = !question->tries_host_addresses && (dies || swallows_syns(caller));

	if (numbers <= BEYOND_WINDOWS || numbers >= HALF_WAY_ROUND)
		return;
	for (size_t i = 0; i < callee->nats_len; i++)
		doubt_answer(&callee->nats[i], PARTY_CALLEE, sure, method, ret);
	sure = sure && method == METHOD_TCP_SEQUENTIAL;
	for (size_t i = caller->nats_len; i-- > 0 && reaches_caller(question, method);) {
		const struct predict_nat *nat = &caller->nats[i];

		if (keeps_state(nat->model, &nat->model->tcp) &&
		    nat->model->tcp.filtering != NAT_EI && !nat->forwards_tcp)
			break;
		doubt_answer(nat, PARTY_CALLER, sure, method, ret);
	}
}

/* Who gives a socket up goes on with other numbers, which a NAT that looks at windows may take for old
 * ones, once something has come in (RFC 9293, 3.4). */
static void doubt_numbers(const struct predict_side *side, enum party owner, enum method method,
			  struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (follows_tcp(&side->nats[i]) && !model->tcp.out_of_window &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method, PREDICT_MAY, "may take a number for out of its window", model,
			      owner, ret);
	}
}

/* A SYN from outside after one from inside is what crossing SYNs look like to a NAT, too.  After a RST
 * the connection is a new one to some. */
static void doubt_listening(const struct predict_question *question,
			    const struct predict_side *side, enum party owner, enum method method,
			    struct predict_answer *ret)
{
	/* One that both are behind may be further than that SYN went; and another way may be free of it, or
	 * what ends that SYN its state. */
	bool sure = method == METHOD_TCP_STUNT_2 && owner != PARTY_NONE &&
		    !question->tries_host_addresses;

	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (follows_tcp(&side->nats[i]) && !model->tcp.simultaneous_open &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method,
			      sure && model->icmp.on_error != NAT_ERROR_END ? PREDICT_MUST_NOT
									    : PREDICT_MAY,
			      "drops a SYN that comes after one to where it is from", model, owner,
			      ret);
	}
}

/* A port that was given back may have to rest (RFC 6888, REQ-8), and whoever needs it again gets another. */
static void doubt_resting(const struct predict_side *side, enum party owner, enum method method,
			  struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		bool ends = model->icmp.on_error == NAT_ERROR_END ||
			    model->tcp.rst == NAT_RST_END ||
			    model->tcp.rst == NAT_RST_END_UNANSWERED;

		if (nat_kind_gives_ports(model->kind) && model->tcp.reuse_ns && ends &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method, PREDICT_MAY, "lets a port rest that was given back", model,
			      owner, ret);
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

/* A SYN of the callee's that gets as far as the caller, and is not seen to be refused, still stands where
 * the caller's then crosses it. */
static void doubt_standing(const struct predict_side *side, enum party owner, enum method method,
			   struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_transport *tcp = &side->nats[i].model->tcp;
		bool refused = method == METHOD_TCP_SEQUENTIAL && !swallows_syns(side) &&
			       tcp->rst != NAT_RST_DROP && tcp->rst != NAT_RST_IGNORE;

		if (follows_tcp(&side->nats[i]) && !tcp->simultaneous_open && !refused &&
		    ret->udp[method] == PREDICT_MUST)
			lower(method, PREDICT_MAY, "drops a SYN that crosses one",
			      side->nats[i].model, owner, ret);
	}
}

/* Does a RST end a mapping, at once or before a SYN is sent again? */
static bool ends_by_rst(const struct nat_transport *tcp)
{
	enum { SYN_AGAIN_NS = NS_PER_S };

	return tcp->rst == NAT_RST_END || tcp->rst == NAT_RST_END_UNANSWERED ||
	       (tcp->rst == NAT_RST_KEEP && tcp->reset_ns && tcp->reset_ns <= SYN_AGAIN_NS);
}

/* Where a RST ends the mapping for the other side, a DMZ host is spoken to as by any stranger, and answers
 * from the port that everybody knows. */
static void doubt_refused(const struct predict_side *side, enum party owner, enum method method,
			  struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_transport *tcp = &side->nats[i].model->tcp;

		if (side->nats[i].forwards_tcp && tcp->mapping != NAT_EI && ends_by_rst(tcp) &&
		    ret->udp[method] == PREDICT_MUST_NOT)
			lower(method, PREDICT_MAY, "may forget a SYN that is refused",
			      side->nats[i].model, owner, ret);
	}
}

/* What a method over TCP asks of NATs beside mappings and filters.  Of each party's, or only the
 * callee's where only that sends a SYN before. */
static void doubt_syns(const struct predict_question *question, enum method method,
		       const struct doubt_play *play, struct predict_answer *ret)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };
	bool listens = method_listens_after(method);

	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++)
		if (listens || method_punches_tcp(method))
			doubt_refused(sides[p], (enum party)p, method, ret);
	/* To where the caller's SYN comes from the callee has sent none then. */
	if (listens && play->remapped)
		return;
	if (listens)
		doubt_answers(question, method, ret);
	if (reaches_caller(question, method))
		doubt_standing(sides[PARTY_CALLER], PARTY_CALLER, method, ret);
	for (int p = listens ? PARTY_CALLEE : PARTY_CALLER; p <= PARTY_NONE; p++) {
		enum party owner = (enum party)p;

		if (owner == PARTY_NONE && play->direct)
			continue;
		if (listens)
			doubt_listening(question, sides[p], owner, method, ret);
		else if (method_punches_tcp(method))
			doubt_crossing(sides[p], owner, method, ret);
		if (listens || method_punches_tcp(method))
			doubt_resting(sides[p], owner, method, ret);
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

/* May it forget between two packets of a call? */
static bool is_brief(const struct nat_transport *rules)
{
	return rules->timeout_ns <= SHORT_NS ||
	       (rules->timeout_two_way_ns && rules->timeout_two_way_ns <= SHORT_NS) ||
	       (rules->permission_ns && rules->permission_ns <= SHORT_NS);
}

/* How many mappings of one host's has it ports for? */
static uint32_t ports_for_host(const struct nat_transport *rules)
{
	const uint32_t range = (uint32_t)rules->port_max - rules->port_min + 1;

	if (rules->ports == NAT_PORTS_BLOCK && rules->block_size * rules->blocks_max < range)
		return (uint32_t)rules->block_size * rules->blocks_max;
	return rules->ports == NAT_PORTS_DETERMINISTIC ? rules->block_size : range;
}

/* Who opens many holes and tries many ports needs a mapping for each of them. */
static bool may_run_out(const struct predict_question *question, enum method method,
			const struct nat_model *model, const struct nat_transport *rules)
{
	const struct method_budget budget = method_budget_of(&question->budget);
	uint32_t need = FEW_MAPPINGS;

	if (method == METHOD_BIRTHDAY)
		need += (uint32_t)budget.holes + budget.probes;
	else if (method == METHOD_PREDICT)
		need += 2U * budget.candidates;
	if (model->rate_host && model->rate_host < need)
		return true;
	return nat_kind_gives_ports(model->kind) && ports_for_host(rules) < need;
}

/* RFC 7422: each host has so many ports; the hosts, counted off by their addresses, may be more. */
static bool has_few_shares(const struct nat_model *model, const struct nat_transport *rules)
{
	const uint32_t range = (uint32_t)rules->port_max - rules->port_min + 1;

	return rules->ports == NAT_PORTS_DETERMINISTIC &&
	       range / rules->block_size * model->pool_size < FEW_MAPPINGS;
}

static bool may_refuse(const struct nat_model *model, const struct nat_transport *rules)
{
	bool few = model->max_mappings && model->max_mappings < FEW_MAPPINGS;
	bool few_host = model->max_mappings_host && model->max_mappings_host < FEW_MAPPINGS;
	bool slow = model->rate_host && model->rate_host < FEW_MAPPINGS;

	return few || few_host || slow ||
	       (nat_kind_gives_ports(model->kind) && has_few_shares(model, rules));
}

/* Mappings of TCP's live long enough for any call. */
static bool over_tcp(const struct predict_question *question, enum method method)
{
	return method == METHOD_RELAY || method_connects(method) ||
	       (method == METHOD_TURN && question->turn == PREDICT_TURN_TCP);
}

/* How many addresses may @side's hosts come from, as those outside of its first @len NATs see them? */
static unsigned addresses_of(const struct predict_side *side, size_t len)
{
	for (size_t i = len; i-- > 0;)
		if (nat_kind_gives_ports(side->nats[i].model->kind))
			return side->nats[i].model->pooling == NAT_POOLING_ARBITRARY
				       ? side->nats[i].model->pool_size
				       : 1;
	return 1;
}

/* Each inside address needs one of its own, for good; one that is given back there is not. */
static bool lacks_addresses(const struct predict_question *question,
			    const struct predict_side *side, size_t i)
{
	const struct nat_model *model = side->nats[i].model;
	unsigned need = addresses_of(side, i);

	if (side == &question->shared && i == 0)
		need = addresses_of(&question->caller, question->caller.nats_len) +
		       addresses_of(&question->callee, question->callee.nats_len);
	return model->kind == NAT_KIND_ONE_TO_ONE && need > model->pool_size;
}

static void doubt_addresses(const struct predict_question *question,
			    const struct predict_side *side, enum party owner, enum method method,
			    struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++)
		if (ret->udp[method] == PREDICT_MUST && lacks_addresses(question, side, i))
			lower(method, PREDICT_MAY, "may have no address left for another inside",
			      side->nats[i].model, owner, ret);
}

static void doubt_table(const struct predict_question *question, const struct predict_side *side,
			enum party owner, enum method method, struct predict_answer *ret)
{
	bool tcp = over_tcp(question, method);

	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		const struct nat_transport *rules = tcp ? &model->tcp : &model->udp;
		bool brief = is_brief(rules);
		/* Where the odds are known, they are of as many ports as there are. */
		bool little =
			may_refuse(model, rules) ||
			(ret->chance[method] < 0 && may_run_out(question, method, model, rules));
		char name[LABEL];

		/* What is forgotten leaves a port that was not to be had. */
		bool freed = brief && rules->collision == NAT_COLLISION_REFUSE;

		if (ret->udp[method] == PREDICT_MAY || !keeps_state(model, rules) ||
		    !(brief || little) || (ret->udp[method] == PREDICT_MUST_NOT && !freed))
			continue;
		ret->udp[method] = PREDICT_MAY;
		snprintf(ret->why[method], WHY,
			 brief ? "%s may have forgotten its mapping by then"
			       : "%s may have no room for another mapping",
			 predict_label(owner, model, name));
	}
}

/* Where a new mapping takes the port of an older one, also of the same host's, what is sent to the other's
 * own address and to its outside one is for two remotes by turns; so is what is sent to ports that are
 * guessed. */
static void doubt_stealing(const struct predict_question *question, const struct predict_side *side,
			   enum party owner, enum method method, struct predict_answer *ret)
{
	bool guesses = method == METHOD_PREDICT || method == METHOD_BIRTHDAY;
	bool takes_turns = guesses ||
			   (question->tries_host_addresses && !method_takes_any_family(method));

	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		const struct nat_transport *rules = over_tcp(question, method) ? &model->tcp
									       : &model->udp;

		if (takes_turns && nat_kind_gives_ports(model->kind) && rules->mapping != NAT_EI &&
		    rules->collision == NAT_COLLISION_STEAL && ret->udp[method] == PREDICT_MUST)
			lower(method, PREDICT_MAY, "takes ports from mappings for others", model,
			      owner, ret);
	}
}

static bool rewrites(const struct predict_side *side)
{
	for (size_t i = 0; i < side->nats_len; i++)
		if (side->nats[i].model->algs & 1U << NAT_ALG_ADDRESS_REWRITER)
			return true;
	return false;
}

/* RFC 8489, 15.2: a NAT that changes whatever looks like an address also changes one that a peer is told
 * of: its own host's on the way out, and on the way in that of somebody behind the same NAT.  ICE and
 * TURN write them so that nobody sees any. */
static void doubt_rewriters(const struct predict_question *question, enum method method,
			    struct predict_answer *ret)
{
	bool shared = rewrites(&question->shared);
	bool own = rewrites(&question->caller) || rewrites(&question->callee);

	if (method_takes_any_family(method) || !(shared || (own && question->tries_host_addresses)))
		return;
	ret->udp[method] = PREDICT_MAY;
	snprintf(ret->why[method], WHY, "an address that a peer is told of may be rewritten");
}

/* Whoever drops the opening packet may say so (RFC 792: time exceeded), and a NAT may end a mapping
 * for it. */
static void doubt_errors(const struct predict_side *side, enum party owner,
			 struct predict_answer *ret)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;
		char name[LABEL];

		/* Where none is left, the hellos are those of a punch. */
		if (!nat_kind_gives_ports(model->kind) || model->icmp.on_error != NAT_ERROR_END ||
		    ret->udp[METHOD_LOW_TTL] == PREDICT_MAY ||
		    (ret->udp[METHOD_LOW_TTL] == PREDICT_MUST_NOT &&
		     ret->udp[METHOD_PUNCH] == PREDICT_MUST_NOT))
			continue;
		ret->udp[METHOD_LOW_TTL] = PREDICT_MAY;
		snprintf(ret->why[METHOD_LOW_TTL], WHY, "%s ends mappings that an error is about",
			 predict_label(owner, model, name));
	}
}

static bool ends_by_errors(const struct predict_side *side)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_model *model = side->nats[i].model;

		if (keeps_state(model, &model->udp) && model->icmp.on_error == NAT_ERROR_END)
			return true;
	}
	return false;
}

/* A DMZ host does itself, where they come to a port of its that nobody has. */
static bool answers_strays(const struct predict_side *side)
{
	for (size_t i = 0; i < side->nats_len; i++)
		if (side->nats[i].model->udp.unsolicited == NAT_UNSOLICITED_ICMP ||
		    (side->nats[i].forwards_peer && !side->nats[i].fixed_peer) ||
		    side->nats[i].forwards_callee)
			return true;
	return false;
}

/* A hello that comes before the other side has opened its own NAT may be answered by an error, and with it
 * a mapping may end. */
static void doubt_refusals(const struct predict_question *question, enum method method,
			   struct predict_answer *ret)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee };
	bool shared_ends = ends_by_errors(&question->shared);
	bool shared_answers = answers_strays(&question->shared);

	if (!predict_punches(method) || method_connects(method) || ret->udp[method] != PREDICT_MUST)
		return;
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		if (!(ends_by_errors(sides[p]) || shared_ends) ||
		    !(answers_strays(sides[!p]) || shared_answers))
			continue;
		ret->udp[method] = PREDICT_MAY;
		snprintf(ret->why[method], WHY,
			 "an early hello may be refused, and the mapping that it left by end");
	}
}

void predict_doubt(const struct predict_question *question, enum method method,
		   const struct doubt_play *play, struct predict_answer *ret)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };

	doubt_syns(question, method, play, ret);
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE && method == METHOD_LOW_TTL; p++)
		doubt_errors(sides[p], (enum party)p, ret);
	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++) {
		doubt_table(question, sides[p], (enum party)p, method, ret);
		doubt_addresses(question, sides[p], (enum party)p, method, ret);
	}
	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++)
		doubt_stealing(question, sides[p], (enum party)p, method, ret);
	doubt_refusals(question, method, ret);
	doubt_rewriters(question, method, ret);
}
