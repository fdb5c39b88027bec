/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams: UDP (RFC 768, RFC 1122 4.1), and the queue that echo replies share with it.  Which
 * socket a datagram is for is decided here; opening and binding sockets is sockets.h's.
 */
#ifndef KNOTHOLE_VIRTUAL_DATAGRAM_H
#define KNOTHOLE_VIRTUAL_DATAGRAM_H

#include <stddef.h>

#include "../host.h"
#include "ip.h"

struct virtual_sock;

/* As much as Linux keeps for a socket by default, counted as it does: with what each datagram
 * costs beside its bytes. */
enum { DATAGRAM_QUEUE_BYTES = 212992, DATAGRAM_COST = 576 };

/* Take a UDP packet, checksum checked, for an address of @scope. */
void datagram_receive(struct virtual_host *host, struct buffer *buffer,
		      const struct packet_info *info, enum ip_scope scope);

/* The UDP socket that hears @remote at @local (one host's addresses); NULL where none does. */
struct virtual_sock *datagram_find(const struct virtual_host *host, const struct endpoint *local,
				   const struct endpoint *remote);

/* Queue @buffer, taking it, for @sock's receiver; where the queue is full it is lost. */
void datagram_queue(struct virtual_sock *sock, struct buffer *buffer);

/* Let @sock's receiver know of an ICMP error, -errno; the first one counts. */
void datagram_fail(struct virtual_sock *sock, int err);

/* sock_send() and sock_recv() of UDP and PING sockets. */
int datagram_send(struct virtual_sock *sock, const struct endpoint *to, const void *bytes,
		  size_t len);
long datagram_recv(struct virtual_sock *sock, struct endpoint *from, void *bytes, size_t room,
		   uint64_t deadline);

#endif
