/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>
#include <stdio.h>

#include "../../sim/world.h"

enum { WAN_MTU = 1400 };

static const uint64_t link_delay = 2 * MSEC;

struct trial {
	const struct behave_probe *probe;
	struct behave_hosts hosts;
	struct behave_finding finding;
	int err;
};

int behave_model_read(const char *knobs, struct nat_model *ret, struct model_error *ret_error)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "return { %s }", knobs);

	return nat_model_load("requirement", text, (size_t)len, ret, ret_error);
}

static void set_link(struct plan_link *link, const struct behave_trial *trial)
{
	const struct impairment wire = { .delay_ns = link_delay, .loss_ppm = trial->loss_ppm };

	link->up = link->down = wire;
}

/*
 * Where the outside is of the inside's range, the NAT's outside is a network of its own, with the
 * same addresses, and no Internet:
 *
 *	inside, other -- 192.168.1.1 [nat] 192.168.1.200 -- 192.168.1.77 outside
 */
static int add_outside(struct plan *plan, struct plan_node *parent,
		       const struct behave_trial *trial, struct plan_node **ret)
{
	struct plan_node *outside = plan_add(plan, parent, PLAN_HOST, "outside");
	uint32_t addr = parent ? 0xc0a8014d : 0x0b010102; /* 192.168.1.77, 11.1.1.2 */

	if (!outside)
		return -ENOMEM;
	set_link(&outside->link, trial);
	outside->addr = ip_addr_v4(addr);
	outside->extra_len = BEHAVE_OUTSIDE_ADDRS - 1;
	for (uint32_t i = 1; i < BEHAVE_OUTSIDE_ADDRS; i++)
		outside->extra[i - 1] = ip_addr_v4(addr + i);
	*ret = outside;
	return 0;
}

static struct plan_node *add_range(struct plan *plan)
{
	struct plan_node *range = plan_add(plan, NULL, PLAN_NET, "range");

	if (!range)
		return NULL;
	nat_model_defaults(&range->model);
	range->prefix = (struct ip_prefix){ ip_addr_v4(0xc0a80100), 120 };
	return range;
}

static int make_plan(struct plan *plan, const struct behave_trial *trial, enum behave_scene scene,
		     struct plan_node **ret_outside)
{
	static const char *const names[] = { "inside", "other" };
	struct plan_node *range = NULL, *nat;
	struct plan_error error;
	int err;

	plan->seed = trial->seed;
	if (scene == BEHAVE_OVERLAP) {
		range = add_range(plan);
		if (!range)
			return -ENOMEM;
	}
	nat = plan_add(plan, range, PLAN_NET, "nat");
	if (!nat)
		return -ENOMEM;
	nat->model = *trial->model;
	set_link(&nat->link, trial);
	nat->link.mtu = WAN_MTU;
	if (range) {
		nat->addr = ip_addr_v4(0xc0a801c8); /* 192.168.1.200 */
		nat->prefix = range->prefix;
		nat->may_overlap = true;
	}
	for (int i = 0; i < 2; i++) {
		struct plan_node *host = plan_add(plan, nat, PLAN_HOST, names[i]);

		if (!host)
			return -ENOMEM;
		set_link(&host->link, trial);
	}
	err = add_outside(plan, range, trial, ret_outside);
	return err ? err : plan_complete(plan, &error);
}

static void act(void *arg)
{
	struct trial *trial = arg;

	trial->err = behave_run(trial->probe, &trial->hosts, &trial->finding);
}

static int run(struct plan *plan, const struct plan_node *outside, const struct behave_trial *asked,
	       struct trial *trial)
{
	const struct world_options options = { .kind = WORLD_VIRTUAL,
					       .capture_path = asked->capture_path,
					       .capture_about = "{}" };
	struct plan_error error;
	struct world *world;
	int err = world_new(plan, &options, &world, &error);

	if (err)
		return err;
	trial->hosts = (struct behave_hosts){
		.inside = world_host(world, "inside"),
		.other = world_host(world, "other"),
		.outside = world_host(world, "outside"),
		.wan_mtu = WAN_MTU,
	};
	for (unsigned i = 0; i < BEHAVE_OUTSIDE_ADDRS; i++)
		trial->hosts.outside_addrs[i] = plan_address(outside, i);
	err = world_run(world, act, trial);
	if (!err)
		err = world_close_capture(world);
	world_free(world);
	return err ? err : trial->err;
}

int behave_model(const struct behave_probe *probe, const struct behave_trial *asked,
		 struct behave_finding *ret)
{
	struct trial trial = { .probe = probe };
	struct plan_node *outside;
	struct plan plan = { 0 };
	int err;

	if (!nat_model_serves(asked->model, 4))
		return -EAFNOSUPPORT;
	err = make_plan(&plan, asked, probe->scene, &outside);

	if (!err)
		err = run(&plan, outside, asked, &trial);
	plan_clear(&plan);
	if (!err)
		*ret = trial.finding;
	return err;
}

int behave_model_all(const struct behave_trial *trial, struct behave_finding *ret)
{
	int err = 0;

	for (size_t i = 0; i < behave_probes_len && !err; i++)
		err = behave_model(&behave_probes[i], trial, &ret[i]);
	return err;
}
