/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of connections that a kernel NAT keeps, looked at from outside: netlink, asked in its
 * namespace.
 */
#ifndef KNOTHOLE_TESTS_BOX_TABLE_H
#define KNOTHOLE_TESTS_BOX_TABLE_H

#include <stdint.h>

#include "nat-models/addr.h"

struct box_table;

/* Of the namespace held by @netns, which is lent until the table is closed.  0 or -errno. */
int box_table_open(int netns, struct box_table **ret);
void box_table_close(struct box_table *table); /* NULL is fine */

/*
 * Does the kernel know the connection of @protocol (IP_PROTO_*) that @src began with @dst?  Of a ping, the
 * identifier is @src's port.  1, 0 or -errno.
 *
 * One that has run out stands in the table until the kernel comes upon it: being asked for it by its name
 * is such an occasion, so that afterwards it is gone for certain.
 */
int box_table_knows(struct box_table *table, uint8_t protocol, struct endpoint src,
		    struct endpoint dst);

/* Print, as the kernel writes them, the connections with an address that begins like @part. */
void box_table_show(const struct box_table *table, const char *part);

#endif
