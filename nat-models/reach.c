/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a packet, through one NAT after another: reach_nat.c has what each does. */
#include "reach_private.h"

#include <string.h>

enum party reach_side_of(const struct reach *reach, int addr)
{
	for (int p = PARTY_CALLER; p <= PARTY_CALLEE; p++) {
		const struct reach_peer *peer = &reach->peers[p];
		const struct reach_nat *outermost = NULL;

		for (size_t i = peer->own_len; i-- > 0 && !outermost;) {
			if (reach_translates(reach->nats[peer->own[i]].model))
				outermost = &reach->nats[peer->own[i]];
		}
		if (outermost ? reach_owns(outermost, addr) : addr == peer->host.addr)
			return (enum party)p;
	}
	return PARTY_NONE;
}

int reach_inside_addr(const struct reach *reach, const struct reach_nat *nat, enum party who)
{
	const struct reach_peer *peer = &reach->peers[who];
	int addr = peer->host.addr;

	for (size_t i = 0; i < peer->own_len + reach->shared_len; i++) {
		const struct reach_nat *before =
			&reach->nats[i < peer->own_len ? peer->own[i]
						       : reach->shared[i - peer->own_len]];

		if (before == nat)
			break;
		if (reach_translates(before->model))
			addr = before->addr;
	}
	return addr;
}

static bool lost(struct reach_peer *peer, const struct reach_nat *nat, enum reach_drop drop)
{
	peer->fate.drop = drop;
	peer->fate.nat = nat;
	return drop == REACH_ARRIVED;
}

/* A shared NAT that is sent to itself: RFC 4787, 6. */
static bool turn_back(struct reach *reach, struct reach_nat *nat, struct reach_flight *flight)
{
	struct reach_peer *peer = &reach->peers[flight->from];
	enum reach_drop drop;

	if (nat->model->hairpin == NAT_HAIRPIN_NONE || !reach_rules(nat)->hairpin ||
	    !reach_translates(nat->model))
		return lost(peer, nat, REACH_NO_HAIRPIN);
	flight->known_as = flight->src;
	drop = reach_go_out(reach, nat, &flight->known_as, flight->dst);
	if (nat->model->hairpin == NAT_HAIRPIN_EXTERNAL)
		flight->src = flight->known_as;
	peer->fate.hairpinned = true;
	return lost(peer, nat, drop);
}

static bool pass_shared(struct reach *reach, struct reach_flight *flight)
{
	struct reach_peer *peer = &reach->peers[flight->from];

	for (size_t i = 0; i < reach->shared_len; i++) {
		struct reach_nat *nat = &reach->nats[reach->shared[i]];
		enum reach_drop drop;

		if (reach_translates(nat->model) && reach_owns(nat, flight->dst.addr)) {
			flight->turn = i + 1;
			return turn_back(reach, nat, flight);
		}
		drop = reach_go_out(reach, nat, &flight->src, flight->dst);
		if (!lost(peer, nat, drop))
			return false;
	}
	flight->known_as = flight->src;
	return lost(peer, NULL,
		    flight->dst.addr == reach->rendezvous.addr ? REACH_ARRIVED : REACH_NO_ROUTE);
}

bool reach_leave(struct reach *reach, struct reach_flight *flight)
{
	struct reach_peer *peer = &reach->peers[flight->from];

	peer->fate = (struct reach_fate){ .drop = REACH_ARRIVED };
	for (size_t i = 0; i < peer->own_len; i++) {
		struct reach_nat *nat = &reach->nats[peer->own[i]];

		if (!lost(peer, nat, reach_go_out(reach, nat, &flight->src, flight->dst)))
			return false;
	}
	flight->known_as = flight->src;
	return true;
}

bool reach_send(struct reach *reach, enum party from, struct spot to, struct reach_flight *ret)
{
	struct reach_peer *peer = &reach->peers[from];
	struct reach_flight flight = { .from = from, .src = peer->host, .dst = to };

	if (!reach_leave(reach, &flight))
		return false;
	if (reach_side_of(reach, to.addr) == PARTY_NONE && !pass_shared(reach, &flight))
		return false;
	peer->fate.remapped = peer->registered && !reach_same(flight.known_as, peer->mapped) &&
			      !(flight.turn == 0 && reach->shared_len);
	*ret = flight;
	return true;
}

static void hear(struct reach_peer *peer, struct spot from)
{
	for (size_t i = 0; i < peer->heard_len; i++) {
		if (reach_same(peer->heard[i], from))
			return;
	}
	if (peer->heard_len < REACH_HEARD)
		peer->heard[peer->heard_len++] = from;
}

/*
 * Back in through the shared NATs from where it turned.  Where a hairpin shows the sender's
 * inside endpoint, RFC 4787 does not say what its filter looks at: the sender's outside
 * endpoint, or nothing at all.
 */
static bool return_shared(struct reach *reach, const struct reach_flight *flight, struct spot *dst)
{
	struct reach_peer *peer = &reach->peers[flight->from];

	for (size_t i = flight->turn; i-- > 0;) {
		struct reach_nat *nat = &reach->nats[reach->shared[i]];
		bool hidden = i + 1 == flight->turn && !reach_same(flight->known_as, flight->src);
		struct spot src = hidden ? flight->known_as : flight->src;
		struct spot before = *dst;
		enum reach_drop drop = reach_go_in(reach, nat, src, dst, true);

		if (drop == REACH_FILTERED && hidden && reach_luck(reach)) {
			*dst = before;
			drop = reach_go_in(reach, nat, src, dst, false);
		}
		if (!lost(peer, nat, drop))
			return false;
	}
	return true;
}

bool reach_arrive(struct reach *reach, const struct reach_flight *flight)
{
	struct reach_peer *sender = &reach->peers[flight->from];
	struct reach_peer *receiver;
	struct spot dst = flight->dst;
	enum party to;

	if (!return_shared(reach, flight, &dst))
		return false;
	to = reach_side_of(reach, dst.addr);
	if (to == PARTY_NONE || to == flight->from)
		return lost(sender, NULL, REACH_NO_ROUTE);
	receiver = &reach->peers[to];
	for (size_t i = receiver->own_len; i-- > 0;) {
		struct reach_nat *nat = &reach->nats[receiver->own[i]];

		if (!lost(sender, nat, reach_go_in(reach, nat, flight->src, &dst, true)))
			return false;
	}
	if (!reach_same(dst, receiver->host))
		return lost(sender, NULL, REACH_NO_ROUTE);
	hear(receiver, flight->src);
	return lost(sender, NULL, REACH_ARRIVED);
}

bool reach_is_refused(const struct reach *reach)
{
	return reach->peers[PARTY_CALLER].fate.drop == REACH_NO_PORT ||
	       reach->peers[PARTY_CALLEE].fate.drop == REACH_NO_PORT;
}

static void note_forwards(struct reach_nat *nat, const struct predict_nat *from, enum party owner)
{
	bool own = nat->tcp ? from->forwards_tcp : from->forwards_peer;

	nat->forwards[PARTY_CALLER] = owner != PARTY_CALLEE && own;
	nat->forwards[PARTY_CALLEE] =
		owner == PARTY_CALLEE ? own
				      : owner == PARTY_NONE && (nat->tcp ? from->forwards_callee_tcp
									 : from->forwards_callee);
}

/* Do packets come to NAT @i of @owner's, counted from inside, through a net that leaves their sources as
 * they are?  The shared ones come after those of either. */
static bool is_routed_to(const struct reach *reach, enum party owner, size_t i)
{
	const size_t *chain = owner == PARTY_NONE ? reach->shared : reach->peers[owner].own;

	if (i > 0)
		return !reach_translates(reach->nats[chain[i - 1]].model);
	for (int p = PARTY_CALLER; owner == PARTY_NONE && p <= PARTY_CALLEE; p++) {
		const struct reach_peer *peer = &reach->peers[p];

		if (peer->own_len &&
		    !reach_translates(reach->nats[peer->own[peer->own_len - 1]].model))
			return true;
	}
	return false;
}

static bool add_chain(struct reach *reach, const struct predict_side *side, enum party owner,
		      size_t *ret, size_t *ret_len)
{
	for (size_t i = 0; i < side->nats_len; i++) {
		const struct predict_nat *from = &side->nats[i];
		struct reach_nat *nat = &reach->nats[reach->nats_len];

		if (reach->nats_len == REACH_NATS)
			return false;
		nat->model = from->model;
		nat->tcp = reach->tcp;
		note_forwards(nat, from, owner);
		nat->poisons = reach_rules(nat)->unsolicited == NAT_UNSOLICITED_POISON &&
			       !from->input_drops;
		nat->owner = owner;
		nat->foreign = is_routed_to(reach, owner, i);
		nat->addr = reach_new_symbol(reach);
		nat->ahead = reach_new_port(reach, nat);
		ret[i] = reach->nats_len++;
		*ret_len = i + 1;
	}
	return true;
}

static void register_peer(struct reach *reach, enum party who)
{
	struct reach_peer *peer = &reach->peers[who];
	struct reach_flight flight;

	peer->registered = false;
	if (!reach_send(reach, who, reach->rendezvous, &flight))
		return;
	peer->mapped = flight.src;
	peer->expected = flight.src;
	peer->registered = true;
}

bool reach_foresee(const struct reach *reach, enum party who, struct reach *scratch,
		   struct spot *ret)
{
	const struct reach_peer *peer = &reach->peers[who];
	struct spot observer = { reach->rendezvous.addr, 0 };
	struct reach_flight flight;

	*scratch = *reach;
	scratch->drawn = false;
	observer.port = reach_new_port(scratch, NULL);
	*ret = peer->mapped;
	/* Who is not heard there has but one sample, and takes that for all. */
	if (!peer->registered || !reach_send(scratch, who, observer, &flight))
		return true;
	if (!scratch->drawn)
		*ret = flight.src;
	return !scratch->drawn;
}

bool reach_init(struct reach *reach, const struct predict_question *question, bool tcp, bool lucky)
{
	struct reach_peer *caller = &reach->peers[PARTY_CALLER];
	struct reach_peer *callee = &reach->peers[PARTY_CALLEE];

	memset(reach, 0, sizeof(*reach));
	reach->tcp = tcp;
	reach->lucky = lucky;
	reach->rendezvous_port = question->rendezvous_udp;
	reach->local_port = question->local_port;
	reach->rendezvous = (struct spot){ reach_new_symbol(reach), reach_new_port(reach, NULL) };
	caller->host = (struct spot){ reach_new_symbol(reach), reach_new_port(reach, NULL) };
	callee->host = (struct spot){ reach_new_symbol(reach),
				      question->local_port ? caller->host.port
							   : reach_new_port(reach, NULL) };
	if (!add_chain(reach, &question->caller, PARTY_CALLER, caller->own, &caller->own_len) ||
	    !add_chain(reach, &question->callee, PARTY_CALLEE, callee->own, &callee->own_len) ||
	    !add_chain(reach, &question->shared, PARTY_NONE, reach->shared, &reach->shared_len))
		return false;
	register_peer(reach, PARTY_CALLER);
	register_peer(reach, PARTY_CALLEE);
	return true;
}
