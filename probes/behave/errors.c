/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors: what becomes of them, and of what they are about. */
#include "probes.h"

#include <string.h>

#include "../../nat-models/checksum.h"
#include "../../nat-models/header_fields.h"

enum { SERVER = 7000 };

/* An error that @spoil has changed must be dropped, where the same one unspoilt passes. */
static enum behave_outcome spoilt(struct behave *b, void (*spoil)(struct arrival *error),
				  const char *what)
{
	struct arrival bad;
	struct complaint c;

	if (!complaint_begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	bad = c.error;
	spoil(&bad);
	if (deliver_error(b, OUTSIDE, INSIDE, &bad, NULL))
		return not_as_required(b, "an error with a wrong %s passes", what);
	if (!deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL))
		return inconclusive(b, "a sound error does not pass, either");
	return as_required(b, "an error with a wrong %s is dropped", what);
}

static void seal(struct arrival *error)
{
	uint8_t *icmp = error->bytes + error->info.transport_offset;
	uint32_t len = ICMP_HEADER + error->info.payload_len;
	uint64_t pseudo = 0;

	if (error->info.version == 6)
		pseudo = checksum_of_pseudo(IP_PROTO_ICMPV6, len, error->info.src.addr,
					    error->info.dst.addr);
	put_be16(icmp + ICMP_CHECKSUM, 0);
	put_be16(icmp + ICMP_CHECKSUM, (uint16_t)~checksum_fold(icmp, len, pseudo));
}

/* … where its length has changed, too. */
static void seal_outer(struct arrival *error)
{
	if (error->info.version == 6) {
		put_be16(error->bytes + IP6_LENGTH, (uint16_t)(error->pkt.len - IP6_HEADER));
	} else {
		put_be16(error->bytes + IP4_LENGTH, (uint16_t)error->pkt.len);
		put_be16(error->bytes + IP4_CHECKSUM, 0);
		put_be16(error->bytes + IP4_CHECKSUM,
			 (uint16_t)~checksum_fold(error->bytes, IP4_HEADER, 0));
	}
	seal(error);
}

static void spoil_checksum(struct arrival *error)
{
	error->bytes[error->info.transport_offset + ICMP_CHECKSUM] ^= 0x55;
}

static void spoil_quote(struct arrival *error)
{
	error->bytes[error->info.payload_offset + IP4_CHECKSUM] ^= 0x55;
	seal(error);
}

enum behave_outcome probe_error_checksum(struct behave *b)
{
	return spoilt(b, spoil_checksum, "checksum");
}

enum behave_outcome probe_quoted_checksum(struct behave *b)
{
	return spoilt(b, spoil_quote, "checksum of the quoted header");
}

/* Four bytes of options, "no operation", into the quoted header (RFC 791, 3.1). */
static void add_options(struct arrival *error)
{
	uint8_t *quote = error->bytes + error->info.payload_offset;

	memmove(quote + IP4_HEADER + 4, quote + IP4_HEADER, error->info.payload_len - IP4_HEADER);
	memset(quote + IP4_HEADER, 1, 4);
	quote[0] = 0x46;
	put_be16(quote + IP4_LENGTH, (uint16_t)(get_be16(quote + IP4_LENGTH) + 4));
	put_be16(quote + IP4_CHECKSUM, 0);
	put_be16(quote + IP4_CHECKSUM, (uint16_t)~checksum_fold(quote, IP4_HEADER + 4, 0));
	error->pkt.len += 4;
	error->info.payload_len += 4;
	seal_outer(error);
}

/* An error that @change has made unusual must pass, and be translated. */
static enum behave_outcome unusual(struct behave *b, void (*change)(struct arrival *error),
				   const char *what)
{
	struct complaint c;
	struct arrival seen;

	if (!complaint_begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	change(&c.error);
	if (deliver_error(b, OUTSIDE, INSIDE, &c.error, &seen))
		return complaint_weigh(b, &seen, c.in, true, PACKET_ERROR_PORT);
	if (!complaint_begin(b, IP_PROTO_UDP, &c) ||
	    !deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL))
		return inconclusive(b, "no error passes");
	return not_as_required(b, "an error %s is lost", what);
}

enum behave_outcome probe_quoted_options(struct behave *b)
{
	return unusual(b, add_options, "about a packet with IP options");
}

static void spoil_transport(struct arrival *error)
{
	uint8_t *quote = error->bytes + error->info.payload_offset;

	quote[(error->info.version == 6 ? IP6_HEADER : IP4_HEADER) + UDP_CHECKSUM] ^= 0x55;
	seal(error);
}

/* RFC 5508, REQ-3c: hosts may have been right to send it, and routers to quote it. */
enum behave_outcome probe_quoted_transport(struct behave *b)
{
	return unusual(b, spoil_transport, "whose quote has a wrong transport checksum");
}

/* RFC 4884: the quote is filled up to 128 bytes, which the header says in words of four, or of eight in
 * IPv6; then come a version, a checksum and one object, of a class that nobody has. */
static void add_extensions(struct arrival *error)
{
	enum { FILLED = 128, EXTENSION = 12, LENGTH = 5, LENGTH6 = 4, CLASS = 0xf7 };
	uint8_t *icmp = error->bytes + error->info.transport_offset;
	uint8_t *quote = icmp + ICMP_HEADER, *extension = quote + FILLED;

	memset(quote + error->info.payload_len, 0, FILLED + EXTENSION - error->info.payload_len);
	if (error->info.version == 6)
		icmp[LENGTH6] = FILLED / 8;
	else
		icmp[LENGTH] = FILLED / 4;
	extension[0] = 2 << 4;
	put_be16(extension + 4, EXTENSION - 4);
	extension[6] = CLASS;
	memset(extension + 8, 0xa5, 4);
	put_be16(extension + 2, (uint16_t)~checksum_fold(extension, EXTENSION, 0));
	error->pkt.len += FILLED + EXTENSION - error->info.payload_len;
	error->info.payload_len = FILLED + EXTENSION;
	seal_outer(error);
}

enum behave_outcome probe_extensions(struct behave *b)
{
	return unusual(b, add_extensions, "with extensions");
}

/* RFC 5508, REQ-10: an error that is not of the usual type, as @error or what @change makes of it. */
static bool of_type(struct behave *b, enum packet_error error,
		    void (*change)(struct arrival *error), struct complaint *c,
		    struct arrival *seen)
{
	make_error(&c->about, c->out.addr, error, &c->error);
	if (change)
		change(&c->error);
	return deliver_error(b, OUTSIDE, INSIDE, &c->error, seen);
}

static bool usual_one_passes(struct behave *b)
{
	struct complaint c;

	return complaint_begin(b, IP_PROTO_UDP, &c) &&
	       deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL);
}

static enum behave_outcome passes(struct behave *b, enum packet_error error)
{
	struct complaint c;
	struct arrival seen;

	if (!complaint_begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	if (of_type(b, error, NULL, &c, &seen))
		return complaint_weigh(b, &seen, c.in, true, error);
	return not_as_required(b, "an error of type %u is lost", c.error.info.icmp_type);
}

enum behave_outcome probe_exceeded_in(struct behave *b)
{
	enum behave_outcome outcome = passes(b, PACKET_ERROR_TIME_EXCEEDED);

	if (outcome == BEHAVE_NOT_AS_REQUIRED && !usual_one_passes(b))
		return inconclusive(b, "no error passes");
	return outcome;
}

/* RFC 4787, REQ-12b; RFC 5508, REQ-10a: the types that there have to be, unlike RFC 5508's REQ-4, which is
 * of what becomes of them. */
enum behave_outcome probe_unreachable_in(struct behave *b)
{
	return passes(b, PACKET_ERROR_PORT);
}

static void make_quench(struct arrival *error)
{
	error->bytes[error->info.transport_offset + ICMP_TYPE] = ICMP_SOURCE_QUENCH;
	seal(error);
}

enum behave_outcome probe_quench(struct behave *b)
{
	struct complaint c;
	struct arrival seen;

	if (!complaint_begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	if (of_type(b, PACKET_ERROR_TIME_EXCEEDED, make_quench, &c, &seen))
		return not_as_required(b, "source quench gets in");
	if (!usual_one_passes(b))
		return inconclusive(b, "no error passes");
	return as_required(b, "source quench does not get in, and other errors do");
}

/* Does a mapping, or a connection, outlive an error about it? */
enum behave_outcome probe_error_ends_udp(struct behave *b)
{
	struct complaint c;

	if (!complaint_begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	if (!comes_in(b, INSIDE, IP_PROTO_UDP, c.out, c.about.info.src))
		return inconclusive(b, "no answer gets in");
	deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL);
	if (comes_in(b, INSIDE, IP_PROTO_UDP, c.out, c.about.info.src))
		return as_required(b, "its mapping outlives an error");
	return not_as_required(b, "its mapping is gone after an error");
}

enum behave_outcome probe_error_ends_tcp(struct behave *b)
{
	struct thread t = { .place = INSIDE,
			    .in = here(b, INSIDE, fresh_port(b)),
			    .out = there(b, 0, SERVER) };
	struct arrival last, error;

	if (!thread_open(b, &t) || !thread_out(b, &t, TCP_ACK, &last))
		return inconclusive(b, "no connection comes to stand");
	make_error(&last, t.out.addr, PACKET_ERROR_PORT, &error);
	deliver_error(b, OUTSIDE, INSIDE, &error, NULL);
	if (thread_in(b, &t, TCP_ACK, NULL))
		return as_required(b, "the connection outlives an error");
	return not_as_required(b, "the connection is gone after an error");
}

/* RFC 5508, REQ-6, and RFC 7857, 7.1: an error shortly before a mapping's end, which must come. */
static enum behave_outcome prolonged(struct behave *b, uint8_t protocol, bool outward)
{
	struct letter letter = { .protocol = protocol };
	struct arrival got, error;
	struct opened opened;
	struct life life;
	uint64_t late;

	if (!measure_life(b, protocol, outward, &life))
		return no_life(b);
	if (!open_mapping(b, protocol, false, &opened))
		return nothing_passes(b);
	letter.src = outward ? opened.out : opened.in;
	letter.dst = outward ? opened.outside : opened.out;
	if (!deliver(b, outward ? OUTSIDE : INSIDE, outward ? INSIDE : OUTSIDE, &letter, &got))
		return inconclusive(b, "no second packet passes");
	make_error(&got, letter.dst.addr, PACKET_ERROR_PORT, &error);
	if (outward)
		make_error(&got, opened.in.addr, PACKET_ERROR_PORT, &error);
	late = now_of(b);
	rest_until(late, life.alive_ns - SEC);
	if (!deliver_error(b, outward ? INSIDE : OUTSIDE, outward ? OUTSIDE : INSIDE, &error, NULL))
		return inconclusive(b, "no error passes");
	rest_until(late, life.gone_ns + SEC);
	if (is_open(b, &opened))
		return not_as_required(b, "an error began the mapping's time anew");
	return as_required(b, "an error did not prolong the mapping's life");
}

enum behave_outcome probe_error_refreshes(struct behave *b)
{
	return prolonged(b, IP_PROTO_ICMP, false);
}

enum behave_outcome probe_error_out_refreshes(struct behave *b)
{
	return prolonged(b, IP_PROTO_UDP, true);
}

enum behave_outcome probe_error_ends_icmp(struct behave *b)
{
	struct complaint c;

	if (!complaint_begin(b, IP_PROTO_ICMP, &c))
		return nothing_passes(b);
	if (!comes_in(b, INSIDE, IP_PROTO_ICMP, c.out, c.about.info.src))
		return inconclusive(b, "no reply gets in");
	deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL);
	if (comes_in(b, INSIDE, IP_PROTO_ICMP, c.out, c.about.info.src))
		return as_required(b, "its mapping outlives an error");
	return not_as_required(b, "its mapping is gone after an error");
}

enum behave_outcome probe_queries(struct behave *b)
{
	struct endpoint outside;
	struct endpoint dst = there(b, 0, 1);

	if (!goes_out(b, INSIDE, IP_PROTO_ICMP, here(b, INSIDE, fresh_port(b)), dst, &outside)) {
		if (!goes_out(b, INSIDE, IP_PROTO_UDP, here(b, INSIDE, fresh_port(b)),
			      there(b, 0, SERVER), NULL))
			return nothing_passes(b);
		return not_as_required(b, "no query gets out");
	}
	if (!comes_in(b, INSIDE, IP_PROTO_ICMP, dst, outside))
		return not_as_required(b, "a query gets out, and its reply does not get in");
	return as_required(b, "a query gets out, and its reply in");
}

enum behave_outcome probe_time_exceeded(struct behave *b)
{
	struct letter letter = { .protocol = IP_PROTO_UDP,
				 .src = here(b, INSIDE, fresh_port(b)),
				 .dst = there(b, 0, SERVER),
				 .ttl = 1 };
	struct arrival error;

	if (complained(b, INSIDE, &letter, &error))
		return packet_is_error(&error.info, PACKET_ERROR_TIME_EXCEEDED)
			       ? as_required(b, "a packet whose TTL ends here is answered for")
			       : not_as_required(b, "it is answered for by ICMP type %u",
						 error.info.icmp_type);
	letter.ttl = TTL;
	if (!deliver(b, INSIDE, OUTSIDE, &letter, NULL))
		return nothing_passes(b);
	return not_as_required(b, "a packet whose TTL ends here vanishes");
}
