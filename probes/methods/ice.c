/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICE (RFC 8445): each side has an agent, and the two agree on a pair of candidates, whichever works
 * best.  Only then is hello said, along that pair: by the caller, who controls.
 */
#include "ice_leg.h"
#include "method.h"

static void speak(struct leg *leg, uint64_t deadline)
{
	if (!ice_leg_connect(leg->ice, deadline))
		method_speak(leg, deadline);
}

static void listen(struct leg *leg, uint64_t deadline)
{
	if (!ice_leg_connect(leg->ice, deadline))
		method_listen(leg, deadline);
}

const struct method_ops ice_method = {
	.method = METHOD_ICE,
	.act = { [TALK_CALLER] = speak, [TALK_CALLEE] = listen },
};
