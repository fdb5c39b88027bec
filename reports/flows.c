/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Every packet that leaves a host is kept as a departure, under a mark made
 * of what no NAT changes, until a packet of the same mark comes to another host: then that is
 * where it went.  Where several could be meant (programs repeat themselves), the one whose
 * endpoints fit best is, and of those the oldest.
 *
 * A relay repeats the end of what it got, whatever it writes before it (TURN's headers, SOCKS's):
 * so what comes to a host is kept as a tail, and a departure of the same tail names the flow that
 * it stems from.
 */
#include "flows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../probes/wire/turn.h"
#include "link_layer.h"

/* Fewer bytes are the same by chance too often: counters, padding. */
enum { TAIL = 16, BUCKETS = 1 << 16 };

struct departure {
	uint64_t mark;
	size_t flow, origin;
	size_t next;
};

/* What came to the host of @flow, from @origin in the first place. */
struct tail {
	uint64_t mark;
	size_t flow, origin;
	size_t next;
};

struct reading {
	struct flows flows;
	size_t flows_room, arrivals_room;
	struct departure *departures;
	size_t departures_len, departures_room;
	struct tail *tails;
	size_t tails_len, tails_room;
	size_t *by_flow, *by_mark, *by_tail; /* BUCKETS each: the first; FLOW_NONE = none */
	uint64_t epoch;
	bool any;
};

static uint64_t hash(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++) /* FNV-1a */
		h = (h ^ at[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t hash_number(uint64_t h, uint64_t number)
{
	return hash(h, &number, sizeof(number));
}

static size_t bucket(uint64_t h)
{
	return (h ^ h >> 32) % BUCKETS;
}

/* Room for one more of @items: the array, or NULL without memory. */
static void *room_for_one(void *items, size_t len, size_t *room, size_t size)
{
	size_t wanted = *room ? *room * 2 : 256;
	void *grown;

	if (len < *room)
		return items;
	grown = reallocarray(items, wanted, size);
	if (grown)
		*room = wanted;
	return grown;
}

static size_t *new_buckets(void)
{
	size_t *buckets = malloc(BUCKETS * sizeof(*buckets));

	for (size_t i = 0; buckets && i < BUCKETS; i++)
		buckets[i] = FLOW_NONE;
	return buckets;
}

/* The flow of @own and @remote at @tap, made where there is none; FLOW_NONE without memory. */
static size_t flow_of(struct reading *r, size_t tap, const struct packet_info *info,
		      const struct endpoint *own, const struct endpoint *remote)
{
	uint64_t h = hash_number(0, tap);
	struct flow *flows;
	size_t *first;

	h = hash_number(hash_number(h, own->addr.lo), own->port);
	h = hash_number(hash_number(h, remote->addr.lo), remote->port);
	first = &r->by_flow[bucket(h)];
	for (size_t i = *first; i != FLOW_NONE; i = r->flows.flows[i].next) {
		const struct flow *flow = &r->flows.flows[i];

		if (flow->tap == tap && flow->protocol == info->protocol &&
		    endpoint_equal(flow->own, *own) && endpoint_equal(flow->remote, *remote))
			return i;
	}
	flows = room_for_one(r->flows.flows, r->flows.len, &r->flows_room, sizeof(*flows));
	if (!flows)
		return FLOW_NONE;
	r->flows.flows = flows;
	flows[r->flows.len] = (struct flow){
		.tap = tap,
		.protocol = info->protocol,
		.own = *own,
		.remote = *remote,
		.first_out = UINT64_MAX,
		.first_in = UINT64_MAX,
		.peer = FLOW_NONE,
		.next = *first,
	};
	*first = r->flows.len;
	return r->flows.len++;
}

static uint64_t mark_of(const struct packet *ip, const struct packet_info *info)
{
	uint64_t h = hash_number(info->protocol, info->payload_len);

	if (info->protocol == IP_PROTO_UDP)
		return hash(h, ip->data + info->payload_offset, info->payload_len);
	h = hash_number(info->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST), info->tcp_seq);
	return hash_number(h, info->tcp_ack);
}

/* The end of what a packet carries, TAIL bytes; NULL where it is shorter.  In TURN's indications other
 * attributes, or padding, may stand behind the data. */
static const uint8_t *tail_bytes(const struct packet *ip, const struct packet_info *info)
{
	const uint8_t *payload = ip->data + info->payload_offset;
	size_t len = info->payload_len;

	if (info->protocol == IP_PROTO_UDP)
		turn_payload(payload, len, &payload, &len);
	return len < TAIL ? NULL : payload + len - TAIL;
}

/* Only within one host. */
static uint64_t tail_of(const uint8_t *tail, size_t tap)
{
	return hash(hash_number(tap, TAIL), tail, TAIL);
}

/* The flow whose peer sent the bytes that @flow's host now sends on; FLOW_NONE = they are its own. */
static size_t origin_of(struct reading *r, const struct packet *ip, const struct packet_info *info,
			size_t flow)
{
	const uint8_t *tail = tail_bytes(ip, info);
	uint64_t mark;

	if (!tail)
		return FLOW_NONE;
	mark = tail_of(tail, r->flows.flows[flow].tap);
	for (size_t i = r->by_tail[bucket(mark)]; i != FLOW_NONE; i = r->tails[i].next)
		if (r->tails[i].mark == mark && r->tails[i].flow != flow)
			return r->tails[i].origin;
	return FLOW_NONE;
}

static int depart(struct reading *r, const struct packet *ip, const struct packet_info *info,
		  size_t flow)
{
	struct departure *departures = room_for_one(r->departures, r->departures_len,
						    &r->departures_room, sizeof(*departures));
	uint64_t mark = mark_of(ip, info);
	size_t *first = &r->by_mark[bucket(mark)];

	if (!departures)
		return -ENOMEM;
	r->departures = departures;
	departures[r->departures_len] = (struct departure){
		.mark = mark,
		.flow = flow,
		.origin = origin_of(r, ip, info, flow),
		.next = *first,
	};
	*first = r->departures_len++;
	return 0;
}

/* How well the two fit, by what each has of the other's endpoint where no NAT has changed it. */
static int fitness(const struct flow *from, const struct flow *to, size_t to_number)
{
	return 4 * (from->peer == to_number) + endpoint_equal(from->remote, to->own) +
	       endpoint_equal(from->own, to->remote);
}

/* The departure of the packet that has come by @flow, taken out of its chain; NULL where none is
 * known, as of what the world itself sends. */
static const struct departure *take_departure(struct reading *r, uint64_t mark, size_t flow)
{
	const struct flow *to = &r->flows.flows[flow];
	const struct departure *taken;
	size_t *best = NULL;
	int best_fits = -1;

	for (size_t *at = &r->by_mark[bucket(mark)]; *at != FLOW_NONE;
	     at = &r->departures[*at].next) {
		const struct departure *departure = &r->departures[*at];
		const struct flow *from = &r->flows.flows[departure->flow];

		/* The chain has the youngest first. */
		if (departure->mark == mark && from->tap != to->tap &&
		    from->protocol == to->protocol && fitness(from, to, flow) >= best_fits) {
			best = at;
			best_fits = fitness(from, to, flow);
		}
	}
	if (!best)
		return NULL;
	taken = &r->departures[*best];
	*best = taken->next;
	return taken;
}

static int keep_tail(struct reading *r, const struct packet *ip, const struct packet_info *info,
		     size_t flow, size_t origin)
{
	const uint8_t *tail = tail_bytes(ip, info);
	struct tail *tails;
	uint64_t mark;
	size_t *first;

	if (!tail)
		return 0;
	tails = room_for_one(r->tails, r->tails_len, &r->tails_room, sizeof(*tails));
	if (!tails)
		return -ENOMEM;
	r->tails = tails;
	mark = tail_of(tail, r->flows.flows[flow].tap);
	first = &r->by_tail[bucket(mark)];
	tails[r->tails_len] =
		(struct tail){ .mark = mark, .flow = flow, .origin = origin, .next = *first };
	*first = r->tails_len++;
	return 0;
}

static int arrive(struct reading *r, const struct packet *ip, const struct packet_info *info,
		  size_t flow, uint64_t now)
{
	const struct departure *departure = take_departure(r, mark_of(ip, info), flow);
	struct flow *flows = r->flows.flows;
	struct arrival *arrivals;
	size_t from = departure ? departure->flow : flows[flow].peer;
	size_t origin = departure ? departure->origin : FLOW_NONE;

	/* A TCP segment that was cut anew on its way still is its connection's. */
	if (from == FLOW_NONE || (!departure && info->protocol != IP_PROTO_TCP))
		return 0;
	arrivals = room_for_one(r->flows.arrivals, r->flows.arrivals_len, &r->arrivals_room,
				sizeof(*arrivals));
	if (!arrivals)
		return -ENOMEM;
	r->flows.arrivals = arrivals;
	flows[flow].peer = from;
	flows[from].peer = flow;
	arrivals[r->flows.arrivals_len++] = (struct arrival){
		.time = now,
		.from = from,
		.to = flow,
		.origin = origin,
		.bytes = info->payload_len,
	};
	return keep_tail(r, ip, info, flow, origin != FLOW_NONE ? origin : from);
}

static int look_at(struct reading *r, const struct pcapng_packet *packet)
{
	bool out = packet->direction == PCAPNG_OUTBOUND;
	size_t tap = packet->interface->number, flow;
	uint64_t now = packet->time - r->epoch;
	struct packet_info info;
	struct packet ip;
	struct flow *at;

	if (r->flows.taps.taps[tap].side != TAP_HOST || packet->direction == PCAPNG_UNKNOWN)
		return 0;
	if (!link_layer_ip(packet, &ip) || packet_parse(&ip, &info) != PACKET_OK)
		return 0;
	if ((info.protocol != IP_PROTO_UDP && info.protocol != IP_PROTO_TCP) ||
	    info.fragment_offset > 0 || info.payload_offset + info.payload_len > ip.len)
		return 0;
	flow = flow_of(r, tap, &info, out ? &info.src : &info.dst, out ? &info.dst : &info.src);
	if (flow == FLOW_NONE)
		return -ENOMEM;
	at = &r->flows.flows[flow];
	at->last = now;
	if (out && !at->packets_in)
		at->spoke_first = true;
	*(out ? &at->bytes_out : &at->bytes_in) += info.payload_len;
	*(out ? &at->packets_out : &at->packets_in) += 1;
	if (*(out ? &at->first_out : &at->first_in) == UINT64_MAX)
		*(out ? &at->first_out : &at->first_in) = now;
	return out ? depart(r, &ip, &info, flow) : arrive(r, &ip, &info, flow, now);
}

static int read_all(struct reading *r, struct pcapng *reader)
{
	struct pcapng_packet packet;
	int result;

	r->by_flow = new_buckets();
	r->by_mark = new_buckets();
	r->by_tail = new_buckets();
	if (!r->by_flow || !r->by_mark || !r->by_tail)
		return -ENOMEM;
	while ((result = pcapng_next(reader, &packet)) > 0) {
		if (!r->any)
			r->epoch = packet.time;
		r->any = true;
		result = tap_list_reach(&r->flows.taps, reader, packet.interface->number);
		if (!result)
			result = look_at(r, &packet);
		if (result)
			return result;
	}
	/* A host that has sent and got nothing is one, too. */
	for (size_t i = r->flows.taps.len; !result && pcapng_interface_at(reader, i); i++)
		result = tap_list_reach(&r->flows.taps, reader, i);
	return result;
}

int flows_read(const char *path, struct flows *ret, char *ret_error, size_t size)
{
	struct reading r = { .any = false };
	struct pcapng *reader;
	int result = pcapng_open(path, &reader, ret_error, size);

	if (result < 0)
		return result;
	result = read_all(&r, reader);
	if (result < 0)
		snprintf(ret_error, size, "%.160s%s",
			 result == -ENOMEM ? path : pcapng_error(reader),
			 result == -ENOMEM ? ": no memory" : "");
	pcapng_close(reader);
	free(r.departures);
	free(r.tails);
	free(r.by_flow);
	free(r.by_mark);
	free(r.by_tail);
	if (result < 0) {
		flows_clear(&r.flows);
		return result;
	}
	*ret = r.flows;
	return 0;
}

void flows_clear(struct flows *flows)
{
	free(flows->flows);
	free(flows->arrivals);
	tap_list_clear(&flows->taps);
	*flows = (struct flows){ 0 };
}
