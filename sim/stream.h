/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of chance (splitmix64): one a component, each derived from the world's seed and the
 * component's name, so that adding a component changes nobody else's luck.
 */
#ifndef KNOTHOLE_STREAM_H
#define KNOTHOLE_STREAM_H

#include <stdint.h>

static inline uint64_t stream_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform in [0, @below); the modulo's bias is under 2^-20 for all that links ask. */
static inline uint64_t stream_below(uint64_t *state, uint64_t below)
{
	return stream_next(state) % below;
}

/* What the component called @kind and @name is known by in all worlds. */
static inline uint64_t stream_name(const char *kind, const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *kind; kind++)
		h = (h ^ (uint8_t)*kind) * UINT64_C(0x100000001b3);
	h = (h ^ ' ') * UINT64_C(0x100000001b3);
	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return h;
}

/* The seed of the component known as @name (stream_name()'s) in a world seeded @world. */
static inline uint64_t stream_seed_of(uint64_t world, uint64_t name)
{
	uint64_t h = name ^ world;

	return stream_next(&h);
}

static inline uint64_t stream_seed(uint64_t world, const char *kind, const char *name)
{
	return stream_seed_of(world, stream_name(kind, name));
}

#endif
