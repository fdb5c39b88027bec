/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Relaying by TURN (RFC 8656), as ICE's relayed candidates do on both sides: each has an address on
 * its server, which is what the other is told, and speaks to the other's through a channel.  The
 * caller's hello may come before the callee's server lets it in; so it is said again.
 */
#include "method.h"

static bool open_channel(struct leg *leg, uint64_t deadline)
{
	return method_introduced(leg, deadline) && !leg_bind(leg, deadline);
}

static void speak(struct leg *leg, uint64_t deadline)
{
	if (open_channel(leg, deadline))
		method_speak(leg, deadline);
}

static void listen(struct leg *leg, uint64_t deadline)
{
	if (open_channel(leg, deadline))
		method_listen(leg, deadline);
}

const struct method_ops turn_method = {
	.method = METHOD_TURN,
	.act = { [TALK_CALLER] = speak, [TALK_CALLEE] = listen },
};
