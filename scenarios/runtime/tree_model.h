/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model that a net's `nat` or `nat6` key speaks of: a name of the catalog, the path of a model file
 * beside the scenario ("./mine.lua"), or the model itself as a table.
 */
#ifndef KNOTHOLE_TREE_MODEL_H
#define KNOTHOLE_TREE_MODEL_H

#include "../../nat-models/model.h"
#include "fields.h"

/* Read the model under @key; false, with *ret untouched, where there is none.  Errors are raised as
 * fields.h says. */
bool tree_model(const struct fields *f, const char *key, struct nat_model *ret);

#endif
