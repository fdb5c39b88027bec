/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections, as a NAT sees them go by (RFC 7857, section 2, which takes its state machine
 * from RFC 6146, 3.5.2).
 *
 * A mapping may carry many connections, so each has a state and an end of its own, and the mapping
 * lives as long as the last of them.  Not here: who may open one (filter.c), and the mappings.
 */
#ifndef KNOTHOLE_TCP_TRACK_H
#define KNOTHOLE_TCP_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "buckets.h"
#include "packet.h"
#include "rows.h"

struct nat;

/* What one side has sent; numbers are TCP sequence numbers. */
struct tcp_half {
	uint32_t end; /* after the last byte sent */
	uint32_t limit; /* after the last byte that it lets the other side send */
	uint32_t window; /* the largest that it has announced */
	uint8_t scale; /* of its window (RFC 7323, 2) */
};

struct tcp_connection {
	struct ip_addr remote_addr;
	uint64_t expires;
	uint32_t mapping; /* 0 = free */
	uint32_t hash_next; /* in the index; free ones are linked here too */
	uint32_t next; /* of the same mapping */
	uint16_t remote_port;
	uint8_t seen; /* enum tcp_seen */
	struct tcp_half half[2]; /* of the inside, of the outside */
};

struct tcp_table {
	struct rows connections; /* struct tcp_connection */
	uint32_t free, count;
	struct buckets buckets; /* none at first */
	struct rows heads; /* by mapping: uint32_t, the first of its connections */
};

/* @memory must outlive it. */
void tcp_table_init(struct tcp_table *table, const struct nat_memory *memory);

void tcp_table_clear(struct tcp_table *table);

/* One segment of a mapping's connection with @remote: what is it to the NAT? */
enum tcp_verdict {
	TCP_PASSES,
	TCP_OUT_OF_TURN, /* to be dropped; nothing has changed */
	TCP_NO_ROOM, /* no memory to follow it */
};

/* May a segment with @flags open a mapping? */
bool tcp_may_open(const struct nat *nat, uint8_t flags);

/* A segment passes through mapping @ref: follow the connection, and set the mapping's end. */
enum tcp_verdict tcp_track(struct nat *nat, uint32_t ref, bool inbound, struct endpoint remote,
			   const struct packet *pkt, const struct packet_info *info, uint64_t now);

/* Forget every connection of a mapping that ends. */
void tcp_track_end_all(struct nat *nat, uint32_t ref);

#endif
