/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holes: more sockets of a leg, each of which is open toward the other side through a mapping of
 * its own.  What arrives at one is read as if it had come to the leg's own socket.
 */
#ifndef KNOTHOLE_HOLES_H
#define KNOTHOLE_HOLES_H

#include <stdint.h>

struct holes;
struct leg;
struct sock;

/*
 * Open up to @n sockets for @leg, fewer where the host has no more, and read them; the leg has
 * them then.  0, or -ENOMEM.
 */
int holes_open(struct leg *leg, uint16_t n);

/* Socket @i of those that were opened, from 0; NULL where there are no more. */
struct sock *holes_sock(const struct holes *holes, unsigned i);

/* Close them all; holes_free() is due yet.  Both: NULL is fine. */
void holes_close(struct holes *holes);

/* Parks until their readers have ended; outside of fibers, only once the loop has stopped. */
void holes_free(struct holes *holes);

#endif
