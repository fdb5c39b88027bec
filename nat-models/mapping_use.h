/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet uses a mapping: where the mapping's timer and the state of its TCP connection meet.
 */
#ifndef KNOTHOLE_MAPPING_USE_H
#define KNOTHOLE_MAPPING_USE_H

#include "nat_flow.h"

/* A packet to or from @remote passes through mapping @ref: restart its timer, and follow its
 * connection.  NAT_REASON_MAPPING, or why it may not pass; then nothing has changed. */
enum nat_reason mapping_use(struct passage *p, uint32_t ref, bool inbound,
			    const struct endpoint *remote);

#endif
