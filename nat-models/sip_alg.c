/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway for SIP (RFC 3261) and SDP (RFC 8866): every address of the sender's own becomes the
 * one that it is known by on the other side, with its port where that follows.  From inside, each
 * media line's port gets a mapping at once; its filter opens as any other's does.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alg.h"
#include "limits.h"

enum { ADDRESS_TEXT = 16, PORT_TEXT = 8, PORT_DIGITS = 5 };

struct rewriting {
	struct passage *p;
	const char *message;
	size_t len;
	size_t at; /* in message */
	struct endpoint from, to;
	char from_text[ADDRESS_TEXT], to_text[ADDRESS_TEXT];
	char *out;
	size_t size, used;
	bool shared; /* the sender is known by the same address: only with its port is it this one's */
	bool changed, full;
};

static void emit(struct rewriting *r, const char *text, size_t len)
{
	if (r->used + len > r->size) {
		r->full = true;
		return;
	}
	memcpy(r->out + r->used, text, len);
	r->used += len;
}

/* The number at @at of the text, of at most five digits, and how many; 0 digits for none. */
static size_t number_at(const struct rewriting *r, size_t at, unsigned *ret)
{
	size_t n = 0;

	for (*ret = 0;
	     at + n < r->len && n < PORT_DIGITS && isdigit((unsigned char)r->message[at + n]); n++)
		*ret = *ret * 10 + (unsigned)(r->message[at + n] - '0');
	return n;
}

static bool is_address_part(const struct rewriting *r, size_t at)
{
	return at < r->len && (isdigit((unsigned char)r->message[at]) || r->message[at] == '.');
}

/* Does ":" and the own port stand at @at? */
static bool is_own_port(const struct rewriting *r, size_t at)
{
	unsigned port;

	return at < r->len && r->message[at] == ':' && number_at(r, at + 1, &port) &&
	       port == r->from.port;
}

/* Does the sender's address stand here, and not as a part of a longer one? */
static bool is_own_address(const struct rewriting *r)
{
	size_t n = strlen(r->from_text), end = r->at + n;

	if (end > r->len || memcmp(r->message + r->at, r->from_text, n) != 0)
		return false;
	if (r->at > 0 && is_address_part(r, r->at - 1))
		return false;
	if (r->shared)
		return is_own_port(r, end);
	/* A full stop may follow that ends a sentence. */
	return end >= r->len || !isdigit((unsigned char)r->message[end]);
}

static void take_address(struct rewriting *r)
{
	char text[PORT_TEXT];
	unsigned port;
	size_t digits;

	r->changed = true;
	r->at += strlen(r->from_text);
	emit(r, r->to_text, strlen(r->to_text));
	if (r->at >= r->len || r->message[r->at] != ':')
		return;
	digits = number_at(r, r->at + 1, &port);
	if (!digits || port != r->from.port)
		return;
	snprintf(text, sizeof(text), ":%u", r->to.port);
	emit(r, text, strlen(text));
	r->at += 1 + digits;
}

/* The outside port where media for inside @port will come in, or 0.  Only where mappings are
 * endpoint-independent can that be known before there is any. */
static uint16_t media_port(struct rewriting *r, uint16_t port)
{
	struct nat *nat = r->p->nat;
	struct mapping_key key = { NAT_UDP, NAT_EI, { r->from.addr, port }, r->p->info.dst };
	uint32_t ref;

	if (!nat_translates_ports(nat) || nat->rules[NAT_UDP].scope != NAT_EI)
		return 0;
	ref = mapping_find(nat, &key);
	if (!ref &&
	    limits_make_mapping(nat, &key, NULL, 0, r->p->now, &ref) != NAT_REASON_NEW_MAPPING)
		return 0;
	return nat_mapping(nat, ref)->outside_port;
}

/* "m=audio 4000 RTP/AVP 0" (RFC 8866, 5.14); false where that is not what stands here. */
static bool take_media_line(struct rewriting *r)
{
	size_t digits, at = r->at + 2;
	char text[PORT_TEXT];
	unsigned port;
	uint16_t outside;

	if (r->p->side != NAT_INSIDE || (r->at > 0 && r->message[r->at - 1] != '\n') ||
	    at > r->len || memcmp(r->message + r->at, "m=", 2) != 0)
		return false;
	while (at < r->len && isalpha((unsigned char)r->message[at]))
		at++;
	if (at >= r->len || r->message[at++] != ' ')
		return false;
	digits = number_at(r, at, &port);
	outside = digits && port && port <= UINT16_MAX ? media_port(r, (uint16_t)port) : 0;
	if (!outside)
		return false;
	emit(r, r->message + r->at, at - r->at);
	snprintf(text, sizeof(text), "%u", outside);
	emit(r, text, strlen(text));
	r->at = at + digits;
	r->changed = true;
	return true;
}

/* Where the body begins; @len where there is none. */
static size_t body_of(const char *message, size_t len)
{
	const char *end = memmem(message, len, "\r\n\r\n", 4);

	return end ? (size_t)(end - message) + 4 : len;
}

/* RFC 3261, 20.14: the body is as long as its header says. */
static void fix_content_length(struct rewriting *r)
{
	size_t body = body_of(r->out, r->used), rest, n;
	char *header = memmem(r->out, body, "\r\nContent-Length:", 17);
	char text[PORT_TEXT];
	char *at;

	if (!header)
		return;
	at = header + 17;
	while (*at == ' ')
		at++;
	for (rest = 0; isdigit((unsigned char)at[rest]); rest++)
		;
	n = (size_t)snprintf(text, sizeof(text), "%zu", r->used - body);
	if (r->used - rest + n > r->size) {
		r->full = true;
		return;
	}
	memmove(at + n, at + rest, r->used - (size_t)(at + rest - r->out));
	memcpy(at, text, n);
	r->used = r->used - rest + n;
}

size_t sip_alg_rewrite(struct passage *p, const char *message, size_t len, struct endpoint from,
		       struct endpoint to, char *ret, size_t size)
{
	struct rewriting r = { p, message, len, .from = from, .to = to, .out = ret, .size = size };
	char text[IP_ADDR_TEXT];

	r.shared = p->side == NAT_OUTSIDE && ip_addr_equal(p->info.src.addr, from.addr);
	snprintf(r.from_text, sizeof(r.from_text), "%.15s", ip_addr_format(from.addr, text));
	snprintf(r.to_text, sizeof(r.to_text), "%.15s", ip_addr_format(to.addr, text));
	while (r.at < len && !r.full) {
		if (is_own_address(&r))
			take_address(&r);
		else if (!take_media_line(&r))
			emit(&r, &message[r.at++], 1);
	}
	if (r.changed && body_of(ret, r.used) < r.used)
		fix_content_length(&r);
	return r.changed && !r.full ? r.used : 0;
}
