/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plain values of Lua as JSON and back: what parameters and expectations are kept as.
 */
#ifndef KNOTHOLE_VALUES_H
#define KNOTHOLE_VALUES_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>

/* A new reference: text, a number, a boolean, null for nil; for a table its list part, for
 * anything else the text that tostring() gives. Raises no errors. */
json_t *value_to_json(lua_State *L, int index);

/* Push a scalar; nil for what is none. */
void value_push(lua_State *L, const json_t *value);

/* Equal, whole numbers and fractions being the same kind. */
bool value_equal(const json_t *a, const json_t *b);

/* As people read it: punch, 5, true, nil; lists as "punch or relay".  Written to @buf, which it
 * returns. */
const char *value_text(const json_t *value, char *buf, size_t size);

#endif
