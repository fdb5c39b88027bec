/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What prefix translation does to addresses, and does not do to anything else: RFC 6296. */
#include "probes.h"

#include <string.h>

enum { SERVER = 7000, UNMAPPABLE_SUBNET = 0xffff };

/* Does what follows the addresses pass as it was sent, its checksum too?  The end of a probe where it does
 * not, or BEHAVE_AS_REQUIRED. */
static enum behave_outcome passes_whole(struct behave *b, uint8_t protocol)
{
	struct letter letter = { .protocol = protocol,
				 .src = here(b, INSIDE, fresh_port(b)),
				 .dst = there(b, 0, SERVER),
				 .tcp = { random32(b), 0, TCP_SYN, 8192 } };
	struct arrival sent, seen;
	size_t token, len, at;

	write_letter(b, &letter, &sent, &token, &len);
	if (!deliver_packet(b, INSIDE, OUTSIDE, &sent, token, len, &seen))
		return protocol == IP_PROTO_UDP
			       ? nothing_passes(b)
			       : not_as_required(b, "transport %u does not get out", protocol);
	if (ip_addr_equal(seen.info.src.addr, letter.src.addr))
		return inconclusive(b, "addresses pass as they are, so checksums need not change");
	at = sent.info.transport_offset;
	if (seen.pkt.len == sent.pkt.len &&
	    memcmp(seen.bytes + at, sent.bytes + at, sent.pkt.len - at) == 0 &&
	    packet_checksums_ok(&seen.pkt))
		return BEHAVE_AS_REQUIRED;
	return not_as_required(b, "transport %u arrives with other bytes than were sent", protocol);
}

enum behave_outcome probe_checksum_neutral(struct behave *b)
{
	static const uint8_t protocols[] = { IP_PROTO_UDP, IP_PROTO_TCP, UDP_LITE };

	for (size_t i = 0; i < sizeof(protocols); i++) {
		enum behave_outcome outcome = passes_whole(b, protocols[i]);

		if (outcome != BEHAVE_AS_REQUIRED)
			return outcome;
	}
	return as_required(
		b, "UDP, TCP and UDP-Lite arrive byte for byte, and their checksums are right");
}

/* How @place's own address looks outside. */
static bool look(struct behave *b, enum behave_place place, struct endpoint *ret_in,
		 struct endpoint *ret_outside)
{
	*ret_in = here(b, place, fresh_port(b));
	return goes_out(b, place, IP_PROTO_UDP, *ret_in, there(b, 0, SERVER), ret_outside);
}

enum behave_outcome probe_one_to_one(struct behave *b)
{
	struct endpoint in[2], outside[2];
	char text[ENDPOINT_TEXT];

	for (int i = 0; i < 2; i++)
		if (!look(b, i ? OTHER : INSIDE, &in[i], &outside[i]))
			return nothing_passes(b);
	if (ip_addr_equal(outside[0].addr, outside[1].addr))
		return not_as_required(b, "two hosts are %s outside",
				       endpoint_format(outside[0], text));
	for (int i = 0; i < 2; i++) {
		/* A port that the host has never used: the address alone leads there. */
		struct endpoint to = { outside[i].addr, fresh_port(b) };

		endpoint_format(to, text);
		if (outside[i].port != in[i].port)
			return not_as_required(b, "port %u became %u", in[i].port, outside[i].port);
		if (!comes_in(b, i ? OTHER : INSIDE, IP_PROTO_UDP, there(b, 1, SERVER), to))
			return not_as_required(b, "what a stranger sends to %s does not arrive",
					       text);
	}
	return as_required(b, "two hosts have an address each, and strangers reach them by it");
}

/* RFC 6296, 2.4 and 3: there is nothing to be lost. */
enum behave_outcome probe_stateless(struct behave *b)
{
	struct opened opened;

	if (!b->hosts->restart)
		return inconclusive(b, "it cannot be started anew from here");
	if (!open_mapping(b, IP_PROTO_UDP, true, &opened))
		return inconclusive(b, "nobody inside speaks with anybody outside");
	b->hosts->restart(b->hosts->restart_arg);
	if (is_open(b, &opened))
		return as_required(b, "it was started anew, and the next packet gets in");
	return not_as_required(b, "it was started anew, and knows no one any more");
}

/* A packet whose source is in subnet 0xffff, which has no counterpart (RFC 6296, 3.4). */
static struct letter from_unmappable(struct behave *b)
{
	struct endpoint src = here(b, INSIDE, fresh_port(b));

	src.addr.hi |= UNMAPPABLE_SUBNET;
	return (struct letter){ .protocol = IP_PROTO_UDP, .src = src, .dst = there(b, 0, SERVER) };
}

enum behave_outcome probe_unmappable(struct behave *b)
{
	struct letter letter = from_unmappable(b);
	struct arrival seen;
	char text[IP_ADDR_TEXT];

	if (deliver(b, INSIDE, OUTSIDE, &letter, &seen))
		return not_as_required(b, "it gets out, as %s",
				       ip_addr_format(seen.info.src.addr, text));
	letter.src = here(b, INSIDE, letter.src.port);
	if (!deliver(b, INSIDE, OUTSIDE, &letter, NULL))
		return nothing_passes(b);
	return as_required(b, "what comes from subnet 0xffff does not get out");
}

enum behave_outcome probe_unmappable_told(struct behave *b)
{
	struct letter letter = from_unmappable(b);
	struct arrival error;

	if (complained(b, INSIDE, &letter, &error))
		return as_required(b, "it is answered by ICMP type %u, code %u",
				   error.info.icmp_type, error.info.icmp_code);
	letter.src = here(b, INSIDE, letter.src.port);
	if (!deliver(b, INSIDE, OUTSIDE, &letter, NULL))
		return nothing_passes(b);
	return not_as_required(b, "what comes from subnet 0xffff vanishes");
}
