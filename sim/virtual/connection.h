/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections of a virtual host: tcp.h's machine between the sockets that use it and IP that
 * carries it; listening; segments that are for nobody.  A connection may outlive its socket, for
 * what is still to be sent and for TIME-WAIT.
 */
#ifndef KNOTHOLE_VIRTUAL_CONNECTION_H
#define KNOTHOLE_VIRTUAL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../host.h"
#include "../port.h"

struct icmp_meaning;
struct virtual_host;
struct virtual_sock;

/* Linux's net.core.somaxconn. */
enum { BACKLOG_MAX = 4096 };

/* Take a TCP packet for this host. */
void connection_receive(struct virtual_host *host, struct buffer *buffer,
			const struct packet_info *info);

/* An ICMP error quotes a segment of one of the host's connections, or of none. */
void connection_fail(struct virtual_host *host, const struct packet_info *quoted,
		     const struct icmp_meaning *meaning);

/* Does a connection that was opened from @port of @addr keep others from it? */
bool connection_holds(const struct virtual_host *host, uint16_t port, struct ip_addr addr,
		      bool share);

/* Connect @sock, which is bound, to its remote end: 0, or sock_open()'s. */
int connection_open(struct virtual_sock *sock, uint64_t deadline);
int connection_listen(struct virtual_sock *sock);
int connection_accept(struct virtual_sock *listener, uint64_t deadline, struct sock **ret);
int connection_send(struct virtual_sock *sock, const void *bytes, size_t len, uint64_t deadline);
long connection_recv(struct virtual_sock *sock, void *bytes, size_t room, uint64_t deadline);
int connection_shutdown(struct virtual_sock *sock);

/* @sock is about to be freed: its connection goes on alone to its end; of a listener, those that
 * nobody has accepted are reset.  Other kinds of sockets are fine. */
void connection_leave(struct virtual_sock *sock);

/* Free all, sending nothing. */
void connection_clear(struct virtual_host *host);

#endif
