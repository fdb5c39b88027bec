/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "talk.h"

#include "cursor.h"

static bool is_kind(uint64_t v)
{
	return v == TALK_HELLO || v == TALK_ANSWER || v == TALK_VOICE;
}

size_t talk_encode(const struct talk *talk, uint8_t *bytes, size_t room)
{
	struct cursor c = cursor_to_write(bytes, room);

	if (talk->padding > TALK_MAX - TALK_HEADER || room < (size_t)TALK_HEADER + talk->padding)
		return 0;
	cursor_put(&c, talk->kind, 4);
	cursor_put(&c, talk->token, 8);
	cursor_put(&c, (uint64_t)talk->method | (talk->family == FAMILY_IPV6 ? TALK_IPV6 : 0), 1);
	cursor_put(&c, talk->role, 1);
	cursor_put(&c, talk->padding, 2);
	cursor_put(&c, talk->sequence, 4);
	cursor_put(&c, talk->sent_at, 8);
	cursor_put_zeroes(&c, talk->padding);
	return c.at;
}

size_t talk_decode(const uint8_t *bytes, size_t len, struct talk *ret)
{
	struct cursor c = cursor_to_read(bytes, len);
	uint64_t kind = cursor_get(&c, 4);
	uint64_t token = cursor_get(&c, 8);
	uint64_t way = cursor_get(&c, 1);
	uint64_t method = way & ~(uint64_t)TALK_IPV6;
	uint64_t role = cursor_get(&c, 1);
	uint16_t padding = (uint16_t)cursor_get(&c, 2);
	uint32_t sequence = (uint32_t)cursor_get(&c, 4);
	uint64_t sent_at = cursor_get(&c, 8);

	cursor_take(&c, padding);
	if (c.failed || c.at > TALK_MAX || !is_kind(kind) || method >= METHOD_COUNT ||
	    role > TALK_CALLEE)
		return 0;
	*ret = (struct talk){
		.kind = (enum talk_kind)kind,
		.token = token,
		.method = (enum method)method,
		.family = way & TALK_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4,
		.role = (enum talk_role)role,
		.padding = padding,
		.sequence = sequence,
		.sent_at = sent_at,
	};
	return c.at;
}
