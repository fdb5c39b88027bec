/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lua_data.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Far more than any model needs, and little enough that a runaway text ends at once. */
enum { INSTRUCTIONS = 1000000, MEMORY = 8 << 20, MEMORY_IN_ALL = 64 << 20 };

/* What Lua calls the text: it would cut a long name short. */
#define CHUNK "(file)"

struct job {
	const char *file;
	const char *text;
	size_t len;
	int (*use)(lua_State *lua, void *arg);
	void *arg;
	int result;
	size_t memory; /* in use */
	size_t memory_in_all; /* asked for so far: one instruction may copy all there is */
	bool denied; /* there was none to be had */
};

static void *limited_alloc(void *user, void *block, size_t old, size_t size)
{
	struct job *job = user;
	void *moved;

	if (!block)
		old = 0; /* then it holds the kind of object instead */
	if (size == 0) {
		free(block);
		job->memory -= old;
		return NULL;
	}
	if (size > old && size - old > MEMORY - job->memory)
		return NULL;
	if (size > old && size > MEMORY_IN_ALL - job->memory_in_all)
		return NULL;
	if (size > old)
		job->memory_in_all += size;
	moved = realloc(block, size);
	if (moved)
		job->memory = job->memory - old + size;
	else
		job->denied = true;
	return moved;
}

static void out_of_budget(lua_State *lua, lua_Debug *debug)
{
	lua_getinfo(lua, "Sl", debug);
	luaL_error(lua, "%s:%d: stopped after %d instructions: a loop without end?",
		   debug->short_src, debug->currentline, INSTRUCTIONS);
}

/* Everything that may raise an error happens in here. */
static int run(lua_State *lua)
{
	struct job *job = lua_touserdata(lua, 1);
	if (job->len && job->text[0] == LUA_SIGNATURE[0])
		return luaL_error(lua, "%s: expected a Lua text; got a compiled one", job->file);
	if (luaL_loadbufferx(lua, job->text, job->len, "=" CHUNK, "t") != LUA_OK)
		return lua_error(lua);
	/* Its only upvalue is the table of globals: an empty one. */
	lua_newtable(lua);
	lua_setupvalue(lua, -2, 1);
	lua_sethook(lua, out_of_budget, LUA_MASKCOUNT, INSTRUCTIONS);
	lua_call(lua, 0, 1);
	lua_sethook(lua, NULL, 0, 0);
	if (!lua_istable(lua, -1))
		return luaL_error(lua, "%s: expected the file to return a table; got %s", job->file,
				  luaL_typename(lua, -1));
	job->result = job->use(lua, job->arg);
	return 0;
}

/* Has Lua put the place, "my.lua:3:", in front?  It does not where its own limits are reached. */
static bool names_place(const char *message)
{
	for (const char *p = strchr(message, ':'); p; p = strchr(p + 1, ':')) {
		size_t digits = strspn(p + 1, "0123456789");

		if (digits && p[1 + digits] == ':')
			return true;
	}
	return false;
}

static void report(const char *file, const char *message, char *error, size_t size)
{
	int line = (int)strcspn(message, "\n");

	if (strcmp(message, "not enough memory") == 0)
		snprintf(error, size, "%s: stopped at %d MiB of memory, or %d MiB in all", file,
			 MEMORY >> 20, MEMORY_IN_ALL >> 20);
	else if (strncmp(message, CHUNK ":", strlen(CHUNK ":")) == 0)
		snprintf(error, size, "%s%.*s", file, line - (int)strlen(CHUNK),
			 message + strlen(CHUNK));
	else if (names_place(message) || strncmp(message, file, strlen(file)) == 0)
		snprintf(error, size, "%.*s", line, message);
	else
		snprintf(error, size, "%s: %.*s", file, line, message);
}

int lua_data_read(const char *file, const char *text, size_t len,
		  int (*use)(lua_State *lua, void *arg), void *arg, char *error, size_t size)
{
	struct job job = { .file = file, .text = text, .len = len, .use = use, .arg = arg };
	lua_State *lua = lua_newstate(limited_alloc, &job);
	const char *message;
	int status;

	if (!lua) {
		snprintf(error, size, "%s: out of memory", file);
		return -ENOMEM;
	}
	lua_pushcfunction(lua, run);
	lua_pushlightuserdata(lua, &job);
	status = lua_pcall(lua, 1, 0, 0);
	if (status == LUA_ERRMEM && job.denied) {
		snprintf(error, size, "%s: out of memory", file);
		job.result = -ENOMEM;
	} else if (status != LUA_OK) {
		message = lua_tostring(lua, -1);
		report(file, message ? message : "an error that is no text", error, size);
		job.result = -EINVAL;
	}
	lua_close(lua);
	return job.result;
}
