/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "values.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static json_t *list_to_json(lua_State *L, int index)
{
	json_t *list = json_array();

	for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, index); i++) {
		lua_rawgeti(L, index, i);
		json_array_append_new(list,
				      lua_istable(L, -1) ? json_null() : value_to_json(L, -1));
		lua_pop(L, 1);
	}
	return list;
}

static json_t *text_to_json(const char *text, size_t len)
{
	json_t *string = json_stringn(text, len);

	/* JSON's text is UTF-8; other bytes are shown as a count, since they cannot be kept. */
	return string ? string : json_sprintf("(%zu bytes)", len);
}

json_t *value_to_json(lua_State *L, int index)
{
	const char *text;
	size_t len;

	index = lua_absindex(L, index);
	switch (lua_type(L, index)) {
	case LUA_TNIL:
	case LUA_TNONE:
		return json_null();
	case LUA_TBOOLEAN:
		return json_boolean(lua_toboolean(L, index));
	case LUA_TNUMBER:
		if (lua_isinteger(L, index))
			return json_integer(lua_tointeger(L, index));
		return json_real(lua_tonumber(L, index));
	case LUA_TTABLE:
		return list_to_json(L, index);
	case LUA_TSTRING:
		text = lua_tolstring(L, index, &len);
		return text_to_json(text, len);
	default:
		return json_string(luaL_typename(L, index));
	}
}

void value_push(lua_State *L, const json_t *value)
{
	if (json_is_string(value))
		lua_pushlstring(L, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		lua_pushinteger(L, json_integer_value(value));
	else if (json_is_real(value))
		lua_pushnumber(L, json_real_value(value));
	else if (json_is_boolean(value))
		lua_pushboolean(L, json_is_true(value));
	else
		lua_pushnil(L);
}

bool value_equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static size_t add(char *buf, size_t size, size_t used, const char *text)
{
	int n = snprintf(buf + used, size - used, "%s", text);

	return used + (size_t)n < size ? used + (size_t)n : size - 1;
}

static const char *list_text(const json_t *list, char *buf, size_t size)
{
	const json_t *value;
	size_t used = 0, i;
	char one[128];

	buf[0] = '\0';
	json_array_foreach(list, i, value)
	{
		if (i > 0)
			used = add(buf, size, used, " or ");
		used = add(buf, size, used,
			   json_is_array(value) ? "…" : value_text(value, one, sizeof(one)));
	}
	return buf;
}

const char *value_text(const json_t *value, char *buf, size_t size)
{
	if (json_is_string(value))
		snprintf(buf, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(buf, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(buf, size, "%.6g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(buf, size, "%s", json_is_true(value) ? "true" : "false");
	else if (json_is_array(value))
		return list_text(value, buf, size);
	else
		snprintf(buf, size, "nil");
	return buf;
}
