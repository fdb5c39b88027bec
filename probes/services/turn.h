/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the TURN service (RFC 8656, RFC 6062), for its own files only; others start it
 * by service.h.
 *
 * Theory of operation.  One fiber reads UDP; each TCP or TLS connection has one that reads it and
 * one that empties its outbox (turn_conn.c).  All of them give whole messages to turn_hear(),
 * which never parks for a client.  Each relayed socket has a fiber that reads it until its
 * allocation's time is over, and the last of an allocation's frees that then; whoever wants an
 * allocation to end closes its sockets.  Permissions and channels expire by being looked at.
 *
 *	client --- path --- turn_hear() --- allocation --- relayed socket --- peer
 *
 * Everything that is kept for a client has a limit here.
 */
#ifndef KNOTHOLE_TURN_H
#define KNOTHOLE_TURN_H

#include "../wire/stun.h"
#include "../wire/turn.h"
#include "complaints.h"
#include "conduit.h"
#include "crew.h"
#include "service.h"
#include "stun_auth.h"

enum {
	TURN_ALLOCATIONS = 256,
	TURN_PERMISSIONS = 64, /* of one allocation */
	TURN_CHANNELS = 64,
	TURN_RESERVATIONS = 16,
	TURN_CONNECTIONS = 128, /* of clients */
	TURN_PEER_CONNECTIONS = 16, /* of one TCP allocation */
	TURN_DATAGRAM = 65536,
	TURN_OUTBOX = 256 * 1024, /* bytes that wait for a client that reads slowly */
};

#define TURN_PERMISSION_NS (300 * SEC) /* RFC 8656, 9 */
#define TURN_CHANNEL_NS (600 * SEC) /* RFC 8656, 12 */
#define TURN_RESERVATION_NS (30 * SEC) /* RFC 8656, 7.2 */
#define TURN_UNBOUND_NS (30 * SEC) /* RFC 6062, 5.2 and 5.3 */

/* What is logged: (constant, what the client did) */
#define TURN_COMPLAINTS(X)                                                                         \
	X(TURN_MALFORMED, "sends what is neither STUN nor ChannelData")                            \
	X(TURN_UNAUTHORISED, "has the wrong credentials")                                          \
	X(TURN_OVER_QUOTA, "wants more allocations than its user may have")                        \
	X(TURN_NO_ALLOCATIONS, "finds all allocations taken")                                      \
	X(TURN_NO_CONNECTIONS, "finds all connections taken")                                      \
	X(TURN_SILENT, "connected, and then said nothing of use")                                  \
	X(TURN_SLOW, "takes too long to send a message")                                           \
	X(TURN_BAD_TLS, "fails the TLS handshake")                                                 \
	X(TURN_READS_SLOWLY, "does not read what is relayed to it")                                \
	X(TURN_FORBIDDEN, "wants to reach a forbidden peer")                                       \
	X(TURN_NO_PERMISSION, "sends to a peer without a permission")                              \
	X(TURN_TOO_LONG, "sends what is not to be cut, and is too long for the way")               \
	X(TURN_STRANGER, "is no peer with a permission")                                           \
	X(TURN_NO_LINKS, "finds all of an allocation's connections to peers taken")                \
	X(TURN_NO_MEMORY, "gets no connection to a peer, for want of memory")                      \
	X(TURN_UNBOUND, "leaves a connection to a peer unbound")

enum turn_complaint {
#define X(id, text) id,
	TURN_COMPLAINTS(X)
#undef X
		TURN_COMPLAINTS_LEN
};

struct turn_conn;
struct turn_link; /* between a TCP allocation and a peer */

/* Where a request came from, and where its response goes. */
struct turn_path {
	struct endpoint remote;
	struct turn_conn *conn; /* NULL: UDP */
};

struct turn_permission {
	struct ip_addr addr;
	uint64_t expires;
};

struct turn_channel {
	uint16_t number;
	struct endpoint peer;
	uint64_t expires;
};

enum { TURN_RELAYS = 2 };

/* A relayed address, and what its fiber works with. */
struct turn_relay {
	struct turn_allocation *allocation;
	struct sock *sock; /* a listener where the allocation is TCP's; NULL once it has ended */
	struct endpoint addr;
	bool unfragmented; /* what the socket was told last */
	uint8_t datagram[TURN_DATAGRAM]; /* from a peer */
	uint8_t message[TURN_DATAGRAM + 64]; /* to the client */
};

struct turn_allocation {
	struct turn_server *server;
	struct turn_allocation *next;
	struct turn_allocation **link;
	struct turn_path path;
	const struct turn_user *user;
	uint8_t transaction[STUN_TRANSACTION]; /* of the request that made it */
	/* One, or of a dual allocation IPv4's and IPv6's; NULL = none, or it has ended. */
	struct turn_relay *relays[TURN_RELAYS];
	unsigned
		additional_error; /* why there is no second one, which was asked for; 0 = none was */
	uint64_t token; /* of the reservation that it came with; 0 = none was asked for */
	bool tcp;
	bool ended;
	unsigned working; /* fibers of its relays' */
	uint64_t expires;
	struct turn_permission permissions[TURN_PERMISSIONS];
	size_t permissions_len;
	struct turn_channel channels[TURN_CHANNELS];
	size_t channels_len;
	struct turn_link *links;
	unsigned links_len;
};

/* A port that is kept for the second of two allocations (RFC 8656, 7.2). */
struct turn_reservation {
	uint64_t token; /* 0: there is none */
	struct sock *sock;
	uint64_t expires;
};

struct turn_server {
	struct host *host;
	struct turn_options options;
	struct stun_auth auth;
	struct conduit_identity
		*identity; /* NULL until somebody wants TLS: it takes time to make */
	struct crew crew;
	bool stopping;
	struct sock *udp, *tcp, *tls;
	struct turn_allocation *allocations;
	unsigned allocations_len;
	struct turn_reservation reservations[TURN_RESERVATIONS];
	struct turn_conn *conns;
	unsigned conns_len;
	uint32_t last_connection_id;
	struct complaints complaints;
	uint8_t datagram[TURN_DATAGRAM]; /* from a client */
};

/* A request that is being answered. */
struct turn_request {
	struct turn_server *server;
	const struct turn_path *path;
	struct stun_message msg;
	struct stun_identity who;
	struct stun_writer w;
	uint8_t out[1024];
};

static inline uint64_t turn_now(const struct turn_server *server)
{
	return host_now(server->host);
}

/* turn.c */

/* A client says something: a whole message.  False where it is nonsense. */
bool turn_hear(struct turn_server *server, const struct turn_path *path, const uint8_t *bytes,
	       size_t len);
/* To a client; what cannot be queued or sent is lost, as a datagram may be.  0 or -errno. */
int turn_tell(struct turn_server *server, const struct turn_path *path, const uint8_t *bytes,
	      size_t len);
void turn_complain(struct turn_server *server, enum turn_complaint what, struct endpoint who);

/* turn_request.c */

void turn_answer(struct turn_server *server, const struct turn_path *path,
		 const struct stun_message *msg);
/* Begin a response; @code 0 = success.  Its attributes go to r->w. */
void turn_respond(struct turn_request *r, unsigned code);
/* Complete it with its integrity, and send it. */
void turn_respond_end(struct turn_request *r);
/* Both at once. */
void turn_refuse(struct turn_request *r, unsigned code);

/* turn_allocate.c, turn_peer.c: the requests themselves */

void turn_allocate(struct turn_request *r);
void turn_refresh(struct turn_request *r);
/* The first peer in a request; false where it has none that @a may reach, and it was refused. */
bool turn_read_peer(struct turn_request *r, const struct turn_allocation *a, struct endpoint *ret);
void turn_create_permission(struct turn_request *r, struct turn_allocation *a);
void turn_channel_bind(struct turn_request *r, struct turn_allocation *a);
/* A Send indication. */
void turn_send_on(struct turn_server *server, struct turn_allocation *a,
		  const struct stun_message *msg);
/* Of whatever kind, a datagram of a client to @peer. */
void turn_relay_out(struct turn_server *server, struct turn_allocation *a, struct endpoint peer,
		    bool unfragmented, const uint8_t *bytes, size_t len);

/* turn_allocation.c */

/* Those that live; NULL where there is none. */
struct turn_allocation *turn_allocation_find(struct turn_server *server,
					     const struct turn_path *path);
/* Of @user, at present. */
unsigned turn_allocations_of(const struct turn_server *server, const struct turn_user *user);
/* Takes @relay, also where it fails.  0 or -ENOMEM. */
int turn_allocation_new(struct turn_server *server, const struct turn_path *path,
			const struct turn_user *user, struct sock *relay, uint64_t expires,
			struct turn_allocation **ret);
/* Give it a second one, of the other family; the same. */
int turn_allocation_add(struct turn_allocation *a, struct sock *relay);
/* That of @addr's family; NULL where it has none. */
struct turn_relay *turn_relay_beside(const struct turn_allocation *a, struct ip_addr addr);
/* End it, and with the last one the allocation. */
void turn_relay_end(struct turn_relay *relay);
/* It must not be used any more then. */
void turn_allocation_end(struct turn_allocation *a);
/* What @conn had. */
void turn_allocations_end_of(struct turn_server *server, const struct turn_conn *conn);
bool turn_permitted(const struct turn_allocation *a, struct ip_addr addr);
/* Make or refresh one.  False where there is no room. */
bool turn_permit(struct turn_allocation *a, struct ip_addr addr);
/* By number, or where that is 0 by peer. */
struct turn_channel *turn_channel_find(struct turn_allocation *a, uint16_t number,
				       struct endpoint peer);

/* turn_conn.c */

void turn_accept_tcp(void *server);
void turn_accept_tls(void *server);
int turn_conn_put(struct turn_conn *conn, const uint8_t *bytes, size_t len);
void turn_conns_close(struct turn_server *server);
/* From now on the connection's bytes are @link's, both ways. */
void turn_conn_join(struct turn_conn *conn, struct turn_link *link);

/* turn_tcp.c: RFC 6062 */

/* What the fiber of a TCP allocation's listener does. */
void turn_accept_peers(struct turn_relay *relay);
void turn_connect(struct turn_request *r, struct turn_allocation *a);
void turn_connection_bind(struct turn_request *r);
/* Shovel bytes between @client and the peer until either ends. */
void turn_link_run(struct turn_link *link, struct conduit *client);
void turn_links_end(struct turn_allocation *a);

#endif
