/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../sim/live/live.h"
#include "judge.h"
#include "stage.h"

static json_t *end(json_t *record, const char *ended, const char *message)
{
	json_object_set_new(record, "ended", json_string(ended));
	json_object_set_new(record, "message", json_string(message));
	return record;
}

static const char *realised_by(const struct plan *plan)
{
	bool engine = false, kernel = false;
	const struct plan_node *n = NULL;

	while ((n = plan_next(plan, n))) {
		engine |= n->kind == PLAN_NET && n->realise == PLAN_ENGINE;
		kernel |= n->kind == PLAN_NET && n->realise == PLAN_KERNEL;
	}
	return kernel ? engine ? "mixed" : "kernel" : "engine";
}

/* Is there a net that nftables cannot express?  Then why. */
static bool inexpressible(const struct plan *plan, char *ret, size_t size)
{
	const struct plan_node *n = NULL;
	char why[256];

	while ((n = plan_next(plan, n))) {
		const struct nat_model *model = NULL;

		if (n->kind != PLAN_NET || n->realise != PLAN_KERNEL)
			continue;
		if (!live_nat_expressible(&n->model, why, sizeof(why)))
			model = &n->model;
		else if (!live_nat6_expressible(n->model6, why, sizeof(why)))
			model = n->model6;
		if (!model)
			continue;
		snprintf(ret, size, "%s: net %s: the kernel cannot realise %s: %s", n->where,
			 n->name, model->name, why);
		return true;
	}
	return false;
}

/* Give the kernel each NAT of @plan that it can realise; false where it has none then. */
static bool use_kernel(struct plan *plan)
{
	struct plan_node *n = NULL;
	char why[256];
	bool any = false;

	while ((n = plan_next(plan, n))) {
		if (n->kind != PLAN_NET)
			continue;
		if (live_nat_expressible(&n->model, why, sizeof(why)) &&
		    live_nat6_expressible(n->model6, why, sizeof(why)))
			n->realise = PLAN_KERNEL;
		any |= n->realise == PLAN_KERNEL;
	}
	return any;
}

/* What is known of the run before it begins, for the capture's reader. */
static char *describe(const struct run_spec *spec)
{
	json_t *about = json_pack("{s:s, s:O, s:I}", "scenario", spec->name, "params",
				  (json_t *)spec->params, "seed", (json_int_t)spec->seed);
	char *text = json_dumps(about, JSON_COMPACT);

	json_decref(about);
	return text;
}

/* "DIR/basics-x.pcapng" has its programs' output in "DIR/basics-x.programs". */
static void name_programs(const char *capture_path, char ret[STAGE_PATH])
{
	size_t len = capture_path ? strlen(capture_path) : 0;

	if (len > 7 && strcmp(capture_path + len - 7, ".pcapng") == 0)
		len -= 7;
	if (len && len + sizeof(".programs") <= STAGE_PATH)
		snprintf(ret, STAGE_PATH, "%.*s.programs", (int)len, capture_path);
}

static json_t *play(const struct run_spec *spec, struct stage *stage, json_t *record)
{
	struct world_options options = { .kind = spec->world,
					 .capture_path = spec->capture_path,
					 .capture_about = describe(spec) };
	struct plan_error error = { "" };
	int err = world_new(&stage->plan, &options, &stage->world, &error);

	if (err)
		return end(record, "error", error.text[0] ? error.text : strerror(-err));
	err = stage_play(stage, spec->budget_ns);
	json_object_set(record, "log", stage->log);
	if (world_close_capture(stage->world))
		return end(record, "error", "the capture could not be written");
	if (err)
		return end(record,
			   stage->inexpressible && (spec->skip_inexpressible || spec->kernel_nats)
				   ? "skip"
				   : "error",
			   stage->fault);
	if (spec->world == WORLD_VIRTUAL)
		json_object_set_new(record, "ms",
				    json_real((double)loop_now(world_loop(stage->world)) / 1e6));
	judge(stage, spec->capture_path, record);
	return record;
}

json_t *run_scenario(const struct run_spec *spec)
{
	static struct stage stage; /* the process's one and only; it outlives its fibers */
	json_t *record = json_object();
	char error[SCENARIO_ERROR];

	stage_init(&stage);
	stage.params = spec->params;
	name_programs(spec->capture_path, stage.programs_path);
	if (scenario_load(spec->path, spec->shown, spec->seed, &stage, &stage.scenario, error))
		return end(record, "error", error);
	if (scenario_plan(stage.scenario, spec->params, spec->seed, &stage.plan, error))
		return end(record, "error", error);
	if (spec->kernel_nats && !use_kernel(&stage.plan)) {
		json_object_set_new(record, "realise", json_string("kernel"));
		return end(record, "skip", "it has no NAT that the kernel can realise");
	}
	json_object_set_new(record, "realise", json_string(realised_by(&stage.plan)));
	if (spec->world != WORLD_LIVE && strcmp(realised_by(&stage.plan), "engine") != 0)
		return end(record, "skip", "a kernel translates here, which needs --world live");
	if (inexpressible(&stage.plan, error, sizeof(error)))
		return end(record, spec->skip_inexpressible ? "skip" : "error", error);
	return play(spec, &stage, record);
}
