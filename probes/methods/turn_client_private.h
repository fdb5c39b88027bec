/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TURN client's inside: turn_client.c moves messages, turn_client_calls.c says them. */
#ifndef KNOTHOLE_TURN_CLIENT_PRIVATE_H
#define KNOTHOLE_TURN_CLIENT_PRIVATE_H

#include "../services/crew.h"
#include "../services/outbox.h"
#include "../wire/turn.h"
#include "stun_login.h"
#include "turn_client.h"

enum {
	TURN_CLIENT_PEERS = 48, /* that it keeps permissions and channels for */
	TURN_CLIENT_QUEUE = 256, /* datagrams that nobody has received yet */
	TURN_CLIENT_MESSAGE = 2048, /* a request or a response */
	TURN_CLIENT_OUTBOX = 256 * 1024,
};

/* A request under way. */
struct turn_transaction {
	struct turn_transaction *next;
	struct fiber *waiter;
	uint8_t id[STUN_TRANSACTION];
	uint8_t response[TURN_CLIENT_MESSAGE];
	size_t len; /* 0: none yet */
	struct stun_message msg; /* it, decoded */
};

struct turn_arrival {
	struct turn_arrival *next;
	struct endpoint from;
	uint32_t connection_id; /* a connection instead of a datagram */
	size_t len;
	uint8_t bytes[];
};

struct turn_queue {
	struct turn_arrival *first;
	struct turn_arrival **end;
	unsigned len;
	struct fiber *waiter;
};

struct turn_client_peer {
	struct endpoint peer; /* port 0: a permission only */
	uint16_t channel;
	bool bound; /* the server has said so: a channel may be heard before it may be used */
};

/* A connection to the server that is being made, TLS and all, so that closing can end it. */
struct turn_dial {
	struct turn_dial *next, **link;
	struct sock *opening;
	struct conduit *conduit; /* once it stands */
};

struct turn_client {
	struct host *host;
	struct turn_client_spec spec;
	struct stun_login login;
	struct sock *udp; /* either, while open */
	struct conduit *conduit;
	struct outbox *outbox; /* of the conduit: many may have something to say */
	struct crew reader, calls;
	bool closed;
	bool lost; /* the connection was, by itself */
	struct fiber *keeper; /* while it sleeps */
	struct turn_transaction *transactions;
	struct turn_dial *dials;
	struct turn_queue datagrams, connections;
	struct endpoint relayed, relayed6, mapped;
	uint32_t lifetime_s;
	uint64_t token;
	struct turn_client_peer peers[TURN_CLIENT_PEERS];
	size_t peers_len;
	uint16_t next_channel; /* how many numbers it has chosen */
	struct turn_refusal refusal;
	uint8_t incoming[TURN_MESSAGE_MAX];
};

/* Attributes of a request, after which come the credentials. */
struct turn_question {
	enum turn_method method;
	void (*fill)(struct turn_client *client, struct stun_writer *w, const void *arg);
	const void *arg;
};

/* The request's length, with a fresh @id. */
size_t turn_client_write(struct turn_client *client, const struct turn_question *q,
			 uint8_t id[STUN_TRANSACTION], uint8_t out[TURN_CLIENT_MESSAGE]);
/* Ask, and again with what challenges teach.  0 with a success in *ret, the caller's to free; else
 * as turn_client_allocate(). */
int turn_client_call(struct turn_client *client, const struct turn_question *q, uint64_t deadline,
		     struct turn_transaction **ret);
/* Keep why @msg refuses: -EREMOTEIO; -EPROTO where it does not say. */
int turn_client_refused(struct turn_client *client, const struct stun_message *msg);
/* XOR-PEER-ADDRESS, and CHANNEL-NUMBER where there is one, of a struct turn_client_peer. */
void turn_client_fill_peer(struct turn_client *client, struct stun_writer *w, const void *arg);

/* Open the way to the server, and read it.  0 or as turn_client_allocate(). */
int turn_client_open(struct turn_client *client, uint64_t deadline);
/* And end it again, so that another can be opened. */
void turn_client_shut(struct turn_client *client);
/* A connection to the server of its own. */
int turn_client_dial(struct turn_client *client, uint64_t deadline, struct conduit **ret);
/* The next message on one: its length, or -errno. */
long turn_client_read(struct conduit *conduit, uint8_t message[TURN_MESSAGE_MAX],
		      uint64_t deadline);
/* A whole message to the server. */
int turn_client_tell(struct turn_client *client, const uint8_t *bytes, size_t len,
		     uint64_t deadline);
/* Have @t answered: sent, over UDP again and again (RFC 8489, 6.2.1), until it is.  0 with t->msg,
 * whatever it says. */
int turn_client_transact(struct turn_client *client, struct turn_transaction *t,
			 const uint8_t *bytes, size_t len, uint64_t deadline);
/* Wait for the first of a queue: 0 with it taken off, the caller's to free. */
int turn_queue_take(struct turn_client *client, struct turn_queue *queue, uint64_t deadline,
		    struct turn_arrival **ret);
/* The bound channel of @peer, 0 = none; and the peer of a channel. */
uint16_t turn_client_channel(const struct turn_client *client, struct endpoint peer);

#endif
