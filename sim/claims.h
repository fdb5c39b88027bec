/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which address of which segment, while a plan is completed: plans of a million hosts must
 * not be gone through once for every host.
 */
#ifndef KNOTHOLE_CLAIMS_H
#define KNOTHOLE_CLAIMS_H

#include "index.h"
#include "plan.h"

enum { CLAIMS_FEW = 16 };

struct claim {
	struct index_entry by_addr;
	const struct plan_node *node;
	struct ip_addr addr;
};

/* A small plan's need no memory but this. */
struct claims {
	struct index by_addr;
	struct claim *all;
	size_t len, room;
	struct claim few[CLAIMS_FEW];
};

/* Ready for what all of @plan's nodes may claim, with none yet.  0 or -ENOMEM. */
int claims_init(struct claims *claims, const struct plan *plan);
void claims_clear(struct claims *claims);

/* @node, which had none, has its addresses now. */
void claims_add(struct claims *claims, const struct plan_node *node);

/* Who on @node's segment, itself left out, has @addr?  NULL = nobody. */
const struct plan_node *claims_owner(const struct claims *claims, const struct plan_node *node,
				     struct ip_addr addr);

#endif
