/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing STUN messages. */
#include <string.h>

#include "stun.h"

enum { FAMILY_V4 = 1, FAMILY_V6 = 2 };

static void put_u16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_u32(uint8_t *at, uint32_t v)
{
	put_u16(at, v >> 16);
	put_u16(at + 2, v & 0xffff);
}

void stun_begin(struct stun_writer *w, uint8_t *bytes, size_t room, enum stun_class class,
		uint16_t method, const uint8_t transaction[STUN_TRANSACTION])
{
	static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };
	unsigned type = (method & 0xfU) | (method & 0x70U) << 1 | (method & 0xf80U) << 2 |
			((unsigned)class & 1) << 4 | ((unsigned)class & 2) << 7;

	*w = (struct stun_writer){ .bytes = bytes, .room = room };
	w->classic = memcmp(transaction, cookie, sizeof(cookie)) != 0;
	if (room < STUN_HEADER) {
		w->failed = true;
		return;
	}
	put_u16(bytes, type);
	put_u16(bytes + 2, 0);
	memcpy(bytes + 4, transaction, STUN_TRANSACTION);
	w->len = STUN_HEADER;
}

/* Room for an attribute of @len bytes, with its header and padding written; or NULL. */
static uint8_t *reserve(struct stun_writer *w, uint16_t type, size_t len)
{
	size_t whole = 4 + ((len + 3) & ~(size_t)3);
	uint8_t *at = w->bytes + w->len;

	if (w->failed || len > UINT16_MAX || whole > w->room - w->len ||
	    w->len + whole - STUN_HEADER > UINT16_MAX) {
		w->failed = true;
		return NULL;
	}
	memset(at, 0, whole);
	put_u16(at, type);
	put_u16(at + 2, len);
	w->len += whole;
	put_u16(w->bytes + 2, w->len - STUN_HEADER);
	return at + 4;
}

void stun_add(struct stun_writer *w, uint16_t type, const void *value, size_t len)
{
	uint8_t *at = reserve(w, type, len);

	if (at && len)
		memcpy(at, value, len);
}

void stun_add_text(struct stun_writer *w, uint16_t type, const char *text)
{
	stun_add(w, type, text, strlen(text));
}

void stun_add_u32(struct stun_writer *w, uint16_t type, uint32_t value)
{
	uint8_t *at = reserve(w, type, 4);

	if (at)
		put_u32(at, value);
}

void stun_add_response_port(struct stun_writer *w, uint16_t port)
{
	uint8_t *at = reserve(w, STUN_RESPONSE_PORT, 4);

	if (at)
		put_u16(at, port);
}

void stun_add_address(struct stun_writer *w, uint16_t type, struct endpoint e)
{
	bool v4 = ip_addr_is_v4(e.addr);
	uint8_t *at = reserve(w, type, v4 ? 8 : 20);

	if (!at)
		return;
	at[1] = v4 ? FAMILY_V4 : FAMILY_V6;
	put_u16(at + 2, e.port);
	if (v4) {
		put_u32(at + 4, ip_addr_to_v4(e.addr));
	} else {
		put_u32(at + 4, (uint32_t)(e.addr.hi >> 32));
		put_u32(at + 8, (uint32_t)e.addr.hi);
		put_u32(at + 12, (uint32_t)(e.addr.lo >> 32));
		put_u32(at + 16, (uint32_t)e.addr.lo);
	}
	if (!stun_is_xored(type))
		return;
	/* The mask is the cookie and then the transaction ID (RFC 8489, 14.2). */
	at[2] ^= w->bytes[4];
	at[3] ^= w->bytes[5];
	for (size_t i = 0; i < (v4 ? 4 : 16); i++)
		at[4 + i] ^= w->bytes[4 + i];
}

void stun_add_error(struct stun_writer *w, unsigned code, const char *reason)
{
	size_t len = strlen(reason);
	size_t blanks = w->classic ? (4 - len % 4) % 4 : 0;
	uint8_t *at = reserve(w, STUN_ERROR_CODE, 4 + len + blanks);

	if (!at)
		return;
	at[2] = (uint8_t)(code / 100);
	at[3] = (uint8_t)(code % 100);
	for (size_t i = 0; i < len + blanks; i++)
		at[4 + i] = i < len ? (uint8_t)reason[i] : ' ';
}

void stun_add_unknown(struct stun_writer *w, const uint16_t *types, size_t len)
{
	size_t again = w->classic ? len % 2 : 0;
	uint8_t *at = reserve(w, STUN_UNKNOWN_ATTRIBUTES, 2 * (len + again));

	for (size_t i = 0; at && i < len + again; i++)
		put_u16(at + 2 * i, types[i < len ? i : len - 1]);
}

void stun_add_padding(struct stun_writer *w, size_t len)
{
	reserve(w, STUN_PADDING, len);
}

size_t stun_end(struct stun_writer *w)
{
	return w->failed ? 0 : w->len;
}

void stun_transaction(uint64_t random_hi, uint64_t random_lo, uint8_t ret[STUN_TRANSACTION])
{
	put_u32(ret, STUN_COOKIE);
	put_u32(ret + 4, (uint32_t)random_hi);
	put_u32(ret + 8, (uint32_t)(random_lo >> 32));
	put_u32(ret + 12, (uint32_t)random_lo);
}
