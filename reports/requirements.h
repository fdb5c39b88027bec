/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requirements that probes/behave/ knows, as a table for people or as JSON: which knobs decide each,
 * a model that meets it and one that breaks it; or why no probe asks for it.  Nothing is probed here.
 */
#ifndef KNOTHOLE_REQUIREMENTS_H
#define KNOTHOLE_REQUIREMENTS_H

#include <jansson.h>
#include <stdio.h>

#include "../probes/behave/behave.h"

enum { REQUIREMENT_KNOBS = 256 };

/* The knobs in which the two models of @probe differ, as "udp.mapping, pooling", which it returns. */
const char *requirement_knobs(const struct behave_probe *probe, char buf[REQUIREMENT_KNOBS]);

/* All of them, by RFC and number. */
void requirements_write_text(FILE *out);

/* A list of {rfc, requirement, force, title, asked, knobs, meets, breaks, why}, in the same order; NULL
 * without memory. */
json_t *requirements_json(void);

#endif
