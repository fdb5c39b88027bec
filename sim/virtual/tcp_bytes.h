/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of bytes in one piece, for either direction of a connection: it grows on demand, holds
 * no memory when empty, and may be written ahead of its end, which is how data that came out of
 * order wait in their place.
 */
#ifndef KNOTHOLE_TCP_BYTES_H
#define KNOTHOLE_TCP_BYTES_H

#include <stdint.h>

/* All zero is an empty one. */
struct tcp_bytes {
	uint8_t *memory;
	uint32_t capacity;
	uint32_t head; /* of the first byte, in memory */
	uint32_t len; /* bytes that are in order */
	uint32_t extent; /* the same, or beyond: to the last byte written ahead */
};

/* Write @n bytes at @offset from the first, without counting them in: 0 or -ENOMEM.  The sum of
 * the two is at most 2^30. */
int tcp_bytes_write(struct tcp_bytes *bytes, uint32_t offset, const uint8_t *from, uint32_t n);

/* @n more bytes, which have been written, are in order. */
void tcp_bytes_extend(struct tcp_bytes *bytes, uint32_t n);

/* The first @n bytes, up to len, are no more. */
void tcp_bytes_drop(struct tcp_bytes *bytes, uint32_t n);

void tcp_bytes_clear(struct tcp_bytes *bytes); /* and free */

static inline const uint8_t *tcp_bytes_at(const struct tcp_bytes *bytes, uint32_t offset)
{
	return bytes->memory + bytes->head + offset;
}

#endif
