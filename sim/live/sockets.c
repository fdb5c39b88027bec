/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and closing kernel sockets in a host; sock_io.c sends and receives. */
#include "sockets.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"

static int open_descriptor(const struct live_host *host, enum sock_kind kind)
{
	int type = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int protocol = 0;
	int err = netns_enter(host->ns);
	int fd;

	if (err)
		return err;
	switch (kind) {
	case SOCK_UDP:
		type |= SOCK_DGRAM;
		break;
	case SOCK_PING:
		type |= SOCK_RAW;
		protocol = IPPROTO_ICMP;
		break;
	case SOCK_TCP:
	case SOCK_TCP_LISTEN:
		type |= SOCK_STREAM;
		break;
	}
	fd = socket(AF_INET, type, protocol);
	err = fd < 0 ? -errno : 0;
	netns_return(host->live->home);
	return err ? err : fd;
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static int set_ttl(int fd, uint8_t ttl)
{
	int err = set(fd, IPPROTO_IP, IP_TTL, ttl);

	return err ? err : set(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl);
}

static bool is_tcp(enum sock_kind kind)
{
	return kind == SOCK_TCP || kind == SOCK_TCP_LISTEN;
}

static int set_options(int fd, const struct sock_spec *spec)
{
	int err = 0;

	if (spec->ttl)
		err = set_ttl(fd, spec->ttl);
	/* A listener may start anew while connections of its last life are still in TIME_WAIT. */
	if (!err && (spec->share || spec->kind == SOCK_TCP_LISTEN))
		err = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err && spec->share)
		err = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!err && spec->broadcast)
		err = set(fd, SOL_SOCKET, SO_BROADCAST, 1);
	/* What is written leaves at once, as it does in the virtual world. */
	if (!err && is_tcp(spec->kind))
		err = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return err;
}

/* Fill in what the kernel chose. */
static void read_names(struct live_sock *self)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	uint16_t identifier = self->sock.local.port;

	if (!getsockname(self->watch.fd, (struct sockaddr *)(void *)&addr, &len))
		self->sock.local = endpoint_of(&addr);
	if (self->sock.kind == SOCK_PING)
		self->sock.local.port = identifier;
	len = sizeof(addr);
	if (self->sock.kind == SOCK_TCP &&
	    !getpeername(self->watch.fd, (struct sockaddr *)(void *)&addr, &len))
		self->sock.remote = endpoint_of(&addr);
}

static int bind_to(struct live_sock *self, const struct sock_spec *spec)
{
	struct sockaddr_in addr = sockaddr_of(spec->local);

	if (spec->kind == SOCK_PING) {
		int err = live_ping_bind(self);

		if (err)
			return err;
		addr.sin_port = 0;
	}
	if (spec->kind != SOCK_UDP && !addr.sin_port && !addr.sin_addr.s_addr)
		return 0;
	return bind(self->watch.fd, (struct sockaddr *)(void *)&addr, sizeof(addr)) ? -errno : 0;
}

/* The outcome of a connection that was being made. */
static int await_connection(struct live_sock *self, uint64_t deadline)
{
	socklen_t len = sizeof(int);
	int err = live_sock_wait(self, EPOLLOUT, deadline);
	int outcome = 0;

	if (err)
		return err;
	if (getsockopt(self->watch.fd, SOL_SOCKET, SO_ERROR, &outcome, &len))
		return -errno;
	return -outcome;
}

static int connect_to(struct live_sock *self, const struct sock_spec *spec)
{
	struct sockaddr_in addr = sockaddr_of(spec->remote);

	if (spec->kind == SOCK_PING)
		addr.sin_port = 0;
	/* Only who is connected learns of ICMP errors, soft ones as well. */
	if (spec->kind != SOCK_TCP) {
		int err = set(self->watch.fd, IPPROTO_IP, IP_RECVERR, 1);

		if (err)
			return err;
	}
	if (!connect(self->watch.fd, (struct sockaddr *)(void *)&addr, sizeof(addr)))
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	return await_connection(self, spec->deadline ? spec->deadline : NEVER);
}

static int begin(struct live_sock *self, const struct sock_spec *spec)
{
	int err = set_options(self->watch.fd, spec);

	if (!err)
		err = bind_to(self, spec);
	if (!err && spec->kind == SOCK_TCP_LISTEN)
		err = listen(self->watch.fd, SOMAXCONN) ? -errno : 0;
	else if (!err && (spec->kind == SOCK_TCP || !ip_addr_is_unset(spec->remote.addr)))
		err = connect_to(self, spec);
	return err;
}

static struct live_sock *make(struct host *host, enum sock_kind kind, int fd)
{
	struct live_sock *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->sock.host = host;
	self->sock.kind = kind;
	self->watch.fd = fd;
	self->watch.ready = live_sock_ready;
	return self;
}

int live_sock_open(struct host *host, const struct sock_spec *spec, struct sock **ret)
{
	int fd = open_descriptor(live_host_of(host), spec->kind);
	struct live_sock *self;
	int err;

	if (fd < 0)
		return fd;
	self = make(host, spec->kind, fd);
	if (!self) {
		close(fd);
		return -ENOMEM;
	}
	self->sock.local = spec->local;
	self->sock.remote = spec->remote;
	err = begin(self, spec);
	if (err) {
		live_sock_close(&self->sock);
		return err;
	}
	read_names(self);
	*ret = &self->sock;
	return 0;
}

int live_sock_accept(struct sock *listener, uint64_t deadline, struct sock **ret)
{
	struct live_sock *self = live_sock_of(listener);
	struct live_sock *child;
	int fd;

	while ((fd = accept4(self->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0) {
		int err = -errno;

		/* A connection that died before it was fetched is no answer. */
		if (err == -EINTR || err == -ECONNABORTED)
			continue;
		if (err == -EAGAIN)
			err = live_sock_wait(self, EPOLLIN, deadline);
		if (err)
			return err;
	}
	child = make(listener->host, SOCK_TCP, fd);
	if (!child) {
		close(fd);
		return -ENOMEM;
	}
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	read_names(child);
	*ret = &child->sock;
	return 0;
}

static int join(int fd, struct ip_addr group)
{
	struct ip_mreqn request = {
		.imr_multiaddr.s_addr = sockaddr_of((struct endpoint){ group, 0 }).sin_addr.s_addr,
		.imr_ifindex = HOST_INDEX,
	};

	return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) ? -errno
											: 0;
}

int live_sock_control(struct sock *sock, enum sock_option option, const void *value)
{
	int fd = live_sock_of(sock)->watch.fd;

	switch (option) {
	case SOCK_OPTION_TTL:
		return set_ttl(fd, *(const uint8_t *)value);
	case SOCK_OPTION_JOIN:
		return join(fd, *(const struct ip_addr *)value);
	}
	return -EINVAL;
}

void live_sock_close(struct sock *sock)
{
	struct live_sock *self = live_sock_of(sock);

	if (sock->kind == SOCK_PING)
		live_ping_unbind(self);
	live_sock_unwait(self);
	free(self);
}
