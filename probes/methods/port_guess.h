/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports tried at random, none of them twice. */
#ifndef KNOTHOLE_PORT_GUESS_H
#define KNOTHOLE_PORT_GUESS_H

#include <stdint.h>

#include "../../nat-models/chance.h"

struct port_guess {
	struct chance chance;
	uint16_t first; /* … of the range */
	uint32_t range, left; /* ports; … not tried yet */
	uint64_t tried[65536 / 64];
};

/* Of @first to @last, both included, none has been tried. */
static inline void port_guess_begin(struct port_guess *guess, uint16_t first, uint16_t last,
				    uint64_t seed)
{
	uint32_t range = (uint32_t)last - first + 1;

	*guess = (struct port_guess){ { seed }, first, range, range, { 0 } };
}

/* The next of them; 0 where all have been tried. */
static inline uint16_t port_guess_next(struct port_guess *guess)
{
	uint32_t at;

	if (!guess->left)
		return 0;
	do {
		at = chance_below(&guess->chance, guess->range);
	} while (guess->tried[at / 64] >> at % 64 & 1);
	guess->tried[at / 64] |= UINT64_C(1) << at % 64;
	guess->left--;
	return (uint16_t)(guess->first + at);
}

#endif
