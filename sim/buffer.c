/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "port.h"

/*
 * Two sizes: nearly every packet fits the small one; super-packets need the large.  A few small
 * ones outlive their pool, for the next world: to allocate and free them costs more than a short
 * scenario's packets do.
 */
enum { SPARE_MAX = 32 };

static _Thread_local struct buffer *spare;
static _Thread_local int spares;

struct pool {
	struct buffer *small;
	struct buffer *large;
	size_t in_use;
};

struct pool *pool_new(void)
{
	return calloc(1, sizeof(struct pool));
}

static void free_list(struct buffer *buffer)
{
	while (buffer) {
		struct buffer *next = buffer->next;

		free(buffer);
		buffer = next;
	}
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	while (pool->small && spares < SPARE_MAX) {
		struct buffer *buffer = pool->small;

		pool->small = buffer->next;
		buffer->next = spare;
		spare = buffer;
		spares++;
	}
	free_list(pool->small);
	free_list(pool->large);
	free(pool);
}

struct buffer *buffer_new(struct pool *pool, size_t len)
{
	bool small = len + BUFFER_HEADROOM <= BUFFER_SMALL;
	struct buffer **list = small ? &pool->small : &pool->large;
	uint32_t capacity = small ? BUFFER_SMALL : BUFFER_LARGE;
	struct buffer *buffer = *list;

	if (len + BUFFER_HEADROOM > BUFFER_LARGE)
		return NULL;
	if (buffer) {
		*list = buffer->next;
	} else if (small && spare) {
		buffer = spare;
		spare = buffer->next;
		spares--;
	} else {
		buffer = malloc(sizeof(*buffer) + capacity);
	}
	if (!buffer)
		return NULL;
	pool->in_use++;
	buffer->pool = pool;
	buffer->next = NULL;
	buffer->to = NULL;
	buffer->arrival = (struct event){ 0 };
	buffer->capacity = capacity;
	buffer->leaves = false;
	buffer->packet = (struct packet){
		.data = buffer->bytes + BUFFER_HEADROOM,
		.room = capacity - BUFFER_HEADROOM,
	};
	return buffer;
}

struct buffer *buffer_clone(const struct buffer *from)
{
	struct buffer *buffer = buffer_new(from->pool, from->packet.len);

	if (!buffer)
		return NULL;
	memcpy(buffer->packet.data, from->packet.data, from->packet.len);
	buffer->packet.len = from->packet.len;
	buffer->packet.offload = from->packet.offload;
	return buffer;
}

void buffer_free(struct buffer *buffer)
{
	struct pool *pool;

	if (!buffer)
		return;
	pool = buffer->pool;
	pool->in_use--;
	if (buffer->capacity == BUFFER_SMALL) {
		buffer->next = pool->small;
		pool->small = buffer;
	} else {
		buffer->next = pool->large;
		pool->large = buffer;
	}
}
