/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of first fragments, so that later ones, which carry no ports, go the same way
 * (RFC 4787, REQ-14).  A small table: a flood of first fragments costs no more than it, and where the
 * oldest gives way, as REQ-14a wants it, it keeps no datagram out, either.  Later fragments that arrive before the first are held.c's.
 */
#ifndef KNOTHOLE_FRAGMENT_H
#define KNOTHOLE_FRAGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "nat.h"
#include "packet.h"

enum { FRAGMENTS_KEPT = 64 };

struct fragment_entry {
	struct ip_addr src, dst; /* as they arrived */
	struct ip_addr new_src, new_dst;
	uint64_t expires; /* 0 = free */
	uint32_t id, new_id;
	uint8_t protocol;
	uint8_t side, to;
	uint8_t outcome, reason;
};

struct fragment_table {
	struct fragment_entry *entries; /* FRAGMENTS_KEPT; NULL until there was a fragment */
	uint32_t next; /* to be overwritten */
};

void fragment_table_clear(struct fragment_table *table);

/* Remember what @decision did to a first fragment: @before is it as it arrived, @after as it
 * is.  Without memory it is forgotten. */
void fragment_remember(struct nat *nat, enum nat_side side, const struct packet_info *before,
		       const struct packet_info *after, const struct nat_decision *decision,
		       uint64_t now);

/* Do the same to a later one. */
struct nat_decision fragment_follow(struct fragment_table *table, enum nat_side side,
				    struct packet *pkt, struct packet_info *info, uint64_t now);

#endif
