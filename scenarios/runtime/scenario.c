/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "fields.h"
#include "tree.h"
#include "values.h"

struct scenario {
	struct sandbox *sandbox;
	json_t *about;
};

/* In the registry: the table that the file returned. */
static const char table_key;

struct sandbox *scenario_sandbox(const struct scenario *scenario)
{
	return scenario->sandbox;
}

json_t *scenario_about(const struct scenario *scenario)
{
	return json_incref(scenario->about);
}

static void push_table(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key);
}

static const char *const words[] = {
	"title", "claims", "needs", "params", "world", "run", "twins"
};

/* A parameter is text, a number or a boolean, or a list of them. */
static json_t *read_param(const struct fields *f, const char *key)
{
	lua_State *L = f->L;
	json_t *values = json_array();

	lua_getfield(L, f->table, key);
	if (!lua_istable(L, -1)) {
		json_array_append_new(values, value_to_json(L, -1));
	} else {
		for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, -1); i++) {
			lua_rawgeti(L, -1, i);
			json_array_append_new(values, value_to_json(L, -1));
			lua_pop(L, 1);
		}
	}
	lua_pop(L, 1);
	return values;
}

static bool all_scalars(const json_t *values)
{
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value) if (json_is_null(value) || json_is_array(value) ||
						 json_is_object(value)) return false;
	return json_array_size(values) > 0;
}

/* The keys of the table @f, sorted, since Lua keeps no order; the order of runs hangs on it. */
static json_t *read_params(const struct fields *f)
{
	json_t *sorted = json_object(), *object = json_object();
	const char *key;
	json_t *values;

	for (lua_pushnil(f->L); lua_next(f->L, f->table); lua_pop(f->L, 1))
		if (lua_type(f->L, -2) == LUA_TSTRING)
			json_object_set_new(object, lua_tostring(f->L, -2),
					    read_param(f, lua_tostring(f->L, -2)));
	for (size_t n = json_object_size(object); n; n--) {
		const char *least = NULL;

		json_object_foreach(object, key, values) if (!least || strcmp(key, least) < 0)
			least = key;
		json_object_set(sorted, least, json_object_get(object, least));
		json_object_del(object, least);
	}
	json_decref(object);
	return sorted;
}

static void check_params(const struct fields *f, const json_t *params)
{
	const char *key;
	json_t *values;

	json_object_foreach((json_t *)params, key, values) if (!all_scalars(values)) fields_fail(
		f, key, "%s: expected text, a number, true, false or a list of these", key);
}

static void read_claims(const struct fields *f, json_t *about)
{
	json_t *claims = json_array();
	const char *names[64];
	size_t n;

	json_object_set_new(about, "claims", claims);
	n = fields_list(f, "claims", names, sizeof(names) / sizeof(*names));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(claims, json_string(names[i]));
}

/* What only some worlds have, or only the engine's NATs can do. */
static void read_needs(const struct fields *f, json_t *about)
{
	const char *needs = fields_text(f, "needs", NULL);

	if (!needs)
		return;
	if (strcmp(needs, "live") != 0 && strcmp(needs, "engine") != 0)
		fields_fail(f, "needs", "needs: expected \"live\" or \"engine\", got \"%s\"",
			    needs);
	json_object_set_new(about, "needs", json_string(needs));
}

static void read_twin(const struct fields *f, json_t *about, json_t *twin)
{
	static const char *const twin_words[] = { "set", "fails" };
	json_t *params = json_object_get(about, "params");
	struct fields set;
	const char *key, *fails;
	json_t *values;

	fields_allow(f, twin_words, 2, 0);
	fails = fields_text(f, "fails", NULL);
	if (!fails || !*fails)
		fields_fail(f, NULL, "expected fails = \"the text that it must fail with\"");
	json_object_set_new(twin, "fails", json_string(fails));
	json_object_set_new(twin, "set", json_object());
	if (!fields_table(f, "set", &set))
		fields_fail(f, NULL, "expected set = { parameter = value }");
	json_object_set_new(twin, "set", read_params(&set));
	json_object_foreach(json_object_get(twin, "set"), key, values)
	{
		if (!json_object_get(params, key))
			fields_fail(&set, key, "there is no parameter \"%s\"", key);
		if (!all_scalars(values) || json_array_size(values) != 1)
			fields_fail(&set, key, "%s: expected one value", key);
	}
	lua_pop(f->L, 1);
}

static void read_twins(const struct fields *f, json_t *about)
{
	json_t *twins = json_array();
	struct fields list, one;
	size_t n;

	json_object_set_new(about, "twins", twins);
	if (!fields_table(f, "twins", &list))
		return;
	n = lua_rawlen(f->L, list.table);
	fields_allow(&list, NULL, 0, (lua_Integer)n);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(twins, json_object());
		one = list;
		if (lua_rawgeti(f->L, list.table, (lua_Integer)i + 1) != LUA_TTABLE)
			fields_fail(&list, NULL,
				    "expected a list such as { { set = …, fails = … } }");
		one.table = lua_gettop(f->L);
		read_twin(&one, about, json_array_get(twins, i));
		lua_pop(f->L, 1);
	}
	lua_pop(f->L, 1);
}

static void expect_function(const struct fields *f, const char *key)
{
	lua_getfield(f->L, f->table, key);
	if (!lua_isfunction(f->L, -1))
		fields_fail(f, key, "%s: expected a function, got %s", key,
			    luaL_typename(f->L, -1));
	lua_pop(f->L, 1);
}

/* Arguments: the table that the file returned, the json_t to fill. */
static int read_about(lua_State *L)
{
	struct fields f = { .L = L, .table = 1, .line = 1, .who = "scenario" }, params;
	json_t *about = lua_touserdata(L, 2);
	const char *title;

	if (!lua_istable(L, 1))
		fields_fail(&f, NULL, "expected the file to return a table, got %s",
			    luaL_typename(L, 1));
	fields_allow(&f, words, sizeof(words) / sizeof(*words), 0);
	title = fields_text(&f, "title", NULL);
	if (!title)
		fields_fail(&f, NULL, "expected title = \"what it shows\"");
	json_object_set_new(about, "title", json_string(title));
	expect_function(&f, "world");
	expect_function(&f, "run");
	read_claims(&f, about);
	read_needs(&f, about);
	json_object_set_new(about, "params", json_object());
	if (fields_table(&f, "params", &params)) {
		json_object_set_new(about, "params", read_params(&params));
		check_params(&params, json_object_get(about, "params"));
	}
	read_twins(&f, about);
	lua_pushvalue(L, 1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &table_key);
	return 0;
}

int scenario_load(const char *path, const char *shown, uint64_t seed, void *user,
		  struct scenario **ret, char *ret_error)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	const struct sandbox_limits limits = { 0 };
	lua_State *L;
	int error;

	if (!scenario || sandbox_new(&limits, seed, user, &scenario->sandbox)) {
		free(scenario);
		snprintf(ret_error, SCENARIO_ERROR, "%s: not enough memory", shown);
		return -ENOMEM;
	}
	L = sandbox_lua(scenario->sandbox);
	tree_open(L);
	api_open(L);
	scenario->about = json_pack("{s:s}", "file", path);
	error = sandbox_run_file(scenario->sandbox, path, shown, ret_error, SCENARIO_ERROR);
	if (!error) {
		lua_pushcfunction(L, read_about);
		lua_insert(L, -2);
		lua_pushlightuserdata(L, scenario->about);
		error = sandbox_call(L, 2, 0, ret_error, SCENARIO_ERROR);
	}
	if (error) {
		scenario_free(scenario);
		return error;
	}
	*ret = scenario;
	return 0;
}

void scenario_free(struct scenario *scenario)
{
	if (!scenario)
		return;
	json_decref(scenario->about);
	sandbox_free(scenario->sandbox);
	free(scenario);
}

static int unknown_param(lua_State *L)
{
	return luaL_error(L, "there is no parameter \"%s\"", luaL_tolstring(L, 2, NULL));
}

/* Push @params as a table in which a name that is not there is an error. */
void scenario_push_params(lua_State *L, const json_t *params)
{
	const char *key;
	json_t *value;

	lua_newtable(L);
	json_object_foreach((json_t *)params, key, value)
	{
		value_push(L, value);
		lua_setfield(L, -2, key);
	}
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, unknown_param);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
}

struct planning {
	const json_t *params;
	struct plan *plan;
};

/* Argument: the struct planning. */
static int make_plan(lua_State *L)
{
	struct planning *planning = lua_touserdata(L, 1);
	lua_Debug ar;

	push_table(L);
	lua_getfield(L, -1, "world");
	lua_pushvalue(L, -1);
	lua_getinfo(L, ">S", &ar);
	scenario_push_params(L, planning->params);
	tree_begin(L);
	lua_call(L, 1, 1);
	tree_read(L, -1, ar.linedefined, planning->plan);
	return 0;
}

int scenario_plan(struct scenario *scenario, const json_t *params, uint64_t seed, struct plan *ret,
		  char *ret_error)
{
	lua_State *L = sandbox_lua(scenario->sandbox);
	struct planning planning = { params, ret };

	*ret = (struct plan){ .seed = seed };
	lua_pushcfunction(L, make_plan);
	lua_pushlightuserdata(L, &planning);
	return sandbox_call(L, 1, 0, ret_error, SCENARIO_ERROR);
}

void scenario_push_run(lua_State *L)
{
	push_table(L);
	lua_getfield(L, -1, "run");
	lua_remove(L, -2);
}
