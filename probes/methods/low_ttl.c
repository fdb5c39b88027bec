/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hole punching with a low TTL: what opens one's own NAT for the other dies on the way there, so
 * that it is no stray to the other's NAT, which might refuse to be friends with it from then on.
 * Only when both have done that do both speak as in hole punching.
 *
 * How far the other's NAT is nobody tells: the TTL must let the packet out of the own NATs and not
 * into the other's (leg_low_ttl()).
 */
#include "foretell.h"
#include "method.h"

/* RFC 1700: the usual one. */
enum { USUAL_TTL = 64 };

static void act(struct leg *leg, uint64_t deadline)
{
	if (!method_introduced(leg, deadline))
		return;
	sock_set_ttl(leg->sock, leg_low_ttl(leg));
	leg_say_hello(leg, false);
	sock_set_ttl(leg->sock, USUAL_TTL);
	if (foretell_ready(leg, deadline))
		method_speak(leg, deadline);
}

const struct method_ops low_ttl_method = {
	.method = METHOD_LOW_TTL,
	.act = { [TALK_CALLER] = act, [TALK_CALLEE] = act },
};
