/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders of the ladder: which methods a kind of program tries, one after another, and why it does not
 * try the others.  Whether one is right for a pair of NATs is not asked here; trying them is
 * connect.h's.
 */
#ifndef KNOTHOLE_ORDER_H
#define KNOTHOLE_ORDER_H

#include "connect.h"

/* (constant, word, where it comes from) */
#define ORDERS(X)                                                                                  \
	X(ORDER_DEFAULT, "default", "RFC 5128, 3: what is over UDP, and relays last")              \
	X(ORDER_ICE, "ice",                                                                        \
	  "RFC 8445, 5.1.2: by candidates' types, host, reflexive, relayed; RFC 6544, 4.2: UDP "   \
	  "before TCP; each kind's guesses and early packets come after what needs none")          \
	X(ORDER_SKYPE, "skype",                                                                    \
	  "SKB-06, SKB-15: UDP, then TCP to the other, then the supernode over the TCP "           \
	  "connection that each side holds")                                                       \
	X(ORDER_WEBRTC, "webrtc", "RFC 8835, 3.4: ICE, which tries everything at once")

enum order {
#define X(id, word, source) id,
	ORDERS(X)
#undef X
		ORDER_COUNT
};

const char *order_word(enum order order);
const char *order_source(enum order order);
int order_parse(const char *word, enum order *ret); /* 0 or -EINVAL */

/* Does who tries in this order also try the other's own (inside) addresses, unless told not to? */
bool order_host_addresses(enum order order);

/* Why who tries in this order never tries @method; NULL where it is among its rungs, TURN's too. */
const char *order_leaves_out(enum order order, enum method method);

/* Its rungs into @ret, in the order of trying; METHOD_TURN only where there is a @turn server.
 * How many. */
unsigned order_ladder(enum order order, bool turn, enum method ret[LADDER_MAX]);

#endif
