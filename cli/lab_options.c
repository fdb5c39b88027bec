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

/* The scenario stands elsewhere: a file is named by its whole path. */
static int complete_model(const char *name, const char *option, const char **model,
			  char path[PATH_MAX])
{
	if (!*model || !strchr(*model, '/'))
		return STATUS_OK;
	if (!realpath(*model, path))
		return command_error(name, STATUS_USAGE,
				     "--%s %s: expected a model or its file: %s", option, *model,
				     strerror(errno));
	*model = path;
	return STATUS_OK;
}

static int complete_nats(const char *name, struct lab_file *lab, size_t side)
{
	static char paths[2][2][PATH_MAX];
	static const char *const options[2][2] = { { "a", "a6" }, { "b", "b6" } };
	int status;

	if (!lab->nat[side])
		lab->nat[side] = "port-restricted-cone";
	if (lab->nat6[side] && strcmp(lab->nat[side], "none") == 0)
		return command_error(name, STATUS_USAGE,
				     "--%s %s: expected a NAT in --%s; got none", options[side][1],
				     lab->nat6[side], options[side][0]);
	status = complete_model(name, options[side][0], &lab->nat[side], paths[side][0]);
	return status ? status
		      : complete_model(name, options[side][1], &lab->nat6[side], paths[side][1]);
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
		status = complete_nats(name, lab, side);
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
