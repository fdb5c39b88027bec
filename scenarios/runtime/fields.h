/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a table of options, as scenarios write them: `{ within = "3s", size = 160 }`.
 *
 * Whatever is wrong is raised as a Lua error of one line that names the place (the key's own
 * line where the source shows it), whose table it is, the key, what was expected and what was
 * there.  So call these inside sandbox_call() only.
 */
#ifndef KNOTHOLE_FIELDS_H
#define KNOTHOLE_FIELDS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fields {
	lua_State *L;
	int table; /* absolute index on the stack; 0 = no table was given: all defaults */
	int line; /* where the table, or the call that takes it, begins */
	char who[96]; /* "host alice", "udp" */
};

/* The options of the call that is running, at stack index @table; nothing or nil is no table. */
struct fields fields_of_call(lua_State *L, int table, const char *who);

/* Raise "file:line: who: …", the line being the one on which @key is written.  @key may be
 * NULL. */
_Noreturn void fields_fail(const struct fields *f, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The line on which @key is written; where it cannot be seen, the table's. */
int fields_line(const struct fields *f, const char *key);

/* luaL_error(), of which the compiler knows that it does not return. */
_Noreturn void fields_raise(lua_State *L, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Raise an error, with a suggestion, where there is a key that is not one of @words (@n).
 * Positions 1 … @positions may stand there besides. */
void fields_allow(const struct fields *f, const char *const *words, size_t n,
		  lua_Integer positions);

/* What is wrong with @word, which is none of @words: 'unknown key "adress"; did you mean
 * "address"?'.  @what is "key", "host", … */
const char *fields_unknown(char *buf, size_t size, const char *what, const char *word,
			   const char *const *words, size_t n);

/* Does something stand under @key? */
bool fields_given(const struct fields *f, const char *key);

/* Each gives the default where the key is absent.  Text is valid as long as the table. */
const char *fields_text(const struct fields *f, const char *key, const char *otherwise);
uint64_t fields_duration(const struct fields *f, const char *key, uint64_t otherwise_ns);
uint64_t fields_size(const struct fields *f, const char *key, uint64_t otherwise_bytes);
uint64_t fields_rate(const struct fields *f, const char *key, uint64_t otherwise_bps);
uint32_t fields_share(const struct fields *f, const char *key, uint32_t otherwise_ppm); /* "5%" */
lua_Integer fields_integer(const struct fields *f, const char *key, lua_Integer low,
			   lua_Integer high, lua_Integer otherwise);
double fields_number(const struct fields *f, const char *key, double low, double high,
		     double otherwise);
bool fields_flag(const struct fields *f, const char *key, bool otherwise);

/* Push the table under @key and return true; false, with nothing pushed, where it is absent.
 * *ret reads it in turn, its errors being @f's. */
bool fields_table(const struct fields *f, const char *key, struct fields *ret);

/* Ports 1 … n of the list under @key; returns n, at most @max. */
size_t fields_ports(const struct fields *f, const char *key, uint16_t *ret, size_t max);

/* Strings 1 … n of the list under @key, valid as long as the table; returns n, at most @max. */
size_t fields_list(const struct fields *f, const char *key, const char **ret, size_t max);

#endif
