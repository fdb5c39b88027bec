/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call that connect() gives. */
#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "api.h"
#include "fields.h"

static struct stage_call *check_call(lua_State *L, int index)
{
	return *(struct stage_call **)luaL_checkudata(L, index, API_CALL);
}

static void push_pair(lua_State *L, const char *key, const unsigned pair[2])
{
	lua_createtable(L, 2, 0);
	for (int i = 0; i < 2; i++) {
		lua_pushinteger(L, (lua_Integer)pair[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -2, key);
}

/* call:talk { frames = 50, every = "20ms", size = 160 }: { sent = {n, n}, received = {n, n} } */
static int call_talking(lua_State *L)
{
	static const char *const words[] = { "frames", "every", "size" };
	struct stage_call *call = check_call(L, 1);
	struct fields f = fields_of_call(L, 2, "talk");
	struct talk_stats stats = { 0 };
	struct talk_spec spec;
	int error;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	spec.frames = (unsigned)fields_integer(&f, "frames", 1, 1000000, 50);
	spec.every_ns = fields_duration(&f, "every", 20 * MSEC);
	spec.size = (uint16_t)fields_integer(&f, "size", 28, 1400, 0);
	error = call_talk(call->call, &spec, &stats);
	/* What never connected has nothing to say: expectations tell the reader so, or the oracle. */
	if (error && error != -ENOTCONN)
		return luaL_error(L, "talk: %s", strerror(-error));
	for (int i = 0; i < 2; i++) {
		call->sent[i] += stats.sent[i];
		call->heard[i] += stats.received[i];
	}
	lua_createtable(L, 0, 2);
	push_pair(L, "sent", stats.sent);
	push_pair(L, "received", stats.received);
	return 1;
}

/* call:hold { time = "3s", every = "1s" }: keepalives; without `every`, silence. */
static int call_holding(lua_State *L)
{
	static const char *const words[] = { "time", "every" };
	struct stage_call *call = check_call(L, 1);
	struct fields f = fields_of_call(L, 2, "hold");
	uint64_t time, every;
	int error;

	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	time = fields_duration(&f, "time", 0);
	every = fields_duration(&f, "every", 0);
	if (!time)
		fields_fail(&f, NULL, "expected time = \"how long\"");
	error = call_hold(call->call, time, every);
	if (error && error != -ENOTCONN)
		return luaL_error(L, "hold: %s", strerror(-error));
	return 0;
}

static int push_deferred(lua_State *L, const struct stage_call *call, enum call_field field,
			 enum method method, int family)
{
	struct api_deferred *deferred = lua_newuserdatauv(L, sizeof(*deferred), 0);

	*deferred = (struct api_deferred){ call, field, method, family };
	luaL_setmetatable(L, API_DEFERRED);
	return 1;
}

/* call:worked("direct", "ipv6"): did that rung of the ladder connect, in that family or in any? */
static int call_worked(lua_State *L)
{
	struct stage_call *call = check_call(L, 1);
	struct fields f = fields_of_call(L, 4, "worked");
	int family = lua_isnoneornil(L, 3)
			     ? FAMILY_COUNT
			     : (int)api_parse_family(&f, NULL, luaL_checkstring(L, 3));

	return push_deferred(L, call, CALL_WORKED,
			     api_parse_method(&f, NULL, luaL_checkstring(L, 2)), family);
}

static const luaL_Reg call_methods[] = {
	{ "talk", call_talking },
	{ "hold", call_holding },
	{ "worked", call_worked },
	{ NULL, NULL },
};

/* call.reported: what the probe says of itself, at once; the capture has the last word. */
static int push_reported(lua_State *L, const struct stage_call *call)
{
	if (call_connected(call->call))
		lua_pushstring(L, method_word(call_method(call->call)));
	else
		lua_pushliteral(L, "none");
	return 1;
}

/* call.caller_mapped, call.callee_mapped: as the rendezvous saw them in the last attempt. */
static int push_mapped(lua_State *L, const struct stage_call *call, bool caller)
{
	const struct attempt *attempts;
	unsigned n = call_attempts(call->call, &attempts);

	if (n == 0)
		return 0;
	return api_push_endpoint(L, caller ? attempts[n - 1].caller_mapped
					   : attempts[n - 1].callee_mapped);
}

static int call_index(lua_State *L)
{
	static const char *const words[] = { "method",	 "connected",	  "relayed",
					     "relay",	 "arrived",	  "worked",
					     "pair",	 "talk",	  "hold",
					     "reported", "caller_mapped", "callee_mapped",
					     "family" };
	struct stage_call *call = check_call(L, 1);
	const char *key = luaL_checkstring(L, 2);
	char buf[256];

	for (const luaL_Reg *method = call_methods; method->name; method++) {
		if (strcmp(method->name, key) == 0) {
			lua_pushcfunction(L, method->func);
			return 1;
		}
	}
	if (strcmp(key, "reported") == 0)
		return push_reported(L, call);
	if (strcmp(key, "caller_mapped") == 0 || strcmp(key, "callee_mapped") == 0)
		return push_mapped(L, call, key[5] == 'r');
	for (int i = 0; i < CALL_FIELDS_LEN; i++)
		if (strcmp(call_field_words[i], key) == 0)
			return push_deferred(L, call, (enum call_field)i, METHOD_COUNT,
					     FAMILY_COUNT);
	return luaL_error(L, "call: %s",
			  fields_unknown(buf, sizeof(buf), "key", key, words,
					 sizeof(words) / sizeof(*words)));
}

/* A comparison would be false always, so that an `if` would lie: say so instead. */
static int deferred_index(lua_State *L)
{
	const struct api_deferred *d = luaL_checkudata(L, 1, API_DEFERRED);

	return luaL_error(L, "call.%s is known when the capture has been read: use expect()",
			  call_field_words[d->field]);
}

void api_call_open(lua_State *L)
{
	static const char *const refused[] = { "__index",  "__eq",	 "__lt",  "__le",
					       "__concat", "__tostring", "__len", "__call" };

	api_metatable(L, API_CALL, NULL, call_index);
	luaL_newmetatable(L, API_DEFERRED);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		lua_pushcfunction(L, deferred_index);
		lua_setfield(L, -2, refused[i]);
	}
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
	lua_register(L, "connect", api_connect);
}
