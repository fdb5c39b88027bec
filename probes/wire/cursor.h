/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cursor: bounded reading and writing of big-endian fields, which the codecs share.
 *
 * Going past the end sets `failed` and changes nothing else; reads then give zeroes.  So a
 * codec may read or write a whole message and ask once, at its end.
 */
#ifndef KNOTHOLE_CURSOR_H
#define KNOTHOLE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../nat-models/byteorder.h"

struct cursor {
	uint8_t *bytes;
	size_t room;
	size_t at;
	bool failed;
};

static inline struct cursor cursor_to_write(uint8_t *bytes, size_t room)
{
	return (struct cursor){ .bytes = bytes, .room = room };
}

/* The bytes are not written to by the get functions. */
static inline struct cursor cursor_to_read(const uint8_t *bytes, size_t len)
{
	return (struct cursor){ .bytes = (uint8_t *)bytes, .room = len };
}

/* The next @len bytes, or NULL where they are not there. */
static inline uint8_t *cursor_take(struct cursor *c, size_t len)
{
	uint8_t *at;

	if (c->failed || len > c->room - c->at) {
		c->failed = true;
		return NULL;
	}
	at = c->bytes + c->at;
	c->at += len;
	return at;
}

static inline void cursor_put(struct cursor *c, uint64_t value, unsigned size)
{
	uint8_t *at = cursor_take(c, size);

	if (!at)
		return;
	switch (size) {
	case 1:
		*at = (uint8_t)value;
		break;
	case 2:
		put_be16(at, (uint16_t)value);
		break;
	case 4:
		put_be32(at, (uint32_t)value);
		break;
	case 8:
		put_be64(at, value);
		break;
	default:
		for (unsigned i = 0; i < size; i++)
			at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	}
}

static inline uint64_t cursor_get(struct cursor *c, unsigned size)
{
	const uint8_t *at = cursor_take(c, size);
	uint64_t value = 0;

	if (!at)
		return 0;
	switch (size) {
	case 1:
		return *at;
	case 2:
		return get_be16(at);
	case 4:
		return get_be32(at);
	case 8:
		return get_be64(at);
	default:
		for (unsigned i = 0; i < size; i++)
			value = value << 8 | at[i];
		return value;
	}
}

static inline void cursor_put_bytes(struct cursor *c, const void *bytes, size_t len)
{
	uint8_t *at = cursor_take(c, len);

	if (at && len)
		memcpy(at, bytes, len);
}

static inline void cursor_put_zeroes(struct cursor *c, size_t len)
{
	uint8_t *at = cursor_take(c, len);

	if (at && len)
		memset(at, 0, len);
}

#endif
