/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channel.h"

#include <errno.h>
#include <stdlib.h>

#include "outbox.h"

struct channel {
	struct conduit *conduit;
	struct outbox *outbox;
	uint8_t incoming[RENDEZVOUS_MAX];
};

int channel_new(struct sock *sock, struct channel **ret)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	int err = -ENOMEM;

	if (!channel) {
		sock_close(sock);
		return -ENOMEM;
	}
	err = conduit_new(sock, &channel->conduit);
	if (!err)
		err = outbox_new(channel->conduit, CHANNEL_QUEUE_BYTES, &channel->outbox);
	if (err) {
		conduit_free(channel->conduit);
		free(channel);
		return err;
	}
	*ret = channel;
	return 0;
}

int channel_send(struct channel *channel, const struct rendezvous_message *msg)
{
	uint8_t bytes[RENDEZVOUS_MAX];
	size_t len = rendezvous_encode(msg, bytes, sizeof(bytes));

	return len ? outbox_put(channel->outbox, bytes, len) : -EINVAL;
}

/* The rest of a message whose first byte has arrived. */
static int recv_rest(struct channel *channel, struct rendezvous_message *ret)
{
	uint64_t deadline = host_now(conduit_host(channel->conduit)) + CHANNEL_MESSAGE_NS;
	uint8_t *in = channel->incoming;
	size_t len;
	int err;

	err = conduit_recv_exact(channel->conduit, in + 1, RENDEZVOUS_PREFIX - 1, deadline);
	if (err)
		return err == -ETIMEDOUT ? -EPROTO : err;
	len = rendezvous_body_len(in);
	if (!len)
		return -EPROTO;
	err = conduit_recv_exact(channel->conduit, in + RENDEZVOUS_PREFIX, len, deadline);
	if (err)
		return err == -ETIMEDOUT ? -EPROTO : err;
	return rendezvous_decode(in + RENDEZVOUS_PREFIX, len, ret);
}

int channel_recv(struct channel *channel, struct rendezvous_message *ret, uint64_t deadline)
{
	long got = conduit_recv(channel->conduit, channel->incoming, 1, deadline);

	if (got < 0)
		return (int)got;
	return got ? recv_rest(channel, ret) : -ECONNRESET;
}

struct endpoint channel_remote(const struct channel *channel)
{
	return conduit_remote(channel->conduit);
}

void channel_drain(struct channel *channel, uint64_t deadline)
{
	outbox_drain(channel->outbox, deadline);
}

void channel_close(struct channel *channel)
{
	outbox_close(channel->outbox);
}

void channel_free(struct channel *channel)
{
	if (!channel)
		return;
	outbox_free(channel->outbox);
	conduit_free(channel->conduit);
	free(channel);
}
