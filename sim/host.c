/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <errno.h>

#include "../nat-models/nat64_address.h"
#include "fiber.h"
#include "stream.h"

#define LASTING_ERROR_REST_NS (10 * MSEC)

const char *host_name(const struct host *host)
{
	return host->name;
}

struct ip_addr host_addr(const struct host *host)
{
	return host->addr;
}

struct ip_addr host_addr6(const struct host *host)
{
	return host->addr6;
}

struct ip_addr host_local_for(const struct host *host, const struct sock_spec *spec)
{
	const struct ip_addr both = { 0 };

	if (!ip_addr_is_unset(spec->local.addr))
		return spec->local.addr;
	if (ip_addr_is_unset(host->addr6) || ip_addr_is_v4(spec->local.addr) ||
	    ip_addr_is_v4(spec->remote.addr))
		return ip_addr_v4(0);
	/* An echo is of one family. */
	if (spec->kind == SOCK_PING && ip_addr_is_unset(spec->remote.addr) &&
	    !ip_addr_is_unset(host->addr))
		return ip_addr_v4(0);
	return both;
}

struct loop *host_loop(const struct host *host)
{
	return host->loop;
}

uint64_t host_random(struct host *host)
{
	return stream_next(&host->random_state);
}

/*
 * A host without IPv4 speaks to an IPv4 peer through a NAT64, by an address that it makes of the
 * peer's (RFC 8305, section 7); those above see the peer's (RFC 6535 calls that a bump in the API).
 */
static bool is_translated(const struct host *host, struct ip_addr addr)
{
	return host->nat64.bits && ip_addr_is_v4(addr) && !ip_addr_is_unset(addr) &&
	       !ip_addr_is_multicast(addr) && ip_addr_to_v4(addr) >> 24 != 127;
}

static struct endpoint as_sent(const struct host *host, struct endpoint peer)
{
	if (is_translated(host, peer.addr))
		peer.addr = nat64_synthesise(host->nat64, peer.addr);
	return peer;
}

static struct endpoint as_known(const struct host *host, struct endpoint peer)
{
	if (host->nat64.bits)
		nat64_extract(host->nat64, peer.addr, &peer.addr);
	return peer;
}

int sock_open(struct host *host, const struct sock_spec *spec, struct sock **ret)
{
	struct sock_spec sent;

	if (!is_translated(host, spec->remote.addr))
		return host->ops->open(host, spec, ret);
	sent = *spec;
	sent.remote = as_sent(host, spec->remote);
	return host->ops->open(host, &sent, ret);
}

void sock_close(struct sock *sock)
{
	if (sock)
		sock->host->ops->close(sock);
}

void sock_give_up(struct sock **sock)
{
	struct sock *gone = *sock;

	*sock = NULL;
	sock_close(gone);
}

/* Out of line, so that those who have IPv4 pay nothing. */
__attribute__((noinline)) static int send_translated(struct sock *sock, const struct endpoint *to,
						     const void *bytes, size_t len,
						     uint64_t deadline)
{
	struct endpoint sent = as_sent(sock->host, *to);

	return sock->host->ops->send(sock, &sent, bytes, len, deadline);
}

int sock_send(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
	      uint64_t deadline)
{
	if (to && sock->host->nat64.bits)
		return send_translated(sock, to, bytes, len, deadline);
	return sock->host->ops->send(sock, to, bytes, len, deadline);
}

__attribute__((noinline)) static long recv_translated(struct sock *sock, struct endpoint *from,
						      void *bytes, size_t room, uint64_t deadline)
{
	const struct host *host = sock->host; /* the socket may be gone by the end */
	long n = host->ops->recv(sock, from, bytes, room, deadline);

	if (n >= 0)
		*from = as_known(host, *from);
	return n;
}

long sock_recv(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
	       uint64_t deadline)
{
	if (from && sock->host->nat64.bits)
		return recv_translated(sock, from, bytes, room, deadline);
	return sock->host->ops->recv(sock, from, bytes, room, deadline);
}

int sock_recv_exact(struct sock *sock, void *bytes, size_t len, uint64_t deadline)
{
	uint8_t *at = bytes;

	while (len > 0) {
		long n = sock_recv(sock, NULL, at, len, deadline);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -ECONNRESET;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int sock_accept(struct sock *listener, uint64_t deadline, struct sock **ret)
{
	return listener->host->ops->accept(listener, deadline, ret);
}

/* What the kernel makes of ICMP's and ICMPv6's errors (RFC 1122, 4.1.3.3 and 4.2.3.9). */
static bool is_from_icmp(long err)
{
	switch (err) {
	case -ECONNREFUSED:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -EMSGSIZE:
	case -EHOSTDOWN:
	case -ENONET:
	case -ENOPROTOOPT:
	case -EACCES:
	case -EPROTO:
		return true;
	default:
		return false;
	}
}

bool sock_read_on(const struct host *host, long err)
{
	if (err == -ECANCELED)
		return false;
	if (!is_from_icmp(err))
		fiber_sleep(host_now(host) + LASTING_ERROR_REST_NS);
	return true;
}

struct endpoint sock_local(const struct sock *sock)
{
	return sock->local;
}

struct endpoint sock_remote(const struct sock *sock)
{
	return as_known(sock->host, sock->remote);
}

struct host *sock_host(const struct sock *sock)
{
	return sock->host;
}

int sock_set_ttl(struct sock *sock, uint8_t ttl)
{
	return sock->host->ops->control(sock, SOCK_OPTION_TTL, &ttl);
}

int sock_join_group(struct sock *sock, struct ip_addr group)
{
	return sock->host->ops->control(sock, SOCK_OPTION_JOIN, &group);
}

int sock_allow_fragments(struct sock *sock, bool allow)
{
	return sock->host->ops->control(sock, SOCK_OPTION_FRAGMENTS, &allow);
}

int sock_shutdown(struct sock *sock)
{
	if (sock->kind != SOCK_TCP)
		return -ENOTCONN;
	return sock->host->ops->control(sock, SOCK_OPTION_SHUTDOWN, NULL);
}
