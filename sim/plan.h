/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a world: a tree of plain data, checked whole and completed with addresses
 * before anything is built.
 *
 * The root is the Internet.  A net is a gateway (its NAT) with the segment behind it; its
 * children are attached to that segment.  Nesting says what is behind what.
 *
 * Addresses that are not given (a host's extra ones follow its first): hosts on the Internet get 11.1.N.2/24, N counting from 1 in
 * the order of the plan, and gateways 11.2.N.2/24 (their pool goes on from there).  A net that holds
 * other nets is a carrier's, 100.64.0.0/10 as 100.64.0.0/24; any other is 192.168.1.0/24, every
 * one of them, as homes really are.  Behind a router or a firewall, which translate nothing, they
 * are public: 11.3.N.0/24; the segments above know the way.  A net's gateway has the .1, its children .2, .3, … in
 * the order of the plan.  (11.0.0.0/8 because programs such as miniupnpd refuse reserved
 * addresses as outside ones; nothing ever leaves the lab.)
 *
 * IPv6 is there where a net has a model for it, or a host on the Internet an address of it; else
 * no node has any.  Addresses that are not given, N in hexadecimal: hosts on the Internet get
 * 2b00:1:N::2, gateways 2b00:2:N::2, each in a /64 of its own, and the prefix 2b00:3:N::/48 is
 * delegated to the net behind (RFC 8415's way; 2b00::/16 because it is global unicast, and given
 * to nobody).  Its first /64 is the segment's: the gateway has ::1, its children ::2, ::3, …  Nets
 * inside of it are delegated the /56s after that, in order; inside of those the /60s, then the
 * /64s.  Behind what translates IPv6 addresses the inside prefix is fd00:0:N::/48 (RFC 4193),
 * cut up the same way.  A net with a model for IPv6 alone has no IPv4.
 *
 * What a tap says of itself, in the capture (pcapng if_description), as JSON:
 *   {"node": "alice", "side": "host", "addresses": ["192.168.1.2"], "path": ["home_a"]}
 *   {"node": "home_a", "side": "lan" or "wan", "addresses": [...], "path": [...], "nat": "full-cone",
 *    "nat6": "ipv6-firewall"}
 * path: the nets that the node is inside of, outermost first; for a net's own taps, the nets
 * round it.
 */
#ifndef KNOTHOLE_PLAN_H
#define KNOTHOLE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"
#include "../nat-models/model.h"
#include "../nat-models/nat.h"
#include "index.h"
#include "port.h"

enum { PLAN_EXTRA = 3 };

enum plan_kind { PLAN_HOST, PLAN_NET };

/* Who does the translating in a live world. */
enum plan_realise { PLAN_ENGINE, PLAN_KERNEL };

struct plan_link {
	struct impairment up, down;
	uint16_t mtu; /* 0 = 1500 */
};

struct plan_forward {
	uint8_t protocol; /* IP_PROTO_UDP or IP_PROTO_TCP */
	uint16_t port_first, port_last;
	char host[32]; /* a child of this net: a host, or a net (its gateway) */
	uint16_t host_port; /* 0 = port_first */
};

struct plan_node {
	enum plan_kind kind;
	char name[32];
	char where[256]; /* "file.lua:12", for errors */
	struct plan_node *parent; /* NULL = on the Internet */
	struct plan_node *children; /* first child, in the order of the file */
	struct plan_node *last_child;
	struct plan_node *next; /* sibling */
	size_t order; /* in plan_next()'s, in a completed plan */
	struct index_entry by_name; /* in the plan's names */
	uint64_t stream; /* stream_name() of the host, or of the net's NAT */
	struct ip_addr addr; /* on the parent's segment; for a net the gateway's outside address */
	struct ip_addr addr6; /* the same of IPv6; unset = it has none */
	struct plan_link link; /* to the parent's segment */

	/* hosts only: addresses beside addr, which a STUN server needs (RFC 5780, 6) */
	struct ip_addr extra[PLAN_EXTRA];
	uint8_t extra_len;
	bool serves_dns; /* it runs the lab's name server, */
	char dns[32]; /* and asks that of this host; "" = the nearest (names.h) */

	/* nets only */
	struct nat_model model;
	enum plan_realise realise;
	struct ip_prefix prefix; /* of the segment behind it */
	bool may_overlap; /* its own address may be in `prefix`, whatever the model makes of that */
	struct plan_link lan; /* the gateway's inner link */
	uint32_t taken_to; /* plan_complete()'s: addresses before this one are all taken */
	struct plan_forward *forwards;
	size_t forwards_len;
	char dmz[32];
	bool no_ipv4; /* there is no `model`, only model6 */
	struct nat_model *model6; /* NULL = IPv6 ends here; plan_set_model6() */
	struct ip_prefix prefix6; /* of all that is behind it */
	/* That the world outside knows that by; bits 0 = none.  A host may have one, too: then all of its
	 * addresses are led to it (RFC 8273). */
	struct ip_prefix outside6;

	void *user; /* whoever made the plan may hang something here; not owned */
};

struct arena;

struct plan {
	struct plan_node *nodes; /* first of those on the Internet, in the order of the file */
	struct plan_node *last; /* of those */
	struct index names; /* of every node, by their names */
	uint64_t seed;
	struct arena *arena; /* that the nodes are taken from; NULL = there are none */
};

/* One line: "file.lua:12: address 1.2.3.4 is given to both alice and bob". */
struct plan_error {
	char text[512];
};

struct plan_node *plan_add(struct plan *plan, struct plan_node *parent, enum plan_kind kind,
			   const char *name); /* appended; NULL without memory */
struct plan_node *plan_find(const struct plan *plan,
			    const char *name); /* any depth: the first of that name; or NULL */
struct plan_node *plan_next(const struct plan *plan,
			    const struct plan_node *node); /* depth first; NULL starts and ends */
void plan_clear(struct plan *plan);

/* Have @net's gateway serve IPv6, by a copy of @model.  0 or -ENOMEM. */
int plan_set_model6(struct plan_node *net, const struct nat_model *model);

/* Of IPv4.  A node's addresses on its parent's segment: a host's own and extra ones, a net's pool. */
unsigned plan_address_count(const struct plan_node *node);
struct ip_addr plan_address(const struct plan_node *node, unsigned i);

/* How many of a net's outside addresses are its IPv4 NAT's: the first ones.  The rest are those that
 * a NAT64 speaks IPv4 from. */
unsigned plan_nat_count(const struct plan_node *net);

/* Does @net translate between IPv6 inside and IPv4 outside (RFC 6146)? */
bool plan_is_nat64(const struct plan_node *net);

/* The prefix behind which hosts in a net round @node find IPv4 (RFC 6052); bits 0 = there is no NAT64
 * before it. */
struct ip_prefix plan_nat64_prefix(const struct plan_node *node);

/* The gateway's own address on the segment behind it: the network's first. */
struct ip_addr plan_gateway_addr(const struct plan_node *net);
struct ip_addr plan_gateway_addr6(const struct plan_node *net);

/* The IPv6 subnet of the segment behind @net: the first /64 of its prefix, or that prefix. */
struct ip_prefix plan_segment6(const struct plan_node *net);

/* Does any node of the completed @plan speak IPv6? */
bool plan_has_ipv6(const struct plan *plan);

/* Does @node have an IPv4 address? */
static inline bool plan_has_ipv4(const struct plan_node *node)
{
	return !ip_addr_is_unset(node->addr);
}

/* Does @net's model translate?  Else what is behind it is reached at its own addresses. */
bool plan_translates(const struct plan_node *net);

/* Give @net, of a completed plan, other outside addresses: those from @first on, or where that is
 * unset the next free ones.  0, or -EINVAL with *ret_error, and nothing has changed. */
int plan_move(struct plan *plan, struct plan_node *net, struct ip_addr first,
	      struct plan_error *ret_error);

/* What becomes of IPv6 addresses between @net's inside and its outside. */
enum plan_inside6 {
	PLAN_SAME, /* they are the same on both sides */
	PLAN_OTHER_PREFIX, /* each has its own outside: prefixes are translated */
	PLAN_HIDDEN, /* all of them are behind the gateway's */
};
enum plan_inside6 plan_inside6(const struct plan_node *net);

/* Give every node its address and check the whole.  0, or -EINVAL with *ret_error. */
int plan_complete(struct plan *plan, struct plan_error *ret_error);

#endif
