/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening, binding and closing a virtual host's sockets: host_ops, but for free. */
#ifndef KNOTHOLE_VIRTUAL_SOCKETS_H
#define KNOTHOLE_VIRTUAL_SOCKETS_H

#include "../host.h"

struct virtual_host;
struct virtual_sock;

int virtual_sock_open(struct host *host, const struct sock_spec *spec, struct sock **ret);
int virtual_sock_send(struct sock *sock, const struct endpoint *to, const void *bytes, size_t len,
		      uint64_t deadline);
long virtual_sock_recv(struct sock *sock, struct endpoint *from, void *bytes, size_t room,
		       uint64_t deadline);
int virtual_sock_accept(struct sock *listener, uint64_t deadline, struct sock **ret);
int virtual_sock_control(struct sock *sock, enum sock_option option, const void *value);
void virtual_sock_close(struct sock *sock);

/* A socket of @host, unbound; NULL without memory. */
struct virtual_sock *virtual_sock_new(struct virtual_host *host, enum sock_kind kind);

/* Free @sock, waking whoever waits on it with -ECANCELED.  Its TCP connections are not touched. */
void virtual_sock_free(struct virtual_sock *sock);

#endif
