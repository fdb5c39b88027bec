/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ladder: one attempt after another, until one connects. */
#include "connect.h"

#include <errno.h>
#include <stdlib.h>

#include "attempt.h"
#include "call.h"
#include "peer.h"

#define ATTEMPT_NS (2 * SEC)
#define ICE_ATTEMPT_NS (8 * SEC) /* it gathers, checks, and waits for a better pair */

bool call_connected(const struct call *call)
{
	return call->connected;
}

enum method call_method(const struct call *call)
{
	return call->method;
}

enum family call_family(const struct call *call)
{
	return call->family;
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
	call->family = caller->spec.family;
	return 0;
}

/* One rung in one family.  0 with *ret_leg where it connected, else NULL. */
static int step(struct call *call, struct peer *caller, struct peer *callee,
		const struct leg_spec *spec, uint64_t attempt_ns, struct leg **ret_leg)
{
	struct attempt *attempt = &call->attempts[call->attempts_len];
	int err = attempt_call(caller, host_name(peer_host(callee)), spec, attempt_ns, attempt,
			       ret_leg);

	if (!err)
		call->attempts_len++;
	return err;
}

/* The families to try @method in, in order; how many. */
static unsigned families_of(const struct call_spec *spec, const struct peer *caller,
			    const struct peer *callee, enum method method,
			    enum family ret[FAMILY_COUNT])
{
	static const enum family preferred[] = { FAMILY_IPV6, FAMILY_IPV4 };
	const enum family *families = spec->families_len ? spec->families : preferred;
	unsigned len = spec->families_len ? spec->families_len : FAMILY_COUNT;
	unsigned n = 0;

	if (method_takes_any_family(method)) {
		ret[0] = FAMILY_IPV4;
		return 1;
	}
	for (unsigned i = 0; i < len; i++)
		if (peer_speaks(caller, families[i]) && peer_speaks(callee, families[i]))
			ret[n++] = families[i];
	return n;
}

static int climb(struct call *call, struct peer *caller, struct peer *callee,
		 const struct call_spec *spec)
{
	struct leg_spec leg_spec = {
		.token = call->token,
		.role = TALK_CALLER,
		.host_addresses = spec->host_addresses,
		.local_port = spec->local_port,
		.pace_ns = spec->pace_ns ? spec->pace_ns : METHOD_PACE_NS,
		.budget = method_budget_of(&spec->budget),
	};

	for (unsigned i = 0; i < spec->ladder_len; i++) {
		enum family families[FAMILY_COUNT];
		unsigned n = families_of(spec, caller, callee, spec->ladder[i], families);
		uint64_t usual_ns = spec->ladder[i] == METHOD_ICE ? ICE_ATTEMPT_NS : ATTEMPT_NS;
		uint64_t attempt_ns = spec->attempt_ns ? spec->attempt_ns : usual_ns;

		for (unsigned f = 0; f < n; f++) {
			struct leg *leg = NULL;
			int err;

			leg_spec.attempt = (uint8_t)call->attempts_len;
			leg_spec.method = spec->ladder[i];
			leg_spec.family = families[f];
			leg_spec.attempt_ns = attempt_ns;
			err = step(call, caller, callee, &leg_spec, attempt_ns, &leg);
			if (err)
				return err;
			if (leg)
				return adopt(call, leg, callee);
		}
	}
	if (call->attempts_len)
		attempt_hang_up(caller, call->token, leg_spec.attempt);
	return 0;
}

int call_connect(struct peer *caller, struct peer *callee, const struct call_spec *spec,
		 struct call **ret)
{
	struct call *call;
	const struct method_budget budget = method_budget_of(&spec->budget);
	int err;

	if (spec->ladder_len > LADDER_MAX || spec->families_len > FAMILY_COUNT ||
	    !method_budget_ok(&budget))
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
