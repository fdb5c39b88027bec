/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the live tests share: they run whole in a live_fork() child, each test with a world of
 * its own, whose actors are fibers.  Fibers note what they saw; asserting is for after the run,
 * since cmocka leaves a failed test by longjmp(), which must not cross stacks.
 */
#ifndef KNOTHOLE_TESTS_LIVE_LAB_H
#define KNOTHOLE_TESTS_LIVE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "sim/fiber.h"
#include "sim/live/live.h"
#include "sim/port.h"

#define V4(a, b, c, d)                                                                             \
	ip_addr_v4((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct lab {
	struct loop *loop;
	struct pool *pool;
	struct live *live;
};

static inline void lab_open(struct lab *lab)
{
	lab->pool = pool_new();
	assert_non_null(lab->pool);
	assert_int_equal(loop_new(LOOP_REAL, &lab->loop), 0);
	assert_int_equal(live_new(lab->loop, lab->pool, &lab->live), 0);
}

static inline void lab_close(struct lab *lab)
{
	live_free(lab->live);
	loop_free(lab->loop);
	pool_free(lab->pool);
}

static inline struct host *lab_host(struct lab *lab, const char *name, struct ip_addr addr,
				    uint8_t bits, struct ip_addr gateway, struct port **ret_port)
{
	struct live_host_spec spec = {
		.name = name,
		.addr = addr,
		.prefix_bits = bits,
		.gateway = gateway,
		.seed = 1,
	};
	struct host *host = NULL;

	assert_int_equal(live_host_new(lab->live, &spec, &host, ret_port), 0);
	return host;
}

static inline struct link *lab_link(struct lab *lab, struct port *node, struct port *uplink)
{
	struct link_spec spec = { .name = "test" };
	struct link *link = NULL;

	assert_int_equal(link_new(lab->loop, &spec, node, uplink, &link), 0);
	return link;
}

struct lab_actor {
	void (*run)(void *arg);
	void *arg;
	bool done;
};

static void lab_act(void *arg)
{
	struct lab_actor *actor = (struct lab_actor *)arg;

	actor->run(actor->arg);
	actor->done = true;
}

/* Run @run(@arg) as the first fiber until it returns. */
static inline void lab_run(struct lab *lab, void (*run)(void *arg), void *arg)
{
	struct lab_actor actor = { .run = run, .arg = arg };

	assert_int_equal(fiber_spawn(lab->loop, "main", lab_act, &actor, NULL), 0);
	assert_int_equal(loop_run(lab->loop, &actor.done), 0);
}

/* Run @tests in namespaces; the program's exit status. */
static inline int lab_main(int (*tests)(void *arg))
{
	char why[256];
	int status;
	pid_t pid;

	if (!live_possible(why, sizeof(why))) {
		fprintf(stderr, "skipped: %s\n", why);
		return 77;
	}
	pid = live_fork(tests, NULL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

#endif
