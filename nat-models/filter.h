/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filtering (RFC 4787, section 5): may a remote endpoint send to a mapping? */
#ifndef KNOTHOLE_FILTER_H
#define KNOTHOLE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

struct nat;

/* Filtering may forget before the mapping ends: is it not too long ago that the mapping's inside
 * endpoint has sent to @remote? */
bool filter_remembers(const struct nat *nat, uint32_t mapping, struct endpoint remote);

bool filter_admits(const struct nat *nat, uint32_t mapping, struct endpoint remote);

#endif
