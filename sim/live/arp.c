/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   0                   1                   2                   3
 *  +-------------------+-------------------+
 *  | hardware type (1) | protocol (0x0800) |
 *  +---------+---------+-------------------+
 *  | 6       | 4       | operation         |
 *  +---------+---------+-------------------+-------------------+
 *  | sender's MAC, at 8 (6 bytes), its address, at 14 (4)      |
 *  | target's MAC, at 18 (6 bytes), its address, at 24 (4)     |
 *  +-----------------------------------------------------------+
 */
#include "arp.h"

#include <string.h>

enum { SENDER_MAC = 8, SENDER = 14, TARGET_MAC = 18, TARGET = 24, OPERATION = 7 };
enum { REQUEST = 1, REPLY = 2 };

/* Ethernet, IPv4, their lengths, and the operation's high byte. */
static const uint8_t start[OPERATION] = { 0, 1, 0x08, 0, 6, 4, 0 };

static uint32_t v4_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

bool arp_wants_answer(const uint8_t *bytes, size_t len, const struct ip_addr *own, size_t own_len)
{
	uint32_t target;

	if (len < ARP_LEN || memcmp(bytes, start, sizeof(start)) || bytes[OPERATION] != REQUEST)
		return false;
	target = v4_at(bytes + TARGET);
	if (target == v4_at(bytes + SENDER))
		return false;
	for (size_t i = 0; i < own_len; i++)
		if (target == ip_addr_to_v4(own[i]))
			return false;
	return true;
}

void arp_answer(const uint8_t request[ARP_LEN], const uint8_t mac[6], uint8_t ret[ARP_LEN])
{
	memcpy(ret, start, sizeof(start));
	ret[OPERATION] = REPLY;
	memcpy(ret + SENDER_MAC, mac, 6);
	memcpy(ret + SENDER, request + TARGET, 4);
	memcpy(ret + TARGET_MAC, request + SENDER_MAC, 10);
}
