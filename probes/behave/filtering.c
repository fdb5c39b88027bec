/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is let in, what becomes of payloads, and of those who speak to the NAT's own outside. */
#include "probes.h"

#include <stdio.h>
#include <string.h>

#include "../../nat-models/header_fields.h"

enum { SERVER = 7000, SIP = 5060 };

static enum behave_outcome filtering(struct behave *b, uint8_t protocol, bool want_independent)
{
	struct thread t = { .place = INSIDE,
			    .in = here(b, INSIDE, fresh_port(b)),
			    .out = there(b, 0, SERVER) };
	bool out = protocol == IP_PROTO_TCP
			   ? thread_syn(b, &t)
			   : goes_out(b, INSIDE, protocol, t.in, t.out, &t.outside);
	bool spoken_to;

	if (!out)
		return nothing_passes(b);
	if (comes_in(b, INSIDE, protocol, there(b, 1, SERVER + 2), t.outside))
		return as_required(b, "endpoint-independent: a stranger was let in");
	if (comes_in(b, INSIDE, protocol, there(b, 0, SERVER + 2), t.outside))
		return want_independent
			       ? not_as_required(b, "address-dependent: strangers are kept out")
			       : as_required(b, "address-dependent: another port was let in");
	spoken_to = protocol == IP_PROTO_TCP ? thread_in(b, &t, TCP_SYN | TCP_ACK, NULL)
					     : comes_in(b, INSIDE, protocol, t.out, t.outside);
	if (!spoken_to)
		return inconclusive(b, "not even who was spoken to is let in");
	return not_as_required(b, "address-and-port-dependent: another port was kept out");
}

enum behave_outcome probe_filtering_udp(struct behave *b)
{
	return filtering(b, IP_PROTO_UDP, false);
}

enum behave_outcome probe_filtering_tcp(struct behave *b)
{
	return filtering(b, IP_PROTO_TCP, false);
}

enum behave_outcome probe_filtering_carrier(struct behave *b)
{
	return filtering(b, IP_PROTO_UDP, true);
}

/* Hairpinning */

/* From @from to @dst, an outside endpoint of the NAT: what arrives at @to? */
static bool crosses(struct behave *b, enum behave_place from, enum behave_place to,
		    uint8_t protocol, struct endpoint src, struct endpoint dst, struct arrival *ret)
{
	struct letter letter = {
		.protocol = protocol,
		.src = src,
		.dst = dst,
		.tcp = { .seq = random32(b), .flags = TCP_SYN, .window = 8192 },
	};

	return deliver(b, from, to, &letter, ret);
}

bool hairpin_meet(struct behave *b, uint8_t protocol, struct hairpin *ret)
{
	ret->in[0] = here(b, INSIDE, fresh_port(b));
	ret->in[1] = here(b, OTHER, fresh_port(b));
	return goes_out(b, INSIDE, protocol, ret->in[0], there(b, 0, SERVER), &ret->outside[0]) &&
	       goes_out(b, OTHER, protocol, ret->in[1], there(b, 0, SERVER), &ret->outside[1]);
}

bool hairpin_cross(struct behave *b, uint8_t protocol, const struct hairpin *h,
		   struct arrival *ret_at_inside)
{
	struct arrival back;

	/* The one opens its filter for the other's answer, and may be heard already. */
	crosses(b, INSIDE, OTHER, protocol, h->in[0], h->outside[1], &back);
	return crosses(b, OTHER, INSIDE, protocol, h->in[1], h->outside[0], ret_at_inside);
}

static enum behave_outcome hairpinning(struct behave *b, uint8_t protocol, bool ask_source)
{
	struct hairpin h;
	struct arrival seen;
	char text[ENDPOINT_TEXT];

	if (!hairpin_meet(b, protocol, &h))
		return nothing_passes(b);
	if (!hairpin_cross(b, protocol, &h, &seen)) {
		if (ask_source)
			return inconclusive(b, "nothing is hairpinned, so it has no source");
		return not_as_required(b, "what is sent to %s from inside does not arrive",
				       endpoint_format(h.outside[0], text));
	}
	endpoint_format(seen.info.src, text);
	if (!ask_source || ip_addr_equal(seen.info.src.addr, h.outside[1].addr))
		return as_required(b, "it arrives, from %s", text);
	return not_as_required(b, "it arrives from %s, the inside endpoint", text);
}

/* RFC 7857, 6.  A SYN has gone out: may UDP come in where its answer may? */
enum behave_outcome probe_shared_filter(struct behave *b)
{
	struct endpoint dst = there(b, 0, SERVER), outside, shut;

	if (!goes_out(b, INSIDE, IP_PROTO_TCP, here(b, INSIDE, fresh_port(b)), dst, &outside))
		return nothing_passes(b);
	shut = (struct endpoint){ outside.addr, fresh_port(b) };
	if (comes_in(b, INSIDE, IP_PROTO_UDP, dst, shut))
		return inconclusive(b, "UDP comes in to ports that nothing has opened");
	if (comes_in(b, INSIDE, IP_PROTO_UDP, dst, outside))
		return not_as_required(b, "UDP comes in to port %u, which TCP has opened",
				       outside.port);
	if (!comes_in(b, INSIDE, IP_PROTO_TCP, dst, outside))
		return inconclusive(b, "not even TCP comes in to port %u", outside.port);
	return as_required(b, "TCP comes in to port %u, and UDP does not", outside.port);
}

enum behave_outcome probe_hairpin_udp(struct behave *b)
{
	return hairpinning(b, IP_PROTO_UDP, false);
}

enum behave_outcome probe_hairpin_source_udp(struct behave *b)
{
	return hairpinning(b, IP_PROTO_UDP, true);
}

enum behave_outcome probe_hairpin_tcp(struct behave *b)
{
	return hairpinning(b, IP_PROTO_TCP, false);
}

enum behave_outcome probe_hairpin_source_tcp(struct behave *b)
{
	return hairpinning(b, IP_PROTO_TCP, true);
}

/*
 * One that asks is answered, across: its request needs a mapping that a query from another can
 * come in by, which is the answerer's own (RFC 7857, 12).
 */
enum behave_outcome probe_hairpin_icmp(struct behave *b)
{
	struct endpoint in = here(b, INSIDE, fresh_port(b)), outside;
	struct letter letter = { .protocol = IP_PROTO_ICMP };
	struct arrival seen;

	if (!goes_out(b, INSIDE, IP_PROTO_ICMP, in, there(b, 0, 1), &outside))
		return nothing_passes(b);
	letter.src = here(b, OTHER, outside.port);
	letter.dst = (struct endpoint){ outside.addr, 1 };
	/* The answerer's filter opens for the asker's outside address, which is its own. */
	crosses(b, INSIDE, OTHER, IP_PROTO_ICMP, in, (struct endpoint){ outside.addr, 1 }, &seen);
	if (deliver(b, OTHER, INSIDE, &letter, &seen) || deliver(b, OTHER, OTHER, &letter, &seen))
		return as_required(b, "a query of the outside address, from inside, is answered");
	return not_as_required(b, "a query of the outside address, from inside, is lost");
}

/* Payloads */

/* Is what @letter carries at @to what was sent? */
static int carried(struct behave *b, enum behave_place from, enum behave_place to,
		   const struct letter *letter, struct arrival *ret)
{
	if (!deliver(b, from, to, letter, ret))
		return -1;
	return ret->info.payload_len == TOKEN + letter->len &&
	       memcmp(ret->bytes + ret->info.payload_offset + TOKEN, letter->text, letter->len) ==
		       0;
}

/* The endpoint as STUN's MAPPED-ADDRESS has it, and as SIP does. */
static size_t write_addresses(struct endpoint at, uint8_t *ret, size_t room)
{
	char text[ENDPOINT_TEXT];
	int n;

	size_t len = ip_addr_is_v4(at.addr) ? 4 : 16;

	put_addr(ret, ip_addr_is_v4(at.addr) ? 4 : 6, at.addr);
	put_be16(ret + len, at.port);
	len += 2;
	n = snprintf((char *)ret + len, room - len,
		     "INVITE sip:b@knothole SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9\r\n\r\n",
		     endpoint_format(at, text));
	return len + (size_t)n;
}

static enum behave_outcome compare(struct behave *b, struct letter *out, struct letter *in,
				   uint8_t *text, size_t room)
{
	struct arrival seen;
	int same;

	out->text = in->text = text;
	out->len = write_addresses(out->src, text, room);
	same = carried(b, INSIDE, OUTSIDE, out, &seen);
	if (same < 0)
		return nothing_passes(b);
	if (!same)
		return not_as_required(b, "the sender's address in a payload was rewritten");
	in->dst = seen.info.src;
	in->len = write_addresses(in->dst, text, room);
	same = carried(b, OUTSIDE, INSIDE, in, &seen);
	if (same < 0)
		return inconclusive(b, "no answer gets in");
	if (!same)
		return not_as_required(b, "the receiver's address in a payload was rewritten");
	return as_required(b, "addresses in payloads pass as they are, both ways");
}

static enum behave_outcome unchanged(struct behave *b, struct letter *out, struct letter *in)
{
	uint8_t text[256];
	enum behave_outcome outcome = compare(b, out, in, text, sizeof(text));

	out->text = in->text = NULL;
	return outcome;
}

enum behave_outcome probe_alg_udp(struct behave *b)
{
	const struct {
		uint16_t in, out;
	} ports[] = { { SIP, SIP }, { fresh_port(b), SERVER } };
	enum behave_outcome outcome = BEHAVE_AS_REQUIRED;

	for (int i = 0; i < 2 && outcome == BEHAVE_AS_REQUIRED; i++) {
		struct letter out = { .protocol = IP_PROTO_UDP,
				      .src = here(b, INSIDE, ports[i].in),
				      .dst = there(b, 0, ports[i].out) };
		struct letter in = { .protocol = IP_PROTO_UDP, .src = out.dst };

		outcome = unchanged(b, &out, &in);
	}
	return outcome;
}

enum behave_outcome probe_alg_tcp(struct behave *b)
{
	struct thread t = { .place = INSIDE,
			    .in = here(b, INSIDE, fresh_port(b)),
			    .out = there(b, 0, SERVER) };
	struct letter out = { .protocol = IP_PROTO_TCP, .src = t.in, .dst = t.out };
	struct letter in = { .protocol = IP_PROTO_TCP, .src = t.out };

	if (!thread_open(b, &t))
		return inconclusive(b, "no connection comes to stand");
	out.tcp = (struct tcp_says){ t.seq[0], t.seq[1], TCP_ACK | TCP_PSH, 8192 };
	in.tcp = (struct tcp_says){ t.seq[1], t.seq[0], TCP_ACK | TCP_PSH, 8192 };
	return unchanged(b, &out, &in);
}

enum behave_outcome probe_overlap(struct behave *b)
{
	struct endpoint src = here(b, INSIDE, fresh_port(b)), outside;
	char text[ENDPOINT_TEXT];

	if (!goes_out(b, INSIDE, IP_PROTO_UDP, src, there(b, 0, SERVER), &outside))
		return not_as_required(b, "%s, which is outside, is not reached",
				       endpoint_format(there(b, 0, SERVER), text));
	if (!comes_in(b, INSIDE, IP_PROTO_UDP, there(b, 0, SERVER), outside))
		return not_as_required(b, "%s is reached, and its answers are lost",
				       endpoint_format(there(b, 0, SERVER), text));
	return as_required(b, "%s is reached, and answers",
			   endpoint_format(there(b, 0, SERVER), text));
}
