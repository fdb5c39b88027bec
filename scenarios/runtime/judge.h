/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgement over a run: its expectations, and for each call the probe's own word and the
 * oracle's against what the capture shows.
 */
#ifndef KNOTHOLE_JUDGE_H
#define KNOTHOLE_JUDGE_H

#include <jansson.h>

#include "../../reports/verdict.h"
#include "stage.h"

/* Weigh @e with @found, whose reference it takes. */
void judge_value(struct expectation *e, json_t *found);

/*
 * Read the stage's capture at @path, weigh everything that is still open, and write
 * "expectations", "calls", "log", "ended" and "message" of the record (reports/record.h).
 * The message is the first call that disagrees with its probe or the oracle, or else the
 * first expectation that is not met.  A run with neither a call nor an expectation shows
 * nothing, so it is an error and no pass.
 */
void judge(struct stage *stage, const char *path, json_t *record);

/* The part that is about calls (judge_calls.c): the record's "calls"; writes the first
 * disagreement, or "", to @ret_message. */
json_t *judge_calls(const struct stage *stage, const struct verdict *verdict, char *ret_message,
		    size_t size);

/* What the capture says of @field of @call, a new reference; @shown may be NULL: no frame. */
json_t *judge_field(const struct verdict_call *shown, enum call_field field, enum method method,
		    int family);

#endif
