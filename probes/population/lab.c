/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab.h"

#include <errno.h>
#include <string.h>

static const char *const names[LAB_HOSTS] = { "alice", "bob",	   "server",
					      "other", "stranger", "sister" };

static int add_host(struct plan *plan, struct plan_node *in, const char *name)
{
	return plan_add(plan, in, PLAN_HOST, name) ? 0 : -ENOMEM;
}

static int add_home(struct plan *plan, const char *name, const char *host,
		    const struct nat_model *model)
{
	struct plan_node *home = plan_add(plan, NULL, PLAN_NET, name);

	if (!home || !plan_add(plan, home, PLAN_HOST, host))
		return -ENOMEM;
	home->model = *model;
	home->link.up.delay_ns = home->link.down.delay_ns = 5 * MSEC;
	return 0;
}

static int make_plan(struct plan *plan, const struct population_trial *trial)
{
	struct plan_error error;
	int err = add_home(plan, "home_a", names[LAB_ALICE], trial->nats[0]);

	plan->seed = trial->seed;
	if (!err && trial->rival_ns)
		err = add_host(plan, plan_find(plan, "home_a"), names[LAB_SISTER]);
	if (!err)
		err = add_home(plan, "home_b", names[LAB_BOB], trial->nats[1]);
	for (int i = LAB_SERVER; i <= LAB_STRANGER && !err; i++)
		err = add_host(plan, NULL, names[i]);
	return err ? err : plan_complete(plan, &error);
}

int lab_begin(struct lab *lab, const struct population_trial *trial)
{
	const struct world_options options = { .kind = WORLD_VIRTUAL,
					       .capture_path = trial->capture_path,
					       .capture_about = "{}" };
	struct plan_error error;
	int err;

	memset(lab, 0, sizeof(*lab));
	err = make_plan(&lab->plan, trial);
	if (!err)
		err = world_new(&lab->plan, &options, &lab->world, &error);
	for (int i = 0; i < LAB_HOSTS && !err; i++)
		lab->hosts[i] = world_host(lab->world, names[i]);
	return err;
}

int lab_end(struct lab *lab)
{
	int err = lab->world ? world_close_capture(lab->world) : 0;

	world_free(lab->world);
	plan_clear(&lab->plan);
	return err;
}
