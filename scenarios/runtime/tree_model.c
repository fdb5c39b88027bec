/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_model.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "../../nat-models/catalog.h"
#include "sandbox.h"

enum { MODEL_TEXT_MAX = 65536, PATH_LENGTH = 4096 };

/* Write where @relative is, seen from the scenario's folder. */
static void resolve(const struct fields *f, const char *key, const char *relative, char *ret,
		    size_t size)
{
	const char *path = sandbox_source(f->L)->path;
	const char *slash = strrchr(path, '/');
	int folder = slash && relative[0] != '/' ? (int)(slash - path) + 1 : 0;

	if ((size_t)snprintf(ret, size, "%.*s%s", folder, path, relative) >= size)
		fields_fail(f, key, "%s: the path is too long", key);
}

static void load_file(const struct fields *f, const char *key, const char *relative,
		      struct nat_model *ret)
{
	char path[PATH_LENGTH];
	struct model_error error;
	char *text = lua_newuserdatauv(f->L, MODEL_TEXT_MAX, 0); /* Lua's, for errors are raised */
	size_t len;
	FILE *file;

	resolve(f, key, relative, path, sizeof(path));
	file = fopen(path, "re");
	if (!file)
		fields_fail(f, key, "%s: %s: %s", key, relative, strerror(errno));
	len = fread(text, 1, MODEL_TEXT_MAX, file);
	fclose(file);
	if (len == MODEL_TEXT_MAX)
		fields_fail(f, key, "%s: %s: longer than a model can be", key, relative);
	if (nat_model_load(relative, text, len, ret, &error))
		fields_fail(f, key, "%s: %s", key, error.text);
	lua_pop(f->L, 1);
}

bool tree_model(const struct fields *f, const char *key, struct nat_model *ret)
{
	struct model_error error;
	char where[512];

	lua_getfield(f->L, f->table, key);
	if (lua_isnil(f->L, -1)) {
		lua_pop(f->L, 1);
		return false;
	}
	if (lua_type(f->L, -1) == LUA_TSTRING && nat_model_is_path(lua_tostring(f->L, -1))) {
		load_file(f, key, lua_tostring(f->L, -1), ret);
	} else {
		snprintf(where, sizeof(where), "%s:%d", sandbox_source(f->L)->file,
			 fields_line(f, key));
		if (nat_model_from_lua(f->L, -1, where, ret, &error)) {
			lua_pushstring(f->L, error.text);
			lua_error(f->L);
		}
	}
	lua_pop(f->L, 1);
	return true;
}
