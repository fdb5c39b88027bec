/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers: CreatePermission, ChannelBind, and what clients send on (RFC 8656, 9 to 12). */
#include <errno.h>
#include <string.h>

#include "turn.h"

/* Where nobody but the server itself, or everybody, would be reached. */
static bool forbidden(struct ip_addr addr)
{
	uint32_t v4 = ip_addr_to_v4(addr);

	if (!ip_addr_is_v4(addr)) /* "::", "::1", multicast */
		return (!addr.hi && addr.lo <= 1) || ip_addr_is_multicast(addr);
	return v4 >> 24 == 127 || v4 >> 24 == 0 || ip_addr_is_multicast(addr) || v4 == UINT32_MAX;
}

/* 0 with *ret, or why this peer cannot be reached. */
static unsigned read_peer(struct turn_request *r, const struct turn_allocation *a,
			  const struct stun_value *v, struct endpoint *ret)
{
	if (!stun_read_address(&r->msg, v, ret))
		return 400;
	if (!turn_relay_beside(a, ret->addr))
		return 443;
	if (!forbidden(ret->addr))
		return 0;
	turn_complain(r->server, TURN_FORBIDDEN, r->path->remote);
	return 403;
}

bool turn_read_peer(struct turn_request *r, const struct turn_allocation *a, struct endpoint *ret)
{
	struct stun_value v;
	unsigned code = 400;

	if (stun_find(&r->msg, STUN_XOR_PEER_ADDRESS, &v))
		code = read_peer(r, a, &v, ret);
	if (code)
		turn_refuse(r, code);
	return !code;
}

/* False where there is no room for all of the message's peers, and then none is permitted. */
static bool permit_all(const struct stun_message *msg, struct turn_allocation *a)
{
	struct turn_permission before[TURN_PERMISSIONS];
	size_t before_len = a->permissions_len;
	struct stun_value v = { 0 };
	struct endpoint peer;

	memcpy(before, a->permissions, sizeof(before));
	while (stun_next(msg, &v)) {
		if (v.type != STUN_XOR_PEER_ADDRESS || !stun_read_address(msg, &v, &peer) ||
		    turn_permit(a, peer.addr))
			continue;
		memcpy(a->permissions, before, sizeof(before));
		a->permissions_len = before_len;
		return false;
	}
	return true;
}

/* All of its peers, or none (RFC 8656, 10.2). */
void turn_create_permission(struct turn_request *r, struct turn_allocation *a)
{
	struct stun_value v = { 0 };
	struct endpoint peer;
	unsigned code = 400; /* as where there is none */

	while (stun_next(&r->msg, &v)) {
		if (v.type != STUN_XOR_PEER_ADDRESS)
			continue;
		code = read_peer(r, a, &v, &peer);
		if (code)
			break;
	}
	if (!code && !permit_all(&r->msg, a))
		code = 508;
	turn_refuse(r, code);
}

/* The place for a binding of @number to @peer, which may be one after the last; NULL where there is no
 * room. */
static struct turn_channel *channel_place(struct turn_allocation *a, uint16_t number,
					  struct endpoint peer)
{
	struct turn_channel *channel = turn_channel_find(a, number, peer);

	if (channel)
		return channel;
	for (size_t i = 0; i < a->channels_len; i++)
		if (a->channels[i].expires <= turn_now(a->server))
			return &a->channels[i];
	return a->channels_len < TURN_CHANNELS ? &a->channels[a->channels_len] : NULL;
}

/* Both the number and the peer must be free, or bound to each other (RFC 8656, 12.2). */
static bool channel_clashes(struct turn_allocation *a, uint16_t number, struct endpoint peer)
{
	const struct turn_channel *by_number = turn_channel_find(a, number, peer);
	const struct turn_channel *by_peer = turn_channel_find(a, 0, peer);

	return by_number != by_peer;
}

static bool channel_ok(const struct turn_server *server, uint32_t number)
{
	uint32_t last = server->options.rfc5389 ? TURN_CHANNEL_LAST_RFC5766 : TURN_CHANNEL_LAST;

	return number >= TURN_CHANNEL_FIRST && number <= last;
}

void turn_channel_bind(struct turn_request *r, struct turn_allocation *a)
{
	struct turn_channel *channel;
	struct endpoint peer;
	uint32_t number;

	if (!stun_get_u32(&r->msg, STUN_CHANNEL_NUMBER, &number))
		number = 0;
	number >>= 16;
	if (!channel_ok(r->server, number) || a->tcp) {
		turn_refuse(r, 400);
		return;
	}
	if (!turn_read_peer(r, a, &peer))
		return;
	if (channel_clashes(a, (uint16_t)number, peer)) {
		turn_refuse(r, 400);
		return;
	}
	/* Who gets no channel gets no permission by it, either. */
	channel = channel_place(a, (uint16_t)number, peer);
	if (!channel || !turn_permit(a, peer.addr)) {
		turn_refuse(r, 508);
		return;
	}
	a->channels_len += channel == &a->channels[a->channels_len];
	*channel = (struct turn_channel){ (uint16_t)number, peer,
					  turn_now(r->server) + TURN_CHANNEL_NS };
	turn_refuse(r, 0);
}

/* To have DF set, or clear, which is for each datagram to say (RFC 8656, 15). */
static int send_to_peer(struct turn_relay *relay, struct endpoint peer, bool unfragmented,
			const uint8_t *bytes, size_t len)
{
	if (unfragmented != relay->unfragmented) {
		int err = sock_allow_fragments(relay->sock, !unfragmented);

		if (err)
			return err;
		relay->unfragmented = unfragmented;
	}
	return sock_send(relay->sock, &peer, bytes, len, NEVER);
}

void turn_relay_out(struct turn_server *server, struct turn_allocation *a, struct endpoint peer,
		    bool unfragmented, const uint8_t *bytes, size_t len)
{
	struct turn_relay *relay = turn_relay_beside(a, peer.addr);

	if (a->tcp || !relay)
		return;
	/* A channel's permission ends before it does (RFC 8656, 12). */
	if (!turn_permitted(a, peer.addr))
		turn_complain(server, TURN_NO_PERMISSION, a->path.remote);
	else if (send_to_peer(relay, peer, unfragmented, bytes, len) == -EMSGSIZE)
		turn_complain(server, TURN_TOO_LONG, a->path.remote);
}

/* RFC 8656, 11.2 */
void turn_send_on(struct turn_server *server, struct turn_allocation *a,
		  const struct stun_message *msg)
{
	struct stun_value data, v;
	struct endpoint peer;

	if (stun_find(msg, STUN_DATA, &data) && !stun_unknown(msg, NULL, 0) &&
	    stun_get_address(msg, STUN_XOR_PEER_ADDRESS, &peer))
		turn_relay_out(server, a, peer, stun_find(msg, STUN_DONT_FRAGMENT, &v), data.bytes,
			       data.len);
}
