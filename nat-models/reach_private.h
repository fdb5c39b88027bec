/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of reach*.c have in common; others use reach.h. */
#ifndef KNOTHOLE_REACH_PRIVATE_H
#define KNOTHOLE_REACH_PRIVATE_H

#include "reach.h"

bool reach_same(struct spot a, struct spot b);

/* Is @b as good as @a for what depends on so much of a remote endpoint? */
bool reach_within(enum nat_scope scope, struct spot a, struct spot b);

/* Whose side does an address lead to, seen from where the two meet? */
enum party reach_side_of(const struct reach *reach, int addr);

/* From outside to inside of @nat; without @filter only the mapping counts. */
enum reach_drop reach_go_in(struct reach *reach, struct reach_nat *nat, struct spot src,
			    struct spot *dst, bool filter);

/* Through the sender's own NATs, which change the source.  False where it ends there. */
bool reach_leave(struct reach *reach, struct reach_flight *flight);

#endif
