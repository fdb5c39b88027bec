/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The question that the oracle (nat-models/predict.h) is asked about a call, read off the plan:
 * which NATs lie on either side up to the place where both ways meet, and what their owners
 * forwarded.
 */
#ifndef KNOTHOLE_ORACLE_H
#define KNOTHOLE_ORACLE_H

#include "../../nat-models/predict.h"
#include "../../sim/plan.h"

/* @local_port: the one that both use; 0 = a fresh one, so that only a DMZ leads to it. */
void oracle_ask(const struct plan_node *caller, const struct plan_node *callee, uint16_t local_port,
		bool host_addresses, struct predict_answer *ret);

/* "must", "must-not", "may" */
const char *prediction_word(enum prediction prediction);

#endif
