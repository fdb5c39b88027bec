/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors: what becomes of them, and of what they are about. */
#include "probes.h"

#include <string.h>

#include "../../nat-models/checksum.h"
#include "../../nat-models/header_fields.h"

enum { SERVER = 7000 };

/* A packet from inside, as it arrived, and the error that its receiver would send about it. */
struct complaint {
	struct endpoint in, out;
	struct arrival about, error;
};

static bool begin(struct behave *b, uint8_t protocol, struct complaint *ret)
{
	struct letter letter = {
		.protocol = protocol,
		.src = here(b, INSIDE, fresh_port(b)),
		.dst = there(b, 0, SERVER),
		.tcp = { .seq = random32(b), .flags = TCP_SYN, .window = 8192 },
	};

	ret->in = letter.src;
	ret->out = letter.dst;
	if (!deliver(b, INSIDE, OUTSIDE, &letter, &ret->about))
		return false;
	make_error(&ret->about, letter.dst.addr, PACKET_ERROR_PORT, &ret->error);
	return true;
}

static bool quote_of(const struct arrival *error, struct packet_info *ret, bool *ret_sound)
{
	const uint8_t *quote = error->bytes + error->info.payload_offset;

	if (packet_parse_quoted(quote, error->info.payload_len, ret) != PACKET_OK)
		return false;
	*ret_sound = ret->version == 6 ||
		     checksum_same(checksum_fold(quote, ret->transport_offset, 0), UINT16_MAX);
	return true;
}

/* RFC 5508, REQ-4: is the quote what was sent? */
static enum behave_outcome weigh_error(struct behave *b, const struct arrival *seen,
				       struct endpoint want, bool want_src, enum packet_error error)
{
	struct packet_info quoted;
	char text[ENDPOINT_TEXT];
	bool sound;

	if (!quote_of(seen, &quoted, &sound))
		return not_as_required(b, "it arrives, and its quote is no packet");
	if (!endpoint_equal(want_src ? quoted.src : quoted.dst, want))
		return not_as_required(b, "it arrives, and quotes %s",
				       endpoint_format(want_src ? quoted.src : quoted.dst, text));
	if (!sound)
		return not_as_required(b, "the quoted header's checksum is wrong");
	if (!packet_checksums_ok(&seen->pkt))
		return not_as_required(b, "its own checksum is wrong");
	if (!packet_is_error(&seen->info, error))
		return not_as_required(b, "it became type %u, code %u", seen->info.icmp_type,
				       seen->info.icmp_code);
	return as_required(b, "it arrives, and quotes %s", endpoint_format(want, text));
}

static enum behave_outcome weigh_quote(struct behave *b, const struct arrival *seen,
				       struct endpoint want, bool want_src)
{
	return weigh_error(b, seen, want, want_src, PACKET_ERROR_PORT);
}

static enum behave_outcome inward(struct behave *b, uint8_t protocol)
{
	struct complaint c;
	struct arrival seen;

	if (!begin(b, protocol, &c))
		return nothing_passes(b);
	if (!deliver_error(b, OUTSIDE, INSIDE, &c.error, &seen))
		return not_as_required(b, "an error about a packet from inside does not get in");
	return weigh_quote(b, &seen, c.in, true);
}

enum behave_outcome probe_error_in(struct behave *b)
{
	return inward(b, IP_PROTO_UDP);
}

enum behave_outcome probe_error_in_tcp(struct behave *b)
{
	return inward(b, IP_PROTO_TCP);
}

/* RFC 5508, REQ-5: and it comes from an address that may stand outside. */
enum behave_outcome probe_error_out(struct behave *b)
{
	struct letter letter = { .protocol = IP_PROTO_UDP };
	struct arrival got, error, seen;
	struct opened opened;
	char text[IP_ADDR_TEXT];

	if (!open_mapping(b, IP_PROTO_UDP, false, &opened))
		return nothing_passes(b);
	letter.src = opened.out;
	letter.dst = opened.outside;
	if (!deliver(b, OUTSIDE, INSIDE, &letter, &got))
		return inconclusive(b, "no answer gets in");
	make_error(&got, opened.in.addr, PACKET_ERROR_PORT, &error);
	if (!deliver_error(b, INSIDE, OUTSIDE, &error, &seen))
		return not_as_required(b, "an error about a packet from outside does not get out");
	if (!ip_addr_equal(seen.info.src.addr, opened.outside.addr))
		return not_as_required(b, "it gets out, from %s",
				       ip_addr_format(seen.info.src.addr, text));
	return weigh_quote(b, &seen, opened.outside, false);
}

/* An error that @spoil has changed must be dropped, where the same one unspoilt passes. */
static enum behave_outcome spoilt(struct behave *b, void (*spoil)(struct arrival *error),
				  const char *what)
{
	struct arrival bad;
	struct complaint c;

	if (!begin(b, IP_PROTO_UDP, &c))
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
	uint16_t pseudo = 0;

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

	if (!begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	change(&c.error);
	if (deliver_error(b, OUTSIDE, INSIDE, &c.error, &seen))
		return weigh_quote(b, &seen, c.in, true);
	if (!begin(b, IP_PROTO_UDP, &c) || !deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL))
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

	return begin(b, IP_PROTO_UDP, &c) && deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL);
}

enum behave_outcome probe_exceeded_in(struct behave *b)
{
	struct complaint c;
	struct arrival seen;

	if (!begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	if (of_type(b, PACKET_ERROR_TIME_EXCEEDED, NULL, &c, &seen))
		return weigh_error(b, &seen, c.in, true, PACKET_ERROR_TIME_EXCEEDED);
	if (!usual_one_passes(b))
		return inconclusive(b, "no error passes");
	return not_as_required(b, "an error of type %u is lost", c.error.info.icmp_type);
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

	if (!begin(b, IP_PROTO_UDP, &c))
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

	if (!begin(b, IP_PROTO_UDP, &c))
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

	if (!begin(b, IP_PROTO_ICMP, &c))
		return nothing_passes(b);
	if (!comes_in(b, INSIDE, IP_PROTO_ICMP, c.out, c.about.info.src))
		return inconclusive(b, "no reply gets in");
	deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL);
	if (comes_in(b, INSIDE, IP_PROTO_ICMP, c.out, c.about.info.src))
		return as_required(b, "its mapping outlives an error");
	return not_as_required(b, "its mapping is gone after an error");
}

/* RFC 5508, REQ-7: about what was hairpinned, back to its sender. */
enum behave_outcome probe_error_hairpin(struct behave *b)
{
	struct arrival got, error, seen;
	struct hairpin h;

	if (!hairpin_meet(b, IP_PROTO_UDP, &h))
		return nothing_passes(b);
	if (!hairpin_cross(b, IP_PROTO_UDP, &h, &got))
		return inconclusive(b, "nothing is hairpinned, so there is nothing to complain of");
	make_error(&got, h.in[0].addr, PACKET_ERROR_PORT, &error);
	if (!deliver_error(b, INSIDE, OTHER, &error, &seen))
		return not_as_required(b, "an error about a hairpinned packet is lost");
	return weigh_quote(b, &seen, h.in[1], true);
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
