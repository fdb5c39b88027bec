/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP allocations (RFC 6062).  A link is a connection between the relayed address and a peer,
 * which the client asked for (Connect) or is told of (ConnectionAttempt); it waits for a
 * connection of the client's to be bound to it (ConnectionBind), and then passes bytes on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "turn.h"

#define CONNECT_NS (30 * SEC)
#define STALLED_NS (60 * SEC)
#define PARTING_NS (1 * SEC)

struct turn_link {
	struct turn_server *server;
	struct turn_allocation *allocation; /* NULL once that has ended */
	struct turn_link *next;
	struct turn_link **link;
	struct endpoint peer;
	uint32_t id; /* 0 until it stands */
	struct conduit *conduit; /* to the peer; NULL until it stands */
	struct sock *opening; /* the connection to the peer, before it stands */
	struct conduit *client; /* NULL until it is bound */
	bool bound;
	unsigned users; /* fibers that use it: it is freed with the last */
	struct crew shovels; /* the one that the client's own fiber waits for */
	struct fiber *keeper; /* who waits for it to be bound */
};

static struct turn_link *link_find(struct turn_allocation *a, struct endpoint peer)
{
	struct turn_link *link = a->links;

	while (link && !endpoint_equal(link->peer, peer))
		link = link->next;
	return link;
}

/* NULL where there is no room for it; it is @who that asked. */
static struct turn_link *link_new(struct turn_allocation *a, struct endpoint peer,
				  struct endpoint who)
{
	struct turn_link *link;

	if (a->links_len >= TURN_PEER_CONNECTIONS) {
		turn_complain(a->server, TURN_NO_LINKS, who);
		return NULL;
	}
	link = calloc(1, sizeof(*link));
	if (!link) {
		turn_complain(a->server, TURN_NO_MEMORY, who);
		return NULL;
	}
	link->server = a->server;
	link->allocation = a;
	link->peer = peer;
	link->users = 1;
	link->next = a->links;
	link->link = &a->links;
	if (link->next)
		link->next->link = &link->next;
	a->links = link;
	a->links_len++;
	return link;
}

static void link_close(struct turn_link *link)
{
	if (link->allocation) {
		*link->link = link->next;
		if (link->next)
			link->next->link = link->link;
		link->allocation->links_len--;
		link->allocation = NULL;
	}
	sock_give_up(&link->opening);
	if (link->conduit)
		conduit_close(link->conduit);
	if (link->client)
		conduit_close(link->client);
	fiber_wake(link->keeper);
}

static void link_release(struct turn_link *link)
{
	if (--link->users)
		return;
	link_close(link);
	conduit_free(link->conduit);
	free(link);
}

void turn_links_end(struct turn_allocation *a)
{
	while (a->links)
		link_close(a->links);
}

/* It stands: give it a number, and time to be bound. */
static int link_stand(struct turn_link *link, struct sock *sock)
{
	int err = conduit_new(sock, &link->conduit);

	if (!err)
		link->id = ++link->server->last_connection_id;
	return err;
}

static void link_keep(struct turn_link *link)
{
	uint64_t deadline = turn_now(link->server) + TURN_UNBOUND_NS;

	link->keeper = fiber_self();
	while (link->allocation && !link->bound)
		if (fiber_park(deadline))
			break;
	link->keeper = NULL;
	if (link->allocation && !link->bound)
		turn_complain(link->server, TURN_UNBOUND, link->allocation->path.remote);
	if (!link->bound)
		link_close(link);
	link_release(link);
}

/* Connect: the client asks for a peer (RFC 6062, 5.2). */

struct connecting {
	struct turn_link *link;
	struct turn_request request; /* for its response */
	struct turn_path path;
	uint8_t transaction[STUN_HEADER]; /* all that is left of its message */
};

static void respond_connected(struct connecting *c, unsigned code)
{
	struct turn_request *r = &c->request;
	struct turn_allocation *a = c->link->allocation;

	/* With the client's connection its allocation has gone, too. */
	if (!a || !a->path.conn)
		return;
	turn_respond(r, code);
	if (!code)
		stun_add_u32(&r->w, STUN_CONNECTION_ID, c->link->id);
	turn_respond_end(r);
}

static void connect_to_peer(void *arg)
{
	struct connecting *c = arg;
	struct turn_link *link = c->link;
	struct turn_server *server = link->server;
	struct sock_spec spec = {
		.kind = SOCK_TCP,
		.remote = link->peer,
		.deadline = turn_now(server) + CONNECT_NS,
		.share = true,
		.opening = &link->opening,
	};
	struct sock *sock;
	int err = -ECANCELED;

	if (link->allocation) {
		spec.local = link->allocation->relays[0]->addr;
		err = sock_open(server->host, &spec, &sock);
	}
	if (!err)
		err = link_stand(link, sock);
	respond_connected(c, err ? 447 : 0);
	if (err)
		link_close(link);
	free(c);
	link_keep(link);
	crew_leave(&server->crew);
}

/* The request's message is its client's buffer, which others will use meanwhile. */
static void keep_request(struct connecting *c, const struct turn_request *r)
{
	memcpy(c->transaction, r->msg.bytes, STUN_HEADER);
	c->path = *r->path;
	c->request.server = r->server;
	c->request.path = &c->path;
	c->request.who = r->who;
	c->request.msg = r->msg;
	c->request.msg.bytes = c->transaction;
	c->request.msg.len = STUN_HEADER;
	c->request.msg.integrity_at = c->request.msg.integrity_sha256_at = 0;
}

void turn_connect(struct turn_request *r, struct turn_allocation *a)
{
	struct connecting *c;
	struct endpoint peer;

	if (!a->tcp) {
		turn_refuse(r, 400);
		return;
	}
	if (!turn_read_peer(r, a, &peer))
		return;
	if (link_find(a, peer)) {
		turn_refuse(r, 446);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (c)
		c->link = link_new(a, peer, r->path->remote);
	if (!c || !c->link) {
		free(c);
		turn_refuse(r, 508);
		return;
	}
	keep_request(c, r);
	if (crew_spawn(&r->server->crew, host_loop(r->server->host), "turn connect",
		       connect_to_peer, c)) {
		turn_complain(r->server, TURN_NO_MEMORY, r->path->remote);
		link_release(c->link);
		free(c);
		turn_refuse(r, 508);
	}
}

/* A peer connects to the relayed address (RFC 6062, 5.3). */

static void keep_link(void *arg)
{
	struct turn_link *link = arg;
	struct turn_server *server = link->server;

	link_keep(link);
	crew_leave(&server->crew);
}

static void tell_attempt(struct turn_allocation *a, const struct turn_link *link)
{
	uint8_t transaction[STUN_TRANSACTION], out[128];
	struct stun_writer w;

	stun_transaction(host_random(a->server->host), host_random(a->server->host), transaction);
	stun_begin(&w, out, sizeof(out), STUN_INDICATION, TURN_CONNECTION_ATTEMPT, transaction);
	stun_add_u32(&w, STUN_CONNECTION_ID, link->id);
	stun_add_address(&w, STUN_XOR_PEER_ADDRESS, link->peer);
	turn_tell(a->server, &a->path, out, stun_end(&w));
}

static void take_peer(struct turn_allocation *a, struct sock *sock)
{
	struct endpoint peer = sock_remote(sock);
	struct turn_link *link;

	if (!turn_permitted(a, peer.addr)) {
		turn_complain(a->server, TURN_STRANGER, peer);
		sock_close(sock);
		return;
	}
	link = link_new(a, peer, peer);
	if (!link) {
		sock_close(sock);
		return;
	}
	if (link_stand(link, sock) || crew_spawn(&a->server->crew, host_loop(a->server->host),
						 "turn peer", keep_link, link)) {
		turn_complain(a->server, TURN_NO_MEMORY, peer);
		link_release(link);
		return;
	}
	tell_attempt(a, link);
}

void turn_accept_peers(struct turn_relay *relay)
{
	struct turn_allocation *a = relay->allocation;
	struct sock *listener;

	while ((listener = relay->sock)) {
		struct sock *sock;
		int err = sock_accept(listener, a->expires, &sock);

		if (!err && !relay->sock)
			sock_close(sock);
		else if (!err)
			take_peer(a, sock);
		else if (!relay->sock)
			break;
		else if (err == -ETIMEDOUT && turn_now(a->server) >= a->expires)
			turn_allocation_end(a);
		else if (err != -ETIMEDOUT && !sock_read_on(a->server->host, err))
			break;
	}
}

/* ConnectionBind (RFC 6062, 5.4), and the bytes. */

static struct turn_link *link_by_id(struct turn_server *server, const struct turn_user *user,
				    uint32_t id)
{
	for (struct turn_allocation *a = server->allocations; a; a = a->next)
		for (struct turn_link *link = a->links; link && a->user == user; link = link->next)
			if (link->id == id && !link->bound)
				return link;
	return NULL;
}

void turn_connection_bind(struct turn_request *r)
{
	struct turn_link *link = NULL;
	uint32_t id;

	if (r->path->conn && !turn_allocation_find(r->server, r->path) &&
	    stun_get_u32(&r->msg, STUN_CONNECTION_ID, &id) && id)
		link = link_by_id(r->server, r->who.user, id);
	if (!link) {
		turn_refuse(r, 400);
		return;
	}
	link->bound = true;
	link->users++;
	turn_conn_join(r->path->conn, link);
	turn_respond(r, 0);
	stun_add_u32(&r->w, STUN_CONNECTION_ID, id);
	turn_respond_end(r);
	fiber_wake(link->keeper);
}

static void shovel(struct turn_server *server, struct conduit *from, struct conduit *to)
{
	uint8_t bytes[8192];
	long n;

	while ((n = conduit_recv(from, bytes, sizeof(bytes), NEVER)) > 0) {
		int err = conduit_send(to, bytes, (size_t)n, turn_now(server) + STALLED_NS);

		if (err == -ETIMEDOUT)
			turn_complain(server, TURN_READS_SLOWLY, conduit_remote(to));
		if (err)
			break;
	}
	if (n == 0)
		conduit_end(to, turn_now(server) + PARTING_NS);
}

static void shovel_from_peer(void *arg)
{
	struct turn_link *link = arg;

	shovel(link->server, link->conduit, link->client);
	link_close(link);
	crew_leave(&link->shovels);
}

void turn_link_run(struct turn_link *link, struct conduit *client)
{
	struct turn_server *server = link->server;

	link->client = client;
	if (link->allocation && !crew_spawn(&link->shovels, host_loop(server->host), "turn link",
					    shovel_from_peer, link))
		shovel(server, client, link->conduit);
	link_close(link);
	/* The other may still be inside of a call on the client's conduit. */
	crew_wait(&link->shovels);
	link->client = NULL;
	link_release(link);
}
