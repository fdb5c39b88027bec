/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: the ways by which what two hosts had to say to each other went, whoever's programs they
 * ran; the verdict on traffic that is not our probes'.
 *
 * Volumes, times and endpoints decide, not what a program says of itself.  Programs race: several
 * routes may work at a time, and the one at the end is that which carried most in the last quarter
 * of the time between the first payload that arrived and the last, by whichever route.
 */
#ifndef KNOTHOLE_ROUTES_H
#define KNOTHOLE_ROUTES_H

#include <jansson.h>
#include <stdbool.h>

#include "../nat-models/predict.h"
#include "flows.h"

struct route {
	enum method method; /* direct; reversal: the second host's program came to the first's
			     * that had tried in vain; punch: both spoke first; relay */
	uint8_t protocol; /* IP_PROTO_*; of a relay's last leg that was seen */
	const char *relay; /* who relayed, else NULL; the flows' */
	size_t ends[2]; /* flows: of the first host, of the second; a relay's latest */
	uint64_t bytes[2]; /* payload that arrived: at the second host, at the first */
	size_t packets[2];
	uint64_t first, last; /* ns since the capture's first packet: of what arrived; the last is
			       * of payload, where there was any */
	uint64_t late_bytes; /* of the last quarter of the time */
};

struct routes {
	const struct flows *flows; /* not owned */
	const char *hosts[2];
	struct route *routes; /* in order of their first arrival */
	size_t len;
	size_t end; /* the route at the end; len where nothing went either way */
};

/* The routes between the hosts called @a and @b: 0 with *ret, which routes_clear() ends; -ENOENT
 * where there is no such host in the capture, -ENOMEM. */
int routes_between(const struct flows *flows, const char *a, const char *b, struct routes *ret);
void routes_clear(struct routes *routes);

/* Is there a route that carried something both ways? */
bool routes_connected(const struct routes *routes);

/* One sentence on the route at the end and the first ones beside it, cut to @size; returns @buf. */
const char *routes_sentence(const struct routes *routes, char *buf, size_t size);

/* {"hosts": ["alice", "bob"], "connected": true, "method": "punch" or null, "relay": … or null,
 *  "routes": [{"method", "relay", "protocol", "own": ["…", "…"], "seen": […], "bytes": [n, n],
 *  "packets": [n, n], "first_ms", "last_ms"}]}; NULL without memory.  The caller owns it. */
json_t *routes_json(const struct routes *routes);

#endif
