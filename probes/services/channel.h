/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel: the TCP connection between a peer and a rendezvous, as whole messages
 * (probes/wire/rendezvous.h).
 *
 * Messages out wait in an outbox (outbox.h).  A message in must be complete CHANNEL_MESSAGE_NS
 * after its first byte.
 */
#ifndef KNOTHOLE_CHANNEL_H
#define KNOTHOLE_CHANNEL_H

#include <stdint.h>

#include "../../sim/host.h"
#include "../wire/rendezvous.h"

#define CHANNEL_MESSAGE_NS (10 * SEC)
enum { CHANNEL_QUEUE_BYTES = 256 * 1024 };

struct channel;

/* Takes the connected @sock, also where it fails.  0 or -ENOMEM. */
int channel_new(struct sock *sock, struct channel **ret);

/* Queue @msg; never parks.  0; -ENOBUFS where the queue is full; -EPIPE once the connection
 * has ended; -EINVAL where the message cannot be said. */
int channel_send(struct channel *channel, const struct rendezvous_message *msg);

/* The next message, which must begin before @deadline.  What it points to is valid until the
 * next call.  0; -ETIMEDOUT; -ECONNRESET and the like where the connection has ended;
 * -EPROTO where the bytes are no message, after which the connection is of no use. */
int channel_recv(struct channel *channel, struct rendezvous_message *ret, uint64_t deadline);

struct endpoint channel_remote(const struct channel *channel);

/* Park until what is queued has been sent, the connection has ended, or @deadline. */
void channel_drain(struct channel *channel, uint64_t deadline);

/* End the connection: whoever receives gets an error.  What is still queued is lost. */
void channel_close(struct channel *channel);

/* Close and free; nobody may be in channel_recv() any more.  Parks; NULL is fine.  Outside of
 * fibers only after the loop has stopped for good. */
void channel_free(struct channel *channel);

#endif
