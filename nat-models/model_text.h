/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model as the Lua text of a model file: what nat_model_load() (catalog.h) reads back.
 */
#ifndef KNOTHOLE_MODEL_TEXT_H
#define KNOTHOLE_MODEL_TEXT_H

#include <stddef.h>

#include "model.h"

enum { MODEL_TEXT_MAX = 8192 }; /* more than any model takes */

/* Write @model, which must be one that model_check() finds no fault with, to @text, which ends in a
 * NUL even where @size cuts it short: only what differs from nat_model_defaults(), and no ruleset of
 * a kernel's.  Returns the whole text's length, as snprintf() does. */
size_t model_text(const struct nat_model *model, char *text, size_t size);

#endif
