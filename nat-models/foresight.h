/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Foresight: having the memory come that packets will need, before their turn (nat_expect()).  No
 * decision depends on it.
 */
#ifndef KNOTHOLE_FORESIGHT_H
#define KNOTHOLE_FORESIGHT_H

struct foresight;
struct nat;

/* The next of those that are expected (nat->expects) has its turn. */
void foresight_turn(struct nat *nat);

void foresight_free(struct nat *nat);

#endif
