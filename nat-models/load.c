/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "check.h"
#include "duration.h"
#include "knobs.h"
#include "lua_data.h"
#include "source_line.h"
#include "suggest.h"

enum { KEY_TEXT = 64, WORDS_MAX = 40 };

/* One reading of one table. */
struct reader {
	lua_State *lua;
	const char *where; /* begins each error */
	const char *text; /* the source, to find lines in; NULL = not at hand */
	size_t len;
	struct nat_model model; /* as far as it has been read */
	struct nat_model base; /* what `base` gave */
	bool has_base;
	bool gave_kernel; /* the table itself says so */
	bool gave_rfc3489;
	bool gave_family;
	struct model_error *error;
};

/* The line "where:7: key: …", without the key where it is ""; returns -EINVAL. */
__attribute__((format(printf, 3, 4))) static int fault(struct reader *reader, const char *key,
						       const char *format, ...)
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

/* The key's whole path, for errors. */
static const char *key_path(const struct knob_section *section, const char *key, char *buf)
{
	snprintf(buf, KEY_TEXT, "%s%s%s", section->name, *section->name ? "." : "", key);
	return buf;
}

/* What the value on top of the stack is, as it might be written: `"full"`, `12`, `a table`. */
static const char *describe_value(lua_State *lua, char *buf, size_t size)
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

/* Append "a, b, c" to @buf. */
static void append_list(char *buf, size_t size, const char *const *words, size_t n)
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
	append_list(list, sizeof(list), words, n);
	describe_value(reader->lua, got, sizeof(got));
	if (near)
		return fault(reader, path, "expected one of %s; got %s; did you mean \"%s\"?", list,
			     got, near);
	return fault(reader, path, "expected one of %s; got %s", list, got);
}

static size_t list_words(const struct nat_word *table, const char *words[WORDS_MAX])
{
	size_t n = 0;

	for (; n < WORDS_MAX && table[n].word; n++)
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
	const char *words[WORDS_MAX];
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
		return fault(reader, path, "expected a list of words; got %s",
			     describe_value(lua, got, sizeof(got)));
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
		return fault(reader, path, "expected a whole number from %lld to %lld; got %s",
			     (long long)knob->min, (long long)knob->max,
			     describe_value(reader->lua, got, sizeof(got)));
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
		return fault(reader, path, "expected a list of at most %d ports; got %s",
			     NAT_OUTBOUND_PORTS,
			     lua_istable(lua, -1) ? "more" : describe_value(lua, got, sizeof(got)));
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
		return fault(reader, path, "expected true or false; got %s",
			     describe_value(reader->lua, got, sizeof(got)));
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
		return fault(reader, path,
			     "expected a time with its unit, such as \"180s\"; got %s",
			     describe_value(reader->lua, got, sizeof(got)));
	if (r < 0 || ns < (uint64_t)knob->min || ns > (uint64_t)knob->max)
		return fault(reader, path, "expected a time from %s to %s; got %s",
			     duration_format((uint64_t)knob->min, least),
			     duration_format((uint64_t)knob->max, most),
			     describe_value(reader->lua, got, sizeof(got)));
	*ret = (int64_t)ns;
	return 0;
}

static int read_prefix(struct reader *reader, const char *path, int64_t *ret)
{
	const char *text = lua_type(reader->lua, -1) == LUA_TSTRING ? lua_tostring(reader->lua, -1)
								    : NULL;
	struct ip_prefix prefix;
	char got[80];

	*ret = 0;
	if (text && !*text)
		return 0;
	if (!text || ip_prefix_parse(text, &prefix) || !ip_addr_is_v4(prefix.addr) ||
	    prefix.bits <= 96)
		return fault(reader, path,
			     "expected an IPv4 prefix, such as \"11.1.0.0/16\"; got %s",
			     describe_value(reader->lua, got, sizeof(got)));
	*ret = (int64_t)ip_addr_to_v4(prefix.addr) << 8 | (prefix.bits - 96);
	return 0;
}

static int read_text(struct reader *reader, const char *path, const struct knob_section *section,
		     const struct knob *knob)
{
	const char *words[WORDS_MAX];
	const char *text;
	char got[80];
	size_t len;

	if (knob->words && match_word(reader->lua, knob->words) < 0)
		return wrong_word(reader, path, words, list_words(knob->words, words));
	if (lua_type(reader->lua, -1) != LUA_TSTRING)
		return fault(reader, path, "expected a text; got %s",
			     describe_value(reader->lua, got, sizeof(got)));
	text = lua_tolstring(reader->lua, -1, &len);
	if (len >= knob->size || memchr(text, '\0', len) || strpbrk(text, "\r\n"))
		return fault(reader, path, "expected one line of at most %zu bytes; got %zu bytes",
			     knob->size - 1, len);
	memset(knob_text(&reader->model, section, knob), 0, knob->size);
	memcpy(knob_text(&reader->model, section, knob), text, len);
	return 0;
}

/* Take the knob's value, on top of the stack. */
static int read_value(struct reader *reader, const struct knob_section *section,
		      const struct knob *knob)
{
	char path[KEY_TEXT];
	int64_t value = 0;
	int r = 0;

	key_path(section, knob->key, path);
	switch (knob->type) {
	case KNOB_TEXT:
		return read_text(reader, path, section, knob);
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
	case KNOB_PREFIX:
		r = read_prefix(reader, path, &value);
		break;
	case KNOB_TIME:
		r = read_time(reader, path, knob, &value);
		break;
	}
	if (r == 0)
		knob_set(&reader->model, section, knob, value);
	return r;
}

/* Push the table's own value of @key; true where it has one (else nothing is pushed). */
static bool push_field(lua_State *lua, int table, const char *key)
{
	lua_pushstring(lua, key);
	lua_rawget(lua, table);
	if (!lua_isnil(lua, -1))
		return true;
	lua_pop(lua, 1);
	return false;
}

/* The keys that a section's table may have; returns how many. */
static size_t section_keys(const struct knob_section *section, const char *keys[WORDS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < section->len; i++)
		keys[n++] = section->knobs[i].key;
	if (section != &knob_sections[0])
		return n;
	keys[n++] = "base";
	for (size_t s = 1; s < KNOB_SECTIONS; s++)
		keys[n++] = knob_sections[s].name;
	return n;
}

static int unknown_key(struct reader *reader, const struct knob_section *section, const char *key)
{
	const char *keys[WORDS_MAX];
	size_t n = section_keys(section, keys);
	const char *near = suggest(key, keys, n);
	char path[KEY_TEXT], list[400] = "";

	key_path(section, key, path);
	if (near)
		return fault(reader, path, "unknown key; did you mean \"%s\"?", near);
	append_list(list, sizeof(list), keys, n);
	return fault(reader, path, "unknown key; expected one of %s", list);
}

static bool is_key(const struct knob_section *section, const char *key)
{
	const char *keys[WORDS_MAX];
	size_t n = section_keys(section, keys);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

/* Lua's order of keys changes from run to run; of several unknown ones the first by the
 * alphabet is named, each time. */
static int check_keys(struct reader *reader, const struct knob_section *section, int table)
{
	lua_State *lua = reader->lua;
	char worst[KEY_TEXT] = "";

	lua_pushnil(lua);
	while (lua_next(lua, table)) {
		const char *key;

		lua_pop(lua, 1);
		if (lua_type(lua, -1) != LUA_TSTRING) {
			char got[80];

			describe_value(lua, got, sizeof(got));
			lua_pop(lua, 1);
			return fault(reader, section->name, "expected names as keys; got %s", got);
		}
		key = lua_tostring(lua, -1);
		if (!is_key(section, key) && (!*worst || strcmp(key, worst) < 0))
			snprintf(worst, sizeof(worst), "%.*s", KEY_TEXT / 2, key);
	}
	return *worst ? unknown_key(reader, section, worst) : 0;
}

static int read_section(struct reader *reader, const struct knob_section *section, int table)
{
	int r = check_keys(reader, section, table);

	for (size_t i = 0; i < section->len && r == 0; i++) {
		const struct knob *knob = &section->knobs[i];

		if (!push_field(reader->lua, table, knob->key))
			continue;
		r = read_value(reader, section, knob);
		lua_pop(reader->lua, 1);
		if (strcmp(knob->key, "kernel") == 0)
			reader->gave_kernel = true;
		if (strcmp(knob->key, "rfc3489") == 0)
			reader->gave_rfc3489 = true;
		if (strcmp(knob->key, "family") == 0)
			reader->gave_family = true;
	}
	return r;
}

static int read_subtable(struct reader *reader, const struct knob_section *section, int table)
{
	char got[80];
	int r;

	if (!push_field(reader->lua, table, section->name))
		return 0;
	if (lua_istable(reader->lua, -1))
		r = read_section(reader, section, lua_gettop(reader->lua));
	else
		r = fault(reader, section->name, "expected a table; got %s",
			  describe_value(reader->lua, got, sizeof(got)));
	lua_pop(reader->lua, 1);
	return r;
}

static int find_base(struct reader *reader, const char *name)
{
	struct model_error error;
	int r = nat_model_find(name, &reader->base, &error);

	if (r == 0)
		return 0;
	fault(reader, "base", "%s", error.text);
	return r == -ENOMEM ? r : -EINVAL;
}

static int read_base(struct reader *reader, int table)
{
	char got[80];
	int r;

	if (!push_field(reader->lua, table, "base"))
		return 0;
	if (lua_type(reader->lua, -1) != LUA_TSTRING)
		r = fault(reader, "base", "expected the name of a model; got %s",
			  describe_value(reader->lua, got, sizeof(got)));
	else
		r = find_base(reader, lua_tostring(reader->lua, -1));
	lua_pop(reader->lua, 1);
	if (r == 0) {
		reader->has_base = true;
		reader->model = reader->base;
	}
	return r;
}

/* Fill in what follows from the rest, and look at the whole. */
static int finish(struct reader *reader)
{
	char text[200];
	const char *key;

	/* A ruleset made for the base realises only what behaves like it. */
	if (reader->has_base && !reader->gave_kernel &&
	    !knobs_same_behaviour(&reader->model, &reader->base))
		memset(reader->model.kernel, 0, sizeof(reader->model.kernel));
	/* A variant is for what its base is for, unless its kind says otherwise. */
	if (!reader->gave_family && !(reader->has_base && reader->model.kind == reader->base.kind))
		reader->model.family = nat_kind_family(reader->model.kind);
	if (!reader->gave_rfc3489)
		reader->model.rfc3489 = model_rfc3489(&reader->model);
	key = model_check(&reader->model, text, sizeof(text));
	return key ? fault(reader, key, "%s", text) : 0;
}

/* The table at @table (an absolute index), whole. */
static int read_model(struct reader *reader, int table)
{
	int r;

	if (!lua_checkstack(reader->lua, 8)) {
		fault(reader, "", "out of memory");
		return -ENOMEM;
	}
	nat_model_defaults(&reader->model);
	r = read_base(reader, table);
	for (size_t s = 0; s < KNOB_SECTIONS && r == 0; s++) {
		const struct knob_section *section = &knob_sections[s];

		r = s == 0 ? read_section(reader, section, table)
			   : read_subtable(reader, section, table);
	}
	return r == 0 ? finish(reader) : r;
}

static int use_table(lua_State *lua, void *arg)
{
	struct reader *reader = arg;

	reader->lua = lua;
	return read_model(reader, lua_gettop(lua));
}

/* "models/my.lua" -> "my" */
static void name_after_file(struct nat_model *model, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	const char *dot = strrchr(name, '.');
	size_t len = dot && strcmp(dot, ".lua") == 0 ? (size_t)(dot - name) : strlen(name);

	snprintf(model->name, sizeof(model->name), "%.*s", (int)len, name);
}

int nat_model_load(const char *file, const char *text, size_t len, struct nat_model *ret,
		   struct model_error *ret_error)
{
	struct reader reader = { .where = file, .text = text, .len = len, .error = ret_error };
	char message[sizeof(ret_error->text)] = "";
	int r = lua_data_read(file, text, len, use_table, &reader, message, sizeof(message));

	if (r < 0) {
		if (*message)
			snprintf(ret_error->text, sizeof(ret_error->text), "%s", message);
		return r;
	}
	name_after_file(&reader.model, file);
	*ret = reader.model;
	return 0;
}

static void name_after_base(struct reader *reader)
{
	struct nat_model *model = &reader->model;

	if (!reader->has_base)
		snprintf(model->name, sizeof(model->name), "custom");
	else if (!knobs_same(model, &reader->base))
		snprintf(model->name, sizeof(model->name), "%.*s*", (int)sizeof(model->name) - 2,
			 reader->base.name);
}

int nat_model_from_lua(lua_State *lua, int index, const char *where, struct nat_model *ret,
		       struct model_error *ret_error)
{
	struct reader reader = { .lua = lua, .where = where, .error = ret_error };
	struct model_error error;
	int r;

	index = lua_absindex(lua, index);
	if (lua_type(lua, index) == LUA_TSTRING) {
		r = nat_model_find(lua_tostring(lua, index), ret, &error);
		if (r < 0)
			fault(&reader, "", "%s", error.text);
		return r;
	}
	if (!lua_istable(lua, index))
		return fault(&reader, "", "expected a model's name or table; got a %s",
			     luaL_typename(lua, index));
	r = read_model(&reader, index);
	if (r < 0)
		return r;
	name_after_base(&reader);
	*ret = reader.model;
	return 0;
}
