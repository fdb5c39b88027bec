/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `turn = { realm = …, users = { alice = "secret" } }`, of a host that has the service. */
#ifndef KNOTHOLE_TREE_TURN_H
#define KNOTHOLE_TREE_TURN_H

#include "../../probes/services/turn_options.h"
#include "fields.h"

/* Read the table under "turn" of @f, the host's; without one *ret stays as it is. */
void tree_turn(const struct fields *f, struct turn_options *ret);

#endif
