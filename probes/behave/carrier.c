/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens when a NAT is full, or a subscriber's share of it is. */
#include "probes.h"

enum { SERVER = 7000, FIRST = 1024, FLOWS = 65536 - FIRST, BATCH = 128 };

/* Flows that are opened together: many times faster than one after the other, so that the first
 * of many thousands has not run out when the last begins. */
struct batch {
	struct arrival sent;
	bool arrived[BATCH];
	int missing;
};

static void throw_missing(struct behave *b, enum behave_place place, int first, struct batch *batch)
{
	for (int i = 0; i < BATCH; i++) {
		uint8_t number[2] = { (uint8_t)(i >> 8), (uint8_t)i };
		struct letter letter = { .protocol = IP_PROTO_UDP,
					 .src = here(b, place, (uint16_t)(FIRST + first + i)),
					 .dst = there(b, 0, SERVER),
					 .text = number,
					 .len = sizeof(number) };
		size_t token, len;

		if (batch->arrived[i])
			continue;
		write_letter(b, &letter, &batch->sent, &token, &len);
		throw_packet(b, place, &batch->sent.pkt);
	}
}

/* Who gets no mapping may get out all the same, as it is: that is no flow either. */
static bool has_leaked(const struct opened *first, const struct arrival *got)
{
	return ip_addr_equal(got->info.src.addr, first->in.addr) &&
	       !ip_addr_equal(first->outside.addr, first->in.addr);
}

static void note_arrivals(struct behave *b, const struct opened *opened, struct batch *batch)
{
	uint64_t deadline = now_of(b) + TRY_NS;
	struct arrival got;

	while (batch->missing && receive_packet(b, OUTSIDE, deadline, &got)) {
		const uint8_t *number = got.bytes + got.info.payload_offset + TOKEN;
		int i;

		if (got.info.protocol != IP_PROTO_UDP || got.info.payload_len != TOKEN + 2)
			continue;
		i = number[0] << 8 | number[1];
		if (i >= BATCH || batch->arrived[i] || has_leaked(opened, &got))
			continue;
		batch->arrived[i] = true;
		batch->missing--;
	}
}

/* Open flows from @place until one is refused TRIES times: how many there are before that; none where
 * nothing gets out. */
static int fill(struct behave *b, enum behave_place place, struct opened *ret_first)
{
	*ret_first = (struct opened){ .protocol = IP_PROTO_UDP,
				      .in = here(b, place, FIRST),
				      .out = there(b, 0, SERVER) };
	if (!goes_out(b, place, IP_PROTO_UDP, ret_first->in, ret_first->out, &ret_first->outside))
		return 0;
	for (int first = 0; first < FLOWS; first += BATCH) {
		struct batch batch = { .missing = BATCH };

		forget_packets(b, OUTSIDE);
		for (int i = 0; i < TRIES && batch.missing; i++) {
			throw_missing(b, place, first, &batch);
			note_arrivals(b, ret_first, &batch);
		}
		for (int i = 0; i < BATCH; i++)
			if (!batch.arrived[i])
				return first + i;
	}
	return FLOWS;
}

enum behave_outcome probe_limit(struct behave *b)
{
	struct opened first;
	int flows = fill(b, INSIDE, &first);
	struct endpoint src = here(b, OTHER, FIRST);

	if (!flows)
		return nothing_passes(b);
	if (flows == FLOWS)
		return not_as_required(b, "one host was given %d ports, and no end", flows);
	if (!goes_out(b, OTHER, IP_PROTO_UDP, src, there(b, 0, SERVER), NULL))
		return not_as_required(b, "one host took all of %d ports, and left none", flows);
	return as_required(b, "%d ports for one host, and some for the next", flows);
}

/* Fill the NAT by one host's flows, and where it takes them all by the other's.  How many there
 * were; *ret_refused is the first that was not, where any was. */
static int exhaust(struct behave *b, struct opened *ret_first, struct letter *ret_refused,
		   enum behave_place *ret_place)
{
	struct opened second;
	int flows = fill(b, INSIDE, ret_first), more = 0;

	*ret_place = flows < FLOWS ? INSIDE : OTHER;
	if (flows == FLOWS)
		more = fill(b, OTHER, &second);
	*ret_refused = (struct letter){
		.protocol = IP_PROTO_UDP,
		.src = here(b, *ret_place, (uint16_t)(FIRST + (flows + more) % FLOWS)),
		.dst = there(b, 0, SERVER),
	};
	return flows + more;
}

/* Who gets no mapping: is he told so, and as @want has it? */
static enum behave_outcome refusal(struct behave *b, enum packet_error want)
{
	struct letter refused;
	struct arrival error;
	struct opened first;
	enum behave_place place;
	int flows = exhaust(b, &first, &refused, &place);

	if (flows == 2 * FLOWS)
		return inconclusive(b, "no flow of %d was refused", flows);
	if (!complained(b, place, &refused, &error))
		return not_as_required(b, "flow %d is refused in silence", flows + 1);
	if (!packet_is_error(&error.info, want))
		return not_as_required(b, "flow %d is refused by ICMP type %u, code %u", flows + 1,
				       error.info.icmp_type, error.info.icmp_code);
	return as_required(b, "flow %d is refused by ICMP type %u, code %u", flows + 1,
			   error.info.icmp_type, error.info.icmp_code);
}

enum behave_outcome probe_refused_prohibited(struct behave *b)
{
	return refusal(b, PACKET_ERROR_PROHIBITED);
}

enum behave_outcome probe_refused_unreachable(struct behave *b)
{
	return refusal(b, PACKET_ERROR_HOST);
}

/* RFC 6888, REQ-11A.  A refusal is seen by nothing arriving, or what arrives coming from inside. */
enum behave_outcome probe_refused_dropped(struct behave *b)
{
	struct letter refused;
	struct arrival seen;
	struct opened first;
	enum behave_place place;
	int flows = exhaust(b, &first, &refused, &place);
	char text[ENDPOINT_TEXT];

	if (flows == 2 * FLOWS)
		return inconclusive(b, "no flow of %d was refused", flows);
	if (deliver(b, place, OUTSIDE, &refused, &seen))
		return not_as_required(b, "flow %d gets no mapping, and goes out from %s",
				       flows + 1, endpoint_format(seen.info.src, text));
	return as_required(b, "flow %d gets no mapping, and does not get out", flows + 1);
}

enum behave_outcome probe_evicted(struct behave *b)
{
	struct letter refused;
	struct opened first;
	enum behave_place place;
	int flows = exhaust(b, &first, &refused, &place);

	if (!flows)
		return nothing_passes(b);
	if (!comes_in(b, INSIDE, IP_PROTO_UDP, first.out, first.outside))
		return not_as_required(b, "the first of %d mappings gave way to later ones", flows);
	if (flows == 2 * FLOWS)
		return inconclusive(b, "no flow of %d was refused", flows);
	return as_required(b, "flow %d was refused, and the first still stands", flows + 1);
}

/*
 * RFC 4787, REQ-11: who shares no ports while there are some does not, either, where there are none.
 * What is sent to a port that two have, from where the first one was spoken to, comes to the first.
 */
enum behave_outcome probe_crowded(struct behave *b)
{
	struct endpoint alone, crowded;
	struct opened first;
	int flows;

	if (!goes_out(b, INSIDE, IP_PROTO_UDP, here(b, INSIDE, FIRST), there(b, 0, SERVER), NULL) ||
	    !goes_out(b, OTHER, IP_PROTO_UDP, here(b, OTHER, FIRST), there(b, 1, SERVER), &alone))
		return nothing_passes(b);
	if (comes_in(b, INSIDE, IP_PROTO_UDP, there(b, 0, SERVER), alone))
		return inconclusive(b, "ports are shared from the first on");
	flows = fill(b, INSIDE, &first);
	if (!goes_out(b, OTHER, IP_PROTO_UDP, here(b, OTHER, FIRST + 1), there(b, 1, SERVER + 1),
		      &crowded))
		return as_required(b, "after %d flows of one host, another gets no port", flows);
	if (comes_in(b, INSIDE, IP_PROTO_UDP, there(b, 0, SERVER), crowded))
		return not_as_required(b, "after %d flows of one host, another shares its port %u",
				       flows, crowded.port);
	return as_required(b, "after %d flows of one host, another gets a port of its own", flows);
}
