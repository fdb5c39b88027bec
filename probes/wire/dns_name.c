/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One character of a label's text, which may be escaped; how many bytes of text it took, or 0. */
static size_t parse_byte(const char *text, uint8_t *ret)
{
	if (text[0] != '\\') {
		*ret = (uint8_t)text[0];
		return 1;
	}
	if (isdigit((unsigned char)text[1])) {
		unsigned value = 0;

		for (int i = 1; i <= 3; i++) {
			if (!isdigit((unsigned char)text[i]))
				return 0;
			value = value * 10 + (unsigned)(text[i] - '0');
		}
		*ret = (uint8_t)value;
		return value <= 255 ? 4 : 0;
	}
	*ret = (uint8_t)text[1];
	return text[1] ? 2 : 0;
}

/* Append a label, which ends at a dot or the end; how many bytes of text it took, or 0. */
static size_t parse_label(const char *text, struct dns_name *name)
{
	uint8_t *label = name->bytes + name->len;
	size_t at = 0, n, len = 0;

	while (text[at] && text[at] != '.') {
		/* The root's zero has to follow. */
		if (len == DNS_LABEL_MAX || name->len + len + 2 >= DNS_NAME_MAX)
			return 0;
		n = parse_byte(text + at, &label[len + 1]);
		if (!n)
			return 0;
		at += n;
		len++;
	}
	label[0] = (uint8_t)len;
	name->len = (uint8_t)(name->len + len + 1);
	return len ? at : 0;
}

int dns_name_parse(const char *text, struct dns_name *ret)
{
	struct dns_name name = { 0 };
	size_t n;

	if (strcmp(text, ".") == 0)
		text = "";
	else if (!*text)
		return -EINVAL;
	while (*text) {
		n = parse_label(text, &name);
		if (!n)
			return -EINVAL;
		text += n;
		if (*text == '.')
			text++;
	}
	name.bytes[name.len++] = 0;
	*ret = name;
	return 0;
}

static char *format_byte(char *out, uint8_t byte)
{
	if (byte == '.' || byte == '\\') {
		*out++ = '\\';
		*out++ = (char)byte;
	} else if (byte > 0x20 && byte < 0x7f) {
		*out++ = (char)byte;
	} else {
		snprintf(out, 5, "\\%03u", byte);
		out += 4;
	}
	return out;
}

const char *dns_name_format(const struct dns_name *name, char buf[DNS_NAME_TEXT])
{
	char *out = buf;

	for (const uint8_t *label = name->bytes; *label; label += *label + 1) {
		if (label != name->bytes)
			*out++ = '.';
		for (uint8_t i = 1; i <= *label; i++)
			out = format_byte(out, label[i]);
	}
	if (out == buf)
		*out++ = '.';
	*out = '\0';
	return buf;
}

/* ASCII's letters alone (RFC 4343, 3): no locale has a say. */
static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

/* Lengths are below 'A', so that they compare as what they are. */
static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->len == b->len && same_bytes(a->bytes, b->bytes, a->len);
}

size_t dns_name_labels(const struct dns_name *name)
{
	size_t n = 0;

	for (const uint8_t *label = name->bytes; *label; label += *label + 1)
		n++;
	return n;
}

const uint8_t *dns_name_label(const struct dns_name *name, size_t i)
{
	const uint8_t *label = name->bytes;

	while (i--)
		label += *label + 1;
	return label;
}

bool dns_label_is(const uint8_t *label, const char *text)
{
	return strlen(text) == *label && same_bytes(label + 1, (const uint8_t *)text, *label);
}

bool dns_name_is_under(const struct dns_name *name, const struct dns_name *zone)
{
	size_t labels = dns_name_labels(name), above = dns_name_labels(zone);
	const uint8_t *rest;

	if (labels < above)
		return false;
	rest = dns_name_label(name, labels - above);
	return name->bytes + name->len - rest == zone->len &&
	       same_bytes(rest, zone->bytes, zone->len);
}

/* Reverse names */

static void put_label(struct dns_name *name, const char *text)
{
	uint8_t len = (uint8_t)strlen(text);

	name->bytes[name->len] = len;
	memcpy(name->bytes + name->len + 1, text, len);
	name->len = (uint8_t)(name->len + len + 1);
}

void dns_name_of_addr(struct ip_addr addr, struct dns_name *ret)
{
	char text[4];

	*ret = (struct dns_name){ 0 };
	if (ip_addr_is_v4(addr)) {
		for (unsigned shift = 0; shift < 32; shift += 8) {
			snprintf(text, sizeof(text), "%u", ip_addr_to_v4(addr) >> shift & 0xff);
			put_label(ret, text);
		}
		put_label(ret, "in-addr");
	} else {
		for (unsigned i = 0; i < 32; i++) {
			uint64_t half = i < 16 ? addr.lo : addr.hi;

			snprintf(text, sizeof(text), "%x", (unsigned)(half >> 4 * (i % 16) & 0xf));
			put_label(ret, text);
		}
		put_label(ret, "ip6");
	}
	put_label(ret, "arpa");
	ret->bytes[ret->len++] = 0;
}

/* A label that is a number of @base in its only form; -1 where it is none, or above @most. */
static int number_of(const uint8_t *label, int base, long most)
{
	char text[4] = { 0 }, again[8];
	char *end;
	long value;

	if (*label < 1 || *label > 3)
		return -1;
	for (uint8_t i = 0; i < *label; i++)
		text[i] = (char)lower(label[i + 1]);
	value = strtol(text, &end, base);
	snprintf(again, sizeof(again), base == 16 ? "%lx" : "%ld", value);
	return *end || value < 0 || value > most || strcmp(again, text) != 0 ? -1 : (int)value;
}

bool dns_name_to_addr(const struct dns_name *name, struct ip_addr *ret)
{
	size_t labels = dns_name_labels(name), digits = labels >= 2 ? labels - 2 : 0;
	bool v4 = digits == 4 && dns_label_is(dns_name_label(name, 4), "in-addr");
	bool v6 = digits == 32 && dns_label_is(dns_name_label(name, 32), "ip6");
	struct ip_addr addr = { 0 };
	uint32_t word = 0;

	if ((!v4 && !v6) || !dns_label_is(dns_name_label(name, digits + 1), "arpa"))
		return false;
	for (size_t i = 0; i < digits; i++) {
		int value = number_of(dns_name_label(name, i), v4 ? 10 : 16, v4 ? 255 : 15);

		if (value < 0)
			return false;
		if (v4)
			word |= (uint32_t)value << 8 * i;
		else if (i < 16)
			addr.lo |= (uint64_t)value << 4 * i;
		else
			addr.hi |= (uint64_t)value << 4 * (i - 16);
	}
	*ret = v4 ? ip_addr_v4(word) : addr;
	return true;
}
