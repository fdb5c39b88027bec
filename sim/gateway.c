/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway.h"

#include <errno.h>
#include <stddef.h>

#include "../nat-models/byteorder.h"
#include "arena.h"
#include "capture.h"
#include "gso.h"
#include "router.h"

enum { ANSWER_ROOM = NAT_ANSWER_MAX };

enum { TTL_AT = 8, DESTINATION_AT = 16, HEADER = 20 }; /* in an IPv4 header */
enum { HOPS_AT = 7, DESTINATION6_AT = 24, HEADER6 = 40 }; /* in an IPv6 header */

/*
 * RFC 7915: an IPv6 header is so much longer, and where the packet is or may become a fragment so
 * much; the packets that must fit are those of the smallest MTU (section 4).
 */
enum { GROWTH = 20, GROWTH_FRAGMENT = 28, MTU6_MIN = 1280 };

/* A NAT, and what its gateway is for its family. */
struct half {
	struct gateway *gateway;
	struct nat *nat; /* NULL = the gateway has none of that family */
	uint32_t broadcast; /* of the LAN, in IPv4 */
	bool ping_answered, time_exceeded;
	enum nat_too_big too_big;
	struct event answer; /* when the NAT will send something itself */
};

struct gateway {
	struct loop *loop;
	struct half halves[FAMILY_COUNT];
	bool translates; /* between the families: the IPv6 half has IPv4 outside */
	struct port ports[2]; /* by enum nat_side */
	struct ip_addr self[FAMILY_COUNT][2];
	struct pool *pool; /* of the packets that pass, for those that the NATs send themselves */
};

static enum family family_of(const struct buffer *buffer)
{
	return buffer->packet.len && buffer->packet.data[0] >> 4 == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

/* The header is there, and it is of @family. */
static struct ip_addr destination_of(const struct buffer *buffer, enum family family)
{
	const uint8_t *ip = buffer->packet.data;

	if (family == FAMILY_IPV4)
		return ip_addr_v4(get_be32(ip + DESTINATION_AT));
	return (struct ip_addr){ get_be64(ip + DESTINATION6_AT),
				 get_be64(ip + DESTINATION6_AT + 8) };
}

/* Write beside the packet, which the link has just recorded in @capture, what the NAT thought. */
__attribute__((noinline)) static void explain(const struct half *half, struct capture *capture,
					      const struct nat_decision *decision)
{
	char text[256];

	capture_annotate(capture, nat_explain(half->nat, decision, text, sizeof(text)));
}

static inline struct capture *capture_of(const struct port *in)
{
	return in->link ? link_capture(in->link) : NULL;
}

static void discard(const struct port *in, struct buffer *buffer, const char *why)
{
	struct capture *capture = capture_of(in);

	if (capture)
		capture_annotate(capture, why);
	buffer_free(buffer);
}

/* For the router itself: an inside host may ping it and gets errors; the outside is met as
 * the model says. */
static void answer_for_self(const struct half *half, enum nat_side side, struct buffer *buffer)
{
	struct port *port = &half->gateway->ports[side];
	struct packet_info info;
	enum packet_fault fault = packet_parse(&buffer->packet, &info);

	if (fault != PACKET_OK || (side == NAT_OUTSIDE && !half->ping_answered))
		buffer_free(buffer);
	else if (packet_make_echo_reply(&buffer->packet) == 0)
		port_send(port, buffer, NULL);
	else if (side == NAT_INSIDE && info.protocol == IP_PROTO_UDP)
		router_answer(port, buffer, info.dst.addr, PACKET_ERROR_PORT, 0, NULL);
	else if (side == NAT_INSIDE && packet_make_tcp_rst(&buffer->packet) == 0)
		port_send(port, buffer, NULL);
	else
		buffer_free(buffer);
}

/* The header is there. */
static uint8_t ttl_of(const struct buffer *buffer, enum family family)
{
	return buffer->packet.data[family == FAMILY_IPV4 ? TTL_AT : HOPS_AT];
}

static bool is_for_everybody(const struct half *half, struct ip_addr to)
{
	uint32_t v4 = ip_addr_to_v4(to);

	if (!ip_addr_is_v4(to))
		return ip_addr_is_multicast(to) || to.hi >> 54 == 0xfe80 >> 6;
	return v4 == UINT32_MAX || v4 >> 28 == 0xe || v4 == half->broadcast;
}

/* Whose packet is it?  NULL where nobody here has anything to do with its family. */
static struct half *half_for(struct gateway *gateway, enum nat_side side, enum family family,
			     struct ip_addr to)
{
	struct half *half = &gateway->halves[family];

	if (gateway->translates && family == FAMILY_IPV4 && side == NAT_OUTSIDE &&
	    nat_owns_outside(gateway->halves[FAMILY_IPV6].nat, to))
		half = &gateway->halves[FAMILY_IPV6];
	return half->nat ? half : NULL;
}

/* Nearly every packet fits both links, and would if it grew. */
static bool may_be_too_big(const struct gateway *gateway, const struct buffer *buffer,
			   enum family family)
{
	const struct port *inside = &gateway->ports[NAT_INSIDE];
	const struct port *outside = &gateway->ports[NAT_OUTSIDE];
	uint32_t len = buffer->packet.len;

	if (len + GROWTH_FRAGMENT <= inside->mtu && len <= outside->mtu)
		return false;
	/* What is translated into IPv6 grows: who knows by how much only afterwards keeps more. */
	if (gateway->translates && family == FAMILY_IPV4 && len + GROWTH_FRAGMENT > inside->mtu)
		return true;
	return router_too_big(inside, buffer) || router_too_big(outside, buffer);
}

/* What the MTU of @out means to the sender of @original, which became @buffer (RFC 7915, 4.2 and
 * 5.2). */
static uint16_t mtu_before(const struct port *out, const struct buffer *buffer,
			   const struct buffer *original)
{
	uint16_t mtu = out->mtu;

	if (family_of(buffer) == family_of(original))
		return mtu;
	return family_of(buffer) == FAMILY_IPV4
		       ? (uint16_t)(mtu < UINT16_MAX - GROWTH ? mtu + GROWTH : UINT16_MAX)
		       : (uint16_t)(mtu - GROWTH);
}

/* Who sends what is too big, and must not be cut. */
static bool is_told(const struct half *half)
{
	return half->too_big == NAT_TOO_BIG_TOLD || half->too_big == NAT_TOO_BIG_BACKWARDS;
}

/*
 * Send on what the NAT lets through.  Where it is too long, or at its life's end, the sender
 * must hear of it in its own terms, hence from @original, which was kept before the translation
 * wherever that could happen (RFC 4787 REQ-13, RFC 5508 REQ-9).
 */
static void forward_hard(struct half *half, enum nat_side side, enum nat_side to,
			 struct buffer *buffer, struct buffer *original)
{
	struct gateway *gateway = half->gateway;
	struct port *in = &gateway->ports[side];
	struct port *out = &gateway->ports[to];

	if (!packet_decrement_ttl(&buffer->packet)) {
		buffer_free(buffer);
		if (original && half->time_exceeded)
			router_answer(in, original, gateway->self[family_of(original)][side],
				      PACKET_ERROR_TIME_EXCEEDED, 0, NULL);
		else
			buffer_free(original);
		return;
	}
	if (original && is_told(half) && router_too_big(out, buffer)) {
		uint16_t mtu = mtu_before(out, buffer, original);

		buffer_free(buffer);
		router_answer(in, original, gateway->self[family_of(original)][side],
			      PACKET_ERROR_TOO_BIG, mtu, NULL);
		return;
	}
	if (half->too_big == NAT_TOO_BIG_DROPPED && gso_wire_len(&buffer->packet) > out->mtu) {
		buffer_free(buffer);
		buffer_free(original);
		return;
	}
	buffer_free(original);
	if (half->too_big == NAT_TOO_BIG_BACKWARDS)
		router_send_backwards(out, buffer);
	else
		router_send(out, buffer, NULL);
}

/* The same for any; nearly all were not kept, and fit. */
static void forward(struct half *half, enum nat_side side, enum nat_side to, struct buffer *buffer,
		    struct buffer *original)
{
	struct port *out = &half->gateway->ports[to];

	if (original || buffer->packet.len > out->mtu)
		forward_hard(half, side, to, buffer, original);
	else if (packet_decrement_ttl(&buffer->packet))
		port_send(out, buffer, NULL);
	else
		buffer_free(buffer);
}

static void send_answers(struct half *half)
{
	struct gateway *gateway = half->gateway;
	uint64_t now = loop_now(gateway->loop), next = nat_next_answer(half->nat);

	while (next <= now) {
		struct buffer *buffer = buffer_new(gateway->pool, ANSWER_ROOM);
		enum nat_outcome outcome = NAT_HOLD;
		enum nat_side to = NAT_OUTSIDE;

		if (!buffer) /* Without memory nothing is said. */
			return;
		outcome = nat_poll(half->nat, now, &buffer->packet, &to);
		if (outcome == NAT_ANSWER)
			port_send(&gateway->ports[to], buffer, "answered: it was held so long");
		else if (outcome == NAT_FORWARD && packet_decrement_ttl(&buffer->packet))
			router_send(&gateway->ports[to], buffer, NULL);
		else
			buffer_free(buffer);
		next = nat_next_answer(half->nat);
	}
	if (next != UINT64_MAX)
		loop_schedule(gateway->loop, &half->answer, next);
}

static void answer_is_due(struct event *event)
{
	send_answers((struct half *)((char *)event - offsetof(struct half, answer)));
}

/* What the NAT does not let through. */
static void answer(struct half *half, enum nat_side side, const struct nat_decision *decision,
		   struct buffer *buffer)
{
	if (decision->outcome == NAT_TO_SELF)
		answer_for_self(half, side, buffer);
	else if (decision->outcome == NAT_ANSWER)
		port_send(&half->gateway->ports[decision->to], buffer, NULL);
	else
		buffer_free(buffer);
}

static void process(struct half *half, struct port *in, enum nat_side side, enum family family,
		    struct buffer *buffer)
{
	struct gateway *gateway = half->gateway;
	struct buffer *original = NULL;
	struct capture *capture = capture_of(in);

	if (ttl_of(buffer, family) <= 1 || may_be_too_big(gateway, buffer, family))
		original = buffer_clone(buffer);

	/* Declared here, it is made in its place: to copy it would wait for the last of it. */
	const struct nat_decision decision =
		nat_process(half->nat, side, &buffer->packet, loop_now(gateway->loop));

	if (capture)
		explain(half, capture, &decision);
	gateway->pool = buffer->pool;
	if (decision.outcome == NAT_FORWARD) {
		forward(half, side, decision.to, buffer, original);
	} else {
		buffer_free(original);
		answer(half, side, &decision, buffer);
	}
	if (nat_next_answer(half->nat) != UINT64_MAX)
		send_answers(half);
}

/* IPv4 that may be fragmented is, before it becomes IPv6, which may not (RFC 7915, section 4). */
static void process_in_pieces(struct half *half, struct port *in, struct buffer *buffer)
{
	struct buffer *next;

	for (struct buffer *piece = router_fragment(buffer, MTU6_MIN - GROWTH_FRAGMENT); piece;
	     piece = next) {
		next = piece->next;
		piece->next = NULL;
		process(half, in, NAT_OUTSIDE, FAMILY_IPV4, piece);
	}
}

static bool is_to_be_cut(const struct buffer *buffer)
{
	return family_of(buffer) == FAMILY_IPV4 && buffer->packet.len > MTU6_MIN - GROWTH &&
	       !router_forbids_fragments(&buffer->packet);
}

static inline void receive_of(enum family family, struct port *in, struct buffer *buffer)
{
	struct gateway *gateway = in->node;
	enum nat_side side = in == &gateway->ports[NAT_INSIDE] ? NAT_INSIDE : NAT_OUTSIDE;
	struct half *half;
	struct ip_addr to;

	if (buffer->packet.len < (family == FAMILY_IPV4 ? HEADER : HEADER6)) {
		discard(in, buffer, "dropped: not an IP packet");
		return;
	}
	to = destination_of(buffer, family);
	half = half_for(gateway, side, family, to);
	if (!half) {
		discard(in, buffer,
			family == FAMILY_IPV4 ? "dropped: no IPv4 here" : "dropped: no IPv6 here");
		return;
	}
	/* What is for everybody here is for nobody elsewhere (RFC 1812, 5.3.5). */
	if (is_for_everybody(half, to)) {
		discard(in, buffer, "not forwarded: for this segment only");
		return;
	}
	/* Routers look at the TTL first: a packet that dies here opens no mapping. */
	if (side == NAT_INSIDE && ttl_of(buffer, family) <= 1 &&
	    !ip_addr_equal(to, gateway->self[family][side])) {
		if (!half->time_exceeded) {
			discard(in, buffer, "dropped in silence: its TTL is over");
			return;
		}
		router_hop(in, buffer, gateway->self[family][side]);
		return;
	}
	if (half != &gateway->halves[family] && is_to_be_cut(buffer))
		process_in_pieces(half, in, buffer);
	else
		process(half, in, side, family, buffer);
}

static void receive(struct port *in, struct buffer *buffer)
{
	if (family_of(buffer) == FAMILY_IPV4)
		receive_of(FAMILY_IPV4, in, buffer);
	else
		receive_of(FAMILY_IPV6, in, buffer);
}

static void expect(struct port *in, const struct buffer *buffer, uint64_t burst)
{
	struct gateway *gateway = in->node;
	enum nat_side side = in == &gateway->ports[NAT_INSIDE] ? NAT_INSIDE : NAT_OUTSIDE;
	enum family family = family_of(buffer);
	const struct half *half;

	if (buffer->packet.len < (family == FAMILY_IPV4 ? HEADER : HEADER6))
		return;
	half = half_for(gateway, side, family, destination_of(buffer, family));
	if (half)
		nat_expect(half->nat, burst, side, &buffer->packet);
}

static int half_new(struct gateway *gateway, enum family family, const struct nat_model *model,
		    const struct nat_config *config)
{
	struct half *half = &gateway->halves[family];

	half->gateway = gateway;
	half->broadcast = router_broadcast(config->inside);
	half->ping_answered = model->icmp.ping_answered;
	half->time_exceeded = model->icmp.time_exceeded;
	half->too_big = model->too_big;
	half->answer.fire = answer_is_due;
	return nat_new(model, config, &half->nat);
}

int gateway_new(struct loop *loop, const struct nat_model *model, const struct nat_config *config,
		struct gateway **ret)
{
	struct gateway *gateway = arena_take(loop_arena(loop), sizeof(*gateway));
	int err = gateway ? 0 : -ENOMEM;

	if (!err && model)
		err = half_new(gateway, FAMILY_IPV4, model, config);
	if (err) {
		arena_give(loop_arena(loop), gateway, sizeof(*gateway));
		return err;
	}
	gateway->loop = loop;
	if (model) {
		gateway->self[FAMILY_IPV4][NAT_INSIDE] = config->inside_addr;
		gateway->self[FAMILY_IPV4][NAT_OUTSIDE] = config->pool[0];
	}
	for (int side = 0; side < 2; side++) {
		gateway->ports[side].receive = receive;
		gateway->ports[side].expect = expect;
		gateway->ports[side].node = gateway;
	}
	*ret = gateway;
	return 0;
}

int gateway_serve_ipv6(struct gateway *gateway, const struct nat_model *model,
		       const struct nat_config *config, const struct ip_addr addrs[2])
{
	int err = half_new(gateway, FAMILY_IPV6, model, config);

	if (err)
		return err;
	gateway->translates = config->pool_len && ip_addr_is_v4(config->pool[0]);
	gateway->self[FAMILY_IPV6][NAT_INSIDE] = addrs[NAT_INSIDE];
	gateway->self[FAMILY_IPV6][NAT_OUTSIDE] = addrs[NAT_OUTSIDE];
	if (gateway->translates && ip_addr_is_unset(gateway->self[FAMILY_IPV4][NAT_OUTSIDE]))
		gateway->self[FAMILY_IPV4][NAT_OUTSIDE] = config->pool[0];
	return 0;
}

/* What the NATs would have sent themselves, they will not. */
static void silence(struct gateway *gateway)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		loop_cancel(gateway->loop, &gateway->halves[family].answer);
}

void gateway_free(struct gateway *gateway)
{
	if (!gateway)
		return;
	silence(gateway);
	for (int family = 0; family < FAMILY_COUNT; family++)
		nat_free(gateway->halves[family].nat);
	arena_give(loop_arena(gateway->loop), gateway, sizeof(*gateway));
}

struct port *gateway_port(struct gateway *gateway, enum nat_side side)
{
	return &gateway->ports[side];
}

struct nat *gateway_nat(struct gateway *gateway)
{
	return gateway->halves[FAMILY_IPV4].nat;
}

struct nat *gateway_nat6(struct gateway *gateway)
{
	return gateway->halves[FAMILY_IPV6].nat;
}

void gateway_reboot(struct gateway *gateway)
{
	silence(gateway);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (gateway->halves[family].nat)
			nat_reboot(gateway->halves[family].nat, loop_now(gateway->loop));
}

int gateway_set_pool(struct gateway *gateway, const struct ip_addr *pool, size_t len)
{
	struct half *half = &gateway->halves[FAMILY_IPV4];
	int err = half->nat ? nat_set_pool(half->nat, pool, len, loop_now(gateway->loop)) : -EINVAL;

	if (err)
		return err;
	loop_cancel(gateway->loop, &half->answer);
	gateway->self[FAMILY_IPV4][NAT_OUTSIDE] = pool[0];
	return 0;
}
