/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum, RFC 1071.  Its sum does not depend on byte order (section 2 (B)), so
 * words are added as the machine loads them, 64 bits at a time with their carries, and swapped
 * once at the end.
 */
#include <arpa/inet.h>
#include <string.h>

#include "checksum.h"
#include "packet.h"

uint16_t checksum_fold(const void *bytes, size_t len, uint64_t sum)
{
	const uint8_t *p = bytes;
	uint64_t total = 0, words;
	uint32_t word;
	uint16_t last = 0;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&words, p, 8);
		total += words;
		total += total < words; /* the carry comes round (section 2 (A)) */
	}
	total = (total & 0xffffffff) + (total >> 32);
	if (len >= 4) {
		memcpy(&word, p, 4);
		total += word;
		p += 4;
		len -= 4;
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
