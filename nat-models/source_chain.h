/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mappings of an inside endpoint, the newest first, whatever their remote endpoints.
 *
 * Linux asks for them: a source that had to move to another port keeps to that for its next
 * connections, as long as they are unique there (find_appropriate_src() of nf_nat).  Kept only
 * where a model preserves ports, shares them, and has a mapping for each remote endpoint.
 */
#ifndef KNOTHOLE_SOURCE_CHAIN_H
#define KNOTHOLE_SOURCE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "mapping.h"

enum { SOURCE_FIRST = MAPPINGS_MAX }; /* no reference */

struct rules;

struct source_table {
	struct buckets buckets; /* chains by inside endpoint, the newest first; none at first */
	uint32_t count;
};

void source_table_init(struct source_table *table);
void source_table_clear(struct source_table *table, const struct nat_memory *memory);

/* Do mappings under such rules stand in a chain? */
bool source_chain_is_kept(const struct rules *rules);

/* A mapping begins; @ref must be in the mapping table. */
void source_chain_add(struct nat *nat, uint32_t ref);

/* A mapping ends; those that were never entered are fine. */
void source_chain_remove(struct nat *nat, uint32_t ref);

/* The newest mapping of @inside, or 0. */
uint32_t source_chain_newest(const struct nat *nat, enum nat_protocol protocol,
			     struct endpoint inside);

#endif
