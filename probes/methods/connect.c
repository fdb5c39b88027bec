/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ladder: one attempt after another, until one connects. */
#include "connect.h"

#include <errno.h>
#include <stdlib.h>

#include "attempt.h"
#include "call.h"
#include "peer.h"

#define ATTEMPT_NS (2 * SEC)
#define PACE_NS (20 * MSEC)

bool call_connected(const struct call *call)
{
	return call->connected;
}

enum method call_method(const struct call *call)
{
	return call->method;
}

uint64_t call_token(const struct call *call)
{
	return call->token;
}

unsigned call_attempts(const struct call *call, const struct attempt **ret)
{
	*ret = call->attempts;
	return call->attempts_len;
}

/* The call takes the two legs over, until it or one of their peers ends. */
static int adopt(struct call *call, struct leg *caller, struct peer *callee)
{
	struct leg *other = peer_leg(callee, call->token, -1);

	call->legs[TALK_CALLER] = caller;
	caller->owner = &call->legs[TALK_CALLER];
	if (!other)
		return -ECONNRESET;
	call->legs[TALK_CALLEE] = other;
	other->owner = &call->legs[TALK_CALLEE];
	call->connected = true;
	call->method = caller->spec.method;
	return 0;
}

static int climb(struct call *call, struct peer *caller, struct peer *callee,
		 const struct call_spec *spec)
{
	struct leg_spec leg_spec = {
		.token = call->token,
		.role = TALK_CALLER,
		.host_addresses = spec->host_addresses,
		.local_port = spec->local_port,
		.pace_ns = spec->pace_ns ? spec->pace_ns : PACE_NS,
	};
	uint64_t attempt_ns = spec->attempt_ns ? spec->attempt_ns : ATTEMPT_NS;

	for (unsigned i = 0; i < spec->ladder_len; i++) {
		struct attempt *attempt = &call->attempts[i];
		struct leg *leg = NULL;
		int err;

		leg_spec.attempt = (uint8_t)i;
		leg_spec.method = spec->ladder[i];
		err = attempt_call(caller, host_name(peer_host(callee)), &leg_spec, attempt_ns,
				   attempt, &leg);
		if (err)
			return err;
		call->attempts_len++;
		if (leg)
			return adopt(call, leg, callee);
		if (i + 1 == spec->ladder_len)
			attempt_hang_up(caller, call->token, leg_spec.attempt);
	}
	return 0;
}

int call_connect(struct peer *caller, struct peer *callee, const struct call_spec *spec,
		 struct call **ret)
{
	struct call *call;
	int err;

	if (spec->ladder_len > LADDER_MAX)
		return -EINVAL;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->host = peer_host(caller);
	call->token = spec->token ? spec->token : host_random(call->host);
	err = climb(call, caller, callee, spec);
	if (err) {
		call_free(call);
		return err;
	}
	*ret = call;
	return 0;
}

void call_free(struct call *call)
{
	struct leg *caller = call ? call->legs[TALK_CALLER] : NULL;

	if (!call)
		return;
	if (caller)
		attempt_hang_up(caller->peer, call->token, caller->spec.attempt);
	leg_free(call->legs[TALK_CALLER]);
	leg_free(call->legs[TALK_CALLEE]);
	free(call);
}
