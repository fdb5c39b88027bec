/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A leg: one side of one attempt, and of the call that may come of it.  It owns the attempt's
 * socket, says and answers hellos, and knows which path they have proven.
 *
 * A hello that was answered proves both directions at once: the way to where it was said
 * to, and the way back to where it was heard from.  So its sequence number alone lets both
 * sides settle on the same path (attempt.c).
 *
 * Nothing here decides when to speak: the methods do.
 */
#ifndef KNOTHOLE_LEG_H
#define KNOTHOLE_LEG_H

#include <stdbool.h>
#include <stdint.h>

#include "../../sim/fiber.h"
#include "../../sim/host.h"
#include "../wire/rendezvous.h"
#include "../wire/talk.h"

struct ice_leg;
struct peer;
struct holes;
struct tcp_leg;
struct turn_client;

enum {
	LEG_TARGETS = 8, /* but for the candidates of predict, which come on top of them */
	LEG_TARGETS_ROOM = LEG_TARGETS + BUDGET_CANDIDATES_MAX,
	LEG_HELLOS = 64, /* … are remembered at least, and as many as may be on their way */
	LEG_SAMPLES = 1 + RENDEZVOUS_OBSERVERS,
};

/* Where hellos are said to: the other's endpoint as the rendezvous or the other itself told
 * it, or one that was learned from where frames came from ("peer reflexive", RFC 8445). */
struct leg_target {
	struct endpoint to;
	struct sock *via; /* one of the leg's holes; NULL = its own socket */
	bool fresh; /* nothing has been said to it yet */
};

struct leg_hello {
	uint32_t sequence; /* 0 = none */
	struct endpoint where; /* said to, or heard from */
	struct sock *via; /* said or heard by; NULL = the leg's own socket */
	uint64_t at;
};

/* An answer to a hello of ours. */
struct leg_proof {
	uint32_t sequence; /* 0 = none yet */
	struct endpoint path; /* where the hello was said to */
	bool symmetric; /* it was answered from there, too (RFC 8445, 7.2.5.2.1) */
	uint64_t settle_at; /* an answer that was not: wait until then for one that is */
};

/* The voice that is being received (call_talk()). */
struct leg_voice {
	uint32_t first; /* sequence */
	uint32_t frames;
	uint8_t *seen; /* a bit each: duplicates count once; NULL where nobody counts */
	unsigned received;
	uint64_t delay_sum;
	uint64_t last_at; /* when one arrived */
};

struct leg_spec {
	uint64_t token;
	uint8_t attempt;
	enum method method;
	enum family family; /* that it is tried in; IPv4 of a relay, which has none, and of ICE */
	enum talk_role role;
	bool host_addresses;
	uint16_t local_port;
	uint64_t pace_ns;
	uint64_t attempt_ns;
	struct method_budget budget; /* none of them 0, but perhaps the TTL */
};

struct leg {
	struct leg_spec spec;
	struct peer *peer;
	struct leg *next; /* in the peer's list */
	struct leg **owner; /* a call's pointer to it, NULLed with it; NULL = none's */
	struct sock *sock; /* NULL for a relay's, and once closed */
	struct holes *holes; /* more sockets, where the method opens any; or NULL */
	struct turn_client *turn; /* … and of TURN's, in its stead; NULL until there is one */
	struct tcp_leg *tcp; /* … and of TCP's; NULL of all others */
	struct ice_leg *ice; /* … and of ICE's */
	struct endpoint local;
	struct fiber *reader;
	struct fiber *waiter; /* woken whenever something below changes */
	bool closing;

	/* as the rendezvous told */
	bool registered;
	struct endpoint mapped;
	bool introduced;
	struct endpoint theirs;
	struct endpoint their_host; /* as they know it themselves; unset where not told */
	bool refused; /* or the other party has gone */
	bool ready; /* the other has opened its way */

	/* as the other side told, through the rendezvous */
	bool found, settle, settled; /* which of the three messages has arrived */
	struct rendezvous_message said; /* the last of them */

	/* how ports are given (foretell.h): to this side … */
	struct endpoint samples[LEG_SAMPLES]; /* unset = not seen yet */
	enum rendezvous_outlook outlook;
	uint64_t sampled_at; /* when the last was sent */
	uint64_t lead; /* from then until the first hello */
	/* … and to the other, as it said */
	bool forecast; /* it has said so */
	enum rendezvous_outlook their_outlook;
	struct endpoint their_next;
	int16_t their_step;

	unsigned targets_max;
	struct leg_target targets[LEG_TARGETS_ROOM];
	unsigned targets_len;
	struct leg_hello heard[LEG_HELLOS]; /* hellos: rings by count … */
	unsigned heard_count;
	uint32_t sequence; /* of the last hello */
	struct leg_proof proof;

	bool connected;
	struct endpoint path; /* where voice goes, unless it is relayed */
	struct sock *path_via; /* … and by which socket; NULL = the leg's own */
	uint32_t path_sequence; /* of the hello that proved it */
	uint32_t voice_sequence; /* of the next frame to send */
	struct leg_voice voice;

	uint32_t told_len;
	struct leg_hello told[]; /* … and, of ours, by sequence */
};

/* Open the socket, unless for a relay.  @peer's list has it then.  0 or sock_open()'s. */
int leg_new(struct peer *peer, const struct leg_spec *spec, struct leg **ret);

/* Start to read the socket, and register it at the rendezvous, after what waits in the
 * peer's channel has left: a registration that overtakes its call is lost.  0 or -ENOMEM. */
int leg_start(struct leg *leg);

/* For TURN: allocate, let the rendezvous in, and register the relayed address there.  0, or
 * turn_client_allocate()'s; -ENOTCONN where this peer has no TURN server. */
int leg_allocate(struct leg *leg, uint64_t deadline);

/* For TURN, once introduced: a channel to the other's relayed address.  As leg_allocate(). */
int leg_bind(struct leg *leg, uint64_t deadline);

/* A TCP connection to @remote stands: hellos may be said there. */
void leg_reach(struct leg *leg, struct endpoint remote);

/* See how a NAT maps this leg's socket for observer @number (from 1) of the rendezvous. */
void leg_sample(struct leg *leg, unsigned number);

/* What is said to the rendezvous to register this leg's socket, whole; how many bytes. */
size_t leg_registration(const struct leg *leg, uint8_t *bytes, size_t room);

/* Close, and wake whoever waits for it; it can only be freed any more. */
void leg_cancel(struct leg *leg);

/* Parks until its reader has ended; see peer_leave() for outside of fibers.  NULL is fine. */
void leg_free(struct leg *leg);

/* Say again to the rendezvous which socket this attempt uses. */
void leg_register(struct leg *leg);

/* One more endpoint to say hello to, where it is new and there is room. */
void leg_add_target(struct leg *leg, struct endpoint to, struct sock *via);

/* Say hello once to @to, by @via (NULL = the leg's own socket). */
void leg_hello_to(struct leg *leg, struct endpoint to, struct sock *via);

/* Say hello to each target, or only to those that have not heard one. */
void leg_say_hello(struct leg *leg, bool only_fresh);

/* Send one frame along the settled path.  0 or -errno. */
int leg_send_voice(struct leg *leg, uint16_t size);
void leg_send_keepalive(struct leg *leg);

/* A frame arrived: over UDP, or (@from = NULL) through the relay; by @via (NULL = the leg's own
 * socket, or no socket at all). */
void leg_hear(struct leg *leg, const struct talk *frame, const struct endpoint *from,
	      struct sock *via);

/* A datagram of @len @bytes arrived by @via: a frame, or the rendezvous' answer. */
void leg_read_datagram(struct leg *leg, const uint8_t *bytes, size_t len,
		       const struct endpoint *from, struct sock *via);

/* A message about this attempt arrived from the rendezvous. */
void leg_told(struct leg *leg, const struct rendezvous_message *msg);

/* Settle on the path that the hello @sequence, said by @by, has proven.  False where
 * this side knows of no such hello. */
bool leg_settle(struct leg *leg, enum talk_role by, uint32_t sequence);

/* Is our own proof good enough to settle on now? */
bool leg_proven(const struct leg *leg);

/* Park until something changes, or @deadline.  0 or -ETIMEDOUT. */
int leg_wait(struct leg *leg, uint64_t deadline);

/* Send @kind, about this attempt, to the other party, with the proof @by and @sequence. */
int leg_tell(struct leg *leg, enum rendezvous_kind kind, bool connected, enum talk_role by,
	     uint32_t sequence);

uint64_t leg_now(const struct leg *leg);

/* The TTL of what is to open this side's way and die on its own: what was asked for, or else as far as
 * the peer's own NATs go (peer_use_low_ttl()). */
uint8_t leg_low_ttl(const struct leg *leg);

#endif
