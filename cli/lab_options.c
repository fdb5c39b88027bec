/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab_options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../scenarios/runtime/collection.h"
#include "../sim/live/live.h"
#include "results.h"

static int complete_nat(const char *name, const char **model, size_t side)
{
	static char paths[2][PATH_MAX];

	if (!*model)
		*model = "port-restricted-cone";
	if (!strchr(*model, '/'))
		return STATUS_OK;
	/* The scenario stands elsewhere. */
	if (!realpath(*model, paths[side]))
		return command_error(name, STATUS_USAGE,
				     "--%c %s: expected a model or its file: %s", "ab"[side],
				     *model, strerror(errno));
	*model = paths[side];
	return STATUS_OK;
}

static int check_port(const char *name, const char *port, size_t side)
{
	char *end;
	long number = port ? strtol(port, &end, 10) : 1;

	if (port && (*end || end == port || number < 1 || number > 65535))
		return command_error(name, STATUS_USAGE,
				     "--forward-%c: expected a port from 1 to 65535; got \"%s\"",
				     "ab"[side], port);
	return STATUS_OK;
}

int lab_complete(const char *name, struct lab_file *lab)
{
	int status = STATUS_OK;

	for (size_t side = 0; !status && side < 2; side++) {
		status = complete_nat(name, &lab->nat[side], side);
		if (!status)
			status = check_port(name, lab->forward[side], side);
	}
	if (!lab->server)
		lab->server = live_has_program("turnserver") ? "coturn" : "own";
	return status;
}

int lab_play(const struct lab_play *play, const struct lab_file *lab, json_t **ret)
{
	struct suite_options options = { .worlds = SUITE_LIVE,
					 .seed = play->seed,
					 .repeat = 1,
					 .jobs = 1,
					 .budget_ns = play->time_ns,
					 .directory = play->directory };
	enum suite_worlds worlds;
	struct collection collection;
	struct suite suite;
	char home[PATH_MAX], error[1024], path[PATH_MAX + 32];
	char *operand = path;
	int status = results_worlds(play->name, "live", &worlds), err;

	if (status)
		return status;
	snprintf(path, sizeof(path), "%s/%s.lua", play->directory, play->name);
	err = lab_file_write(lab, path);
	if (err)
		return command_error(play->name, STATUS_USAGE, "%s cannot be written: %s", path,
				     strerror(-err));
	if (collection_home(home, sizeof(home)))
		return command_error(play->name, STATUS_USAGE,
				     "the scenarios are not found: set KNOTHOLE_HOME");
	if (collection_find(home, &operand, 1, &collection, error, sizeof(error)))
		return command_error(play->name, STATUS_USAGE, "%s", error);
	status = results_read(&collection, &options, true, &suite);
	if (!status) {
		*ret = suite_run(&suite, &options);
		suite_clear(&suite);
	}
	collection_clear(&collection);
	return status;
}
