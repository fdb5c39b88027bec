/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Whatever is made is put on a stack of parts, each with the function that
 * frees it: the end, or a failure half-way, unwinds the stack.
 */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "fiber.h"
#include "live/live.h"
#include "world_private.h"

struct part {
	void *thing;
	void (*free)(void *thing);
};

/* So many of the stack; a small world has no more. */
struct parts {
	struct parts *below;
	size_t len;
	struct part at[30];
};

int world_keep(struct world *world, void *thing, void (*free_thing)(void *thing))
{
	struct parts *top = world->parts;

	if (!top || top->len == sizeof(top->at) / sizeof(*top->at)) {
		top = arena_take(loop_arena(world->loop), sizeof(*top));
		if (!top) {
			free_thing(thing);
			return -ENOMEM;
		}
		top->below = world->parts;
		world->parts = top;
	}
	top->at[top->len++] = (struct part){ thing, free_thing };
	return 0;
}

static void free_live(void *thing)
{
	live_free(thing);
}

static void free_pool(void *thing)
{
	pool_free(thing);
}

static int build(struct world *world, const struct world_options *options)
{
	int err;

	world->pool = pool_new();
	if (!world->pool)
		return -ENOMEM;
	err = world_keep(world, world->pool, free_pool);
	if (err)
		return err;
	if (world->kind == WORLD_LIVE) {
		err = live_new(world->loop, world->pool, &world->live);
		if (!err)
			err = world_keep(world, world->live, free_live);
		if (!err)
			live_name_hosts(world->live, world->plan);
	}
	if (!err && options->capture_path) {
		err = capture_open(options->capture_path, options->capture_about,
				   loop_epoch(world->loop), &world->capture);
		if (err)
			snprintf(world->error->text, sizeof(world->error->text),
				 "%s: cannot write the capture: %s", options->capture_path,
				 strerror(-err));
	}
	if (!err)
		err = build_internet(world);
	return err ? err : build_nodes(world);
}

/* A world of @kind where nothing is yet. */
static int begin(enum world_kind kind, struct world **ret)
{
	struct loop *loop;
	int err = loop_new(kind == WORLD_LIVE ? LOOP_REAL : LOOP_VIRTUAL, &loop);

	if (err)
		return err;
	*ret = arena_take(loop_arena(loop), sizeof(**ret));
	if (!*ret) {
		loop_free(loop);
		return -ENOMEM;
	}
	(*ret)->kind = kind;
	(*ret)->loop = loop;
	return 0;
}

int world_new(const struct plan *plan, const struct world_options *options, struct world **ret,
	      struct plan_error *ret_error)
{
	struct world *world = NULL;
	int err = begin(options->kind, &world);

	ret_error->text[0] = '\0';
	if (!err) {
		world->plan = plan;
		world->error = ret_error;
		err = build(world, options);
	}
	if (err) {
		if (!ret_error->text[0])
			snprintf(ret_error->text, sizeof(ret_error->text),
				 "the world cannot be built: %s", strerror(-err));
		world_free(world);
		return err;
	}
	world->error = NULL;
	*ret = world;
	return 0;
}

void world_free(struct world *world)
{
	struct loop *loop;

	if (!world)
		return;
	loop = world->loop;
	while (world->parts) {
		struct parts *top = world->parts;

		while (top->len) {
			const struct part *part = &top->at[--top->len];

			part->free(part->thing);
		}
		world->parts = top->below;
		arena_give(loop_arena(loop), top, sizeof(*top));
	}
	capture_close(world->capture);
	arena_give(loop_arena(loop), world->places, world->places_room * sizeof(*world->places));
	arena_give(loop_arena(loop), world, sizeof(*world));
	loop_free(loop);
}

struct loop *world_loop(const struct world *world)
{
	return world->loop;
}

enum world_kind world_kind(const struct world *world)
{
	return world->kind;
}

struct place *world_place(const struct world *world, const struct plan_node *node)
{
	return node->order < world->places_len ? &world->places[node->order] : NULL;
}

struct host *world_host(const struct world *world, const char *name)
{
	const struct plan_node *node = plan_find(world->plan, name);
	const struct place *place = node ? world_place(world, node) : NULL;

	return place ? place->host : NULL;
}

const struct plan *world_plan(const struct world *world)
{
	return world->plan;
}

struct capture *world_capture(const struct world *world)
{
	return world->capture;
}

int world_close_capture(struct world *world)
{
	return world->capture ? capture_end(world->capture) : 0;
}

struct first_fiber {
	void (*main)(void *arg);
	void *arg;
	bool done;
};

static void run_first(void *arg)
{
	struct first_fiber *first = arg;

	first->main(first->arg);
	first->done = true;
}

int world_run(struct world *world, void (*main)(void *arg), void *arg)
{
	struct first_fiber first = { main, arg, false };
	int err = fiber_spawn(world->loop, "main", run_first, &first, NULL);

	return err ? err : loop_run(world->loop, &first.done);
}
