/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rendezvous.h"

#include <errno.h>

#include "cursor.h"

enum { VERSION = 1 };

/* Which fields a kind carries, in this order on the wire. */
enum {
	NAME = 1,
	ATTEMPT = 2,
	ASK = 4,
	MAPPED = 8,
	HOST = 16,
	REFUSAL = 32,
	PROOF = 64,
	FRAME = 128,
	SEEN = 256,
	OUTLOOK = 512,
};

static const uint16_t fields_of[] = {
#define X(id, fields) [id] = (fields),
	RENDEZVOUS_KINDS(X)
#undef X
};

enum { ENDPOINT = 18 };

static void put_endpoint(struct cursor *c, const struct endpoint *e)
{
	uint8_t *at = cursor_take(c, ENDPOINT);

	if (!at)
		return;
	put_be64(at, e->addr.hi);
	put_be64(at + 8, e->addr.lo);
	put_be16(at + 16, e->port);
}

static void get_endpoint(struct cursor *c, struct endpoint *ret)
{
	const uint8_t *at = cursor_take(c, ENDPOINT);

	if (!at)
		return;
	ret->addr.hi = get_be64(at);
	ret->addr.lo = get_be64(at + 8);
	ret->port = get_be16(at + 16);
}

static void put_name(struct cursor *c, const char *name)
{
	size_t len = strnlen(name, RENDEZVOUS_NAME);

	if (!len || len == RENDEZVOUS_NAME)
		c->failed = true;
	cursor_put(c, len, 1);
	cursor_put_bytes(c, name, len);
}

/* Names are printable ASCII, so that they can be shown as they are. */
static void get_name(struct cursor *c, char name[RENDEZVOUS_NAME])
{
	size_t len = cursor_get(c, 1);
	const uint8_t *at = cursor_take(c, len);

	if (!at || !len || len >= RENDEZVOUS_NAME) {
		c->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (at[i] < 0x21 || at[i] > 0x7e)
			c->failed = true;
	memcpy(name, at, len);
	name[len] = '\0';
}

static bool get_bool(struct cursor *c)
{
	uint64_t v = cursor_get(c, 1);

	if (v > 1)
		c->failed = true;
	return v == 1;
}

static uint64_t get_below(struct cursor *c, uint64_t limit)
{
	uint64_t v = cursor_get(c, 1);

	if (v >= limit)
		c->failed = true;
	return v;
}

static void put_frame(struct cursor *c, const struct rendezvous_message *msg)
{
	if (!msg->frame_len || msg->frame_len > TALK_MAX)
		c->failed = true;
	cursor_put(c, msg->frame_len, 2);
	cursor_put_bytes(c, msg->frame, msg->frame_len);
}

static void get_frame(struct cursor *c, struct rendezvous_message *msg)
{
	msg->frame_len = (uint16_t)cursor_get(c, 2);
	msg->frame = cursor_take(c, msg->frame_len);
	if (!msg->frame_len || msg->frame_len > TALK_MAX)
		c->failed = true;
}

static void put_budget(struct cursor *c, const struct method_budget *budget)
{
	cursor_put(c, budget->candidates, 2);
	cursor_put(c, budget->holes, 2);
	cursor_put(c, budget->probes, 2);
	cursor_put(c, budget->ttl, 1);
	cursor_put(c, budget->first_port, 2);
	cursor_put(c, budget->last_port, 2);
}

static void get_budget(struct cursor *c, struct method_budget *budget)
{
	budget->candidates = (uint16_t)cursor_get(c, 2);
	budget->holes = (uint16_t)cursor_get(c, 2);
	budget->probes = (uint16_t)cursor_get(c, 2);
	budget->ttl = (uint8_t)cursor_get(c, 1);
	budget->first_port = (uint16_t)cursor_get(c, 2);
	budget->last_port = (uint16_t)cursor_get(c, 2);
}

static void put_fields(struct cursor *c, const struct rendezvous_message *msg, unsigned fields)
{
	if (fields & NAME)
		put_name(c, msg->name);
	if (fields & ATTEMPT) {
		cursor_put(c, msg->token, 8);
		cursor_put(c, msg->attempt, 1);
		cursor_put(c, msg->method, 1);
	}
	if (fields & ASK) {
		cursor_put(c, msg->host_addresses | (unsigned)msg->family << 1, 1);
		cursor_put(c, msg->local_port, 2);
		cursor_put(c, msg->attempt_ns, 8);
		cursor_put(c, msg->pace_ns, 8);
		put_budget(c, &msg->budget);
	}
	if (fields & MAPPED)
		put_endpoint(c, &msg->mapped);
	if (fields & HOST)
		put_endpoint(c, &msg->host);
	if (fields & SEEN)
		put_endpoint(c, &msg->seen);
	if (fields & REFUSAL)
		cursor_put(c, msg->refusal, 1);
	if (fields & PROOF) {
		cursor_put(c, msg->connected, 1);
		cursor_put(c, msg->by, 1);
		cursor_put(c, msg->sequence, 4);
	}
	if (fields & OUTLOOK) {
		cursor_put(c, msg->outlook, 1);
		cursor_put(c, (uint16_t)msg->step, 2);
	}
	if (fields & FRAME)
		put_frame(c, msg);
}

static void get_fields(struct cursor *c, struct rendezvous_message *msg, unsigned fields)
{
	uint64_t flags;

	if (fields & NAME)
		get_name(c, msg->name);
	if (fields & ATTEMPT) {
		msg->token = cursor_get(c, 8);
		msg->attempt = (uint8_t)cursor_get(c, 1);
		msg->method = (enum method)get_below(c, METHOD_COUNT);
	}
	if (fields & ASK) {
		flags = get_below(c, 2 * FAMILY_COUNT);
		msg->host_addresses = flags & 1;
		msg->family = (enum family)(flags >> 1);
		msg->local_port = (uint16_t)cursor_get(c, 2);
		msg->attempt_ns = cursor_get(c, 8);
		msg->pace_ns = cursor_get(c, 8);
		get_budget(c, &msg->budget);
	}
	if (fields & MAPPED)
		get_endpoint(c, &msg->mapped);
	if (fields & HOST)
		get_endpoint(c, &msg->host);
	if (fields & SEEN)
		get_endpoint(c, &msg->seen);
	if (fields & REFUSAL)
		msg->refusal = (enum rendezvous_refusal)get_below(c, RENDEZVOUS_BUSY + 1);
	if (fields & PROOF) {
		msg->connected = get_bool(c);
		msg->by = (enum talk_role)get_below(c, TALK_CALLEE + 1);
		msg->sequence = (uint32_t)cursor_get(c, 4);
	}
	if (fields & OUTLOOK) {
		msg->outlook = (enum rendezvous_outlook)get_below(c, OUTLOOK_COUNT);
		msg->step = (int16_t)cursor_get(c, 2);
	}
	if (fields & FRAME)
		get_frame(c, msg);
}

size_t rendezvous_encode(const struct rendezvous_message *msg, uint8_t *bytes, size_t room)
{
	struct cursor c = cursor_to_write(bytes, room);
	struct cursor prefix = cursor_to_write(bytes, room);

	cursor_put(&c, 0, RENDEZVOUS_PREFIX);
	cursor_put(&c, VERSION, 1);
	cursor_put(&c, msg->kind, 1);
	put_fields(&c, msg, fields_of[msg->kind]);
	if (c.failed)
		return 0;
	cursor_put(&prefix, c.at - RENDEZVOUS_PREFIX, RENDEZVOUS_PREFIX);
	return c.at;
}

size_t rendezvous_body_len(const uint8_t prefix[RENDEZVOUS_PREFIX])
{
	size_t len = (size_t)prefix[0] << 8 | prefix[1];

	return len < 2 || len > RENDEZVOUS_BODY_MAX ? 0 : len;
}

int rendezvous_decode(const uint8_t *body, size_t len, struct rendezvous_message *ret)
{
	struct cursor c = cursor_to_read(body, len);
	struct rendezvous_message msg = { 0 };

	if (cursor_get(&c, 1) != VERSION)
		return -EPROTO;
	msg.kind = (enum rendezvous_kind)get_below(&c, RENDEZVOUS_KIND_COUNT);
	if (c.failed)
		return -EPROTO;
	get_fields(&c, &msg, fields_of[msg.kind]);
	if (c.failed || c.at != len)
		return -EPROTO;
	*ret = msg;
	return 0;
}

int rendezvous_decode_datagram(const uint8_t *bytes, size_t len, struct rendezvous_message *ret)
{
	if (len < RENDEZVOUS_PREFIX || rendezvous_body_len(bytes) != len - RENDEZVOUS_PREFIX)
		return -EPROTO;
	return rendezvous_decode(bytes + RENDEZVOUS_PREFIX, len - RENDEZVOUS_PREFIX, ret);
}
