/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tiny network in memory, in virtual time: hosts with UDP and TCP, each perhaps behind a NAT
 * of its own, so that probes can be tested without the world that they were made for.
 *
 * Every packet takes `delay_ns`.  Nothing is ever freed before fake_net_free(), so that a
 * stale pointer in a probe is found by reading what is closed, not by luck.
 */
#ifndef KNOTHOLE_FAKE_HOST_H
#define KNOTHOLE_FAKE_HOST_H

#include <stdbool.h>

#include "nat-models/model.h"
#include "sim/fiber.h"
#include "sim/host.h"

/* Routers between any two: a TTL up to that dies outside of the sender's NAT, where it has one. */
enum { FAKE_HOPS = 2 };

enum { FAKE_MAPPINGS = 64, FAKE_PERMISSIONS = 32 };

struct fake_mapping {
	struct endpoint inside, remote, outside; /* remote: as far as the mapping's scope goes */
	struct endpoint permitted[FAKE_PERMISSIONS];
	unsigned permitted_len;
};

/* Translates UDP only; TCP passes outwards as it is. */
struct fake_nat {
	struct ip_addr outside;
	enum nat_scope mapping, filtering;
	bool blocks_udp;
	struct fake_mapping mappings[FAKE_MAPPINGS];
	unsigned mappings_len;
};

/* Where a datagram from @from to @to leaves from, which maps and permits. */
struct endpoint fake_nat_out(struct fake_nat *nat, struct endpoint from, struct endpoint to);

/* Whether a datagram from @from is let in; *to becomes the inside endpoint then. */
bool fake_nat_in(struct fake_nat *nat, struct endpoint from, struct endpoint *to);

struct fake_net {
	struct loop *loop;
	uint64_t delay_ns;
	uint32_t udp_loss_ppm;
	uint64_t chance; /* a seed */
	unsigned datagrams; /* sent so far … */
	unsigned expired; /* … of which so many had too low a TTL */
	/* Sees each datagram as it is sent, before NATs; false drops it.  May be NULL. */
	bool (*filter)(struct fake_net *net, struct host *from, struct endpoint to,
		       const uint8_t *bytes, size_t len);
	void *filter_arg;
	uint16_t silent_port; /* TCP connections to it are never answered; 0 = there is none */
	struct fake_host *hosts;
	struct fake_sock *socks;
	struct fake_packet *packets;
};

void fake_net_init(struct fake_net *net);
void fake_net_free(struct fake_net *net);

/* @nat (not owned) may be NULL. */
struct host *fake_host_add(struct fake_net *net, const char *name, const char *addr,
			   struct fake_nat *nat);

/* Run @test as a fiber until it returns; fails the test where it never does. */
void fake_net_run(struct fake_net *net, void (*test)(void *arg), void *arg);

/* How many sockets of @host are open. */
unsigned fake_host_open_socks(const struct fake_net *net, const struct host *host);

#endif
