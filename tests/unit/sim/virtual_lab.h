/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of virtual hosts share: a few hosts on one segment, in virtual time.  Their
 * actors are fibers, which note what they saw; asserting is for after the run, since cmocka
 * leaves a failed test by longjmp(), which must not cross stacks.
 */
#ifndef KNOTHOLE_TESTS_VIRTUAL_LAB_H
#define KNOTHOLE_TESTS_VIRTUAL_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/fiber.h"
#include "sim/segment.h"
#include "sim/virtual/virtual.h"

#define V4(a, b, c, d)                                                                             \
	ip_addr_v4((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* The same for tables. */
#define V4_INIT(a, b, c, d)                                                                        \
	{                                                                                          \
		0, 0xffff00000000 | (uint32_t)(a) << 24 | (uint32_t)(b) << 16 |                    \
			   (uint32_t)(c) << 8 | (uint32_t)(d)                                      \
	}

/* A place on the Internet segment, where each host has a /24 of its own, or on a LAN. */
#define NET(n) V4(11, 1, n, 2)
#define LAN(n) V4(192, 168, 1, n)

enum { LAB_HOSTS = 4 };

struct lab {
	struct loop *loop;
	struct pool *pool;
	struct segment *segment;
	struct host *hosts[LAB_HOSTS];
	struct port *ports[LAB_HOSTS];
	struct link *links[LAB_HOSTS];
	unsigned len;
};

/* @ns from now. */
static inline uint64_t lab_within(const struct lab *lab, uint64_t ns)
{
	return loop_now(lab->loop) + ns;
}

/* NULL where it could not be opened. */
static inline struct sock *lab_open_sock(struct host *host, enum sock_kind kind,
					 struct endpoint local, struct endpoint remote)
{
	struct sock_spec spec = { .kind = kind, .local = local, .remote = remote };
	struct sock *sock = NULL;

	sock_open(host, &spec, &sock);
	return sock;
}

static inline void lab_open(struct lab *lab, bool internet)
{
	struct segment_spec spec = {
		.internet = internet,
		.prefix = { V4(192, 168, 1, 0), 120 },
	};

	*lab = (struct lab){ .pool = pool_new() };
	assert_non_null(lab->pool);
	assert_int_equal(loop_new(LOOP_VIRTUAL, &lab->loop), 0);
	spec.loop = lab->loop;
	assert_int_equal(segment_new(&spec, &lab->segment), 0);
}

/* One more host, behind a link of @mtu (0 = 1500) and @delay_ns. */
static inline struct host *lab_add(struct lab *lab, const struct virtual_host_spec *spec,
				   uint16_t mtu, uint64_t delay_ns)
{
	struct link_spec link = {
		.name = spec->name,
		.mtu = mtu,
		.up = { .delay_ns = delay_ns },
		.down = { .delay_ns = delay_ns },
	};
	struct port *uplink = segment_attach(lab->segment);
	unsigned i = lab->len++;

	assert_non_null(uplink);
	assert_int_equal(
		virtual_host_new(lab->loop, lab->pool, spec, &lab->hosts[i], &lab->ports[i]), 0);
	assert_int_equal(link_new(lab->loop, &link, lab->ports[i], uplink, &lab->links[i]), 0);
	if (!ip_addr_is_unset(spec->addr))
		assert_int_equal(segment_add_address(lab->segment, uplink, spec->addr), 0);
	if (!ip_addr_is_unset(spec->addr6))
		assert_int_equal(segment_add_address(lab->segment, uplink, spec->addr6), 0);
	for (size_t k = 0; k < spec->extra_len; k++)
		assert_int_equal(segment_add_address(lab->segment, uplink, spec->extra[k]), 0);
	return lab->hosts[i];
}

/* A host with one address, on a perfect link. */
static inline struct host *lab_host(struct lab *lab, const char *name, struct ip_addr addr)
{
	struct virtual_host_spec spec = {
		.name = name, .addr = addr, .prefix_bits = 24, .seed = 1 + lab->len
	};

	return lab_add(lab, &spec, 0, 0);
}

static inline void lab_close(struct lab *lab)
{
	for (unsigned i = 0; i < lab->len; i++) {
		link_free(lab->links[i]);
		lab->hosts[i]->ops->free(lab->hosts[i]);
	}
	segment_free(lab->segment);
	loop_free(lab->loop);
	pool_free(lab->pool);
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

static inline void lab_spawn(struct lab *lab, void (*run)(void *arg), void *arg)
{
	assert_int_equal(fiber_spawn(lab->loop, "actor", run, arg, NULL), 0);
}

/* A socket of @host, or NULL with *ret_err. */
static inline struct sock *lab_sock(struct host *host, const struct sock_spec *spec, int *ret_err)
{
	struct sock *sock = NULL;

	*ret_err = sock_open(host, spec, &sock);
	return sock;
}

#endif
