/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv6 half of completing a plan; plan.c, which owns the plan, calls it. */
#ifndef KNOTHOLE_PLAN6_H
#define KNOTHOLE_PLAN6_H

#include "plan.h"

/* Give every node of @plan that speaks IPv6 its address and its prefixes, and check them.  Where
 * nothing in the plan asks for IPv6, nothing is done.  0, or -EINVAL with *ret_error. */
int plan6_complete(struct plan *plan, struct plan_error *ret_error);

/* Write "where: …" into *error; always -EINVAL. */
__attribute__((format(printf, 3, 4))) int
plan_fault(struct plan_error *error, const struct plan_node *node, const char *format, ...);

#endif
