/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocate and Refresh (RFC 8656, 7 and 8; RFC 6062, 5.1). */
#include <errno.h>
#include <string.h>

#include "turn.h"

/* RFC 8656, 7.2: the range that IANA calls dynamic. */
enum { PORT_FIRST = 49152, PORTS = 16384, PORT_TRIES = 32 };
#define LIFETIME_NS (600 * SEC)
#define LIFETIME_MAX_NS (3600 * SEC)

/* What an Allocate request asks for. */
struct wish {
	bool tcp;
	struct ip_addr local; /* whose family it asks for */
	bool even, reserve;
	uint64_t token; /* 0 = none */
	bool additional; /* an IPv6 address besides */
};

static uint64_t get_u64(const struct stun_value *v)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | v->bytes[i];
	return value;
}

/* 0, or why not. */
static unsigned read_transport(struct turn_request *r, struct wish *wish)
{
	uint32_t transport;

	if (!stun_get_u32(&r->msg, STUN_REQUESTED_TRANSPORT, &transport))
		return 400;
	if (transport >> 24 != TURN_TRANSPORT_UDP && transport >> 24 != TURN_TRANSPORT_TCP)
		return 442;
	wish->tcp = transport >> 24 == TURN_TRANSPORT_TCP;
	/* RFC 6062, 5.1: over TCP only, and with none of what is UDP's. */
	if (wish->tcp &&
	    (!r->path->conn || stun_has(&r->msg, STUN_EVEN_PORT) ||
	     stun_has(&r->msg, STUN_RESERVATION_TOKEN) || stun_has(&r->msg, STUN_DONT_FRAGMENT)))
		return 400;
	return 0;
}

static unsigned read_family(struct turn_request *r, struct wish *wish)
{
	bool asked, additional;
	uint32_t family = 0;

	asked = stun_get_u32(&r->msg, STUN_REQUESTED_ADDRESS_FAMILY, &family);
	if (asked && (wish->token || stun_has(&r->msg, STUN_ADDITIONAL_ADDRESS_FAMILY)))
		return 400;
	wish->local = host_addr(r->server->host);
	if (asked && family >> 24 == TURN_FAMILY_V6)
		wish->local = host_addr6(r->server->host);
	else if (asked && family >> 24 != TURN_FAMILY_V4)
		return 440;
	if (ip_addr_is_unset(wish->local) && !wish->token)
		return 440;
	additional = stun_get_u32(&r->msg, STUN_ADDITIONAL_ADDRESS_FAMILY, &family);
	if (r->server->options.rfc5389 && !additional)
		additional = stun_get_u32(&r->msg, TURN_OLD_ADDITIONAL_FAMILY, &family);
	if (additional && (family >> 24 != TURN_FAMILY_V6 || wish->token || wish->reserve))
		return 400;
	wish->additional = additional;
	return 0;
}

static unsigned read_wish(struct turn_request *r, struct wish *wish)
{
	unsigned code = read_transport(r, wish);
	struct stun_value v;

	if (code)
		return code;
	if (stun_find(&r->msg, STUN_EVEN_PORT, &v)) {
		wish->even = true;
		wish->reserve = v.bytes[0] & 0x80;
	}
	if (stun_find(&r->msg, STUN_RESERVATION_TOKEN, &v)) {
		if (wish->even)
			return 400;
		wish->token = get_u64(&v);
		if (!wish->token)
			return 508;
	}
	return read_family(r, wish);
}

/* Ports */

static int open_at(struct turn_server *server, const struct wish *wish, uint16_t port,
		   struct sock **ret)
{
	/* A TCP allocation connects from the port that it listens at (RFC 6062, 5.2). */
	struct sock_spec spec = {
		.kind = wish->tcp ? SOCK_TCP_LISTEN : SOCK_UDP,
		.local = { wish->local, port },
		.share = wish->tcp,
	};

	return sock_open(server->host, &spec, ret);
}

static struct turn_reservation *free_reservation(struct turn_server *server)
{
	struct turn_reservation *found = NULL;

	for (int i = 0; i < TURN_RESERVATIONS; i++) {
		struct turn_reservation *one = &server->reservations[i];

		if (one->token && turn_now(server) >= one->expires) {
			sock_close(one->sock);
			*one = (struct turn_reservation){ 0 };
		}
		if (!one->token)
			found = one;
	}
	return found;
}

/* Keep the port after @port, too; where that cannot be, @sock is of no use. */
static bool reserve_next(struct turn_server *server, const struct wish *wish, uint16_t port,
			 uint64_t *ret_token)
{
	struct turn_reservation *one = free_reservation(server);
	struct sock *next;

	if (!one || open_at(server, wish, (uint16_t)(port + 1), &next))
		return false;
	*one = (struct turn_reservation){
		.token = host_random(server->host) | 1,
		.sock = next,
		.expires = turn_now(server) + TURN_RESERVATION_NS,
	};
	*ret_token = one->token;
	return true;
}

static struct sock *take_reserved(struct turn_server *server, uint64_t token)
{
	for (int i = 0; i < TURN_RESERVATIONS; i++) {
		struct turn_reservation *one = &server->reservations[i];
		struct sock *sock = one->sock;

		if (one->token != token || turn_now(server) >= one->expires)
			continue;
		*one = (struct turn_reservation){ 0 };
		return sock;
	}
	return NULL;
}

/* A relayed socket such as is wished for; NULL where there is none. */
static struct sock *open_relay(struct turn_server *server, const struct wish *wish,
			       uint64_t *ret_token)
{
	struct sock *sock;

	if (wish->token)
		return take_reserved(server, wish->token);
	for (int i = 0; i < PORT_TRIES; i++) {
		uint16_t port = (uint16_t)(PORT_FIRST + host_random(server->host) % PORTS);
		int err;

		if (wish->even)
			port &= 0xfffe;
		err = open_at(server, wish, port, &sock);
		if (err == -EADDRINUSE)
			continue;
		if (err)
			return NULL;
		if (!wish->reserve || reserve_next(server, wish, port, ret_token))
			return sock;
		sock_close(sock);
	}
	return NULL;
}

/* Allocate */

static uint64_t lifetime_of(const struct turn_request *r)
{
	uint64_t most = r->server->options.lifetime_ns;
	uint64_t lifetime = most && most < LIFETIME_NS ? most : LIFETIME_NS;
	uint32_t asked;

	if (!most)
		most = LIFETIME_MAX_NS;
	/* Less than the default is not asked for: it would only be more refreshing (RFC 8656, 7.2). */
	if (stun_get_u32(&r->msg, STUN_LIFETIME, &asked) && asked * SEC > lifetime)
		lifetime = asked * SEC < most ? asked * SEC : most;
	return lifetime;
}

static void tell_allocation(struct turn_request *r, const struct turn_allocation *a)
{
	turn_respond(r, 0);
	for (int i = 0; i < TURN_RELAYS; i++)
		if (a->relays[i] && a->relays[i]->sock)
			stun_add_address(&r->w, STUN_XOR_RELAYED_ADDRESS, a->relays[i]->addr);
	stun_add_u32(&r->w, STUN_LIFETIME, (uint32_t)((a->expires - turn_now(r->server)) / SEC));
	if (a->token) {
		uint8_t bytes[8];

		for (int i = 0; i < 8; i++)
			bytes[i] = (uint8_t)(a->token >> 8 * (7 - i));
		stun_add(&r->w, STUN_RESERVATION_TOKEN, bytes, sizeof(bytes));
	}
	if (a->additional_error) {
		/* Its family in the reserved bits, and then as ERROR-CODE (RFC 8656, 18.12). */
		const uint8_t no_v6[] = { TURN_FAMILY_V6, 0, (uint8_t)(a->additional_error / 100),
					  (uint8_t)(a->additional_error % 100) };

		stun_add(&r->w, STUN_ADDRESS_ERROR_CODE, no_v6, sizeof(no_v6));
	}
	stun_add_address(&r->w, STUN_XOR_MAPPED_ADDRESS, r->path->remote);
	turn_respond_end(r);
}

/* Who cannot have one, whatever he asks for; 0 where he can. */
static unsigned capacity(struct turn_request *r)
{
	struct turn_server *server = r->server;

	if (turn_allocations_of(server, r->who.user) >= server->options.quota) {
		turn_complain(server, TURN_OVER_QUOTA, r->path->remote);
		return 486;
	}
	if (server->allocations_len >= TURN_ALLOCATIONS) {
		turn_complain(server, TURN_NO_ALLOCATIONS, r->path->remote);
		return 508;
	}
	return 0;
}

static void send_elsewhere(struct turn_request *r)
{
	turn_respond(r, 300);
	stun_add_address(&r->w, STUN_ALTERNATE_SERVER, r->server->options.alternate);
	turn_respond_end(r);
}

/* The second half of a dual allocation (RFC 8656, 7.2): 0, or why there is none. */
static unsigned add_ipv6(struct turn_allocation *a, const struct wish *wish)
{
	struct wish other = { .even = wish->even, .local = host_addr6(a->server->host) };
	struct sock *sock;

	if (a->tcp || ip_addr_is_unset(other.local))
		return 440;
	sock = open_relay(a->server, &other, NULL);
	return !sock || turn_allocation_add(a, sock) ? 508 : 0;
}

static void allocate(struct turn_request *r, const struct wish *wish)
{
	struct turn_server *server = r->server;
	struct turn_allocation *a;
	uint64_t token = 0;
	struct sock *sock = open_relay(server, wish, &token);

	if (!sock || turn_allocation_new(server, r->path, r->who.user, sock,
					 turn_now(server) + lifetime_of(r), &a)) {
		turn_refuse(r, 508);
		return;
	}
	memcpy(a->transaction, r->msg.transaction, STUN_TRANSACTION);
	a->token = token;
	if (wish->additional)
		a->additional_error = add_ipv6(a, wish);
	tell_allocation(r, a);
}

void turn_allocate(struct turn_request *r)
{
	struct turn_allocation *a = turn_allocation_find(r->server, r->path);
	struct wish wish = { 0 };
	unsigned code;

	if (a) {
		/* The same request again: its response was lost. */
		if (memcmp(a->transaction, r->msg.transaction, STUN_TRANSACTION) == 0)
			tell_allocation(r, a);
		else
			turn_refuse(r, 437);
		return;
	}
	code = read_wish(r, &wish);
	if (!code && !ip_addr_is_unset(r->server->options.alternate.addr)) {
		send_elsewhere(r);
		return;
	}
	if (!code)
		code = capacity(r);
	if (code)
		turn_refuse(r, code);
	else
		allocate(r, &wish);
}

/* Refresh (RFC 8656, 8.2) */

void turn_refresh(struct turn_request *r)
{
	struct turn_allocation *a = turn_allocation_find(r->server, r->path);
	uint64_t lifetime = lifetime_of(r);
	const struct ip_addr ipv6 = { 1, 1 }; /* any */
	uint32_t asked = UINT32_MAX, family;
	struct turn_relay *only = NULL;

	stun_get_u32(&r->msg, STUN_LIFETIME, &asked);
	if (!asked)
		lifetime = 0;
	/* To end what has ended already is no mistake: the response to it may have been lost. */
	if (!a && lifetime) {
		turn_refuse(r, 437);
		return;
	}
	if (a && a->user != r->who.user) {
		turn_refuse(r, 441);
		return;
	}
	if (a && stun_get_u32(&r->msg, STUN_REQUESTED_ADDRESS_FAMILY, &family)) {
		only = turn_relay_beside(a, family >> 24 == TURN_FAMILY_V4 ? ip_addr_v4(1) : ipv6);
		if (!only) {
			turn_refuse(r, 443);
			return;
		}
	}
	/* One half of a dual allocation may be let go alone. */
	if (only && !lifetime)
		turn_relay_end(only);
	else if (a)
		a->expires = turn_now(r->server) + lifetime;
	if (a && !only && !lifetime)
		turn_allocation_end(a);
	turn_respond(r, 0);
	stun_add_u32(&r->w, STUN_LIFETIME, (uint32_t)(lifetime / SEC));
	turn_respond_end(r);
}
