/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Direct: the caller speaks to the callee's endpoint.  The callee stays silent until it hears
 * something, for a word of its own would open its NAT, and make it a punch.
 */
#include "method.h"

const struct method_ops direct_method = {
	.method = METHOD_DIRECT,
	.act = { [TALK_CALLER] = method_speak, [TALK_CALLEE] = method_listen },
};
