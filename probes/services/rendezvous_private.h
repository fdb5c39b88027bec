/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the rendezvous, for its own files only; others start it by service.h. */
#ifndef KNOTHOLE_RENDEZVOUS_PRIVATE_H
#define KNOTHOLE_RENDEZVOUS_PRIVATE_H

#include "../wire/rendezvous.h"
#include "channel.h"
#include "complaints.h"
#include "crew.h"
#include "service.h"

enum { CLIENTS_MAX = 256, MEETINGS_MAX = 1024 };

struct client {
	struct rendezvous *rendezvous;
	struct client *next;
	struct client **link;
	struct channel *channel;
	char name[RENDEZVOUS_NAME]; /* "" until it has logged in */
	bool only_seen; /* it never will: it has registered a socket by this connection */
};

struct party {
	struct client *client;
	bool registered;
	struct endpoint mapped;
	struct endpoint host;
};

struct meeting {
	uint64_t token;
	uint8_t attempt;
	enum method method;
	bool host_addresses;
	bool introduced;
	struct party parties[2]; /* by enum talk_role */
};

/* Where clients come in; a fiber stands at each. */
struct door {
	struct rendezvous *rendezvous;
	struct sock *listener;
};

/* A UDP port at which registrations are answered; a fiber stands at each. */
struct counter {
	struct rendezvous *rendezvous;
	struct sock *udp;
};

struct rendezvous {
	struct host *host;
	struct complaints complaints;
	struct crew crew;
	struct door doors[1 + SERVICE_PORTS];
	size_t doors_len;
	struct counter counters[1 + RENDEZVOUS_OBSERVERS]; /* the first is always there */
	size_t counters_len;
	bool stopping;
	struct client *clients;
	unsigned clients_len;
	struct meeting *meetings; /* in the order of their calls' beginnings */
	unsigned meetings_len;
	unsigned meetings_room;
};

/* rendezvous.c */

/* Send, or where that cannot be, end the connection: a client that has missed a message would
 * wait for ever for what it said. */
void rendezvous_tell(struct client *client, const struct rendezvous_message *msg);

/* rendezvous_meeting.c */

/* That of the call @token; NULL where there is none. */
struct meeting *meeting_find(struct rendezvous *rendezvous, uint64_t token);
void meeting_remove(struct rendezvous *rendezvous, struct meeting *meeting);
/* A new one, at the expense of the oldest where there is no room; NULL without memory. */
struct meeting *meeting_add(struct rendezvous *rendezvous);

/* Tell both of each other, once both are there: for a relay as soon as it is asked for, else when
 * their UDP has been seen. */
void meeting_introduce(struct meeting *meeting);

/* The meeting that @msg, which came from @from, is for; NULL where it is for none that is by the
 * same protocol.  It may have overtaken its call: the client will say it again. */
struct meeting *meeting_register(struct rendezvous *rendezvous,
				 const struct rendezvous_message *msg, const struct endpoint *from,
				 bool tcp);

/* The calls of @client end with it, and the other parties are told. */
void meetings_end_of(struct client *client);

#endif
