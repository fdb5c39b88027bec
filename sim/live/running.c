/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  One netlink socket first joins the group that is told of links and then asks
 * how this one is: whatever changes after the answer is heard.  Answer and news are messages of the
 * same kind, and read alike.
 */
#include "running.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "../bell.h"
#include "netns.h"

struct running {
	struct watch watch;
	struct bell changed;
	int index;
	bool runs;
	bool lost; /* news were dropped: ask again */
	int err;
};

static void hear(struct running *self, struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct nlmsgerr *error = NLMSG_DATA(message);

	if (message->nlmsg_type == NLMSG_ERROR && error->error)
		self->err = error->error;
	else if (message->nlmsg_type == RTM_NEWLINK && link->ifi_index == self->index)
		self->runs = link->ifi_flags & IFF_RUNNING;
}

static void readable(struct watch *watch, uint32_t events)
{
	struct running *self =
		(struct running *)(void *)((char *)watch - offsetof(struct running, watch));
	uint8_t bytes[8192];
	long n;

	(void)events;
	while ((n = recv(watch->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)bytes;

		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			hear(self, h);
	}
	if (n < 0 && errno == ENOBUFS)
		self->lost = true;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		self->err = -errno;
	bell_ring(&self->changed);
}

/* A socket of the namespace @ns that hears of links. */
static int open_there(struct live *live, int ns, struct nl_sock **ret)
{
	int err = netns_enter(ns);

	if (err)
		return err;
	err = netlink_open(ret);
	netns_return(live->home);
	if (err)
		return err;
	if (!nl_socket_add_memberships(*ret, RTNLGRP_LINK, RTNLGRP_NONE))
		return 0;
	netlink_close(*ret);
	return -EPERM;
}

static int ask(struct nl_sock *sock, int index)
{
	struct ifinfomsg link = { .ifi_index = index };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_REQUEST);
	int err = -ENOMEM;

	if (msg && !nlmsg_append(msg, &link, sizeof(link), NLMSG_ALIGNTO))
		err = send(nl_socket_get_fd(sock), nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, 0) < 0
			      ? -errno
			      : 0;
	nlmsg_free(msg);
	return err;
}

static int listen_for(struct running *self, struct live *live, struct nl_sock *sock,
		      uint64_t deadline)
{
	int err = loop_watch(live->loop, &self->watch);

	if (err)
		return err;
	err = ask(sock, self->index);
	while (!err && !self->runs) {
		err = bell_wait(&self->changed, deadline);
		if (!err)
			err = self->err;
		if (!err && self->lost) {
			self->lost = false;
			err = ask(sock, self->index);
		}
	}
	loop_unwatch(live->loop, &self->watch);
	return err;
}

int running_wait(struct live *live, int ns, int index, uint64_t deadline)
{
	struct running self = { .watch = { .wants = EPOLLIN, .ready = readable }, .index = index };
	struct nl_sock *sock;
	int err = open_there(live, ns, &sock);

	if (err)
		return err;
	self.watch.fd = nl_socket_get_fd(sock);
	err = listen_for(&self, live, sock, deadline);
	netlink_close(sock);
	return err;
}
