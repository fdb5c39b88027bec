/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the MTU on the way to each destination (RFC 1191, RFC 8201): a small cache,
 * filled by "fragmentation needed" and "packet too big".  TCP connections keep their own besides (tcp.h).
 */
#ifndef KNOTHOLE_VIRTUAL_PATH_MTU_H
#define KNOTHOLE_VIRTUAL_PATH_MTU_H

#include <stdbool.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

/* RFC 1191, 6.3: ten minutes, then the way is tried anew. */
#define PATH_MTU_KEPT_NS UINT64_C(600000000000)

struct path_mtu {
	struct ip_addr to;
	uint64_t expires;
	uint16_t mtu;
	/* A router asked for less than any host need expect (as Linux does, under 552): packets
	 * of this length are sent, and may be fragmented. */
	bool fragmented;
};

/* All zero: nothing is known. */
struct path_mtus {
	struct path_mtu *entries;
	uint8_t len;
	uint8_t oldest;
};

/* A router says that the way to @to takes @mtu bytes (0: it did not say how many); @before is
 * what it was taken for.  Only ever lowers.  Where memory runs out, nothing is learnt. */
void path_mtu_learn(struct path_mtus *paths, struct ip_addr to, uint16_t mtu, uint16_t before,
		    uint64_t now);

/* What is known of the way to @to; NULL where nothing is. */
const struct path_mtu *path_mtu_find(const struct path_mtus *paths, struct ip_addr to,
				     uint64_t now);

void path_mtu_clear(struct path_mtus *paths);

#endif
