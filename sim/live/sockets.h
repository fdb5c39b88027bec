/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files about kernel sockets share: the socket itself, and waiting for it. */
#ifndef KNOTHOLE_LIVE_SOCKETS_H
#define KNOTHOLE_LIVE_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "../bell.h"
#include "live_host.h"

struct live_sock {
	struct sock sock;
	struct watch watch; /* holds the descriptor */
	struct bell readable, writable;
	struct live_sock *next_ping;
	bool ipv6; /* an AF_INET6 socket, which may speak IPv4, too */
	uint16_t sequence; /* of the last echo request */
	int error; /* an ICMP error that a send met, kept for the next receive; 0 or -errno */
};

static inline struct live_sock *live_sock_of(struct sock *sock)
{
	return (struct live_sock *)(void *)sock; /* sock is its first member */
}

/* Park until @event (EPOLLIN or EPOLLOUT) may be there: 0, -ETIMEDOUT, -ENOMEM, or -ECANCELED
 * where the socket was closed meanwhile; then it must not be touched again. */
int live_sock_wait(struct live_sock *self, uint32_t event, uint64_t deadline);

/* Wake all waiters with -ECANCELED and let go of the descriptor. */
void live_sock_unwait(struct live_sock *self);

/* The watch's ready function. */
void live_sock_ready(struct watch *watch, uint32_t events);

/* A socket's address, of either family. */
struct live_addr {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* @endpoint for a socket that is @ipv6 or not.  0, or -ENETUNREACH: it has no such addresses. */
int live_addr_of(bool ipv6, struct endpoint endpoint, struct live_addr *ret);
struct endpoint live_addr_endpoint(const struct live_addr *addr);

/* Ping sockets (live_ping.c): they are raw ones, so that no sysctl need allow them. */

/* Give @self its identifier and a filter for it. 0, -EADDRINUSE or -errno. */
int live_ping_bind(struct live_sock *self);
/* The echo request around @bytes in @room; its length, or -EMSGSIZE. */
long live_ping_wrap(struct live_sock *self, const void *bytes, size_t len, uint8_t *packet,
		    size_t room);
/* The payload of the reply to us that @packet (from its IP header on; in IPv6 without it) is; NULL
 * where none. */
const uint8_t *live_ping_unwrap(const struct live_sock *self, const uint8_t *packet, size_t len,
				size_t *ret_len);
/* Does a quoted echo request (from its ICMP header on; in IPv6 with the IP header, as kernels have
 * it) come from @self? */
bool live_ping_quoted(const struct live_sock *self, const uint8_t *icmp, size_t len);
void live_ping_unbind(struct live_sock *self);

enum { PING_ROOM = 65536 };

#endif
