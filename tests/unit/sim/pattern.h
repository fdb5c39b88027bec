/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long streams whose every byte is known by its side and its place, so that none need be kept to tell
 * that one is lost, wrong or out of order.
 */
#ifndef KNOTHOLE_TESTS_PATTERN_H
#define KNOTHOLE_TESTS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/stream.h"

static inline uint8_t pattern_byte(int side, uint64_t place)
{
	uint64_t state = (place >> 3) * 2 + (uint64_t)side;

	return (uint8_t)(stream_next(&state) >> (8 * (place & 7)));
}

/* What @side says from @place on. */
static inline void pattern_fill(uint8_t *bytes, size_t len, int side, uint64_t place)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = pattern_byte(side, place + i);
}

static inline bool pattern_is(const uint8_t *bytes, long len, int side, uint64_t place)
{
	for (long i = 0; i < len; i++)
		if (bytes[i] != pattern_byte(side, place + (uint64_t)i))
			return false;
	return true;
}

#endif
