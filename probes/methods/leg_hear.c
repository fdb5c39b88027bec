/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a leg hears from the other side, and what the rendezvous tells it. */
#include "leg_private.h"

#include "ice_leg.h"
#include "method.h"

static void hear_hello(struct leg *leg, const struct talk *frame, struct endpoint from,
		       struct sock *via)
{
	leg->heard[leg->heard_count++ % LEG_HELLOS] = (struct leg_hello){
		.sequence = frame->sequence,
		.where = from,
		.via = via,
		.at = leg_now(leg),
	};
	leg_send_frame(leg, &from, via, TALK_ANSWER, frame->sequence, 0);
	/* Where both speak, an endpoint that was heard from is one more to speak to: it may be
	 * the only one by which the other side's NAT lets anything in (RFC 8445, 7.3.1.3). */
	if (method_punches(leg->spec.method) && !leg->tcp)
		leg_add_target(leg, from, via);
}

static void hear_answer(struct leg *leg, const struct talk *frame, struct endpoint from)
{
	const struct leg_hello *hello = &leg->told[frame->sequence % leg->told_len];
	struct leg_proof *proof = &leg->proof;
	bool symmetric;

	if (!frame->sequence || hello->sequence != frame->sequence)
		return;
	symmetric = endpoint_equal(hello->where, from);
	if (proof->sequence && (proof->symmetric || !symmetric))
		return;
	*proof = (struct leg_proof){
		.sequence = frame->sequence,
		.path = hello->where,
		.symmetric = symmetric,
		/* Two round trips: one for a hello to where the answer came from, one to spare. */
		.settle_at = leg_now(leg) + 2 * (leg_now(leg) - hello->at) + leg->spec.pace_ns,
	};
	if (!symmetric)
		leg_add_target(leg, from, hello->via);
}

bool leg_proven(const struct leg *leg)
{
	const struct leg_proof *proof = &leg->proof;

	return proof->sequence && (proof->symmetric || leg_now(leg) >= proof->settle_at);
}

static void hear_voice(struct leg *leg, const struct talk *frame)
{
	struct leg_voice *voice = &leg->voice;
	uint32_t i = frame->sequence - voice->first;

	if (!voice->seen || i >= voice->frames || voice->seen[i / 8] & 1 << i % 8)
		return;
	voice->seen[i / 8] |= (uint8_t)(1 << i % 8);
	voice->received++;
	voice->last_at = leg_now(leg);
	voice->delay_sum += voice->last_at - frame->sent_at;
}

void leg_hear(struct leg *leg, const struct talk *frame, const struct endpoint *from,
	      struct sock *via)
{
	struct endpoint source = from ? *from : (struct endpoint){ 0 };

	/* With overlapping private addresses the other's own may be ours, and we hear ourselves. */
	if (frame->token != leg->spec.token || frame->method != leg->spec.method ||
	    frame->family != leg->spec.family || frame->role == leg->spec.role)
		return;
	switch (frame->kind) {
	case TALK_HELLO:
		hear_hello(leg, frame, source, via);
		break;
	case TALK_ANSWER:
		hear_answer(leg, frame, source);
		break;
	case TALK_VOICE:
		hear_voice(leg, frame);
		break;
	}
	leg_changed(leg);
}

bool leg_settle(struct leg *leg, enum talk_role by, uint32_t sequence)
{
	const struct leg_hello *hellos = by == leg->spec.role ? leg->told : leg->heard;
	uint32_t len = by == leg->spec.role ? leg->told_len : LEG_HELLOS;

	for (uint32_t i = 0; i < len; i++) {
		if (!sequence || hellos[i].sequence != sequence)
			continue;
		leg->path = hellos[i].where;
		leg->path_via = hellos[i].via;
		leg->path_sequence = sequence;
		leg->connected = true;
		return true;
	}
	return false;
}

/* What the rendezvous says */

static void introduced(struct leg *leg, const struct rendezvous_message *msg)
{
	if (leg->introduced)
		return;
	leg->introduced = true;
	leg->mapped = msg->seen;
	leg->theirs = msg->mapped;
	leg->their_host = msg->host;
	/* Over TCP there is nowhere to say anything to before a connection stands. */
	if (leg->tcp)
		return;
	if (leg->spec.host_addresses)
		leg_add_target(leg, msg->host, NULL);
	/* A hello to where nobody is takes a port of one's own NAT. */
	if (!method_foretells(leg->spec.method))
		leg_add_target(leg, msg->mapped, NULL);
}

void leg_told(struct leg *leg, const struct rendezvous_message *msg)
{
	switch (msg->kind) {
	case RENDEZVOUS_REGISTERED:
		leg->registered = true;
		leg->mapped = msg->mapped;
		break;
	case RENDEZVOUS_INTRODUCE:
		introduced(leg, msg);
		break;
	case RENDEZVOUS_READY:
		leg->ready = true;
		break;
	case RENDEZVOUS_FOUND:
		leg->found = true;
		leg->said = *msg;
		break;
	case RENDEZVOUS_SETTLE:
		leg->settle = true;
		leg->said = *msg;
		break;
	case RENDEZVOUS_SETTLED:
		leg->settled = true;
		leg->said = *msg;
		break;
	case RENDEZVOUS_FORECAST:
		leg->forecast = true;
		leg->their_outlook = msg->outlook;
		leg->their_next = msg->mapped;
		leg->their_step = msg->step;
		break;
	case RENDEZVOUS_REFUSED:
	case RENDEZVOUS_HANGUP:
		leg->refused = true;
		leg->said = *msg;
		break;
	case RENDEZVOUS_SIGNAL:
		if (leg->ice)
			ice_leg_told(leg->ice, msg->frame, msg->frame_len);
		return;
	default:
		return;
	}
	/* Where it is over, no check will help any more. */
	if (leg->ice && (leg->refused || (leg->settle && !leg->said.connected)))
		ice_leg_stop(leg->ice);
	leg_changed(leg);
}
