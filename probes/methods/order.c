/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "order.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static_assert((int)METHOD_COUNT <= (int)LADDER_MAX, "a ladder has room for every method");

struct rungs {
	bool host_addresses;
	unsigned len;
	enum method methods[LADDER_MAX];
};

/* A new method gets its place in each of these that would try it; why it has none in the others, it
 * says below. */
static const struct rungs orders[] = {
	[ORDER_DEFAULT] = { false,
			    5,
			    { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_TURN,
			      METHOD_RELAY } },
	/* In ICE both sides check every pair, so that a reversal is one of the ways in which
	 * reflexive candidates meet.  A port that was guessed is a peer-reflexive candidate once a
	 * check gets through there. */
	[ORDER_ICE] = { true,
			13,
			{ METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_LOW_TTL,
			  METHOD_PREDICT, METHOD_BIRTHDAY, METHOD_TCP_DIRECT, METHOD_TCP_REVERSAL,
			  METHOD_TCP_PUNCH, METHOD_TCP_PUNCH_LOW_TTL, METHOD_TCP_STUNT_2,
			  METHOD_TCP_SEQUENTIAL, METHOD_TURN } },
	/* The supernode foretells a router's ports where punching fails (SKA-06). */
	[ORDER_SKYPE] = { false,
			  7,
			  { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_PREDICT,
			    METHOD_TCP_DIRECT, METHOD_TCP_REVERSAL, METHOD_RELAY } },
	[ORDER_WEBRTC] = { true, 1, { METHOD_ICE } },
};

#define UNASKED "it costs many packets, so that it must be asked for"
#define UNASKED_TCP "RFC 5128's section 3 is about UDP first, so that TCP must be asked for"
#define NOT_SKYPE "nobody's description of it has that"
#define NOT_PUNCHED "nobody's TCP need be reached through a NAT (SKA-12), so none is punched"
#define WITHIN_ICE "its agents check all pairs at once, and have no other rung"

static const char *const left_out[ORDER_COUNT][METHOD_COUNT] = {
	[ORDER_DEFAULT] = {
		[METHOD_ICE] = "it is a ladder of its own, which must be asked for",
		[METHOD_LOW_TTL] = "it needs a TTL that nobody tells, so that it must be asked for",
		[METHOD_PREDICT] = UNASKED,
		[METHOD_BIRTHDAY] = UNASKED,
		[METHOD_TCP_DIRECT] = UNASKED_TCP,
		[METHOD_TCP_REVERSAL] = UNASKED_TCP,
		[METHOD_TCP_PUNCH] = UNASKED_TCP,
		[METHOD_TCP_PUNCH_LOW_TTL] = UNASKED_TCP,
		[METHOD_TCP_STUNT_2] = UNASKED_TCP,
		[METHOD_TCP_SEQUENTIAL] = UNASKED_TCP,
	},
	[ORDER_ICE] = {
		[METHOD_ICE] = "it is all of these at once; the order \"webrtc\" has it",
		[METHOD_RELAY] = "a rendezvous of ICE's only signals; it relays nothing",
	},
	[ORDER_SKYPE] = {
		[METHOD_ICE] = NOT_SKYPE,
		[METHOD_TURN] = "its supernodes relay",
		[METHOD_LOW_TTL] = NOT_SKYPE,
		[METHOD_BIRTHDAY] = NOT_SKYPE,
		[METHOD_TCP_PUNCH] = NOT_PUNCHED,
		[METHOD_TCP_PUNCH_LOW_TTL] = NOT_PUNCHED,
		[METHOD_TCP_STUNT_2] = NOT_PUNCHED,
		[METHOD_TCP_SEQUENTIAL] = NOT_PUNCHED,
	},
	[ORDER_WEBRTC] = {
		[METHOD_DIRECT] = WITHIN_ICE,
		[METHOD_REVERSAL] = WITHIN_ICE,
		[METHOD_PUNCH] = WITHIN_ICE,
		[METHOD_TURN] = WITHIN_ICE,
		[METHOD_RELAY] = WITHIN_ICE,
		[METHOD_LOW_TTL] = WITHIN_ICE,
		[METHOD_PREDICT] = WITHIN_ICE,
		[METHOD_BIRTHDAY] = WITHIN_ICE,
		[METHOD_TCP_DIRECT] = WITHIN_ICE,
		[METHOD_TCP_REVERSAL] = WITHIN_ICE,
		[METHOD_TCP_PUNCH] = WITHIN_ICE,
		[METHOD_TCP_PUNCH_LOW_TTL] = WITHIN_ICE,
		[METHOD_TCP_STUNT_2] = WITHIN_ICE,
		[METHOD_TCP_SEQUENTIAL] = WITHIN_ICE,
	},
};

static_assert(sizeof(orders) / sizeof(orders[0]) == ORDER_COUNT, "rungs for each order");

static const char *const texts[ORDER_COUNT][2] = {
#define X(id, word, source) [id] = { word, source },
	ORDERS(X)
#undef X
};

const char *order_word(enum order order)
{
	return (size_t)order < ORDER_COUNT ? texts[order][0] : "?";
}

const char *order_source(enum order order)
{
	return (size_t)order < ORDER_COUNT ? texts[order][1] : "?";
}

int order_parse(const char *word, enum order *ret)
{
	for (size_t i = 0; i < ORDER_COUNT; i++) {
		if (strcmp(texts[i][0], word) == 0) {
			*ret = (enum order)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool order_host_addresses(enum order order)
{
	return orders[order].host_addresses;
}

const char *order_leaves_out(enum order order, enum method method)
{
	return left_out[order][method];
}

unsigned order_ladder(enum order order, bool turn, enum method ret[LADDER_MAX])
{
	const struct rungs *rungs = &orders[order];
	unsigned n = 0;

	for (unsigned i = 0; i < rungs->len; i++)
		if (rungs->methods[i] != METHOD_TURN || turn)
			ret[n++] = rungs->methods[i];
	return n;
}
