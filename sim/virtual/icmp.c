/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *  0        1        2                 4                 6                8
 *  +--------+--------+-----------------+-----------------+-----------------+
 *  | type   | code   | checksum        | identifier      | sequence number | data …    (echo)
 *  | type   | code   | checksum        | unused          | next hop's MTU  | packet …  (error)
 *  +--------+--------+-----------------+-----------------+-----------------+
 */
#include "icmp.h"

#include <errno.h>
#include <string.h>

#include "../../nat-models/header_fields.h"
#include "bind.h"
#include "connection.h"
#include "datagram.h"
#include "ip6.h"
#include "stack.h"

enum { BURST = 6, PACKET_MAX = 65535 };

enum {
	PROTOCOL_UNREACHABLE = 2, /* a code of ICMP_UNREACHABLE */
	UNKNOWN_NEXT_HEADER = 1, /* a code of ICMPV6_PARAMETER_PROBLEM */
	REASSEMBLY_TIMED_OUT = 1, /* a code of both families' "time exceeded" */
};

/* Complaints */

/* The time in which one more is earned. */
static uint64_t price_of(struct ip_addr to)
{
	return ip_addr_is_v4(to) ? SEC : SEC / 16;
}

static struct icmp_bucket *bucket_for(struct icmp_limit *limit, struct ip_addr to, uint64_t now)
{
	struct icmp_bucket *bucket;

	for (uint8_t i = 0; i < limit->used; i++)
		if (ip_addr_equal(limit->buckets[i].to, to))
			return &limit->buckets[i];
	if (limit->used < ICMP_LIMITED) {
		bucket = &limit->buckets[limit->used++];
	} else {
		bucket = &limit->buckets[limit->oldest];
		limit->oldest = (uint8_t)((limit->oldest + 1) % ICMP_LIMITED);
	}
	*bucket = (struct icmp_bucket){ .to = to, .credit_ns = BURST * price_of(to), .last = now };
	return bucket;
}

static bool may_complain(struct virtual_host *host, struct ip_addr to)
{
	uint64_t now = stack_now(host);
	struct icmp_bucket *bucket = bucket_for(&host->icmp_limit, to, now);
	const uint64_t price = price_of(to);

	bucket->credit_ns += now - bucket->last;
	if (bucket->credit_ns > BURST * price)
		bucket->credit_ns = BURST * price;
	bucket->last = now;
	if (bucket->credit_ns < price)
		return false;
	bucket->credit_ns -= price;
	return true;
}

/* Turn @pkt into an ICMP error of its own family. */
static int make_error(struct packet *pkt, struct ip_addr self, enum icmp_complaint complaint)
{
	static const struct {
		uint8_t type4, code4, type6, code6;
	} words[] = {
		[ICMP_NO_PORT] = { ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, ICMPV6_UNREACHABLE,
				   ICMPV6_PORT_UNREACHABLE },
		[ICMP_NO_PROTOCOL] = { ICMP_UNREACHABLE, PROTOCOL_UNREACHABLE,
				       ICMPV6_PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER },
		[ICMP_NO_REST] = { ICMP_TIME_EXCEEDED, REASSEMBLY_TIMED_OUT, ICMPV6_TIME_EXCEEDED,
				   REASSEMBLY_TIMED_OUT },
	};

	if (ip_addr_is_v4(self))
		return packet_make_icmp_error(pkt, self, words[complaint].type4,
					      words[complaint].code4, 0);
	return packet_make_icmp_error(pkt, self, words[complaint].type6, words[complaint].code6, 0);
}

void icmp_complain(struct virtual_host *host, struct buffer *buffer, struct ip_addr self,
		   enum icmp_complaint complaint)
{
	struct ip_addr to = ip_source(&buffer->packet);

	/* Nobody complains of what was sent to everybody (RFC 1122, 3.2.2). */
	if (ip_scope(host, self) != IP_OWN ||
	    (ip_scope(host, to) != IP_OWN && !may_complain(host, to)) ||
	    make_error(&buffer->packet, self, complaint))
		buffer_free(buffer);
	else
		ip_send(host, buffer);
}

/* Errors that arrive */

/*
 * RFC 1122, 4.2.3.9 and 4.1.3.3, as Linux has them.  A socket that is connected learns of all of
 * them; those that are not hard may pass.
 */
static struct icmp_meaning meaning_of(const struct packet_info *info, uint16_t mtu)
{
	static const struct {
		int err;
		bool hard;
	} unreachable[] = {
		{ ENETUNREACH, false },	 { EHOSTUNREACH, false }, { ENOPROTOOPT, true },
		{ ECONNREFUSED, true },	 { EMSGSIZE, true },	  { EOPNOTSUPP, false },
		{ ENETUNREACH, true },	 { EHOSTDOWN, true },	  { ENONET, true },
		{ ENETUNREACH, true },	 { EHOSTUNREACH, true },  { ENETUNREACH, false },
		{ EHOSTUNREACH, false }, { EHOSTUNREACH, true },  { EHOSTUNREACH, true },
		{ EHOSTUNREACH, true },
	};
	struct icmp_meaning meaning = { 0 };

	switch (info->icmp_type) {
	case ICMP_UNREACHABLE:
		meaning.err = -EHOSTUNREACH;
		if (info->icmp_code >= sizeof(unreachable) / sizeof(*unreachable))
			break;
		meaning.err = -unreachable[info->icmp_code].err;
		meaning.hard = unreachable[info->icmp_code].hard;
		meaning.too_big = info->icmp_code == ICMP_FRAGMENTATION_NEEDED;
		meaning.mtu = meaning.too_big ? mtu : 0;
		break;
	case ICMP_TIME_EXCEEDED:
		meaning.err = -EHOSTUNREACH;
		break;
	case ICMP_PARAMETER_PROBLEM:
		meaning.err = -EPROTO;
		meaning.hard = true;
		break;
	default: /* a source quench is no longer heeded (RFC 6633) */
		break;
	}
	return meaning;
}

/* The same for ICMPv6 (RFC 4443, section 3), as Linux has it. */
static struct icmp_meaning meaning_of6(const struct packet_info *info, uint16_t mtu)
{
	static const struct {
		int err;
		bool hard;
	} unreachable[] = {
		{ ENETUNREACH, false },	 { EACCES, true },	 { EHOSTUNREACH, false },
		{ EHOSTUNREACH, false }, { ECONNREFUSED, true }, { EACCES, true },
		{ EACCES, true },
	};
	struct icmp_meaning meaning = { .err = -EPROTO, .hard = true };

	switch (info->icmp_type) {
	case ICMPV6_UNREACHABLE:
		if (info->icmp_code >= sizeof(unreachable) / sizeof(*unreachable))
			break;
		meaning.err = -unreachable[info->icmp_code].err;
		meaning.hard = unreachable[info->icmp_code].hard;
		break;
	case ICMPV6_TOO_BIG:
		meaning = (struct icmp_meaning){ -EMSGSIZE, true, true, mtu };
		break;
	case ICMPV6_TIME_EXCEEDED:
		meaning = (struct icmp_meaning){ .err = -EHOSTUNREACH };
		break;
	case ICMPV6_PARAMETER_PROBLEM:
		break;
	default:
		meaning = (struct icmp_meaning){ 0 };
	}
	return meaning;
}

/* The MTU of an ICMPv6 error has 32 bits; no link here has so long a one. */
static uint16_t mtu_said(const uint8_t *icmp, uint8_t version)
{
	if (version == 6 && get_be16(icmp + ICMP_MTU - 2))
		return UINT16_MAX;
	return get_be16(icmp + ICMP_MTU);
}

static struct virtual_sock *find_ping(const struct virtual_host *host, uint16_t identifier,
				      struct ip_addr self, struct ip_addr peer)
{
	for (struct virtual_sock *s = first_on_port(host, identifier); s; s = next_on_port(s)) {
		if (s->sock.kind != SOCK_PING)
			continue;
		if (!sock_covers(s->sock.local.addr, self))
			continue;
		if (!s->connected || ip_addr_equal(s->sock.remote.addr, peer))
			return s;
	}
	return NULL;
}

static bool is_request(const struct packet_info *info)
{
	return info->has_ports &&
	       info->icmp_type == (info->version == 4 ? ICMP_ECHO : ICMPV6_ECHO_REQUEST);
}

static bool is_reply(const struct packet_info *info)
{
	return info->has_ports &&
	       info->icmp_type == (info->version == 4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
}

static void receive_error(struct virtual_host *host, const struct packet *pkt,
			  const struct packet_info *info)
{
	const uint8_t *icmp = pkt->data + info->transport_offset;
	uint16_t mtu = mtu_said(icmp, info->version);
	struct icmp_meaning meaning = info->version == 4 ? meaning_of(info, mtu)
							 : meaning_of6(info, mtu);
	struct packet_info quoted;
	struct virtual_sock *sock = NULL;

	if (packet_parse_quoted(pkt->data + info->payload_offset, info->payload_len, &quoted) ||
	    ip_scope(host, quoted.src.addr) != IP_OWN || quoted.fragment_offset || !meaning.err)
		return;
	if (meaning.too_big)
		path_mtu_learn(&host->paths, quoted.dst.addr, meaning.mtu,
			       ip_mtu_to(host, quoted.dst.addr), stack_now(host));
	switch (quoted.protocol) {
	case IP_PROTO_UDP:
		sock = datagram_find(host, &quoted.src, &quoted.dst);
		break;
	case IP_PROTO_TCP:
		connection_fail(host, &quoted, &meaning);
		break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		if (is_request(&quoted))
			sock = find_ping(host, quoted.src.port, quoted.src.addr, quoted.dst.addr);
		break;
	default:
		break;
	}
	if (sock && sock->connected)
		datagram_fail(sock, meaning.err);
}

/* Echo */

static void answer_echo(struct virtual_host *host, struct buffer *buffer)
{
	uint8_t *ip = buffer->packet.data;

	if (packet_make_echo_reply(&buffer->packet)) {
		buffer_free(buffer);
		return;
	}
	if (ip[0] >> 4 == 6) {
		ip_send(host, buffer);
		return;
	}
	/* The reply is a datagram of this host's, with an identification of its own. */
	put_be16(ip + IP4_ID, host->ip_id++);
	put_be16(ip + IP4_FRAGMENT, 0);
	put_be16(ip + IP4_CHECKSUM, 0);
	put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, (ip[0] & 0xfU) * 4, 0));
	ip_send(host, buffer);
}

void icmp_receive(struct virtual_host *host, struct buffer *buffer, const struct packet_info *info,
		  enum ip_scope scope)
{
	struct virtual_sock *sock;

	if (info->is_error) {
		receive_error(host, &buffer->packet, info);
	} else if (is_request(info) && scope == IP_OWN) {
		answer_echo(host, buffer);
		return;
	} else if (is_reply(info)) {
		sock = find_ping(host, info->dst.port, info->dst.addr, info->src.addr);
		if (sock) {
			datagram_queue(sock, buffer);
			return;
		}
	}
	buffer_free(buffer);
}

static bool is_taken(const struct virtual_host *host, uint16_t identifier)
{
	for (struct virtual_sock *s = first_on_port(host, identifier); s; s = next_on_port(s))
		if (s->sock.kind == SOCK_PING)
			return true;
	return false;
}

int ping_bind(struct virtual_host *host, struct virtual_sock *sock)
{
	uint16_t identifier = sock->sock.local.port;

	if (identifier && is_taken(host, identifier))
		return -EADDRINUSE;
	while (!identifier || is_taken(host, identifier))
		identifier = (uint16_t)stack_random(host);
	sock->sock.local.port = identifier;
	return 0;
}

int ping_send(struct virtual_host *host, struct virtual_sock *sock, struct ip_addr src,
	      struct ip_addr dst, uint8_t ttl, const void *bytes, size_t len)
{
	struct endpoint from = { src, sock->sock.local.port };
	struct buffer *buffer;
	size_t header = ip_addr_is_v4(dst) ? IP4_HEADER : IP6_HEADER;
	size_t total = header + ICMP_HEADER + len;

	if (total > PACKET_MAX)
		return -EMSGSIZE;
	buffer = buffer_new(host->pool, total);
	if (!buffer)
		return -ENOMEM;
	packet_make_echo(&buffer->packet, from, (struct endpoint){ dst, ++sock->sequence }, ttl,
			 false, bytes, len);
	ip_send(host, buffer);
	return 0;
}
