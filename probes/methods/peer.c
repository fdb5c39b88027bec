/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"

struct host *peer_host(const struct peer *peer)
{
	return peer->host;
}

void peer_use_turn(struct peer *peer, const struct turn_client_spec *spec)
{
	peer->turn = *spec;
	peer->turn.keep = true;
}

void peer_use_stun(struct peer *peer, const struct endpoint stun[FAMILY_COUNT])
{
	memcpy(peer->stun, stun, sizeof(peer->stun));
}

void peer_use_ice_tcp(struct peer *peer, bool tcp)
{
	peer->ice_tcp = tcp;
}

struct leg *peer_leg(struct peer *peer, uint64_t token, int attempt)
{
	for (struct leg *leg = peer->legs; leg; leg = leg->next)
		if (leg->spec.token == token &&
		    (attempt < 0 ? leg->connected : leg->spec.attempt == attempt))
			return leg;
	return NULL;
}

static void dispatch(struct peer *peer, const struct rendezvous_message *msg)
{
	struct leg *leg = peer_leg(peer, msg->token, msg->attempt);
	struct talk frame;

	if (msg->kind == RENDEZVOUS_INVITE) {
		/* An invitation again to what is under way says nothing new. */
		if (!leg)
			attempt_answer(peer, msg);
		return;
	}
	if (!leg)
		return;
	if (msg->kind != RENDEZVOUS_RELAY)
		leg_told(leg, msg);
	else if (leg->spec.method == METHOD_RELAY &&
		 talk_decode(msg->frame, msg->frame_len, &frame) == msg->frame_len)
		leg_hear(leg, &frame, NULL, NULL);
}

/* Whoever waits for something from the rendezvous waits in vain now.  A call that does not
 * need it any more goes on without. */
static void lose_rendezvous(struct peer *peer)
{
	peer->left = true;
	channel_close(peer->channel);
	for (struct leg *leg = peer->legs; leg; leg = leg->next)
		if (!leg->connected || leg->spec.method == METHOD_RELAY)
			leg_cancel(leg);
}

static void read_channel(void *arg)
{
	struct peer *peer = arg;
	struct rendezvous_message msg;

	while (!peer->left && !channel_recv(peer->channel, &msg, NEVER))
		dispatch(peer, &msg);
	if (!peer->left)
		lose_rendezvous(peer);
	crew_leave(&peer->crew);
}

static int log_in(struct peer *peer, uint64_t deadline)
{
	struct rendezvous_message msg = { .kind = RENDEZVOUS_LOGIN };
	int err;

	snprintf(msg.name, sizeof(msg.name), "%s", host_name(peer->host));
	err = channel_send(peer->channel, &msg);
	if (!err)
		err = channel_recv(peer->channel, &msg, deadline);
	if (err)
		return err;
	if (msg.kind == RENDEZVOUS_REFUSED)
		return -EEXIST;
	return msg.kind == RENDEZVOUS_WELCOME ? 0 : -EPROTO;
}

void peer_know(struct peer *peer, struct endpoint rendezvous)
{
	if (!ip_addr_is_unset(rendezvous.addr))
		peer->rendezvous[ip_addr_family(rendezvous.addr)] = rendezvous;
}

void peer_use_low_ttl(struct peer *peer, uint8_t ttl)
{
	peer->low_ttl = ttl;
}

bool peer_speaks(const struct peer *peer, enum family family)
{
	const struct host *host = peer->host;
	bool has = family == FAMILY_IPV6 ? !ip_addr_is_unset(host->addr6)
					 : !ip_addr_is_unset(host->addr) || host->nat64.bits;

	return has && !ip_addr_is_unset(peer->rendezvous[family].addr);
}

int peer_join(struct host *host, struct endpoint rendezvous, uint16_t tcp_port, uint64_t deadline,
	      struct peer **ret)
{
	struct sock_spec tcp = { .kind = SOCK_TCP,
				 .remote = { rendezvous.addr, tcp_port },
				 .deadline = deadline };
	struct peer *peer = calloc(1, sizeof(*peer));
	struct sock *sock;
	int err;

	if (!peer)
		return -ENOMEM;
	peer->host = host;
	peer_know(peer, rendezvous);
	err = sock_open(host, &tcp, &sock);
	if (!err)
		err = channel_new(sock, &peer->channel);
	if (!err)
		err = log_in(peer, deadline);
	if (!err)
		err = crew_spawn(&peer->crew, host_loop(host), "peer", read_channel, peer);
	if (err) {
		channel_free(peer->channel);
		free(peer);
		return err;
	}
	*ret = peer;
	return 0;
}

void peer_leave(struct peer *peer)
{
	if (!peer)
		return;
	lose_rendezvous(peer);
	for (struct leg *leg = peer->legs; leg; leg = leg->next)
		leg_cancel(leg);
	crew_wait(&peer->crew);
	while (peer->legs)
		leg_free(peer->legs);
	channel_free(peer->channel);
	free(peer);
}
