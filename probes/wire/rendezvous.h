/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What peers and a rendezvous say to each other: the codec, which neither sends nor remembers.
 *
 * A message is a length (16 bits, of what follows it), a version, a kind, and the kind's
 * fields, all big-endian.  Over TCP, messages follow each other; over UDP, a datagram is one.
 *
 *   LOGIN       peer → rendezvous         name
 *   WELCOME     rendezvous → peer         the endpoint that the connection comes from
 *   CALL        caller → rendezvous       one attempt: who, how, how long
 *   INVITE      rendezvous → callee       the same, with the caller's name
 *   REFUSED     rendezvous → caller       why it cannot be
 *   REGISTER    peer → rendezvous, UDP    from the very socket that the attempt will use;
 *                                         for one over TCP, in a connection from its port
 *   REGISTERED  the answer, UDP           the endpoint that it came from, as seen outside
 *   INTRODUCE   rendezvous → both         the other's endpoint, one's own, the method to try
 *   FOUND       callee → caller           the callee's HELO of this sequence was answered
 *   SETTLE      caller → callee           the attempt is over: how it ended, and which HELO
 *                                         proved the path
 *   SETTLED     callee → caller           whether the callee thinks the same
 *   RELAY       peer → peer               a frame (talk.h), whole
 *   HANGUP      peer → peer               the call is over, or its other party has gone
 *   SIGNAL      peer → peer               a line of ICE's (ice_sdp.h): credentials, a candidate
 *   FORECAST    peer → peer               how my NAT gives ports, and which comes next
 *   READY       peer → peer               my own NAT is open, speak
 *
 * An attempt is of one family (CALL says which): both register from an address of it, by the
 * rendezvous' address of it, and are introduced to each other's.  A host behind a NAT64 has an
 * IPv4 endpoint, too: its NAT64's.
 *
 * FOUND, SETTLE, SETTLED, RELAY, HANGUP, SIGNAL, FORECAST and READY are passed on as they are.
 *
 * For attempts whose method foretells ports the rendezvous answers REGISTER at further UDP ports
 * too, above its own: only to say where it saw it come from.
 */
#ifndef KNOTHOLE_RENDEZVOUS_WIRE_H
#define KNOTHOLE_RENDEZVOUS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"
#include "../../nat-models/predict.h"
#include "talk.h"

/* (constant, fields that it carries: see the struct) */
#define RENDEZVOUS_KINDS(X)                                                                        \
	X(RENDEZVOUS_LOGIN, NAME)                                                                  \
	X(RENDEZVOUS_WELCOME, MAPPED)                                                              \
	X(RENDEZVOUS_CALL, NAME | ATTEMPT | ASK)                                                   \
	X(RENDEZVOUS_INVITE, NAME | ATTEMPT | ASK)                                                 \
	X(RENDEZVOUS_REFUSED, ATTEMPT | REFUSAL)                                                   \
	X(RENDEZVOUS_REGISTER, NAME | ATTEMPT | HOST)                                              \
	X(RENDEZVOUS_REGISTERED, ATTEMPT | MAPPED)                                                 \
	X(RENDEZVOUS_INTRODUCE, ATTEMPT | MAPPED | HOST | SEEN)                                    \
	X(RENDEZVOUS_FOUND, ATTEMPT | PROOF)                                                       \
	X(RENDEZVOUS_SETTLE, ATTEMPT | PROOF)                                                      \
	X(RENDEZVOUS_SETTLED, ATTEMPT | PROOF)                                                     \
	X(RENDEZVOUS_RELAY, ATTEMPT | FRAME)                                                       \
	X(RENDEZVOUS_HANGUP, ATTEMPT)                                                              \
	X(RENDEZVOUS_SIGNAL, ATTEMPT | FRAME)                                                      \
	X(RENDEZVOUS_FORECAST, ATTEMPT | MAPPED | OUTLOOK)                                         \
	X(RENDEZVOUS_READY, ATTEMPT)

enum rendezvous_kind {
#define X(id, fields) id,
	RENDEZVOUS_KINDS(X)
#undef X
		RENDEZVOUS_KIND_COUNT
};

enum rendezvous_refusal {
	RENDEZVOUS_NOBODY, /* nobody of that name is logged in */
	RENDEZVOUS_TAKEN, /* the name, or the call's token, is somebody else's */
	RENDEZVOUS_BUSY, /* no room for one more */
};

/* How the ports look that a NAT gives one socket for one destination after another. */
enum rendezvous_outlook {
	OUTLOOK_STEADY, /* always the same */
	OUTLOOK_STEPS, /* each so far from the last */
	OUTLOOK_RANDOM, /* nobody can tell */
	OUTLOOK_COUNT
};

enum {
	RENDEZVOUS_OBSERVERS = 3, /* further UDP ports, above its own */
	RENDEZVOUS_NAME = 32, /* with its NUL, which is not sent */
	RENDEZVOUS_PREFIX = 2,
	RENDEZVOUS_BODY_MAX = 2 + 10 + 2 + TALK_MAX, /* of RELAY, the longest */
	RENDEZVOUS_MAX = RENDEZVOUS_PREFIX + RENDEZVOUS_BODY_MAX,
};

struct rendezvous_message {
	enum rendezvous_kind kind;
	char name[RENDEZVOUS_NAME]; /* LOGIN, REGISTER: one's own; CALL, INVITE: the other's */

	uint64_t token; /* of the call */
	uint8_t attempt; /* counted from 0 in a call */
	enum method method;

	bool host_addresses; /* ask: tell each the other's own address too */
	enum family family; /* ask: of the endpoints between which to try it */
	uint16_t local_port; /* 0 = any */
	uint64_t attempt_ns;
	uint64_t pace_ns;
	struct method_budget budget;

	struct endpoint mapped; /* FORECAST: the next to be given, or one that was */
	struct endpoint host; /* the socket's own; unset where not asked for */
	struct endpoint seen; /* the receiver's own, as mapped is the other's */

	enum rendezvous_refusal refusal;

	bool connected; /* proof: the HELO that was answered, */
	enum talk_role by; /* who said it, */
	uint32_t sequence; /* and which one it was */

	enum rendezvous_outlook outlook; /* outlook: of one's own ports … */
	int16_t step; /* … and how far the one after `mapped` is from it */

	const uint8_t *frame; /* or line; points into the bytes that were decoded */
	uint16_t frame_len;
};

/* Writes the whole message with its length; returns how many bytes, or 0 where @room is too
 * small or a field cannot be said (a frame longer than TALK_MAX, an empty name). */
size_t rendezvous_encode(const struct rendezvous_message *msg, uint8_t *bytes, size_t room);

/* Reads the length that begins a message: how many bytes follow it, or 0 where that is
 * no message's (too short, or longer than RENDEZVOUS_BODY_MAX). */
size_t rendezvous_body_len(const uint8_t prefix[RENDEZVOUS_PREFIX]);

/* Reads a message's @len bytes after the length.  0, or -EPROTO; *ret untouched then. */
int rendezvous_decode(const uint8_t *body, size_t len, struct rendezvous_message *ret);

/* The same for a datagram, which starts with the length. */
int rendezvous_decode_datagram(const uint8_t *bytes, size_t len, struct rendezvous_message *ret);

#endif
