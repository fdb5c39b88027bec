/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second opinion on when a NAT's mappings end: from the model's words, the packets and the decisions
 * alone (RFC 4787, 4.3; RFC 5382, REQ-5; RFC 5508, REQ-2; RFC 7857, 2).
 *
 * It keeps a shadow of each mapping that is shown, with an end that it reckons itself, and knows
 * for what else one may go: a limit that evicts, a newcomer that steals its port, a RST or an
 * ICMP error that ends it.  A careless router's own entries are not shown, so they have none.
 */
#ifndef KNOTHOLE_FUZZ_NAT_SHADOW_H
#define KNOTHOLE_FUZZ_NAT_SHADOW_H

#include "nat-models/nat.h"

/* All is new, or forgotten: @model must stay. */
void nat_shadow_begin(const struct nat_model *model);

/*
 * @nat has decided about @before, which arrived on @side at @now, and made @after of it; @views are all
 * its mappings then.  NULL, or what cannot be.
 */
const char *nat_shadow_step(const struct nat *nat, enum nat_side side, const struct packet *before,
			    const struct packet *after, const struct nat_decision *decision,
			    uint64_t now, const struct mapping_view *views, size_t len);

#endif
