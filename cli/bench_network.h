/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A large network behind one NAT, for the measures of the engine with many mappings: 50 ports on
 * each inside host, unless its kind says otherwise, and an outside address for every 50,000 of them.
 *
 * Each flow is an inside endpoint's with one server.  What it sends next is made here; what is
 * measured, and in which order the flows have their turns, is the measure's.
 */
#ifndef KNOTHOLE_BENCH_NETWORK_H
#define KNOTHOLE_BENCH_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "../nat-models/nat.h"
#include "../sim/host.h"

enum { NETWORK_FLOWS_MAX = 1000000, NETWORK_ROOM = 64 };

/* What speaks IPv6, and what is between: a NAPT from IPv6 to IPv6, a firewall, a NAT64. */
enum network_way { NETWORK_IPV4, NETWORK_NAT66, NETWORK_FIREWALL6, NETWORK_NAT64 };

#define NETWORK_TIMEOUT_NS (300 * SEC)

/* What NAT it is behind. */
struct network_kind {
	const char *name;
	enum network_way way;
	bool apart; /* each inside endpoint has an address of its own */
	bool tcp; /* flows are TCP connections that begin */
	bool dependent; /* mapping is address-and-port-dependent */
	bool shares; /* ports, as Linux does, which has to find a source's other mappings, too */
	bool counts_hosts; /* mappings of each are limited in number */
	uint32_t remotes; /* that each inside endpoint sends to */
};

struct network_flow {
	uint32_t inside; /* counts the endpoints that ever were: which one it is now */
	uint16_t pool, port; /* outside */
};

/* A packet between an inside host and a server. */
struct network_template {
	uint8_t bytes[NETWORK_ROOM];
	struct packet_info about;
	uint32_t len;
};

struct network {
	const struct network_kind *kind;
	struct nat *nat;
	uint32_t flows_len;
	uint32_t hosts;
	uint32_t endpoints; /* inside ones that were used so far */
	uint64_t now;
	struct network_template templates[2]; /* by enum nat_side, where it comes from */
	struct network_flow flows[]; /* flows_len, none of which has begun */
};

/* Of @flows flows, 1,000 or more, behind no NAT yet; the caller's to free.  0, or -errno. */
int network_new(const struct network_kind *kind, uint32_t flows, struct network **ret);
void network_free(struct network *network); /* NULL is fine */

/* Put it behind the NAT of its kind.  0, or -errno. */
int network_make_nat(struct network *network);

/* Let a flow be that of an inside endpoint which has not spoken yet, and speaks now; all of them.
 * 0, or -EIO where the NAT makes anything else of it than a new mapping. */
int network_begin(struct network *network, struct network_flow *flow);
int network_fill(struct network *network);

/* Write a flow's next packet, from inside or to it, into @packet, whose data has NETWORK_ROOM. */
void network_write(const struct network *network, const struct network_flow *flow,
		   enum nat_side side, struct packet *packet);

/* Its mapping is made: the outside endpoint is where the packet now comes from.  0, or -EIO. */
int network_learn(struct network_flow *flow, const struct packet *packet);

#endif
