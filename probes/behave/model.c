/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>
#include <stdio.h>

#include "../../sim/world.h"

enum { WAN_MTU = 1400 };

static const uint64_t link_delay = 2 * MSEC;

struct trial {
	struct world *world;
	const struct plan_node *nat;
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

/* What NPTv6 translates, and the subnet of it that has no counterpart (RFC 6296, 3.4), which is the inside host's. */
static const struct ip_prefix inside6 = { { UINT64_C(0xfd00000000010000), 0 }, 48 };
static const struct ip_prefix unmappable6 = { { UINT64_C(0xfd0000000001ffff), 0 }, 64 };

/* 2b00:1:1::/64, all of which is the outside host's (RFC 8273). */
static const struct ip_addr outside6 = { UINT64_C(0x2b00000100010000), 0 };

static struct ip_addr outside6_addr(unsigned i)
{
	return (struct ip_addr){ outside6.hi, 2 + i };
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
	if (trial->family == FAMILY_IPV6) {
		outside->outside6 = (struct ip_prefix){ outside6, 64 };
		outside->addr6 = outside6_addr(0);
	}
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

static int set_model(struct plan_node *nat, const struct behave_trial *trial)
{
	if (trial->family == FAMILY_IPV6) {
		nat->no_ipv4 = true;
		if (trial->model->kind == NAT_KIND_NPTV6)
			nat->prefix6 = inside6;
		return plan_set_model6(nat, trial->model);
	}
	nat->model = *trial->model;
	return 0;
}

static int make_plan(struct plan *plan, const struct behave_trial *trial, unsigned scene,
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
	if (!nat || set_model(nat, trial))
		return -ENOMEM;
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
		if (!i && trial->family == FAMILY_IPV6 && trial->model->kind == NAT_KIND_NPTV6)
			host->outside6 = unmappable6;
	}
	err = add_outside(plan, range, trial, ret_outside);
	return err ? err : plan_complete(plan, &error);
}

static void restart(void *arg)
{
	struct trial *trial = arg;
	struct plan_error error;

	trial->err = world_reboot(trial->world, trial->nat, &error);
}

static void act(void *arg)
{
	struct trial *trial = arg;

	int err = behave_run(trial->probe, &trial->hosts, &trial->finding);

	if (err)
		trial->err = err;
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
		.family = asked->family,
		.nat64 = plan_nat64_prefix(plan_find(plan, "inside")),
		.wan_mtu = WAN_MTU,
		.restart = restart,
		.restart_arg = trial,
	};
	trial->world = world;
	trial->nat = plan_find(plan, "nat");
	for (unsigned i = 0; i < BEHAVE_OUTSIDE_ADDRS; i++)
		trial->hosts.outside_addrs[i] = asked->family == FAMILY_IPV4 ||
								trial->hosts.nat64.bits
							? plan_address(outside, i)
							: outside6_addr(i);
	err = world_run(world, act, trial);
	if (!err)
		err = world_close_capture(world);
	world_free(world);
	return err ? err : trial->err;
}

enum family behave_family(const struct nat_model *model)
{
	return nat_model_serves(model, 4) ? FAMILY_IPV4 : FAMILY_IPV6;
}

enum behave_scene behave_subject(const struct nat_model *model, enum family family)
{
	if (family == FAMILY_IPV4)
		return BEHAVE_NAT44;
	switch (model->kind) {
	case NAT_KIND_NAT64:
		return BEHAVE_NAT64;
	case NAT_KIND_NPTV6:
		return BEHAVE_NPTV6;
	case NAT_KIND_FIREWALL:
	case NAT_KIND_ROUTER:
		return BEHAVE_FIREWALL6;
	case NAT_KIND_NAPT:
	case NAT_KIND_ONE_TO_ONE:
		break;
	}
	return BEHAVE_NAT66;
}

int behave_model(const struct behave_probe *probe, const struct behave_trial *asked,
		 struct behave_finding *ret)
{
	struct trial trial = { .probe = probe };
	struct plan_node *outside;
	struct plan plan = { 0 };
	int err;

	if (!nat_model_serves(asked->model, asked->family == FAMILY_IPV4 ? 4 : 6))
		return -EAFNOSUPPORT;
	err = make_plan(&plan, asked, probe->scene, &outside);
	if (!err)
		err = run(&plan, outside, asked, &trial);
	plan_clear(&plan);
	if (!err)
		*ret = trial.finding;
	return err;
}

int behave_model_all(const struct behave_trial *trial, struct behave_finding *ret, size_t *ret_len)
{
	enum behave_scene subject = behave_subject(trial->model, trial->family);
	size_t len = 0;
	int err = 0;

	for (size_t i = 0; i < behave_probes_len && !err; i++)
		if (behave_probes[i].scene & subject)
			err = behave_model(&behave_probes[i], trial, &ret[len++]);
	*ret_len = len;
	return err;
}
