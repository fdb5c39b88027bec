/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same run in the live world and in the virtual one, or with the engine's NATs and with the
 * kernel's: both must end alike, with the same calls connected by the same methods, as the captures show them.  How long it took, or which ports
 * were chosen, may differ; and so may what luck decides, as far as the oracle says that it does
 * ("may"): neither the outcome of such a rung nor what follows it in its ladder is compared.
 */
#ifndef KNOTHOLE_BOTH_WORLDS_H
#define KNOTHOLE_BOTH_WORLDS_H

#include <jansson.h>

/* Where the two records differ, @other has failed, and says in what.  A run that was skipped
 * either way is not compared, nor is a call that was not tried one way (record.h's "not_tried").  Of how many calls something was left out for luck's sake stands in
 * @other as "left_out". */
void both_worlds_compare(const json_t *first, json_t *other);

#endif
