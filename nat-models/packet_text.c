/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet as one line of text, in the manner of tcpdump. */
#include <stdio.h>

#include "header_fields.h"
#include "packet.h"

static void tcp_flags_text(uint8_t flags, char buf[32])
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & 1U << i)
			len += (size_t)snprintf(buf + len, 32 - len, " %s", names[i]);
}

static const char *unreachable_text(uint8_t code)
{
	switch (code) {
	case ICMP_NET_UNREACHABLE:
		return "net unreachable";
	case ICMP_HOST_UNREACHABLE:
		return "host unreachable";
	case ICMP_PORT_UNREACHABLE:
		return "port unreachable";
	case ICMP_FRAGMENTATION_NEEDED:
		return "fragmentation needed";
	case ICMP_ADMIN_PROHIBITED:
		return "administratively prohibited";
	default:
		return "unreachable";
	}
}

static const char *unreachable6_text(uint8_t code)
{
	switch (code) {
	case ICMPV6_NO_ROUTE:
		return "no route";
	case ICMPV6_ADMIN_PROHIBITED:
		return "administratively prohibited";
	case ICMPV6_ADDRESS_UNREACHABLE:
		return "address unreachable";
	case ICMPV6_PORT_UNREACHABLE:
		return "port unreachable";
	default:
		return "unreachable";
	}
}

static const char *link_only_text(uint8_t type)
{
	switch (type) {
	case ICMPV6_ROUTER_SOLICITATION:
		return "router solicitation";
	case ICMPV6_ROUTER_ADVERTISEMENT:
		return "router advertisement";
	case ICMPV6_NEIGHBOUR_SOLICITATION:
		return "neighbour solicitation";
	case ICMPV6_NEIGHBOUR_ADVERTISEMENT:
		return "neighbour advertisement";
	case ICMPV6_REDIRECT:
		return "redirect";
	default:
		return "multicast listener";
	}
}

static const char *icmp6_text(const struct packet_info *info)
{
	if (packet_is_link_only(info))
		return link_only_text(info->icmp_type);
	switch (info->icmp_type) {
	case ICMPV6_UNREACHABLE:
		return unreachable6_text(info->icmp_code);
	case ICMPV6_TOO_BIG:
		return "packet too big";
	case ICMPV6_TIME_EXCEEDED:
		return "time exceeded";
	case ICMPV6_PARAMETER_PROBLEM:
		return "parameter problem";
	case ICMPV6_ECHO_REQUEST:
		return "echo";
	case ICMPV6_ECHO_REPLY:
		return "echo reply";
	default:
		return "message";
	}
}

static const char *icmp_text(const struct packet_info *info)
{
	if (info->version == 6)
		return icmp6_text(info);
	switch (info->icmp_type) {
	case ICMP_ECHO:
		return "echo";
	case ICMP_ECHO_REPLY:
		return "echo reply";
	case ICMP_UNREACHABLE:
		return unreachable_text(info->icmp_code);
	case ICMP_TIME_EXCEEDED:
		return "time exceeded";
	case ICMP_PARAMETER_PROBLEM:
		return "parameter problem";
	case ICMP_REDIRECT:
		return "redirect";
	default:
		return info->is_error ? "error" : "query";
	}
}

/* "UDP 1.2.3.4:5 > 6.7.8.9:10"; addresses alone where there are no ports of two sides. */
static int describe_ends(const struct packet_info *info, char *buf, size_t size)
{
	char src[ENDPOINT_TEXT], dst[ENDPOINT_TEXT];
	const char *protocol = info->protocol == IP_PROTO_UDP ? "UDP" : "TCP";

	if (info->protocol == IP_PROTO_ICMP || info->protocol == IP_PROTO_ICMPV6)
		protocol = "ICMP";
	else if (info->has_ports)
		return snprintf(buf, size, "%s %s > %s", protocol, endpoint_format(info->src, src),
				endpoint_format(info->dst, dst));
	ip_addr_format(info->src.addr, src);
	ip_addr_format(info->dst.addr, dst);
	if (info->fragment_offset)
		return snprintf(buf, size, "fragment %s > %s, id %u at %u", src, dst,
				info->fragment_id, info->fragment_offset);
	if (*protocol != 'I')
		return snprintf(buf, size, "IP protocol %u %s > %s", info->protocol, src, dst);
	return snprintf(buf, size, "ICMP %s > %s %s", src, dst, icmp_text(info));
}

static void describe_error(const struct packet *pkt, const struct packet_info *info, char *buf,
			   size_t size)
{
	struct packet_info quoted;
	size_t len = pkt->len - info->payload_offset;
	int used = snprintf(buf, size, ", about ");

	if (packet_parse_quoted(pkt->data + info->payload_offset, len, &quoted) == PACKET_OK &&
	    used >= 0 && (size_t)used < size)
		describe_ends(&quoted, buf + used, size - (size_t)used);
	else
		snprintf(buf, size, ", about something unreadable");
}

const char *packet_describe(const struct packet *pkt, char *buf, size_t size)
{
	struct packet_info info;
	enum packet_fault fault = packet_parse(pkt, &info);
	char flags[32] = "";
	size_t used;
	int n;

	if (fault != PACKET_OK && fault != PACKET_UNSUPPORTED) {
		snprintf(buf, size, "malformed, %s", packet_fault_text(fault));
		return buf;
	}
	n = describe_ends(&info, buf, size);
	if (n < 0 || (size_t)n >= size)
		return buf;
	used = (size_t)n;
	if (info.is_error) {
		describe_error(pkt, &info, buf + used, size - used);
		return buf;
	}
	if (info.has_ports && info.protocol == IP_PROTO_TCP)
		tcp_flags_text(info.tcp_flags, flags);
	if (info.has_ports && *flags == '\0' && info.protocol != IP_PROTO_UDP &&
	    info.protocol != IP_PROTO_TCP)
		snprintf(buf + used, size - used, " id %u, %u bytes", info.src.port,
			 info.payload_len);
	else
		snprintf(buf + used, size - used, "%s, %u bytes", flags, info.payload_len);
	return buf;
}
