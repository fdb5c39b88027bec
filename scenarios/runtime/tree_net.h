/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of a net {…} (and of links, which hosts have as well), read into a plan's node.
 * Errors are raised as fields.h says.  The nodes inside of a net are tree.c's.
 */
#ifndef KNOTHOLE_TREE_NET_H
#define KNOTHOLE_TREE_NET_H

#include "../../sim/plan.h"
#include "fields.h"

extern const char *const tree_net_words[];
extern const size_t tree_net_words_len;

void tree_net(const struct fields *f, struct plan_node *node);

/* Untouched where the key is absent.  Whether the family is right is the plan's to say. */
void tree_address(const struct fields *f, const char *key, struct ip_addr *ret);
void tree_link(const struct fields *f, const char *key, struct plan_link *ret);

#endif
