/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ICMP error quotes, says and comes from, once it has passed: RFC 5508, REQ-4, REQ-5 and REQ-7. */
#include "probes.h"

#include "../../nat-models/checksum.h"
#include "../../nat-models/header_fields.h"

enum { SERVER = 7000 };

bool complaint_begin(struct behave *b, uint8_t protocol, struct complaint *ret)
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

static enum behave_outcome weigh_quote(struct behave *b, const struct arrival *seen,
				       struct endpoint want, bool want_src)
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
	return as_required(b, "it arrives, and quotes %s", endpoint_format(want, text));
}

static enum behave_outcome weigh_type(struct behave *b, const struct arrival *seen,
				      enum packet_error error)
{
	if (!packet_is_error(&seen->info, error))
		return not_as_required(b, "it became type %u, code %u", seen->info.icmp_type,
				       seen->info.icmp_code);
	return as_required(b, "it arrives, of type %u, code %u", seen->info.icmp_type,
			   seen->info.icmp_code);
}

enum behave_outcome complaint_weigh(struct behave *b, const struct arrival *seen,
				    struct endpoint want, bool want_src, enum packet_error error)
{
	enum behave_outcome outcome = weigh_quote(b, seen, want, want_src);

	if (outcome == BEHAVE_AS_REQUIRED && !packet_is_error(&seen->info, error))
		return weigh_type(b, seen, error);
	return outcome;
}

/* What of an error that passes is looked at. */
enum aspect { WHETHER, QUOTE, TYPE, SENDER };

static enum behave_outcome weigh(struct behave *b, enum aspect aspect, const struct arrival *seen,
				 struct endpoint want, bool inward)
{
	char text[IP_ADDR_TEXT];

	switch (aspect) {
	case QUOTE:
		return weigh_quote(b, seen, want, inward);
	case TYPE:
		return weigh_type(b, seen, PACKET_ERROR_PORT);
	case SENDER:
		ip_addr_format(seen->info.src.addr, text);
		return ip_addr_equal(seen->info.src.addr, want.addr)
			       ? as_required(b, "it gets out, from %s", text)
			       : not_as_required(b, "it gets out, from %s", text);
	case WHETHER:
		break;
	}
	return as_required(b, "it arrives");
}

static enum behave_outcome inward(struct behave *b, uint8_t protocol, enum aspect aspect)
{
	struct complaint c;
	struct arrival seen;

	if (!complaint_begin(b, protocol, &c))
		return nothing_passes(b);
	if (deliver_error(b, OUTSIDE, INSIDE, &c.error, &seen))
		return weigh(b, aspect, &seen, c.in, true);
	if (aspect == WHETHER)
		return not_as_required(b, "an error about a packet from inside does not get in");
	return inconclusive(b, "no error about a packet from inside gets in");
}

enum behave_outcome probe_error_in(struct behave *b)
{
	return inward(b, IP_PROTO_UDP, WHETHER);
}

enum behave_outcome probe_error_in_quote(struct behave *b)
{
	return inward(b, IP_PROTO_UDP, QUOTE);
}

enum behave_outcome probe_error_in_type(struct behave *b)
{
	return inward(b, IP_PROTO_UDP, TYPE);
}

/* RFC 5382, REQ-9: to be translated is to arrive, and to be about what was sent. */
enum behave_outcome probe_error_in_tcp(struct behave *b)
{
	enum behave_outcome outcome = inward(b, IP_PROTO_TCP, WHETHER);

	return outcome == BEHAVE_AS_REQUIRED ? inward(b, IP_PROTO_TCP, QUOTE) : outcome;
}

/* A packet from outside that has come in. */
static bool begin_outward(struct behave *b, struct opened *opened, struct arrival *got)
{
	struct letter letter = { .protocol = IP_PROTO_UDP };

	if (!open_mapping(b, IP_PROTO_UDP, false, opened))
		return false;
	letter.src = opened->out;
	letter.dst = opened->outside;
	return deliver(b, OUTSIDE, INSIDE, &letter, got);
}

static enum behave_outcome outward(struct behave *b, enum aspect aspect)
{
	struct arrival got, error, seen;
	struct opened opened;

	if (!begin_outward(b, &opened, &got))
		return inconclusive(b, "no answer gets in");
	make_error(&got, opened.in.addr, PACKET_ERROR_PORT, &error);
	if (deliver_error(b, INSIDE, OUTSIDE, &error, &seen))
		return weigh(b, aspect, &seen, opened.outside, false);
	if (aspect == WHETHER)
		return not_as_required(b, "an error about a packet from outside does not get out");
	return inconclusive(b, "no error about a packet from outside gets out");
}

enum behave_outcome probe_error_out(struct behave *b)
{
	return outward(b, WHETHER);
}

enum behave_outcome probe_error_out_quote(struct behave *b)
{
	return outward(b, QUOTE);
}

enum behave_outcome probe_error_out_type(struct behave *b)
{
	return outward(b, TYPE);
}

enum behave_outcome probe_error_out_sender(struct behave *b)
{
	return outward(b, SENDER);
}

/* RFC 4787, REQ-12a: a router on the way, which nobody has spoken to. */
enum behave_outcome probe_error_third_party(struct behave *b)
{
	struct arrival error;
	struct complaint c;

	if (!complaint_begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	make_error(&c.about, there(b, 2, 0).addr, PACKET_ERROR_HOST, &error);
	if (deliver_error(b, OUTSIDE, INSIDE, &error, NULL))
		return as_required(b, "an error of another host's than the packet's gets in");
	if (!deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL))
		return inconclusive(b, "nor does one of that host's");
	return not_as_required(b, "an error gets in of the host's that the packet went to alone");
}

/* RFC 5508, REQ-4: the error about a packet from a port that has sent none. */
enum behave_outcome probe_stray_in(struct behave *b)
{
	struct arrival never, error;
	struct complaint c;
	struct letter letter = { .protocol = IP_PROTO_UDP };
	size_t token, len;

	if (!complaint_begin(b, IP_PROTO_UDP, &c))
		return nothing_passes(b);
	letter.src = (struct endpoint){ c.about.info.src.addr, fresh_port(b) };
	letter.dst = c.about.info.dst;
	write_letter(b, &letter, &never, &token, &len);
	make_error(&never, letter.dst.addr, PACKET_ERROR_PORT, &error);
	if (deliver_error(b, OUTSIDE, INSIDE, &error, NULL))
		return not_as_required(b, "an error about a packet that was not sent gets in");
	if (!deliver_error(b, OUTSIDE, INSIDE, &c.error, NULL))
		return inconclusive(b, "nor does one about a packet that was");
	return as_required(b, "an error about a packet that was not sent does not get in");
}

/* RFC 5508, REQ-5: the same of a packet that has not come in. */
enum behave_outcome probe_stray_out(struct behave *b)
{
	struct arrival got, never, error;
	struct opened opened;
	struct letter letter = { .protocol = IP_PROTO_UDP };
	size_t token, len;

	if (!begin_outward(b, &opened, &got))
		return inconclusive(b, "no answer gets in");
	letter.src = got.info.src;
	letter.dst = here(b, INSIDE, fresh_port(b));
	write_letter(b, &letter, &never, &token, &len);
	make_error(&never, letter.dst.addr, PACKET_ERROR_PORT, &error);
	if (deliver_error(b, INSIDE, OUTSIDE, &error, NULL))
		return not_as_required(b, "an error about a packet that did not come in gets out");
	make_error(&got, opened.in.addr, PACKET_ERROR_PORT, &error);
	if (!deliver_error(b, INSIDE, OUTSIDE, &error, NULL))
		return inconclusive(b, "nor does one about a packet that did");
	return as_required(b, "an error about a packet that did not come in does not get out");
}

/* RFC 5508, REQ-7: about what was hairpinned, back to its sender. */
static enum behave_outcome hairpinned(struct behave *b, enum aspect aspect)
{
	struct arrival got, error, seen;
	struct hairpin h;

	if (!hairpin_meet(b, IP_PROTO_UDP, &h))
		return nothing_passes(b);
	if (!hairpin_cross(b, IP_PROTO_UDP, &h, &got))
		return inconclusive(b, "nothing is hairpinned, so there is nothing to complain of");
	make_error(&got, h.in[0].addr, PACKET_ERROR_PORT, &error);
	if (deliver_error(b, INSIDE, OTHER, &error, &seen))
		return weigh(b, aspect, &seen, h.in[1], true);
	if (aspect == WHETHER)
		return not_as_required(b, "an error about a hairpinned packet is lost");
	return inconclusive(b, "no error about a hairpinned packet arrives");
}

enum behave_outcome probe_error_hairpin(struct behave *b)
{
	return hairpinned(b, WHETHER);
}

/* REQ-7a: it goes to whom its quote names, as that has it itself. */
enum behave_outcome probe_error_hairpin_quote(struct behave *b)
{
	return hairpinned(b, QUOTE);
}
