/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 256 };

static uint32_t capacity_for(uint32_t want, uint32_t capacity)
{
	if (capacity < SMALLEST)
		capacity = SMALLEST;
	while (capacity < want)
		capacity *= 2;
	return capacity;
}

/*
 * Room for @want bytes from the head on.  Bytes are moved to the front only where that frees at
 * least as much as is moved, so that each byte is moved once on average.
 */
static int make_room(struct tcp_bytes *bytes, uint32_t want)
{
	uint32_t capacity;
	uint8_t *memory;

	if (bytes->head + want <= bytes->capacity)
		return 0;
	if (want <= bytes->capacity && bytes->head >= bytes->extent) {
		memmove(bytes->memory, bytes->memory + bytes->head, bytes->extent);
		bytes->head = 0;
		return 0;
	}
	capacity = capacity_for(bytes->head + want, bytes->capacity);
	memory = realloc(bytes->memory, capacity);
	if (!memory)
		return -ENOMEM;
	bytes->memory = memory;
	bytes->capacity = capacity;
	return 0;
}

int tcp_bytes_write(struct tcp_bytes *bytes, uint32_t offset, const uint8_t *from, uint32_t n)
{
	int err;

	if (!n)
		return 0;
	err = make_room(bytes, offset + n);
	if (err)
		return err;
	memcpy(bytes->memory + bytes->head + offset, from, n);
	if (offset + n > bytes->extent)
		bytes->extent = offset + n;
	return 0;
}

void tcp_bytes_extend(struct tcp_bytes *bytes, uint32_t n)
{
	bytes->len += n;
}

void tcp_bytes_drop(struct tcp_bytes *bytes, uint32_t n)
{
	bytes->head += n;
	bytes->len -= n;
	bytes->extent -= n;
	if (!bytes->extent)
		tcp_bytes_clear(bytes);
}

void tcp_bytes_clear(struct tcp_bytes *bytes)
{
	free(bytes->memory);
	*bytes = (struct tcp_bytes){ 0 };
}
