/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the nets round a host mean to a call of its, before it is made.  What comes of the call the
 * oracle says (oracle.h). */
#ifndef KNOTHOLE_NETS_ROUND_H
#define KNOTHOLE_NETS_ROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../sim/plan.h"

/* Do the NATs round @host let strangers connect to it over TCP as their models say?  True, or false
 * with a line in @why: "home: the kernel cannot realise the TCP of ad-ei: …". */
bool nets_connect_as_modelled(const struct plan_node *host, char *why, size_t size);

/* The TTL of what is to pass @host's nets that @other is not in, and no router after them. */
uint8_t nets_low_ttl(const struct plan_node *host, const struct plan_node *other);

#endif
