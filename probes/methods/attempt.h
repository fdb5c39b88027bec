/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An attempt: one method, tried once, from the call to the moment at which both sides
 * know how it ended.
 */
#ifndef KNOTHOLE_ATTEMPT_H
#define KNOTHOLE_ATTEMPT_H

#include "connect.h"
#include "leg.h"

/*
 * The caller's half: 0 with *ret_attempt and, where it connected, *ret_leg, which the caller
 * then owns.  -errno where the socket could not be opened (-EADDRINUSE …), -ENOENT where
 * nobody is logged in as @callee, -ECONNRESET where the rendezvous has gone, -ETIMEDOUT
 * where it, or the callee, stopped to answer it.
 */
int attempt_call(struct peer *caller, const char *callee, const struct leg_spec *spec,
		 uint64_t attempt_ns, struct attempt *ret_attempt, struct leg **ret_leg);

/* The call is over: the rendezvous need not remember it any longer. */
void attempt_hang_up(struct peer *caller, uint64_t token, uint8_t attempt);

/* The callee's half, in a fiber of its own, which counts in the peer's crew. */
void attempt_answer(struct peer *callee, const struct rendezvous_message *invite);

#endif
