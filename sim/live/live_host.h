/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that is a network namespace, and its sockets that are the kernel's. */
#ifndef KNOTHOLE_LIVE_LIVE_HOST_H
#define KNOTHOLE_LIVE_LIVE_HOST_H

#include "../host.h"
#include "box.h"

enum { HOST_INDEX = 2 }; /* of eth0 */

struct live_sock;

struct live_host {
	struct host host;
	struct live *live;
	int ns;
	bool furnished; /* home.c has made its folder */
	bool runs; /* eth0 has been seen to (running.h) */
	struct live_sock *pings; /* the open ones, whose identifiers must differ */
};

static inline struct live_host *live_host_of(struct host *host)
{
	return (struct live_host *)(void *)host; /* host is its first member */
}

/* host_ops, but for free. */
int live_sock_open(struct host *host, const struct sock_spec *spec, struct sock **ret);
int live_sock_send(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
		   uint64_t deadline);
long live_sock_recv(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
		    uint64_t deadline);
int live_sock_accept(struct sock *listener, uint64_t deadline, struct sock **ret);
int live_sock_control(struct sock *sock, enum sock_option option, const void *value);
void live_sock_close(struct sock *sock);

#endif
