/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who listens in a host, read from the kernel's tables, which no program notices. */
#ifndef KNOTHOLE_LIVE_LISTENING_H
#define KNOTHOLE_LIVE_LISTENING_H

#include <stdint.h>

/* Does a TCP socket in the namespace @ns listen at @port, or is a UDP socket that is connected to
 * nobody bound to it?  1 or 0, or -errno.  @home is the namespace to come back to. */
int listening(int home, int ns, uint16_t port);

#endif
