/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shortcuts: what a packet's endpoints led to before, so that the next packet of the same flow need
 * not go all the way.
 *
 * Theory of operation.  A shortcut holds no rule.  It remembers, for one side, protocol and pair
 * of IPv4 endpoints, which mapping let the packet through and what the endpoint became, and only
 * where the whole way there depends on nothing but
 *  - those endpoints and the NAT's configuration, which does not change,
 *  - that mapping being alive: checked, by its reference and the number of its creation,
 *  - things whose every change calls shortcuts_forget(): other mappings and sessions, where
 *    they have a say (see `bears_on_others` there); a reboot; new addresses.
 * What a packet does to its mapping, its timer and its connection, is done for each packet as ever, by
 * mapping_use().  Whoever adds a rule that looks at more of a packet, or at other state, must see
 * to it in shortcut_note().  That nothing is decided otherwise than without them is what fuzz_nat
 * and test_nat_shortcut check.
 */
#ifndef KNOTHOLE_SHORTCUT_H
#define KNOTHOLE_SHORTCUT_H

#include <stdbool.h>
#include <stdint.h>

#include "nat.h"

struct lead;
struct passage;

/* Two of them fill a line of the cache. */
struct shortcut {
	uint64_t addrs; /* source and destination */
	uint64_t flow; /* their ports, side and protocol, and below those the mapping's reference;
			* 0 = free */
	uint32_t sequence; /* the mapping's, of creation */
	uint32_t to;
	uint16_t to_port, pseudo, own; /* as in struct packet_change */
	uint16_t epoch; /* the table's, when it was noted */
};

_Static_assert(sizeof(struct shortcut) == 32, "a pair of them must be one line of the cache");

/* The first pairs stand in the table itself: most flows in a small world are over before an allocation
 * for them would have paid. */
enum { SHORTCUT_FEW = 4 };

struct shortcut_table {
	struct shortcut *entries; /* NULL until the first is noted */
	uint32_t mask; /* of pairs */
	uint32_t displaced; /* how many gave way to others since the table has this size */
	uint16_t epoch;
	uint32_t sought, found; /* lately */
	uint32_t resting; /* for so many packets nothing is sought: too little was found */
	struct shortcut few[2 * SHORTCUT_FEW];
};

void shortcut_table_clear(struct shortcut_table *table, const struct nat_memory *memory);

/* From now on nothing that was noted counts. */
void shortcuts_forget(struct shortcut_table *table);

/* The packet, not yet rewritten, goes through @lead.  Where that is noted, and only then, the change that is
 * to be made to it is in *ret. */
bool shortcut_note(struct passage *p, const struct lead *lead, struct packet_change *ret);

/* Rewrite the packet and use its mapping, which is given back, where there is a shortcut; else 0,
 * and nothing is done. */
uint32_t shortcut_take(struct passage *p);

#endif
