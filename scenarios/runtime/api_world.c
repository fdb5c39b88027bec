/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `w`: the nodes by their names, time, and more actors. */
#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "../../nat-models/duration.h"
#include "api.h"
#include "fields.h"

enum { SUGGESTIONS = 256 };

void api_open(lua_State *L)
{
	api_world_open(L);
	api_host_open(L);
	api_socket_open(L);
	api_process_open(L);
	api_turn_open(L);
	api_ice_open(L);
	api_call_open(L);
	api_expect_open(L);
}

void api_metatable(lua_State *L, const char *name, const struct luaL_Reg *methods,
		   lua_CFunction index)
{
	luaL_newmetatable(L, name);
	if (index) {
		lua_pushcfunction(L, index);
	} else {
		lua_newtable(L);
		luaL_setfuncs(L, methods, 0);
	}
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
}

void **api_push_pointer(lua_State *L, const char *name)
{
	void **slot = lua_newuserdatauv(L, sizeof(void *), 0);

	*slot = NULL;
	luaL_setmetatable(L, name);
	return slot;
}

uint64_t api_now(lua_State *L)
{
	return loop_now(world_loop(stage_of(L)->world));
}

uint64_t api_deadline(const struct fields *f, uint64_t otherwise_ns)
{
	return api_now(f->L) + fields_duration(f, "within", otherwise_ns);
}

int api_failure(lua_State *L, int error)
{
	lua_pushnil(L);
	switch (error) {
	case -ETIMEDOUT:
		lua_pushliteral(L, "timed out");
		break;
	case -ECONNREFUSED:
		lua_pushliteral(L, "refused");
		break;
	case -ECONNRESET:
		lua_pushliteral(L, "reset");
		break;
	default:
		lua_pushstring(L, strerror(-error));
	}
	return 2;
}

void api_push_world(lua_State *L)
{
	lua_newuserdatauv(L, 1, 0);
	luaL_setmetatable(L, API_WORLD);
}

void api_push_tap(lua_State *L, const char *name)
{
	struct api_tap *tap = lua_newuserdatauv(L, sizeof(*tap), 0);

	strncpy(tap->name, name, sizeof(tap->name) - 1);
	tap->name[sizeof(tap->name) - 1] = '\0';
	luaL_setmetatable(L, API_TAP);
}

/* w:sleep "2s" */
static int world_sleep(lua_State *L)
{
	const char *text = luaL_checkstring(L, 2);
	uint64_t time;

	luaL_checkudata(L, 1, API_WORLD);
	if (lua_type(L, 2) != LUA_TSTRING || duration_parse(text, &time))
		return luaL_error(L, "sleep: expected a time such as \"20ms\", got \"%s\"", text);
	fiber_sleep(api_now(L) + time);
	return 0;
}

/* w:now(): seconds since the world began. */
static int world_now(lua_State *L)
{
	lua_pushnumber(L, (lua_Number)api_now(L) / 1e9);
	return 1;
}

/* w:spawn(function (…) … end, …) */
static int world_spawn(lua_State *L)
{
	struct actor *actor;
	void **slot;

	luaL_checkudata(L, 1, API_WORLD);
	luaL_checktype(L, 2, LUA_TFUNCTION);
	slot = api_push_pointer(L, API_ACTOR);
	lua_replace(L, 1);
	actor = stage_spawn(stage_of(L), L, lua_gettop(L) - 2);
	if (!actor)
		return luaL_error(L, "not enough memory");
	*slot = actor;
	lua_settop(L, 1);
	return 1;
}

/* actor:wait() parks until the actor has returned. */
static int actor_wait(lua_State *L)
{
	struct actor *actor = *(struct actor **)luaL_checkudata(L, 1, API_ACTOR);

	if (actor->waiter && !actor->done)
		return luaL_error(L, "two actors wait for the same one");
	actor->waiter = fiber_self();
	while (!actor->done)
		fiber_park(NEVER);
	actor->waiter = NULL;
	return 0;
}

/* w:log("…"): a line in the run's record. */
static int write_log(lua_State *L, int first)
{
	int last = lua_gettop(L); /* before the buffer puts its own on the stack */
	luaL_Buffer buffer;

	luaL_buffinit(L, &buffer);
	for (int i = first; i <= last; i++) {
		if (i > first)
			luaL_addchar(&buffer, ' ');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&buffer);
	}
	luaL_pushresult(&buffer);
	stage_log(stage_of(L), "%s", lua_tostring(L, -1));
	return 0;
}

static int world_log(lua_State *L)
{
	return write_log(L, 2);
}

static int print(lua_State *L)
{
	/* While a file is loaded and read there is no stage, and nobody to read it. */
	return stage_of(L) ? write_log(L, 1) : 0;
}

static const luaL_Reg world_methods[] = {
	{ "sleep", world_sleep }, { "now", world_now }, { "spawn", world_spawn },
	{ "log", world_log },	  { NULL, NULL },
};

static int no_node(lua_State *L, const char *name)
{
	const struct plan *plan = &stage_of(L)->plan;
	const char *names[SUGGESTIONS];
	const struct plan_node *node = NULL;
	size_t n = 0;
	char buf[256];

	while ((node = plan_next(plan, node)) && n < SUGGESTIONS)
		names[n++] = node->name;
	return luaL_error(L, "%s", fields_unknown(buf, sizeof(buf), "node", name, names, n));
}

static int world_index(lua_State *L)
{
	const char *name = luaL_checkstring(L, 2);
	const struct plan_node *node = plan_find(&stage_of(L)->plan, name);

	for (const luaL_Reg *method = world_methods; method->name; method++) {
		if (strcmp(method->name, name) == 0) {
			lua_pushcfunction(L, method->func);
			return 1;
		}
	}
	if (!node)
		return no_node(L, name);
	api_push_node(L, node);
	return 1;
}

void api_world_open(lua_State *L)
{
	static const luaL_Reg actor_methods[] = { { "wait", actor_wait }, { NULL, NULL } };
	static const luaL_Reg nothing[] = { { NULL, NULL } };

	api_metatable(L, API_WORLD, NULL, world_index);
	api_metatable(L, API_ACTOR, actor_methods, NULL);
	api_metatable(L, API_TAP, nothing, NULL);
	lua_pop(L, 3);
	lua_register(L, "print", print);
}
