/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doubts: what playing a method with symbols leaves out, and models do say: that a table is small, a
 * timer short, a SYN that crosses another unwelcome, a payload rewritten.
 */
#ifndef KNOTHOLE_PREDICT_DOUBT_H
#define KNOTHOLE_PREDICT_DOUBT_H

#include <stdbool.h>

#include "predict.h"

/* Of a play in which the method worked, where there was one. */
struct doubt_play {
	bool remapped; /* the caller did not come from where it is known */
	bool direct; /* the two needed none of the NATs that both are behind */
};

/* Weigh what @ret says of @method, which is then less sure, or not. */
void predict_doubt(const struct predict_question *question, enum method method,
		   const struct doubt_play *play, struct predict_answer *ret);

#endif
