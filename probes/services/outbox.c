/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"

struct outgoing {
	struct outgoing *next;
	size_t len;
	uint8_t bytes[];
};

struct outbox {
	struct conduit *conduit;
	struct outgoing *queue;
	struct outgoing **queue_end;
	size_t queued, room; /* bytes */
	struct crew crew;
	struct fiber *writer; /* while it is parked */
	struct fiber *drainer;
	bool broken; /* nothing can be sent any more */
};

static void drop_first(struct outbox *outbox)
{
	struct outgoing *first = outbox->queue;

	outbox->queue = first->next;
	if (!outbox->queue)
		outbox->queue_end = &outbox->queue;
	outbox->queued -= first->len;
	free(first);
}

static void write_queue(void *arg)
{
	struct outbox *outbox = arg;
	struct host *host = conduit_host(outbox->conduit);

	while (!outbox->broken) {
		struct outgoing *first = outbox->queue;

		if (!first) {
			fiber_wake(outbox->drainer);
			outbox->writer = fiber_self();
			fiber_park(NEVER);
			outbox->writer = NULL;
			continue;
		}
		if (conduit_send(outbox->conduit, first->bytes, first->len,
				 host_now(host) + OUTBOX_STALLED_NS))
			outbox->broken = true;
		else
			drop_first(outbox);
	}
	/* Whoever receives must learn of it too; closing is what tells them. */
	outbox_close(outbox);
	fiber_wake(outbox->drainer);
	crew_leave(&outbox->crew);
}

int outbox_new(struct conduit *conduit, size_t room, struct outbox **ret)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));

	if (!outbox)
		return -ENOMEM;
	outbox->conduit = conduit;
	outbox->room = room;
	outbox->queue_end = &outbox->queue;
	if (crew_spawn(&outbox->crew, host_loop(conduit_host(conduit)), "outbox", write_queue,
		       outbox)) {
		free(outbox);
		return -ENOMEM;
	}
	*ret = outbox;
	return 0;
}

int outbox_put(struct outbox *outbox, const void *bytes, size_t len)
{
	struct outgoing *out;

	if (outbox->broken)
		return -EPIPE;
	if (outbox->queued + len > outbox->room)
		return -ENOBUFS;
	out = malloc(sizeof(*out) + len);
	if (!out)
		return -ENOBUFS;
	out->next = NULL;
	out->len = len;
	memcpy(out->bytes, bytes, len);
	*outbox->queue_end = out;
	outbox->queue_end = &out->next;
	outbox->queued += len;
	fiber_wake(outbox->writer);
	return 0;
}

void outbox_drain(struct outbox *outbox, uint64_t deadline)
{
	outbox->drainer = fiber_self();
	while (outbox->queue && !outbox->broken)
		if (fiber_park(deadline))
			break;
	outbox->drainer = NULL;
}

void outbox_close(struct outbox *outbox)
{
	outbox->broken = true;
	conduit_close(outbox->conduit);
	fiber_wake(outbox->writer);
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	outbox_close(outbox);
	crew_wait(&outbox->crew);
	while (outbox->queue)
		drop_first(outbox);
	free(outbox);
}
