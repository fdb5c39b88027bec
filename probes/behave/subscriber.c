/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a carrier lets one subscriber do: how fast it may open mappings, and where nothing is translated. */
#include "probes.h"

#include "../../nat-models/byteorder.h"

enum { SERVER = 7000, FIRST = 1024, RUSH = 2048, STEP = 256, PORTS = 8192, PAUSE_S = 10 };

/* Packets of one host that differ in a number, which they carry after their token. */
struct rush {
	int len;
	int arrived; /* of them */
	bool has_arrived[RUSH];
};

static void throw_numbered(struct behave *b, struct endpoint src, struct endpoint dst, int number)
{
	uint8_t text[2];
	struct letter letter = {
		.protocol = IP_PROTO_UDP, .src = src, .dst = dst, .text = text, .len = sizeof(text)
	};
	struct arrival sent;
	size_t token, len;

	put_be16(text, (uint16_t)number);
	write_letter(b, &letter, &sent, &token, &len);
	throw_packet(b, INSIDE, &sent.pkt);
}

static bool is_numbered(const struct arrival *got, int *ret)
{
	if (got->info.protocol != IP_PROTO_UDP || got->info.payload_len != TOKEN + 2)
		return false;
	*ret = get_be16(got->bytes + got->info.payload_offset + TOKEN);
	return true;
}

static void note_rush(struct behave *b, struct rush *rush, uint64_t deadline)
{
	struct arrival got;
	int number;

	while (rush->arrived < rush->len && receive_packet(b, OUTSIDE, deadline, &got)) {
		if (!is_numbered(&got, &number) || number >= rush->len || rush->has_arrived[number])
			continue;
		rush->has_arrived[number] = true;
		rush->arrived++;
	}
}

/* Each flow that has not arrived yet is opened, once. */
static void open_rush(struct behave *b, struct rush *rush)
{
	for (int i = 0; i < rush->len; i++) {
		if (!rush->has_arrived[i])
			throw_numbered(b, here(b, INSIDE, (uint16_t)(FIRST + i)),
				       there(b, 0, SERVER), i);
		if (i % STEP == STEP - 1)
			note_rush(b, rush, now_of(b) + MSEC);
	}
	note_rush(b, rush, now_of(b) + TRY_NS);
}

/*
 * RFC 6888, REQ-4C: as many flows as fast as a host can, and again those that were lost on the way.  A
 * rate lets more in a little later, where a mere number of mappings does not.
 */
enum behave_outcome probe_rate(struct behave *b)
{
	struct rush rush = { .len = RUSH };
	int at_once, soon;

	forget_packets(b, OUTSIDE);
	open_rush(b, &rush);
	if (!rush.arrived)
		return nothing_passes(b);
	at_once = rush.arrived;
	for (int i = 0; i < TRIES && rush.arrived < RUSH; i++)
		open_rush(b, &rush);
	soon = rush.arrived;
	if (at_once >= RUSH / 2)
		return not_as_required(b, "%d flows were opened as fast as they were asked for",
				       soon);
	rest_until(now_of(b), PAUSE_S * SEC);
	open_rush(b, &rush);
	if (rush.arrived == soon)
		return not_as_required(b, "%d flows are as many as there are, however slowly",
				       soon);
	return as_required(b, "%d flows of %d were opened at once, %d more after %d s", at_once,
			   RUSH, rush.arrived - soon, PAUSE_S);
}

/* RFC 6888, REQ-6 */

/* Is @dst spoken to from @src itself, and heard there? */
static enum behave_outcome exempted(struct behave *b, struct endpoint src, struct endpoint dst)
{
	char text[ENDPOINT_TEXT];

	endpoint_format(dst, text);
	if (comes_in(b, INSIDE, IP_PROTO_UDP, dst, src))
		return as_required(b, "%s is spoken to as without a NAT", text);
	return not_as_required(b, "%s sees an address that it cannot answer to", text);
}

/* The ports from @first on that see @src itself; 0 where none of STEP does. */
static uint16_t find_exempt(struct behave *b, struct endpoint src, int first)
{
	struct rush rush = { .len = STEP };
	struct arrival got;
	int number;

	for (int i = 0; i < TRIES && rush.arrived < STEP; i++) {
		uint64_t deadline = now_of(b) + TRY_NS;

		for (int k = 0; k < STEP; k++)
			if (!rush.has_arrived[k])
				throw_numbered(b, src, there(b, 0, (uint16_t)(first + k)), k);
		while (rush.arrived < STEP && receive_packet(b, OUTSIDE, deadline, &got)) {
			if (!is_numbered(&got, &number) || number >= STEP ||
			    rush.has_arrived[number])
				continue;
			if (endpoint_equal(got.info.src, src))
				return got.info.dst.port;
			rush.has_arrived[number] = true;
			rush.arrived++;
		}
	}
	return 0;
}

/* Is there a destination, or a port of one, that sees the inside's own address? */
enum behave_outcome probe_exempt(struct behave *b)
{
	struct endpoint src = here(b, INSIDE, fresh_port(b)), seen;

	for (unsigned i = 0; i < BEHAVE_OUTSIDE_ADDRS; i++) {
		if (!goes_out(b, INSIDE, IP_PROTO_UDP, src, there(b, i, SERVER), &seen))
			return nothing_passes(b);
		if (endpoint_equal(seen, src))
			return exempted(b, src, there(b, i, SERVER));
	}
	for (int first = 1; first <= PORTS; first += STEP) {
		uint16_t port = find_exempt(b, src, first);

		if (port)
			return exempted(b, src, there(b, 0, port));
	}
	return not_as_required(b, "each of %d destinations is translated for, at ports up to %d",
			       BEHAVE_OUTSIDE_ADDRS, PORTS);
}
