/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../nat-models/checksum.h"
#include "../../nat-models/header_fields.h"
#include "../../nat-models/nat64_address.h"
#include "../../sim/fiber.h"
#include "../../sim/stream.h"

enum { LETTER_TEXT = 1400, FIRST_PORT = 20000, WINDOW = 8192, TOLD_MTU = 1300 };

enum {
	NOTHING_NEXT = 59,
	AH_WORDS = 0
}; /* a header of authentication without a value, eight bytes */

struct endpoint here(const struct behave *b, enum behave_place place, uint16_t port)
{
	const struct host *host = sock_host(b->socks[place]);
	enum family family = place == OUTSIDE ? ip_addr_family(b->hosts->outside_addrs[0])
					      : b->hosts->family;

	return (struct endpoint){ family == FAMILY_IPV4 ? host_addr(host) : host_addr6(host),
				  port };
}

struct endpoint there(const struct behave *b, unsigned addr, uint16_t port)
{
	return (struct endpoint){ b->hosts->outside_addrs[addr], port };
}

uint16_t fresh_port(struct behave *b)
{
	b->port = b->port ? (uint16_t)(b->port + 4) : FIRST_PORT;
	return b->port;
}

uint32_t random32(struct behave *b)
{
	return (uint32_t)stream_next(&b->chance);
}

uint64_t now_of(const struct behave *b)
{
	return host_now(b->hosts->inside);
}

void rest_until(uint64_t since, uint64_t after)
{
	fiber_sleep(since + after);
}

/* Sending */

static bool is_syn(const struct letter *letter)
{
	return letter->protocol == IP_PROTO_TCP && letter->tcp.flags & TCP_SYN;
}

static void set_fragmentation(struct packet *pkt, uint16_t id)
{
	put_be16(pkt->data + IP4_ID, id);
	put_be16(pkt->data + IP4_FRAGMENT, 0);
	put_be16(pkt->data + IP4_CHECKSUM, 0);
	put_be16(pkt->data + IP4_CHECKSUM, (uint16_t)~checksum_fold(pkt->data, IP4_HEADER, 0));
}

/* RFC 3828, 3.1: as UDP, and covered as a whole; but its number is in the checksum. */
static int write_udp_lite(struct packet *pkt, struct endpoint src, struct endpoint dst, uint8_t ttl,
			  const void *payload, size_t len)
{
	int err = packet_make_udp(pkt, src, dst, ttl, payload, len);
	bool v6 = !ip_addr_is_v4(dst.addr);
	uint8_t *udp = pkt->data + (v6 ? IP6_HEADER : IP4_HEADER);

	if (err)
		return err;
	pkt->data[v6 ? IP6_NEXT : IP4_PROTOCOL] = UDP_LITE;
	put_be16(udp + UDP_CHECKSUM, checksum_updated(get_be16(udp + UDP_CHECKSUM),
						      checksum_change(IP_PROTO_UDP, UDP_LITE)));
	return 0;
}

static int write_packet(const struct behave *b, const struct letter *letter, struct packet *pkt,
			const void *payload, size_t len)
{
	uint8_t ttl = letter->ttl ? letter->ttl : TTL;
	struct endpoint dst = letter->dst;

	if (!ip_addr_is_v4(letter->src.addr) && ip_addr_is_v4(dst.addr))
		dst.addr = nat64_synthesise(b->hosts->nat64, dst.addr);
	switch (letter->protocol) {
	case IP_PROTO_UDP:
		return packet_make_udp(pkt, letter->src, dst, ttl, payload, len);
	case UDP_LITE:
		return write_udp_lite(pkt, letter->src, dst, ttl, payload, len);
	case IP_PROTO_TCP:
		return packet_make_tcp(pkt, letter->src, dst, ttl, &letter->tcp, payload, len);
	case IP_PROTO_ICMP:
		return packet_make_echo(pkt, letter->src, dst, ttl, letter->is_reply, payload, len);
	default:
		return packet_make_other(pkt, letter->protocol, letter->src.addr, dst.addr, ttl,
					 payload, len);
	}
}

void write_letter(struct behave *b, const struct letter *letter, struct arrival *ret,
		  size_t *ret_token, size_t *ret_token_len)
{
	uint8_t payload[TOKEN + LETTER_TEXT];
	size_t len = is_syn(letter) ? 0 : TOKEN + letter->len;
	int err;

	assert(letter->len <= LETTER_TEXT);
	put_be32(payload, random32(b));
	put_be32(payload + 4, random32(b));
	if (letter->protocol == AUTHENTICATION)
		put_be32(payload, NOTHING_NEXT << 24 | AH_WORDS << 16);
	if (letter->len)
		memcpy(payload + TOKEN, letter->text, letter->len);
	ret->pkt = (struct packet){ .data = ret->bytes, .room = sizeof(ret->bytes) };
	err = write_packet(b, letter, &ret->pkt, payload, len);
	assert(!err); /* there is room for the longest */
	(void)err;
	if (letter->may_fragment && ip_addr_is_v4(letter->src.addr))
		set_fragmentation(&ret->pkt, letter->ip_id);
	if (packet_parse(&ret->pkt, &ret->info) == PACKET_UNSUPPORTED) {
		*ret_token = ret->info.transport_offset;
		if (letter->protocol == UDP_LITE)
			*ret_token += UDP_HEADER;
	} else if (is_syn(letter)) {
		*ret_token = ret->info.transport_offset + (size_t)TCP_SEQ;
	} else {
		*ret_token = ret->info.payload_offset;
	}
	*ret_token_len = is_syn(letter) ? 4 : TOKEN;
}

void throw_packet(struct behave *b, enum behave_place from, const struct packet *packet)
{
	sock_send(b->socks[from], NULL, packet->data, packet->len, NEVER);
}

/* Receiving */

bool receive_packet(struct behave *b, enum behave_place at, uint64_t deadline, struct arrival *ret)
{
	long n = sock_recv(b->socks[at], NULL, ret->bytes, sizeof(ret->bytes), deadline);

	if (n <= 0)
		return false;
	ret->pkt = (struct packet){
		.data = ret->bytes,
		.len = (uint32_t)n,
		.room = sizeof(ret->bytes),
	};
	packet_parse(&ret->pkt, &ret->info);
	if (b->hosts->nat64.bits)
		nat64_extract(b->hosts->nat64, ret->info.src.addr, &ret->info.src.addr);
	return true;
}

bool catch_packet(struct behave *b, enum behave_place at, const void *token, size_t token_len,
		  bool is_error, uint64_t deadline, struct arrival *ret)
{
	while (receive_packet(b, at, deadline, ret))
		if (ret->info.is_error == is_error &&
		    memmem(ret->bytes, ret->pkt.len, token, token_len))
			return true;
	return false;
}

void forget_packets(struct behave *b, enum behave_place at)
{
	struct arrival old;

	while (receive_packet(b, at, 0, &old))
		;
}

static bool throw_until_caught(struct behave *b, enum behave_place from, enum behave_place at,
			       const struct arrival *sent, size_t token, size_t token_len,
			       bool is_error, struct arrival *ret)
{
	struct arrival own;

	forget_packets(b, at);
	for (int i = 0; i < TRIES; i++) {
		throw_packet(b, from, &sent->pkt);
		if (catch_packet(b, at, sent->bytes + token, token_len, is_error,
				 now_of(b) + TRY_NS, ret ? ret : &own))
			return true;
	}
	return false;
}

bool deliver(struct behave *b, enum behave_place from, enum behave_place to,
	     const struct letter *letter, struct arrival *ret)
{
	struct arrival sent;
	size_t token, len;

	write_letter(b, letter, &sent, &token, &len);
	return throw_until_caught(b, from, to, &sent, token, len, false, ret);
}

bool deliver_packet(struct behave *b, enum behave_place from, enum behave_place to,
		    const struct arrival *packet, size_t token, size_t token_len,
		    struct arrival *ret)
{
	struct arrival sent = *packet;

	sent.pkt.data = sent.bytes;
	return throw_until_caught(b, from, to, &sent, token, token_len, false, ret);
}

bool complained(struct behave *b, enum behave_place from, const struct letter *letter,
		struct arrival *ret)
{
	struct arrival sent;
	size_t token, len;

	write_letter(b, letter, &sent, &token, &len);
	return throw_until_caught(b, from, from, &sent, token, len, true, ret);
}

/* ICMP errors */

void make_error(const struct arrival *about, struct ip_addr from, enum packet_error error,
		struct arrival *ret)
{
	*ret = *about;
	ret->pkt.data = ret->bytes;
	packet_make_error(&ret->pkt, from, error, TOLD_MTU);
	packet_parse(&ret->pkt, &ret->info);
}

bool deliver_error(struct behave *b, enum behave_place place, enum behave_place to,
		   const struct arrival *error, struct arrival *ret)
{
	struct packet_info quoted;
	struct arrival sent = *error;
	const uint8_t *quote = sent.bytes + sent.info.payload_offset;
	size_t token = sent.info.payload_offset, len = TOKEN;
	enum packet_fault fault = packet_parse_quoted(quote, sent.info.payload_len, &quoted);

	sent.pkt.data = sent.bytes;
	if (fault != PACKET_OK && fault != PACKET_UNSUPPORTED)
		return false;
	if (fault == PACKET_UNSUPPORTED) {
		token += quoted.transport_offset;
	} else if (quoted.protocol == IP_PROTO_TCP && quoted.tcp_flags & TCP_SYN) {
		token += quoted.transport_offset + (size_t)TCP_SEQ;
		len = 4;
	} else {
		token += quoted.payload_offset;
	}
	return throw_until_caught(b, place, to, &sent, token, len, true, ret);
}

/* One packet either way */

static struct letter opening(struct behave *b, uint8_t protocol, struct endpoint src,
			     struct endpoint dst)
{
	return (struct letter){
		.protocol = protocol,
		.src = src,
		.dst = dst,
		.tcp = { .seq = random32(b), .flags = TCP_SYN, .window = WINDOW },
	};
}

bool goes_out(struct behave *b, enum behave_place place, uint8_t protocol, struct endpoint src,
	      struct endpoint dst, struct endpoint *ret_outside)
{
	struct letter letter = opening(b, protocol, src, dst);
	struct arrival seen;

	if (!deliver(b, place, OUTSIDE, &letter, &seen))
		return false;
	if (ret_outside)
		*ret_outside = seen.info.src;
	return true;
}

bool comes_in(struct behave *b, enum behave_place place, uint8_t protocol, struct endpoint src,
	      struct endpoint dst)
{
	struct letter letter = opening(b, protocol, src, dst);

	if (protocol == IP_PROTO_ICMP) { /* the identifier is the NAT's, which stands in src.port */
		letter.src.port = dst.port;
		letter.is_reply = true;
	}
	return deliver(b, OUTSIDE, place, &letter, NULL);
}

/* TCP, segment by segment */

static bool segment(struct behave *b, struct thread *t, bool out, uint8_t flags,
		    struct arrival *ret)
{
	struct letter letter = {
		.protocol = IP_PROTO_TCP,
		.src = out ? t->in : t->out,
		.dst = out ? t->out : t->outside,
		.tcp = {
			.seq = t->seq[!out],
			.ack = flags & TCP_ACK ? t->seq[out] : 0,
			.flags = flags,
			.window = WINDOW,
		},
	};
	bool arrived = deliver(b, out ? t->place : OUTSIDE, out ? OUTSIDE : t->place, &letter, ret);

	if (arrived && !(flags & TCP_RST))
		t->seq[!out] += flags & TCP_SYN ? 1 : TOKEN + !!(flags & TCP_FIN);
	return arrived;
}

bool thread_out(struct behave *b, struct thread *t, uint8_t flags, struct arrival *ret)
{
	return segment(b, t, true, flags, ret);
}

bool thread_in(struct behave *b, struct thread *t, uint8_t flags, struct arrival *ret)
{
	return segment(b, t, false, flags, ret);
}

bool thread_syn(struct behave *b, struct thread *t)
{
	struct arrival seen;

	t->seq[0] = random32(b);
	t->seq[1] = random32(b);
	if (!thread_out(b, t, TCP_SYN, &seen))
		return false;
	t->outside = seen.info.src;
	return true;
}

bool thread_open(struct behave *b, struct thread *t)
{
	return thread_syn(b, t) && thread_in(b, t, TCP_SYN | TCP_ACK, NULL) &&
	       thread_out(b, t, TCP_ACK, NULL);
}

/* Findings */

static enum behave_outcome found(struct behave *b, enum behave_outcome outcome, const char *format,
				 va_list args)
{
	vsnprintf(b->finding->reason, sizeof(b->finding->reason), format, args);
	return outcome;
}

#define FINDER(name, outcome)                                                                      \
	enum behave_outcome name(struct behave *b, const char *format, ...)                        \
	{                                                                                          \
		enum behave_outcome ret;                                                           \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, format);                                                            \
		ret = found(b, outcome, format, args);                                             \
		va_end(args);                                                                      \
		return ret;                                                                        \
	}

FINDER(as_required, BEHAVE_AS_REQUIRED)
FINDER(not_as_required, BEHAVE_NOT_AS_REQUIRED)
FINDER(inconclusive, BEHAVE_INCONCLUSIVE)

enum behave_outcome nothing_passes(struct behave *b)
{
	return inconclusive(b, "nothing from inside arrives outside");
}

const char *behave_outcome_word(enum behave_outcome outcome)
{
#define X(id, word) [id] = (word),
	static const char *const words[] = { BEHAVE_OUTCOMES(X) };
#undef X

	return words[outcome];
}

int behave_run(const struct behave_probe *probe, const struct behave_hosts *hosts,
	       struct behave_finding *ret)
{
	struct host *const places[BEHAVE_PLACES] = { hosts->inside, hosts->other, hosts->outside };
	const struct sock_spec spec = { .kind = SOCK_BARE };
	struct behave b = { .hosts = hosts, .finding = ret };
	uint64_t began = host_now(hosts->inside);
	int err = 0;

	b.chance = host_random(hosts->inside);
	*ret = (struct behave_finding){ .probe = probe, .outcome = BEHAVE_INCONCLUSIVE };
	for (int i = 0; i < BEHAVE_PLACES && !err; i++)
		err = sock_open(places[i], &spec, &b.socks[i]);
	if (!err)
		ret->outcome = probe->probe(&b);
	ret->took_ns = host_now(hosts->inside) - began;
	for (int i = 0; i < BEHAVE_PLACES; i++)
		sock_close(b.socks[i]);
	return err;
}
