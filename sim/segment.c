/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "segment.h"

#include <errno.h>
#include <stdlib.h>

#include "../nat-models/byteorder.h"
#include "capture.h"
#include "router.h"

enum { IPV4_HEADER = 20, IPV4_DESTINATION = 16 };

struct member {
	struct port port;
	struct member *next;
};

struct route {
	uint32_t addr;
	struct port *port;
};

struct segment {
	struct segment_spec spec;
	struct member *members;
	struct route *routes; /* sorted by address */
	size_t routes_len;
	struct port *gateway;
};

/* The first route whose address is @addr or above. */
static size_t route_at(const struct segment *segment, uint32_t addr)
{
	size_t low = 0, high = segment->routes_len;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (segment->routes[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct port *route_to(const struct segment *segment, uint32_t addr)
{
	size_t i = route_at(segment, addr);

	return i < segment->routes_len && segment->routes[i].addr == addr ? segment->routes[i].port
									  : NULL;
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
	uint32_t hosts =
		segment->spec.prefix.bits < 128
			? (uint32_t)((UINT64_C(1) << (128 - segment->spec.prefix.bits)) - 1)
			: 0;

	return addr == UINT32_MAX || addr >> 28 == 0xe ||
	       (hosts && addr == (ip_addr_to_v4(segment->spec.prefix.addr) | hosts));
}

static void switch_packet(struct segment *segment, struct port *in, struct buffer *buffer,
			  uint32_t addr)
{
	struct port *out = route_to(segment, addr);

	if (is_flooded(segment, addr)) {
		flood(segment, in, buffer);
		return;
	}
	if (!out)
		out = segment->gateway;
	/* A gateway that sends to an address nobody has would meet silence, too. */
	if (!out || out == in)
		drop(segment, buffer, "dropped: nobody here has this address");
	else if (buffer->packet.len > link_mtu(out->link) && router_too_big(out, buffer))
		drop(segment, buffer, "dropped: longer than the link's MTU");
	else
		router_send(out, buffer, NULL);
}

/* The Internet's own address beside a member is the .1 of the member's /24. */
static struct ip_addr router_beside(uint32_t addr)
{
	return ip_addr_v4((addr & 0xffffff00) | 1);
}

static void route_packet(struct segment *segment, struct port *in, struct buffer *buffer,
			 uint32_t addr)
{
	struct port *out = route_to(segment, addr);
	struct ip_addr self = router_beside(get_be32(buffer->packet.data + 12));

	if (!out) {
		drop(segment, buffer, "dropped: the Internet has no route to this address");
		return;
	}
	if (!router_hop(in, buffer, self))
		return;
	if (router_too_big(out, buffer))
		router_answer(in, buffer, self, ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED,
			      link_mtu(out->link), NULL);
	else
		router_send(out, buffer, NULL);
}

static void segment_receive(struct port *in, struct buffer *buffer)
{
	struct segment *segment = in->node;
	uint32_t addr;

	if (buffer->packet.len < IPV4_HEADER || buffer->packet.data[0] >> 4 != 4) {
		drop(segment, buffer, "dropped: not an IPv4 packet");
		return;
	}
	addr = get_be32(buffer->packet.data + IPV4_DESTINATION);
	if (segment->spec.internet)
		route_packet(segment, in, buffer, addr);
	else
		switch_packet(segment, in, buffer, addr);
}

int segment_new(const struct segment_spec *spec, struct segment **ret)
{
	struct segment *segment = calloc(1, sizeof(*segment));

	if (!segment)
		return -ENOMEM;
	segment->spec = *spec;
	*ret = segment;
	return 0;
}

void segment_free(struct segment *segment)
{
	if (!segment)
		return;
	while (segment->members) {
		struct member *next = segment->members->next;

		free(segment->members);
		segment->members = next;
	}
	free(segment->routes);
	free(segment);
}

struct port *segment_attach(struct segment *segment)
{
	struct member **end = &segment->members;
	struct member *member = calloc(1, sizeof(*member));

	if (!member)
		return NULL;
	member->port.receive = segment_receive;
	member->port.node = segment;
	while (*end)
		end = &(*end)->next;
	*end = member;
	return &member->port;
}

/* There is room for it. */
static void insert(struct segment *segment, uint32_t addr, struct port *port)
{
	size_t i = route_at(segment, addr);

	for (size_t k = segment->routes_len++; k > i; k--)
		segment->routes[k] = segment->routes[k - 1];
	segment->routes[i] = (struct route){ addr, port };
}

int segment_add_address(struct segment *segment, struct port *port, struct ip_addr addr)
{
	struct route *routes =
		realloc(segment->routes, (segment->routes_len + 1) * sizeof(*routes));

	if (!routes)
		return -ENOMEM;
	segment->routes = routes;
	insert(segment, ip_addr_to_v4(addr), port);
	return 0;
}

void segment_change_address(struct segment *segment, struct ip_addr before, struct ip_addr after)
{
	struct port *port = route_to(segment, ip_addr_to_v4(before));

	if (!port)
		return;
	segment->routes_len--;
	for (size_t k = route_at(segment, ip_addr_to_v4(before)); k < segment->routes_len; k++)
		segment->routes[k] = segment->routes[k + 1];
	insert(segment, ip_addr_to_v4(after), port);
}

void segment_set_gateway(struct segment *segment, struct port *port)
{
	segment->gateway = port;
}
