/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a NAT keeps an idle UDP mapping, and what keeps it alive, found from inside with the help of
 * a STUN server that answers to another port of the asker's (RFC 5780, 4.6: RESPONSE-PORT).
 *
 * Each question has a fresh port, for whatever comes in through a mapping may prolong its life.
 */
#ifndef KNOTHOLE_LIFETIME_H
#define KNOTHOLE_LIFETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

struct host;

enum { LIFETIME_PARALLEL_MAX = 64 };

struct lifetime_spec {
	struct endpoint server;
	uint64_t longest_ns; /* not looked further than that */
	uint64_t precision_ns; /* of the interval that is looked for */
	unsigned
		parallel; /* ports that are looked at in one round, 1 to LIFETIME_PARALLEL_MAX; 1: the
			    * interval is halved each time */
};

struct lifetime {
	uint64_t alive_ns; /* idle for so long a mapping was still there … */
	uint64_t gone_ns; /* … and for so long none was; 0 = it lives longer than was looked */
	bool refresh_known; /* … and the interval is narrow enough to tell whether … */
	bool outbound, inbound; /* … packets of either way restart its time */
};

/*
 * Measure it at @host.  0; -ETIMEDOUT where the server does not answer, or not by RESPONSE-PORT;
 * or sock_open()'s.
 */
int lifetime_measure(struct host *host, const struct lifetime_spec *spec, struct lifetime *ret);

#endif
