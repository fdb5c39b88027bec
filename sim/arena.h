/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of one world.  What a world is made of is taken from here, and given back here by
 * whoever took it; blocks of it outlive the world, and only they, for the thread's next one: a
 * short world costs no system's allocator anything, and finds its memory warm.
 *
 * A piece that was given back serves the next taker of that size, so that a long world's memory
 * does not grow with the sockets that it has opened.
 */
#ifndef KNOTHOLE_ARENA_H
#define KNOTHOLE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void); /* NULL without memory */

/* End it, and with it every piece that was not given back. */
void arena_free(struct arena *arena);

/* @size bytes, all zero; NULL without memory.  Large ones are the C library's own. */
void *arena_take(struct arena *arena, size_t size);

/* The same, but only the first @zero bytes are zero. */
void *arena_take_partly(struct arena *arena, size_t size, size_t zero);

/* Give back what arena_take() gave for the same @size; NULL is fine. */
void arena_give(struct arena *arena, void *piece, size_t size);

/* Move @piece of @size bytes (NULL of 0, to begin with) to where there is room for @more; what is
 * new is zero.  NULL without memory: then @piece stays as it is. */
void *arena_grow(struct arena *arena, void *piece, size_t size, size_t more);

/* For tests: from now on every piece of this thread's arenas is the C library's, so that each may
 * fail, or be missed, by itself.  No arena may live.  Sanitizers begin so. */
void arena_set_apart(bool apart);

/* Give the blocks that are kept for the thread's next arena to the system. */
void arena_trim(void);

#endif
