/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Each direction decides in this order, as netem and real queues do:
 * loss, duplication, then the queue before the rate, then the propagation delay.  A packet
 * that nothing holds back is delivered at once, in the caller's stack; any other waits as an
 * event.  Order is kept, but for those that reordering lets overtake.
 */
#include <errno.h>
#include <stddef.h>

#include "arena.h"
#include "capture.h"
#include "gso.h"
#include "port.h"
#include "stream.h"

enum { DEFAULT_MTU = 1500, DEFAULT_QUEUE = 64 * 1024, PPM = 1000000 };

/* What impairs one direction. */
struct direction {
	struct impairment impairment;
	uint64_t random;
	uint64_t busy_until; /* the rate's: when the last byte has left */
	uint64_t last_arrival;
	uint64_t lost, duplicated, reordered, queue_full; /* packets */
};

struct link {
	struct loop *loop;
	struct direction *way[2]; /* by the sending end; NULL = a perfect wire */
	struct port *port[2]; /* by end */
	struct capture *capture;
	int tap;
	struct buffer *flying; /* those that wait for their arrival */
};

static int impair(struct link *link, uint8_t end, const struct link_spec *spec)
{
	const struct impairment *impairment = end == LINK_NODE ? &spec->up : &spec->down;
	struct direction *way;

	if (!impairment_is_any(impairment))
		return 0;
	way = arena_take(loop_arena(link->loop), sizeof(*way));
	if (!way)
		return -ENOMEM;
	way->impairment = *impairment;
	way->random = stream_seed(spec->seed, end == LINK_NODE ? "up" : "down", spec->name);
	link->way[end] = way;
	return 0;
}

static void connect_port(struct port *port, uint8_t end, struct port *peer, uint16_t mtu)
{
	port->peer = peer;
	port->end = end;
	port->mtu = mtu ? mtu : DEFAULT_MTU;
}

void port_join(struct port *node, struct port *uplink, uint16_t mtu)
{
	connect_port(node, LINK_NODE, uplink, mtu);
	connect_port(uplink, LINK_UPLINK, node, mtu);
}

static void join(struct link *link, uint8_t end, uint16_t mtu)
{
	bool is_plain = !link->way[end] && !link->capture;

	connect_port(link->port[end], end, is_plain ? link->port[!end] : NULL, mtu);
	link->port[end]->link = link;
}

int link_new(struct loop *loop, const struct link_spec *spec, struct port *node,
	     struct port *uplink, struct link **ret)
{
	struct link *link = arena_take(loop_arena(loop), sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->loop = loop;
	link->capture = spec->capture;
	link->tap = spec->tap;
	link->port[LINK_NODE] = node;
	link->port[LINK_UPLINK] = uplink;
	if (impair(link, LINK_NODE, spec) || impair(link, LINK_UPLINK, spec)) {
		link_free(link);
		return -ENOMEM;
	}
	join(link, LINK_NODE, spec->mtu);
	join(link, LINK_UPLINK, spec->mtu);
	*ret = link;
	return 0;
}

static void deliver(struct link *link, struct port *to, struct buffer *buffer)
{
	if (to->end == LINK_NODE && link->capture)
		capture_packet(link->capture, link->tap, CAPTURE_INBOUND, &buffer->packet,
			       loop_now(link->loop), NULL);
	to->receive(to, buffer);
}

static void unlist(struct buffer *buffer)
{
	*buffer->previous = buffer->next;
	if (buffer->next)
		buffer->next->previous = buffer->previous;
	buffer->next = NULL;
}

static void arrive(struct event *event)
{
	struct buffer *buffer =
		(struct buffer *)(void *)((char *)event - offsetof(struct buffer, arrival));

	unlist(buffer);
	deliver(buffer->to->link, buffer->to, buffer);
}

void link_free(struct link *link)
{
	if (!link)
		return;
	while (link->flying) {
		struct buffer *buffer = link->flying;

		loop_cancel(link->loop, &buffer->arrival);
		unlist(buffer);
		buffer_free(buffer);
	}
	arena_give(loop_arena(link->loop), link->way[LINK_NODE], sizeof(struct direction));
	arena_give(loop_arena(link->loop), link->way[LINK_UPLINK], sizeof(struct direction));
	arena_give(loop_arena(link->loop), link, sizeof(*link));
}

struct link_stats link_stats(const struct link *link)
{
	struct link_stats stats = { 0 };

	for (int end = 0; end < 2; end++) {
		const struct direction *way = link->way[end];

		stats.packets[end] = link->port[end]->sent;
		if (!way)
			continue;
		stats.lost[end] = way->lost;
		stats.duplicated[end] = way->duplicated;
		stats.reordered[end] = way->reordered;
		stats.queue_full[end] = way->queue_full;
	}
	return stats;
}

struct capture *link_capture(const struct link *link)
{
	return link->capture;
}

static bool happens(struct direction *way, uint32_t ppm)
{
	return ppm && stream_below(&way->random, PPM) < ppm;
}

/* When the last of @len bytes has left, at the rate; 0 where the queue before it is full. */
static uint64_t leave_queue(struct direction *way, uint64_t now, uint32_t len)
{
	const struct impairment *i = &way->impairment;
	uint64_t queue = i->queue_bytes ? i->queue_bytes : DEFAULT_QUEUE;
	uint64_t start = way->busy_until > now ? way->busy_until : now;

	if (!i->rate_bps)
		return now;
	/* Bytes that wait are those whose time to leave has not come; the division cannot
	 * overflow for queues below 2 GiB. */
	if ((start - now) / 8 * i->rate_bps / SEC + len > queue)
		return 0;
	way->busy_until = start + (uint64_t)len * 8 * SEC / i->rate_bps;
	return way->busy_until;
}

/* The time it arrives, having left at @left. */
static uint64_t propagate(struct direction *way, uint64_t left)
{
	const struct impairment *i = &way->impairment;
	uint64_t at = left + i->delay_ns;

	if (i->jitter_ns) {
		uint64_t shift = stream_below(&way->random, 2 * i->jitter_ns + 1);

		at = at + shift > left + i->jitter_ns ? at + shift - i->jitter_ns : left;
	}
	if (at < way->last_arrival)
		at = way->last_arrival;
	way->last_arrival = at;
	return at;
}

static void fly(struct link *link, struct port *to, struct buffer *buffer, uint64_t at)
{
	if (at <= loop_now(link->loop)) {
		deliver(link, to, buffer);
		return;
	}
	buffer->to = to;
	buffer->arrival.fire = arrive;
	if (loop_schedule(link->loop, &buffer->arrival, at)) {
		buffer_free(buffer);
		return;
	}
	buffer->next = link->flying;
	buffer->previous = &link->flying;
	if (buffer->next)
		buffer->next->previous = &buffer->next;
	link->flying = buffer;
}

/* Tell the reader of the capture, where the packet stands in it at all. */
static void lose(struct link *link, uint8_t end, struct buffer *buffer, const char *why)
{
	if (end == LINK_NODE && link->capture)
		capture_annotate(link->capture, why);
	buffer_free(buffer);
}

static void transmit(struct link *link, uint8_t end, struct buffer *buffer)
{
	struct direction *way = link->way[end];
	struct port *to = link->port[!end];
	uint64_t now = loop_now(link->loop);
	uint64_t left;

	if (happens(way, way->impairment.loss_ppm)) {
		way->lost++;
		lose(link, end, buffer, "lost on the link");
		return;
	}
	left = leave_queue(way, now, buffer->packet.len);
	if (!left && way->impairment.rate_bps) {
		way->queue_full++;
		lose(link, end, buffer, "dropped: the link's queue is full");
		return;
	}
	if (happens(way, way->impairment.duplicate_ppm)) {
		struct buffer *twin = buffer_clone(buffer);

		way->duplicated++;
		if (twin)
			fly(link, to, twin, propagate(way, left));
	}
	if (happens(way, way->impairment.reorder_ppm)) {
		way->reordered++;
		fly(link, to, buffer, left);
		return;
	}
	fly(link, to, buffer, propagate(way, left));
}

void link_send(struct port *port, struct buffer *buffer, const char *comment)
{
	struct link *link = port->link;
	uint8_t end = port->end;

	/* Luck must strike packets as a wire would carry them, not bursts of forty. */
	if (buffer->packet.offload.gso_type && link->way[end]) {
		struct buffer *next;

		for (struct buffer *b = gso_segment(buffer); b; b = next) {
			next = b->next;
			b->next = NULL;
			port_send(port, b, comment);
		}
		return;
	}
	if (end == LINK_NODE && link->capture)
		capture_packet(link->capture, link->tap, CAPTURE_OUTBOUND, &buffer->packet,
			       loop_now(link->loop), comment);
	port->sent++;
	if (link->way[end])
		transmit(link, end, buffer);
	else
		deliver(link, link->port[!end], buffer);
}

void port_expect(const struct port *port, const struct buffer *buffer, uint64_t burst)
{
	const struct link *link = port->link;
	struct port *to = port->peer;

	if (!to && link && !link->way[port->end])
		to = link->port[!port->end];
	if (to && to->expect)
		to->expect(to, buffer, burst);
}
