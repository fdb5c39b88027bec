/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers, ports and links: how a packet gets from one node to the next.
 *
 * A node (host edge or stack, segment, gateway, kernel box) has ports; a link joins two of
 * them.  Sending on a port hands the buffer to the link, which impairs it and delivers it to
 * the port at its other end.  A link's tap is at its node end: outbound packets are captured
 * before the link can lose them, inbound ones after.
 */
#ifndef KNOTHOLE_PORT_H
#define KNOTHOLE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../nat-models/packet.h"
#include "loop.h"

struct capture;
struct link;
struct pool;

/*
 * A packet with its memory.  Whoever holds it must send it on or buffer_free() it.
 * BUFFER_HEADROOM bytes before packet.data are free for a link-layer and virtio header.
 */
struct buffer {
	struct packet packet;
	struct pool *pool;
	struct buffer *next; /* in a pool or a queue */
	struct buffer **previous; /* of a link: what points to this one */
	struct event arrival;
	struct port *to; /* of an arrival */
	uint32_t capacity;
	bool leaves; /* its sender knows that it is for another host alone */
	uint8_t bytes[];
};

enum {
	BUFFER_HEADROOM = 64,
	BUFFER_SMALL = 2048,
	BUFFER_LARGE = 65536 + 2048, /* a GSO super-packet with its headers */
};

struct pool *pool_new(void);
void pool_free(struct pool *pool); /* the buffers in use must be free by then */

/* A buffer with room for @len bytes of packet (packet.len = 0, no offload); NULL without
 * memory. */
struct buffer *buffer_new(struct pool *pool, size_t len);
struct buffer *buffer_clone(const struct buffer *from);
void buffer_free(struct buffer *buffer);

struct port {
	void (*receive)(struct port *port, struct buffer *buffer); /* takes the buffer */
	/* It comes soon: see port_expect().  NULL where nobody cares. */
	void (*expect)(struct port *port, const struct buffer *buffer, uint64_t burst);
	void *node; /* whose port this is */
	struct link *link; /* NULL = none, or a perfect wire that nobody records */
	struct port *
		peer; /* at the other end, where nothing impairs or records what is sent; else NULL */
	uint64_t sent; /* packets */
	uint8_t end; /* which end of the link: LINK_NODE or LINK_UPLINK */
	uint16_t mtu; /* the wire's */
};

/* Does it lead anywhere? */
static inline bool port_is_joined(const struct port *port)
{
	return port->peer || port->link;
}

enum { LINK_NODE, LINK_UPLINK };

/* The impairments of one direction; all zero = a perfect wire. */
struct impairment {
	uint64_t delay_ns;
	uint64_t jitter_ns; /* uniform, ± this round delay; order is kept unless reorder_ppm */
	uint32_t loss_ppm;
	uint32_t duplicate_ppm;
	uint32_t reorder_ppm; /* these overtake: they are sent without the delay */
	uint64_t rate_bps; /* 0 = unlimited */
	uint32_t queue_bytes; /* waiting for the rate; 0 = 64 KiB */
};

static inline bool impairment_is_any(const struct impairment *i)
{
	return (i->delay_ns | i->jitter_ns | i->rate_bps | i->loss_ppm | i->duplicate_ppm |
		i->reorder_ppm) != 0;
}

struct link_spec {
	const char *name; /* of the tap: "alice", "home_a wan" */
	struct impairment up; /* from the node to its uplink */
	struct impairment down;
	uint16_t mtu; /* 0 = 1500 */
	uint64_t seed; /* of what is left to chance where it is impaired */
	struct capture *capture; /* NULL = not captured */
	int tap; /* capture_add_tap()'s */
};

struct link_stats {
	uint64_t packets[2], lost[2], duplicated[2], reordered[2], queue_full[2];
};

/* Join @node to @uplink by a perfect wire that nobody records, which needs no link; @mtu: 0 = 1500. */
void port_join(struct port *node, struct port *uplink, uint16_t mtu);

/* Join @node (a host's or a gateway's port) to @uplink.  Both ports must outlive it. */
int link_new(struct loop *loop, const struct link_spec *spec, struct port *node,
	     struct port *uplink, struct link **ret);
void link_free(struct link *link);
struct link_stats link_stats(const struct link *link); /* by the sending end */
struct capture *link_capture(const struct link *link); /* NULL where it is not captured */

/* port_send() through a link that impairs or records. */
void link_send(struct port *port, struct buffer *buffer, const char *comment);

/* Send on @port, taking the buffer.  Where the capture is on, the packet is recorded at the
 * node end; @comment (may be NULL) stands beside it. */
static inline void port_send(struct port *port, struct buffer *buffer, const char *comment)
{
	struct port *peer = port->peer;

	if (!peer) {
		link_send(port, buffer, comment);
		return;
	}
	port->sent++;
	peer->receive(peer, buffer);
}

/*
 * Packets that are sent on @port soon, after those of the same burst that were announced before: whoever has
 * them to look up in much memory may begin to (nat_expect()).  They are told as far as links hand on at
 * once what they get, and none need come.  Whoever has packets together numbers bursts from 1 on.
 */
void port_expect(const struct port *port, const struct buffer *buffer, uint64_t burst);

#endif
