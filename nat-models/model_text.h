/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model as the Lua text of a model file: what nat_model_load() (catalog.h) reads back.
 */
#ifndef KNOTHOLE_MODEL_TEXT_H
#define KNOTHOLE_MODEL_TEXT_H

#include <stdio.h>

#include "model.h"

/* Write @model, which must be one that model_check() finds no fault with: only what differs from
 * nat_model_defaults(), and no ruleset of a kernel's.  What goes wrong shows in ferror(@out). */
void model_text_write(const struct nat_model *model, FILE *out);

#endif
