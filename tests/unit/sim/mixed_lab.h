/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mixed lab: a kernel's host and a virtual one, each on a link of a segment, in real time.
 */
#ifndef KNOTHOLE_TESTS_MIXED_LAB_H
#define KNOTHOLE_TESTS_MIXED_LAB_H

#include "live_lab.h"

#include <errno.h>
#include <string.h>

#include "sim/segment.h"
#include "sim/virtual/virtual.h"

#define KERNEL_ADDR V4(11, 1, 1, 2)
#define OURS_ADDR V4(11, 1, 2, 2)

static const struct ip_addr kernel6 = { UINT64_C(0x2b00000100010000), 2 };
static const struct ip_addr ours6 = { UINT64_C(0x2b00000100020000), 2 };
static const struct ip_addr router6 = { UINT64_C(0x2b00000100010000), 1 };

struct net {
	bool ipv6; /* what at() speaks */
	struct lab lab;
	struct segment *segment;
	struct host *kernel, *ours;
	struct link *links[2]; /* the kernel's, ours */
};

static inline struct link *attach(struct net *net, struct port *port, struct ip_addr addr,
				  struct ip_addr addr6, const struct link_spec *wire)
{
	struct link_spec spec = *wire;
	struct port *uplink = segment_attach(net->segment);
	struct link *link = NULL;

	spec.name = "test";
	assert_non_null(uplink);
	assert_int_equal(segment_add_address(net->segment, uplink, addr), 0);
	assert_int_equal(segment_add_address(net->segment, uplink, addr6), 0);
	assert_int_equal(link_new(net->lab.loop, &spec, port, uplink, &link), 0);
	return link;
}

static inline struct host *add_kernel(struct net *net, struct port **ret_port)
{
	struct live_host_spec spec = {
		.name = "kernel",
		.addr = KERNEL_ADDR,
		.prefix_bits = 24,
		.gateway = V4(11, 1, 1, 1),
		.addr6 = kernel6,
		.prefix6_bits = 64,
		.gateway6 = router6,
		.seed = 1,
	};
	struct host *host = NULL;

	assert_int_equal(live_host_new(net->lab.live, &spec, &host, ret_port), 0);
	return host;
}

/* @wire: the link to the virtual host. */
static inline void set_up(struct net *net, bool ipv6, const struct link_spec *wire)
{
	struct virtual_host_spec spec = {
		.name = "ours", .addr = OURS_ADDR, .addr6 = ours6, .prefix_bits = 24, .seed = 2
	};
	const struct link_spec perfect = { 0 };
	struct segment_spec internet = { .internet = true };
	struct port *port;

	*net = (struct net){ .ipv6 = ipv6 };
	lab_open(&net->lab);
	internet.loop = net->lab.loop;
	assert_int_equal(segment_new(&internet, &net->segment), 0);
	net->kernel = add_kernel(net, &port);
	net->links[0] = attach(net, port, KERNEL_ADDR, kernel6, &perfect);
	assert_int_equal(virtual_host_new(net->lab.loop, net->lab.pool, &spec, &net->ours, &port),
			 0);
	net->links[1] = attach(net, port, OURS_ADDR, ours6, wire);
}

/* Where @host is found. */
static inline struct endpoint at(const struct net *net, struct host *host, uint16_t port)
{
	return (struct endpoint){ net->ipv6 ? host_addr6(host) : host_addr(host), port };
}

static inline void tear_down(struct net *net)
{
	for (int i = 0; i < 2; i++)
		link_free(net->links[i]);
	net->ours->ops->free(net->ours);
	net->kernel->ops->free(net->kernel);
	segment_free(net->segment);
	lab_close(&net->lab);
}

/* A socket of @host; NULL where there is none to be had. */
static inline struct sock *open_sock(struct host *host, enum sock_kind kind, uint16_t port,
				     struct endpoint remote)
{
	struct sock_spec spec = { .kind = kind, .local = { .port = port }, .remote = remote };
	struct sock *sock = NULL;

	sock_open(host, &spec, &sock);
	return sock;
}

#endif
