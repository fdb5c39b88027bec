/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual worlds where memory runs out: the same exchange, each time with another allocation
 * failing.  Nothing breaks, nothing hangs, and whatever was taken is given back.
 *
 * This program's own malloc() and its kin stand before the C library's; where a sanitizer has
 * taken that place, there is nothing to test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "sim/arena.h"
#include "sim/fiber.h"
#include "sim/port.h"
#include "sim/world.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED

int main(void)
{
	fprintf(stderr, "a sanitizer has its own allocator: nothing is tested\n");
	return 0;
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static bool counting;
static long taken; /* since counting began */
static long held;
static long fails_at; /* the how-manieth fails; -1 = none */

static bool may_have(void)
{
	if (!counting)
		return true;
	if (taken++ == fails_at)
		return false;
	held++;
	return true;
}

void *malloc(size_t size)
{
	return may_have() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t n, size_t size)
{
	return may_have() ? __libc_calloc(n, size) : NULL;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return may_have() ? __libc_memalign(alignment, size) : NULL;
}

void *realloc(void *old, size_t size)
{
	if (!may_have())
		return NULL;
	if (counting && old)
		held--;
	return __libc_realloc(old, size);
}

void free(void *p)
{
	if (counting && p)
		held--;
	__libc_free(p);
}

enum { STREAM = 20000, BIG = 3000, SPARES = 64 };

static void serve(void *arg)
{
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .local = { .port = 80 } };
	static char bytes[STREAM];
	struct sock *listener, *visitor;

	if (sock_open(world_host(arg, "server"), &spec, &listener))
		return;
	while (sock_accept(listener, NEVER, &visitor) == 0) {
		if (sock_recv_exact(visitor, bytes, STREAM, NEVER) == 0)
			sock_send(visitor, NULL, "thanks", 6, NEVER);
		sock_close(visitor);
	}
}

static void answer(void *arg)
{
	struct sock_spec spec = { .kind = SOCK_UDP, .local = { .port = 7 } };
	static char bytes[BIG];
	struct endpoint from;
	struct sock *sock;
	long n;

	if (sock_open(world_host(arg, "server"), &spec, &sock))
		return;
	while ((n = sock_recv(sock, &from, bytes, BIG, NEVER)) >= 0)
		sock_send(sock, &from, bytes, (size_t)n, NEVER);
}

static void act(void *arg)
{
	struct world *world = arg;
	struct host *alice = world_host(world, "alice");
	struct ip_addr server = host_addr(world_host(world, "server"));
	struct sock_spec udp = { .kind = SOCK_UDP, .remote = { server, 7 } };
	struct sock_spec ping = { .kind = SOCK_PING, .remote = { server, 0 } };
	struct sock_spec tcp = { .kind = SOCK_TCP, .remote = { server, 80 }, .deadline = 9 * SEC };
	static char bytes[STREAM];
	struct sock *sock;

	fiber_spawn(world_loop(world), "serve", serve, world, NULL);
	fiber_spawn(world_loop(world), "answer", answer, world, NULL);
	fiber_sleep(MSEC);
	if (sock_open(alice, &udp, &sock) == 0) {
		sock_join_group(sock, ip_addr_v4(0xef000001));
		sock_send(sock, NULL, bytes, BIG, NEVER); /* in fragments */
		sock_recv(sock, NULL, bytes, BIG, host_now(alice) + SEC);
		sock_close(sock);
	}
	if (sock_open(alice, &ping, &sock) == 0) {
		sock_send(sock, NULL, bytes, 56, NEVER);
		sock_recv(sock, NULL, bytes, BIG, host_now(alice) + SEC);
	}
	if (sock_open(alice, &tcp, &sock) == 0) {
		sock_send(sock, NULL, bytes, STREAM, host_now(alice) + 9 * SEC);
		sock_recv(sock, NULL, bytes, 6, host_now(alice) + 9 * SEC);
		sock_close(sock);
	}
	fiber_sleep(host_now(alice) + SEC);
}

/* Some buffers outlive their world, for the next one.  Take them, and give them back for good, so
 * that each run begins with nothing, and what is held after it is lost. */
static void drain_spares(void)
{
	struct pool *pool;

	fails_at = -1;
	pool = pool_new();
	for (int i = 0; i < SPARES; i++)
		free(buffer_new(pool, 1));
	pool_free(pool);
}

/* Play it all; true where the world could be built. */
static bool play(const struct plan *plan)
{
	struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan_error error;
	struct world *world;

	if (world_new(plan, &options, &world, &error))
		return false;
	world_run(world, act, world);
	world_free(world);
	return true;
}

static void every_allocation_may_fail(void **state)
{
	struct plan plan = { .seed = 1 };
	struct plan_error error;
	struct model_error model_error;
	struct plan_node *home;
	long all, leaked = 0, built = 0, at;

	(void)state;
	plan_add(&plan, NULL, PLAN_HOST, "server");
	home = plan_add(&plan, NULL, PLAN_NET, "home");
	plan_add(&plan, home, PLAN_HOST, "alice");
	assert_int_equal(nat_model_find("port-restricted-cone", &home->model, &model_error), 0);
	assert_int_equal(plan_complete(&plan, &error), 0);
	arena_set_apart(true);
	fails_at = -1;
	counting = true;
	play(&plan);
	all = taken;
	drain_spares();
	for (at = 0; at < all && !leaked; at++) {
		taken = held = 0;
		fails_at = at;
		built += play(&plan);
		drain_spares();
		leaked = held;
	}
	counting = false;
	if (leaked)
		print_error("allocation %ld of %ld: %ld not given back\n", at - 1, all, leaked);
	assert_int_equal(leaked, 0);
	assert_in_range(all, 60, 100000);
	assert_in_range(built, all / 4, all - 10); /* both kinds of failure were met */
	plan_clear(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
