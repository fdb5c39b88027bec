/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "datagram.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "../../nat-models/header_fields.h"
#include "bind.h"
#include "stack.h"

enum { PAYLOAD_MAX = 65535 - IP4_HEADER - UDP_HEADER, PAYLOAD6_MAX = 65535 - UDP_HEADER };

/* Whose is it? */

/*
 * How well @sock fits a datagram from @remote to @local; 0 = not at all.  Who is connected is
 * asked before who is bound to an address, and that one before who hears everything.
 */
static inline int fit(const struct virtual_sock *sock, const struct endpoint *local,
		      const struct endpoint *remote)
{
	bool any = ip_addr_is_unset(sock->sock.local.addr);

	if (sock->sock.kind != SOCK_UDP || !sock_covers(sock->sock.local.addr, local->addr))
		return 0;
	if (!sock->connected)
		return any ? 1 : 2;
	if (!endpoint_equal(sock->sock.remote, *remote))
		return 0;
	return any ? 3 : 4;
}

/* Those that share everything share the senders, too, as by SO_REUSEPORT. */
static struct virtual_sock *choose(const struct virtual_host *host, struct virtual_sock *best,
				   uint32_t equals, const struct endpoint *local,
				   const struct endpoint *remote)
{
	const int most = fit(best, local, remote);
	uint32_t nth = stack_hash(host, *local, *remote) % equals;

	for (struct virtual_sock *s = best; s; s = next_on_port(s))
		if (fit(s, local, remote) == most && nth-- == 0)
			return s;
	return best;
}

/* The one that fits best of @first and those after it on the same port. */
static struct virtual_sock *best_of(const struct virtual_host *host, struct virtual_sock *first,
				    const struct endpoint *local, const struct endpoint *remote)
{
	struct virtual_sock *best = NULL;
	int most = 0;
	uint32_t equals = 0;

	for (struct virtual_sock *s = first; s; s = next_on_port(s)) {
		int points = fit(s, local, remote);

		if (points > most) {
			most = points;
			best = s;
			equals = 0;
		}
		equals += points && points == most;
	}
	return equals < 2 ? best : choose(host, best, equals, local, remote);
}

struct virtual_sock *datagram_find(const struct virtual_host *host, const struct endpoint *local,
				   const struct endpoint *remote)
{
	struct virtual_sock *first = first_on_port(host, local->port);

	if (!first || next_on_port(first))
		return best_of(host, first, local, remote);
	return fit(first, local, remote) ? first : NULL;
}

static bool has_joined(const struct virtual_host *host, struct ip_addr group)
{
	for (const struct virtual_sock *s = host->socks; s; s = s->next)
		for (const struct membership *m = s->groups; m; m = m->next)
			if (ip_addr_equal(m->group, group))
				return true;
	return false;
}

/*
 * To everybody: each socket that could hear it gets one.  A group reaches the host once any of its
 * sockets has joined, and then each that is bound to the port: so Linux has it (ip(7),
 * IP_MULTICAST_ALL).
 */
static void deliver_to_all(struct virtual_host *host, struct buffer *buffer,
			   const struct packet_info *info, enum ip_scope scope)
{
	if (scope == IP_BROADCAST || has_joined(host, info->dst.addr)) {
		for (struct virtual_sock *s = first_on_port(host, info->dst.port); s;
		     s = next_on_port(s)) {
			struct buffer *copy = fit(s, &info->dst, &info->src) ? buffer_clone(buffer)
									     : NULL;

			if (copy)
				datagram_queue(s, copy);
		}
	}
	buffer_free(buffer);
}

void datagram_receive(struct virtual_host *host, struct buffer *buffer,
		      const struct packet_info *info, enum ip_scope scope)
{
	struct virtual_sock *sock;

	if (scope != IP_OWN) {
		deliver_to_all(host, buffer, info, scope);
		return;
	}
	sock = datagram_find(host, &info->dst, &info->src);
	if (sock)
		datagram_queue(sock, buffer);
	else
		icmp_complain(host, buffer, info->dst.addr, ICMP_NO_PORT);
}

/* The queue */

void datagram_queue(struct virtual_sock *sock, struct buffer *buffer)
{
	if (sock->received_bytes >= DATAGRAM_QUEUE_BYTES) {
		buffer_free(buffer);
		return;
	}
	sock->received_bytes += buffer->packet.len + DATAGRAM_COST;
	packet_queue_add(&sock->received, buffer);
	bell_ring(&sock->readable);
}

void datagram_fail(struct virtual_sock *sock, int err)
{
	if (!sock->error)
		sock->error = err;
	bell_ring(&sock->readable);
}

static long take_whole(const struct packet *pkt, struct endpoint *from, void *bytes, size_t room)
{
	size_t len = pkt->len < room ? pkt->len : room;

	memcpy(bytes, pkt->data, len);
	if (from)
		*from = (struct endpoint){
			.addr = pkt->len < IP4_HEADER ? ip_addr_v4(0)
						      : get_addr(pkt->data + IP4_SRC, 4),
		};
	return (long)len;
}

/* Copy out what @buffer carries.  A UDP header is as long as an echo's. */
static long take(const struct virtual_sock *sock, const struct packet *pkt, struct endpoint *from,
		 void *bytes, size_t room)
{
	const uint8_t *ip = pkt->data;
	const uint8_t *transport = ip + ip_transport_offset(pkt);
	size_t len = pkt->len - (size_t)(transport - ip) - UDP_HEADER;

	if (sock->sock.kind == SOCK_BARE)
		return take_whole(pkt, from, bytes, room);
	static_assert((int)UDP_HEADER == (int)ICMP_HEADER, "both are cut off alike");
	if (sock->sock.kind == SOCK_UDP)
		len = get_be16(transport + UDP_LENGTH) - (size_t)UDP_HEADER;
	if (len > room)
		len = room;
	if (len)
		memcpy(bytes, transport + UDP_HEADER, len);
	if (from)
		*from = (struct endpoint){
			.addr = ip_source(pkt),
			.port = sock->sock.kind == SOCK_UDP ? get_be16(transport)
							    : sock->sock.local.port,
		};
	return (long)len;
}

long datagram_recv(struct virtual_sock *sock, struct endpoint *from, void *bytes, size_t room,
		   uint64_t deadline)
{
	struct loop *loop = sock->sock.host->loop;

	for (;;) {
		struct buffer *buffer;
		int err = sock->error;
		long n;

		sock->error = 0;
		if (err)
			return err;
		buffer = packet_queue_take(&sock->received);
		if (buffer) {
			sock->received_bytes -= buffer->packet.len + DATAGRAM_COST;
			n = take(sock, &buffer->packet, from, bytes, room);
			buffer_free(buffer);
			return n;
		}
		if (deadline <= loop_now(loop))
			return -ETIMEDOUT;
		err = bell_wait(&sock->readable, deadline);
		if (err)
			return err;
	}
}

/* Out */

static int send_udp(const struct virtual_sock *sock, const struct endpoint *src,
		    const struct endpoint *dst, enum ip_scope scope, uint8_t ttl, const void *bytes,
		    size_t len)
{
	struct virtual_host *host = virtual_host_of(sock->sock.host);
	bool v4 = ip_addr_is_v4(dst->addr);
	struct buffer *buffer;
	int err;

	if (len > (v4 ? PAYLOAD_MAX : PAYLOAD6_MAX))
		return -EMSGSIZE;
	buffer = buffer_new(host->pool, (v4 ? IP4_HEADER : IP6_HEADER) + UDP_HEADER + len);
	if (!buffer)
		return -ENOMEM;
	err = packet_put_udp(&buffer->packet, src, dst, ttl, bytes, len);
	if (err) {
		buffer_free(buffer);
		return err;
	}
	buffer->packet.is_plain = v4;
	return ip_send_cut(host, buffer, scope, sock->cut);
}

/*
 * Where datagrams of @sock to @to, which is of @scope, come from: 0; -ENETUNREACH where it has nothing
 * to do with that family; -EINVAL where no wire takes them.  A group or a broadcast address, which
 * a socket may well be bound to, is nobody's source.
 */
static int source_of(const struct virtual_host *host, const struct virtual_sock *sock,
		     struct ip_addr to, enum ip_scope scope, struct ip_addr *ret)
{
	struct ip_addr local = sock->sock.local.addr;
	bool v4 = ip_addr_is_v4(to);

	if (!ip_addr_is_unset(local) && ip_scope(host, local) == IP_OWN) {
		*ret = local;
		if (ip_addr_is_v4(local) != v4)
			return -ENETUNREACH;
		return ip_is_loopback(local) && scope != IP_OWN ? -EINVAL : 0;
	}
	*ret = scope == IP_OWN ? to : v4 ? host->host.addr : host->host.addr6;
	return ip_addr_is_unset(*ret) || (!v4 && ip_addr_is_v4(local)) ? -ENETUNREACH : 0;
}

static int send_bare(struct virtual_host *host, const void *bytes, size_t len)
{
	struct buffer *buffer;

	if (len < IP4_HEADER || len > UINT16_MAX)
		return -EMSGSIZE;
	buffer = buffer_new(host->pool, len);
	if (!buffer)
		return -ENOMEM;
	memcpy(buffer->packet.data, bytes, len);
	buffer->packet.len = (uint32_t)len;
	ip_send_bare(host, buffer);
	return 0;
}

int datagram_send(struct virtual_sock *sock, const struct endpoint *to, const void *bytes,
		  size_t len)
{
	struct virtual_host *host = virtual_host_of(sock->sock.host);
	struct endpoint dst = to ? *to : sock->sock.remote;
	struct endpoint src = { .port = sock->sock.local.port };
	enum ip_scope scope;
	uint8_t ttl = sock->ttl;
	int err;

	if (sock->sock.kind == SOCK_BARE)
		return send_bare(host, bytes, len);
	if (!to && !sock->connected)
		return -EDESTADDRREQ;
	if (sock->sock.kind == SOCK_UDP && !dst.port)
		return -EINVAL;
	if (ip_addr_is_unset(dst.addr))
		dst.addr = ip_loopback();
	scope = ip_scope(host, dst.addr);
	if (scope == IP_BROADCAST && !sock->broadcast)
		return -EACCES;
	err = source_of(host, sock, dst.addr, scope, &src.addr);
	if (err)
		return err;
	if (!ttl)
		ttl = scope == IP_MULTICAST ? MULTICAST_TTL : HOST_TTL;
	if (sock->sock.kind == SOCK_PING)
		return ping_send(host, sock, src.addr, dst.addr, ttl, bytes, len);
	return send_udp(sock, &src, &dst, scope, ttl, bytes, len);
}
