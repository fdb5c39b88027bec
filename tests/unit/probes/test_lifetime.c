/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lifetimes that are found from inside, against those that the models declare. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "probes/methods/lifetime.h"
#include "probes/population/lab.h"
#include "probes/services/service.h"

struct scene {
	struct lab lab;
	struct lifetime_spec spec;
	struct lifetime got;
	bool serves;
	int err;
};

static void act(void *arg)
{
	struct scene *scene = arg;
	struct host *server = scene->lab.hosts[LAB_SERVER];
	const struct service_spec stun = { .name = "stun", .host = server };
	struct service *service = NULL;

	if (scene->serves)
		assert_int_equal(service_start(&stun, &service), 0);
	scene->spec.server = (struct endpoint){ host_addr(server), STUN_PORT };
	scene->err = lifetime_measure(scene->lab.hosts[LAB_ALICE], &scene->spec, &scene->got);
	service_stop(service);
}

static void play(const struct nat_model *model, struct scene *scene)
{
	const struct population_trial trial = { .nats = { model, model }, .seed = 1 };

	assert_int_equal(lab_begin(&scene->lab, &trial), 0);
	assert_int_equal(world_run(scene->lab.world, act, scene), 0);
	assert_int_equal(lab_end(&scene->lab), 0);
}

static struct scene scene_of(unsigned parallel)
{
	return (struct scene){
		.spec = { .longest_ns = 600 * SEC, .precision_ns = SEC, .parallel = parallel },
		.serves = true
	};
}

/* The NATs that keep UDP mappings and let a server at any port answer. */
static bool is_asked(const struct nat_model *model)
{
	return nat_model_serves(model, 4) && nat_kind_gives_ports(model->kind) &&
	       !model->udp.blocked && !model->udp.outbound_ports[0];
}

/* What counts for a mapping by which two packets have gone, one each way, at once. */
static uint64_t declared(const struct nat_transport *udp)
{
	bool two_way = udp->timeout_two_way_ns && !udp->two_way_after_ns;

	return two_way ? udp->timeout_two_way_ns : udp->timeout_ns;
}

static void check(const struct nat_model *model, unsigned parallel)
{
	uint64_t want = declared(&model->udp);
	struct scene scene = scene_of(parallel);
	const struct lifetime *got = &scene.got;

	play(model, &scene);
	if (scene.err || got->alive_ns >= want || got->gone_ns < want ||
	    got->gone_ns - got->alive_ns > 3 * SEC / 2)
		fail_msg("%s: %llu ms, found %llu to %llu (%d)", model->name,
			 (unsigned long long)(want / MSEC),
			 (unsigned long long)(got->alive_ns / MSEC),
			 (unsigned long long)(got->gone_ns / MSEC), scene.err);
	assert_true(got->refresh_known);
	assert_int_equal(got->outbound, model->udp.refresh == NAT_REFRESH_OUTBOUND ||
						model->udp.refresh == NAT_REFRESH_BOTH);
	assert_int_equal(got->inbound, model->udp.refresh == NAT_REFRESH_INBOUND ||
					       model->udp.refresh == NAT_REFRESH_BOTH);
}

static void the_catalog(void **state)
{
	const char *const *names = nat_model_names(NULL);
	unsigned asked = 0;

	(void)state;
	for (size_t i = 0; names[i]; i++) {
		struct model_error error;
		struct nat_model model;

		assert_int_equal(nat_model_find(names[i], &model, &error), 0);
		if (!is_asked(&model))
			continue;
		check(&model, 8);
		asked++;
	}
	assert_in_range(asked, 20, 60);
}

static void every_refresh(void **state)
{
	(void)state;
	for (int refresh = NAT_REFRESH_OUTBOUND; refresh <= NAT_REFRESH_NONE; refresh++) {
		struct nat_model model;

		nat_model_defaults(&model);
		model.udp.refresh = (enum nat_refresh)refresh;
		model.udp.timeout_ns = 77 * SEC;
		check(&model, 8);
		check(&model, 1);
	}
}

/* The how many-th sleep from now on is how much too long: what a machine does whose processors others have. */
static struct {
	unsigned nth;
	uint64_t by;
} oversleep;

void __real_fiber_sleep(uint64_t until);
void __wrap_fiber_sleep(uint64_t until);
void __wrap_fiber_sleep(uint64_t until)
{
	if (oversleep.nth && --oversleep.nth == 0)
		until += oversleep.by;
	__real_fiber_sleep(until);
}

static void asked_late(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth <= 30; nth++)
		for (int refresh = NAT_REFRESH_OUTBOUND; refresh <= NAT_REFRESH_NONE; refresh++) {
			struct nat_model model;

			nat_model_defaults(&model);
			model.udp.refresh = (enum nat_refresh)refresh;
			model.udp.timeout_ns = 77 * SEC;
			oversleep.nth = nth;
			oversleep.by = 100 * SEC;
			check(&model, 8);
		}
	oversleep.nth = 0;
}

static void longer_than_was_looked(void **state)
{
	struct scene scene = scene_of(4);
	struct nat_model model;

	(void)state;
	nat_model_defaults(&model);
	model.udp.timeout_ns = 3600 * SEC;
	play(&model, &scene);
	assert_int_equal(scene.err, 0);
	assert_int_equal(scene.got.gone_ns, 0);
	assert_in_range(scene.got.alive_ns / SEC, 600, 601);
	assert_false(scene.got.refresh_known);
}

static void nobody_answers(void **state)
{
	struct scene scene = scene_of(4);
	struct nat_model model;

	(void)state;
	scene.serves = false;
	nat_model_defaults(&model);
	play(&model, &scene);
	assert_int_equal(scene.err, -ETIMEDOUT);
}

static void nonsense(void **state)
{
	struct scene scene = scene_of(0);
	struct nat_model model;

	(void)state;
	nat_model_defaults(&model);
	play(&model, &scene);
	assert_int_equal(scene.err, -EINVAL);
	scene.spec.parallel = LIFETIME_PARALLEL_MAX + 1;
	play(&model, &scene);
	assert_int_equal(scene.err, -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_catalog),	  cmocka_unit_test(every_refresh),
		cmocka_unit_test(asked_late),	  cmocka_unit_test(longer_than_was_looked),
		cmocka_unit_test(nobody_answers), cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
