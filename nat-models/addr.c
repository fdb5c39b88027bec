/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | bytes[i];
	return v;
}

static void store64(uint8_t *bytes, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		bytes[i] = (uint8_t)v;
}

static struct ip_addr masked(struct ip_addr a, uint8_t bits)
{
	return (struct ip_addr){ a.hi & ip_leading_bits(bits), a.lo & ip_leading_bits(bits - 64) };
}

#define X(id, word) word,
static const char *const family_words[] = { FAMILIES(X) };
#undef X

const char *family_word(enum family family)
{
	return (size_t)family < FAMILY_COUNT ? family_words[family] : "?";
}

int family_parse(const char *word, enum family *ret)
{
	for (int i = 0; i < FAMILY_COUNT; i++) {
		if (strcmp(word, family_words[i]) == 0) {
			*ret = (enum family)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Is @a an IPv4 address whose first @bits are those of @net? */
static bool in_v4(struct ip_addr a, uint32_t net, uint8_t bits)
{
	struct ip_prefix p = { ip_addr_v4(net), (uint8_t)(IP_V4_MAPPED_BITS + bits) };

	return ip_prefix_contains(p, a);
}

bool ip_addr_is_private(struct ip_addr a)
{
	return in_v4(a, 0x0a000000, 8) || /* RFC 1918 */
	       in_v4(a, 0xac100000, 12) || in_v4(a, 0xc0a80000, 16) ||
	       in_v4(a, 0x64400000, 10) || /* RFC 6598 */
	       in_v4(a, 0xa9fe0000, 16) || /* RFC 3927 */
	       a.hi >> 57 == 0xfc >> 1 || /* RFC 4193 */
	       a.hi >> 54 == 0xfe80 >> 6; /* RFC 4291, 2.5.6 */
}

int ip_addr_parse(const char *text, struct ip_addr *ret)
{
	uint8_t bytes[16];
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*ret = ip_addr_v4(ntohl(v4.s_addr));
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return -EINVAL;
	*ret = (struct ip_addr){ load64(bytes), load64(bytes + 8) };
	return 0;
}

/* A decimal number of @max or less with nothing round it. */
static int parse_number(const char *text, unsigned long max, unsigned long *ret)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long v;

	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return -EINVAL;
	v = strtoul(text, NULL, 10);
	if (v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

/* Copy the @len bytes at @text into @buf as a string; false where they don't fit. */
static bool copy_part(const char *text, size_t len, char *buf, size_t size)
{
	if (len >= size)
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return true;
}

int ip_prefix_parse(const char *text, struct ip_prefix *ret)
{
	const char *slash = strchr(text, '/');
	char part[IP_ADDR_TEXT];
	struct ip_addr addr;
	unsigned long bits;

	if (!slash || !copy_part(text, (size_t)(slash - text), part, sizeof(part)) ||
	    ip_addr_parse(part, &addr))
		return -EINVAL;
	if (parse_number(slash + 1, ip_addr_is_v4(addr) ? 32 : 128, &bits))
		return -EINVAL;
	if (ip_addr_is_v4(addr))
		bits += IP_V4_MAPPED_BITS;
	*ret = (struct ip_prefix){ masked(addr, (uint8_t)bits), (uint8_t)bits };
	return 0;
}

int endpoint_parse(const char *text, struct endpoint *ret)
{
	const char *colon = strrchr(text, ':');
	bool bracketed = text[0] == '[';
	char part[IP_ADDR_TEXT];
	struct ip_addr addr;
	unsigned long port;
	size_t len;

	if (!colon)
		return -EINVAL;
	len = (size_t)(colon - text);
	if (bracketed) {
		if (len < 2 || text[len - 1] != ']')
			return -EINVAL;
		text++;
		len -= 2;
	}
	if (!copy_part(text, len, part, sizeof(part)) || ip_addr_parse(part, &addr) ||
	    parse_number(colon + 1, UINT16_MAX, &port))
		return -EINVAL;
	/* A bare IPv6 address has colons of its own: only brackets tell where it ends. */
	if (strchr(part, ':') && !bracketed)
		return -EINVAL;
	*ret = (struct endpoint){ addr, (uint16_t)port };
	return 0;
}

const char *ip_addr_format(struct ip_addr a, char buf[IP_ADDR_TEXT])
{
	uint8_t bytes[16];

	store64(bytes, a.hi);
	store64(bytes + 8, a.lo);
	if (ip_addr_is_v4(a))
		inet_ntop(AF_INET, bytes + 12, buf, IP_ADDR_TEXT);
	else
		inet_ntop(AF_INET6, bytes, buf, IP_ADDR_TEXT);
	return buf;
}

const char *ip_prefix_format(struct ip_prefix p, char buf[IP_PREFIX_TEXT])
{
	size_t len;

	ip_addr_format(p.addr, buf);
	len = strlen(buf);
	snprintf(buf + len, IP_PREFIX_TEXT - len, "/%d", ip_prefix_length(p));
	return buf;
}

const char *endpoint_format(struct endpoint e, char buf[ENDPOINT_TEXT])
{
	char addr[IP_ADDR_TEXT];

	ip_addr_format(e.addr, addr);
	snprintf(buf, ENDPOINT_TEXT, ip_addr_is_v4(e.addr) ? "%s:%u" : "[%s]:%u", addr, e.port);
	return buf;
}
