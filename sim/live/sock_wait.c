/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A socket is in the loop's epoll set from the first time that a fiber
 * waits for it.  It stays there after the wait, since the next one mostly follows at once; when
 * an event comes that nobody waits for, it leaves.  So a fiber that receives in a cycle costs
 * no epoll_ctl(), and unread data never keeps the loop spinning.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sockets.h"

int live_sock_wait(struct live_sock *self, uint32_t event, uint64_t deadline)
{
	struct loop *loop = self->sock.host->loop;
	int err;

	if (deadline <= loop_now(loop))
		return -ETIMEDOUT;
	self->watch.wants = self->watch.active | event;
	err = loop_watch(loop, &self->watch);
	if (err)
		return err;
	return bell_wait(event == EPOLLIN ? &self->readable : &self->writable, deadline);
}

void live_sock_ready(struct watch *watch, uint32_t events)
{
	struct live_sock *self =
		(struct live_sock *)(void *)((char *)watch - offsetof(struct live_sock, watch));
	bool heard = false;

	/* An error is either side's business. */
	if (events & (EPOLLERR | EPOLLHUP))
		events |= EPOLLIN | EPOLLOUT;
	if (events & EPOLLIN)
		heard |= bell_ring(&self->readable);
	if (events & EPOLLOUT)
		heard |= bell_ring(&self->writable);
	if (heard)
		return;
	watch->wants = (self->readable.waiters ? (uint32_t)EPOLLIN : 0) |
		       (self->writable.waiters ? (uint32_t)EPOLLOUT : 0);
	loop_watch(self->sock.host->loop, watch);
}

void live_sock_unwait(struct live_sock *self)
{
	bell_break(&self->readable);
	bell_break(&self->writable);
	loop_unwatch(self->sock.host->loop, &self->watch);
	if (self->watch.fd >= 0)
		close(self->watch.fd);
}

static void put_addr6(struct ip_addr addr, struct in6_addr *ret)
{
	uint32_t words[4] = { htonl((uint32_t)(addr.hi >> 32)), htonl((uint32_t)addr.hi),
			      htonl((uint32_t)(addr.lo >> 32)), htonl((uint32_t)addr.lo) };

	memcpy(ret, words, sizeof(words));
}

static struct ip_addr get_addr6(const struct in6_addr *addr)
{
	uint32_t words[4];

	memcpy(words, addr, sizeof(words));
	return (struct ip_addr){ (uint64_t)ntohl(words[0]) << 32 | ntohl(words[1]),
				 (uint64_t)ntohl(words[2]) << 32 | ntohl(words[3]) };
}

int live_addr_of(bool ipv6, struct endpoint endpoint, struct live_addr *ret)
{
	*ret = (struct live_addr){ .len = sizeof(ret->v4) };
	if (!ipv6 && !ip_addr_is_v4(endpoint.addr) && !ip_addr_is_unset(endpoint.addr))
		return -ENETUNREACH;
	if (!ipv6) {
		ret->v4 = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons(endpoint.port),
			.sin_addr.s_addr = htonl(ip_addr_to_v4(endpoint.addr)),
		};
		return 0;
	}
	ret->len = sizeof(ret->v6);
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(endpoint.port);
	put_addr6(endpoint.addr, &ret->v6.sin6_addr);
	return 0;
}

struct endpoint live_addr_endpoint(const struct live_addr *addr)
{
	if (addr->any.sa_family == AF_INET6)
		return (struct endpoint){ get_addr6(&addr->v6.sin6_addr),
					  ntohs(addr->v6.sin6_port) };
	return (struct endpoint){
		.addr = ip_addr_v4(ntohl(addr->v4.sin_addr.s_addr)),
		.port = ntohs(addr->v4.sin_port),
	};
}
