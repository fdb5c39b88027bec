/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Frames open and prove the way; the rendezvous' TCP connections, which
 * lose nothing, carry what was proven, so that a frame lost at the wrong moment cannot
 * leave the two with different opinions:
 *
 *   caller                    rendezvous                     callee
 *     | CALL ------------------> | INVITE -------------------> |
 *     | REGISTER (UDP) --------> | <---------- REGISTER (UDP)  |
 *     | <------------- INTRODUCE | INTRODUCE ----------------> |
 *     | <------------ HELO, ANSW as the method says ---------> |
 *     | <--------------------------------- FOUND (its proof)   |   reversal, punch
 *     | SETTLE (the proof to go by, or none) ----------------> |
 *     | <---------------------------------------------SETTLED  |
 *
 * The caller chooses the proof, as the controlling agent does in RFC 8445, 8.1: its own, or
 * the callee's where that came first.  SETTLED ends the attempt on both sides, also where it
 * failed, so that no hello of it is said once the next one has begun.
 *
 * ICE registers nowhere: SIGNALs go both ways instead, and HELO is said along the pair that the
 * two have agreed on.
 */
#include "attempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice_leg.h"
#include "method.h"
#include "peer.h"

/* How long the other's last word may take: TCP may have to send it again, with RFC 6298's
 * doubling from 1 s. */
#define LAST_WORD_NS (15 * SEC)

/* What a stranger may ask of a callee. */
#define ATTEMPT_NS_MAX (3600 * SEC)
#define PACE_NS_MAX (60 * SEC)

static const struct method_ops *const methods[] = {
	&direct_method,
	&reversal_method,
	&punch_method,
	&turn_method,
	&relay_method,
	&tcp_direct_method,
	&tcp_reversal_method,
	&tcp_punch_method,
	&ice_method,
	&predict_method,
	&birthday_method,
	&low_ttl_method,
	&tcp_punch_low_ttl_method,
	&tcp_stunt_2_method,
	&tcp_sequential_method,
};

const struct method_ops *method_find(enum method method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i]->method == method)
			return methods[i];
	return NULL;
}

/* Register until the rendezvous has answered, again after 2, 4 and then each 8 paces: a
 * datagram may be lost, or overtake the call that it belongs to. */
static void register_until_answered(struct leg *leg, uint64_t deadline)
{
	uint64_t gap = 2 * leg->spec.pace_ns;

	while (!leg->registered && !leg->introduced) {
		uint64_t next = leg_now(leg) + gap;

		while (!leg->registered && !leg->introduced && leg_now(leg) < next) {
			if (leg->closing || leg->refused || leg->settle)
				return;
			leg_wait(leg, next < deadline ? next : deadline);
			if (leg_now(leg) >= deadline)
				return;
		}
		if (!leg->registered && !leg->introduced)
			leg_register(leg);
		if (gap < 8 * leg->spec.pace_ns)
			gap *= 2;
	}
}

static void act(struct leg *leg, uint64_t deadline)
{
	if (leg->spec.method == METHOD_TURN && leg_allocate(leg, deadline))
		return;
	if (leg->spec.method != METHOD_RELAY && !leg->tcp && !leg->ice)
		register_until_answered(leg, deadline);
	method_find(leg->spec.method)->act[leg->spec.role](leg, deadline);
}

/* Tell the callee how it ended, and hear whether it agrees. */
static int settle(struct leg *leg)
{
	enum talk_role by = leg->proof.sequence ? TALK_CALLER : TALK_CALLEE;
	uint32_t sequence = leg->proof.sequence;
	uint64_t deadline = leg_now(leg) + LAST_WORD_NS;
	int err;

	if (!sequence && leg->found)
		sequence = leg->said.sequence;
	err = leg_tell(leg, RENDEZVOUS_SETTLE, sequence && leg_settle(leg, by, sequence), by,
		       sequence);
	while (!err && !leg->settled) {
		if (leg->closing)
			return -ECONNRESET;
		/* The callee has gone, and with it the path. */
		if (leg->refused)
			break;
		err = leg_wait(leg, deadline);
	}
	leg->connected = !err && leg->connected && leg->settled && leg->said.connected;
	return err;
}

static int call(struct leg *leg, const char *callee, uint64_t attempt_ns)
{
	uint64_t deadline = leg_now(leg) + attempt_ns;
	struct rendezvous_message msg = {
		.kind = RENDEZVOUS_CALL,
		.token = leg->spec.token,
		.attempt = leg->spec.attempt,
		.method = leg->spec.method,
		.family = leg->spec.family,
		.host_addresses = leg->spec.host_addresses,
		.local_port = leg->spec.local_port,
		.attempt_ns = attempt_ns,
		.pace_ns = leg->spec.pace_ns,
		.budget = leg->spec.budget,
	};
	int err;

	snprintf(msg.name, sizeof(msg.name), "%s", callee);
	err = channel_send(leg->peer->channel, &msg);
	if (!err)
		err = leg_start(leg);
	if (err)
		return err;
	act(leg, deadline);
	if (leg->closing || leg->peer->left)
		return -ECONNRESET;
	if (leg->refused && leg->said.kind != RENDEZVOUS_HANGUP)
		return leg->said.refusal == RENDEZVOUS_NOBODY ? -ENOENT : -EBUSY;
	return leg->refused ? 0 : settle(leg);
}

int attempt_call(struct peer *caller, const char *callee, const struct leg_spec *spec,
		 uint64_t attempt_ns, struct attempt *ret_attempt, struct leg **ret_leg)
{
	uint64_t began = host_now(caller->host);
	struct leg *leg;
	int err;

	if (caller->left)
		return -ECONNRESET;
	crew_enter(&caller->crew);
	err = leg_new(caller, spec, &leg);
	if (err)
		goto out;
	err = call(leg, callee, attempt_ns);
	if (!err)
		*ret_attempt = (struct attempt){
			.method = spec->method,
			.family = spec->family,
			.connected = leg->connected,
			.began = began,
			.took = host_now(caller->host) - began,
			.caller_mapped = leg->mapped,
			.callee_mapped = leg->theirs,
			.proof = leg->connected ? leg->path_sequence : 0,
			.lead = leg->lead,
		};
	if (!err && leg->ice)
		ice_leg_selected(leg->ice, &ret_attempt->here, &ret_attempt->there);
	if (!err && leg->connected)
		*ret_leg = leg;
	else
		leg_free(leg);
out:
	crew_leave(&caller->crew);
	return err;
}

void attempt_hang_up(struct peer *caller, uint64_t token, uint8_t attempt)
{
	struct rendezvous_message msg = {
		.kind = RENDEZVOUS_HANGUP,
		.token = token,
		.attempt = attempt,
	};

	channel_send(caller->channel, &msg);
}

/* The callee's half */

struct answerer {
	struct leg *leg;
	uint64_t deadline;
};

static void wait_for_settle(struct leg *leg, uint64_t deadline)
{
	while (!leg->settle && !leg->refused && !leg->closing)
		if (leg_wait(leg, deadline))
			return;
}

static void answer(void *arg)
{
	struct answerer *a = arg;
	struct leg *leg = a->leg;
	struct peer *peer = leg->peer;
	bool connected = false;

	act(leg, a->deadline);
	if (leg->proof.sequence && !leg->settle)
		leg_tell(leg, RENDEZVOUS_FOUND, true, TALK_CALLEE, leg->proof.sequence);
	wait_for_settle(leg, a->deadline + LAST_WORD_NS);
	if (leg->settle && !leg->closing) {
		connected = leg->said.connected &&
			    leg_settle(leg, leg->said.by, leg->said.sequence);
		leg_tell(leg, RENDEZVOUS_SETTLED, connected, leg->said.by, leg->said.sequence);
	}
	if (!connected)
		leg_free(leg);
	free(a);
	crew_leave(&peer->crew);
}

/* The callee could not even begin: the caller need not wait for the attempt's end. */
static void decline(struct peer *peer, const struct rendezvous_message *invite)
{
	struct rendezvous_message msg = *invite;

	msg.kind = RENDEZVOUS_HANGUP;
	channel_send(peer->channel, &msg);
}

void attempt_answer(struct peer *callee, const struct rendezvous_message *invite)
{
	struct leg_spec spec = {
		.token = invite->token,
		.attempt = invite->attempt,
		.method = invite->method,
		.family = invite->family,
		.role = TALK_CALLEE,
		.host_addresses = invite->host_addresses,
		.local_port = invite->local_port,
		.pace_ns = invite->pace_ns,
		.attempt_ns = invite->attempt_ns,
		.budget = invite->budget,
	};
	struct answerer *a = calloc(1, sizeof(*a));

	if (!a ||
	    (!method_takes_any_family(invite->method) && !peer_speaks(callee, invite->family)) ||
	    !invite->pace_ns || invite->pace_ns > PACE_NS_MAX ||
	    !method_budget_ok(&invite->budget) || invite->attempt_ns > ATTEMPT_NS_MAX ||
	    leg_new(callee, &spec, &a->leg))
		goto decline;
	a->deadline = leg_now(a->leg) + invite->attempt_ns;
	if (!leg_start(a->leg) &&
	    !crew_spawn(&callee->crew, host_loop(callee->host), "callee", answer, a))
		return;
	leg_free(a->leg);
decline:
	free(a);
	decline(callee, invite);
}
