/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which outside endpoint an inside one gets. */
#include "probes.h"

#include <stdlib.h>

enum { MANY = 16, SERVER = 7000 };

/* How an inside endpoint looks from three places; a class is where they first differ. */
enum dependence { ON_NOTHING, ON_ADDRESS, ON_ADDRESS_AND_PORT };

static bool look(struct behave *b, enum behave_place place, uint8_t protocol, uint16_t port,
		 struct endpoint ret[3])
{
	const struct endpoint to[3] = { there(b, 0, SERVER), there(b, 0, SERVER + 1),
					there(b, 1, SERVER) };

	for (int i = 0; i < 3; i++)
		if (!goes_out(b, place, protocol, here(b, place, port), to[i], &ret[i]))
			return false;
	return true;
}

static enum dependence dependence_of(const struct endpoint seen[3])
{
	if (!endpoint_equal(seen[0], seen[1]))
		return ON_ADDRESS_AND_PORT;
	return endpoint_equal(seen[0], seen[2]) ? ON_NOTHING : ON_ADDRESS;
}

static enum behave_outcome endpoint_independent(struct behave *b, uint8_t protocol)
{
	struct endpoint seen[3];
	char first[ENDPOINT_TEXT], other[ENDPOINT_TEXT];

	if (!look(b, INSIDE, protocol, fresh_port(b), seen))
		return nothing_passes(b);
	switch (dependence_of(seen)) {
	case ON_NOTHING:
		return as_required(b, "%s for three destinations", endpoint_format(seen[0], first));
	case ON_ADDRESS:
		return not_as_required(b, "%s, and %s for another address",
				       endpoint_format(seen[0], first),
				       endpoint_format(seen[2], other));
	case ON_ADDRESS_AND_PORT:
		break;
	}
	return not_as_required(b, "%s, and %s for another port", endpoint_format(seen[0], first),
			       endpoint_format(seen[1], other));
}

enum behave_outcome probe_mapping_udp(struct behave *b)
{
	return endpoint_independent(b, IP_PROTO_UDP);
}

enum behave_outcome probe_mapping_tcp(struct behave *b)
{
	return endpoint_independent(b, IP_PROTO_TCP);
}

enum behave_outcome probe_mapping_icmp(struct behave *b)
{
	return endpoint_independent(b, IP_PROTO_ICMP);
}

enum behave_outcome probe_pooling(struct behave *b)
{
	char text[2][IP_ADDR_TEXT];
	struct endpoint first, next;

	for (int i = 0; i < MANY; i++) {
		struct endpoint src = here(b, INSIDE, fresh_port(b));

		if (!goes_out(b, INSIDE, IP_PROTO_UDP, src, there(b, 0, SERVER),
			      i ? &next : &first))
			return nothing_passes(b);
		if (i && !ip_addr_equal(first.addr, next.addr))
			return not_as_required(b, "one port from %s, another from %s",
					       ip_addr_format(first.addr, text[0]),
					       ip_addr_format(next.addr, text[1]));
	}
	return as_required(b, "%d ports, all from %s", MANY, ip_addr_format(first.addr, text[0]));
}

/* Two hosts, one port, two destinations: do they look like one? */
static enum behave_outcome overloading(struct behave *b, uint8_t protocol)
{
	uint16_t port = fresh_port(b);
	struct endpoint first, second;
	char text[ENDPOINT_TEXT];

	if (!goes_out(b, INSIDE, protocol, here(b, INSIDE, port), there(b, 0, SERVER), &first) ||
	    !goes_out(b, OTHER, protocol, here(b, OTHER, port), there(b, 1, SERVER), &second))
		return nothing_passes(b);
	if (endpoint_equal(first, second))
		return not_as_required(b, "two hosts are %s at once", endpoint_format(first, text));
	return as_required(b, "ports %u and %u for two hosts that want %u", first.port, second.port,
			   port);
}

enum behave_outcome probe_overloading_udp(struct behave *b)
{
	return overloading(b, IP_PROTO_UDP);
}

enum behave_outcome probe_overloading_tcp(struct behave *b)
{
	return overloading(b, IP_PROTO_TCP);
}

enum behave_outcome probe_well_known(struct behave *b)
{
	const uint16_t ports[] = { 600, fresh_port(b) };

	for (int i = 0; i < 4; i++) {
		enum behave_place place = i & 1 ? OTHER : INSIDE;
		uint16_t port = ports[i / 2];
		struct endpoint seen;

		if (!goes_out(b, place, IP_PROTO_UDP, here(b, place, port), there(b, 0, SERVER),
			      &seen))
			return nothing_passes(b);
		if ((seen.port < 1024) != (port < 1024))
			return not_as_required(b, "port %u became %u", port, seen.port);
	}
	return as_required(b, "those below 1024 stayed below, the others above");
}

enum behave_outcome probe_parity(struct behave *b)
{
	for (int i = 0; i < MANY; i++) {
		enum behave_place place = i & 1 ? OTHER : INSIDE;
		/* Both hosts want the same ports, two even ones and two odd ones in turn. */
		uint16_t port = i & 1 ? b->port : fresh_port(b);
		struct endpoint seen;

		port = (uint16_t)(port + (i >> 1 & 1));
		if (!goes_out(b, place, IP_PROTO_UDP, here(b, place, port), there(b, 0, SERVER),
			      &seen))
			return nothing_passes(b);
		if ((seen.port & 1) != (port & 1))
			return not_as_required(b, "port %u became %u", port, seen.port);
	}
	return as_required(b, "all of %d ports, of two hosts that want the same ones", MANY);
}

/* What a host's mapping depends on, and whom its filter lets in. */
struct conduct {
	enum dependence mapping, filtering;
};

static bool watch_conduct(struct behave *b, enum behave_place place, uint16_t port,
			  struct conduct *ret)
{
	struct endpoint seen[3];

	if (!look(b, place, IP_PROTO_UDP, port, seen))
		return false;
	ret->mapping = dependence_of(seen);
	if (comes_in(b, place, IP_PROTO_UDP, there(b, 2, SERVER), seen[0]))
		ret->filtering = ON_NOTHING;
	else if (comes_in(b, place, IP_PROTO_UDP, there(b, 0, SERVER + 2), seen[0]))
		ret->filtering = ON_ADDRESS;
	else
		ret->filtering = ON_ADDRESS_AND_PORT;
	return true;
}

enum behave_outcome probe_deterministic(struct behave *b)
{
	uint16_t port = fresh_port(b);
	struct conduct alone, collided;

	if (!watch_conduct(b, INSIDE, port, &alone) || !watch_conduct(b, OTHER, port, &collided))
		return nothing_passes(b);
	if (alone.mapping != collided.mapping)
		return not_as_required(b, "mapping changes where two hosts want one port");
	if (alone.filtering != collided.filtering)
		return not_as_required(b, "filtering changes where two hosts want one port");
	return as_required(b, "the same for the second host that wants a port");
}

/* The next port, told from the two before it. */
enum behave_outcome probe_guessable(struct behave *b)
{
	struct endpoint seen[MANY];
	int right = 0;

	for (int i = 0; i < MANY; i++) {
		/* Inside ports are chance, so that a NAT that keeps them keeps that. */
		uint16_t port = (uint16_t)(1024 + random32(b) % 60000);

		if (!goes_out(b, INSIDE, IP_PROTO_UDP, here(b, INSIDE, port), there(b, 0, SERVER),
			      &seen[i]))
			return nothing_passes(b);
		right += i > 1 &&
			 seen[i].port == (uint16_t)(2 * seen[i - 1].port - seen[i - 2].port);
	}
	if (right > (MANY - 2) / 2)
		return not_as_required(b, "%d of %d ports could be foretold, the last was %u",
				       right, MANY - 2, seen[MANY - 1].port);
	return as_required(b, "%d of %d ports could be foretold", right, MANY - 2);
}

/* RFC 6864, 5.3.1: two hosts' identifications must not meet in one. */
enum behave_outcome probe_ip_id(struct behave *b)
{
	struct letter letter = { .protocol = IP_PROTO_UDP,
				 .dst = there(b, 0, SERVER),
				 .may_fragment = true,
				 .ip_id = (uint16_t)(random32(b) | 1) };
	struct arrival seen[2];

	for (int i = 0; i < 2; i++) {
		enum behave_place place = i ? OTHER : INSIDE;

		letter.src = here(b, place, fresh_port(b));
		if (!deliver(b, place, OUTSIDE, &letter, &seen[i]))
			return nothing_passes(b);
	}
	if (seen[0].info.fragment_id == seen[1].info.fragment_id &&
	    ip_addr_equal(seen[0].info.src.addr, seen[1].info.src.addr))
		return not_as_required(b, "two hosts' datagrams, from one address, both have %u",
				       seen[0].info.fragment_id);
	return as_required(b, "two hosts that both wrote %u are told apart", letter.ip_id);
}

/*
 * RFC 7857, 5.  UDP from a port, and then TCP from the same: one outside port for both would say nothing
 * where ports stay as they are, so another host takes that one first, for UDP alone.
 */
enum behave_outcome probe_shared_mapping(struct behave *b)
{
	uint16_t port = fresh_port(b);
	struct endpoint src = here(b, INSIDE, port), udp, tcp, taken, again;

	if (!goes_out(b, OTHER, IP_PROTO_UDP, here(b, OTHER, port), there(b, 0, SERVER), &taken) ||
	    !goes_out(b, INSIDE, IP_PROTO_UDP, src, there(b, 0, SERVER), &udp) ||
	    !goes_out(b, INSIDE, IP_PROTO_UDP, src, there(b, 1, SERVER), &again) ||
	    !goes_out(b, INSIDE, IP_PROTO_TCP, src, there(b, 0, SERVER), &tcp))
		return nothing_passes(b);
	if (!endpoint_equal(udp, again))
		return inconclusive(b, "UDP from one port has no one outside port");
	if (!endpoint_equal(udp, tcp))
		return as_required(b, "port %u is %u for UDP, and %u for TCP", port, udp.port,
				   tcp.port);
	if (udp.port == port)
		return inconclusive(b, "port %u is itself for both, which need not mean anything",
				    port);
	return not_as_required(b, "port %u is %u for UDP and for TCP", port, udp.port);
}
