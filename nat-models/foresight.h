/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Foresight: having the memory come that a packet will need, while others are seen to.
 *
 * With a million mappings a packet's way is a few steps, each to somewhere in memory that only the
 * step before tells, and takes longer to wait than to work.  So the packets of a batch
 * take each step together.  Nothing is decided or changed here.
 */
#ifndef KNOTHOLE_FORESIGHT_H
#define KNOTHOLE_FORESIGHT_H

#include <stdint.h>

#include "nat_flow.h"

/* Where the first reference on a packet's way stands: in the index, or with its port's owners.  NULL
 * where it needs none.  It comes from memory meanwhile. */
const uint32_t *foresee_entry(const struct passage *p);

/* The mapping that it leads to comes from memory; where it is one that only shares the bucket,
 * and has come, the next does. */
void foresee_mapping(const struct nat *nat, const uint32_t *entry);
void foresee_next(const struct passage *p, const uint32_t *entry);

#endif
