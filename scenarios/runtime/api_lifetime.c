/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host:lifetime(): how long the NATs before a host keep its idle mappings. */
#include <lauxlib.h>

#include "../../probes/methods/lifetime.h"
#include "../../probes/services/service.h"
#include "api.h"
#include "fields.h"

#define LONGEST (10 * 60 * SEC)

static void push_seconds(lua_State *L, const char *key, uint64_t ns)
{
	lua_pushnumber(L, (lua_Number)ns / 1e9);
	lua_setfield(L, -2, key);
}

static void push_flag(lua_State *L, const char *key, bool flag)
{
	lua_pushboolean(L, flag);
	lua_setfield(L, -2, key);
}

static int push_lifetime(lua_State *L, const struct lifetime *lifetime)
{
	lua_createtable(L, 0, 4);
	push_seconds(L, "alive", lifetime->alive_ns);
	if (lifetime->gone_ns)
		push_seconds(L, "gone", lifetime->gone_ns);
	if (lifetime->refresh_known) {
		push_flag(L, "outbound", lifetime->outbound);
		push_flag(L, "inbound", lifetime->inbound);
	}
	return 1;
}

/* host:lifetime { server = w.server, longest = "10m" }: { alive, gone, outbound, inbound }, or nil
 * and why. */
int api_host_lifetime(lua_State *L)
{
	static const char *const words[] = { "server", "longest", "precision", "parallel" };
	struct fields f = fields_of_call(L, 2, "lifetime");
	struct lifetime_spec spec = { 0 };
	struct lifetime lifetime;
	int error;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	if (!api_server_field(&f, "server", STUN_PORT, &spec.server))
		fields_fail(&f, NULL, "expected server = a host, or \"11.1.1.2:3478\"");
	spec.longest_ns = fields_duration(&f, "longest", LONGEST);
	spec.precision_ns = fields_duration(&f, "precision", SEC);
	spec.parallel = (unsigned)fields_integer(&f, "parallel", 1, LIFETIME_PARALLEL_MAX, 8);
	if (spec.precision_ns == 0 || spec.longest_ns <= spec.precision_ns)
		fields_fail(&f, "longest",
			    "longest: expected more than the precision, which is %.9g s",
			    (double)spec.precision_ns / 1e9);
	error = lifetime_measure(api_check_host(L, 1), &spec, &lifetime);
	return error ? api_failure(L, error) : push_lifetime(L, &lifetime);
}
