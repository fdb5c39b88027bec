/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv4 addresses of a plan, given and checked; plan.c, which owns the plan, calls it. */
#ifndef KNOTHOLE_PLAN_ADDRESS_H
#define KNOTHOLE_PLAN_ADDRESS_H

#include "plan.h"

/* Give every node of @plan that has none yet its addresses, and check all of them.  0, or -EINVAL or
 * -ENOMEM with *ret_error. */
int plan_give_addresses(struct plan *plan, struct plan_error *ret_error);

#endif
