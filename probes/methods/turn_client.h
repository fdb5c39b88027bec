/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TURN client (RFC 8656, RFC 6062): one allocation on one server, over UDP, TCP or TLS.
 *
 * Calls look blocking; any number of fibers may be inside of them, but only one in
 * turn_client_recv().  It decides nothing about when to use a relay: the methods do.
 */
#ifndef KNOTHOLE_TURN_CLIENT_H
#define KNOTHOLE_TURN_CLIENT_H

#include <stdbool.h>

#include "../../sim/host.h"
#include "../services/conduit.h"

/* How a client reaches its server.  (constant, word) */
#define TURN_TRANSPORTS(X)                                                                         \
	X(TURN_OVER_UDP, "udp")                                                                    \
	X(TURN_OVER_TCP, "tcp")                                                                    \
	X(TURN_OVER_TLS, "tls")

enum turn_transport {
#define X(id, word) id,
	TURN_TRANSPORTS(X)
#undef X
		TURN_TRANSPORT_COUNT
};

const char *turn_transport_word(enum turn_transport transport);

struct turn_client_spec {
	struct endpoint server;
	enum turn_transport transport;
	const char *username, *password; /* copied */
	uint32_t lifetime_s; /* to ask for; 0 = the server's to say */
	bool tcp_relay; /* allocate for TCP (RFC 6062) */
	bool even_port;
	bool reserve; /* the port after the even one, too */
	uint64_t token; /* take a reserved port; 0 = none */
	bool dont_fragment; /* nothing that is sent but in a channel is to be cut on its way */
	uint8_t family; /* REQUESTED-ADDRESS-FAMILY; 0 = none asked for */
	bool both; /* an IPv6 address beside IPv4's (ADDITIONAL-ADDRESS-FAMILY) */
	bool keep; /* refresh allocation, permissions and channels until it is closed */
};

enum { TURN_CLIENT_REASON = 80 };

/* Why the server said no, last. */
struct turn_refusal {
	unsigned code; /* 0: it did not */
	char reason[TURN_CLIENT_REASON];
};

struct turn_client;

/* Nothing is opened or sent yet.  0, -ENOMEM, -EINVAL for credentials that are too long. */
int turn_client_new(struct host *host, const struct turn_client_spec *spec,
		    struct turn_client **ret);

/*
 * Connect, and allocate.  0; -EREMOTEIO where the server refused (turn_client_refusal());
 * -ETIMEDOUT where it did not answer; -EPROTO for an answer that cannot be; -ECANCELED where it
 * was closed; sock_open()'s.  The other calls give the same.
 */
int turn_client_allocate(struct turn_client *client, uint64_t deadline);

struct endpoint turn_client_relayed(const struct turn_client *client);
/* The second address, IPv6's, of an allocation that has both; unset where it has not. */
struct endpoint turn_client_relayed6(const struct turn_client *client);
struct endpoint turn_client_mapped(const struct turn_client *client);
/* Where it was sent on to by ALTERNATE-SERVER, or what the spec said. */
struct endpoint turn_client_server(const struct turn_client *client);
uint32_t turn_client_lifetime(const struct turn_client *client); /* s, as granted last */
uint64_t turn_client_token(const struct turn_client *client); /* 0 = none */
const struct turn_refusal *turn_client_refusal(const struct turn_client *client);

/* @lifetime_s = 0 ends the allocation; UINT32_MAX asks for none in particular. */
int turn_client_refresh(struct turn_client *client, uint32_t lifetime_s, uint64_t deadline);
int turn_client_permit(struct turn_client *client, struct ip_addr peer, uint64_t deadline);
/* @number = 0: the next free one.  Also -ENOBUFS: it can keep no more. */
int turn_client_bind(struct turn_client *client, struct endpoint peer, uint16_t number,
		     uint64_t deadline);

/* One datagram to @to, in a channel where it is bound to one.  0 or -errno. */
int turn_client_send(struct turn_client *client, struct endpoint to, const void *bytes, size_t len,
		     uint64_t deadline);

/* One datagram from a peer, as sock_recv(). */
long turn_client_recv(struct turn_client *client, struct endpoint *from, void *bytes, size_t room,
		      uint64_t deadline);

/* RFC 6062: a connection to @peer; or the next one that a peer makes, and who it is.  The
 * caller owns *ret, which ends with the allocation. */
int turn_client_connect(struct turn_client *client, struct endpoint peer, uint64_t deadline,
			struct conduit **ret);
int turn_client_accept(struct turn_client *client, uint64_t deadline, struct endpoint *ret_peer,
		       struct conduit **ret);

/* Whoever is inside of a call gets -ECANCELED.  The server is told nothing: what is left of the
 * allocation there expires.  May be called again. */
void turn_client_close(struct turn_client *client);

/* Close and free.  Parks; NULL is fine.  Outside of fibers only after the loop has stopped. */
void turn_client_free(struct turn_client *client);

#endif
