/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a mapping within the limits of the table and of the inside host (RFC 6888, REQ-4), and
 * what gives way where they are reached.
 */
#ifndef KNOTHOLE_LIMITS_H
#define KNOTHOLE_LIMITS_H

#include "mapping.h"
#include "nat.h"

/*
 * Make a mapping of @key.  Where @fixed is not NULL it gets that pool address and port, else
 * the engine chooses.  NAT_REASON_NEW_MAPPING with *ret, or why there is none.  May end other
 * mappings: references held across this call must be looked up again.
 */
struct outside_port {
	uint16_t pool;
	uint16_t port;
};
enum nat_reason limits_make_mapping(struct nat *nat, const struct mapping_key *key,
				    const struct outside_port *fixed, uint8_t flags, uint64_t now,
				    uint32_t *ret);

#endif
