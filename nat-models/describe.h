/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model in words: its knobs and their meaning, what to expect of it, how to build it.
 */
#ifndef KNOTHOLE_DESCRIBE_H
#define KNOTHOLE_DESCRIBE_H

#include <stdio.h>

#include "model.h"
#include "predict.h"

/* Models that others are typically behind whom a host behind @model can meet, in the family that
 * it has outside; NULL-terminated. */
const char *const *describe_others(const struct nat_model *model);

/* What the oracle expects of two peers that have one NAT each, and nothing shared. */
void describe_pair(const struct nat_model *caller, const struct nat_model *callee,
		   struct predict_answer *ret);

/* The sentences that @text, a model file, begins with as a comment, into @buf as one line
 * (cut where it does not fit); returns @buf, which is "" where there are none. */
const char *describe_where(const char *text, size_t len, char *buf, size_t size);

/* The whole description.  @where is describe_where()'s; or "". */
void describe_model(const struct nat_model *model, const char *where, FILE *out);

#endif
