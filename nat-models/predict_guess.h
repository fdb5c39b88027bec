/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the oracle's answers chance alone decides: how often it does. */
#ifndef KNOTHOLE_PREDICT_GUESS_H
#define KNOTHOLE_PREDICT_GUESS_H

#include "predict_why.h"

/*
 * Both: @prediction is what symbols say, for which two ports drawn at random never meet; what comes
 * of it with chance is returned, with *ret_chance and @why where that is PREDICT_MAY.  @reach and
 * @scratch are overwritten.
 */

/* The port to come, where others may take it first. */
enum prediction predict_guess_rivals(const struct predict_question *question,
				     enum prediction prediction, struct reach *reach,
				     struct reach *scratch, double *ret_chance, char why[WHY]);

/* Ports tried at random. */
enum prediction predict_guess_birthday(const struct predict_question *question,
				       enum prediction prediction, struct reach *reach,
				       struct reach *scratch, double *ret_chance, char why[WHY]);

/*
 * What may be seen to have opened a way by @method, which foretells ports: a set.  It is no more than
 * hole punching where neither side's ports change; and @method where a side's port must be a new one,
 * and the other is not to hear from it before it has spoken to it.
 */
unsigned predict_guess_shown(const struct predict_question *question, enum method method,
			     struct reach *reach, struct reach *scratch);

#endif
