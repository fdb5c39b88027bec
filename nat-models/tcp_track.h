/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections, as a NAT sees them go by (RFC 7857, section 2, which takes its state machine
 * from RFC 6146, 3.5.2).
 *
 * A mapping may carry many connections, so each has a state and an end of its own, and the mapping
 * lives as long as the last of them.  Most carry one, with the remote endpoint that opened the
 * mapping: that one is kept without an endpoint and an end, which are the mapping's, in 24 bytes.
 * When another joins it, each gets a node.  Not here: who may open one (filter.c), and the mappings.
 */
#ifndef KNOTHOLE_TCP_TRACK_H
#define KNOTHOLE_TCP_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "address_book.h"
#include "buckets.h"
#include "packet.h"
#include "rows.h"
#include "table_memory.h"

struct nat;

/* What one side has sent; numbers are TCP sequence numbers. */
struct tcp_half {
	uint32_t end; /* after the last byte sent */
	uint32_t limit; /* after the last byte that it lets the other side send */
	uint16_t window; /* the largest that it has announced, as it was written … */
	uint8_t window_scale : 4; /* … and its scale */
	uint8_t scale : 4; /* of its next windows (RFC 7323, 2) */
	uint8_t seen; /* enum tcp_seen */
};

struct tcp_connection {
	struct tcp_half half[2]; /* of the inside, of the outside */
};

_Static_assert(sizeof(struct tcp_connection) == 24,
	       "a mapping with one must take 128 bytes or less");

/* One of several, or with another remote endpoint than that which opened the mapping. */
struct tcp_node {
	uint64_t expires;
	uint32_t mapping; /* 0 = free */
	uint32_t hash_next; /* in the index; free ones are linked here too */
	uint32_t next; /* of the same mapping */
	struct kept_endpoint remote;
	struct tcp_connection connection;
};

/* A mapping's `connections` is a row of `alone` with TCP_ALONE set, or a node of `nodes`, the first
 * of its list, or 0. */
#define TCP_ALONE 0x80000000U

struct tcp_table {
	struct rows alone; /* struct tcp_connection; free ones are linked by half[0].end */
	struct rows nodes; /* struct tcp_node */
	uint32_t alone_free, nodes_free;
	uint32_t count; /* of nodes */
	struct buckets buckets; /* of nodes; none at first */
};

/* @memory must outlive it. */
void tcp_table_init(struct tcp_table *table, const struct nat_memory *memory);

void tcp_table_clear(struct tcp_table *table);

/* A segment of a mapping's with these `connections` comes soon. */
static inline void tcp_prefetch(const struct tcp_table *table, uint32_t connections)
{
	const struct rows *rows = connections & TCP_ALONE ? &table->alone : &table->nodes;

	if (connections)
		table_memory_prefetch(rows_at(rows, connections & ~TCP_ALONE));
}

/* One segment of a mapping's connection with @remote: what is it to the NAT? */
enum tcp_verdict {
	TCP_PASSES,
	TCP_OUT_OF_TURN, /* to be dropped; nothing has changed */
	TCP_NO_ROOM, /* no memory to follow it */
};

/* May a segment with @flags open a mapping? */
bool tcp_may_open(const struct nat *nat, uint8_t flags);

/*
 * Does a segment with @flags, from inside, begin a connection that deserves a mapping of its own, with a port
 * chosen anew, in the place of @ref?  In models that follow connections and choose ports as Linux does: where
 * the last one was closed in good order, or reset from inside, or reset after a FIN.
 */
bool tcp_begins_anew(const struct nat *nat, uint32_t ref, struct endpoint remote, uint8_t flags,
		     uint64_t now);

/* A segment passes through mapping @ref: follow the connection, and set the mapping's end. */
enum tcp_verdict tcp_track(struct nat *nat, uint32_t ref, bool inbound, struct endpoint remote,
			   const struct packet *pkt, const struct packet_info *info, uint64_t now);

/* Forget every connection of a mapping that ends. */
void tcp_track_end_all(struct nat *nat, uint32_t ref);

#endif
