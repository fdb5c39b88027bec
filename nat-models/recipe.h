/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How to build a model of the catalog in a real Linux kernel: rulesets to read and to copy.
 *
 * Text for people.  The live world makes its own rules (sim/live/), with the addresses and
 * interfaces of its boxes.
 */
#ifndef KNOTHOLE_RECIPE_H
#define KNOTHOLE_RECIPE_H

#include "model.h"

/*
 * The ruleset, in nft's language, for @model's `kernel` word, where the interface to the
 * inside is called "lan" and the one to the outside "wan".  Comments name what else it needs.
 * NULL where nftables cannot express the model.
 */
const char *model_recipe(const struct nat_model *model);

#endif
