/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "segment.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "../nat-models/byteorder.h"
#include "arena.h"
#include "capture.h"
#include "index.h"
#include "router.h"

enum { IPV4_HEADER = 20, IPV4_SOURCE = 12, IPV4_DESTINATION = 16 };
enum { IPV6_HEADER = 40, IPV6_DESTINATION = 24 };

struct member {
	struct port port;
	struct member *next;
	struct ip_addr addr6; /* the first one of IPv6 that was added; unset = none */
};

struct route {
	struct ip_addr addr;
	struct port *port;
};

/* So many members have their place in the segment: a home's are its gateway and a host. */
enum { FEW_MEMBERS = 2 };

/* So many routes are gone through; where there are more, all of them stand in the index. */
enum { FEW_ROUTES = 8 };

struct indexed_route {
	struct index_entry by_addr;
	struct indexed_route *next; /* in the list of all */
	struct route route;
};

struct route6 {
	struct ip_prefix prefix;
	struct port *port;
};

struct segment {
	struct segment_spec spec;
	struct member *members, **members_end;
	struct member first[FEW_MEMBERS];
	size_t members_len;
	size_t routes_len;
	struct route few[FEW_ROUTES]; /* in the order of their adding, where there are no more */
	struct indexed_route *indexed;
	struct index by_addr;
	uint32_t broadcast; /* the subnet's, in IPv4; UINT32_MAX = it has none of its own */
	struct route6 *routes6; /* sorted by prefix, none inside of another */
	size_t routes6_len;
	struct port *gateway;
};

static struct indexed_route *route_in_index(const struct segment *segment, struct ip_addr addr)
{
	struct index_entry *e = index_first(&segment->by_addr, index_hash_addr(addr));

	for (; e; e = index_next(e)) {
		struct indexed_route *indexed =
			(struct indexed_route *)(void *)((char *)e -
							 offsetof(struct indexed_route, by_addr));

		if (ip_addr_equal(indexed->route.addr, addr))
			return indexed;
	}
	return NULL;
}

static inline struct port *route_to(const struct segment *segment, struct ip_addr addr)
{
	const struct indexed_route *indexed;

	if (segment->routes_len > FEW_ROUTES) {
		indexed = route_in_index(segment, addr);
		return indexed ? indexed->route.port : NULL;
	}
	for (const struct route *r = segment->few; r < segment->few + segment->routes_len; r++)
		if (ip_addr_equal(r->addr, addr))
			return r->port;
	return NULL;
}

static bool comes_before(struct ip_addr a, struct ip_addr b)
{
	return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo;
}

/* The first route whose prefix begins above @addr. */
static size_t route6_above(const struct segment *segment, struct ip_addr addr)
{
	size_t low = 0, high = segment->routes6_len;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (comes_before(addr, segment->routes6[middle].prefix.addr))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static struct port *route6_to(const struct segment *segment, struct ip_addr addr)
{
	struct port *port = route_to(segment, addr);
	size_t i = port ? 0 : route6_above(segment, addr);

	if (i && ip_prefix_contains(segment->routes6[i - 1].prefix, addr))
		port = segment->routes6[i - 1].port;
	return port;
}

static void drop(struct segment *segment, struct buffer *buffer, const char *why)
{
	if (segment->spec.capture)
		capture_packet(segment->spec.capture, segment->spec.tap, CAPTURE_INBOUND,
			       &buffer->packet, loop_now(segment->spec.loop), why);
	buffer_free(buffer);
}

static void flood(struct segment *segment, const struct port *in, struct buffer *buffer)
{
	for (struct member *m = segment->members; m; m = m->next) {
		struct buffer *copy;

		if (&m->port == in)
			continue;
		copy = buffer_clone(buffer);
		if (copy)
			port_send(&m->port, copy, NULL);
	}
	buffer_free(buffer);
}

static bool is_flooded(const struct segment *segment, uint32_t addr)
{
	return addr == UINT32_MAX || addr >> 28 == 0xe || addr == segment->broadcast;
}

/* switch_packet() of what cannot simply be sent on to @out. */
__attribute__((noinline)) static void switch_hard(struct segment *segment, const struct port *in,
						  struct buffer *buffer, struct port *out)
{
	/* A gateway that sends to an address nobody has would meet silence, too. */
	if (!out || out == in)
		drop(segment, buffer, "dropped: nobody here has this address");
	else if (router_too_big(out, buffer))
		drop(segment, buffer, "dropped: longer than the link's MTU");
	else
		router_send(out, buffer, NULL);
}

/* On a LAN: to @out, or where that is NULL to the gateway. */
static inline void switch_packet(struct segment *segment, const struct port *in,
				 struct buffer *buffer, struct port *out)
{
	if (!out)
		out = segment->gateway;
	if (out && out != in && buffer->packet.len <= out->mtu)
		port_send(out, buffer, NULL);
	else
		switch_hard(segment, in, buffer, out);
}

/* The Internet's own address beside a member is the .1 of the member's /24. */
static struct ip_addr router_beside(uint32_t addr)
{
	return ip_addr_v4((addr & 0xffffff00) | 1);
}

static struct member *member_of(struct port *port)
{
	return (struct member *)(void *)port; /* port is its first member */
}

/* ... and in IPv6 the ::1 of the member's /64: what is sent may come from further in. */
static struct ip_addr router_beside6(struct port *port)
{
	return (struct ip_addr){ member_of(port)->addr6.hi, 1 };
}

enum kind { NO_IP, IS_IPV4, IS_IPV6 };

/* What is it, whose header is there? */
static enum kind kind_of(const struct buffer *buffer)
{
	uint32_t len = buffer->packet.len;
	uint8_t version;

	if (len < IPV4_HEADER)
		return NO_IP;
	version = buffer->packet.data[0] >> 4;
	if (version == 4)
		return IS_IPV4;
	return version == 6 && len >= IPV6_HEADER ? IS_IPV6 : NO_IP;
}

/* route_packet() of what cannot simply be sent on to @out. */
__attribute__((noinline)) static void route_hard(struct segment *segment, struct port *in,
						 struct buffer *buffer, struct port *out)
{
	struct ip_addr self = kind_of(buffer) == IS_IPV4
				      ? router_beside(get_be32(buffer->packet.data + IPV4_SOURCE))
				      : router_beside6(in);

	if (!out) {
		drop(segment, buffer, "dropped: the Internet has no route to this address");
		return;
	}
	if (!router_hop(in, buffer, self))
		return;
	if (router_too_big(out, buffer))
		router_answer(in, buffer, self, PACKET_ERROR_TOO_BIG, out->mtu, NULL);
	else
		router_send(out, buffer, NULL);
}

/* On the Internet. */
static inline void route_packet(struct segment *segment, struct port *in, struct buffer *buffer,
				struct port *out)
{
	if (out && buffer->packet.len <= out->mtu && packet_decrement_ttl(&buffer->packet))
		port_send(out, buffer, NULL);
	else
		route_hard(segment, in, buffer, out);
}

static struct ip_addr destination6_of(const struct buffer *buffer)
{
	const uint8_t *ip = buffer->packet.data;

	return (struct ip_addr){ get_be64(ip + IPV6_DESTINATION),
				 get_be64(ip + IPV6_DESTINATION + 8) };
}

static void internet_receive6(struct segment *segment, struct port *in, struct buffer *buffer)
{
	route_packet(segment, in, buffer, route6_to(segment, destination6_of(buffer)));
}

static void lan_receive6(struct segment *segment, struct port *in, struct buffer *buffer)
{
	struct ip_addr addr = destination6_of(buffer);

	if (ip_addr_is_multicast(addr))
		flood(segment, in, buffer);
	else
		switch_packet(segment, in, buffer, route6_to(segment, addr));
}

static void internet_receive(struct port *in, struct buffer *buffer)
{
	struct segment *segment = in->node;
	uint32_t addr;

	switch (kind_of(buffer)) {
	case IS_IPV4:
		addr = get_be32(buffer->packet.data + IPV4_DESTINATION);
		route_packet(segment, in, buffer, route_to(segment, ip_addr_v4(addr)));
		break;
	case IS_IPV6:
		internet_receive6(segment, in, buffer);
		break;
	case NO_IP:
		drop(segment, buffer, "dropped: not an IP packet");
		break;
	}
}

static void lan_receive(struct port *in, struct buffer *buffer)
{
	struct segment *segment = in->node;
	uint32_t addr;

	switch (kind_of(buffer)) {
	case IS_IPV4:
		addr = get_be32(buffer->packet.data + IPV4_DESTINATION);
		if (is_flooded(segment, addr))
			flood(segment, in, buffer);
		else
			switch_packet(segment, in, buffer, route_to(segment, ip_addr_v4(addr)));
		break;
	case IS_IPV6:
		lan_receive6(segment, in, buffer);
		break;
	case NO_IP:
		drop(segment, buffer, "dropped: not an IP packet");
		break;
	}
}

/* Where a packet from @in goes; NULL where that is to nobody, or to everybody. */
static struct port *way_of(const struct segment *segment, const struct port *in,
			   const struct buffer *buffer)
{
	const bool switches = !segment->spec.internet;
	struct port *out = NULL;
	struct ip_addr addr;

	switch (kind_of(buffer)) {
	case IS_IPV4:
		addr = ip_addr_v4(get_be32(buffer->packet.data + IPV4_DESTINATION));
		if (switches && is_flooded(segment, ip_addr_to_v4(addr)))
			return NULL;
		out = route_to(segment, addr);
		break;
	case IS_IPV6:
		addr = destination6_of(buffer);
		if (ip_addr_is_multicast(addr))
			return NULL;
		out = route6_to(segment, addr);
		break;
	case NO_IP:
		return NULL;
	}
	if (!out && switches)
		out = segment->gateway;
	return out == in ? NULL : out;
}

static void expect(struct port *in, const struct buffer *buffer, uint64_t burst)
{
	const struct port *out = way_of(in->node, in, buffer);

	if (out)
		port_expect(out, buffer, burst);
}

int segment_new(const struct segment_spec *spec, struct segment **ret)
{
	struct segment *segment = arena_take(loop_arena(spec->loop), sizeof(*segment));

	if (!segment)
		return -ENOMEM;
	segment->spec = *spec;
	segment->members_end = &segment->members;
	segment->broadcast = router_broadcast(spec->prefix);
	*ret = segment;
	return 0;
}

void segment_free(struct segment *segment)
{
	struct arena *arena;

	if (!segment)
		return;
	arena = loop_arena(segment->spec.loop);
	while (segment->members_len > FEW_MEMBERS) {
		struct member *next = segment->first[FEW_MEMBERS - 1].next;

		segment->first[FEW_MEMBERS - 1].next = next->next;
		arena_give(arena, next, sizeof(*next));
		segment->members_len--;
	}
	while (segment->indexed) {
		struct indexed_route *next = segment->indexed->next;

		arena_give(arena, segment->indexed, sizeof(*segment->indexed));
		segment->indexed = next;
	}
	arena_give(arena, segment->routes6, segment->routes6_len * sizeof(*segment->routes6));
	index_free(&segment->by_addr);
	arena_give(arena, segment, sizeof(*segment));
}

struct port *segment_attach(struct segment *segment)
{
	struct member *member =
		segment->members_len < FEW_MEMBERS
			? &segment->first[segment->members_len]
			: arena_take(loop_arena(segment->spec.loop), sizeof(*member));

	if (!member)
		return NULL;
	segment->members_len++;
	member->port.receive = segment->spec.internet ? internet_receive : lan_receive;
	member->port.expect = expect;
	member->port.node = segment;
	*segment->members_end = member;
	segment->members_end = &member->next;
	return &member->port;
}

int segment_add_prefix(struct segment *segment, struct port *port, struct ip_prefix prefix)
{
	size_t i = route6_above(segment, prefix.addr);
	size_t size = segment->routes6_len * sizeof(struct route6);
	struct route6 *routes = arena_grow(loop_arena(segment->spec.loop), segment->routes6, size,
					   size + sizeof(*routes));

	if (!routes)
		return -ENOMEM;
	segment->routes6 = routes;
	memmove(routes + i + 1, routes + i, (segment->routes6_len++ - i) * sizeof(*routes));
	routes[i] = (struct route6){ prefix, port };
	return 0;
}

static int enter(struct segment *segment, struct route route)
{
	struct indexed_route *indexed =
		arena_take(loop_arena(segment->spec.loop), sizeof(*indexed));

	if (!indexed)
		return -ENOMEM;
	indexed->route = route;
	indexed->next = segment->indexed;
	segment->indexed = indexed;
	index_add(&segment->by_addr, &indexed->by_addr, index_hash_addr(route.addr));
	return 0;
}

/* They are no longer few.  Where that fails half-way, what is in the index already is found there first
 * the next time, too. */
static int enter_few(struct segment *segment)
{
	int err = 0;

	for (int i = 0; i < FEW_ROUTES && !err; i++)
		err = enter(segment, segment->few[i]);
	return err;
}

int segment_add_address(struct segment *segment, struct port *port, struct ip_addr addr)
{
	const struct route route = { addr, port };
	int err = 0;

	if (segment->routes_len == FEW_ROUTES)
		err = enter_few(segment);
	if (segment->routes_len < FEW_ROUTES)
		segment->few[segment->routes_len] = route;
	else if (!err)
		err = enter(segment, route);
	if (err)
		return err;
	segment->routes_len++;
	if (!ip_addr_is_v4(addr) && ip_addr_is_unset(member_of(port)->addr6))
		member_of(port)->addr6 = addr;
	return 0;
}

static void change_in_index(struct segment *segment, struct ip_addr before, struct ip_addr after)
{
	struct indexed_route *indexed = route_in_index(segment, before);

	if (!indexed)
		return;
	index_remove(&segment->by_addr, &indexed->by_addr);
	indexed->route.addr = after;
	index_add(&segment->by_addr, &indexed->by_addr, index_hash_addr(after));
}

void segment_change_address(struct segment *segment, struct ip_addr before, struct ip_addr after)
{
	if (segment->routes_len > FEW_ROUTES) {
		change_in_index(segment, before, after);
		return;
	}
	for (size_t i = 0; i < segment->routes_len; i++) {
		if (ip_addr_equal(segment->few[i].addr, before)) {
			segment->few[i].addr = after;
			return;
		}
	}
}

void segment_set_gateway(struct segment *segment, struct port *port)
{
	segment->gateway = port;
}
