/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOOK_EVERY = 1000, FILE_MAX = 1 << 20 };

#define DEFAULT_INSTRUCTIONS UINT64_C(50000000)
#define DEFAULT_MEMORY ((size_t)64 << 20)

struct sandbox {
	lua_State *L;
	void *user;
	uint64_t budget;
	uint64_t used;
	bool exhausted;
	size_t memory;
	size_t memory_max;
	struct source source;
};

static struct sandbox *sandbox_of(lua_State *L)
{
	/* Lua copies a state's extra space into each thread that it makes. */
	return *(struct sandbox **)lua_getextraspace(L);
}

void *sandbox_user(lua_State *L)
{
	return sandbox_of(L)->user;
}

const struct source *sandbox_source(lua_State *L)
{
	return &sandbox_of(L)->source;
}

lua_State *sandbox_lua(const struct sandbox *sandbox)
{
	return sandbox->L;
}

bool sandbox_exhausted(const struct sandbox *sandbox)
{
	return sandbox->exhausted;
}

static void *allocate(void *user, void *old, size_t old_size, size_t size)
{
	struct sandbox *sandbox = user;
	size_t before = old ? old_size : 0; /* without a block, old_size tells a type instead */
	void *block;

	if (size == 0) {
		sandbox->memory -= before;
		free(old);
		return NULL;
	}
	if (size > before && size - before > sandbox->memory_max - sandbox->memory)
		return NULL;
	block = realloc(old, size);
	if (block)
		sandbox->memory += size - before;
	return block;
}

static void count_instructions(lua_State *L, lua_Debug *ar)
{
	struct sandbox *sandbox = sandbox_of(L);

	sandbox->used += HOOK_EVERY;
	if (sandbox->used <= sandbox->budget)
		return;
	/* From now on each instruction fails, so that a loop round a pcall ends as well. */
	sandbox->exhausted = true;
	lua_sethook(L, count_instructions, LUA_MASKCOUNT, 1);
	lua_getinfo(L, "l", ar);
	lua_pushfstring(L, "%s:%d: ran out of its budget of %I instructions", sandbox->source.file,
			ar->currentline, (lua_Integer)sandbox->budget);
	lua_error(L);
}

static int unknown_global(lua_State *L)
{
	return luaL_error(L, "there is no global \"%s\"", luaL_tolstring(L, 2, NULL));
}

static int refuse_global(lua_State *L)
{
	return luaL_error(L, "global \"%s\" is not allowed: make it local",
			  luaL_tolstring(L, 2, NULL));
}

/* A finaliser runs where no hook counts, so a scenario gets none. */
static int set_metatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, lua_isnoneornil(L, 2) || lua_istable(L, 2), 2, "nil or table");
	if (lua_istable(L, 2)) {
		lua_getfield(L, 2, "__gc");
		if (!lua_isnil(L, -1))
			return luaL_error(L, "a finaliser (__gc) is not allowed");
		lua_pop(L, 1);
	}
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

static void open_library(lua_State *L, const char *name, lua_CFunction open,
			 const char *const *without)
{
	luaL_requiref(L, name, open, 1);
	for (; *without; without++) {
		lua_pushnil(L);
		lua_setfield(L, -2, *without);
	}
	lua_pop(L, 1);
}

/* What reaches out of the state, or what could evade its budget, is taken away. */
static const char *const base_without[] = { "collectgarbage", "dofile", "load",		"loadfile",
					    "print",	      "warn",	"getmetatable", NULL };
static const char *const string_without[] = { "dump", NULL };
static const char *const math_without[] = { "randomseed", NULL };
static const char *const nothing_without[] = { NULL };

static int open_all(lua_State *L)
{
	lua_Integer seed = lua_tointeger(L, 1);

	open_library(L, "_G", luaopen_base, base_without);
	open_library(L, LUA_TABLIBNAME, luaopen_table, nothing_without);
	open_library(L, LUA_STRLIBNAME, luaopen_string, string_without);
	open_library(L, LUA_UTF8LIBNAME, luaopen_utf8, nothing_without);
	luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
	lua_getfield(L, -1, "randomseed");
	lua_pushinteger(L, seed);
	lua_call(L, 1, 0);
	open_library(L, LUA_MATHLIBNAME, luaopen_math, math_without);
	lua_register(L, "setmetatable", set_metatable);
	return 0;
}

/* Strict globals: what is not there is a spelling mistake, and what would be made, too. */
static int lock_globals(lua_State *L)
{
	lua_pushglobaltable(L);
	lua_createtable(L, 0, 3);
	lua_pushcfunction(L, unknown_global);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_global);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, -2);
	return 0;
}

int sandbox_new(const struct sandbox_limits *limits, uint64_t seed, void *user,
		struct sandbox **ret)
{
	struct sandbox *sandbox = calloc(1, sizeof(*sandbox));

	if (!sandbox)
		return -ENOMEM;
	sandbox->user = user;
	sandbox->budget = limits->instructions ? limits->instructions : DEFAULT_INSTRUCTIONS;
	sandbox->memory_max = limits->memory ? limits->memory : DEFAULT_MEMORY;
	sandbox->L = lua_newstate(allocate, sandbox);
	if (!sandbox->L)
		goto no_memory;
	*(struct sandbox **)lua_getextraspace(sandbox->L) = sandbox;
	lua_pushcfunction(sandbox->L, open_all);
	lua_pushinteger(sandbox->L, (lua_Integer)seed);
	if (lua_pcall(sandbox->L, 1, 0, 0))
		goto no_memory;
	*ret = sandbox;
	return 0;

no_memory:
	sandbox_free(sandbox);
	return -ENOMEM;
}

void sandbox_free(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	if (sandbox->L)
		lua_close(sandbox->L);
	free(sandbox->source.text);
	free(sandbox->source.path);
	free(sandbox->source.file);
	free(sandbox);
}

/* What was thrown, as text.  A table's address would tell nobody anything; a __tostring is the
 * scenario's code, which could throw once more, and nothing would catch that here. */
static const char *thrown_text(lua_State *L, char *buf, size_t size)
{
	if (lua_type(L, -1) == LUA_TSTRING)
		return lua_tostring(L, -1);
	snprintf(buf, size, "error object is a %s value", luaL_typename(L, -1));
	return buf;
}

/* An error is one line and names the file, whatever was thrown: "not enough memory" does not. */
static void take_error(lua_State *L, char *ret_error, size_t size)
{
	const struct source *source = &sandbox_of(L)->source;
	size_t chunk = strlen(source->chunk);
	char buf[64];
	const char *text = thrown_text(L, buf, sizeof(buf));

	if (strncmp(text, source->file, strlen(source->file)) == 0)
		snprintf(ret_error, size, "%s", text);
	else if (strncmp(text, source->chunk, chunk) == 0 && text[chunk] == ':')
		snprintf(ret_error, size, "%s%s", source->file, text + chunk);
	else
		snprintf(ret_error, size, "%s: %s", source->file, text);
	for (char *c = ret_error; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	lua_pop(L, 1);
}

int sandbox_call(lua_State *L, int nargs, int nresults, char *ret_error, size_t size)
{
	if (lua_pcall(L, nargs, nresults, 0) == LUA_OK)
		return 0;
	take_error(L, ret_error, size);
	return -EINVAL;
}

static int read_text(const char *path, struct source *ret)
{
	FILE *file = fopen(path, "re");
	int error = 0;

	if (!file)
		return -errno;
	ret->text = calloc(1, FILE_MAX + 1);
	if (!ret->text)
		error = -ENOMEM;
	else
		ret->len = fread(ret->text, 1, FILE_MAX, file);
	if (!error && ferror(file))
		error = errno ? -errno : -EIO; /* a directory, for one */
	else if (!error && !feof(file) && fgetc(file) != EOF)
		error = -EFBIG;
	fclose(file);
	return error;
}

/* Lua shows LUA_IDSIZE bytes of a name, its NUL among them, and would put "..." in front of
 * the end of a longer one: take_error() could not tell that from a name. */
static void name_chunk(struct source *source)
{
	static_assert(sizeof(source->chunk) <= LUA_IDSIZE, "Lua shows the chunk's name whole");
	size_t len = strlen(source->file), room = sizeof(source->chunk) - 1;

	snprintf(source->chunk, sizeof(source->chunk), "%s",
		 source->file + (len > room ? len - room : 0));
}

int sandbox_run_file(struct sandbox *sandbox, const char *path, const char *file, char *ret_error,
		     size_t size)
{
	lua_State *L = sandbox->L;
	char chunk[sizeof(sandbox->source.chunk) + 1];
	int error = read_text(path, &sandbox->source);

	if (error) {
		snprintf(ret_error, size, "%s: %s", path, strerror(-error));
		return error;
	}
	sandbox->source.path = strdup(path);
	sandbox->source.file = strdup(file);
	if (!sandbox->source.path || !sandbox->source.file) {
		snprintf(ret_error, size, "%s: not enough memory", file);
		return -ENOMEM;
	}
	name_chunk(&sandbox->source);
	snprintf(chunk, sizeof(chunk), "@%s", sandbox->source.chunk);
	lock_globals(L);
	lua_settop(L, 0);
	if (luaL_loadbufferx(L, sandbox->source.text, sandbox->source.len, chunk, "t")) {
		take_error(L, ret_error, size);
		return -EINVAL;
	}
	lua_sethook(L, count_instructions, LUA_MASKCOUNT, HOOK_EVERY);
	return sandbox_call(L, 0, 1, ret_error, size);
}
