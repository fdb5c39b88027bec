/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Pieces are cut off the newest block, in sizes that are multiples of STEP, or
 * above STEPS_MAX powers of two; each such size has a list of those that were given back.  The
 * arena itself is the first piece of its first block.
 */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

enum {
	STEP = 32,
	STEPS_MAX = 2048,
	STEPS = STEPS_MAX / STEP + 1,
	DOUBLINGS = 3,
	PIECE_MAX = STEPS_MAX << DOUBLINGS, /* what is larger is rare, and grows */
	SIZES = STEPS + DOUBLINGS,
	LINE = 64, /* of the cache: pieces of more than a few begin with one */
	LINED = 16 * LINE,
	BLOCK_SIZE = 64 * 1024,
	SPARE_MAX = 16, /* blocks */
};

struct block {
	_Alignas(LINE) struct block *next;
};

struct piece {
	struct piece *next;
};

struct arena {
	struct block *blocks;
	char *at, *end; /* what is left of the first of them */
	struct piece *given[SIZES];
};

static _Thread_local struct block *spare;
static _Thread_local int spares;
static _Thread_local bool apart = SANITIZED;

static struct block *block_new(void)
{
	struct block *block = spare;

	if (!block)
		return aligned_alloc(LINE, BLOCK_SIZE);
	spare = block->next;
	spares--;
	return block;
}

static void block_free(struct block *block)
{
	if (spares == SPARE_MAX) {
		free(block);
		return;
	}
	block->next = spare;
	spare = block;
	spares++;
}

struct arena *arena_new(void)
{
	struct block *block;
	struct arena *arena;

	if (apart)
		return calloc(1, sizeof(*arena));
	block = block_new();
	if (!block)
		return NULL;
	block->next = NULL;
	arena = (struct arena *)(block + 1);
	*arena = (struct arena){
		.blocks = block,
		.at = (char *)block + sizeof(*block) + (sizeof(*arena) + STEP - 1) / STEP * STEP,
		.end = (char *)block + BLOCK_SIZE,
	};
	return arena;
}

void arena_free(struct arena *arena)
{
	struct block *next;

	if (!arena)
		return;
	if (!arena->blocks) {
		free(arena);
		return;
	}
	for (struct block *block = arena->blocks; block; block = next) {
		next = block->next;
		block_free(block);
	}
}

static bool is_cut(const struct arena *arena, size_t size)
{
	return size <= PIECE_MAX && arena->blocks;
}

/* What a piece of @size takes up: its size class. */
static inline size_t room_for(size_t size)
{
	if (size <= STEPS_MAX)
		return (size + STEP - 1) & ~(size_t)(STEP - 1);
	return (size_t)1 << (64 - __builtin_clzll(size - 1));
}

/* The list of those of @room that were given back. */
static inline struct piece **list_of(struct arena *arena, size_t room)
{
	if (room <= STEPS_MAX)
		return &arena->given[room / STEP];
	return &arena->given[STEPS + (size_t)(62 - __builtin_clzll(room / STEPS_MAX))];
}

/* A piece of @room bytes off the newest block, whose rest is left where it is too small. */
static void *cut(struct arena *arena, size_t room)
{
	struct block *block;
	void *piece;

	if (room >= LINED)
		arena->at = (char *)(((uintptr_t)arena->at + LINE - 1) & ~(uintptr_t)(LINE - 1));
	if (arena->end - arena->at < (ptrdiff_t)room) {
		block = block_new();
		if (!block)
			return NULL;
		block->next = arena->blocks;
		arena->blocks = block;
		arena->at = (char *)(block + 1);
		arena->end = (char *)block + BLOCK_SIZE;
	}
	piece = arena->at;
	arena->at += room;
	return piece;
}

/* Most pieces are a few steps, and to call memset() takes longer than to clear them. */
static void *clear(void *piece, size_t size)
{
	enum { FEW = 4 * STEP };

	if (size > FEW)
		return memset(piece, 0, size);
	for (size_t at = 0; at < size; at += STEP)
		memset((char *)piece + at, 0, STEP);
	return piece;
}

void *arena_take(struct arena *arena, size_t size)
{
	return arena_take_partly(arena, size, size);
}

void *arena_take_partly(struct arena *arena, size_t size, size_t zero)
{
	struct piece **list, *piece;
	size_t room;

	if (!is_cut(arena, size))
		return calloc(1, size);
	room = room_for(size);
	list = list_of(arena, room);
	piece = *list;
	if (piece)
		*list = piece->next;
	else
		piece = cut(arena, room);
	return piece ? clear(piece, zero) : NULL;
}

void arena_give(struct arena *arena, void *piece, size_t size)
{
	struct piece **list;

	if (!piece)
		return;
	if (!is_cut(arena, size)) {
		free(piece);
		return;
	}
	list = list_of(arena, room_for(size));
	((struct piece *)piece)->next = *list;
	*list = piece;
}

void *arena_grow(struct arena *arena, void *piece, size_t size, size_t more)
{
	void *moved = arena_take(arena, more);

	if (!moved)
		return NULL;
	if (size)
		memcpy(moved, piece, size);
	arena_give(arena, piece, size);
	return moved;
}

void arena_set_apart(bool is)
{
	apart = is;
}

void arena_trim(void)
{
	while (spare) {
		struct block *next = spare->next;

		free(spare);
		spare = next;
	}
	spares = 0;
}
