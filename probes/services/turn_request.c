/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests: who may ask what, and how responses are made. */
#include <string.h>

#include "turn.h"

enum { UNKNOWN_MAX = 8 };

static const char *reason_of(unsigned code)
{
	static const struct {
		unsigned code;
		const char *reason;
	} reasons[] = {
		{ 300, "Try Alternate" },
		{ 400, "Bad Request" },
		{ 401, "Unauthenticated" },
		{ 403, "Forbidden" },
		{ 420, "Unknown Attribute" },
		{ 437, "Allocation Mismatch" },
		{ 438, "Stale Nonce" },
		{ 440, "Address Family not Supported" },
		{ 441, "Wrong Credentials" },
		{ 442, "Unsupported Transport Protocol" },
		{ 443, "Peer Address Family Mismatch" },
		{ 446, "Connection Already Exists" },
		{ 447, "Connection Timeout or Failure" },
		{ 486, "Allocation Quota Reached" },
		{ 508, "Insufficient Capacity" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return "Server Error";
}

void turn_respond(struct turn_request *r, unsigned code)
{
	stun_begin(&r->w, r->out, sizeof(r->out), code ? STUN_ERROR : STUN_SUCCESS, r->msg.method,
		   r->msg.transaction);
	if (code)
		stun_add_error(&r->w, code, reason_of(code));
}

void turn_respond_end(struct turn_request *r)
{
	stun_add_text(&r->w, STUN_SOFTWARE, "knothole");
	if (r->who.user)
		stun_add_either_integrity(&r->w, r->who.sha256, r->who.key, r->who.key_len);
	if (stun_has(&r->msg, STUN_FINGERPRINT))
		stun_add_fingerprint(&r->w);
	turn_tell(r->server, r->path, r->out, stun_end(&r->w));
}

void turn_refuse(struct turn_request *r, unsigned code)
{
	turn_respond(r, code);
	turn_respond_end(r);
}

static void refuse_unknown(struct turn_request *r, const uint16_t *types, size_t len)
{
	turn_respond(r, 420);
	stun_add_unknown(&r->w, types, len);
	turn_respond_end(r);
}

static void answer_binding(struct turn_request *r)
{
	turn_respond(r, 0);
	stun_add_address(&r->w, STUN_XOR_MAPPED_ADDRESS, r->path->remote);
	turn_respond_end(r);
}

/* Those that need an allocation, and that of the user who made it (RFC 8656, 5). */
static void answer_within(struct turn_request *r)
{
	struct turn_allocation *a = turn_allocation_find(r->server, r->path);

	if (!a)
		turn_refuse(r, 437);
	else if (a->user != r->who.user)
		turn_refuse(r, 441);
	else if (r->msg.method == TURN_CREATE_PERMISSION)
		turn_create_permission(r, a);
	else if (r->msg.method == TURN_CHANNEL_BIND)
		turn_channel_bind(r, a);
	else
		turn_connect(r, a);
}

static void answer_known(struct turn_request *r)
{
	switch (r->msg.method) {
	case TURN_ALLOCATE:
		turn_allocate(r);
		break;
	case TURN_REFRESH:
		turn_refresh(r);
		break;
	case TURN_CONNECTION_BIND:
		turn_connection_bind(r);
		break;
	case TURN_CREATE_PERMISSION:
	case TURN_CHANNEL_BIND:
	case TURN_CONNECT:
		answer_within(r);
		break;
	default:
		turn_refuse(r, 400);
	}
}

/* The nonce in a 401 to a request without credentials is no sign of anything wrong. */
static void challenge(struct turn_request *r, unsigned code)
{
	struct turn_server *server = r->server;

	if (code == 401 && (r->msg.integrity_at || r->msg.integrity_sha256_at))
		turn_complain(server, TURN_UNAUTHORISED, r->path->remote);
	turn_respond(r, code);
	if (code != 400)
		stun_auth_challenge(&server->auth, r->path->remote.addr, turn_now(server), &r->w);
	turn_respond_end(r);
}

void turn_answer(struct turn_server *server, const struct turn_path *path,
		 const struct stun_message *msg)
{
	struct turn_request r = { .server = server, .path = path, .msg = *msg };
	uint16_t unknown[UNKNOWN_MAX];
	size_t unknown_len = stun_unknown(msg, unknown, UNKNOWN_MAX);
	unsigned code = 0;

	if (msg->method != STUN_BINDING)
		code = stun_auth_check(&server->auth, msg, path->remote.addr, turn_now(server),
				       &r.who);
	if (code)
		challenge(&r, code);
	else if (unknown_len)
		refuse_unknown(&r, unknown, unknown_len < UNKNOWN_MAX ? unknown_len : UNKNOWN_MAX);
	else if (msg->method == STUN_BINDING)
		answer_binding(&r);
	else
		answer_known(&r);
}
