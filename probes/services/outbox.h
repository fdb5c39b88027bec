/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An outbox: what waits to be sent on a conduit, in a bounded queue that a fiber of its own
 * empties, each message in a single send, so that nobody waits for a peer that reads slowly, and
 * a message stands whole in the stream.  It knows no protocol.
 */
#ifndef KNOTHOLE_OUTBOX_H
#define KNOTHOLE_OUTBOX_H

#include "conduit.h"

/* A peer that takes nothing for this long is gone. */
#define OUTBOX_STALLED_NS (60 * SEC)

struct outbox;

/* For @conduit, which it closes when sending fails, and which must outlive it; at most @room bytes
 * wait.  0 or -ENOMEM. */
int outbox_new(struct conduit *conduit, size_t room, struct outbox **ret);

/* Queue a copy; never parks.  0; -ENOBUFS where there is no room; -EPIPE once it was closed. */
int outbox_put(struct outbox *outbox, const void *bytes, size_t len);

/* Park until what is queued has been sent, the conduit has ended, or @deadline. */
void outbox_drain(struct outbox *outbox, uint64_t deadline);

/* Close the conduit, too; what is still queued is lost. */
void outbox_close(struct outbox *outbox);

/* Close and free.  Parks; NULL is fine.  Outside of fibers only after the loop has stopped for
 * good. */
void outbox_free(struct outbox *outbox);

#endif
