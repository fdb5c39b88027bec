/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STUN in IPv6, from behind a NAT66 in a virtual world: the server says what it saw, in the XOR form
 * of RFC 8489, 14.2, and names its own address of the family that it was asked in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "probes/services/service.h"
#include "probes/wire/stun.h"
#include "sim/fiber.h"
#include "sim/world.h"

static const struct row {
	const char *name;
	bool ipv6; /* the server is asked at its IPv6 address */
	bool two_addresses; /* of IPv4, which the server has */
	bool other; /* it says that it has another address */
} rows[] = {
	{ "IPv6, of a server with one address of each", true, false, false },
	{ "IPv6, of a server with a second one of IPv4", true, true, false },
	{ "IPv4, of a server with one address of each", false, false, false },
	{ "IPv4, of a server with a second one", false, true, true },
};

struct asking {
	const struct row *row;
	struct world *world;
	const struct plan *plan;
	uint8_t answer[512];
	long answer_len;
	struct endpoint from;
};

static void ask(void *arg)
{
	struct asking *asking = arg;
	struct host *host = world_host(asking->world, "server");
	struct host *alice = world_host(asking->world, "alice");
	struct service_spec spec = { .name = "stun", .host = host };
	struct sock_spec udp = { .kind = SOCK_UDP };
	struct endpoint server = { asking->row->ipv6 ? host_addr6(host) : host_addr(host),
				   STUN_PORT };
	struct service *service;
	struct stun_writer w;
	uint8_t bytes[64], transaction[STUN_TRANSACTION];
	struct sock *sock;

	if (asking->row->two_addresses)
		spec.alternate_addr = plan_find(asking->plan, "server")->extra[0];
	assert_int_equal(service_start(&spec, &service), 0);
	assert_int_equal(sock_open(alice, &udp, &sock), 0);
	stun_transaction(1, 2, transaction);
	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, transaction);
	assert_int_equal(sock_send(sock, &server, bytes, stun_end(&w), NEVER), 0);
	asking->answer_len = sock_recv(sock, &asking->from, asking->answer, sizeof(asking->answer),
				       host_now(alice) + SEC);
	sock_close(sock);
	service_stop(service);
}

static void read_answer(const struct asking *asking)
{
	const struct plan_node *home = plan_find(asking->plan, "home");
	struct endpoint mapped, plain, origin, other;
	struct stun_message msg;

	assert_true(asking->answer_len > 0);
	assert_int_equal(stun_decode(asking->answer, (size_t)asking->answer_len, &msg), 0);
	assert_int_equal(msg.class, STUN_SUCCESS);
	assert_true(stun_get_address(&msg, STUN_XOR_MAPPED_ADDRESS, &mapped));
	assert_true(stun_get_address(&msg, STUN_MAPPED_ADDRESS, &plain));
	assert_true(endpoint_equal(mapped, plain));
	assert_true(ip_addr_equal(mapped.addr, asking->row->ipv6 ? home->addr6 : home->addr));
	assert_true(stun_get_address(&msg, STUN_RESPONSE_ORIGIN, &origin));
	assert_true(endpoint_equal(origin, asking->from));
	assert_int_equal(stun_get_address(&msg, STUN_OTHER_ADDRESS, &other), asking->row->other);
}

static void what_it_saw(void **state)
{
	struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan plan = { .seed = 1 };
	struct asking asking = { .row = *state, .plan = &plan };
	struct plan_node *server, *home;
	struct nat_model model;
	struct model_error wrong;
	struct plan_error error;

	server = plan_add(&plan, NULL, PLAN_HOST, "server");
	server->extra_len = 1;
	home = plan_add(&plan, NULL, PLAN_NET, "home");
	plan_add(&plan, home, PLAN_HOST, "alice");
	assert_int_equal(nat_model_find("port-restricted-cone", &home->model, &wrong), 0);
	assert_int_equal(nat_model_find("nat66", &model, &wrong), 0);
	assert_int_equal(plan_set_model6(home, &model), 0);
	if (plan_complete(&plan, &error) || world_new(&plan, &options, &asking.world, &error))
		fail_msg("%s", error.text);
	assert_int_equal(world_run(asking.world, ask, &asking), 0);
	world_free(asking.world);
	read_answer(&asking);
	plan_clear(&plan);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	struct CMUnitTest tests[ROWS];

	for (int i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = what_it_saw,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
