/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  One AF_PACKET socket serves all edges of a world; the interface's
 * index in each message's address says whose it is.  (Closing a packet socket waits for an RCU
 * grace period, some ten milliseconds: one for each edge would hold up the end of every world.)
 *
 * Frames go through it in batches: the socket is read until it is empty or READ_ROUNDS batches
 * have come, and what the fabric sends meanwhile is gathered and written in one call when a
 * batch is full or the loop is about to sleep.  A virtio-net header before each frame carries
 * what the kernel left to do, so that its super-packets of up to 64 KiB cross the fabric whole.
 * The packets of a batch go on one by one, but all are announced before the first goes (port_expect()).
 *
 * A veth takes a frame at once or loses it, so the socket's send buffer seldom fills.  Where it
 * does, frames wait in order until it is writable again, QUEUE of them at most.
 */
#include "edge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../nat-models/header_fields.h"
#include "arp.h"
#include "frame.h"
#include "packet_socket.h"

enum {
	BATCH = 64,
	READ_ROUNDS = 4,
	QUEUE = 1024,
	COPY_BELOW = BUFFER_SMALL - BUFFER_HEADROOM,
};

/* The fabric's ends of the veths have addresses of their own, not this one: so frames to it
 * are another host's in the eyes of the fabric's kernel, which then leaves them alone. */
const uint8_t edge_fabric_mac[MAC_LEN] = { 0x02, 0, 0, 0, 0, 1 };

struct edge {
	struct port port;
	struct edges *edges;
	int index;
	uint8_t mac[MAC_LEN];
	struct ip_addr *own;
	size_t own_len;
	struct ip_addr broadcast;
	struct edge_stats stats;
};

/* A frame with its prefix and its address, where recvmmsg and sendmmsg find them. */
struct slot {
	uint8_t prefix[FRAME_PREFIX];
	struct sockaddr_ll addr;
	struct buffer *buffer;
	struct edge *edge; /* of those that go out */
};

struct edges {
	struct loop *loop;
	struct pool *pool;
	struct watch watch;
	struct idler idler;
	struct edge **by_index;
	size_t by_index_len;
	struct slot in[BATCH];
	struct slot out[QUEUE]; /* a ring: out_len of them from out_head */
	size_t out_head;
	size_t out_len;
	bool blocked; /* until the socket is writable */
	uint64_t bursts; /* that were read */
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH][2];
};

static void set_message(struct edges *edges, unsigned int i, struct slot *slot, size_t len)
{
	edges->vectors[i][0] = (struct iovec){ slot->prefix, FRAME_PREFIX };
	edges->vectors[i][1] = (struct iovec){ slot->buffer->packet.data, len };
	edges->messages[i] = (struct mmsghdr){
		.msg_hdr = {
			.msg_name = &slot->addr,
			.msg_namelen = sizeof(slot->addr),
			.msg_iov = edges->vectors[i],
			.msg_iovlen = 2,
		},
	};
}

/* Out: from the fabric to a kernel */

/* Drop the first @n of the queue. */
static void dequeue(struct edges *edges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buffer_free(edges->out[(edges->out_head + i) % QUEUE].buffer);
	edges->out_head = (edges->out_head + n) % QUEUE;
	edges->out_len -= n;
}

static void block(struct edges *edges)
{
	edges->blocked = true;
	edges->watch.wants = EPOLLIN | EPOLLOUT;
	loop_watch(edges->loop, &edges->watch);
}

/* Write one batch. False where the socket takes no more for now. */
static bool write_batch(struct edges *edges)
{
	unsigned int n = edges->out_len < BATCH ? (unsigned int)edges->out_len : BATCH;
	struct slot *first = &edges->out[edges->out_head];
	int sent;

	for (unsigned int i = 0; i < n; i++) {
		struct slot *slot = &edges->out[(edges->out_head + i) % QUEUE];

		set_message(edges, i, slot, slot->buffer->packet.len);
	}
	sent = sendmmsg(edges->watch.fd, edges->messages, n, MSG_DONTWAIT);
	if (sent < 0) {
		if (errno == EAGAIN)
			return false;
		/* About the first one: the veth's other end is down, its queue is full. */
		first->edge->stats.refused++;
		sent = 1;
	}
	dequeue(edges, (size_t)sent);
	return true;
}

static void flush(struct edges *edges)
{
	while (edges->out_len && !edges->blocked)
		if (!write_batch(edges))
			block(edges);
}

/* Queue @buffer, taking it, as a frame of @type to @mac. */
static void enqueue(struct edge *edge, struct buffer *buffer, uint16_t type,
		    const uint8_t mac[MAC_LEN])
{
	struct edges *edges = edge->edges;
	struct slot *slot = &edges->out[(edges->out_head + edges->out_len) % QUEUE];

	if (edges->out_len == QUEUE) {
		edge->stats.queue_full++;
		buffer_free(buffer);
		return;
	}
	frame_wrap(&buffer->packet, type, mac, edge_fabric_mac, slot->prefix);
	slot->addr = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(type),
		.sll_ifindex = edge->index,
	};
	slot->buffer = buffer;
	slot->edge = edge;
	edge->stats.sent++;
	edges->out_len++;
	if (edges->out_len % BATCH == 0)
		flush(edges);
}

static void pick_mac4(const struct edge *edge, const uint8_t *to, uint8_t ret[MAC_LEN])
{
	uint32_t v4 = get_be32(to);

	if (v4 >> 28 == 0xe)
		frame_multicast_mac(v4, ret);
	else if (v4 == 0xffffffff || ip_addr_equal(edge->broadcast, ip_addr_v4(v4)))
		memset(ret, 0xff, MAC_LEN);
	else
		memcpy(ret, edge->mac, MAC_LEN);
}

static void pick_mac6(const struct edge *edge, const uint8_t *to, uint8_t ret[MAC_LEN])
{
	if (to[0] == 0xff)
		frame_multicast_mac6(to, ret);
	else
		memcpy(ret, edge->mac, MAC_LEN);
}

/* A kernel's ICMP error quotes the packet as it lies in memory: a checksum that was left undone
 * would be quoted undone, and look wrong to whoever reads it.  (TCP is not answered so, and is
 * what offloading is for.) */
static void finish_quotable(struct packet *pkt)
{
	uint8_t protocol = pkt->data[pkt->data[0] >> 4 == 4 ? IP4_PROTOCOL : IP6_NEXT];

	if (pkt->offload.needs_checksum && !pkt->offload.gso_type && protocol == IP_PROTO_UDP)
		packet_finish_checksums(pkt);
}

/* The EtherType of @pkt; 0 where it is no IP. */
static uint16_t type_of(const struct packet *pkt)
{
	if (pkt->len >= IP4_HEADER && pkt->data[0] >> 4 == 4)
		return ETH_P_IP;
	return pkt->len >= IP6_HEADER && pkt->data[0] >> 4 == 6 ? ETH_P_IPV6 : 0;
}

static void from_link(struct port *port, struct buffer *buffer)
{
	struct edge *edge = port->node;
	uint16_t type = type_of(&buffer->packet);
	uint8_t mac[MAC_LEN];

	if (!type) {
		edge->stats.refused++;
		buffer_free(buffer);
		return;
	}
	finish_quotable(&buffer->packet);
	if (type == ETH_P_IP)
		pick_mac4(edge, buffer->packet.data + IP4_DST, mac);
	else
		pick_mac6(edge, buffer->packet.data + IP6_DST, mac);
	enqueue(edge, buffer, type, mac);
}

static void idle(struct idler *idler)
{
	flush((struct edges *)((char *)idler - offsetof(struct edges, idler)));
}

/* In: from a kernel to the fabric */

/* Have each slot of the batch own a large buffer.  How many do. */
static unsigned int fill_slots(struct edges *edges)
{
	for (unsigned int i = 0; i < BATCH; i++) {
		struct slot *slot = &edges->in[i];

		if (!slot->buffer)
			slot->buffer = buffer_new(edges->pool, BUFFER_LARGE - BUFFER_HEADROOM);
		if (!slot->buffer)
			return i;
		set_message(edges, i, slot, slot->buffer->packet.room);
	}
	return BATCH;
}

/* A ring of 64 KiB buffers is no place for small packets to wait in: they move out. */
static struct buffer *take_packet(struct edges *edges, struct slot *slot, uint32_t len)
{
	struct buffer *buffer = slot->buffer;

	if (len > COPY_BELOW) {
		slot->buffer = NULL;
	} else {
		buffer = buffer_new(edges->pool, len);
		if (!buffer)
			return NULL;
		memcpy(buffer->packet.data, slot->buffer->packet.data, len);
	}
	buffer->packet.len = len;
	return buffer;
}

static void answer_arp(struct edge *edge, const uint8_t *request, uint32_t len)
{
	struct buffer *buffer;

	if (!arp_wants_answer(request, len, edge->own, edge->own_len))
		return;
	buffer = buffer_new(edge->edges->pool, ARP_LEN);
	if (!buffer)
		return;
	arp_answer(request, edge_fabric_mac, buffer->packet.data);
	buffer->packet.len = ARP_LEN;
	enqueue(edge, buffer, ETH_P_ARP, edge->mac);
}

/* Solicitations and listener reports, which the fabric has no use for. */
static bool is_between_neighbours(const struct slot *slot, uint32_t len)
{
	const struct packet pkt = { .data = slot->buffer->packet.data, .len = len };
	struct packet_info info;

	return packet_parse(&pkt, &info) == PACKET_UNSUPPORTED && packet_is_link_only(&info);
}

/* Whose frame of @len bytes it is; NULL where it is nobody's, or none. */
static struct edge *edge_of(const struct edges *edges, const struct slot *slot, uint32_t len)
{
	struct edge *edge = NULL;

	if ((size_t)slot->addr.sll_ifindex < edges->by_index_len)
		edge = edges->by_index[slot->addr.sll_ifindex];
	return edge && port_is_joined(&edge->port) && len >= FRAME_PREFIX ? edge : NULL;
}

/* The frames that were read together. */
static void announce(struct edges *edges, const uint32_t *len, int n)
{
	edges->bursts++;
	for (int i = 0; i < n; i++) {
		struct slot *slot = &edges->in[i];
		struct edge *edge = edge_of(edges, slot, len[i]);
		uint16_t type = frame_type(slot->prefix);

		if (!edge || (type != ETH_P_IP && type != ETH_P_IPV6))
			continue;
		slot->buffer->packet.len = len[i] - FRAME_PREFIX;
		port_expect(&edge->port, slot->buffer, edges->bursts);
	}
}

static void from_kernel(struct edges *edges, struct slot *slot, uint32_t len)
{
	struct edge *edge = edge_of(edges, slot, len);
	uint16_t type = frame_type(slot->prefix);
	struct buffer *buffer;

	if (!edge)
		return;
	len -= FRAME_PREFIX;
	edge->stats.received++;
	if (type == ETH_P_ARP) {
		answer_arp(edge, slot->buffer->packet.data, len);
	} else if (type == ETH_P_IPV6 ? is_between_neighbours(slot, len) : type != ETH_P_IP) {
		edge->stats.foreign++;
	} else {
		buffer = take_packet(edges, slot, len);
		if (!buffer)
			return;
		frame_read_offload(slot->prefix, &buffer->packet);
		port_send(&edge->port, buffer, NULL);
	}
}

/* True where there may be more. */
static bool read_batch(struct edges *edges)
{
	unsigned int room = fill_slots(edges);
	int n = recvmmsg(edges->watch.fd, edges->messages, room, MSG_DONTWAIT, NULL);
	uint32_t len[BATCH];

	/* The way out uses the messages too: lengths are noted before anything is sent. */
	for (int i = 0; i < n; i++)
		len[i] = edges->messages[i].msg_len;
	if (n > 1)
		announce(edges, len, n);
	for (int i = 0; i < n; i++)
		from_kernel(edges, &edges->in[i], len[i]);
	return n == (int)BATCH;
}

static void ready(struct watch *watch, uint32_t events)
{
	struct edges *edges =
		(struct edges *)(void *)((char *)watch - offsetof(struct edges, watch));

	if (events & EPOLLOUT) {
		edges->blocked = false;
		edges->watch.wants = EPOLLIN;
		loop_watch(edges->loop, &edges->watch);
		flush(edges);
	}
	for (int round = 0; round < READ_ROUNDS; round++)
		if (!read_batch(edges))
			break;
}

/* Making and freeing */

int edges_new(struct loop *loop, struct pool *pool, int fd, struct edges **ret)
{
	struct edges *edges = calloc(1, sizeof(*edges));
	int err = edges ? 0 : -ENOMEM;

	if (fd < 0)
		fd = packet_socket_open();
	if (fd < 0)
		err = fd;
	if (!err)
		err = packet_socket_start(fd);
	if (!err) {
		edges->loop = loop;
		edges->pool = pool;
		edges->idler.idle = idle;
		edges->watch.ready = ready;
		edges->watch.wants = EPOLLIN;
		edges->watch.fd = fd;
		err = loop_watch(loop, &edges->watch);
	}
	if (err) {
		if (fd >= 0)
			close(fd);
		free(edges);
		return err;
	}
	loop_add_idler(loop, &edges->idler);
	*ret = edges;
	return 0;
}

void edges_free(struct edges *edges)
{
	if (!edges)
		return;
	loop_remove_idler(edges->loop, &edges->idler);
	loop_unwatch(edges->loop, &edges->watch);
	close(edges->watch.fd);
	dequeue(edges, edges->out_len);
	for (unsigned int i = 0; i < BATCH; i++)
		if (edges->in[i].buffer)
			buffer_free(edges->in[i].buffer);
	for (size_t i = 0; i < edges->by_index_len; i++) {
		if (edges->by_index[i])
			free(edges->by_index[i]->own);
		free(edges->by_index[i]);
	}
	free(edges->by_index);
	free(edges);
}

static int make_room(struct edges *edges, size_t len)
{
	struct edge **by_index;

	if (len <= edges->by_index_len)
		return 0;
	by_index = realloc(edges->by_index, len * sizeof(struct edge *));
	if (!by_index)
		return -ENOMEM;
	memset(by_index + edges->by_index_len, 0,
	       (len - edges->by_index_len) * sizeof(struct edge *));
	edges->by_index = by_index;
	edges->by_index_len = len;
	return 0;
}

int edges_add(struct edges *edges, const struct edge_spec *spec, struct port **ret_port)
{
	struct edge *edge = calloc(1, sizeof(*edge));
	struct ip_addr *own = calloc(spec->own_len + 1, sizeof(*own));

	if (!edge || !own || make_room(edges, (size_t)spec->index + 1)) {
		free(own);
		free(edge);
		return -ENOMEM;
	}
	edge->port.receive = from_link;
	edge->port.node = edge;
	edge->edges = edges;
	edge->index = spec->index;
	memcpy(edge->mac, spec->mac, MAC_LEN);
	if (spec->own_len)
		memcpy(own, spec->own, spec->own_len * sizeof(*own));
	edge->own = own;
	edge->own_len = spec->own_len;
	edge->broadcast = spec->broadcast;
	edges->by_index[spec->index] = edge;
	*ret_port = &edge->port;
	return 0;
}

struct edge_stats edge_stats(const struct port *port)
{
	const struct edge *edge = port->node;

	return edge->stats;
}
