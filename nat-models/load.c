/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "check.h"
#include "lua_data.h"
#include "reader.h"
#include "suggest.h"

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
static size_t section_keys(const struct knob_section *section, const char *keys[READER_WORDS])
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
	const char *keys[READER_WORDS];
	size_t n = section_keys(section, keys);
	const char *near = suggest(key, keys, n);
	char path[READER_PATH], list[400] = "";

	reader_path(section, key, path);
	if (near)
		return reader_fault(reader, path, "unknown key; did you mean \"%s\"?", near);
	reader_append_list(list, sizeof(list), keys, n);
	return reader_fault(reader, path, "unknown key; expected one of %s", list);
}

static bool is_key(const struct knob_section *section, const char *key)
{
	const char *keys[READER_WORDS];
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
	char worst[READER_PATH] = "";

	lua_pushnil(lua);
	while (lua_next(lua, table)) {
		const char *key;

		lua_pop(lua, 1);
		if (lua_type(lua, -1) != LUA_TSTRING) {
			char got[80];

			reader_describe(lua, got, sizeof(got));
			lua_pop(lua, 1);
			return reader_fault(reader, section->name, "expected names as keys; got %s",
					    got);
		}
		key = lua_tostring(lua, -1);
		if (!is_key(section, key) && (!*worst || strcmp(key, worst) < 0))
			snprintf(worst, sizeof(worst), "%.*s", READER_PATH / 2, key);
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
		r = reader_take(reader, section, knob);
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
		r = reader_fault(reader, section->name, "expected a table; got %s",
				 reader_describe(reader->lua, got, sizeof(got)));
	lua_pop(reader->lua, 1);
	return r;
}

static int find_base(struct reader *reader, const char *name)
{
	struct model_error error;
	int r = nat_model_find(name, &reader->base, &error);

	if (r == 0)
		return 0;
	reader_fault(reader, "base", "%s", error.text);
	return r == -ENOMEM ? r : -EINVAL;
}

static int read_base(struct reader *reader, int table)
{
	char got[80];
	int r;

	if (!push_field(reader->lua, table, "base"))
		return 0;
	if (lua_type(reader->lua, -1) != LUA_TSTRING)
		r = reader_fault(reader, "base", "expected the name of a model; got %s",
				 reader_describe(reader->lua, got, sizeof(got)));
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
	return key ? reader_fault(reader, key, "%s", text) : 0;
}

/* The table at @table (an absolute index), whole. */
static int read_model(struct reader *reader, int table)
{
	int r;

	if (!lua_checkstack(reader->lua, 8)) {
		reader_fault(reader, "", "out of memory");
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
			reader_fault(&reader, "", "%s", error.text);
		return r;
	}
	if (!lua_istable(lua, index))
		return reader_fault(&reader, "", "expected a model's name or table; got a %s",
				    luaL_typename(lua, index));
	r = read_model(&reader, index);
	if (r < 0)
		return r;
	name_after_base(&reader);
	*ret = reader.model;
	return 0;
}
