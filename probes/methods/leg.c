/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leg_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../wire/stun.h"
#include "holes.h"
#include "ice_leg.h"
#include "method.h"
#include "peer.h"
#include "tcp_leg.h"
#include "turn_client.h"

uint64_t leg_now(const struct leg *leg)
{
	return host_now(leg->peer->host);
}

void leg_changed(struct leg *leg)
{
	fiber_wake(leg->waiter);
}

int leg_wait(struct leg *leg, uint64_t deadline)
{
	int err;

	leg->waiter = fiber_self();
	err = fiber_park(deadline);
	leg->waiter = NULL;
	return err;
}

uint8_t leg_low_ttl(const struct leg *leg)
{
	enum { BEHIND_ONE_NAT = 2 };

	if (leg->spec.budget.ttl)
		return leg->spec.budget.ttl;
	return leg->peer->low_ttl ? leg->peer->low_ttl : BEHIND_ONE_NAT;
}

/* Sending */

/* Over UDP whatever goes wrong is a loss, as it would be further on. */
static int leg_send(struct leg *leg, const struct endpoint *to, struct sock *via, const void *bytes,
		    size_t len)
{
	struct rendezvous_message msg = {
		.kind = RENDEZVOUS_RELAY,
		.token = leg->spec.token,
		.attempt = leg->spec.attempt,
		.method = leg->spec.method,
		.frame = bytes,
		.frame_len = (uint16_t)len,
	};

	if (leg->closing || !len)
		return -EPIPE;
	if (leg->spec.method == METHOD_RELAY)
		return channel_send(leg->peer->channel, &msg);
	if (leg->spec.method == METHOD_TURN)
		return turn_client_send(leg->turn, *to, bytes, len, NEVER);
	if (leg->tcp)
		return tcp_leg_send(leg->tcp, *to, bytes, len);
	if (leg->ice)
		return ice_leg_send(leg->ice, bytes, len);
	return sock_send(via ? via : leg->sock, to, bytes, len, NEVER);
}

int leg_send_frame(struct leg *leg, const struct endpoint *to, struct sock *via,
		   enum talk_kind kind, uint32_t sequence, uint16_t padding)
{
	uint8_t bytes[TALK_MAX];
	struct talk frame = {
		.kind = kind,
		.token = leg->spec.token,
		.method = leg->spec.method,
		.family = leg->spec.family,
		.role = leg->spec.role,
		.padding = padding,
		.sequence = sequence,
		.sent_at = leg_now(leg),
	};

	return leg_send(leg, to, via, bytes, talk_encode(&frame, bytes, sizeof(bytes)));
}

void leg_hello_to(struct leg *leg, struct endpoint to, struct sock *via)
{
	uint32_t sequence = ++leg->sequence;

	if (leg->sampled_at && !leg->lead)
		leg->lead = leg_now(leg) - leg->sampled_at;
	leg->told[sequence % leg->told_len] = (struct leg_hello){
		.sequence = sequence,
		.where = to,
		.via = via,
		.at = leg_now(leg),
	};
	leg_send_frame(leg, &to, via, TALK_HELLO, sequence, 0);
}

void leg_say_hello(struct leg *leg, bool only_fresh)
{
	for (unsigned i = 0; i < leg->targets_len; i++) {
		struct leg_target *target = &leg->targets[i];

		if (only_fresh && !target->fresh)
			continue;
		target->fresh = false;
		leg_hello_to(leg, target->to, target->via);
	}
}

int leg_send_voice(struct leg *leg, uint16_t size)
{
	uint16_t padding = size > TALK_HEADER ? (uint16_t)(size - TALK_HEADER) : 0;

	return leg_send_frame(leg, &leg->path, leg->path_via, TALK_VOICE, leg->voice_sequence++,
			      padding);
}

/* A STUN Binding indication, as RFC 8445, 11 wants it: nobody answers, and it is not taken
 * for a hello.  With its FINGERPRINT it is as long as one. */
void leg_send_keepalive(struct leg *leg)
{
	uint8_t bytes[STUN_HEADER + 8];
	uint8_t transaction[STUN_TRANSACTION];
	struct stun_writer w;

	stun_transaction(host_random(leg->peer->host), host_random(leg->peer->host), transaction);
	stun_begin(&w, bytes, sizeof(bytes), STUN_INDICATION, STUN_BINDING, transaction);
	stun_add_fingerprint(&w);
	leg_send(leg, &leg->path, leg->path_via, bytes, stun_end(&w));
}

int leg_tell(struct leg *leg, enum rendezvous_kind kind, bool connected, enum talk_role by,
	     uint32_t sequence)
{
	struct rendezvous_message msg = {
		.kind = kind,
		.token = leg->spec.token,
		.attempt = leg->spec.attempt,
		.method = leg->spec.method,
		.connected = connected,
		.by = by,
		.sequence = sequence,
	};

	return channel_send(leg->peer->channel, &msg);
}

size_t leg_registration(const struct leg *leg, uint8_t *bytes, size_t room)
{
	struct rendezvous_message msg = {
		.kind = RENDEZVOUS_REGISTER,
		.token = leg->spec.token,
		.attempt = leg->spec.attempt,
		.method = leg->spec.method,
		.host = leg->local,
	};

	snprintf(msg.name, sizeof(msg.name), "%s", host_name(leg->peer->host));
	return rendezvous_encode(&msg, bytes, room);
}

/* In the family of the socket that it is to see: an allocation's is the server's affair. */
static const struct endpoint *rendezvous_of(const struct leg *leg)
{
	enum family family = leg->turn ? ip_addr_family(leg->local.addr) : leg->spec.family;

	return &leg->peer->rendezvous[family];
}

void leg_register(struct leg *leg)
{
	uint8_t bytes[RENDEZVOUS_MAX];

	if (leg->closing || (!leg->sock && !leg->turn))
		return;
	leg_send(leg, rendezvous_of(leg), NULL, bytes, leg_registration(leg, bytes, sizeof(bytes)));
}

void leg_sample(struct leg *leg, unsigned number)
{
	struct endpoint to = *rendezvous_of(leg);
	uint8_t bytes[RENDEZVOUS_MAX];

	to.port = (uint16_t)(to.port + number);
	leg->sampled_at = leg_now(leg);
	leg_send(leg, &to, NULL, bytes, leg_registration(leg, bytes, sizeof(bytes)));
}

/* Targets and proofs */

void leg_add_target(struct leg *leg, struct endpoint to, struct sock *via)
{
	if (ip_addr_is_unset(to.addr) && leg->spec.method != METHOD_RELAY && !leg->ice)
		return;
	for (unsigned i = 0; i < leg->targets_len; i++)
		if (endpoint_equal(leg->targets[i].to, to) && leg->targets[i].via == via)
			return;
	if (leg->targets_len < leg->targets_max)
		leg->targets[leg->targets_len++] =
			(struct leg_target){ .to = to, .via = via, .fresh = true };
}

void leg_reach(struct leg *leg, struct endpoint remote)
{
	leg_add_target(leg, remote, NULL);
	leg_changed(leg);
}

/* Reading, and the leg's life */

/* Which of the rendezvous' UDP ports @from is, from 0; LEG_SAMPLES where none. */
static unsigned observer_at(const struct leg *leg, const struct endpoint *from)
{
	const struct endpoint *rendezvous = rendezvous_of(leg);
	unsigned number = (uint16_t)(from->port - rendezvous->port);

	return ip_addr_equal(from->addr, rendezvous->addr) && number < LEG_SAMPLES ? number
										   : LEG_SAMPLES;
}

void leg_read_datagram(struct leg *leg, const uint8_t *bytes, size_t len,
		       const struct endpoint *from, struct sock *via)
{
	unsigned number = observer_at(leg, from);
	struct rendezvous_message msg;
	struct talk frame;

	if (talk_decode(bytes, len, &frame) == len) {
		leg_hear(leg, &frame, from, via);
		return;
	}
	if (via || number == LEG_SAMPLES || rendezvous_decode_datagram(bytes, len, &msg) ||
	    msg.kind != RENDEZVOUS_REGISTERED || msg.token != leg->spec.token ||
	    msg.attempt != leg->spec.attempt)
		return;
	leg->samples[number] = msg.mapped;
	if (number == 0)
		leg_told(leg, &msg);
	else
		leg_changed(leg);
}

static long recv_datagram(struct leg *leg, struct endpoint *from, uint8_t *bytes, size_t room)
{
	if (leg->turn)
		return turn_client_recv(leg->turn, from, bytes, room, NEVER);
	return sock_recv(leg->sock, from, bytes, room, NEVER);
}

static void read_socket(void *arg)
{
	struct leg *leg = arg;
	uint8_t bytes[TALK_MAX + 1];
	struct endpoint from;

	/* From here: this fiber was made after the channel's was woken, and runs after it. */
	leg_register(leg);
	while (!leg->closing) {
		long n = recv_datagram(leg, &from, bytes, sizeof(bytes));

		if (leg->closing || (leg->turn && n < 0))
			break;
		if (n >= 0)
			leg_read_datagram(leg, bytes, (size_t)n, &from, NULL);
		else if (!sock_read_on(leg->peer->host, n))
			break;
	}
}

/* As many as may wait for an answer at a time: those that guess say many. */
static uint32_t hellos_of(const struct leg_spec *spec)
{
	if (spec->method == METHOD_PREDICT)
		return LEG_HELLOS + 16U * spec->budget.candidates;
	if (spec->method == METHOD_BIRTHDAY)
		return LEG_HELLOS + 2U * spec->budget.probes + 2U * spec->budget.holes;
	return LEG_HELLOS;
}

int leg_new(struct peer *peer, const struct leg_spec *spec, struct leg **ret)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = spec->local_port };
	uint32_t told_len = hellos_of(spec);
	struct leg *leg = calloc(1, sizeof(*leg) + told_len * sizeof(leg->told[0]));
	int err = 0;

	if (!leg)
		return -ENOMEM;
	leg->told_len = told_len;
	leg->targets_max = LEG_TARGETS;
	leg->spec = *spec;
	leg->peer = peer;
	if (method_connects(spec->method))
		err = tcp_leg_new(leg, &leg->tcp);
	else if (spec->method == METHOD_ICE)
		err = ice_leg_new(leg, &leg->ice);
	else if (!method_relays(spec->method))
		err = sock_open(peer->host, &udp, &leg->sock);
	if (err) {
		free(leg);
		return err;
	}
	leg->local.addr = spec->family == FAMILY_IPV6 ? host_addr6(peer->host)
						      : host_addr(peer->host);
	if (leg->sock)
		leg->local.port = sock_local(leg->sock).port;
	leg->next = peer->legs;
	peer->legs = leg;
	*ret = leg;
	return 0;
}

/* Allocate for @leg, whose client another fiber may close meanwhile. */
static int allocate(struct leg *leg, uint64_t deadline)
{
	int err = turn_client_allocate(leg->turn, deadline);

	if (!err)
		leg->local = turn_client_relayed(leg->turn);
	if (!err)
		err = turn_client_permit(leg->turn, rendezvous_of(leg)->addr, deadline);
	if (!err && leg->closing)
		err = -ECANCELED;
	if (err)
		return err;
	return fiber_spawn(host_loop(leg->peer->host), "leg", read_socket, leg, &leg->reader);
}

int leg_allocate(struct leg *leg, uint64_t deadline)
{
	struct turn_client *turn;
	int err;

	if (!leg->peer->turn.username)
		return -ENOTCONN;
	if (leg->closing)
		return -ECANCELED;
	err = turn_client_new(leg->peer->host, &leg->peer->turn, &turn);
	if (err)
		return err;
	leg->turn = turn;
	return allocate(leg, deadline);
}

int leg_bind(struct leg *leg, uint64_t deadline)
{
	return leg->closing ? -ECANCELED : turn_client_bind(leg->turn, leg->theirs, 0, deadline);
}

int leg_start(struct leg *leg)
{
	if (leg->ice)
		return ice_leg_start(leg->ice);
	if (leg->tcp)
		return tcp_leg_start(leg->tcp, method_listens(leg->spec.method, leg->spec.role));
	if (!leg->sock)
		return 0;
	return fiber_spawn(host_loop(leg->peer->host), "leg", read_socket, leg, &leg->reader);
}

void leg_cancel(struct leg *leg)
{
	struct sock *sock = leg->sock;

	leg->closing = true;
	leg->sock = NULL;
	sock_close(sock);
	holes_close(leg->holes);
	if (leg->turn)
		turn_client_close(leg->turn);
	if (leg->tcp)
		tcp_leg_close(leg->tcp);
	if (leg->ice)
		ice_leg_stop(leg->ice);
	leg_changed(leg);
}

void leg_free(struct leg *leg)
{
	struct leg **at;

	if (!leg)
		return;
	for (at = &leg->peer->legs; *at != leg; at = &(*at)->next)
		;
	*at = leg->next;
	if (leg->owner)
		*leg->owner = NULL;
	/* A relayed address that nobody needs any more counts against a quota. */
	if (leg->turn && !leg->closing && fiber_self())
		turn_client_refresh(leg->turn, 0, leg_now(leg) + SEC);
	leg_cancel(leg);
	if (leg->reader && fiber_self())
		fiber_join(leg->reader, NEVER);
	holes_free(leg->holes);
	turn_client_free(leg->turn);
	tcp_leg_free(leg->tcp);
	ice_leg_free(leg->ice);
	free(leg->voice.seen);
	free(leg);
}
