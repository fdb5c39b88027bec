/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ip.h"

#include <errno.h>

#include <string.h>

#include "../../nat-models/header_fields.h"
#include "../gso.h"
#include "../router.h"
#include "connection.h"
#include "datagram.h"
#include "ip6.h"
#include "stack.h"

enum { LOOPBACK_MTU = 65535 };

bool ip_is_loopback(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? ip_addr_to_v4(addr) >> 24 == 127 : ip6_is_loopback(addr);
}

static uint8_t version_of(const struct packet *packet)
{
	return packet->data[0] >> 4;
}

struct ip_addr ip_source(const struct packet *packet)
{
	return version_of(packet) == 4 ? get_addr(packet->data + IP4_SRC, 4)
				       : get_addr(packet->data + IP6_SRC, 6);
}

struct ip_addr ip_destination(const struct packet *packet)
{
	return version_of(packet) == 4 ? get_addr(packet->data + IP4_DST, 4)
				       : get_addr(packet->data + IP6_DST, 6);
}

uint32_t ip_transport_offset(const struct packet *packet)
{
	struct packet_info info;

	if (version_of(packet) == 4)
		return (packet->data[0] & 0xfU) * 4;
	packet_parse(packet, &info);
	return info.transport_offset;
}

/* What is none of a host's own addresses. */
static inline enum ip_scope scope_of_others(const struct virtual_host *host, struct ip_addr addr)
{
	uint32_t v4 = ip_addr_to_v4(addr);

	if (!ip_addr_is_v4(addr))
		return ip_addr_is_multicast(addr) ? IP_MULTICAST
		       : ip6_is_loopback(addr)	  ? IP_OWN
						  : IP_ELSEWHERE;
	if (v4 == host->broadcast || v4 == UINT32_MAX)
		return IP_BROADCAST;
	if (v4 >> 28 == 0xe)
		return IP_MULTICAST;
	return v4 >> 24 == 127 ? IP_OWN : IP_ELSEWHERE;
}

static inline enum ip_scope scope_of(const struct virtual_host *host, struct ip_addr addr)
{
	for (size_t i = 0; i < host->own_len; i++)
		if (ip_addr_equal(addr, host->own[i]))
			return IP_OWN;
	return scope_of_others(host, addr);
}

enum ip_scope ip_scope(const struct virtual_host *host, struct ip_addr addr)
{
	return scope_of(host, addr);
}

struct ip_addr ip_source_for(const struct virtual_host *host, struct ip_addr to)
{
	if (ip_scope(host, to) == IP_OWN)
		return to;
	return ip_addr_is_v4(to) ? host->host.addr : host->host.addr6;
}

static const struct path_mtu *known_path(const struct virtual_host *host, struct ip_addr to)
{
	return path_mtu_find(&host->paths, to, stack_now(host));
}

uint16_t ip_mtu_to(const struct virtual_host *host, struct ip_addr to)
{
	const struct path_mtu *path = known_path(host, to);

	if (ip_scope(host, to) == IP_OWN)
		return LOOPBACK_MTU;
	if (path)
		return path->mtu;
	return port_is_joined(&host->port) ? host->port.mtu : LOOPBACK_MTU;
}

/* Out */

/* Let routers fragment the packet, for which it needs an identification (RFC 6864, 4.1). */
static void allow_fragments(struct virtual_host *host, uint8_t *ip)
{
	put_be16(ip + IP4_ID, host->ip_id++);
	put_be16(ip + IP4_FRAGMENT, get_be16(ip + IP4_FRAGMENT) & (uint16_t)~IP4_DONT_FRAGMENT);
	put_be16(ip + IP4_CHECKSUM, 0);
	put_be16(ip + IP4_CHECKSUM, (uint16_t)~checksum_fold(ip, (ip[0] & 0xfU) * 4, 0));
}

static void queue(struct virtual_host *host, struct buffer *buffer)
{
	bool idle = !host->out.first;

	packet_queue_add(&host->out, buffer);
	if (!idle)
		return;
	if (loop_schedule(host->host.loop, &host->output, stack_now(host) + HOST_LATENCY_NS))
		packet_queue_clear(&host->out); /* without memory there is no sending */
}

/* In fragments of at most @mtu bytes, by @next. */
static struct buffer *cut(struct virtual_host *host, struct buffer *buffer, uint16_t mtu)
{
	/* Unpredictable, and hardly ever met again (RFC 7739). */
	if (version_of(&buffer->packet) == 6)
		return ip6_fragment(buffer, mtu, (uint32_t)stack_random(host));
	allow_fragments(host, buffer->packet.data);
	return router_fragment(buffer, mtu);
}

void ip_send(struct virtual_host *host, struct buffer *buffer)
{
	struct ip_addr to = ip_destination(&buffer->packet);
	const struct path_mtu *path = known_path(host, to);
	struct buffer *next;
	uint16_t mtu;

	/* What fits the wire fits every way that nothing else is known of. */
	if (!path && port_is_joined(&host->port) && buffer->packet.len <= host->port.mtu) {
		queue(host, buffer);
		return;
	}
	mtu = ip_mtu_to(host, to);
	if (buffer->packet.len <= mtu) {
		if (path && path->fragmented)
			allow_fragments(host, buffer->packet.data);
		queue(host, buffer);
		return;
	}
	for (struct buffer *b = cut(host, buffer, mtu); b; b = next) {
		next = b->next;
		queue(host, b);
	}
}

/* It fits the wire, and no way is known to take less. */
static inline bool fits_all_ways(const struct virtual_host *host, const struct buffer *buffer)
{
	return !host->paths.len && port_is_joined(&host->port) &&
	       buffer->packet.len <= host->port.mtu;
}

int ip_send_cut(struct virtual_host *host, struct buffer *buffer, enum ip_scope scope,
		enum ip_cut how)
{
	bool v4;

	buffer->leaves = scope == IP_ELSEWHERE;
	if (how == IP_CUT_AS_KNOWN && fits_all_ways(host, buffer)) {
		queue(host, buffer);
		return 0;
	}
	v4 = version_of(&buffer->packet) == 4;
	if (how == IP_CUT_NOWHERE &&
	    buffer->packet.len > ip_mtu_to(host, ip_destination(&buffer->packet))) {
		buffer_free(buffer);
		return -EMSGSIZE;
	}
	if (how == IP_CUT_NOWHERE) {
		queue(host, buffer);
		return 0;
	}
	if (how == IP_CUT_ANYWHERE && v4)
		allow_fragments(host, buffer->packet.data);
	ip_send(host, buffer);
	return 0;
}

void ip_send_bare(struct virtual_host *host, struct buffer *buffer)
{
	queue(host, buffer);
}

static void receive(struct virtual_host *host, struct buffer *buffer, bool from_wire);

static void transmit(struct virtual_host *host, struct buffer *buffer)
{
	if (port_is_joined(&host->port))
		port_send(&host->port, buffer, NULL);
	else
		buffer_free(buffer);
}

/* What is for everybody is for this host as well (RFC 1122, 3.3.6; RFC 1112, 6.1). */
static void send_now(struct virtual_host *host, struct buffer *buffer)
{
	struct buffer *copy;

	if (buffer->leaves || host->bare) {
		buffer->leaves = false;
		transmit(host, buffer);
		return;
	}
	switch (ip_scope(host, ip_destination(&buffer->packet))) {
	case IP_OWN:
		receive(host, buffer, false);
		return;
	case IP_BROADCAST:
	case IP_MULTICAST:
		copy = buffer_clone(buffer);
		if (copy)
			receive(host, copy, false);
		break;
	case IP_ELSEWHERE:
		break;
	}
	transmit(host, buffer);
}

/* What is sent meanwhile waits for its own moment. */
static void flush(struct event *event)
{
	struct virtual_host *host =
		(struct virtual_host *)(void *)((char *)event -
						offsetof(struct virtual_host, output));
	struct buffer *buffer = host->out.first, *next;

	packet_queue_init(&host->out);
	for (; buffer; buffer = next) {
		next = buffer->next;
		buffer->next = NULL;
		send_now(host, buffer);
	}
}

/* In */

/*
 * May a packet from the wire have such addresses (RFC 1122, 3.2.1.3)?  Its source is one host, and
 * not this one: Linux calls that a martian, and a NAT that hairpins without translating the
 * source makes them.
 */
static bool is_plausible(const struct virtual_host *host, const struct packet_info *info)
{
	return scope_of(host, info->src.addr) == IP_ELSEWHERE &&
	       !ip_addr_is_unset(info->src.addr) && !ip_is_loopback(info->dst.addr);
}

/* Nobody here speaks that protocol (RFC 1122, 3.2.2.1). */
static void refuse_protocol(struct virtual_host *host, struct buffer *buffer,
			    const struct packet_info *info)
{
	icmp_complain(host, buffer, info->dst.addr, ICMP_NO_PROTOCOL);
}

static void deliver(struct virtual_host *host, struct buffer *buffer,
		    const struct packet_info *info, enum ip_scope scope)
{
	switch (info->protocol) {
	case IP_PROTO_UDP:
		datagram_receive(host, buffer, info, scope);
		break;
	case IP_PROTO_TCP:
		/* A connection has two ends (RFC 9293, 3.9.2.3, MUST-57). */
		if (scope == IP_OWN)
			connection_receive(host, buffer, info);
		else
			buffer_free(buffer);
		break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		if ((info->protocol == IP_PROTO_ICMP) == (info->version == 4)) {
			icmp_receive(host, buffer, info, scope);
			break;
		}
		/* fall through */
	default:
		refuse_protocol(host, buffer, info);
	}
}

/* @fault: PACKET_OK, or PACKET_UNSUPPORTED, of whose checksum nobody knows anything. */
static void receive_whole(struct virtual_host *host, struct buffer *buffer,
			  const struct packet_info *info, enum packet_fault fault,
			  enum ip_scope scope)
{
	/* TCP's codec reads the checksum itself. */
	if (fault == PACKET_OK && info->protocol != IP_PROTO_TCP &&
	    !packet_transport_ok(&buffer->packet, info))
		buffer_free(buffer);
	else
		deliver(host, buffer, info, scope);
}

static void receive_fragment(struct virtual_host *host, struct buffer *buffer,
			     struct packet_info *info, enum ip_scope scope)
{
	enum packet_fault fault;

	buffer = reassembly_add(&host->reassembly, buffer, info);
	if (!buffer)
		return;
	fault = packet_parse(&buffer->packet, info);
	if (fault == PACKET_OK || fault == PACKET_UNSUPPORTED)
		receive_whole(host, buffer, info, fault, scope);
	else
		buffer_free(buffer);
}

static void receive(struct virtual_host *host, struct buffer *buffer, bool from_wire)
{
	struct packet_info info;
	enum packet_fault fault = packet_parse(&buffer->packet, &info);
	enum ip_scope scope;

	if ((fault != PACKET_OK && fault != PACKET_UNSUPPORTED) ||
	    (from_wire && !is_plausible(host, &info))) {
		buffer_free(buffer);
		return;
	}
	scope = scope_of(host, info.dst.addr);
	if (scope == IP_ELSEWHERE) { /* a host is no router (RFC 1122, 3.2.1.3) */
		buffer_free(buffer);
		return;
	}
	/* What follows the announced bytes is padding. */
	buffer->packet.len = info.version == 4
				     ? get_be16(buffer->packet.data + IP4_LENGTH)
				     : IP6_HEADER + get_be16(buffer->packet.data + IP6_LENGTH);
	if (info.fragment_offset || info.more_fragments)
		receive_fragment(host, buffer, &info, scope);
	else
		receive_whole(host, buffer, &info, fault, scope);
}

void ip_receive(struct port *port, struct buffer *buffer)
{
	struct virtual_host *host = port->node;
	struct buffer *next;

	if (host->bare) {
		datagram_queue(host->bare, buffer);
		return;
	}
	/* A kernel's stack may send bursts of datagrams as one, too; only TCP's can stay whole. */
	if (buffer->packet.offload.gso_type && buffer->packet.len > IP4_PROTOCOL &&
	    buffer->packet.data[version_of(&buffer->packet) == 4 ? IP4_PROTOCOL : IP6_NEXT] ==
		    IP_PROTO_UDP) {
		for (struct buffer *b = gso_segment(buffer); b; b = next) {
			next = b->next;
			b->next = NULL;
			receive(host, b, true);
		}
		return;
	}
	receive(host, buffer, true);
}

static void expired(struct reassembly *reassembly, struct buffer *first)
{
	struct virtual_host *host =
		(struct virtual_host *)(void *)((char *)reassembly -
						offsetof(struct virtual_host, reassembly));

	icmp_complain(host, first, ip_destination(&first->packet), ICMP_NO_REST);
}

void ip_init(struct virtual_host *host)
{
	packet_queue_init(&host->out);
	host->output.fire = flush;
	reassembly_init(&host->reassembly, host->host.loop, expired);
}

void ip_clear(struct virtual_host *host)
{
	loop_cancel(host->host.loop, &host->output);
	packet_queue_clear(&host->out);
	reassembly_clear(&host->reassembly);
	path_mtu_clear(&host->paths);
}
