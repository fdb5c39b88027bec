/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a population's Lua text; every error names the file and the key. */
#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua_data.h"
#include "population.h"
#include "suggest.h"

enum { PATH_TEXT = 64, PROBES_MAX = 1000000 };

/* Shares are kept as whole numbers, so that draws are the same on any machine. */
#define WEIGHT_UNIT 1e6

static_assert(sizeof(((struct population_member *)0)->label) ==
		      sizeof(((struct nat_model *)0)->name),
	      "a member may be called as its model is");

struct reader {
	lua_State *lua;
	const char *file;
	struct population *population;
	struct model_error *error;
};

/* "file.lua: members[3].share: …"; returns -EINVAL. */
__attribute__((format(printf, 3, 4))) static int fault(struct reader *r, const char *path,
						       const char *format, ...)
{
	char clause[360];
	va_list args;

	va_start(args, format);
	vsnprintf(clause, sizeof(clause), format, args);
	va_end(args);
	snprintf(r->error->text, sizeof(r->error->text), "%.80s: %s%s%s", r->file, path,
		 *path ? ": " : "", clause);
	return -EINVAL;
}

static const char *join(char *buf, const char *path, const char *key)
{
	snprintf(buf, PATH_TEXT, "%.40s%s%.20s", path, *path ? "." : "", key);
	return buf;
}

/* Every key of the table on top is one of @keys; of several that are not, the first by the
 * alphabet is named, each time. */
static int check_keys(struct reader *r, const char *path, const char *const *keys, size_t n)
{
	char worst[32] = "";
	const char *near;

	lua_pushnil(r->lua);
	while (lua_next(r->lua, -2)) {
		const char *key;
		size_t i = 0;

		lua_pop(r->lua, 1);
		if (lua_type(r->lua, -1) != LUA_TSTRING)
			return fault(r, path, "expected names as keys; got a %s",
				     luaL_typename(r->lua, -1));
		key = lua_tostring(r->lua, -1);
		while (i < n && strcmp(keys[i], key) != 0)
			i++;
		if (i == n && (!*worst || strcmp(key, worst) < 0))
			snprintf(worst, sizeof(worst), "%.30s", key);
	}
	if (!*worst)
		return 0;
	near = suggest(worst, keys, n);
	if (near)
		return fault(r, path, "unknown key \"%s\"; did you mean \"%s\"?", worst, near);
	return fault(r, path, "unknown key \"%s\"", worst);
}

/* The field @key of the table on top, as text; must it be there? */
static int read_text(struct reader *r, const char *path, const char *key, char *ret, size_t size,
		     bool must)
{
	char where[PATH_TEXT];
	int type = (lua_pushstring(r->lua, key), lua_rawget(r->lua, -2));
	const char *text = type == LUA_TSTRING ? lua_tostring(r->lua, -1) : NULL;
	int err = 0;

	if (text && strlen(text) < size && !strpbrk(text, "\r\n"))
		snprintf(ret, size, "%s", text);
	else if (must || type != LUA_TNIL)
		err = fault(r, join(where, path, key), "expected one line of at most %zu bytes%s%s",
			    size - 1, text ? "" : "; got ", text ? "" : luaL_typename(r->lua, -1));
	lua_pop(r->lua, 1);
	return err;
}

/* The field @key as a number from @min to @max.  Without it, *ret stays as it is. */
static int read_number(struct reader *r, const char *path, const char *key, double min, double max,
		       double *ret, bool *ret_given)
{
	char where[PATH_TEXT];
	int type = (lua_pushstring(r->lua, key), lua_rawget(r->lua, -2));
	double v = type == LUA_TNUMBER ? lua_tonumber(r->lua, -1) : -1;
	int err = 0;

	*ret_given = type != LUA_TNIL;
	if (type == LUA_TNUMBER && v >= min && v <= max)
		*ret = v;
	else if (type != LUA_TNIL)
		err = fault(r, join(where, path, key),
			    "expected a number from %.12g to %.12g; got %s", min, max,
			    type == LUA_TNUMBER ? luaL_tolstring(r->lua, -1, NULL)
						: luaL_typename(r->lua, -1));
	lua_settop(r->lua, lua_gettop(r->lua) - (err && type == LUA_TNUMBER ? 2 : 1));
	return err;
}

/* The field @key, true or false; without it, false. */
static int read_flag(struct reader *r, const char *path, const char *key, bool *ret)
{
	char where[PATH_TEXT];
	int type = (lua_pushstring(r->lua, key), lua_rawget(r->lua, -2));
	int err = 0;

	*ret = lua_toboolean(r->lua, -1);
	if (type != LUA_TBOOLEAN && type != LUA_TNIL)
		err = fault(r, join(where, path, key), "expected true or false; got a %s",
			    luaL_typename(r->lua, -1));
	lua_pop(r->lua, 1);
	return err;
}

static int read_model(struct reader *r, const char *path, struct nat_model *ret)
{
	char where[PATH_TEXT * 2], inner[PATH_TEXT];
	int err;

	snprintf(where, sizeof(where), "%.60s: %s", r->file, join(inner, path, "model"));
	lua_pushliteral(r->lua, "model");
	lua_rawget(r->lua, -2);
	err = nat_model_from_lua(r->lua, -1, where, ret, r->error);
	lua_pop(r->lua, 1);
	return err == -ENOENT ? -EINVAL : err;
}

static int read_member(struct reader *r, const char *path)
{
	static const char *const keys[] = { "label", "share", "model" };
	struct population *p = r->population;
	struct population_member *member = &p->members[p->members_len];
	double share = -1;
	bool given;
	int err = check_keys(r, path, keys, 3);

	if (!err)
		err = read_number(r, path, "share", 0, 1e9, &share, &given);
	if (!err && !given)
		err = fault(r, path, "expected a share");
	if (!err)
		err = read_model(r, path, &member->model);
	if (err)
		return err;
	memcpy(member->label, member->model.name, sizeof(member->label));
	member->weight = (uint64_t)(share * WEIGHT_UNIT + 0.5);
	p->weight += member->weight;
	p->members_len++;
	return read_text(r, path, "label", member->label, sizeof(member->label), false);
}

static int read_measure(struct reader *r, const char *path, enum measure *ret)
{
	const char *words[MEASURE_COUNT], *near = NULL;
	char word[32] = "", where[PATH_TEXT], list[160] = "";

	if (read_text(r, path, "measure", word, sizeof(word), true) < 0)
		return -EINVAL;
	if (measure_parse(word, ret) == 0)
		return 0;
	for (unsigned i = 0; i < MEASURE_COUNT; i++) {
		size_t used = strlen(list);

		words[i] = measure_word((enum measure)i);
		snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", words[i]);
	}
	near = suggest(word, words, MEASURE_COUNT);
	return fault(r, join(where, path, "measure"), "expected one of %s; got \"%s\"%s%s%s", list,
		     word, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* A pair is tried once, whichever the figures are. */
static bool measured_already(const struct population *p, enum measure measure)
{
	for (size_t i = 0; i < p->figures_len; i++) {
		if (p->figures[i].measure == measure)
			return measure != MEASURE_GUESS;
	}
	return false;
}

static int read_figure(struct reader *r, const char *path)
{
	static const char *const keys[] = { "measure", "published", "plus_minus", "note",
					    "open",    "probes",    "both" };
	struct population *p = r->population;
	struct population_figure *figure = &p->figures[p->figures_len];
	double open = 0, probes = 0;
	bool given;
	int err = check_keys(r, path, keys, 7);

	if (!err)
		err = read_measure(r, path, &figure->measure);
	if (!err && measured_already(p, figure->measure))
		err = fault(r, path, "%s is measured already", measure_word(figure->measure));
	if (!err)
		err = read_number(r, path, "published", 0, 100, &figure->published,
				  &figure->has_published);
	if (!err)
		err = read_number(r, path, "plus_minus", 0, 100, &figure->plus_minus, &given);
	if (!err)
		err = read_number(r, path, "open", 1, 65535, &open, &given);
	if (!err)
		err = read_number(r, path, "probes", 1, PROBES_MAX, &probes, &given);
	if (!err)
		err = read_flag(r, path, "both", &figure->both);
	if (!err)
		err = read_text(r, path, "note", figure->note, sizeof(figure->note), false);
	if (!err && figure->measure == MEASURE_GUESS && (open < 1 || probes < 1))
		err = fault(r, path, "a guess needs the numbers `open` and `probes`");
	if (err)
		return err;
	figure->open = (uint32_t)open;
	figure->probes = (uint32_t)probes;
	p->figures_len++;
	return 0;
}

/* Each element of the list @key of the table on top. */
static int read_list(struct reader *r, const char *key, size_t max,
		     int (*read)(struct reader *r, const char *path))
{
	char path[PATH_TEXT];
	size_t n;
	int err = 0;

	lua_pushstring(r->lua, key);
	lua_rawget(r->lua, -2);
	if (!lua_istable(r->lua, -1))
		return fault(r, key, "expected a list; got %s", luaL_typename(r->lua, -1));
	n = lua_rawlen(r->lua, -1);
	if (n == 0 || n > max)
		return fault(r, key, "expected 1 to %zu of them; got %zu", max, n);
	for (size_t i = 1; i <= n && !err; i++) {
		snprintf(path, sizeof(path), "%.20s[%zu]", key, i);
		lua_rawgeti(r->lua, -1, (lua_Integer)i);
		err = lua_istable(r->lua, -1) ? read(r, path)
					      : fault(r, path, "expected a table; got %s",
						      luaL_typename(r->lua, -1));
		lua_pop(r->lua, 1);
	}
	lua_pop(r->lua, 1);
	return err;
}

/* `without` is the label of a member who is none of this population's, where the list is another's. */
static int leave_out(struct reader *r)
{
	struct population *p = r->population;
	char label[sizeof(p->members[0].label)] = "";
	int err = read_text(r, "", "without", label, sizeof(label), false);
	size_t i = 0;

	if (err || !*label)
		return err;
	while (i < p->members_len && strcmp(p->members[i].label, label) != 0)
		i++;
	if (i == p->members_len)
		return fault(r, "without", "no member is called \"%s\"", label);
	p->weight -= p->members[i].weight;
	p->members_len--;
	memmove(&p->members[i], &p->members[i + 1], (p->members_len - i) * sizeof(p->members[0]));
	return 0;
}

/* `members` may name another population, whose NATs then stand in for unknown ones. */
static int read_members(struct reader *r)
{
	struct population *p = r->population, *other;
	struct model_error error;
	int err;

	lua_pushliteral(r->lua, "members");
	if (lua_rawget(r->lua, -2) != LUA_TSTRING) {
		lua_pop(r->lua, 1);
		err = read_list(r, "members", POPULATION_MEMBERS, read_member);
		return err ? err : leave_out(r);
	}
	other = calloc(1, sizeof(*other));
	if (!other)
		return -ENOMEM;
	err = population_find(lua_tostring(r->lua, -1), other, &error);
	if (err == -ENOMEM)
		goto out;
	if (err) {
		err = fault(r, "members", "%s", error.text);
		goto out;
	}
	memcpy(p->members, other->members, sizeof(p->members));
	p->members_len = other->members_len;
	p->weight = other->weight;
	lua_pop(r->lua, 1);
out:
	free(other);
	return err ? err : leave_out(r); /* which Lua may leave by an error of its own */
}

static int read_population(lua_State *lua, void *arg)
{
	static const char *const keys[] = { "title",   "source",  "definition",
					    "members", "without", "figures" };
	struct reader *r = arg;
	struct population *p = r->population;
	int err;

	r->lua = lua;
	if (!lua_checkstack(lua, 16))
		return -ENOMEM;
	err = check_keys(r, "", keys, 6);
	if (!err)
		err = read_text(r, "", "title", p->title, sizeof(p->title), true);
	if (!err)
		err = read_text(r, "", "source", p->source, sizeof(p->source), true);
	if (!err)
		err = read_text(r, "", "definition", p->definition, sizeof(p->definition), true);
	if (!err)
		err = read_members(r);
	if (!err)
		err = read_list(r, "figures", POPULATION_FIGURES, read_figure);
	if (!err && p->weight == 0)
		err = fault(r, "members", "all shares are 0");
	return err;
}

int population_load(const char *file, const char *text, size_t len, struct population *ret,
		    struct model_error *ret_error)
{
	struct population *p = calloc(1, sizeof(*p));
	struct reader reader = { .file = file, .population = p, .error = ret_error };
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	char message[sizeof(ret_error->text)] = "";
	int err;

	ret_error->text[0] = '\0';
	if (!p) {
		snprintf(ret_error->text, sizeof(ret_error->text), "%s: out of memory", file);
		return -ENOMEM;
	}
	err = lua_data_read(file, text, len, read_population, &reader, message, sizeof(message));
	if (err == 0) {
		snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(name, "."), name);
		*ret = *p;
	} else if (*message || !*ret_error->text) {
		snprintf(ret_error->text, sizeof(ret_error->text), "%s",
			 *message ? message : strerror(-err));
	}
	free(p);
	return err;
}
