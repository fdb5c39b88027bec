/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scenario: the file, the table that it returns, and the runs that its parameters and twins
 * make of it.
 *
 *	return { title = "…", claims = { "SKB-10" }, params = { a = "full-cone" },
 *		 world = function (p) … end, run = function (w) … end,
 *		 twins = { { set = { a = "symmetric" }, fails = "expected punch, got none" } } }
 *
 * A list as a parameter's value is several runs.  A twin is the same scenario with other
 * parameters, which must fail, and say what `fails` says: that shows that it can.
 * Nothing is built here and `run` is not called.
 */
#ifndef KNOTHOLE_SCENARIO_H
#define KNOTHOLE_SCENARIO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../sim/plan.h"
#include "sandbox.h"

enum { SCENARIO_ERROR = 1024 };

struct scenario;

/*
 * Read and run the file @path, which errors call @shown.  The sandbox's
 * sandbox_user() is @user.  0, or -errno with one line in @ret_error (SCENARIO_ERROR bytes).
 */
int scenario_load(const char *path, const char *shown, uint64_t seed, void *user,
		  struct scenario **ret, char *ret_error);
void scenario_free(struct scenario *scenario); /* NULL is fine */

struct sandbox *scenario_sandbox(const struct scenario *scenario);

/*
 * What the scenario says of itself, a new reference:
 *   {"file": …, "title": …, "claims": […], "params": {"a": ["full-cone"], …},
 *    "needs": "live" (absent where any world will do),
 *    "twins": [{"set": {"b": "symmetric"}, "fails": "…"}]}
 */
json_t *scenario_about(const struct scenario *scenario);

/*
 * Read the world that the scenario makes of @params (an object) into @ret, completed and
 * checked: 0, or -EINVAL with one line in @ret_error.  In any case end with tree_clear().
 */
int scenario_plan(struct scenario *scenario, const json_t *params, uint64_t seed, struct plan *ret,
		  char *ret_error);

/* Push the function `run` on @L's stack; push @params as the table that it and `world` get. */
void scenario_push_run(lua_State *L);
void scenario_push_params(lua_State *L, const json_t *params);

/*
 * The runs, an array of {"params": {…}, "twin": index or absent}: first the cross product of
 * the parameters' values, the last one changing fastest, then the twins.  @set, an object of
 * arrays of text, replaces values, and takes the twins away where it changes anything; names
 * in it that are not this scenario's are passed over.  -EINVAL with one line where a value
 * does not fit the parameter.
 */
int scenario_runs(const json_t *about, const json_t *set, json_t **ret, char *ret_error);

#endif
