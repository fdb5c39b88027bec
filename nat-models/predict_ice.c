/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of TURN, and of ICE, whose last resort it is. */
#include "predict_judge.h"

#include <stdio.h>

const struct nat_model *predict_tcp_blocker(const struct predict_side *side, uint16_t port)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct nat_transport *tcp = &side->nats[i].model->tcp;
		bool filters = nat_kind_keeps_state(side->nats[i].model->kind);

		if (tcp->blocked || (filters && !nat_transport_lets_out(tcp, port)))
			return side->nats[i].model;
	}
	return NULL;
}

/* @question, about the ways to the TURN server. */
static struct predict_question towards_server(const struct predict_question *question)
{
	struct predict_question ret = *question;

	if (question->turn_sides) {
		ret.caller = question->turn_sides[PARTY_CALLER];
		ret.callee = question->turn_sides[PARTY_CALLEE];
		ret.shared = (struct predict_side){ 0 };
		ret.turn_sides = NULL;
	}
	return ret;
}

/* Does the UDP of both get to a server and back? */
static bool reaches_server(const struct predict_question *question, bool lucky, struct outcome *ret)
{
	struct predict_question about = *question;

	about.rendezvous_udp = question->turn_port;
	about.local_port = 0;
	ret->known = reach_init(&ret->reach, &about, false, lucky);
	ret->connected = ret->known && ret->reach.peers[PARTY_CALLER].registered &&
			 ret->reach.peers[PARTY_CALLEE].registered;
	return ret->connected;
}

static enum prediction judge_turn_tcp(const struct predict_question *question, char why[WHY])
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };

	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++) {
		const struct nat_model *blocker =
			predict_tcp_blocker(sides[p], question->turn_port);
		char name[LABEL];

		if (!blocker)
			continue;
		snprintf(why, WHY, "%s lets no TCP through to the TURN server",
			 predict_label((enum party)p, blocker, name));
		return PREDICT_MUST_NOT;
	}
	snprintf(why, WHY, "both reach the TURN server over TCP");
	return PREDICT_MUST;
}

enum prediction predict_judge_turn(const struct predict_question *question, struct tally *tally,
				   char why[WHY])
{
	const struct predict_question about = towards_server(question);
	int good;

	if (question->turn == PREDICT_NO_TURN) {
		snprintf(why, WHY, "there is no TURN server");
		return PREDICT_MUST_NOT;
	}
	if (question->turn == PREDICT_TURN_TCP)
		return judge_turn_tcp(&about, why);
	good = reaches_server(&about, true, &tally->good) +
	       reaches_server(&about, false, &tally->bad);
	if (!tally->bad.known)
		snprintf(why, WHY, "more than %d NATs", REACH_NATS);
	else if (good == 2)
		snprintf(why, WHY, "both reach the TURN server over UDP");
	else
		predict_why_dropped(&tally->bad.reach,
				    tally->bad.reach.peers[PARTY_CALLER].registered ? PARTY_CALLEE
										    : PARTY_CALLER,
				    why);
	if (!tally->bad.known)
		return PREDICT_MAY;
	return good == 2 ? PREDICT_MUST : good ? PREDICT_MAY : PREDICT_MUST_NOT;
}

/* One's relayed address and the other's own socket are a pair, too: may @party reach the server, and
 * the other one send to whatever port it gives? */
static bool relays_alone(const struct predict_question *question, enum party party,
			 struct tally *tally)
{
	struct predict_question about = towards_server(question);
	const struct predict_side *own = party == PARTY_CALLER ? &about.caller : &about.callee;

	about.turn_port = 0;
	reaches_server(&about, true, &tally->good);
	if (!tally->good.known || !tally->good.reach.peers[!party].registered)
		return false;
	if (question->turn == PREDICT_TURN_TCP)
		return !predict_tcp_blocker(own, question->turn_port) &&
		       !predict_tcp_blocker(&about.shared, question->turn_port);
	about.turn_port = question->turn_port;
	reaches_server(&about, true, &tally->good);
	return tally->good.reach.peers[party].registered;
}

/* Does a NAT let a host's mapping toward one remote end or forbid those toward others, or does it lead strangers to the
 * one port that the first of them is for?  An agent speaks to many at once, from one port. */
static bool mixes_remotes(const struct predict_question *question)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };

	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++)
		for (size_t i = 0; i < sides[p]->nats_len; i++) {
			const struct nat_model *model = sides[p]->nats[i].model;
			bool one = model->udp.collision == NAT_COLLISION_STEAL ||
				   model->udp.collision == NAT_COLLISION_REFUSE;

			if (nat_kind_gives_ports(model->kind) && model->udp.mapping != NAT_EI &&
			    (one || sides[p]->nats[i].forwards_peer))
				return true;
		}
	return false;
}

/* Does a NAT of either's drop a SYN that crosses one? */
static bool drops_crossing(const struct predict_question *question)
{
	const struct predict_side *sides[] = { &question->caller, &question->callee,
					       &question->shared };

	for (int p = PARTY_CALLER; p <= PARTY_NONE; p++)
		for (size_t i = 0; i < sides[p]->nats_len; i++)
			if (nat_kind_keeps_state(sides[p]->nats[i].model->kind) &&
			    !sides[p]->nats[i].model->tcp.simultaneous_open)
				return true;
	return false;
}

/* What candidates over TCP add: one more chance where those over UDP must not or may connect, and maybe
 * a better path where these must. */
static enum prediction judge_ice_tcp(const struct predict_question *question,
				     enum prediction over_udp, struct tally *tally, unsigned *paths,
				     char why[WHY])
{
	char tcp_why[WHY];
	enum prediction tcp = predict_judge(question, METHOD_ICE, true, tally, tcp_why);

	if (tcp == PREDICT_MUST && tally->crossed && drops_crossing(question)) {
		snprintf(tcp_why, WHY, "a NAT on the way drops a SYN that crosses one");
		tcp = PREDICT_MAY;
	}
	/* The best is used. */
	*paths |= over_udp == PREDICT_MUST ? tally->paths & (*paths - 1) : tally->paths;
	if (over_udp == PREDICT_MUST || tcp == PREDICT_MUST_NOT || tcp == over_udp)
		return over_udp;
	snprintf(why, WHY, "over TCP: %.*s", WHY - 12, tcp_why);
	return tcp;
}

enum prediction predict_judge_ice(const struct predict_question *question, struct tally *tally,
				  unsigned *ret_paths, char why[WHY])
{
	enum prediction own = predict_judge(question, METHOD_ICE, false, tally, why), turn;
	unsigned paths = tally->paths;
	bool mixed = mixes_remotes(question);
	bool refused = own == PREDICT_MUST_NOT && tally->bad.known &&
		       reach_is_refused(&tally->bad.reach);
	char turn_why[WHY];

	if (question->ice_tcp)
		own = judge_ice_tcp(question, own, tally, &paths, why);
	*ret_paths = paths;
	if (own == PREDICT_MUST && !mixed)
		return own;
	turn = predict_judge_turn(question, tally, turn_why);
	if (turn == PREDICT_MUST_NOT && question->turn != PREDICT_NO_TURN &&
	    (relays_alone(question, PARTY_CALLER, tally) ||
	     relays_alone(question, PARTY_CALLEE, tally))) {
		turn = PREDICT_MAY;
		snprintf(turn_why, WHY, "one of the two reaches the TURN server");
	}
	if (mixed && (own != PREDICT_MUST_NOT || turn != PREDICT_MUST_NOT || refused)) {
		snprintf(why, WHY, "of an agent's many mappings the first may be another's");
		return PREDICT_MAY;
	}
	if (turn == PREDICT_MUST_NOT)
		return own;
	*ret_paths = paths | ice_path_bit(ICE_PATH_RELAYED);
	snprintf(why, WHY, "%s", turn_why);
	return turn;
}
