/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the values of knobs from a Lua table, for load.c: what each may be, and the one line that says
 * where it was wrong, what was expected and what was there.  Which keys there are, and what a
 * model must be as a whole, is load.c's.
 */
#ifndef KNOTHOLE_READER_H
#define KNOTHOLE_READER_H

#include <lua.h>

#include "catalog.h"
#include "knobs.h"

/* The longest path of a key, and the most words that one may be chosen from. */
enum { READER_PATH = 64, READER_WORDS = 40 };

/* One reading of one table. */
struct reader {
	lua_State *lua;
	const char *where; /* begins each error */
	const char *text; /* the source, to find lines in; NULL = not at hand */
	size_t len;
	struct nat_model model; /* as far as it has been read */
	struct nat_model base; /* what `base` gave */
	bool has_base;
	bool gave_kernel; /* the table itself says so */
	bool gave_rfc3489;
	bool gave_family;
	struct model_error *error;
};

/* Set the error: the line "where:7: key: …", without the key where it is "".  -EINVAL. */
__attribute__((format(printf, 3, 4))) int reader_fault(struct reader *reader, const char *key,
						       const char *format, ...);

/* The key's whole path, for errors, into @buf of READER_PATH bytes, which is given back. */
const char *reader_path(const struct knob_section *section, const char *key, char *buf);

/* What the value on top of the stack is, as it might be written, on one line: `"full"`, `12`, `a table`. */
const char *reader_describe(lua_State *lua, char *buf, size_t size);

/* Append "a, b, c" to the text in @buf. */
void reader_append_list(char *buf, size_t size, const char *const *words, size_t n);

/* Set the knob in reader->model to the value on top of the stack, which stays there.  0, or -EINVAL with
 * the error. */
int reader_take(struct reader *reader, const struct knob_section *section, const struct knob *knob);

#endif
