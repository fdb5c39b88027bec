/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A home behind a kernel NAT, with two inside hosts and an outside host that has several
 * addresses, and short hands for the actors in it.
 *
 * That something does not arrive is told by what was sent after it, on the same way, and did.
 */
#ifndef KNOTHOLE_TESTS_LIVE_HOME_H
#define KNOTHOLE_TESTS_LIVE_HOME_H

#include "live_lab.h"

#include <errno.h>
#include <string.h>

#include "nat-models/catalog.h"
#include "sim/segment.h"

#define OUTSIDE V4(11, 2, 1, 2) /* the NAT's own */
#define FAR_1 V4(11, 1, 1, 2)
#define FAR_2 V4(11, 1, 2, 2)
#define GATEWAY V4(192, 168, 1, 1)
#define ALICE V4(192, 168, 1, 2)
#define BOB V4(192, 168, 1, 3)

enum { PORT_1 = 3478, PORT_2 = 3479, LINKS = 4 };

struct home {
	struct lab lab;
	struct nat_model model;
	struct segment *lan;
	struct host *alice, *bob, *far;
	struct live_nat *nat;
	struct link *links[LINKS];
	struct nat_forward forward;
	struct ip_addr dmz;
	int err; /* of the actor's own calls */
};

static inline struct port *attach(struct home *home, struct ip_addr addr)
{
	struct port *port = segment_attach(home->lan);

	assert_non_null(port);
	assert_int_equal(segment_add_address(home->lan, port, addr), 0);
	return port;
}

static inline void build_nat(struct home *home, struct port *ret_ports[2])
{
	struct ip_addr pool[] = { OUTSIDE };
	struct live_nat_spec spec = {
		.name = "home",
		.model = &home->model,
		.inside = { V4(192, 168, 1, 0), 120 },
		.inside_addr = GATEWAY,
		.pool = pool,
		.pool_len = 1,
		.outside_bits = 24,
		.outside_gateway = V4(11, 2, 1, 1),
		.forwards = &home->forward,
		.forwards_len = home->forward.protocol ? 1 : 0,
		.dmz = home->dmz,
	};
	struct plan_error error = { "" };
	int err = live_nat_new(home->lab.live, &spec, &home->nat, &ret_ports[0], &ret_ports[1],
			       &error);

	if (err)
		print_message("%s\n", error.text);
	assert_int_equal(err, 0);
}

static inline void open_home(struct home *home)
{
	struct ip_addr more[] = { FAR_1, FAR_2 };
	struct live_host_spec far = {
		.name = "far",
		.addr = V4(11, 2, 1, 1),
		.gateway = OUTSIDE, /* where no address is translated, the way back */
		.extra = more,
		.extra_len = 2,
		.prefix_bits = 24,
	};
	struct segment_spec lan = { .prefix = { V4(192, 168, 1, 0), 120 } };
	struct port *nat[2], *port, *uplink;

	lab_open(&home->lab);
	lan.loop = home->lab.loop;
	assert_int_equal(segment_new(&lan, &home->lan), 0);
	build_nat(home, nat);
	uplink = attach(home, GATEWAY);
	segment_set_gateway(home->lan, uplink);
	home->links[0] = lab_link(&home->lab, nat[0], uplink);
	assert_int_equal(live_host_new(home->lab.live, &far, &home->far, &port), 0);
	home->links[1] = lab_link(&home->lab, nat[1], port);
	home->alice = lab_host(&home->lab, "alice", ALICE, 24, GATEWAY, &port);
	home->links[2] = lab_link(&home->lab, port, attach(home, ALICE));
	home->bob = lab_host(&home->lab, "bob", BOB, 24, GATEWAY, &port);
	home->links[3] = lab_link(&home->lab, port, attach(home, BOB));
}

static inline void close_home(struct home *home)
{
	for (int i = 0; i < LINKS; i++)
		link_free(home->links[i]);
	home->alice->ops->free(home->alice);
	home->bob->ops->free(home->bob);
	home->far->ops->free(home->far);
	live_nat_free(home->nat);
	segment_free(home->lan);
	lab_close(&home->lab);
}

/* Build a home behind @model, changed by @change, run @actor in it and tear it down. */
static inline void in_home(struct home *home, const char *model, void (*change)(struct home *home),
			   void (*actor)(void *arg), void *arg)
{
	struct model_error error;

	assert_int_equal(nat_model_find(model, &home->model, &error), 0);
	if (change)
		change(home);
	open_home(home);
	lab_run(&home->lab, actor, arg);
	close_home(home);
	if (home->err)
		print_message("%s: a call failed: %s\n", model, strerror(-home->err));
	assert_int_equal(home->err, 0);
}

/* Short hands for actors; the first failure stays in home->err. */

static inline void keep(struct home *home, int err)
{
	if (err && !home->err)
		home->err = err;
}

static inline uint64_t soon(struct home *home)
{
	return host_now(home->alice) + 3 * SEC;
}

static inline struct sock *udp(struct home *home, struct host *host, struct ip_addr addr,
			       uint16_t port)
{
	struct sock_spec spec = { .kind = SOCK_UDP, .local = { addr, port } };
	struct sock *sock = NULL;

	keep(home, sock_open(host, &spec, &sock));
	return sock;
}

static inline void send_to(struct home *home, struct sock *sock, struct ip_addr addr, uint16_t port,
			   char byte)
{
	struct endpoint to = { addr, port };

	if (sock)
		keep(home, sock_send(sock, &to, &byte, 1, soon(home)));
}

/* The next byte and who sent it; 0 where nothing comes by @deadline. */
static inline char next(struct home *home, struct sock *sock, struct endpoint *from,
			uint64_t deadline)
{
	char byte = 0;
	long n = sock ? sock_recv(sock, from, &byte, 1, deadline) : -EBADF;

	if (n != 1 && n != -ETIMEDOUT)
		keep(home, n < 0 ? (int)n : -EPROTO);
	return n == 1 ? byte : 0;
}

static inline char must_get(struct home *home, struct sock *sock, struct endpoint *from)
{
	char byte = next(home, sock, from, soon(home));

	keep(home, byte ? 0 : -ETIMEDOUT);
	return byte;
}

#endif
