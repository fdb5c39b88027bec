/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway.h"

#include <errno.h>
#include <stddef.h>

#include "../nat-models/byteorder.h"
#include "arena.h"
#include "capture.h"
#include "router.h"

enum { ANSWER_ROOM = NAT_ANSWER_MAX };

enum { TTL_AT = 8, DESTINATION_AT = 16 }; /* in an IPv4 header */

struct gateway {
	struct loop *loop;
	struct nat *nat;
	struct port ports[2]; /* by enum nat_side */
	struct ip_addr self[2];
	struct ip_prefix inside;
	bool ping_answered;
	struct pool *pool; /* of the packets that pass, for those that the NAT sends itself */
	struct event answer; /* when it will */
};

/* Write beside the packet, which the link has just recorded, what the NAT thought. */
static void explain(struct gateway *gateway, const struct port *in,
		    const struct nat_decision *decision)
{
	struct capture *capture = link_capture(in->link);
	char text[256];

	if (capture)
		capture_annotate(capture, nat_explain(gateway->nat, decision, text, sizeof(text)));
}

/* For the router itself: an inside host may ping it and gets errors; the outside is met as
 * the model says. */
static void answer_for_self(struct gateway *gateway, enum nat_side side, struct buffer *buffer)
{
	struct port *port = &gateway->ports[side];
	struct packet_info info;
	enum packet_fault fault = packet_parse(&buffer->packet, &info);

	if (fault != PACKET_OK || (side == NAT_OUTSIDE && !gateway->ping_answered))
		buffer_free(buffer);
	else if (packet_make_echo_reply(&buffer->packet) == 0)
		port_send(port, buffer, NULL);
	else if (side == NAT_INSIDE && info.protocol == IP_PROTO_UDP)
		router_answer(port, buffer, info.dst.addr, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE,
			      0, NULL);
	else if (side == NAT_INSIDE && packet_make_tcp_rst(&buffer->packet) == 0)
		port_send(port, buffer, NULL);
	else
		buffer_free(buffer);
}

static uint8_t ttl_of(const struct buffer *buffer)
{
	return buffer->packet.len > TTL_AT ? buffer->packet.data[TTL_AT] : 0;
}

static bool is_for(const struct buffer *buffer, struct ip_addr self)
{
	return buffer->packet.len >= DESTINATION_AT + 4 &&
	       get_be32(buffer->packet.data + DESTINATION_AT) == ip_addr_to_v4(self);
}

static bool is_for_everybody(const struct gateway *gateway, const struct buffer *buffer)
{
	uint32_t hosts = (uint32_t)((UINT64_C(1) << (128 - gateway->inside.bits)) - 1);
	uint32_t dst;

	if (buffer->packet.len < DESTINATION_AT + 4)
		return false;
	dst = get_be32(buffer->packet.data + DESTINATION_AT);
	return dst == UINT32_MAX || dst >> 28 == 0xe ||
	       dst == (ip_addr_to_v4(gateway->inside.addr) | hosts);
}

static bool may_be_too_big(const struct gateway *gateway, const struct buffer *buffer)
{
	for (int side = 0; side < 2; side++)
		if (router_too_big(&gateway->ports[side], buffer))
			return true;
	return false;
}

/*
 * Send on what the NAT lets through.  Where it is too long, or at its life's end, the sender
 * must hear of it in its own terms, hence from @original, which was kept before the translation
 * wherever that could happen (RFC 4787 REQ-13, RFC 5508 REQ-9).
 */
static void forward(struct gateway *gateway, enum nat_side side, enum nat_side to,
		    struct buffer *buffer, struct buffer *original)
{
	struct port *in = &gateway->ports[side];
	struct port *out = &gateway->ports[to];

	if (!packet_decrement_ttl(&buffer->packet)) {
		buffer_free(buffer);
		if (original)
			router_answer(in, original, gateway->self[side], ICMP_TIME_EXCEEDED, 0, 0,
				      NULL);
		return;
	}
	if (original && router_too_big(out, buffer)) {
		buffer_free(buffer);
		router_answer(in, original, gateway->self[side], ICMP_UNREACHABLE,
			      ICMP_FRAGMENTATION_NEEDED, link_mtu(out->link), NULL);
		return;
	}
	buffer_free(original);
	router_send(out, buffer, NULL);
}

static void send_answers(struct gateway *gateway)
{
	uint64_t now = loop_now(gateway->loop), next = nat_next_answer(gateway->nat);

	while (next <= now) {
		struct buffer *buffer = buffer_new(gateway->pool, ANSWER_ROOM);
		enum nat_outcome outcome = NAT_HOLD;
		enum nat_side to = NAT_OUTSIDE;

		if (!buffer) /* Without memory nothing is said. */
			return;
		outcome = nat_poll(gateway->nat, now, &buffer->packet, &to);
		if (outcome == NAT_ANSWER)
			port_send(&gateway->ports[to], buffer, "answered: it was held so long");
		else if (outcome == NAT_FORWARD && packet_decrement_ttl(&buffer->packet))
			router_send(&gateway->ports[to], buffer, NULL);
		else
			buffer_free(buffer);
		next = nat_next_answer(gateway->nat);
	}
	if (next != UINT64_MAX)
		loop_schedule(gateway->loop, &gateway->answer, next);
}

static void answer_is_due(struct event *event)
{
	send_answers((struct gateway *)((char *)event - offsetof(struct gateway, answer)));
}

static void receive(struct port *in, struct buffer *buffer)
{
	struct gateway *gateway = in->node;
	enum nat_side side = in == &gateway->ports[NAT_INSIDE] ? NAT_INSIDE : NAT_OUTSIDE;
	struct buffer *original = NULL;
	struct nat_decision decision;

	/* What is for everybody here is for nobody elsewhere (RFC 1812, 5.3.5). */
	if (is_for_everybody(gateway, buffer)) {
		if (link_capture(in->link))
			capture_annotate(link_capture(in->link),
					 "not forwarded: for this segment only");
		buffer_free(buffer);
		return;
	}
	/* Routers look at the TTL first: a packet that dies here opens no mapping. */
	if (side == NAT_INSIDE && ttl_of(buffer) <= 1 && !is_for(buffer, gateway->self[side])) {
		router_hop(in, buffer, gateway->self[side]);
		return;
	}
	if (ttl_of(buffer) <= 1 || may_be_too_big(gateway, buffer))
		original = buffer_clone(buffer);
	decision = nat_process(gateway->nat, side, &buffer->packet, loop_now(gateway->loop));
	explain(gateway, in, &decision);
	gateway->pool = buffer->pool;
	if (decision.outcome == NAT_FORWARD) {
		forward(gateway, side, decision.to, buffer, original);
		send_answers(gateway);
		return;
	}
	buffer_free(original);
	if (decision.outcome == NAT_TO_SELF)
		answer_for_self(gateway, side, buffer);
	else if (decision.outcome == NAT_ANSWER)
		port_send(&gateway->ports[decision.to], buffer, NULL);
	else
		buffer_free(buffer);
	send_answers(gateway);
}

int gateway_new(struct loop *loop, const struct nat_model *model, const struct nat_config *config,
		struct gateway **ret)
{
	struct gateway *gateway = arena_take(loop_arena(loop), sizeof(*gateway));
	int err;

	if (!gateway)
		return -ENOMEM;
	err = nat_new(model, config, &gateway->nat);
	if (err) {
		arena_give(loop_arena(loop), gateway, sizeof(*gateway));
		return err;
	}
	gateway->loop = loop;
	gateway->inside = config->inside;
	gateway->self[NAT_INSIDE] = config->inside_addr;
	gateway->self[NAT_OUTSIDE] = config->pool[0];
	gateway->answer.fire = answer_is_due;
	gateway->ping_answered = model->icmp.ping_answered;
	for (int side = 0; side < 2; side++) {
		gateway->ports[side].receive = receive;
		gateway->ports[side].node = gateway;
	}
	*ret = gateway;
	return 0;
}

void gateway_free(struct gateway *gateway)
{
	if (!gateway)
		return;
	loop_cancel(gateway->loop, &gateway->answer);
	nat_free(gateway->nat);
	arena_give(loop_arena(gateway->loop), gateway, sizeof(*gateway));
}

struct port *gateway_port(struct gateway *gateway, enum nat_side side)
{
	return &gateway->ports[side];
}

struct nat *gateway_nat(struct gateway *gateway)
{
	return gateway->nat;
}

void gateway_reboot(struct gateway *gateway)
{
	loop_cancel(gateway->loop, &gateway->answer);
	nat_reboot(gateway->nat, loop_now(gateway->loop));
}

int gateway_set_pool(struct gateway *gateway, const struct ip_addr *pool, size_t len)
{
	int err = nat_set_pool(gateway->nat, pool, len, loop_now(gateway->loop));

	if (err)
		return err;
	loop_cancel(gateway->loop, &gateway->answer);
	gateway->self[NAT_OUTSIDE] = pool[0];
	return 0;
}
