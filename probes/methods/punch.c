/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP hole punching (RFC 5128, 3.3): both speak, each one's hello opening its own NAT for the
 * other's.  Both say it at least once, also where the other's has already come through.
 */
#include "method.h"

const struct method_ops punch_method = {
	.method = METHOD_PUNCH,
	.act = { [TALK_CALLER] = method_speak, [TALK_CALLEE] = method_speak },
};
