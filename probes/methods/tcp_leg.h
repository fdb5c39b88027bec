/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A leg's TCP: the connections between the two, all from one local port, which is the one that the
 * rendezvous has seen (RFC 5128, 4.2: the sockets share it).
 *
 * Frames stand in a connection one after another.  Which of the two connects, and when, the
 * methods say (tcp.c).
 */
#ifndef KNOTHOLE_TCP_LEG_H
#define KNOTHOLE_TCP_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

struct leg;
struct tcp_leg;

/* Nothing is opened yet.  0 or -ENOMEM. */
int tcp_leg_new(struct leg *leg, struct tcp_leg **ret);

/* In a fiber of its own: take the port, listen at it where @listens, connect from it to the
 * rendezvous, and say there which attempt it is for, again and again until the two are introduced.
 * 0 or -ENOMEM. */
int tcp_leg_start(struct tcp_leg *tcp, bool listens);

/* In a fiber of its own: connect to @to from the leg's port until that stands, the leg has another
 * way, or @deadline.  0; -ENOMEM; -ENOBUFS for too many. */
int tcp_leg_connect(struct tcp_leg *tcp, struct endpoint to, uint64_t deadline);

/* In a fiber of its own: send a SYN to @to, of @ttl (0 = as any other), that need come to nothing, and
 * give it up at @deadline: it opens the way for what comes from there.  0; -ENOMEM; -ENOBUFS for too
 * many. */
int tcp_leg_open_way(struct tcp_leg *tcp, struct endpoint to, uint8_t ttl, uint64_t deadline);

/* Listen at the leg's port from now on, for anybody where @anybody, else for those it connects to.  0,
 * or sock_open()'s. */
int tcp_leg_listen(struct tcp_leg *tcp, bool anybody);

/* One frame to @to, along the connection that leads there.  0, -ENOTCONN, or outbox_put()'s. */
int tcp_leg_send(struct tcp_leg *tcp, struct endpoint to, const void *bytes, size_t len);

/* End every connection; whoever waits for one is woken. */
void tcp_leg_close(struct tcp_leg *tcp);

/* Parks until its fibers have ended; outside of fibers only after the loop has stopped for good.
 * NULL is fine. */
void tcp_leg_free(struct tcp_leg *tcp);

#endif
