/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending and receiving on kernel sockets: first try, then wait. */
#include <errno.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sockets.h"

/* Take one entry off the socket's error queue; false where it is empty.  *ret_err is -errno,
 * or 0 for an error about somebody else's echo request. */
static bool take_queued_error(struct live_sock *self, int *ret_err)
{
	uint8_t quoted[64];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct sock_extended_err) +
					 sizeof(struct sockaddr_in6))];
	} control;
	struct iovec vector = { quoted, sizeof(quoted) };
	struct msghdr msg = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	long n = recvmsg(self->watch.fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
	struct sock_extended_err error = { 0 };

	if (n < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			memcpy(&error, CMSG_DATA(c), sizeof(error));
	*ret_err = -(int)error.ee_errno;
	if (self->sock.kind == SOCK_PING && !live_ping_quoted(self, quoted, (size_t)n))
		*ret_err = 0;
	return true;
}

/* Empty the error queue, which would otherwise keep the socket ready.  The first error that is
 * ours; where the queue held nothing of the kind, @err. */
static int drain_errors(struct live_sock *self, int err)
{
	bool any = false;
	int first = 0;
	int one = 0;

	if (self->sock.kind != SOCK_UDP && self->sock.kind != SOCK_PING)
		return err;
	while (take_queued_error(self, &one)) {
		any = true;
		if (!first)
			first = one;
	}
	return any ? first : err;
}

/* One try.  -EAGAIN: nothing there. */
static long receive(struct live_sock *self, struct live_addr *from, void *bytes, size_t room)
{
	long n;

	from->len = sizeof(from->v6);
	n = recvfrom(self->watch.fd, bytes, room, MSG_DONTWAIT, &from->any, &from->len);

	return n < 0 ? -errno : n;
}

static long receive_ping(struct live_sock *self, struct live_addr *from, void *bytes, size_t room)
{
	uint8_t packet[PING_ROOM];
	const uint8_t *payload;
	size_t len = 0;
	long n = receive(self, from, packet, sizeof(packet));

	if (n < 0)
		return n;
	payload = live_ping_unwrap(self, packet, (size_t)n, &len);
	if (!payload)
		return -EINTR; /* not ours: again */
	len = len < room ? len : room;
	if (len)
		memcpy(bytes, payload, len);
	return (long)len;
}

static long try_receive(struct live_sock *self, struct endpoint *from, void *bytes, size_t room)
{
	struct live_addr addr = { 0 };
	long n;

	if (self->error) {
		n = self->error;
		self->error = 0;
		return n;
	}
	n = self->sock.kind == SOCK_PING ? receive_ping(self, &addr, bytes, room)
					 : receive(self, &addr, bytes, room);
	if (n < 0 || !from)
		return n;
	*from = self->sock.kind == SOCK_TCP ? self->sock.remote : live_addr_endpoint(&addr);
	if (self->sock.kind == SOCK_PING)
		from->port = self->sock.local.port;
	return n;
}

long live_sock_recv(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
		    uint64_t deadline)
{
	struct live_sock *self = live_sock_of(sock);

	for (;;) {
		long n = try_receive(self, from, bytes, room);
		int err;

		if (n >= 0)
			return n;
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN) {
			err = live_sock_wait(self, EPOLLIN, deadline);
			if (err)
				return err;
			/* What woke us may be an error alone, which recvfrom() reports. */
			continue;
		}
		err = drain_errors(self, (int)n);
		if (err)
			return err;
	}
}

/* All of a stream's bytes, or as much of a datagram as the kernel takes: all or nothing. */
static int push(struct live_sock *self, const struct live_addr *to, const uint8_t *bytes,
		size_t len, uint64_t deadline)
{
	bool retried = false;

	for (;;) {
		long n = sendto(self->watch.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL,
				to ? &to->any : NULL, to ? to->len : 0);
		int err = n < 0 ? -errno : 0;

		if (!err && (self->sock.kind != SOCK_TCP || (size_t)n == len))
			return 0;
		if (!err) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (err == -EAGAIN) {
			err = live_sock_wait(self, EPOLLOUT, deadline);
			if (err)
				return err;
			continue;
		}
		if (err == -EINTR)
			continue;
		if (self->sock.kind == SOCK_TCP || retried)
			return err;
		/* An ICMP error about an earlier datagram stops this one.  It is the receiver's to
		 * learn of; this one has its own chance. */
		retried = true;
		self->error = drain_errors(self, 0);
		if (!self->error)
			return err;
	}
}

int live_sock_send(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
		   uint64_t deadline)
{
	struct live_sock *self = live_sock_of(sock);
	bool is_ping = sock->kind == SOCK_PING;
	bool to_given = to && (is_ping || sock->kind == SOCK_UDP);
	struct live_addr addr;
	uint8_t packet[PING_ROOM];
	long n = 0;

	if (to_given)
		n = live_addr_of(self->ipv6, (struct endpoint){ to->addr, is_ping ? 0 : to->port },
				 &addr);
	if (!n && is_ping)
		n = live_ping_wrap(self, bytes, len, packet, sizeof(packet));
	if (n < 0)
		return (int)n;
	return push(self, to_given ? &addr : NULL, is_ping ? packet : bytes,
		    is_ping ? (size_t)n : len, deadline);
}
