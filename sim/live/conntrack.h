/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's connection tracking, as far as a lab meddles with it.
 */
#ifndef KNOTHOLE_LIVE_CONNTRACK_H
#define KNOTHOLE_LIVE_CONNTRACK_H

/* Forget every connection of the network namespace that the caller is in.  0 or -errno. */
int conntrack_flush(void);

#endif
