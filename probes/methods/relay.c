/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Relaying (RFC 5128, 3.1): the same frames, through the connections that both hold to the
 * rendezvous.  The caller speaks.
 */
#include "method.h"

const struct method_ops relay_method = {
	.method = METHOD_RELAY,
	.act = { [TALK_CALLER] = method_speak, [TALK_CALLEE] = method_listen },
};
