/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_layer.h"

enum { /* as registered at tcpdump.org/linktypes.html */
       LINK_ETHERNET = 1,
       LINK_RAW = 101,
       LINK_LINUX_SLL = 113,
       LINK_IPV4 = 228,
       LINK_IPV6 = 229,
       LINK_LINUX_SLL2 = 276,
};

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8 };

static uint16_t be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static bool is_ip(uint16_t type)
{
	return type == TYPE_IPV4 || type == TYPE_IPV6;
}

/* Bytes before the IP header; -1 where there is none. */
static long ethernet_header(const uint8_t *bytes, uint32_t len)
{
	uint32_t at = 12;

	while (len >= at + 6 && (be16(bytes + at) == TYPE_VLAN || be16(bytes + at) == TYPE_QINQ))
		at += 4;
	return len >= at + 2 && is_ip(be16(bytes + at)) ? (long)at + 2 : -1;
}

static long header(uint16_t link_type, const uint8_t *bytes, uint32_t len)
{
	switch (link_type) {
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		return 0;
	case LINK_ETHERNET:
		return ethernet_header(bytes, len);
	case LINK_LINUX_SLL:
		return len >= 16 && is_ip(be16(bytes + 14)) ? 16 : -1;
	case LINK_LINUX_SLL2:
		return len >= 20 && is_ip(be16(bytes)) ? 20 : -1;
	default:
		return -1;
	}
}

/* What the IP header says of its packet's length; 0 where there is no such header. */
static uint32_t ip_len(const uint8_t *bytes, uint32_t len)
{
	if (len >= 20 && bytes[0] >> 4 == 4)
		return be16(bytes + 2);
	if (len >= 40 && bytes[0] >> 4 == 6)
		return be16(bytes + 4) + 40U;
	return 0;
}

bool link_layer_ip(const struct pcapng_packet *packet, struct packet *ret)
{
	long skip = header(packet->interface->link_type, packet->data, packet->len);
	uint32_t len, said;

	if (skip < 0)
		return false;
	len = packet->len - (uint32_t)skip;
	said = ip_len(packet->data + skip, len);
	if (said == 0)
		return false;
	if (said < len)
		len = said;
	*ret = (struct packet){ .data = (uint8_t *)packet->data + skip, .len = len, .room = len };
	return true;
}
