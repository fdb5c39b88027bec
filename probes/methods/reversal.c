/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connection reversal (RFC 5128, 3.2): the callee, told through the connection that it holds to
 * the rendezvous, speaks to the caller's endpoint, while the caller stays silent.
 */
#include "method.h"

const struct method_ops reversal_method = {
	.method = METHOD_REVERSAL,
	.act = { [TALK_CALLER] = method_listen, [TALK_CALLEE] = method_speak },
};
