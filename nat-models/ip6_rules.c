/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of IPv6 may pass, before anything is looked up: the scopes of addresses (RFC 4291, 2.5 and 2.7),
 * which hold for every router, and the simple security of RFC 6092, 3.1 and 3.2.4, which holds for
 * firewalls that have it.
 */
#include "byteorder.h"
#include "header_fields.h"
#include "nat_ip6.h"

enum {
	IP_PROTO_ESP = 50,
	IP_PROTO_AUTHENTICATION = 51,
	IP_PROTO_HIP = 139,
	IKE_PORT = 500,
};

static bool begins(struct ip_addr a, uint64_t hi, unsigned bits)
{
	return a.hi >> (64 - bits) == hi >> (64 - bits);
}

static bool is_link_local(struct ip_addr a)
{
	return begins(a, UINT64_C(0xfe80) << 48, 10);
}

static bool is_loopback(struct ip_addr a)
{
	return a.hi == 0 && a.lo == 1;
}

static bool is_unique_local(struct ip_addr a)
{
	return begins(a, UINT64_C(0xfc00) << 48, 7); /* RFC 4193 */
}

static bool is_documentation(struct ip_addr a)
{
	return begins(a, UINT64_C(0x20010db8) << 32, 32) || /* RFC 3849 */
	       begins(a, UINT64_C(0x3fff) << 48, 20); /* RFC 9637 */
}

/* REC-3, with RFC 5156: what the public Internet never sees.  Documentation addresses pass where
 * the inside itself has one: there the documentation is the network. */
static bool is_forbidden(const struct nat *nat, struct ip_addr a)
{
	if (is_documentation(a))
		return !is_documentation(nat->inside.addr);
	return (a.hi == 0 && a.lo >> 32 == 0) || /* IPv4-compatible, unspecified, loopback */
	       begins(a, UINT64_C(0xfec0) << 48, 10) || /* site-local: RFC 3879 */
	       begins(a, UINT64_C(0x2001001000000000), 28); /* ORCHID: RFC 4843 */
}

static bool stops(const struct nat *nat, enum nat_security what)
{
	return nat->model.simple_security >> what & 1;
}

/* REC-4: a routing header of type 0 (RFC 5095); or of any type, where all are stopped. */
static bool has_stopped_route(const struct passage *p)
{
	const uint8_t *bytes = p->pkt->data;
	uint8_t next = bytes[IP6_NEXT];

	for (uint32_t at = IP6_HEADER; at < p->info.transport_offset;) {
		if (next == IP6_ROUTING &&
		    stops(p->nat, bytes[at + 2] ? NAT_SECURITY_ALL_ROUTES : NAT_SECURITY_ROUTES))
			return true;
		next = bytes[at];
		at += next == IP6_FRAGMENT ? (uint32_t)IP6_FRAGMENT_HEADER
					   : (bytes[at + 1] + 1U) * 8;
	}
	return false;
}

/* NAT_REASON_ROUTED, or why a packet between the two sides may not pass: RFC 6092, 3.1. */
static enum nat_reason simple_security(const struct passage *p)
{
	const struct nat *nat = p->nat;
	struct ip_addr src = p->info.src.addr, dst = p->info.dst.addr;
	bool from_inside = ip_prefix_contains(nat->inside, src);

	if (stops(nat, NAT_SECURITY_BOGONS) && (is_forbidden(nat, src) || is_forbidden(nat, dst)))
		return NAT_REASON_BOGON;
	if (stops(nat, NAT_SECURITY_LOCAL) && (is_unique_local(src) || is_unique_local(dst)))
		return NAT_REASON_BOGON; /* REC-7 */
	if (p->side == NAT_INSIDE && !from_inside && stops(nat, NAT_SECURITY_FOREIGN))
		return NAT_REASON_NOT_INSIDE; /* REC-5 */
	if (p->side == NAT_OUTSIDE && from_inside && stops(nat, NAT_SECURITY_SPOOFED))
		return NAT_REASON_BOGON; /* REC-6 */
	if (p->info.transport_offset > IP6_HEADER && has_stopped_route(p))
		return NAT_REASON_DEPRECATED;
	return NAT_REASON_ROUTED;
}

/* REC-21, 22, 24 and 26: what IPsec needs, and HIP, either way and without a record. */
static bool is_ipsec(const struct passage *p)
{
	if (p->info.fragment_offset)
		return p->info.protocol == IP_PROTO_ESP;
	return p->info.protocol == IP_PROTO_ESP || p->info.protocol == IP_PROTO_AUTHENTICATION ||
	       p->info.protocol == IP_PROTO_HIP ||
	       (p->info.protocol == IP_PROTO_UDP && p->info.dst.port == IKE_PORT);
}

/* Has it no table of its own? */
static bool is_other_transport(const struct packet_info *info)
{
	return info->protocol != IP_PROTO_UDP && info->protocol != IP_PROTO_TCP &&
	       info->protocol != IP_PROTO_ICMPV6;
}

/* Read the packet of another transport that an error quotes; false where it is not about one. */
static bool is_error_about_other(const struct passage *p, struct packet_info *quoted)
{
	return p->info.is_error &&
	       packet_parse_quoted(p->pkt->data + p->info.payload_offset, p->info.payload_len,
				   quoted) == PACKET_UNSUPPORTED &&
	       quoted->version == 6 && is_other_transport(quoted);
}

/* Did @inside send to @remote by that transport?  REC-11: what filtering does to UDP, it does to these. */
static struct transport_record *record_of(const struct passage *p, uint8_t protocol,
					  struct ip_addr inside, struct ip_addr remote)
{
	return transport_record_find(&p->nat->transports, p->nat->model.udp.filtering, protocol,
				     inside, remote, p->now);
}

/* REC-12: how long a record idles; the model has no other time for it than UDP's. */
static uint64_t record_end(const struct passage *p)
{
	uint64_t span = p->nat->model.udp.timeout_ns;

	return span > UINT64_MAX - p->now ? UINT64_MAX : p->now + span;
}

static struct nat_decision other_transport(const struct passage *p)
{
	const struct packet_info *info = &p->info;
	struct transport_record *record;

	if (p->side == NAT_INSIDE) {
		transport_record_open(&p->nat->transports, info->protocol, info->src.addr,
				      info->dst.addr, p->now, record_end(p));
		return flow_forward(p, NAT_OUTSIDE, NULL, NAT_REASON_TRANSPORT);
	}
	record = record_of(p, info->protocol, info->dst.addr, info->src.addr);
	if (!record)
		return flow_drop(p, NAT_REASON_NO_MAPPING);
	record->until = record_end(p);
	return flow_forward(p, NAT_INSIDE, NULL, NAT_REASON_TRANSPORT);
}

/* REC-10, REC-23: an error about such a flow goes with it; one about none goes nowhere. */
static struct nat_decision error_about_other(const struct passage *p,
					     const struct packet_info *quoted)
{
	bool in = p->side == NAT_OUTSIDE;
	struct ip_addr inside = in ? quoted->src.addr : quoted->dst.addr;
	struct ip_addr remote = in ? quoted->dst.addr : quoted->src.addr;
	bool known = quoted->protocol == IP_PROTO_ESP && p->nat->model.ipsec;

	if (p->nat->model.others && record_of(p, quoted->protocol, inside, remote))
		known = true;
	if (!p->nat->model.icmp.errors || !flow_error_passes(p) || !known ||
	    !ip_addr_equal(p->info.dst.addr, quoted->src.addr))
		return flow_drop(p, NAT_REASON_QUOTE_UNKNOWN);
	if (p->nat->model.icmp.verify && !packet_checksums_ok(p->pkt))
		return flow_drop(p, NAT_REASON_MALFORMED);
	return flow_forward(p, in ? NAT_INSIDE : NAT_OUTSIDE, NULL, NAT_REASON_ICMP_ERROR);
}

static bool firewall(struct passage *p, struct nat_decision *ret)
{
	const struct nat *nat = p->nat;
	enum nat_side to = p->side == NAT_INSIDE ? NAT_OUTSIDE : NAT_INSIDE;
	bool crosses = p->side == NAT_OUTSIDE || !ip_prefix_contains(nat->inside, p->info.dst.addr);
	enum nat_reason reason;
	struct packet_info quoted;

	if (!crosses || nat_pool_find(nat, p->info.dst.addr) >= 0)
		return false;
	reason = simple_security(p);
	if (reason != NAT_REASON_ROUTED)
		*ret = flow_drop(p, reason);
	else if (nat->model.ipsec && is_ipsec(p))
		*ret = flow_forward(p, to, NULL, NAT_REASON_IPSEC);
	else if (is_error_about_other(p, &quoted))
		*ret = error_about_other(p, &quoted);
	else if (nat->model.others && is_other_transport(&p->info))
		*ret = other_transport(p);
	else
		return false;
	return true;
}

/* Does it even forward what comes from many (REC-1)?  No router does that (RFC 4291, 2.7). */
static bool is_careless(const struct nat *nat)
{
	return nat->model.kind == NAT_KIND_FIREWALL && !stops(nat, NAT_SECURITY_MULTICAST);
}

/*
 * True where the addresses alone decide.  An IPv4-mapped one is for programs, and never on a wire
 * (RFC 4291, 2.5.5.2; RFC 5156, 2.2): here it would pass for the IPv4 address itself.
 */
static bool scope_decides(const struct passage *p, struct nat_decision *ret)
{
	struct ip_addr src = p->info.src.addr, dst = p->info.dst.addr;

	if (packet_is_link_only(&p->info) || is_link_local(dst) || ip_addr_is_multicast(dst))
		*ret = flow_to_self(p, NAT_REASON_SELF);
	else if (ip_addr_is_v4(src) || ip_addr_is_v4(dst) ||
		 (ip_addr_is_multicast(src) && !is_careless(p->nat)) || ip_addr_is_unset(src) ||
		 is_loopback(src) || is_loopback(dst) || is_link_local(src))
		*ret = flow_drop(p, NAT_REASON_BOGON);
	else if (p->side == NAT_INSIDE && ip_addr_equal(dst, p->nat->inside_addr))
		*ret = flow_to_self(p, NAT_REASON_SELF);
	else
		return false;
	return true;
}

bool ip6_decide(struct passage *p, enum packet_fault fault, struct nat_decision *ret)
{
	if (p->info.version == 6 && scope_decides(p, ret))
		return true;
	switch (p->nat->model.kind) {
	case NAT_KIND_FIREWALL:
		return firewall(p, ret);
	case NAT_KIND_NPTV6:
		*ret = p->info.version == 6 ? nptv6_process(p)
					    : flow_drop(p, NAT_REASON_UNSUPPORTED);
		return true;
	case NAT_KIND_NAT64:
		*ret = nat64_process(p, fault);
		return true;
	default:
		return false;
	}
}
