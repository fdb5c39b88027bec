/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expect(): what must be so.  Plain values are weighed where they stand; what a capture tells,
 * when it is closed (judge.c).  An expectation that is not met does not stop the run: the
 * capture of all of it is worth more.
 */
#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "fields.h"
#include "judge.h"
#include "values.h"

enum { SUBJECT_VALUE, SUBJECT_DEFERRED, SUBJECT_TAP };

/* The userdata that expect() gives; its user value is the subject. */
struct subject {
	int kind;
	char name[64];
};

/* Which kind of thing is at @index? */
static struct subject to_subject(lua_State *L, int index)
{
	struct subject subject = { .kind = SUBJECT_VALUE };
	const struct plan_node **node = luaL_testudata(L, index, API_HOST);
	const struct api_tap *tap = luaL_testudata(L, index, API_TAP);

	if (luaL_testudata(L, index, API_DEFERRED))
		subject.kind = SUBJECT_DEFERRED;
	else if (node || tap)
		subject.kind = SUBJECT_TAP;
	if (node || tap)
		snprintf(subject.name, sizeof(subject.name), "%s",
			 node ? (*node)->name : tap->name);
	if (luaL_testudata(L, index, API_NET))
		luaL_error(L, "expect: a net has two taps: use .lan or .wan of it");
	return subject;
}

/* expect(value), expect(call.method), expect(w.home.wan) */
static int expect(lua_State *L)
{
	struct stage *stage = stage_of(L);
	struct subject *subject;

	luaL_checkany(L, 1);
	if (!stage || !stage->world)
		return luaL_error(L, "expect: there is nothing to expect before the run");
	lua_settop(L, 1);
	subject = lua_newuserdatauv(L, sizeof(*subject), 1);
	*subject = to_subject(L, 1);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	luaL_setmetatable(L, API_EXPECT);
	return 1;
}

/* The text between "expect(" and its ")" on @line of the source: what a value is called. */
static void name_of_value(const struct source *source, int line, char *ret, size_t size)
{
	const char *c = source->text, *end;
	size_t len = 0;
	int depth = 1;

	while (c && --line > 0) {
		c = strchr(c, '\n');
		c = c ? c + 1 : NULL;
	}
	end = c ? strchr(c, '\n') : NULL;
	c = c ? strstr(c, "expect") : NULL;
	if (!c || (end && c > end))
		goto unnamed;
	for (c += strlen("expect"); *c == ' ' || *c == '('; c++)
		;
	for (; *c && *c != '\n' && len + 1 < size; c++) {
		depth += (*c == '(') - (*c == ')');
		if (depth == 0)
			break;
		ret[len++] = *c;
	}
	while (len && isspace((unsigned char)ret[len - 1]))
		len--;
	ret[len] = '\0';
	if (len)
		return;
unnamed:
	snprintf(ret, size, "value");
}

static struct expectation *add(lua_State *L, enum relation relation)
{
	struct stage *stage = stage_of(L);
	struct expectation *e = calloc(1, sizeof(*e));

	if (!e)
		fields_raise(L, "not enough memory");
	e->relation = relation;
	stage_where(L, e->where, sizeof(e->where));
	*stage->expectations_end = e;
	stage->expectations_end = &e->next;
	return e;
}

static void name_deferred(struct expectation *e, const struct api_deferred *d)
{
	char what[64];

	if (d->field == CALL_WORKED)
		snprintf(what, sizeof(what), "whether %s worked%s%s in", method_word(d->method),
			 d->family < FAMILY_COUNT ? " over " : "",
			 d->family < FAMILY_COUNT ? family_word((enum family)d->family) : "");
	else if (d->field == CALL_ARRIVED)
		snprintf(what, sizeof(what), "voice frames arrived either way in");
	else
		snprintf(what, sizeof(what), "%s of", call_field_words[d->field]);
	snprintf(e->what, sizeof(e->what), "%s %s's call to %s", what, d->call->caller->name,
		 d->call->callee->name);
}

/* expect(…):RELATION(wanted), on a value or on what the capture will tell of a call. */
static int expect_relation(lua_State *L, enum relation relation)
{
	const struct subject *subject = luaL_checkudata(L, 1, API_EXPECT);
	const struct api_deferred *deferred;
	struct expectation *e;
	const char *where;

	if (subject->kind == SUBJECT_TAP)
		return luaL_error(L, "expect(%s): use saw, saw_nothing or saw_at_least",
				  subject->name);
	luaL_checkany(L, 2);
	if (relation == IS_AT_LEAST || relation == IS_AT_MOST)
		luaL_checknumber(L, 2);
	if (relation == IS_ONE_OF)
		luaL_checktype(L, 2, LUA_TTABLE);
	lua_getiuservalue(L, 1, 1);
	e = add(L, relation);
	e->wanted = value_to_json(L, 2);
	deferred = luaL_testudata(L, -1, API_DEFERRED);
	if (deferred) {
		e->call = deferred->call;
		e->field = deferred->field;
		e->method = deferred->method;
		e->family = deferred->family;
		name_deferred(e, deferred);
		return 0;
	}
	where = strrchr(e->where, ':');
	name_of_value(sandbox_source(L), where ? atoi(where + 1) : 0, e->what, sizeof(e->what));
	judge_value(e, value_to_json(L, -1));
	return 0;
}

/* expect(tap):saw(filter) and its kin. */
static int expect_packets(lua_State *L, enum relation relation, lua_Integer count)
{
	const struct subject *subject = luaL_checkudata(L, 1, API_EXPECT);
	const char *filter = luaL_checkstring(L, 2);
	struct expectation *e;

	if (subject->kind != SUBJECT_TAP)
		return luaL_error(L, "expect: only a host and a net's .lan and .wan see packets");
	e = add(L, relation);
	e->wanted = json_integer(count);
	e->tap = strdup(subject->name);
	e->filter = strdup(filter);
	snprintf(e->what, sizeof(e->what), "packets at %s matching \"%.60s\"", subject->name,
		 filter);
	return 0;
}

static int expect_is(lua_State *L)
{
	return expect_relation(L, IS);
}

static int expect_is_not(lua_State *L)
{
	return expect_relation(L, IS_NOT);
}

static int expect_one_of(lua_State *L)
{
	return expect_relation(L, IS_ONE_OF);
}

static int expect_at_least(lua_State *L)
{
	return expect_relation(L, IS_AT_LEAST);
}

static int expect_at_most(lua_State *L)
{
	return expect_relation(L, IS_AT_MOST);
}

static int expect_saw(lua_State *L)
{
	return expect_packets(L, IS_AT_LEAST, 1);
}

static int expect_saw_nothing(lua_State *L)
{
	return expect_packets(L, IS, 0);
}

/* saw_at_least(n, filter) reads better with the number first. */
static int expect_saw_at_least(lua_State *L)
{
	lua_Integer count = luaL_checkinteger(L, 2);

	lua_remove(L, 2);
	return expect_packets(L, IS_AT_LEAST, count);
}

static int expect_saw_at_most(lua_State *L)
{
	lua_Integer count = luaL_checkinteger(L, 2);

	lua_remove(L, 2);
	return expect_packets(L, IS_AT_MOST, count);
}

void api_expect_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "is", expect_is },
		{ "is_not", expect_is_not },
		{ "is_one_of", expect_one_of },
		{ "is_at_least", expect_at_least },
		{ "is_at_most", expect_at_most },
		{ "saw", expect_saw },
		{ "saw_nothing", expect_saw_nothing },
		{ "saw_at_least", expect_saw_at_least },
		{ "saw_at_most", expect_saw_at_most },
		{ NULL, NULL },
	};

	api_metatable(L, API_EXPECT, methods, NULL);
	lua_pop(L, 1);
	lua_register(L, "expect", expect);
}
