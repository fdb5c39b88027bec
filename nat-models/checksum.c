/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum, RFC 1071.  Its sum does not depend on byte order (section 2 (B)), so
 * words are added as the machine loads them, 32 bits at a time, and swapped once at the end.
 */
#include <arpa/inet.h>
#include <string.h>

#include "checksum.h"
#include "packet.h"

uint16_t checksum_fold(const void *bytes, size_t len, uint32_t sum)
{
	const uint8_t *p = bytes;
	uint64_t total = 0;
	uint32_t word;
	uint16_t last = 0;

	for (; len >= 4; p += 4, len -= 4) {
		memcpy(&word, p, 4);
		total += word;
	}
	if (len >= 2) {
		memcpy(&last, p, 2);
		total += last;
		p += 2;
		len -= 2;
	}
	if (len) { /* An odd byte counts as the first of a word. */
		last = 0;
		memcpy(&last, p, 1);
		total += last;
	}
	return checksum_add(ntohs(checksum_narrow(total)), checksum_narrow(sum));
}

uint16_t checksum_of_addr(struct ip_addr a)
{
	/* The mapped form's ::ffff: is not on the wire. */
	if (ip_addr_is_v4(a))
		return checksum_narrow((uint32_t)a.lo);
	return checksum_add(checksum_narrow(a.hi), checksum_narrow(a.lo));
}
