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

static int open_descriptor(const struct live_host *host, enum sock_kind kind, bool ipv6)
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
		protocol = ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		break;
	case SOCK_TCP:
	case SOCK_TCP_LISTEN:
		type |= SOCK_STREAM;
		break;
	case SOCK_BARE:
		netns_return(host->live->home);
		return -EOPNOTSUPP;
	}
	fd = socket(ipv6 ? AF_INET6 : AF_INET, type, protocol);
	err = fd < 0 ? -errno : 0;
	netns_return(host->live->home);
	return err ? err : fd;
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static int allow_fragments(const struct live_sock *self, bool allow)
{
	int err = set(self->watch.fd, IPPROTO_IP, IP_MTU_DISCOVER,
		      allow ? IP_PMTUDISC_DONT : IP_PMTUDISC_DO);

	if (err || !self->ipv6)
		return err;
	return set(self->watch.fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
		   allow ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_DO);
}

static bool is_tcp(enum sock_kind kind)
{
	return kind == SOCK_TCP || kind == SOCK_TCP_LISTEN;
}

static int set_ttl4(int fd, uint8_t ttl, bool multicast)
{
	int err = set(fd, IPPROTO_IP, IP_TTL, ttl);

	return err || !multicast ? err : set(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl);
}

/* A socket of IPv6 that speaks IPv4, too, has both; one of TCP's has nothing to do with groups. */
static int set_ttl(const struct live_sock *self, uint8_t ttl)
{
	int fd = self->watch.fd;
	bool multicast = !is_tcp(self->sock.kind);
	int err;

	if (!self->ipv6)
		return set_ttl4(fd, ttl, multicast);
	err = set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
	if (!err && multicast)
		err = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl);
	return err || self->sock.kind == SOCK_PING ? err : set_ttl4(fd, ttl, multicast);
}

static int set_options(const struct live_sock *self, const struct sock_spec *spec)
{
	int fd = self->watch.fd;
	int err = spec->ttl ? set_ttl(self, spec->ttl) : 0;

	/* "::" is both families (RFC 3493, 5.3). */
	if (!err && self->ipv6 && spec->kind != SOCK_PING)
		err = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (!err && self->ipv6 && spec->kind == SOCK_UDP)
		err = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, HOST_INDEX);
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
	struct live_addr addr = { .len = sizeof(addr.v6) };
	uint16_t identifier = self->sock.local.port;

	if (!getsockname(self->watch.fd, &addr.any, &addr.len))
		self->sock.local = live_addr_endpoint(&addr);
	if (self->sock.kind == SOCK_PING)
		self->sock.local.port = identifier;
	addr.len = sizeof(addr.v6);
	if (self->sock.kind == SOCK_TCP && !getpeername(self->watch.fd, &addr.any, &addr.len))
		self->sock.remote = live_addr_endpoint(&addr);
}

static int bind_to(struct live_sock *self, const struct sock_spec *spec)
{
	struct endpoint local = self->sock.local;
	struct live_addr addr;
	int err = 0;

	if (spec->kind == SOCK_PING) {
		err = live_ping_bind(self);
		local.port = 0;
	}
	if (!err)
		err = live_addr_of(self->ipv6, local, &addr);
	if (err)
		return err;
	if (spec->kind != SOCK_UDP && !local.port && ip_addr_is_unset(local.addr))
		return 0;
	return bind(self->watch.fd, &addr.any, addr.len) ? -errno : 0;
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
	struct endpoint remote = spec->remote;
	struct live_addr addr;
	int err;

	if (spec->kind == SOCK_PING)
		remote.port = 0;
	err = live_addr_of(self->ipv6, remote, &addr);
	/* Only who is connected learns of ICMP errors, soft ones as well. */
	if (!err && spec->kind != SOCK_TCP)
		err = self->ipv6 ? set(self->watch.fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
				 : set(self->watch.fd, IPPROTO_IP, IP_RECVERR, 1);
	if (err)
		return err;
	if (!connect(self->watch.fd, &addr.any, addr.len))
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	return await_connection(self, spec->deadline ? spec->deadline : NEVER);
}

static int begin(struct live_sock *self, const struct sock_spec *spec)
{
	int err = set_options(self, spec);

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
	struct ip_addr local = host_local_for(host, spec);
	bool ipv6 = !ip_addr_is_v4(local);
	int fd = open_descriptor(live_host_of(host), spec->kind, ipv6);
	struct live_sock *self;
	int err;

	if (fd < 0)
		return fd;
	self = make(host, spec->kind, fd);
	if (!self) {
		close(fd);
		return -ENOMEM;
	}
	self->ipv6 = ipv6;
	self->sock.local = (struct endpoint){ local, spec->local.port };
	self->sock.remote = spec->remote;
	if (spec->opening)
		*spec->opening = &self->sock;
	err = begin(self, spec);
	/* Who gave it up has closed it. */
	if (err == -ECANCELED)
		return err;
	if (spec->opening)
		*spec->opening = NULL;
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

static int join6(int fd, const struct live_addr *group)
{
	struct ipv6_mreq request = {
		.ipv6mr_multiaddr = group->v6.sin6_addr,
		.ipv6mr_interface = HOST_INDEX,
	};

	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request)) ? -errno
											: 0;
}

static int join4(int fd, const struct live_addr *group)
{
	struct ip_mreqn request = {
		.imr_multiaddr = group->v4.sin_addr,
		.imr_ifindex = HOST_INDEX,
	};

	return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) ? -errno
											: 0;
}

static int join(const struct live_sock *self, struct ip_addr group)
{
	bool ipv6 = !ip_addr_is_v4(group);
	struct live_addr addr;

	if (ipv6 && !self->ipv6)
		return -EINVAL;
	live_addr_of(ipv6, (struct endpoint){ group, 0 }, &addr);
	return ipv6 ? join6(self->watch.fd, &addr) : join4(self->watch.fd, &addr);
}

int live_sock_control(struct sock *sock, enum sock_option option, const void *value)
{
	const struct live_sock *self = live_sock_of(sock);

	switch (option) {
	case SOCK_OPTION_TTL:
		return set_ttl(self, *(const uint8_t *)value);
	case SOCK_OPTION_JOIN:
		return join(self, *(const struct ip_addr *)value);
	case SOCK_OPTION_FRAGMENTS:
		return allow_fragments(self, *(const bool *)value);
	case SOCK_OPTION_SHUTDOWN:
		return shutdown(self->watch.fd, SHUT_WR) ? -errno : 0;
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
