/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../probes/wire/turn.h"
#include "fragments.h"
#include "link_layer.h"
#include "tcp_stream.h"

struct gathering {
	struct evidence *evidence;
	struct tcp_streams *streams;
	struct fragments *fragments;
	struct pcapng_packet packet; /* in hand … */
	struct packet_info info; /* … and its headers */
	uint64_t epoch; /* time of the first packet */
};

static struct dossier *add_dossier(struct evidence *evidence, uint64_t token)
{
	size_t n = evidence->dossiers_len;
	struct dossier *grown = realloc(evidence->dossiers, (n + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	evidence->dossiers = grown;
	evidence->dossiers_len = n + 1;
	grown[n] = (struct dossier){ .token = token };
	return &grown[n];
}

static struct dossier *dossier_of(struct evidence *evidence, uint64_t token)
{
	/* The latest call is the likeliest. */
	for (size_t i = evidence->dossiers_len; i > 0; i--) {
		if (evidence->dossiers[i - 1].token == token)
			return &evidence->dossiers[i - 1];
	}
	return add_dossier(evidence, token);
}

static int reserve(struct dossier *dossier)
{
	size_t room = dossier->room ? dossier->room * 2 : 64;
	struct sighting *grown;

	if (dossier->len < dossier->room)
		return 0;
	grown = realloc(dossier->sightings, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	dossier->sightings = grown;
	dossier->room = room;
	return 0;
}

static int add_sighting(void *arg, const struct talk *frame)
{
	struct gathering *g = arg;
	const struct pcapng_packet *packet = &g->packet;
	struct dossier *dossier = dossier_of(g->evidence, frame->token);
	char *comment = NULL;

	if (!dossier || reserve(dossier) < 0)
		return -ENOMEM;
	if (packet->comment[0] != '\0') {
		comment = strdup(packet->comment);
		if (!comment)
			return -ENOMEM;
		tap_clean_text(comment);
	}
	dossier->sightings[dossier->len++] = (struct sighting){
		.order = g->evidence->packets,
		.tap = packet->interface->number,
		.direction = packet->direction,
		.time = packet->time > g->epoch ? packet->time - g->epoch : 0,
		.family = g->info.version == 6 ? FAMILY_IPV6 : FAMILY_IPV4,
		.src = g->info.src,
		.dst = g->info.dst,
		.ttl = g->info.ttl,
		.frame = *frame,
		.comment = comment,
	};
	return 0;
}

/* Did the packet in hand come to a host? */
static bool comes_to_host(const struct gathering *g)
{
	return g->packet.direction == PCAPNG_INBOUND &&
	       g->evidence->taps.taps[g->packet.interface->number].side == TAP_HOST;
}

/* A datagram is one frame, or none; between a TURN client and its server it holds one.  To a
 * rendezvous it may be a registration. */
static int look_at_datagram(struct gathering *g, const uint8_t *payload, size_t len)
{
	struct talk frame;

	if (talk_decode(payload, len, &frame) > 0)
		return add_sighting(g, &frame);
	if (comes_to_host(g) &&
	    registrations_add(&g->evidence->registrations, payload, len, g->info.src) < 0)
		return -ENOMEM;
	if (!turn_payload(payload, len, &payload, &len) || talk_decode(payload, len, &frame) == 0)
		return 0;
	return add_sighting(g, &frame);
}

/* A TCP segment, or an ICMP error that may be about one. */
static int look_at_signal(struct gathering *g, const struct packet *ip,
			  const struct packet_info *info)
{
	const struct pcapng_packet *packet = &g->packet;
	size_t tap = packet->interface->number;
	const struct moment at = {
		.order = g->evidence->packets,
		.tap = tap,
		.direction = packet->direction,
		.time = packet->time > g->epoch ? packet->time - g->epoch : 0,
	};

	return tcp_evidence_add(&g->evidence->tcp, &at,
				g->evidence->taps.taps[tap].side == TAP_HOST, ip, info,
				packet->comment);
}

static int look_at_segment(struct gathering *g, const struct packet *ip,
			   const struct packet_info *info)
{
	int r = look_at_signal(g, ip, info);

	return r < 0 ? r
		     : tcp_streams_segment(g->streams, g->packet.interface->number,
					   (int)g->packet.direction, ip, info, add_sighting, g);
}

enum { UDP_HEADER = 8 };

/* A link of a small MTU cuts a long frame; it has passed when its last piece has. */
static int look_at_fragment(struct gathering *g, const struct packet *ip,
			    const struct packet_info *info)
{
	const uint8_t *bytes;
	size_t len;
	int r = fragments_add(g->fragments, g->packet.interface->number, (int)g->packet.direction,
			      ip, info, &bytes, &len);

	if (r <= 0 || info->protocol != IP_PROTO_UDP || len < UDP_HEADER)
		return r < 0 ? r : 0;
	return look_at_datagram(g, bytes + UDP_HEADER, len - UDP_HEADER);
}

static int look_at(struct gathering *g)
{
	const struct pcapng_packet *packet = &g->packet;
	struct packet_info info;
	struct packet ip;

	if (!link_layer_ip(packet, &ip) || packet_parse(&ip, &info) != PACKET_OK)
		return 0;
	g->info = info;
	if (info.fragment_offset > 0 || info.more_fragments)
		return look_at_fragment(g, &ip, &info);
	if (info.protocol == IP_PROTO_UDP)
		return look_at_datagram(g, ip.data + info.payload_offset, info.payload_len);
	if (info.protocol == IP_PROTO_TCP)
		return look_at_segment(g, &ip, &info);
	return info.is_error ? look_at_signal(g, &ip, &info) : 0;
}

/* Calls of which nothing but registrations was seen: their connections never stood. */
static int add_silent_calls(struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->tcp.claims_len; i++)
		if (!dossier_of(evidence, evidence->tcp.claims[i].token))
			return -ENOMEM;
	return 0;
}

static int gather(struct gathering *g, struct pcapng *reader)
{
	struct evidence *evidence = g->evidence;
	int r;

	while ((r = pcapng_next(reader, &g->packet)) > 0) {
		if (evidence->packets++ == 0)
			g->epoch = g->packet.time;
		r = tap_list_reach(&evidence->taps, reader, g->packet.interface->number);
		if (r == 0)
			r = look_at(g);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : add_silent_calls(evidence);
}

int evidence_read(const char *path, struct evidence *ret, char *ret_error, size_t size)
{
	struct evidence evidence = { 0 };
	struct gathering g = { .evidence = &evidence };
	struct pcapng *reader;
	int r = pcapng_open(path, &reader, ret_error, size);

	if (r < 0)
		return r;
	r = tcp_streams_new(&g.streams);
	if (r == 0)
		r = fragments_new(&g.fragments);
	if (r == 0)
		r = gather(&g, reader);
	fragments_free(g.fragments);
	tcp_streams_free(g.streams);
	if (r < 0) {
		snprintf(ret_error, size, "%s", pcapng_error(reader));
		evidence_clear(&evidence);
	} else {
		*ret = evidence;
	}
	pcapng_close(reader);
	return r < 0 ? r : 0;
}

void evidence_clear(struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->dossiers_len; i++) {
		struct dossier *dossier = &evidence->dossiers[i];

		for (size_t j = 0; j < dossier->len; j++)
			free(dossier->sightings[j].comment);
		free(dossier->sightings);
	}
	free(evidence->dossiers);
	tcp_evidence_clear(&evidence->tcp);
	registrations_clear(&evidence->registrations);
	tap_list_clear(&evidence->taps);
	*evidence = (struct evidence){ 0 };
}
