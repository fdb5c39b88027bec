/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sockets.h"

#include <errno.h>

#include "../arena.h"
#include "bind.h"
#include "connection.h"
#include "datagram.h"
#include "stack.h"

enum { GROUPS_MAX = 20 }; /* as Linux's igmp_max_memberships */

struct virtual_sock *virtual_sock_new(struct virtual_host *host, enum sock_kind kind)
{
	struct virtual_sock *self = arena_take(loop_arena(host->host.loop), sizeof(*self));

	if (!self)
		return NULL;
	self->sock.host = &host->host;
	self->sock.kind = kind;
	packet_queue_init(&self->received);
	self->next = host->socks;
	self->link = &host->socks;
	if (self->next)
		self->next->link = &self->next;
	host->socks = self;
	return self;
}

void virtual_sock_free(struct virtual_sock *self)
{
	struct virtual_host *host = virtual_host_of(self->sock.host);
	struct arena *arena = loop_arena(host->host.loop);

	sock_unbind(host, self);
	if (host->bare == self)
		host->bare = NULL;
	bell_break(&self->readable);
	bell_break(&self->writable);
	packet_queue_clear(&self->received);
	while (self->groups) {
		struct membership *next = self->groups->next;

		arena_give(arena, self->groups, sizeof(*self->groups));
		self->groups = next;
	}
	*self->link = self->next;
	if (self->next)
		self->next->link = self->link;
	arena_give(arena, self, sizeof(*self));
}

/* From now on @self hears its remote end only, at the address that leads there. */
static int connect_datagrams(struct virtual_host *host, struct virtual_sock *self)
{
	struct ip_addr to = self->sock.remote.addr;

	if (ip_scope(host, to) == IP_BROADCAST && !self->broadcast)
		return -EACCES;
	if (ip_addr_is_v4(self->sock.local.addr) && !ip_addr_is_v4(to))
		return -ENETUNREACH;
	if (ip_addr_is_unset(self->sock.local.addr))
		self->sock.local.addr = ip_source_for(host, to);
	if (ip_addr_is_unset(self->sock.local.addr))
		return -ENETUNREACH;
	self->connected = true;
	return 0;
}

static int take_over(struct virtual_host *host, struct virtual_sock *self)
{
	if (host->bare)
		return -EADDRINUSE;
	host->bare = self;
	return 0;
}

static int begin(struct virtual_host *host, struct virtual_sock *self, uint64_t deadline)
{
	int err;

	if (self->sock.kind == SOCK_BARE)
		return take_over(host, self);
	/* "This host", as Linux reads it. */
	if (self->sock.kind == SOCK_TCP && ip_addr_is_unset(self->sock.remote.addr))
		self->sock.remote.addr = ip_loopback();
	err = sock_bind(host, self);
	if (err)
		return err;
	switch (self->sock.kind) {
	case SOCK_TCP:
		return connection_open(self, deadline ? deadline : NEVER);
	case SOCK_TCP_LISTEN:
		return connection_listen(self);
	case SOCK_UDP:
	case SOCK_PING:
	case SOCK_BARE:
		break;
	}
	return ip_addr_is_unset(self->sock.remote.addr) ? 0 : connect_datagrams(host, self);
}

int virtual_sock_open(struct host *host, const struct sock_spec *spec, struct sock **ret)
{
	struct virtual_sock *self = virtual_sock_new(virtual_host_of(host), spec->kind);
	int err;

	if (!self)
		return -ENOMEM;
	self->sock.local = spec->local;
	self->sock.local.addr = host_local_for(host, spec);
	self->sock.remote = spec->remote;
	self->ttl = spec->ttl;
	self->share = spec->share;
	self->broadcast = spec->broadcast;
	if (spec->opening)
		*spec->opening = &self->sock;
	err = begin(virtual_host_of(host), self, spec->deadline);
	/* Who gave it up has closed it. */
	if (err == -ECANCELED)
		return err;
	if (spec->opening)
		*spec->opening = NULL;
	if (err) {
		virtual_sock_close(&self->sock);
		return err;
	}
	*ret = &self->sock;
	return 0;
}

static bool is_stream(const struct sock *sock)
{
	return sock->kind == SOCK_TCP || sock->kind == SOCK_TCP_LISTEN;
}

int virtual_sock_send(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
		      uint64_t deadline)
{
	if (is_stream(sock))
		return connection_send(virtual_sock_of(sock), bytes, len, deadline);
	return datagram_send(virtual_sock_of(sock), to, bytes, len);
}

long virtual_sock_recv(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
		       uint64_t deadline)
{
	if (!is_stream(sock))
		return datagram_recv(virtual_sock_of(sock), from, bytes, room, deadline);
	if (from)
		*from = sock->remote;
	return connection_recv(virtual_sock_of(sock), bytes, room, deadline);
}

int virtual_sock_accept(struct sock *listener, uint64_t deadline, struct sock **ret)
{
	return connection_accept(virtual_sock_of(listener), deadline, ret);
}

static int join(struct virtual_sock *self, struct ip_addr group)
{
	struct membership *membership;
	int n = 0;

	if (!ip_addr_is_multicast(group) || is_stream(&self->sock))
		return -EINVAL;
	for (const struct membership *m = self->groups; m; m = m->next, n++)
		if (ip_addr_equal(m->group, group))
			return -EADDRINUSE;
	if (n == GROUPS_MAX)
		return -ENOBUFS;
	membership = arena_take(loop_arena(self->sock.host->loop), sizeof(*membership));
	if (!membership)
		return -ENOMEM;
	*membership = (struct membership){ self->groups, group };
	self->groups = membership;
	return 0;
}

int virtual_sock_control(struct sock *sock, enum sock_option option, const void *value)
{
	struct virtual_sock *self = virtual_sock_of(sock);

	switch (option) {
	case SOCK_OPTION_TTL:
		if (!*(const uint8_t *)value)
			return -EINVAL;
		self->ttl = *(const uint8_t *)value;
		return 0;
	case SOCK_OPTION_JOIN:
		return join(self, *(const struct ip_addr *)value);
	case SOCK_OPTION_FRAGMENTS:
		self->cut = *(const bool *)value ? IP_CUT_ANYWHERE : IP_CUT_NOWHERE;
		return 0;
	case SOCK_OPTION_SHUTDOWN:
		return connection_shutdown(self);
	}
	return -EINVAL;
}

void virtual_sock_close(struct sock *sock)
{
	struct virtual_sock *self = virtual_sock_of(sock);

	connection_leave(self);
	virtual_sock_free(self);
}
