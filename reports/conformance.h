/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the probes of probes/behave/ found of one NAT, as a table for people or as JSON.
 */
#ifndef KNOTHOLE_CONFORMANCE_H
#define KNOTHOLE_CONFORMANCE_H

#include <jansson.h>
#include <stdio.h>

#include "../probes/behave/behave.h"

/* @findings, of @len probes: behave_model_all()'s. */
void conformance_write_text(FILE *out, const struct behave_finding *findings, size_t len);

/* A list of {rfc, requirement, force, title, outcome, reason, took_ms}; NULL without memory. */
json_t *conformance_json(const struct behave_finding *findings, size_t len);

#endif
