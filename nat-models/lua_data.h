/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data written as Lua: a text that returns a table, run with nothing at hand.  It has no
 * libraries and no globals, and is stopped at a budget of instructions and memory.
 */
#ifndef KNOTHOLE_LUA_DATA_H
#define KNOTHOLE_LUA_DATA_H

#include <lua.h>
#include <stddef.h>

/*
 * Run @text (@len bytes), whose name in messages is @file, and call @use with the table that
 * it returned on top of the stack; Lua errors that @use raises are caught.
 * Returns what @use returned, or -EINVAL with one line in @error ("my.lua:3: …"), or -ENOMEM.
 */
int lua_data_read(const char *file, const char *text, size_t len,
		  int (*use)(lua_State *lua, void *arg), void *arg, char *error, size_t size);

#endif
