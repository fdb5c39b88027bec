/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is closed while it waits for a TCP connection to stand ends at once. */
#include <errno.h>
#include <stdio.h>

#include "probes/methods/ice_agent.h"
#include "probes/methods/turn_client.h"
#include "probes/services/service.h"
#include "probes/services/turn_options.h"
#include "tests/unit/sim/virtual_lab.h"

static struct lab lab;
static struct host *alice, *server;

static int setup(void **state)
{
	(void)state;
	lab_open(&lab, true);
	alice = lab_host(&lab, "alice", NET(1));
	server = lab_host(&lab, "server", NET(2));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

/* Nobody is there: what is sent is lost. */
#define NOBODY                                                                                     \
	{                                                                                          \
		NET(9), 80                                                                         \
	}

struct seen {
	struct turn_client *client;
	uint64_t began, ended;
	unsigned checks;
	int err;
};

static void tell(struct ice_agent *agent, const char *text)
{
	struct ice_line line;

	assert_int_equal(ice_line_parse(text, &line), 0);
	assert_int_equal(ice_agent_told(agent, &line), 0);
}

static void end_agent(void *arg)
{
	struct ice_agent_spec spec = { .controlling = true,
				       .tcp_only = true,
				       .stun[FAMILY_IPV4] = NOBODY };
	struct seen *seen = arg;
	struct ice_agent *agent = NULL;

	assert_int_equal(ice_agent_new(alice, &spec, &agent), 0);
	assert_int_equal(ice_agent_gather_start(agent, NEVER), 0);
	tell(agent, "ice-ufrag:abcd");
	tell(agent, "ice-pwd:abcdefghijklmnopqrstuv");
	tell(agent, "candidate:1 1 TCP 1015022079 11.1.9.2 80 typ host tcptype passive");
	tell(agent, "candidate:2 1 TCP 1015022079 11.1.9.2 81 typ host tcptype so");
	fiber_sleep(host_now(alice) + SEC);
	seen->checks = ice_agent_counts(agent).checks;
	seen->began = host_now(alice);
	ice_agent_free(agent);
	seen->ended = host_now(alice);
}

static void an_agent_ends_at_once(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, end_agent, &seen);
	assert_int_equal(seen.checks, 2);
	assert_int_equal(seen.ended, seen.began);
}

static void allocate(void *arg)
{
	struct seen *seen = arg;

	seen->err = turn_client_allocate(seen->client, NEVER);
}

static void end_client(void *arg)
{
	struct seen *seen = arg;
	struct turn_client_spec spec = {
		.server = NOBODY, .transport = TURN_OVER_TCP, .username = "a", .password = "b"
	};
	struct fiber *fiber = NULL;

	assert_int_equal(turn_client_new(alice, &spec, &seen->client), 0);
	assert_int_equal(fiber_spawn(lab.loop, "allocate", allocate, seen, &fiber), 0);
	fiber_sleep(host_now(alice) + SEC);
	seen->began = host_now(alice);
	turn_client_close(seen->client);
	fiber_join(fiber, NEVER);
	turn_client_free(seen->client);
	seen->ended = host_now(alice);
}

static void a_turn_client_ends_at_once(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, end_client, &seen);
	assert_int_equal(seen.err, -ECANCELED);
	assert_int_equal(seen.ended, seen.began);
}

static void connect_to_nobody(void *arg)
{
	const struct endpoint nobody = NOBODY;
	struct seen *seen = arg;
	struct conduit *conduit = NULL;

	seen->err = turn_client_connect(seen->client, nobody, NEVER, &conduit);
}

/* A client has asked it for a connection to nobody (RFC 6062). */
static void end_server(void *arg)
{
	struct service_spec service_spec = { .name = "turn", .host = server };
	struct turn_client_spec spec = { .server = { NET(2), STUN_PORT },
					 .transport = TURN_OVER_TCP,
					 .username = TURN_ANYBODY,
					 .password = TURN_ANYBODY,
					 .tcp_relay = true };
	struct seen *seen = arg;
	struct service *service = NULL;
	struct fiber *fiber = NULL;

	assert_int_equal(service_start(&service_spec, &service), 0);
	assert_int_equal(turn_client_new(alice, &spec, &seen->client), 0);
	assert_int_equal(turn_client_allocate(seen->client, NEVER), 0);
	assert_int_equal(turn_client_permit(seen->client, NET(9), NEVER), 0);
	assert_int_equal(fiber_spawn(lab.loop, "connect", connect_to_nobody, seen, &fiber), 0);
	fiber_sleep(host_now(alice) + SEC);
	seen->began = host_now(alice);
	service_stop(service);
	seen->ended = host_now(alice);
	turn_client_close(seen->client);
	fiber_join(fiber, NEVER);
	turn_client_free(seen->client);
}

static void a_turn_server_ends_at_once(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	lab_run(&lab, end_server, &seen);
	assert_int_not_equal(seen.err, 0);
	assert_int_equal(seen.ended, seen.began);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_agent_ends_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_turn_client_ends_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_turn_server_ends_at_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
