/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading STUN messages. */
#include "stun.h"

#include <errno.h>
#include <string.h>

#include "stun_crc.h"

enum shape {
	ANY,
	EMPTY,
	TEXT,
	PORT,
	U8,
	U32,
	U64,
	U16_LIST,
	ADDRESS,
	ERROR,
	ALGORITHM,
	ALGORITHMS,
	HASH,
	SHA1,
	SHA256,
};

struct known {
	uint16_t type;
	enum shape shape;
	const char *name;
};

enum { FAMILY_V4 = 1, FAMILY_V6 = 2 };

static const struct known *find_known(uint16_t type)
{
	static const struct known known[] = {
#define X(id, number, word, form) { .type = (number), .shape = (form), .name = (word) },
		STUN_ATTRIBUTES(X)
#undef X
	};
	/* Their places there. */
	enum {
#define X(id, number, word, form) PLACE_##id,
		STUN_ATTRIBUTES(X)
#undef X
	};

	switch (type) {
#define X(id, number, word, form)                                                                  \
	case (number):                                                                             \
		return &known[PLACE_##id];
		STUN_ATTRIBUTES(X)
#undef X
	default:
		return NULL;
	}
}

const char *stun_attribute_name(uint16_t type)
{
	const struct known *k = find_known(type);

	return k ? k->name : "attribute";
}

static uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* Shapes */

/* A family that is not known makes an address useless, not malformed (RFC 8489, 14.1). */
static bool address_ok(const uint8_t *at, size_t len)
{
	if (len < 4)
		return false;
	if (at[1] == FAMILY_V4)
		return len == 8;
	return at[1] != FAMILY_V6 || len == 20;
}

static bool error_ok(const uint8_t *at, size_t len)
{
	return len >= 4 && len <= 4 + STUN_TEXT_MAX && (at[2] & 7) >= 3 && (at[2] & 7) <= 6 &&
	       at[3] < 100;
}

/* Algorithms: number and length of parameters, which are padded but perhaps for the last. */
static bool algorithms_ok(const uint8_t *at, size_t len, bool only_one)
{
	size_t used = 0;

	while (len - used >= 4) {
		size_t parameters = get_u16(at + used + 2);

		if (parameters > len - used - 4)
			return false;
		used += 4 + padded(parameters);
		if (used >= len)
			return true;
		if (only_one)
			return false;
	}
	return false;
}

static bool shape_ok(enum shape shape, const uint8_t *at, size_t len)
{
	switch (shape) {
	case ANY:
		return true;
	case EMPTY:
		return len == 0;
	case TEXT:
		return len <= STUN_TEXT_MAX;
	case PORT:
		return len == 2 || len == 4;
	case U8:
		return len == 1;
	case U32:
		return len == 4;
	case U64:
		return len == 8;
	case U16_LIST:
		return len % 2 == 0;
	case ADDRESS:
		return address_ok(at, len);
	case ERROR:
		return error_ok(at, len);
	case ALGORITHM:
		return algorithms_ok(at, len, true);
	case ALGORITHMS:
		return algorithms_ok(at, len, false);
	case HASH:
		return len == STUN_HMAC_SHA256;
	case SHA1:
		return len == STUN_HMAC_SHA1;
	case SHA256: /* may be truncated (RFC 8489, 14.6) */
		return len >= 16 && len <= STUN_HMAC_SHA256 && len % 4 == 0;
	}
	return false;
}

/* Walking */

/* The next attribute, as it stands in the message; its header and value must fit. */
static bool next_raw(const struct stun_message *msg, struct stun_value *v)
{
	size_t at = v->offset ? v->offset + 4 + padded(v->len) : STUN_HEADER;

	if (at > msg->len || msg->len - at < 4)
		return false;
	v->offset = at;
	v->type = get_u16(msg->bytes + at);
	v->len = get_u16(msg->bytes + at + 2);
	v->bytes = msg->bytes + at + 4;
	return true;
}

static bool ignored(const struct stun_message *msg, const struct stun_value *v)
{
	if (v->type == STUN_FINGERPRINT)
		return false;
	if (msg->integrity_sha256_at && v->offset > msg->integrity_sha256_at)
		return true;
	return msg->integrity_at && v->offset > msg->integrity_at &&
	       v->type != STUN_MESSAGE_INTEGRITY_SHA256;
}

bool stun_next(const struct stun_message *msg, struct stun_value *value)
{
	while (next_raw(msg, value))
		if (!ignored(msg, value))
			return true;
	return false;
}

bool stun_find(const struct stun_message *msg, uint16_t type, struct stun_value *ret)
{
	struct stun_value v = { 0 };

	while (stun_next(msg, &v)) {
		if (v.type == type) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/* It comes last, and covers everything before it (RFC 8489, 14.7).  RFC 3489 knows none. */
static bool fingerprint_ok(const struct stun_message *msg, const struct stun_value *v)
{
	if (msg->classic)
		return true;
	return v->offset + 8 == msg->len && get_u32(v->bytes) == stun_crc(msg->bytes, v->offset);
}

/* The type's bits are 00 M11..M7 C1 M6..M4 C0 M3..M0 (RFC 8489, 5). */
static void read_type(struct stun_message *msg, uint16_t type)
{
	msg->class = (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
	msg->method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
}

static int check_attributes(struct stun_message *msg)
{
	struct stun_value v = { 0 };
	size_t end = STUN_HEADER;

	while (next_raw(msg, &v)) {
		const struct known *k = find_known(v.type);

		if (padded(v.len) > msg->len - v.offset - 4)
			return -EPROTO;
		end = v.offset + 4 + padded(v.len);
		if (k && !shape_ok(k->shape, v.bytes, v.len))
			return -EPROTO;
		if (v.type == STUN_FINGERPRINT && !fingerprint_ok(msg, &v))
			return -EPROTO;
		if (v.type == STUN_MESSAGE_INTEGRITY && !msg->integrity_at)
			msg->integrity_at = v.offset;
		if (v.type == STUN_MESSAGE_INTEGRITY_SHA256 && !msg->integrity_sha256_at)
			msg->integrity_sha256_at = v.offset;
	}
	return end == msg->len ? 0 : -EPROTO;
}

int stun_decode(const uint8_t *bytes, size_t len, struct stun_message *ret)
{
	struct stun_message msg = { .bytes = bytes, .len = len };
	int err;

	if (len < STUN_HEADER || bytes[0] & 0xc0 || len % 4 != 0 ||
	    get_u16(bytes + 2) != len - STUN_HEADER)
		return -ENOMSG;
	read_type(&msg, get_u16(bytes));
	memcpy(msg.transaction, bytes + 4, STUN_TRANSACTION);
	msg.classic = get_u32(bytes + 4) != STUN_COOKIE;
	err = check_attributes(&msg);
	if (!err)
		*ret = msg;
	return err;
}

/* Values */

bool stun_read_address(const struct stun_message *msg, const struct stun_value *v,
		       struct endpoint *ret)
{
	static const uint8_t nothing[STUN_TRANSACTION];
	const uint8_t *mask = stun_is_xored(v->type) ? msg->transaction : nothing;
	uint8_t a[16];
	size_t len;

	/* Only known types' shapes were checked, and this may be asked of any. */
	if (!address_ok(v->bytes, v->len))
		return false;
	len = v->bytes[1] == FAMILY_V4 ? 4 : v->bytes[1] == FAMILY_V6 ? 16 : 0;
	if (!len)
		return false;
	for (size_t i = 0; i < len; i++)
		a[i] = v->bytes[4 + i] ^ mask[i];
	ret->port = (uint16_t)(get_u16(v->bytes + 2) ^ get_u16(mask));
	if (len == 4)
		ret->addr = ip_addr_v4(get_u32(a));
	else
		ret->addr = (struct ip_addr){ (uint64_t)get_u32(a) << 32 | get_u32(a + 4),
					      (uint64_t)get_u32(a + 8) << 32 | get_u32(a + 12) };
	return true;
}

bool stun_get_address(const struct stun_message *msg, uint16_t type, struct endpoint *ret)
{
	struct stun_value v;

	return stun_find(msg, type, &v) && stun_read_address(msg, &v, ret);
}

bool stun_has(const struct stun_message *msg, uint16_t type)
{
	struct stun_value v;

	return stun_find(msg, type, &v);
}

bool stun_get_u32(const struct stun_message *msg, uint16_t type, uint32_t *ret)
{
	struct stun_value v;

	if (!stun_find(msg, type, &v) || v.len != 4)
		return false;
	*ret = get_u32(v.bytes);
	return true;
}

bool stun_get_response_port(const struct stun_message *msg, uint16_t *ret)
{
	struct stun_value v;

	if (!stun_find(msg, STUN_RESPONSE_PORT, &v))
		return false;
	*ret = get_u16(v.bytes);
	return true;
}

bool stun_get_error(const struct stun_message *msg, unsigned *ret_code, struct stun_value *reason)
{
	struct stun_value v;

	if (!stun_find(msg, STUN_ERROR_CODE, &v))
		return false;
	*ret_code = (v.bytes[2] & 7U) * 100 + v.bytes[3];
	reason->type = v.type;
	reason->offset = v.offset;
	reason->bytes = v.bytes + 4;
	reason->len = (uint16_t)(v.len - 4);
	return true;
}

size_t stun_unknown(const struct stun_message *msg, uint16_t *ret, size_t max)
{
	struct stun_value v = { 0 };
	size_t count = 0;

	while (stun_next(msg, &v)) {
		bool again = false;

		if (v.type & 0x8000 || find_known(v.type))
			continue;
		for (size_t i = 0; i < count && i < max; i++)
			again |= ret[i] == v.type;
		if (again)
			continue;
		if (count < max)
			ret[count] = v.type;
		count++;
	}
	return count;
}
