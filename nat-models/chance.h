/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's own seeded stream of numbers (the splitmix64 generator of Steele, Lea and Flood,
 * 2014), and the mixing step that its hash tables share.  Not for secrets.
 */
#ifndef KNOTHOLE_CHANCE_H
#define KNOTHOLE_CHANCE_H

#include <stdint.h>

struct chance {
	uint64_t state;
};

/* Spread @v over all 64 bits; 0 stays 0. */
static inline uint64_t chance_scramble(uint64_t v)
{
	v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
	return v ^ v >> 31;
}

static inline uint64_t chance_next(struct chance *chance)
{
	chance->state += UINT64_C(0x9e3779b97f4a7c15);
	return chance_scramble(chance->state);
}

/* One of 0 … @n - 1; @n is 1 or more.  The bias, n / 2^32, does not matter to ports. */
static inline uint32_t chance_below(struct chance *chance, uint32_t n)
{
	return (uint32_t)((chance_next(chance) >> 32) * n >> 32);
}

/* Fold one more word into a hash. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 32;
}

#endif
