/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One draw from a population, tried: a pair of NATs, or one NAT alone, in a virtual world of its
 * own, by the same probes that scenarios use.
 *
 * What came of it is the probes' own word: without a capture a trial costs a fraction of what
 * reading one would.  Given a capture, reports/verdict.h can judge the very same trial, since
 * the same seed gives the same packets.
 *
 * Not inside fibers: each call runs a loop of its own to its end.
 */
#ifndef KNOTHOLE_POPULATION_TRIAL_H
#define KNOTHOLE_POPULATION_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../nat-models/model.h"
#include "../../nat-models/predict.h"
#include "../methods/connect.h"

struct population_trial {
	const struct nat_model *nats[2]; /* the caller's, the callee's; copied */
	uint64_t seed; /* of all chance in the world */
	const char *capture_path; /* NULL = none */
	uint64_t
		rival_ns; /* between two new flows of another host in the caller's home, on average and at
			    * times of chance; 0 = there is none */
};

struct pair_outcome {
	bool connected; /* voice passed both ways */
	enum method method; /* by which, where connected */
	uint64_t token; /* of the call, for verdict_find() */
	struct attempt attempt; /* the last one */
};

/* Try the ladder (direct, reversal, punch, relay), 400 ms a rung, then send voice.  0 or -errno
 * where there was no memory, or no capture could be written. */
int trial_pair(const struct population_trial *trial, struct pair_outcome *ret);

/* The same with @spec's ladder, pace and budget. */
int trial_ladder(const struct population_trial *trial, const struct call_spec *spec,
		 struct pair_outcome *ret);

/* RFC 5128, 3.4, simplified: each learns its own outside endpoint by a TCP connection to a server
 * from the very port that it then opens to the other's, both at once.  Did they meet? */
int trial_pair_tcp(const struct population_trial *trial, bool *ret_connected);

/* What the caller's NAT is found to do, the other NAT playing no part. */
struct nat_outcome_seen {
	bool consistent; /* the same outside endpoint for two servers; TCP: and it does not
			    refuse a stranger's SYN to it */
	bool hairpins; /* two ports of one host meet at their outside endpoints */
};

int trial_nat_udp(const struct population_trial *trial, struct nat_outcome_seen *ret);
int trial_nat_tcp(const struct population_trial *trial, struct nat_outcome_seen *ret);

#endif
