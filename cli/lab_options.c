/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab_options.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../nat-models/duration.h"
#include "../scenarios/runtime/collection.h"
#include "../sim/live/live.h"
#include "model_file.h"
#include "results.h"

/* A public host has no NAT to forward, and IPv6 comes with one. */
static int check_public(const char *name, const struct lab_file *lab, size_t side)
{
	const char *ports[] = { "forward-a", "forward-b" }, *sixes[] = { "a6", "b6" };
	const char *option = lab->forward[side] ? ports[side] : sixes[side];
	const char *value = lab->forward[side] ? lab->forward[side] : lab->nat6[side];

	if (!value)
		return STATUS_OK;
	return command_error(name, STATUS_USAGE, "--%s %s: expected a NAT in --%c; got none",
			     option, value, "ab"[side]);
}

static int complete_nats(const char *name, struct lab_file *lab, size_t side)
{
	static char paths[2][2][PATH_MAX];
	static const char *const options[2][2] = { { "a", "a6" }, { "b", "b6" } };
	int status;

	if (!lab->nat[side])
		lab->nat[side] = "port-restricted-cone";
	if (strcmp(lab->nat[side], "none") == 0)
		return check_public(name, lab, side);
	status = model_file_option(name, options[side][0], &lab->nat[side], false, paths[side][0]);
	if (!status && lab->nat6[side])
		status = model_file_option(name, options[side][1], &lab->nat6[side], true,
					   paths[side][1]);
	return status;
}

/* Digits alone: they are a number of Lua's in the scenario. */
static bool is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");
	long port = len && len <= 5 && !text[len] ? strtol(text, NULL, 10) : 0;

	return port >= 1 && port <= 65535;
}

static int check_port(const char *name, const char *option, const char *port)
{
	if (!port || is_port(port))
		return STATUS_OK;
	return command_error(name, STATUS_USAGE,
			     "--%s: expected a port from 1 to 65535; got \"%s\"", option, port);
}

/* What is all digits is meant as a port. */
static int check_ready(const char *name, const char *option, const char *ready)
{
	return check_port(name, option, ready && ready[strspn(ready, "0123456789")] ? NULL : ready);
}

static int check_quantity(const char *name, const char *option, const char *text,
			  int (*parse)(const char *, uint64_t *), const char *expected)
{
	uint64_t value;

	if (!text || parse(text, &value) == 0)
		return STATUS_OK;
	return command_error(name, STATUS_USAGE, "--%s: expected %s; got \"%s\"", option, expected,
			     text);
}

static int check_links(const char *name, const struct lab_file *lab)
{
	int status = check_quantity(name, "delay", lab->delay, duration_parse,
				    "a time such as \"20ms\"");

	if (!status)
		status = check_quantity(name, "loss", lab->loss, share_parse,
					"a share such as \"5%\"");
	if (!status)
		status = check_quantity(name, "rate", lab->rate, rate_parse,
					"a rate such as \"10Mbit\"");
	return status;
}

static int check_programs(const char *name, const struct lab_file *lab)
{
	static const char *const whose[LAB_PROGRAMS] = { "A-COMMAND", "B-COMMAND",
							 "SERVER-COMMAND" };

	for (size_t i = 0; i < LAB_PROGRAMS; i++) {
		int err = lab->argv[i] ? live_find_program(lab->argv[i][0]) : 0;

		if (err)
			return command_error(name, STATUS_USAGE,
					     "%s: expected a program; got \"%s\": %s", whose[i],
					     lab->argv[i][0], strerror(-err));
	}
	if (lab->server_ready && !lab->argv[2])
		return command_error(
			name, STATUS_USAGE,
			"--server-ready %s: expected a SERVER-COMMAND with it; got none",
			lab->server_ready);
	return STATUS_OK;
}

int lab_complete(const char *name, struct lab_file *lab)
{
	enum suite_worlds worlds;
	int status = STATUS_OK;

	for (size_t side = 0; !status && side < 2; side++) {
		status = check_port(name, side ? "forward-b" : "forward-a", lab->forward[side]);
		if (!status)
			status = complete_nats(name, lab, side);
	}
	if (!status)
		status = check_links(name, lab);
	if (!status)
		status = check_ready(name, "ready", lab->ready);
	if (!status)
		status = check_ready(name, "server-ready", lab->server_ready);
	if (!status)
		status = check_programs(name, lab);
	if (!lab->server)
		lab->server = live_find_program("turnserver") == 0 ? "coturn" : "own";
	return status ? status : results_worlds(name, "live", &worlds);
}

int lab_play(const struct lab_play *play, const struct lab_file *lab, json_t **ret)
{
	struct suite_options options = { .worlds = SUITE_LIVE,
					 .seed = play->seed,
					 .repeat = 1,
					 .jobs = 1,
					 .budget_ns = play->time_ns,
					 .directory = play->directory };
	struct collection collection;
	struct suite suite;
	char home[PATH_MAX], error[1024], path[PATH_MAX + 32];
	char *operand = path;
	int status, err;

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
