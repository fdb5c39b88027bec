/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside hosts, where the model has to know them: to count their mappings (RFC 6888, REQ-4) or
 * to give them blocks of ports.  A host is forgotten, and its blocks are free, with its last
 * mapping.
 */
#ifndef KNOTHOLE_INSIDE_HOST_H
#define KNOTHOLE_INSIDE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "mapping.h"
#include "rows.h"

struct nat;

enum { BLOCKS_MAX = 8 };

/* What a host owns of the ports, and how fast it opens mappings. */
struct host_blocks {
	uint64_t opened_ns; /* at its rate, so many as it has opened have taken until then */
	uint16_t pool; /* where they are */
	uint16_t cursor[NAT_PROTOCOLS]; /* the port given last */
	uint32_t block[NAT_PROTOCOLS][BLOCKS_MAX]; /* its number + 1; 0 = none */
};

struct inside_host {
	struct ip_addr addr;
	uint32_t next; /* in its bucket; free ones are linked here too */
	uint32_t count; /* of its mappings */
	uint32_t oldest; /* head of the ring of its mappings */
	struct host_blocks
		blocks[]; /* one where ports come in blocks, or it has a rate, else none */
};

struct inside_host_table {
	struct rows hosts; /* struct inside_host */
	bool has_blocks;
	uint32_t free;
	uint32_t count;
	struct buckets buckets; /* none at first */
};

/* @has_blocks: do they own blocks of ports, or have they a rate? */
void inside_host_table_init(struct inside_host_table *table, bool has_blocks,
			    const struct nat_memory *memory);

void inside_host_table_clear(struct inside_host_table *table);

static inline struct inside_host *inside_host_at(const struct inside_host_table *table,
						 uint32_t ref)
{
	return rows_at(&table->hosts, ref);
}

/* The host at @addr, made where it is new, and held as if it had one mapping more, until
 * inside_host_let_go(); 0 without memory. */
uint32_t inside_host_hold(struct nat *nat, struct ip_addr addr);
void inside_host_let_go(struct nat *nat, uint32_t host);

/*
 * RFC 6888, REQ-4C: may it make a mapping now?  So many at once as it may in a second, and after that as
 * many more as time has passed for.  What one takes of that is counted when it has been made.
 */
bool inside_host_may_make(const struct nat *nat, uint32_t host, uint64_t now);
void inside_host_has_made(struct nat *nat, uint32_t host, uint64_t now);

/* A mapping of this host begins; any mapping ends, or has been used. */
void inside_host_add(struct nat *nat, uint32_t host, uint32_t mapping);
void inside_host_remove(struct nat *nat, uint32_t mapping);
void inside_host_used(struct nat *nat, uint32_t mapping);

#endif
