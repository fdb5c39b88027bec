/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fields.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../nat-models/duration.h"
#include "../../nat-models/suggest.h"
#include "sandbox.h"

struct fields fields_of_call(lua_State *L, int table, const char *who)
{
	struct fields f = { .L = L, .line = 0 };
	lua_Debug ar;

	snprintf(f.who, sizeof(f.who), "%s", who);
	if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "l", &ar))
		f.line = ar.currentline;
	if (!lua_isnoneornil(L, table)) {
		luaL_checktype(L, table, LUA_TTABLE);
		f.table = lua_absindex(L, table);
	}
	return f;
}

/* Is @key written at @at, as a key: a word of its own, before a single '='? */
static bool is_key(const char *text, const char *at, const char *key)
{
	const char *end = at + strlen(key);

	if (strncmp(at, key, strlen(key)) != 0)
		return false;
	if (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_' || at[-1] == '.'))
		return false;
	while (*end == ' ' || *end == '\t')
		end++;
	return end[0] == '=' && end[1] != '=';
}

/*
 * The line of the source on which @key of the table that begins on @line is written; @line
 * itself where it cannot be seen.  The braces say where the table ends.  Braces in strings
 * and comments are counted as well: a line is for people and may be off, rarely.
 */
static int line_of_key(const struct source *source, int line, const char *key)
{
	const char *c = source->text;
	int at = 1, depth = 0;

	while (c && *c && at < line)
		at += *c++ == '\n';
	for (bool begun = false; c && *c && !(begun && depth == 0); c++) {
		at += *c == '\n';
		depth += (*c == '{') - (*c == '}');
		begun |= *c == '{';
		if (begun && is_key(source->text, c, key))
			return at;
	}
	return line;
}

int fields_line(const struct fields *f, const char *key)
{
	return line_of_key(sandbox_source(f->L), f->line, key);
}

void fields_fail(const struct fields *f, const char *key, const char *format, ...)
{
	const struct source *source = sandbox_source(f->L);
	char text[384];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	lua_pushfstring(f->L, "%s:%d: %s: %s", source->file,
			key ? line_of_key(source, f->line, key) : f->line, f->who, text);
	lua_error(f->L);
	abort(); /* lua_error() does not return, which its declaration does not say */
}

void fields_raise(lua_State *L, const char *format, ...)
{
	char text[384];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	luaL_error(L, "%s", text);
	abort();
}

const char *fields_unknown(char *buf, size_t size, const char *what, const char *word,
			   const char *const *words, size_t n)
{
	const char *near = suggest(word, words, n);

	if (near)
		snprintf(buf, size, "unknown %s \"%s\"; did you mean \"%s\"?", what, word, near);
	else
		snprintf(buf, size, "unknown %s \"%s\"", what, word);
	return buf;
}

static bool among(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

void fields_allow(const struct fields *f, const char *const *words, size_t n, lua_Integer positions)
{
	lua_State *L = f->L;
	char buf[256];

	if (!f->table)
		return;
	for (lua_pushnil(L); lua_next(L, f->table); lua_pop(L, 1)) {
		if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
		    lua_tointeger(L, -2) <= positions)
			continue;
		if (lua_type(L, -2) != LUA_TSTRING)
			fields_fail(f, NULL, "expected named keys only, got a value without one");
		if (!among(lua_tostring(L, -2), words, n))
			fields_fail(f, lua_tostring(L, -2), "%s",
				    fields_unknown(buf, sizeof(buf), "key", lua_tostring(L, -2),
						   words, n));
	}
}

/* Push the value; false, with nothing pushed, where there is none. */
static bool get(const struct fields *f, const char *key)
{
	if (!f->table)
		return false;
	lua_getfield(f->L, f->table, key);
	if (!lua_isnil(f->L, -1))
		return true;
	lua_pop(f->L, 1);
	return false;
}

bool fields_given(const struct fields *f, const char *key)
{
	if (!get(f, key))
		return false;
	lua_pop(f->L, 1);
	return true;
}

_Noreturn static void fail_type(const struct fields *f, const char *key, const char *expected)
{
	if (lua_type(f->L, -1) == LUA_TSTRING)
		fields_fail(f, key, "%s: expected %s, got \"%s\"", key, expected,
			    lua_tostring(f->L, -1));
	if (lua_type(f->L, -1) == LUA_TNUMBER || lua_type(f->L, -1) == LUA_TBOOLEAN)
		fields_fail(f, key, "%s: expected %s, got %s", key, expected,
			    luaL_tolstring(f->L, -1, NULL));
	fields_fail(f, key, "%s: expected %s, got a %s", key, expected, luaL_typename(f->L, -1));
}

const char *fields_text(const struct fields *f, const char *key, const char *otherwise)
{
	const char *text;

	if (!get(f, key))
		return otherwise;
	if (lua_type(f->L, -1) != LUA_TSTRING)
		fail_type(f, key, "text");
	text = lua_tostring(f->L, -1);
	lua_pop(f->L, 1);
	return text;
}

static uint64_t quantity(const struct fields *f, const char *key, uint64_t otherwise,
			 int (*parse)(const char *, uint64_t *), const char *expected)
{
	uint64_t value;

	if (!get(f, key))
		return otherwise;
	if (lua_type(f->L, -1) != LUA_TSTRING || parse(lua_tostring(f->L, -1), &value))
		fail_type(f, key, expected);
	lua_pop(f->L, 1);
	return value;
}

uint64_t fields_duration(const struct fields *f, const char *key, uint64_t otherwise_ns)
{
	return quantity(f, key, otherwise_ns, duration_parse, "a time such as \"20ms\"");
}

uint64_t fields_size(const struct fields *f, const char *key, uint64_t otherwise_bytes)
{
	return quantity(f, key, otherwise_bytes, size_parse, "a size such as \"64KiB\"");
}

uint64_t fields_rate(const struct fields *f, const char *key, uint64_t otherwise_bps)
{
	return quantity(f, key, otherwise_bps, rate_parse, "a rate such as \"10Mbit\"");
}

uint32_t fields_share(const struct fields *f, const char *key, uint32_t otherwise_ppm)
{
	return (uint32_t)quantity(f, key, otherwise_ppm, share_parse, "a share such as \"5%\"");
}

lua_Integer fields_integer(const struct fields *f, const char *key, lua_Integer low,
			   lua_Integer high, lua_Integer otherwise)
{
	lua_Integer value;
	char expected[64];

	if (!get(f, key))
		return otherwise;
	value = lua_tointeger(f->L, -1);
	if (!lua_isinteger(f->L, -1) || value < low || value > high) {
		snprintf(expected, sizeof(expected), "a whole number from %lld to %lld",
			 (long long)low, (long long)high);
		fail_type(f, key, expected);
	}
	lua_pop(f->L, 1);
	return value;
}

double fields_number(const struct fields *f, const char *key, double low, double high,
		     double otherwise)
{
	double value;
	char expected[64];

	if (!get(f, key))
		return otherwise;
	value = lua_tonumber(f->L, -1);
	/* No comparison holds for what is not a number at all. */
	if (lua_type(f->L, -1) != LUA_TNUMBER || !(value >= low && value <= high)) {
		snprintf(expected, sizeof(expected), "a number from %g to %g", low, high);
		fail_type(f, key, expected);
	}
	lua_pop(f->L, 1);
	return value;
}

bool fields_flag(const struct fields *f, const char *key, bool otherwise)
{
	bool value;

	if (!get(f, key))
		return otherwise;
	if (!lua_isboolean(f->L, -1))
		fail_type(f, key, "true or false");
	value = lua_toboolean(f->L, -1);
	lua_pop(f->L, 1);
	return value;
}

bool fields_table(const struct fields *f, const char *key, struct fields *ret)
{
	if (!get(f, key))
		return false;
	if (!lua_istable(f->L, -1))
		fail_type(f, key, "a table");
	*ret = *f;
	ret->table = lua_gettop(f->L);
	ret->line = line_of_key(sandbox_source(f->L), f->line, key);
	snprintf(ret->who, sizeof(ret->who), "%.60s: %.30s", f->who, key);
	return true;
}

size_t fields_list(const struct fields *f, const char *key, const char **ret, size_t max)
{
	size_t n = 0;

	if (!get(f, key))
		return 0;
	if (!lua_istable(f->L, -1))
		fail_type(f, key, "a list of words");
	if (lua_rawlen(f->L, -1) > max)
		fields_fail(f, key, "%s: expected at most %zu words", key, max);
	for (n = 0; n < lua_rawlen(f->L, -1); n++) {
		lua_rawgeti(f->L, -1, (lua_Integer)n + 1);
		if (lua_type(f->L, -1) != LUA_TSTRING)
			fail_type(f, key, "a list of words");
		ret[n] = lua_tostring(f->L, -1);
		lua_pop(f->L, 1);
	}
	lua_pop(f->L, 1);
	return n;
}

size_t fields_ports(const struct fields *f, const char *key, uint16_t *ret, size_t max)
{
	size_t n = 0;

	if (!get(f, key))
		return 0;
	if (!lua_istable(f->L, -1))
		fail_type(f, key, "a list of ports");
	if (lua_rawlen(f->L, -1) > max)
		fields_fail(f, key, "%s: expected at most %zu ports", key, max);
	for (n = 0; n < lua_rawlen(f->L, -1); n++) {
		lua_rawgeti(f->L, -1, (lua_Integer)n + 1);
		if (!lua_isinteger(f->L, -1) || lua_tointeger(f->L, -1) < 1 ||
		    lua_tointeger(f->L, -1) > UINT16_MAX)
			fail_type(f, key, "ports from 1 to 65535");
		ret[n] = (uint16_t)lua_tointeger(f->L, -1);
		lua_pop(f->L, 1);
	}
	lua_pop(f->L, 1);
	return n;
}
