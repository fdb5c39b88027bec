/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an IPv6 firewall lets through for what it is: the addresses, headers and transports of RFC 6092, 3.1
 * and 3.2.  Its flows of UDP and TCP are asked for as a NAT's are.
 */
#include "probes.h"

#include <string.h>

#include "../../nat-models/header_fields.h"

enum { SERVER = 7000, IKE = 500, HIP = 139, MOBILITY = 135, SCTP = 132, DCCP = 33, SHIM6 = 140 };

static const struct ip_addr multicast = { UINT64_C(0xff0e) << 48, 0x6b6e },
			    unique_local = { UINT64_C(0xfd00006b006e) << 16, 1 };

/* Addresses */

static struct letter letter_of(uint8_t protocol, struct endpoint src, struct endpoint dst)
{
	return (struct letter){ .protocol = protocol, .src = src, .dst = dst };
}

static bool leaves_from(struct behave *b, struct ip_addr src)
{
	struct letter letter = letter_of(IP_PROTO_UDP, (struct endpoint){ src, fresh_port(b) },
					 there(b, 0, SERVER));

	return deliver(b, INSIDE, OUTSIDE, &letter, NULL);
}

/* To an endpoint that is open to as many as the firewall lets any flow be. */
static bool comes_from(struct behave *b, struct ip_addr src, const struct opened *opened)
{
	struct letter letter =
		letter_of(IP_PROTO_UDP, (struct endpoint){ src, SERVER }, opened->outside);

	return deliver(b, OUTSIDE, INSIDE, &letter, NULL);
}

/* Does nothing pass, out or in, whose source is one of @addrs?  @out_too: else only what comes in is asked for. */
static enum behave_outcome stopped(struct behave *b, const struct ip_addr *addrs, size_t len,
				   bool out, bool in)
{
	struct opened opened;
	char text[IP_ADDR_TEXT];

	if (!open_mapping(b, IP_PROTO_UDP, false, &opened))
		return nothing_passes(b);
	for (size_t i = 0; i < len; i++) {
		ip_addr_format(addrs[i], text);
		if (out && leaves_from(b, addrs[i]))
			return not_as_required(b, "a packet from %s gets out", text);
		if (in && comes_from(b, addrs[i], &opened))
			return not_as_required(b, "a packet from %s gets in", text);
	}
	if (!is_open(b, &opened))
		return inconclusive(b, "nor does an answer get in");
	return as_required(b, "no packet from %s gets %s", ip_addr_format(addrs[0], text),
			   out && in ? "out or in"
			   : out     ? "out"
				     : "in");
}

enum behave_outcome probe_multicast_sources(struct behave *b)
{
	return stopped(b, &multicast, 1, true, true);
}

/* Site-local, IPv4-compatible, documentation, ORCHID (RFC 3879, RFC 5156). */
enum behave_outcome probe_bogons(struct behave *b)
{
	static const struct ip_addr addrs[] = { { UINT64_C(0xfec0) << 48, 1 },
						{ 0, 0x0b010102 },
						{ UINT64_C(0x20010db8) << 32, 1 },
						{ UINT64_C(0x20010010) << 32, 1 } };

	return stopped(b, addrs, sizeof(addrs) / sizeof(addrs[0]), true, true);
}

enum behave_outcome probe_foreign_sources(struct behave *b)
{
	return stopped(b, &b->hosts->outside_addrs[2], 1, true, false);
}

enum behave_outcome probe_inside_sources(struct behave *b)
{
	struct ip_addr other = here(b, OTHER, 0).addr;

	return stopped(b, &other, 1, false, true);
}

enum behave_outcome probe_unique_local(struct behave *b)
{
	return stopped(b, &unique_local, 1, true, true);
}

/* Headers */

/* A routing header of @type with one address, which has been visited, before the transport (RFC 8200, 4.4). */
static void add_route(struct arrival *packet, uint8_t type, struct ip_addr addr)
{
	enum { ROUTE = 24, WORDS = ROUTE / 8 - 1 };
	uint8_t *ip = packet->bytes, *route = ip + IP6_HEADER;

	memmove(route + ROUTE, route, packet->pkt.len - IP6_HEADER);
	memset(route, 0, ROUTE);
	route[0] = ip[IP6_NEXT];
	route[1] = WORDS;
	route[2] = type;
	put_addr(route + 8, 6, addr);
	ip[IP6_NEXT] = IP6_ROUTING;
	packet->pkt.len += ROUTE;
	put_be16(ip + IP6_LENGTH, (uint16_t)(packet->pkt.len - IP6_HEADER));
}

/* Does UDP on this flow pass, outward or inward, with such a header? */
static bool route_passes(struct behave *b, const struct opened *flow, bool out, uint8_t type)
{
	struct letter letter = letter_of(IP_PROTO_UDP, out ? flow->in : flow->out,
					 out ? flow->out : flow->outside);
	struct arrival packet;
	size_t token, len;

	write_letter(b, &letter, &packet, &token, &len);
	add_route(&packet, type, letter.dst.addr);
	token = packet.pkt.len - TOKEN;
	return deliver_packet(b, out ? INSIDE : OUTSIDE, out ? OUTSIDE : INSIDE, &packet, token,
			      len, NULL);
}

enum behave_outcome probe_deprecated_routes(struct behave *b)
{
	struct opened flow;

	if (!open_mapping(b, IP_PROTO_UDP, false, &flow))
		return nothing_passes(b);
	if (route_passes(b, &flow, true, 0))
		return not_as_required(b, "a routing header of type 0 gets out");
	if (route_passes(b, &flow, false, 0))
		return not_as_required(b, "a routing header of type 0 gets in");
	if (!is_open(b, &flow))
		return inconclusive(b, "nor does an answer without one get in");
	return as_required(b, "routing headers of type 0 pass neither way");
}

enum behave_outcome probe_mobile_routes(struct behave *b)
{
	struct opened flow;

	if (!open_mapping(b, IP_PROTO_UDP, false, &flow))
		return nothing_passes(b);
	if (route_passes(b, &flow, false, 2))
		return as_required(b, "a routing header of type 2 gets in");
	if (!is_open(b, &flow))
		return inconclusive(b, "nor does an answer without one get in");
	return not_as_required(b, "a routing header of type 2 does not get in");
}

/* Transports */

static bool other_out(struct behave *b, uint8_t protocol, struct arrival *ret)
{
	struct letter letter = letter_of(protocol, here(b, INSIDE, 0), there(b, 0, 0));

	return deliver(b, INSIDE, OUTSIDE, &letter, ret);
}

static bool other_in(struct behave *b, uint8_t protocol, unsigned from)
{
	struct letter letter = letter_of(protocol, there(b, from, 0), here(b, INSIDE, 0));

	return deliver(b, OUTSIDE, INSIDE, &letter, NULL);
}

static enum behave_outcome does_not_leave(struct behave *b, uint8_t protocol)
{
	if (!goes_out(b, INSIDE, IP_PROTO_UDP, here(b, INSIDE, fresh_port(b)), there(b, 0, SERVER),
		      NULL))
		return nothing_passes(b);
	return not_as_required(b, "transport %u does not get out", protocol);
}

/* Answers to it get in. */
static enum behave_outcome answered_in(struct behave *b, uint8_t protocol)
{
	if (!other_out(b, protocol, NULL))
		return does_not_leave(b, protocol);
	if (!other_in(b, protocol, 0))
		return not_as_required(b, "transport %u gets out, and its answers do not get in",
				       protocol);
	return as_required(b, "transport %u gets out, and its answers in%s", protocol,
			   other_in(b, protocol, 1) ? ", and so do strangers then" : "");
}

enum behave_outcome probe_other_transports(struct behave *b)
{
	return answered_in(b, ANY_TRANSPORT);
}

enum behave_outcome probe_mobility(struct behave *b)
{
	return answered_in(b, MOBILITY);
}

enum behave_outcome probe_sctp(struct behave *b)
{
	return answered_in(b, SCTP);
}

enum behave_outcome probe_dccp(struct behave *b)
{
	return answered_in(b, DCCP);
}

enum behave_outcome probe_shim6(struct behave *b)
{
	return answered_in(b, SHIM6);
}

static enum behave_outcome record_after(struct behave *b, uint8_t protocol, uint64_t seconds)
{
	if (!other_out(b, protocol, NULL))
		return inconclusive(b, "transport %u does not get out", protocol);
	rest_until(now_of(b), (seconds - 1) * SEC);
	if (other_in(b, protocol, 0))
		return as_required(b, "alive after %llu s", (unsigned long long)seconds - 1);
	if (!other_out(b, protocol, NULL) || !other_in(b, protocol, 0))
		return inconclusive(b, "not even a prompt answer gets in");
	return not_as_required(b, "gone after %llu s", (unsigned long long)seconds - 1);
}

enum behave_outcome probe_other_timeout(struct behave *b)
{
	return record_after(b, ANY_TRANSPORT, 120);
}

enum behave_outcome probe_other_timeout_default(struct behave *b)
{
	return record_after(b, ANY_TRANSPORT, 300);
}

enum behave_outcome probe_sctp_timeout(struct behave *b)
{
	return record_after(b, SCTP, 7440);
}

enum behave_outcome probe_dccp_timeout(struct behave *b)
{
	return record_after(b, DCCP, 7440);
}

/* REC-20: as UDP, and neither opens the way for the other. */
enum behave_outcome probe_udp_lite(struct behave *b)
{
	struct endpoint in[2] = { here(b, INSIDE, fresh_port(b)), here(b, INSIDE, fresh_port(b)) };
	struct endpoint out = there(b, 0, SERVER);
	struct letter to = letter_of(UDP_LITE, in[1], out), back = letter_of(UDP_LITE, out, in[0]);

	if (!goes_out(b, INSIDE, IP_PROTO_UDP, in[0], out, NULL))
		return nothing_passes(b);
	if (deliver(b, OUTSIDE, INSIDE, &back, NULL))
		return not_as_required(b, "UDP-Lite gets in where UDP got out");
	if (!deliver(b, INSIDE, OUTSIDE, &to, NULL))
		return not_as_required(b, "UDP-Lite does not get out");
	if (comes_in(b, INSIDE, IP_PROTO_UDP, out, in[1]))
		return not_as_required(b, "UDP gets in where UDP-Lite got out");
	back.dst = in[1];
	if (!deliver(b, OUTSIDE, INSIDE, &back, NULL))
		return not_as_required(b, "UDP-Lite gets out, and its answers do not get in");
	return as_required(b, "UDP-Lite gets out, and its answers in; UDP does not follow it");
}

/* What must pass though nobody inside asked for it: REC-21, 22, 24, 26. */
static enum behave_outcome unasked(struct behave *b, uint8_t protocol, uint16_t port,
				   const char *name)
{
	struct letter in = letter_of(protocol, there(b, 0, port), here(b, INSIDE, port));
	struct letter out = letter_of(protocol, here(b, OTHER, port), there(b, 1, port));

	if (!deliver(b, OTHER, OUTSIDE, &out, NULL))
		return does_not_leave(b, protocol);
	if (!deliver(b, OUTSIDE, INSIDE, &in, NULL))
		return not_as_required(b, "%s does not get in unasked", name);
	return as_required(b, "%s gets out, and in unasked", name);
}

enum behave_outcome probe_authentication(struct behave *b)
{
	return unasked(b, AUTHENTICATION, 0, "AH");
}

enum behave_outcome probe_esp(struct behave *b)
{
	return unasked(b, ESP, 0, "ESP");
}

enum behave_outcome probe_ike(struct behave *b)
{
	return unasked(b, IP_PROTO_UDP, IKE, "IKE");
}

enum behave_outcome probe_hip(struct behave *b)
{
	return unasked(b, HIP, 0, "HIP");
}

/* Errors */

static const struct {
	enum packet_error error;
	const char *name;
} kinds[] = { { PACKET_ERROR_PORT, "destination unreachable" },
	      { PACKET_ERROR_TOO_BIG, "packet too big" } };
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* About @about, which has arrived outside, or would have: does the error get in? */
static bool error_gets_in(struct behave *b, const struct arrival *about, enum packet_error error)
{
	struct arrival made;

	make_error(about, there(b, 0, 0).addr, error, &made);
	return deliver_error(b, OUTSIDE, INSIDE, &made, NULL);
}

static struct letter first_of(struct behave *b, uint8_t protocol)
{
	struct letter letter =
		letter_of(protocol, here(b, INSIDE, fresh_port(b)), there(b, 0, SERVER));

	letter.tcp = (struct tcp_says){ random32(b), 0, TCP_SYN, 8192 };
	return letter;
}

static enum behave_outcome errors_follow(struct behave *b, uint8_t protocol)
{
	struct letter letter = first_of(b, protocol);
	struct arrival seen;

	if (!deliver(b, INSIDE, OUTSIDE, &letter, &seen))
		return does_not_leave(b, protocol);
	for (int i = 0; i < KINDS; i++)
		if (!error_gets_in(b, &seen, kinds[i].error))
			return not_as_required(b, "\"%s\" about transport %u does not get in",
					       kinds[i].name, protocol);
	return as_required(b, "errors about transport %u get in", protocol);
}

enum behave_outcome probe_errors_udp(struct behave *b)
{
	return errors_follow(b, IP_PROTO_UDP);
}

enum behave_outcome probe_errors_tcp(struct behave *b)
{
	return errors_follow(b, IP_PROTO_TCP);
}

enum behave_outcome probe_errors_esp(struct behave *b)
{
	return errors_follow(b, ESP);
}

enum behave_outcome probe_errors_mobility(struct behave *b)
{
	return errors_follow(b, MOBILITY);
}

enum behave_outcome probe_errors_sctp(struct behave *b)
{
	return errors_follow(b, SCTP);
}

enum behave_outcome probe_errors_dccp(struct behave *b)
{
	return errors_follow(b, DCCP);
}

/* REC-10: about what nobody has sent. */
enum behave_outcome probe_errors_unknown(struct behave *b)
{
	struct letter letter = first_of(b, IP_PROTO_UDP);
	struct arrival never, seen;
	size_t token, len;

	write_letter(b, &letter, &never, &token, &len);
	for (int i = 0; i < KINDS; i++)
		if (error_gets_in(b, &never, kinds[i].error))
			return not_as_required(b, "\"%s\" gets in about what was never sent",
					       kinds[i].name);
	if (!deliver(b, INSIDE, OUTSIDE, &letter, &seen))
		return nothing_passes(b);
	if (!error_gets_in(b, &seen, PACKET_ERROR_PORT))
		return inconclusive(b, "no error gets in at all");
	return as_required(b, "errors get in about what was sent, and no others");
}
