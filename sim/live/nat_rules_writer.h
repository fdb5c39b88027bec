/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the ruleset for a NAT by its knobs share (nat_rules_knobs.c). */
#ifndef KNOTHOLE_NAT_RULES_WRITER_H
#define KNOTHOLE_NAT_RULES_WRITER_H

#include "nat_rules.h"

/* One transport's rules being written. */
struct nat_rules_writer {
	struct script *script;
	const struct live_nat_spec *spec;
	struct nat_protocol protocol;
	char outside[IP_ADDR_TEXT];
};

/* The remote endpoint as far as @scope knows it, to follow a key.  @dir: "original" or "reply". */
const char *nat_rules_remote(enum nat_scope scope, const char *dir);

/* Write the chain allocate_udp, or allocate_tcp: which outside port a connection's first packet gets. */
void nat_rules_allocation(struct nat_rules_writer *w);

#endif
