/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox that a scenario's Lua runs in: allow-listed globals, a budget of instructions
 * and a cap on memory.
 *
 * A budget of real time is not kept here, since nothing but the world reads a clock: the
 * parent of a run's process keeps it (batch.h).  Nothing here knows what a scenario is.
 */
#ifndef KNOTHOLE_SANDBOX_H
#define KNOTHOLE_SANDBOX_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox;

struct sandbox_limits {
	uint64_t instructions; /* of Lua's virtual machine, all threads together; 0 = 50 million */
	size_t memory; /* bytes; 0 = 64 MiB */
};

/* A fresh state.  math.random draws from @seed.  @user is what sandbox_user() gives back, from
 * any thread of the state.  0 or -ENOMEM. */
int sandbox_new(const struct sandbox_limits *limits, uint64_t seed, void *user,
		struct sandbox **ret);
void sandbox_free(struct sandbox *sandbox); /* NULL is fine */

lua_State *sandbox_lua(const struct sandbox *sandbox);
void *sandbox_user(lua_State *L);

/* The source of the one file that runs in the sandbox: how errors call it, and its text. */
struct source {
	char *file; /* "skype/both-behind-nat.lua", or a path of any length */
	char chunk[60]; /* what Lua calls it: the end of a name that is longer than Lua shows */
	char *path; /* where it really is */
	char *text;
	size_t len;
};
const struct source *sandbox_source(lua_State *L);

/*
 * Read @path and run it; what it returns is left on the stack.  Errors call it @file.
 * 0, or -errno with one line in *ret_error (@size bytes): a file that cannot be read, broken
 * Lua, an error while it ran, an exhausted budget.
 */
int sandbox_run_file(struct sandbox *sandbox, const char *path, const char *file, char *ret_error,
		     size_t size);

/* lua_pcall() on @L, any thread of the sandbox, with @nargs and @nresults as there: 0, or
 * -EINVAL with one line in *ret_error, the stack then being without function and arguments. */
int sandbox_call(lua_State *L, int nargs, int nresults, char *ret_error, size_t size);

/* Has the budget been used up?  Then the run has failed, even where its pcall hid the error. */
bool sandbox_exhausted(const struct sandbox *sandbox);

#endif
