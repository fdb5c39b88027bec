/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole virtual worlds: the same seed gives the same bytes, and what they cannot have is said. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "sim/fiber.h"
#include "sim/world.h"

enum { CAPTURE_MAX = 4 << 20, ROUNDS = 40, STREAM = 30000 };

static const struct impairment bad = {
	.delay_ns = 5 * MSEC,
	.jitter_ns = 4 * MSEC,
	.loss_ppm = 50000,
	.duplicate_ppm = 20000,
	.reorder_ppm = 50000,
	.rate_bps = 20000000,
};

static void add_home(struct plan *plan, const char *net, const char *host, const char *model)
{
	struct plan_node *home = plan_add(plan, NULL, PLAN_NET, net);
	struct plan_node *inside = plan_add(plan, home, PLAN_HOST, host);
	struct model_error error;

	assert_non_null(home);
	assert_non_null(inside);
	assert_int_equal(nat_model_find(model, &home->model, &error), 0);
	inside->link.up = inside->link.down = bad;
}

static void make_plan(struct plan *plan, uint64_t seed)
{
	struct plan_error error;

	*plan = (struct plan){ .seed = seed };
	assert_non_null(plan_add(plan, NULL, PLAN_HOST, "server"));
	add_home(plan, "home_a", "alice", "port-restricted-cone");
	add_home(plan, "home_b", "bob", "symmetric-random");
	assert_int_equal(plan_complete(plan, &error), 0);
}

struct actors {
	struct world *world;
	uint8_t answerers;
	unsigned heard;
	bool read_all;
};

static void answer(void *arg)
{
	struct actors *actors = arg;
	struct sock_spec spec = { .kind = SOCK_UDP, .local = { .port = 7 }, .share = true };
	char number = (char)actors->answerers++;
	struct endpoint from;
	struct sock *sock;
	char bytes[2000];
	long n;

	assert_int_equal(sock_open(world_host(actors->world, "server"), &spec, &sock), 0);
	while ((n = sock_recv(sock, &from, bytes, sizeof(bytes), NEVER)) >= 0) {
		bytes[0] = number;
		sock_send(sock, &from, bytes, (size_t)n, NEVER);
	}
}

static void sink(void *arg)
{
	struct actors *actors = arg;
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .local = { .port = 80 } };
	static char bytes[STREAM];
	struct sock *listener, *visitor;

	assert_int_equal(sock_open(world_host(actors->world, "server"), &spec, &listener), 0);
	sock_accept(listener, NEVER, &visitor);
	actors->read_all = sock_recv_exact(visitor, bytes, STREAM, NEVER) == 0;
}

static void ask(struct actors *actors, struct host *host, struct endpoint server)
{
	struct sock_spec spec = { .kind = SOCK_UDP };
	struct sock *sock;
	char bytes[2000] = { 0 };

	assert_int_equal(sock_open(host, &spec, &sock), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t chance = host_random(host);

		memcpy(bytes, &chance, sizeof(chance));
		sock_send(sock, &server, bytes, 8 + i * 40, NEVER);
		actors->heard +=
			sock_recv(sock, NULL, bytes, sizeof(bytes), host_now(host) + 30 * MSEC) > 0;
	}
}

static void act(void *arg)
{
	struct actors *actors = arg;
	struct host *alice = world_host(actors->world, "alice");
	struct host *bob = world_host(actors->world, "bob");
	struct ip_addr server = host_addr(world_host(actors->world, "server"));
	struct sock_spec spec = { .kind = SOCK_TCP, .remote = { server, 80 } };
	static const char bytes[STREAM];
	struct sock *sock = NULL;

	for (int i = 0; i < 8; i++) /* which of them answers whom is chance, too */
		assert_int_equal(
			fiber_spawn(world_loop(actors->world), "answer", answer, actors, NULL), 0);
	assert_int_equal(fiber_spawn(world_loop(actors->world), "sink", sink, actors, NULL), 0);
	fiber_sleep(MSEC);
	if (sock_open(alice, &spec, &sock) == 0)
		sock_send(sock, NULL, bytes, STREAM, NEVER);
	ask(actors, alice, (struct endpoint){ server, 7 });
	ask(actors, bob, (struct endpoint){ server, 7 });
	fiber_sleep(host_now(alice) + 20 * SEC);
}

/* Play the world seeded @seed; its capture's bytes, the caller's, and how many. */
static char *play(uint64_t seed, size_t *ret_len, struct actors *ret_actors)
{
	char path[] = "/tmp/test_virtual_world.XXXXXX", *bytes = malloc(CAPTURE_MAX);
	struct world_options options = { .kind = WORLD_VIRTUAL,
					 .capture_path = path,
					 .capture_about = "{}" };
	struct plan_error error;
	struct plan plan;
	FILE *file;
	int fd = mkstemp(path);

	assert_non_null(bytes);
	assert_true(fd >= 0);
	close(fd);
	make_plan(&plan, seed);
	*ret_actors = (struct actors){ 0 };
	assert_int_equal(world_new(&plan, &options, &ret_actors->world, &error), 0);
	assert_int_equal(world_run(ret_actors->world, act, ret_actors), 0);
	assert_int_equal(world_close_capture(ret_actors->world), 0);
	world_free(ret_actors->world);
	plan_clear(&plan);
	file = fopen(path, "rb");
	assert_non_null(file);
	*ret_len = fread(bytes, 1, CAPTURE_MAX, file);
	fclose(file);
	unlink(path);
	return bytes;
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	struct actors actors[3];
	size_t len[3];
	char *bytes[3];

	(void)state;
	bytes[0] = play(1, &len[0], &actors[0]);
	/* Elsewhere in memory. */
	free(malloc(12345));
	bytes[1] = play(1, &len[1], &actors[1]);
	bytes[2] = play(2, &len[2], &actors[2]);
	assert_in_range(len[0], 100000, CAPTURE_MAX - 1);
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(bytes[0], bytes[1], len[0]);
	assert_true(len[0] != len[2] || memcmp(bytes[0], bytes[2], len[0]) != 0);
	for (int i = 0; i < 3; i++) {
		assert_in_range(actors[i].heard, ROUNDS, 2 * ROUNDS - 1); /* some were lost */
		assert_true(actors[i].read_all); /* and TCP mended it */
		free(bytes[i]);
	}
}

static void no_kernel_translates_here(void **state)
{
	struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan_error error;
	struct world *world;
	struct plan plan;

	(void)state;
	make_plan(&plan, 1);
	plan_find(&plan, "home_b")->realise = PLAN_KERNEL;
	assert_int_equal(world_new(&plan, &options, &world, &error), -EOPNOTSUPP);
	assert_non_null(strstr(error.text, "home_b: a kernel translates in a live world only"));
	plan_clear(&plan);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* A world that ends while fibers wait on its sockets leaves nothing behind. */
static void abandon(void *arg)
{
	struct actors *actors = arg;

	assert_int_equal(fiber_spawn(world_loop(actors->world), "answer", answer, actors, NULL), 0);
	assert_int_equal(fiber_spawn(world_loop(actors->world), "sink", sink, actors, NULL), 0);
	fiber_sleep(MSEC);
}

static void a_world_may_end_at_any_time(void **state)
{
	struct world_options options = { .kind = WORLD_VIRTUAL };
	struct actors actors = { 0 };
	struct plan_error error;
	struct plan plan;

	(void)state;
	make_plan(&plan, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(world_new(&plan, &options, &actors.world, &error), 0);
		assert_int_equal(world_run(actors.world, i ? abandon : nothing, &actors), 0);
		world_free(actors.world);
	}
	plan_clear(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(no_kernel_translates_here),
		cmocka_unit_test(a_world_may_end_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
