/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small sorted set of sequence ranges that neither overlap nor touch: what came out of order,
 * at a receiver; what the peer says came so, at a sender.
 */
#ifndef KNOTHOLE_TCP_RANGES_H
#define KNOTHOLE_TCP_RANGES_H

#include <stddef.h>

#include "tcp_segment.h"

/* More are refused: a peer that sends every other byte shall not fill the memory. */
enum { TCP_RANGES_MAX = 64 };

/* All zero is an empty one; it holds no memory then. */
struct tcp_ranges {
	struct tcp_range *at;
	uint8_t len;
	uint8_t room;
};

/* Add @range, which is not empty: 0, -ENOSPC where it would be one too many, -ENOMEM.  All must
 * lie within 2^31 of each other. */
int tcp_ranges_add(struct tcp_ranges *ranges, struct tcp_range range);

/* Forget what is before @seq. */
void tcp_ranges_drop_before(struct tcp_ranges *ranges, uint32_t seq);

void tcp_ranges_clear(struct tcp_ranges *ranges); /* and free */

/* How many sequence numbers of [@start, @end) are in none of them. */
uint32_t tcp_ranges_gap(const struct tcp_ranges *ranges, uint32_t start, uint32_t end);

/* The first range that ends after @seq; NULL where none does. */
const struct tcp_range *tcp_ranges_next(const struct tcp_ranges *ranges, uint32_t seq);

#endif
