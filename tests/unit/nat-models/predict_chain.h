/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the oracle about NATs that the catalog names. */
#ifndef KNOTHOLE_PREDICT_CHAIN_H
#define KNOTHOLE_PREDICT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "nat-models/predict.h"

enum { NATS_MAX = 4 };

/* NATs by name, innermost first. */
struct chain {
	struct nat_model models[NATS_MAX];
	struct predict_nat nats[NATS_MAX];
	size_t len;
};

/* "port-restricted-cone carrier-grade"; fails the test for a name that there is not. */
void chain_build(struct chain *chain, const char *names);

/* The same of @most names at most, the last of which NULL may follow; returns @chain's side(). */
struct predict_side chain_of(struct chain *chain, const char *const *names, size_t most);

struct predict_side side(const struct chain *chain);

void ask(const char *caller, const char *callee, const char *shared, bool host_addresses,
	 struct predict_answer *ret);

/* A question about one NAT at the callee, changed from the catalog's, and a port restricted cone at the
 * caller. */
void ask_changed(const struct chain *callee, struct predict_answer *ret);

/* The answers on direct, reversal, punch and relay as a text: "nnYY", with "?" for what may be. */
const char *letters(const struct predict_answer *answer, char buf[METHOD_COUNT + 1]);

#endif
