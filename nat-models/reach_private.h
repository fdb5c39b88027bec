/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of reach*.c have in common; others use reach.h. */
#ifndef KNOTHOLE_REACH_PRIVATE_H
#define KNOTHOLE_REACH_PRIVATE_H

#include "reach.h"

bool reach_same(struct spot a, struct spot b);

/* Is @b as good as @a for what depends on so much of a remote endpoint? */
bool reach_within(enum nat_scope scope, struct spot a, struct spot b);

/* Chance decides; the caller asks twice, once for each way that it can. */
bool reach_luck(struct reach *reach);

/* What stands for an address, or a port, that is like no other so far. */
int reach_new_symbol(struct reach *reach);

/* The same for a port, which @giver gives; NULL = a host, to one of its programs. */
int reach_new_port(struct reach *reach, const struct reach_nat *giver);

/* By which address @nat's inside knows @who, who is behind it. */
int reach_inside_addr(const struct reach *reach, const struct reach_nat *nat, enum party who);

/* Is @addr outside of @nat, and its own? */
bool reach_owns(const struct reach_nat *nat, int addr);

/* From inside to outside: a packet always opens the way for what its remote sends back. */
enum reach_drop reach_go_out(struct reach *reach, struct reach_nat *nat, struct spot *src,
			     struct spot dst);

/* Whose side does an address lead to, seen from where the two meet? */
enum party reach_side_of(const struct reach *reach, int addr);

/* From outside to inside of @nat; without @filter only the mapping counts. */
enum reach_drop reach_go_in(struct reach *reach, struct reach_nat *nat, struct spot src,
			    struct spot *dst, bool filter);

/* Through the sender's own NATs, which change the source.  False where it ends there. */
bool reach_leave(struct reach *reach, struct reach_flight *flight);

#endif
