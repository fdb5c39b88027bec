/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world as a scenario writes it, links, forwards and services included: a plan that is complete,
 * or a one-line error that names the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenarios/runtime/sandbox.h"
#include "scenarios/runtime/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

/* Arguments: what the file returned, and the plan. */
static int read_tree(lua_State *L)
{
	struct plan *plan = lua_touserdata(L, 2);

	lua_settop(L, 1);
	tree_read(L, 1, 1, plan);
	return 0;
}

static void check(struct sandbox *sandbox, const char *path)
{
	struct plan plan = { .seed = 1 };
	lua_State *L = sandbox_lua(sandbox);
	const struct plan_node *node = NULL;
	char error[1024] = "";
	int err;

	tree_open(L);
	err = sandbox_run_file(sandbox, path, "fuzz.lua", error, sizeof(error));
	if (!err) {
		lua_pushcfunction(L, read_tree);
		lua_insert(L, -2);
		lua_pushlightuserdata(L, &plan);
		err = sandbox_call(L, 2, 0, error, sizeof(error));
	}
	if (err)
		require(strncmp(error, "fuzz.lua", 8) == 0 && !strchr(error, '\n'));
	while (!err && (node = plan_next(&plan, node)))
		require(node->name[0] != '\0');
	tree_clear(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sandbox_limits limits = { .instructions = 100000, .memory = 4 << 20 };
	struct sandbox *sandbox;
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	require(sandbox_new(&limits, 1, NULL, &sandbox) == 0);
	check(sandbox, path);
	sandbox_free(sandbox);
	close(fd);
	return 0;
}
