/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_turn.h"

#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "../../probes/services/service.h"
#include "../../sim/loop.h"

static void copy_text(const struct fields *f, const char *key, const char *text,
		      char ret[TURN_TEXT])
{
	if (!text || !*text || strlen(text) >= TURN_TEXT)
		fields_fail(f, key, "%s: expected a text of at most %d bytes", key, TURN_TEXT - 1);
	snprintf(ret, TURN_TEXT, "%s", text);
}

/* Names and passwords, in the order of the names: a Lua table has none. */
static void read_users(const struct fields *f, struct turn_options *ret)
{
	struct fields users;
	lua_State *L = f->L;

	if (!fields_table(f, "users", &users))
		return;
	for (lua_pushnil(L); lua_next(L, users.table); lua_pop(L, 1)) {
		struct turn_user user = { 0 };
		size_t at = ret->users_len;

		if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
			fields_fail(f, "users", "users: expected { name = \"password\", … }");
		if (at == TURN_USERS)
			fields_fail(f, "users", "users: expected at most %d", TURN_USERS);
		copy_text(f, "users", lua_tostring(L, -2), user.name);
		copy_text(f, "users", lua_tostring(L, -1), user.password);
		for (; at > 0 && strcmp(ret->users[at - 1].name, user.name) > 0; at--)
			ret->users[at] = ret->users[at - 1];
		ret->users[at] = user;
		ret->users_len++;
	}
	lua_pop(L, 1);
}

static uint64_t read_time(const struct fields *f, const char *key)
{
	uint64_t time = fields_duration(f, key, 0);

	if (time && time < SEC)
		fields_fail(f, key, "%s: expected at least 1s", key);
	return time;
}

static void read_alternate(const struct fields *f, struct turn_options *ret)
{
	const char *text = fields_text(f, "alternate", NULL);

	if (text && (endpoint_parse(text, &ret->alternate) || !ret->alternate.port))
		fields_fail(f, "alternate",
			    "alternate: expected an endpoint such as \"11.1.1.2:%d\", got \"%s\"",
			    STUN_PORT, text);
}

void tree_turn(const struct fields *f, struct turn_options *ret)
{
	static const char *const words[] = { "realm", "users",	   "quota",  "lifetime",
					     "nonce", "alternate", "rfc5389" };
	struct fields turn;
	const char *realm;

	if (!fields_table(f, "turn", &turn))
		return;
	fields_allow(&turn, words, sizeof(words) / sizeof(*words), 0);
	realm = fields_text(&turn, "realm", NULL);
	if (realm)
		copy_text(&turn, "realm", realm, ret->realm);
	read_users(&turn, ret);
	ret->quota = (unsigned)fields_integer(&turn, "quota", 1, 65535, 0);
	ret->lifetime_ns = read_time(&turn, "lifetime");
	ret->nonce_ns = read_time(&turn, "nonce");
	ret->rfc5389 = fields_flag(&turn, "rfc5389", false);
	read_alternate(&turn, ret);
	lua_pop(f->L, 1);
}
