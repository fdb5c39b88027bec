/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reader.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "source_line.h"
#include "suggest.h"

int reader_fault(struct reader *reader, const char *key, const char *format, ...)
{
	unsigned line = reader->text ? source_line(reader->text, reader->len, key) : 0;
	char *text = reader->error->text;
	size_t size = sizeof(reader->error->text);
	va_list args;
	int n;

	if (line)
		n = snprintf(text, size, "%s:%u: %s%s", reader->where, line, key, *key ? ": " : "");
	else
		n = snprintf(text, size, "%s: %s%s", reader->where, key, *key ? ": " : "");
	va_start(args, format);
	if (n >= 0 && (size_t)n < size)
		vsnprintf(text + n, size - (size_t)n, format, args);
	va_end(args);
	return -EINVAL;
}

const char *reader_path(const struct knob_section *section, const char *key, char *buf)
{
	snprintf(buf, READER_PATH, "%s%s%s", section->name, *section->name ? "." : "", key);
	return buf;
}

const char *reader_describe(lua_State *lua, char *buf, size_t size)
{
	switch (lua_type(lua, -1)) {
	case LUA_TSTRING:
		snprintf(buf, size, "\"%.60s\"", lua_tostring(lua, -1));
		break;
	case LUA_TNUMBER:
		if (lua_isinteger(lua, -1))
			snprintf(buf, size, "%lld", (long long)lua_tointeger(lua, -1));
		else
			snprintf(buf, size, "%.14g", (double)lua_tonumber(lua, -1));
		break;
	case LUA_TBOOLEAN:
		snprintf(buf, size, "%s", lua_toboolean(lua, -1) ? "true" : "false");
		break;
	default:
		snprintf(buf, size, "a %s", luaL_typename(lua, -1));
	}
	/* An error is one line, whatever the value holds. */
	for (char *p = buf; *p; p++) {
		if ((unsigned char)*p < ' ')
			*p = '?';
	}
	return buf;
}

void reader_append_list(char *buf, size_t size, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t used = strlen(buf);

		snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
			 *words[i] ? words[i] : "\"\"");
	}
}

static int wrong_word(struct reader *reader, const char *path, const char *const *words, size_t n)
{
	const char *near = NULL;
	char list[400] = "";
	char got[80];

	if (lua_type(reader->lua, -1) == LUA_TSTRING)
		near = suggest(lua_tostring(reader->lua, -1), words, n);
	reader_append_list(list, sizeof(list), words, n);
	reader_describe(reader->lua, got, sizeof(got));
	if (near)
		return reader_fault(reader, path,
				    "expected one of %s; got %s; did you mean \"%s\"?", list, got,
				    near);
	return reader_fault(reader, path, "expected one of %s; got %s", list, got);
}

static size_t list_words(const struct nat_word *table, const char *words[READER_WORDS])
{
	size_t n = 0;

	for (; n < READER_WORDS && table[n].word; n++)
		words[n] = table[n].word;
	return n;
}

/* Which of @table the string on top of the stack is; -1 where it is none. */
static int match_word(lua_State *lua, const struct nat_word *table)
{
	if (lua_type(lua, -1) != LUA_TSTRING)
		return -1;
	for (int i = 0; table[i].word; i++) {
		if (strcmp(table[i].word, lua_tostring(lua, -1)) == 0)
			return i;
	}
	return -1;
}

static int read_word(struct reader *reader, const char *path, const struct knob *knob, int64_t *ret)
{
	const char *words[READER_WORDS];
	int at = match_word(reader->lua, knob->words);

	if (at < 0)
		return wrong_word(reader, path, words, list_words(knob->words, words));
	*ret = at;
	return 0;
}

/* A list of words: { "one", "another" }. */
static int read_set(struct reader *reader, const char *path, const struct knob *knob, int64_t *ret)
{
	lua_State *lua = reader->lua;
	char got[80];
	int r = 0;

	if (!lua_istable(lua, -1))
		return reader_fault(reader, path, "expected a list of words; got %s",
				    reader_describe(lua, got, sizeof(got)));
	*ret = 0;
	for (lua_Unsigned i = 1; i <= lua_rawlen(lua, -1) && r == 0; i++) {
		int64_t bit = 0;

		lua_rawgeti(lua, -1, (lua_Integer)i);
		r = read_word(reader, path, knob, &bit);
		lua_pop(lua, 1);
		*ret |= INT64_C(1) << bit;
	}
	return r;
}

static int read_number(struct reader *reader, const char *path, const struct knob *knob,
		       int64_t *ret)
{
	int whole = 0;
	lua_Integer value = 0;
	char got[80];

	if (lua_type(reader->lua, -1) == LUA_TNUMBER)
		value = lua_tointegerx(reader->lua, -1, &whole);
	if (!whole || value < knob->min || value > knob->max)
		return reader_fault(reader, path,
				    "expected a whole number from %lld to %lld; got %s",
				    (long long)knob->min, (long long)knob->max,
				    reader_describe(reader->lua, got, sizeof(got)));
	*ret = value;
	return 0;
}

/* A list of ports: { 80, 443 }. */
static int read_ports(struct reader *reader, const char *path, const struct knob *knob,
		      int64_t *ret)
{
	lua_State *lua = reader->lua;
	uint64_t ports = 0;
	char got[80];
	int r = 0;

	if (!lua_istable(lua, -1) || lua_rawlen(lua, -1) > NAT_OUTBOUND_PORTS)
		return reader_fault(reader, path, "expected a list of at most %d ports; got %s",
				    NAT_OUTBOUND_PORTS,
				    lua_istable(lua, -1) ? "more"
							 : reader_describe(lua, got, sizeof(got)));
	for (lua_Unsigned i = lua_rawlen(lua, -1); i > 0 && r == 0; i--) {
		int64_t port = 0;

		lua_rawgeti(lua, -1, (lua_Integer)i);
		r = read_number(reader, path, knob, &port);
		lua_pop(lua, 1);
		ports = ports << 16 | (uint64_t)port;
	}
	*ret = (int64_t)ports;
	return r;
}

static int read_bool(struct reader *reader, const char *path, int64_t *ret)
{
	char got[80];

	if (!lua_isboolean(reader->lua, -1))
		return reader_fault(reader, path, "expected true or false; got %s",
				    reader_describe(reader->lua, got, sizeof(got)));
	*ret = lua_toboolean(reader->lua, -1);
	return 0;
}

static int read_time(struct reader *reader, const char *path, const struct knob *knob, int64_t *ret)
{
	char least[DURATION_TEXT], most[DURATION_TEXT], got[80];
	uint64_t ns;
	int r = -EINVAL;

	if (lua_type(reader->lua, -1) == LUA_TSTRING)
		r = duration_parse(lua_tostring(reader->lua, -1), &ns);
	if (r == -EINVAL)
		return reader_fault(reader, path,
				    "expected a time with its unit, such as \"180s\"; got %s",
				    reader_describe(reader->lua, got, sizeof(got)));
	if (r < 0 || ns < (uint64_t)knob->min || ns > (uint64_t)knob->max)
		return reader_fault(reader, path, "expected a time from %s to %s; got %s",
				    duration_format((uint64_t)knob->min, least),
				    duration_format((uint64_t)knob->max, most),
				    reader_describe(reader->lua, got, sizeof(got)));
	*ret = (int64_t)ns;
	return 0;
}

static int read_prefix(struct reader *reader, const char *path, struct ip_prefix *ret)
{
	const char *text = lua_type(reader->lua, -1) == LUA_TSTRING ? lua_tostring(reader->lua, -1)
								    : NULL;
	char got[80];

	/* Of no bits, it would be all there is. */
	if (!text || ip_prefix_parse(text, ret) || ip_prefix_length(*ret) == 0)
		return reader_fault(reader, path,
				    "expected a prefix, such as \"11.1.0.0/16\"; got %s",
				    reader_describe(reader->lua, got, sizeof(got)));
	return 0;
}

/* One prefix, "" for none, or a list of them. */
static int read_prefixes(struct reader *reader, const char *path,
			 const struct knob_section *section, const struct knob *knob)
{
	struct ip_prefix *at = knob_prefixes(&reader->model, section, knob);
	const size_t max = knob_prefixes_max(knob);
	lua_State *lua = reader->lua;
	int r = 0;

	memset(at, 0, knob->size);
	if (!lua_istable(lua, -1)) {
		size_t len = 0;

		if (lua_type(lua, -1) == LUA_TSTRING && !*lua_tolstring(lua, -1, &len) && !len)
			return 0;
		return read_prefix(reader, path, at);
	}
	if (lua_rawlen(lua, -1) > max)
		return reader_fault(reader, path,
				    "expected a list of at most %zu prefixes; got %llu", max,
				    (unsigned long long)lua_rawlen(lua, -1));
	for (lua_Unsigned i = 0; i < lua_rawlen(lua, -1) && r == 0; i++) {
		lua_rawgeti(lua, -1, (lua_Integer)i + 1);
		r = read_prefix(reader, path, &at[i]);
		lua_pop(lua, 1);
	}
	return r;
}

static int read_text(struct reader *reader, const char *path, const struct knob_section *section,
		     const struct knob *knob)
{
	const char *words[READER_WORDS];
	const char *text;
	char got[80];
	size_t len;

	if (knob->words && match_word(reader->lua, knob->words) < 0)
		return wrong_word(reader, path, words, list_words(knob->words, words));
	if (lua_type(reader->lua, -1) != LUA_TSTRING)
		return reader_fault(reader, path, "expected a text; got %s",
				    reader_describe(reader->lua, got, sizeof(got)));
	text = lua_tolstring(reader->lua, -1, &len);
	if (len >= knob->size || memchr(text, '\0', len) || strpbrk(text, "\r\n"))
		return reader_fault(reader, path,
				    "expected one line of at most %zu bytes; got %zu bytes",
				    knob->size - 1, len);
	memset(knob_text(&reader->model, section, knob), 0, knob->size);
	memcpy(knob_text(&reader->model, section, knob), text, len);
	return 0;
}

int reader_take(struct reader *reader, const struct knob_section *section, const struct knob *knob)
{
	char path[READER_PATH];
	int64_t value = 0;
	int r = 0;

	reader_path(section, knob->key, path);
	switch (knob->type) {
	case KNOB_TEXT:
		return read_text(reader, path, section, knob);
	case KNOB_PREFIXES:
		return read_prefixes(reader, path, section, knob);
	case KNOB_WORD:
		r = read_word(reader, path, knob, &value);
		break;
	case KNOB_SET:
		r = read_set(reader, path, knob, &value);
		break;
	case KNOB_PORTS:
		r = read_ports(reader, path, knob, &value);
		break;
	case KNOB_BOOL:
		r = read_bool(reader, path, &value);
		break;
	case KNOB_NUMBER:
		r = read_number(reader, path, knob, &value);
		break;
	case KNOB_TIME:
		r = read_time(reader, path, knob, &value);
		break;
	}
	if (r == 0)
		knob_set(&reader->model, section, knob, value);
	return r;
}
