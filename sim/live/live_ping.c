/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Echo requests and replies (RFC 792, RFC 4443 section 4) on raw sockets.
 *
 *  0        1        2                 4                 6                8
 *  +--------+--------+-----------------+-----------------+-----------------+
 *  | type   | code   | checksum        | identifier      | sequence number | data …
 *  +--------+--------+-----------------+-----------------+-----------------+
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

#include "../../nat-models/packet.h"
#include "sockets.h"

enum { ECHO_LEN = 8, IDENTIFIER = 4, SEQUENCE = 6, IPV6_HEADER = 40 };

static uint8_t request_of(const struct live_sock *self)
{
	return self->ipv6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO;
}

static uint8_t reply_of(const struct live_sock *self)
{
	return self->ipv6 ? ICMPV6_ECHO_REPLY : ICMP_ECHO_REPLY;
}

static uint16_t u16_at(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put_u16(uint8_t *bytes, uint16_t v)
{
	bytes[0] = (uint8_t)(v >> 8);
	bytes[1] = (uint8_t)v;
}

static bool taken(const struct live_host *host, uint16_t identifier)
{
	for (const struct live_sock *s = host->pings; s; s = s->next_ping)
		if (s->sock.local.port == identifier)
			return true;
	return false;
}

/* A raw socket gets every echo reply of its host; this one wants its own only. */
static int attach_filter(const struct live_sock *self)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* X = the IP header's length */
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, reply_of(self), 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, IDENTIFIER),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, self->sock.local.port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { sizeof(program) / sizeof(*program), program };

	/* An IPv6 socket is not given the header. */
	if (self->ipv6)
		program[0] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0);
	return setsockopt(self->watch.fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter))
		       ? -errno
		       : 0;
}

int live_ping_bind(struct live_sock *self)
{
	struct live_host *host = live_host_of(self->sock.host);
	uint16_t identifier = self->sock.local.port;
	int err;

	if (identifier && taken(host, identifier))
		return -EADDRINUSE;
	while (!identifier || taken(host, identifier))
		identifier = (uint16_t)host_random(&host->host);
	self->sock.local.port = identifier;
	err = attach_filter(self);
	if (err)
		return err;
	self->next_ping = host->pings;
	host->pings = self;
	return 0;
}

void live_ping_unbind(struct live_sock *self)
{
	struct live_sock **at = &live_host_of(self->sock.host)->pings;

	while (*at && *at != self)
		at = &(*at)->next_ping;
	if (*at)
		*at = self->next_ping;
}

long live_ping_wrap(struct live_sock *self, const void *bytes, size_t len, uint8_t *packet,
		    size_t room)
{
	uint16_t sum;

	if (len + ECHO_LEN > room)
		return -EMSGSIZE;
	memset(packet, 0, ECHO_LEN);
	packet[0] = request_of(self);
	put_u16(packet + IDENTIFIER, self->sock.local.port);
	put_u16(packet + SEQUENCE, ++self->sequence);
	if (len)
		memcpy(packet + ECHO_LEN, bytes, len);
	/* Of ICMPv6 the kernel computes it, with the addresses that it has chosen (RFC 3542, 3.1). */
	sum = (uint16_t)~checksum_fold(packet, len + ECHO_LEN, 0);
	put_u16(packet + 2, sum);
	return (long)(len + ECHO_LEN);
}

const uint8_t *live_ping_unwrap(const struct live_sock *self, const uint8_t *packet, size_t len,
				size_t *ret_len)
{
	size_t start = len && !self->ipv6 ? (size_t)(packet[0] & 0xf) * 4 : 0;

	if (len < start + ECHO_LEN || packet[start] != reply_of(self) ||
	    u16_at(packet + start + IDENTIFIER) != self->sock.local.port)
		return NULL;
	*ret_len = len - start - ECHO_LEN;
	return packet + start + ECHO_LEN;
}

bool live_ping_quoted(const struct live_sock *self, const uint8_t *icmp, size_t len)
{
	if (self->ipv6 && len > IPV6_HEADER && icmp[0] >> 4 == 6) {
		icmp += IPV6_HEADER;
		len -= IPV6_HEADER;
	}
	return len >= ECHO_LEN && icmp[0] == request_of(self) &&
	       u16_at(icmp + IDENTIFIER) == self->sock.local.port;
}
