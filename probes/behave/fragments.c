/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of packets that are too long, and of those that come in parts. */
#include "probes.h"

#include <string.h>

#include "../../nat-models/checksum.h"
#include "../../nat-models/header_fields.h"

enum { SERVER = 7000, HEAD = 24, TAIL = 16, FLOOD = 400 };

static uint32_t ip_header(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? IP4_HEADER : IP6_HEADER;
}

/* One byte more than the way out takes. */
static struct letter too_long(struct behave *b, bool may_fragment)
{
	static const uint8_t text[ARRIVAL_ROOM];

	return (struct letter){
		.protocol = IP_PROTO_UDP,
		.src = here(b, INSIDE, fresh_port(b)),
		.dst = there(b, 0, SERVER),
		.may_fragment = may_fragment,
		.ip_id = (uint16_t)random32(b),
		.text = text,
		.len = b->hosts->wan_mtu + 1U - ip_header(there(b, 0, 0).addr) - UDP_HEADER - TOKEN,
	};
}

static bool short_one_passes(struct behave *b, struct letter *letter)
{
	letter->len = 0;
	return deliver(b, INSIDE, OUTSIDE, letter, NULL);
}

enum behave_outcome probe_too_big(struct behave *b)
{
	struct letter letter = too_long(b, false);
	struct arrival error;

	if (complained(b, INSIDE, &letter, &error)) {
		uint16_t mtu = get_be16(error.bytes + error.info.transport_offset + ICMP_MTU);

		if (packet_is_error(&error.info, PACKET_ERROR_TOO_BIG))
			return as_required(b, "%s, and an MTU of %u",
					   error.info.version == 4 ? "fragmentation needed"
								   : "packet too big",
					   mtu);
		return not_as_required(b, "answered by ICMP type %u code %u", error.info.icmp_type,
				       error.info.icmp_code);
	}
	if (!short_one_passes(b, &letter))
		return nothing_passes(b);
	return not_as_required(b, "a packet that is too long vanishes, or passes in parts");
}

enum behave_outcome probe_fragments_out(struct behave *b)
{
	struct letter letter = too_long(b, true);
	struct arrival first;

	if (deliver(b, INSIDE, OUTSIDE, &letter, &first))
		return as_required(b, "%s",
				   first.info.more_fragments ? "it passes in parts"
							     : "it passes whole");
	if (!short_one_passes(b, &letter))
		return nothing_passes(b);
	return not_as_required(b, "a packet that is too long, and may be cut, vanishes");
}

/* The headers of a part of @whole that begins @offset bytes into its payload; how long they are. */
static uint32_t head_part4(const struct arrival *whole, uint8_t *ip, uint32_t len, uint32_t offset)
{
	uint32_t header = whole->info.transport_offset;
	uint32_t field = offset ? offset / 8 : (uint32_t)IP4_MORE_FRAGMENTS;

	memcpy(ip, whole->bytes, header);
	put_be16(ip + IP4_LENGTH, (uint16_t)(header + len));
	put_be16(ip + IP4_FRAGMENT, (uint16_t)field);
	put_be16(ip + IP4_CHECKSUM, 0);
	put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, header, 0));
	return header;
}

/* RFC 8200, 4.5: what IPv4 has in its header is in one of its own. */
static uint32_t head_part6(const struct arrival *whole, uint8_t *ip, uint32_t len, uint32_t offset,
			   uint32_t id)
{
	uint8_t *fragment = ip + IP6_HEADER;

	memcpy(ip, whole->bytes, IP6_HEADER);
	put_be16(ip + IP6_LENGTH, (uint16_t)(IP6_FRAGMENT_HEADER + len));
	ip[IP6_NEXT] = IP6_FRAGMENT;
	put_be16(fragment, (uint16_t)(whole->info.protocol << 8));
	put_be16(fragment + IP6_FRAGMENT_OFFSET, (uint16_t)(offset | !offset));
	put_be32(fragment + IP6_FRAGMENT_ID, id);
	return IP6_HEADER + IP6_FRAGMENT_HEADER;
}

enum order { LOST, FORWARDS, BACKWARDS };

/* A datagram that is too long, once: do its parts arrive from the first on? */
static enum order order_of_parts(struct behave *b)
{
	struct letter letter = too_long(b, true);
	struct arrival sent, seen;
	size_t token, len;
	uint64_t deadline;
	bool has_first = false, has_later = false;

	forget_packets(b, OUTSIDE);
	write_letter(b, &letter, &sent, &token, &len);
	throw_packet(b, INSIDE, &sent.pkt);
	deadline = now_of(b) + TRY_NS;
	while (!(has_first && has_later) && receive_packet(b, OUTSIDE, deadline, &seen)) {
		if (seen.info.fragment_offset == 0 && has_later)
			return BACKWARDS;
		if (seen.info.fragment_offset)
			has_later = true;
		else
			has_first = true;
	}
	return has_first && has_later ? FORWARDS : LOST;
}

enum behave_outcome probe_fragments_order(struct behave *b)
{
	enum order order = LOST;

	for (int i = 0; i < TRIES && order == LOST; i++)
		order = order_of_parts(b);
	if (order == LOST)
		return inconclusive(b, "a packet that is too long does not pass in parts");
	return order == FORWARDS ? as_required(b, "its parts arrive from the first on")
				 : not_as_required(b, "its first part does not arrive first");
}

/* Cut @whole after HEAD bytes of its payload; @id is IPv6's. */
static void cut(const struct arrival *whole, uint32_t id, struct arrival parts[2])
{
	uint32_t header = whole->info.transport_offset;
	const uint32_t at[3] = { 0, HEAD, whole->pkt.len - header };

	for (int i = 0; i < 2; i++) {
		uint8_t *ip = parts[i].bytes;
		uint32_t len = at[i + 1] - at[i];
		uint32_t heads = whole->info.version == 4 ? head_part4(whole, ip, len, at[i])
							  : head_part6(whole, ip, len, at[i], id);

		memcpy(ip + heads, whole->bytes + header + at[i], len);
		parts[i].info.payload_offset = (uint16_t)heads;
		parts[i].pkt = (struct packet){ .data = ip, .len = heads + len };
	}
}

/* The parts that have arrived inside, as bits. */
static int parts_seen(struct behave *b, const struct arrival parts[2])
{
	uint64_t deadline = now_of(b) + TRY_NS;
	struct arrival seen;
	int bits = 0;

	while (bits != 3 && receive_packet(b, INSIDE, deadline, &seen))
		for (int i = 0; i < 2; i++)
			if (memmem(seen.bytes, seen.pkt.len,
				   parts[i].bytes + parts[i].info.payload_offset +
					   (i ? 0 : UDP_HEADER),
				   TOKEN))
				bits |= 1 << i;
	return bits;
}

/* A datagram from @src in two parts, the second one first where @swapped: both must arrive. */
static bool both_parts(struct behave *b, struct endpoint src, struct endpoint dst, bool swapped)
{
	int bits = 0;

	forget_packets(b, INSIDE);
	for (int i = 0; i < TRIES && bits != 3; i++) {
		uint8_t text[HEAD - UDP_HEADER - TOKEN + TAIL];
		struct letter letter = { .protocol = IP_PROTO_UDP,
					 .src = src,
					 .dst = dst,
					 .may_fragment = true,
					 .ip_id = (uint16_t)random32(b),
					 .text = text,
					 .len = sizeof(text) };
		struct arrival whole, parts[2] = { 0 };
		size_t token, len;

		for (size_t k = 0; k < sizeof(text); k += 4)
			put_be32(text + k, random32(b));
		write_letter(b, &letter, &whole, &token, &len);
		cut(&whole, random32(b), parts);
		throw_packet(b, OUTSIDE, &parts[swapped].pkt);
		throw_packet(b, OUTSIDE, &parts[!swapped].pkt);
		bits |= parts_seen(b, parts);
	}
	return bits == 3;
}

/* Parts of datagrams, the first or the second of each, whose other one never comes. */
static void flood(struct behave *b, struct endpoint src, struct endpoint dst, bool seconds)
{
	for (int i = 0; i < FLOOD; i++) {
		struct letter letter = { .protocol = IP_PROTO_UDP,
					 .src = src,
					 .dst = dst,
					 .may_fragment = true,
					 .ip_id = (uint16_t)random32(b),
					 .text = "and nothing else, for ever",
					 .len = 26 };
		struct arrival whole, parts[2] = { 0 };
		size_t token, len;

		write_letter(b, &letter, &whole, &token, &len);
		cut(&whole, random32(b), parts);
		throw_packet(b, OUTSIDE, &parts[seconds].pkt);
	}
}

enum fragment_order { IN_ORDER, SWAPPED, AFTER_SECONDS, AFTER_FIRSTS };

static enum behave_outcome fragments(struct behave *b, enum fragment_order order)
{
	struct endpoint dst = there(b, 0, SERVER), outside;

	if (!goes_out(b, INSIDE, IP_PROTO_UDP, here(b, INSIDE, fresh_port(b)), dst, &outside))
		return nothing_passes(b);
	if (order == AFTER_SECONDS || order == AFTER_FIRSTS)
		flood(b, dst, outside, order == AFTER_SECONDS);
	if (both_parts(b, dst, outside, order == SWAPPED))
		return as_required(b, "both parts of a datagram pass");
	if (!comes_in(b, INSIDE, IP_PROTO_UDP, dst, outside))
		return inconclusive(b, "not even a whole answer gets in");
	return not_as_required(b, "a part of a datagram is lost");
}

enum behave_outcome probe_fragments_in_order(struct behave *b)
{
	return fragments(b, IN_ORDER);
}

enum behave_outcome probe_fragments_swapped(struct behave *b)
{
	return fragments(b, SWAPPED);
}

enum behave_outcome probe_fragments_flooded(struct behave *b)
{
	return fragments(b, AFTER_SECONDS);
}

/* RFC 4787, REQ-14a: state is to be bounded, and what bounds it is not to stop the next datagram. */
enum behave_outcome probe_first_fragments_flooded(struct behave *b)
{
	return fragments(b, AFTER_FIRSTS);
}
