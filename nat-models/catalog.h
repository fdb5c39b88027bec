/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The catalog of named models, and models that users give: a Lua text that returns a table.
 *
 * The catalog's texts (catalog/NAME.lua) are part of the binary.  Nothing here reads files.
 */
#ifndef KNOTHOLE_CATALOG_H
#define KNOTHOLE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

struct lua_State;

/* One line: "my.lua:7: udp.filtering: expected one of …; got "…"; did you mean "…"?" */
struct model_error {
	char text[512];
};

/* Is @text a model file's path: has it a slash, or does it end in ".lua"?  No name here does. */
bool nat_model_is_path(const char *text);

/*
 * The model called @name.  0, or -ENOENT with *ret_error: `unknown model "ful-cone"; did you
 * mean "full-cone"?`, or -ENOMEM with *ret_error.
 */
int nat_model_find(const char *name, struct nat_model *ret, struct model_error *ret_error);

/* The names of the catalog, NULL-terminated: no NAT first, then from the most open one to the
 * closest, then the same of those for IPv6 (nat_model_serves()); and how many there are, where @ret_len is not NULL. */
const char *const *nat_model_names(size_t *ret_len);

/* The Lua text of the catalog's @name (*ret_len bytes); NULL where there is no such model. */
const char *nat_model_text(const char *name, size_t *ret_len);

/*
 * Read a user's model from @text (@len bytes).  @file is its name in errors; the model's own
 * name is the same without its folder and ".lua".  Keys that the file leaves out are as in
 * its `base`, or as nat_model_defaults() says.
 * 0, or -EINVAL with *ret_error, or -ENOMEM.  @ret and @ret_error may not be NULL; *ret is
 * untouched on failure.
 */
int nat_model_load(const char *file, const char *text, size_t len, struct nat_model *ret,
		   struct model_error *ret_error);

/*
 * Read a model from the value at @index of a Lua stack: a table, as in a model file, or a
 * name of the catalog.  @where ("my.lua:12") begins each error.  The model is called as its
 * base is, with a "*" where it differs; "custom" where it has none.
 * 0, or -EINVAL or -ENOENT with *ret_error; *ret is untouched on failure.  The stack is left as it was.  No
 * metamethods are called; Lua's memory error may be raised.
 */
int nat_model_from_lua(struct lua_State *lua, int index, const char *where, struct nat_model *ret,
		       struct model_error *ret_error);

#endif
