/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Luck that a test decides. */
#ifndef KNOTHOLE_TESTS_NEXT_DRAW_H
#define KNOTHOLE_TESTS_NEXT_DRAW_H

#include <stdbool.h>
#include <stdint.h>

struct nat;

/* When @nat next draws one of @n numbers from 0 on, it gets @wanted.  Whether it draws is up to it: what is
 * returned is for next_draw_was_had(). */
uint64_t next_draw_is(struct nat *nat, uint32_t wanted, uint32_t n);

/* Has it drawn since? */
bool next_draw_was_had(const struct nat *nat, uint64_t token);

#endif
