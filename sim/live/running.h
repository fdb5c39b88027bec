/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether an interface runs: whether the kernel says so to programs (IFF_RUNNING, RFC 2863's
 * ifOperStatus).  A new link carries packets before that, for the kernel's link watch looks at it some
 * time later, and the busier the machine is, the later; but programs that list the interfaces pass over
 * those that do not run.
 */
#ifndef KNOTHOLE_LIVE_RUNNING_H
#define KNOTHOLE_LIVE_RUNNING_H

#include "box.h"

/*
 * Park until the interface @index of the namespace held by @ns runs.  0; -ETIMEDOUT after
 * @deadline; -ECANCELED, -ENOMEM, -EPERM; or -errno of the kernel's, -ENODEV where there is none.
 */
int running_wait(struct live *live, int ns, int index, uint64_t deadline);

#endif
