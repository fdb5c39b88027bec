/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"

/* A peer that takes nothing for this long is gone. */
#define STALLED_NS (60 * SEC)

struct outgoing {
	struct outgoing *next;
	size_t len;
	uint8_t bytes[];
};

struct channel {
	struct sock *sock; /* NULL once closed */
	struct endpoint remote;
	struct outgoing *queue;
	struct outgoing **queue_end;
	size_t queued; /* bytes */
	struct crew crew;
	struct fiber *writer; /* while it is parked */
	struct fiber *drainer;
	bool broken; /* nothing can be sent any more */
	uint8_t incoming[RENDEZVOUS_MAX];
};

static void queue_drop_first(struct channel *channel)
{
	struct outgoing *first = channel->queue;

	channel->queue = first->next;
	if (!channel->queue)
		channel->queue_end = &channel->queue;
	channel->queued -= first->len;
	free(first);
}

static void write_queue(void *arg)
{
	struct channel *channel = arg;

	while (!channel->broken) {
		struct outgoing *first = channel->queue;
		struct host *host;

		if (!first) {
			fiber_wake(channel->drainer);
			channel->writer = fiber_self();
			fiber_park(NEVER);
			channel->writer = NULL;
			continue;
		}
		host = sock_host(channel->sock);
		if (sock_send(channel->sock, NULL, first->bytes, first->len,
			      host_now(host) + STALLED_NS))
			channel->broken = true;
		else
			queue_drop_first(channel);
	}
	/* Whoever receives must learn of it too; closing is what tells them. */
	channel_close(channel);
	fiber_wake(channel->drainer);
	crew_leave(&channel->crew);
}

int channel_new(struct sock *sock, struct channel **ret)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	int err = -ENOMEM;

	if (!channel)
		goto fail;
	channel->sock = sock;
	channel->remote = sock_remote(sock);
	channel->queue_end = &channel->queue;
	err = crew_spawn(&channel->crew, host_loop(sock_host(sock)), "channel", write_queue,
			 channel);
	if (err)
		goto fail;
	*ret = channel;
	return 0;

fail:
	free(channel);
	sock_close(sock);
	return err;
}

int channel_send(struct channel *channel, const struct rendezvous_message *msg)
{
	uint8_t bytes[RENDEZVOUS_MAX];
	size_t len = rendezvous_encode(msg, bytes, sizeof(bytes));
	struct outgoing *out;

	if (!len)
		return -EINVAL;
	if (channel->broken)
		return -EPIPE;
	if (channel->queued + len > CHANNEL_QUEUE_BYTES)
		return -ENOBUFS;
	out = malloc(sizeof(*out) + len);
	if (!out)
		return -ENOBUFS;
	out->next = NULL;
	out->len = len;
	memcpy(out->bytes, bytes, len);
	*channel->queue_end = out;
	channel->queue_end = &out->next;
	channel->queued += len;
	fiber_wake(channel->writer);
	return 0;
}

/* The rest of a message whose first byte has arrived. */
static int recv_rest(struct channel *channel, struct rendezvous_message *ret)
{
	uint64_t deadline = host_now(sock_host(channel->sock)) + CHANNEL_MESSAGE_NS;
	uint8_t *in = channel->incoming;
	size_t len;
	int err;

	err = sock_recv_exact(channel->sock, in + 1, RENDEZVOUS_PREFIX - 1, deadline);
	if (err)
		return err == -ETIMEDOUT ? -EPROTO : err;
	len = rendezvous_body_len(in);
	if (!len)
		return -EPROTO;
	if (!channel->sock)
		return -ECANCELED;
	err = sock_recv_exact(channel->sock, in + RENDEZVOUS_PREFIX, len, deadline);
	if (err)
		return err == -ETIMEDOUT ? -EPROTO : err;
	return rendezvous_decode(in + RENDEZVOUS_PREFIX, len, ret);
}

int channel_recv(struct channel *channel, struct rendezvous_message *ret, uint64_t deadline)
{
	long got;

	if (!channel->sock)
		return -ECANCELED;
	got = sock_recv(channel->sock, NULL, channel->incoming, 1, deadline);
	if (got < 0)
		return (int)got;
	if (got == 0)
		return -ECONNRESET;
	return channel->sock ? recv_rest(channel, ret) : -ECANCELED;
}

struct endpoint channel_remote(const struct channel *channel)
{
	return channel->remote;
}

void channel_drain(struct channel *channel, uint64_t deadline)
{
	channel->drainer = fiber_self();
	while (channel->queue && !channel->broken)
		if (fiber_park(deadline))
			break;
	channel->drainer = NULL;
}

void channel_close(struct channel *channel)
{
	struct sock *sock = channel->sock;

	channel->broken = true;
	channel->sock = NULL;
	sock_close(sock);
	fiber_wake(channel->writer);
}

void channel_free(struct channel *channel)
{
	if (!channel)
		return;
	channel_close(channel);
	crew_wait(&channel->crew);
	while (channel->queue)
		queue_drop_first(channel);
	free(channel);
}
