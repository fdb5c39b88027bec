/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocations with their permissions and channels, and what comes back from peers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "turn.h"

struct turn_allocation *turn_allocation_find(struct turn_server *server,
					     const struct turn_path *path)
{
	struct turn_allocation *a = server->allocations;

	while (a && (a->path.conn != path->conn || !endpoint_equal(a->path.remote, path->remote)))
		a = a->next;
	/* A refresh may have brought the end nearer than its fiber sleeps. */
	if (a && turn_now(server) >= a->expires) {
		turn_allocation_end(a);
		return NULL;
	}
	return a;
}

unsigned turn_allocations_of(const struct turn_server *server, const struct turn_user *user)
{
	unsigned n = 0;

	for (const struct turn_allocation *a = server->allocations; a; a = a->next)
		n += a->user == user && a->expires > turn_now(server);
	return n;
}

static void close_relay(struct turn_relay *relay)
{
	struct sock *sock = relay->sock;

	relay->sock = NULL;
	sock_close(sock);
}

void turn_allocation_end(struct turn_allocation *a)
{
	if (a->ended)
		return;
	a->ended = true;
	*a->link = a->next;
	if (a->next)
		a->next->link = a->link;
	a->server->allocations_len--;
	turn_links_end(a);
	for (int i = 0; i < TURN_RELAYS; i++)
		if (a->relays[i])
			close_relay(a->relays[i]);
}

struct turn_relay *turn_relay_beside(const struct turn_allocation *a, struct ip_addr addr)
{
	for (int i = 0; i < TURN_RELAYS; i++) {
		struct turn_relay *relay = a->relays[i];

		if (relay && relay->sock && ip_addr_is_v4(relay->addr.addr) == ip_addr_is_v4(addr))
			return relay;
	}
	return NULL;
}

void turn_relay_end(struct turn_relay *relay)
{
	struct turn_allocation *a = relay->allocation;

	close_relay(relay);
	for (int i = 0; i < TURN_RELAYS; i++)
		if (a->relays[i] && a->relays[i]->sock)
			return;
	turn_allocation_end(a);
}

void turn_allocations_end_of(struct turn_server *server, const struct turn_conn *conn)
{
	struct turn_allocation *a = server->allocations;

	while (a && a->path.conn != conn)
		a = a->next;
	if (a)
		turn_allocation_end(a);
}

/* Permissions and channels */

static bool is_permission(const struct turn_allocation *a, size_t i, struct ip_addr addr)
{
	return ip_addr_equal(a->permissions[i].addr, addr) &&
	       a->permissions[i].expires > turn_now(a->server);
}

bool turn_permitted(const struct turn_allocation *a, struct ip_addr addr)
{
	for (size_t i = 0; i < a->permissions_len; i++)
		if (is_permission(a, i, addr))
			return true;
	return false;
}

bool turn_permit(struct turn_allocation *a, struct ip_addr addr)
{
	uint64_t now = turn_now(a->server);
	size_t at = 0;

	while (at < a->permissions_len && !ip_addr_equal(a->permissions[at].addr, addr))
		at++;
	/* A new one takes the place of one that has expired, if it can. */
	for (size_t i = 0; at == a->permissions_len && i < a->permissions_len; i++)
		if (a->permissions[i].expires <= now)
			at = i;
	if (at == TURN_PERMISSIONS)
		return false;
	if (at == a->permissions_len)
		a->permissions_len++;
	a->permissions[at] = (struct turn_permission){ addr, now + TURN_PERMISSION_NS };
	return true;
}

struct turn_channel *turn_channel_find(struct turn_allocation *a, uint16_t number,
				       struct endpoint peer)
{
	for (size_t i = 0; i < a->channels_len; i++) {
		struct turn_channel *channel = &a->channels[i];

		if (channel->expires > turn_now(a->server) &&
		    (number ? channel->number == number : endpoint_equal(channel->peer, peer)))
			return channel;
	}
	return NULL;
}

/* From peers */

static size_t wrap_channel(struct turn_relay *relay, uint16_t number, size_t len)
{
	struct turn_channel_data data = { number, (uint16_t)len, relay->datagram };

	return turn_channel_encode(&data, relay->allocation->path.conn, relay->message,
				   sizeof(relay->message));
}

static size_t wrap_indication(struct turn_relay *relay, struct endpoint from, size_t len)
{
	struct host *host = relay->allocation->server->host;
	uint8_t transaction[STUN_TRANSACTION];
	struct stun_writer w;

	stun_transaction(host_random(host), host_random(host), transaction);
	stun_begin(&w, relay->message, sizeof(relay->message), STUN_INDICATION, TURN_DATA,
		   transaction);
	stun_add_address(&w, STUN_XOR_PEER_ADDRESS, from);
	stun_add(&w, STUN_DATA, relay->datagram, len);
	return stun_end(&w);
}

/* A datagram of @len bytes came from @from to the relayed address (RFC 8656, 11.3, 12.7). */
static void relay_in(struct turn_relay *relay, struct endpoint from, size_t len)
{
	struct turn_allocation *a = relay->allocation;
	struct turn_server *server = a->server;
	struct turn_channel *channel;
	size_t n;

	if (turn_now(server) >= a->expires)
		return;
	if (!turn_permitted(a, from.addr)) {
		turn_complain(server, TURN_STRANGER, from);
		return;
	}
	channel = turn_channel_find(a, 0, from);
	n = channel ? wrap_channel(relay, channel->number, len) : wrap_indication(relay, from, len);
	turn_tell(server, &a->path, relay->message, n);
}

static void relay_all(struct turn_relay *relay)
{
	struct turn_allocation *a = relay->allocation;

	while (relay->sock) {
		struct endpoint from;
		long n = sock_recv(relay->sock, &from, relay->datagram, sizeof(relay->datagram),
				   a->expires);

		if (!relay->sock)
			break;
		if (n >= 0)
			relay_in(relay, from, (size_t)n);
		else if (n == -ETIMEDOUT && turn_now(a->server) >= a->expires)
			turn_allocation_end(a);
		else if (n != -ETIMEDOUT && !sock_read_on(a->server->host, n))
			break;
	}
}

/* The last of an allocation's relays takes that with it. */
static void relay_free(struct turn_relay *relay)
{
	struct turn_allocation *a = relay->allocation;

	for (int i = 0; i < TURN_RELAYS; i++)
		if (a->relays[i] == relay)
			a->relays[i] = NULL;
	free(relay);
	if (--a->working == 0)
		free(a);
}

static void live(void *arg)
{
	struct turn_relay *relay = arg;
	struct turn_server *server = relay->allocation->server;

	if (relay->allocation->tcp)
		turn_accept_peers(relay);
	else
		relay_all(relay);
	turn_relay_end(relay);
	relay_free(relay);
	crew_leave(&server->crew);
}

/* In the place @i of @a.  0 or -ENOMEM. */
static int relay_new(struct turn_allocation *a, int i, struct sock *sock)
{
	struct turn_server *server = a->server;
	struct turn_relay *relay = calloc(1, sizeof(*relay));

	if (!relay) {
		sock_close(sock);
		return -ENOMEM;
	}
	relay->allocation = a;
	relay->sock = sock;
	relay->addr = sock_local(sock);
	if (!a->tcp) /* where that cannot be, the way is asked (RFC 8656, 15: "alternate") */
		sock_allow_fragments(sock, true);
	a->relays[i] = relay;
	if (!crew_spawn(&server->crew, host_loop(server->host), "turn relay", live, relay)) {
		a->working++;
		return 0;
	}
	a->relays[i] = NULL;
	close_relay(relay);
	free(relay);
	return -ENOMEM;
}

int turn_allocation_add(struct turn_allocation *a, struct sock *sock)
{
	return relay_new(a, 1, sock);
}

int turn_allocation_new(struct turn_server *server, const struct turn_path *path,
			const struct turn_user *user, struct sock *sock, uint64_t expires,
			struct turn_allocation **ret)
{
	struct turn_allocation *a = calloc(1, sizeof(*a));

	if (!a) {
		sock_close(sock);
		return -ENOMEM;
	}
	a->server = server;
	a->path = *path;
	a->user = user;
	a->tcp = sock->kind == SOCK_TCP_LISTEN;
	a->expires = expires;
	if (relay_new(a, 0, sock)) {
		free(a);
		return -ENOMEM;
	}
	a->next = server->allocations;
	a->link = &server->allocations;
	if (a->next)
		a->next->link = &a->next;
	server->allocations = a;
	server->allocations_len++;
	*ret = a;
	return 0;
}
