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

/* A new method gets its place in each of these that would try it. */
static const struct rungs orders[] = {
	[ORDER_DEFAULT] = { false,
			    5,
			    { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_TURN,
			      METHOD_RELAY } },
	/* In ICE both sides check every pair, so that a reversal is one of the ways in which
	 * reflexive candidates meet. A rendezvous only signals; it relays nothing. */
	[ORDER_ICE] = { true,
			7,
			{ METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_TCP_DIRECT,
			  METHOD_TCP_REVERSAL, METHOD_TCP_PUNCH, METHOD_TURN } },
	/* The supernode foretells a router's ports where punching fails (SKA-06).  Nobody's TCP
	 * need be reached through a NAT (SKA-12), so none is punched. */
	[ORDER_SKYPE] = { false,
			  7,
			  { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_PREDICT,
			    METHOD_TCP_DIRECT, METHOD_TCP_REVERSAL, METHOD_RELAY } },
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

unsigned order_ladder(enum order order, bool turn, enum method ret[LADDER_MAX])
{
	const struct rungs *rungs = &orders[order];
	unsigned n = 0;

	for (unsigned i = 0; i < rungs->len; i++)
		if (rungs->methods[i] != METHOD_TURN || turn)
			ret[n++] = rungs->methods[i];
	return n;
}
