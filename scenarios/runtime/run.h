/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of a scenario, in the process that its world lives in.
 */
#ifndef KNOTHOLE_RUN_H
#define KNOTHOLE_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../sim/world.h"

struct run_spec {
	const char *path; /* the scenario's file … */
	const char *shown; /* … and what errors call it, scenario_load() */
	const char *name; /* of the scenario */
	const json_t *params;
	enum world_kind world;
	uint64_t seed;
	const char *capture_path;
	uint64_t budget_ns; /* of the world's time */
	bool skip_inexpressible; /* a NAT that cannot be realised as asked is a skip, no error */
	bool kernel_nats; /* the kernel realises every NAT that it can, whatever the world says */
};

/*
 * Load, build, play and judge.  The result is the part of a record (reports/record.h) that only
 * the run itself knows: "ended", "message", "expectations", "calls", "log", "realise", and in a
 * virtual world "ms", which there is the world's own time.  A new reference.  The process cannot do anything after it but end: fibers may still wait.
 */
json_t *run_scenario(const struct run_spec *spec);

#endif
