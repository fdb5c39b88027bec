/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of a virtual host share: the host, and its sockets.  Each protocol has a file
 * pair of its own; virtual_host.c makes and ends them all.
 *
 * Nothing here calls back into a sender: what the stack sends waits in `out` until the loop's
 * next turn, HOST_LATENCY_NS later, so that a packet's answer never meets the call that sent
 * the packet, and time moves even where every link is perfect.
 */
#ifndef KNOTHOLE_VIRTUAL_STACK_H
#define KNOTHOLE_VIRTUAL_STACK_H

#include "../bell.h"
#include "../index.h"
#include "../stream.h"
#include "icmp.h"
#include "path_mtu.h"
#include "reassembly.h"
#include "tcp.h"
#include "virtual.h"

#define HOST_LATENCY_NS UINT64_C(1000)

enum { HOST_TTL = 64, MULTICAST_TTL = 1 };

/* Packets in a row, first in first out. */
struct packet_queue {
	struct buffer *first, **end;
};

static inline void packet_queue_init(struct packet_queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static inline void packet_queue_add(struct packet_queue *queue, struct buffer *buffer)
{
	buffer->next = NULL;
	*queue->end = buffer;
	queue->end = &buffer->next;
}

static inline struct buffer *packet_queue_take(struct packet_queue *queue)
{
	struct buffer *buffer = queue->first;

	if (!buffer)
		return NULL;
	queue->first = buffer->next;
	if (!queue->first)
		queue->end = &queue->first;
	buffer->next = NULL;
	return buffer;
}

static inline void packet_queue_clear(struct packet_queue *queue)
{
	struct buffer *buffer;

	while ((buffer = packet_queue_take(queue)))
		buffer_free(buffer);
}

struct virtual_host {
	struct host host;
	struct port port;
	struct pool *pool;
	uint64_t chance; /* the stack's own stream: a probe's numbers stay what they were */
	uint64_t secret; /* which of several shared sockets a stranger meets */
	uint16_t ip_id; /* the next packet's that may be fragmented */
	uint32_t broadcast; /* of the first address's subnet */
	struct packet_queue out;
	struct event output;
	struct virtual_sock *socks;
	struct virtual_sock *bare; /* has the host's place on the wire; NULL = none */
	struct index ports; /* sockets with a port of their own, by that: no TCP connections */
	struct index flows; /* TCP connections, by both endpoints */
	struct index callers; /* those that were opened from here, by local port */
	struct connection *connections;
	struct tcp_config tcp;
	struct path_mtus paths;
	struct reassembly reassembly;
	struct icmp_limit icmp_limit;
	size_t own_len;
	struct ip_addr own[]; /* of both families */
};

static inline struct virtual_host *virtual_host_of(struct host *host)
{
	return (struct virtual_host *)(void *)host; /* host is its first member */
}

/* A multicast group that a socket has joined. */
struct membership {
	struct membership *next;
	struct ip_addr group;
};

struct virtual_sock {
	struct sock sock;
	struct virtual_sock *next, **link; /* of all the host's */
	struct index_entry by_port;
	struct bell readable, writable;
	bool bound; /* stands in host->ports */
	bool connected; /* has a remote end, which alone it hears */
	bool share;
	bool broadcast;
	uint8_t ttl; /* 0 = the default, for each of the two */
	enum ip_cut cut; /* datagrams, on their way */
	uint16_t sequence; /* of the last echo request */
	int error; /* an ICMP error for the next receiver; 0 or -errno */
	struct packet_queue received; /* datagrams */
	uint32_t received_bytes;
	struct membership *groups;
	struct connection *connection; /* TCP's */
	struct backlog *backlog; /* a listener's */
};

static inline struct virtual_sock *virtual_sock_of(struct sock *sock)
{
	return (struct virtual_sock *)(void *)sock; /* sock is its first member */
}

static inline struct virtual_sock *sock_by_port(struct index_entry *entry)
{
	return entry ? (struct virtual_sock *)(void *)((char *)entry -
						       offsetof(struct virtual_sock, by_port))
		     : NULL;
}

/* Go through the sockets that are bound to a port. */
static inline struct virtual_sock *first_on_port(const struct virtual_host *host, uint16_t port)
{
	return sock_by_port(index_first(&host->ports, port));
}

static inline struct virtual_sock *next_on_port(const struct virtual_sock *sock)
{
	return sock_by_port(index_next(&sock->by_port));
}

static inline uint64_t stack_random(struct virtual_host *host)
{
	return stream_next(&host->chance);
}

/* The same for the same two endpoints, all through the life of a world. */
static inline uint32_t stack_hash(const struct virtual_host *host, struct endpoint local,
				  struct endpoint remote)
{
	uint64_t h = host->secret ^ local.addr.hi ^ local.addr.lo;

	h = stream_next(&h) ^ remote.addr.hi ^ remote.addr.lo;
	h = stream_next(&h) ^ ((uint64_t)local.port << 16 | remote.port);
	return (uint32_t)stream_next(&h);
}

static inline uint64_t stack_now(const struct virtual_host *host)
{
	return loop_now(host->host.loop);
}

#endif
