/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that the NAT keeps for a while: unsolicited SYNs, which may yet turn out to be half of a
 * simultaneous open (RFC 5382, REQ-4),
 * and fragments that came before their first part (RFC 4787, REQ-14).  What is kept is bounded in number, in size and in time.
 */
#ifndef KNOTHOLE_HELD_H
#define KNOTHOLE_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "nat.h"

enum { HELD_MAX = 64 };

/* What to do with one when its time comes. */
enum held_kind {
	HELD_NONE,
	HELD_SYN, /* answered */
	HELD_FRAGMENT, /* forgotten */
	HELD_RELEASED, /* sent after its first part */
};

struct held {
	enum held_kind kind;
	enum nat_side side; /* where it came from */
	uint64_t at; /* its time */
	uint64_t order; /* of arrival */
	struct endpoint src, dst;
	struct ip_addr answers; /* where the refusal comes from */
	uint32_t fragment_id;
	uint8_t protocol;
	struct packet_offload offload;
	uint8_t *bytes;
	uint32_t len;
};

struct held_table {
	struct held *entries; /* HELD_MAX; NULL until something was held */
	uint32_t len; /* how many are held */
	uint64_t next; /* the earliest time of all, where any is */
	uint64_t order;
};

void held_clear(struct held_table *table);

/* Keep a SYN from outside, to be refused by @from at its time.  False where there is no room, or
 * the same SYN is held already: then it is not kept. */
bool held_add_syn(struct nat *nat, const struct packet *pkt, const struct packet_info *info,
		  struct ip_addr from, uint64_t now);

/* A SYN has gone out from @outside to @remote: the one held from there needs no answer. */
void held_cancel_syn(struct nat *nat, struct endpoint outside, struct endpoint remote);

/* Keep a fragment until its first part comes.  False where too many wait: then it is not kept. */
bool held_add_fragment(struct nat *nat, enum nat_side side, const struct packet *pkt,
		       const struct packet_info *info, uint64_t now);

/* The first part, @info, has come through: nat_poll() gives those that waited for it. */
void held_release_fragments(struct held_table *table, enum nat_side side,
			    const struct packet_info *info, uint64_t now);

/* nat_poll()'s and nat_next_answer()'s work. */
enum nat_outcome held_poll(struct nat *nat, uint64_t now, struct packet *ret,
			   enum nat_side *ret_to);
uint64_t held_next(const struct held_table *table);

#endif
