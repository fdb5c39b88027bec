/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dual allocations (RFC 8656, 7.2, ADDITIONAL-ADDRESS-FAMILY), in a virtual world of both families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/world.h"
#include "turn_fixture.h"

enum { PORT = 5000 };

static struct turn_fixture f;
static struct world *world;

/* A peer's endpoint, of either family. */
static struct endpoint peer_at(bool v6)
{
	return (struct endpoint){ v6 ? host_addr6(f.peer) : host_addr(f.peer), PORT };
}

/* Allocate with an IPv6 address besides; its two addresses. */
static void allocate(struct endpoint ret[2])
{
	struct stun_value v = { 0 };
	int n = 0;

	turn_begin(&f, TURN_ALLOCATE);
	stun_add_u32(&f.w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
	stun_add_u32(&f.w, STUN_ADDITIONAL_ADDRESS_FAMILY, TURN_FAMILY_V6 << 24);
	assert_int_equal(turn_ask(&f), 0);
	assert_false(stun_find(&f.msg, STUN_ADDRESS_ERROR_CODE, &v));
	v = (struct stun_value){ 0 };
	while (stun_next(&f.msg, &v))
		if (v.type == STUN_XOR_RELAYED_ADDRESS && n < 2)
			assert_true(stun_read_address(&f.msg, &v, &ret[n++]));
	assert_int_equal(n, 2);
	assert_true(ip_addr_equal(ret[0].addr, host_addr(f.server)));
	assert_true(ip_addr_equal(ret[1].addr, host_addr6(f.server)));
}

static unsigned permit(bool v4, bool v6)
{
	turn_begin(&f, TURN_CREATE_PERMISSION);
	if (v4)
		stun_add_address(&f.w, STUN_XOR_PEER_ADDRESS, peer_at(false));
	if (v6)
		stun_add_address(&f.w, STUN_XOR_PEER_ADDRESS, peer_at(true));
	return turn_ask(&f);
}

static unsigned refresh(uint32_t seconds, uint32_t family)
{
	turn_begin(&f, TURN_REFRESH);
	stun_add_u32(&f.w, STUN_LIFETIME, seconds);
	if (family)
		stun_add_u32(&f.w, STUN_REQUESTED_ADDRESS_FAMILY, family << 24);
	return turn_ask(&f);
}

/* To the peer and back: it hears from @relayed, and the client from it. */
static bool passes(bool v6, struct endpoint relayed)
{
	struct endpoint server = turn_at(TURN_FIXTURE_SERVER, STUN_PORT), from;
	uint64_t within = host_now(f.client) + SEC;
	uint8_t bytes[512];
	struct stun_value v;
	long n;

	turn_begin(&f, TURN_SEND);
	stun_begin(&f.w, f.request, sizeof(f.request), STUN_INDICATION, TURN_SEND, f.transaction);
	stun_add_address(&f.w, STUN_XOR_PEER_ADDRESS, peer_at(v6));
	stun_add(&f.w, STUN_DATA, "there", 5);
	sock_send(f.sock, &server, f.request, stun_end(&f.w), NEVER);
	n = sock_recv(f.peer_sock, &from, bytes, sizeof(bytes), within);
	if (n != 5)
		return false;
	assert_true(endpoint_equal(from, relayed));
	sock_send(f.peer_sock, &from, "back again", 10, NEVER);
	n = sock_recv(f.sock, NULL, bytes, sizeof(bytes), within);
	assert_true(n > 0);
	assert_int_equal(stun_decode(bytes, (size_t)n, &f.msg), 0);
	assert_int_equal(f.msg.method, TURN_DATA);
	assert_true(stun_get_address(&f.msg, STUN_XOR_PEER_ADDRESS, &from));
	assert_true(endpoint_equal(from, peer_at(v6)));
	assert_true(stun_find(&f.msg, STUN_DATA, &v) && v.len == 10);
	return true;
}

static void use_both(void)
{
	struct endpoint relayed[2] = { 0 };

	allocate(relayed);
	assert_int_equal(permit(true, true), 0);
	assert_true(passes(false, relayed[0]));
	assert_true(passes(true, relayed[1]));
	/* A refresh is both's, and so is its end. */
	assert_int_equal(refresh(1200, 0), 0);
	assert_true(passes(true, relayed[1]));
	assert_int_equal(refresh(0, 0), 0);
	assert_false(passes(false, relayed[0]));
	assert_false(passes(true, relayed[1]));
}

/* Either half can be let go alone; the other goes on, and is then all that there is. */
static void let_go(bool v6)
{
	const uint32_t family[] = { TURN_FAMILY_V4, TURN_FAMILY_V6 };
	struct endpoint relayed[2] = { 0 };

	allocate(relayed);
	assert_int_equal(permit(true, true), 0);
	assert_int_equal(refresh(600, family[v6]), 0);
	assert_true(passes(v6, relayed[v6]));
	assert_int_equal(refresh(0, family[v6]), 0);
	assert_false(passes(v6, relayed[v6]));
	assert_true(passes(!v6, relayed[!v6]));
	assert_int_equal(refresh(600, family[v6]), 443);
	assert_int_equal(permit(!v6, v6), 443);
	assert_int_equal(permit(v6, !v6), 0);
	assert_int_equal(refresh(0, family[!v6]), 0);
	assert_int_equal(refresh(600, 0), 437);
}

/* Where nobody but the server itself, or everybody, would be reached. */
static void reach_forbidden(void)
{
	static const struct {
		const char *peer;
		unsigned want;
	} rows[] = {
		{ "::", 403 },	    { "::1", 403 },	  { "::2", 0 },		{ "ff02::1", 403 },
		{ "ff0e::1", 403 }, { "127.0.0.1", 403 }, { "2b00:1:2::9", 0 },
	};
	struct endpoint relayed[2] = { 0 };

	allocate(relayed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint peer = { .port = PORT };

		assert_int_equal(ip_addr_parse(rows[i].peer, &peer.addr), 0);
		turn_begin(&f, TURN_CREATE_PERMISSION);
		stun_add_address(&f.w, STUN_XOR_PEER_ADDRESS, peer);
		assert_int_equal(turn_ask(&f), rows[i].want);
		turn_begin(&f, TURN_CHANNEL_BIND);
		stun_add_u32(&f.w, STUN_CHANNEL_NUMBER, (uint32_t)(0x4000 + i) << 16);
		stun_add_address(&f.w, STUN_XOR_PEER_ADDRESS, peer);
		assert_int_equal(turn_ask(&f), rows[i].want);
	}
	assert_int_equal(refresh(0, 0), 0);
}

/* Both end when their time is over, and their places are free again. */
static void expire(void)
{
	struct endpoint relayed[2] = { 0 };

	for (int i = 0; i < 3; i++) {
		allocate(relayed);
		fiber_sleep(host_now(f.client) + 601 * SEC);
		assert_int_equal(refresh(600, 0), 437);
	}
}

static void serve(void *arg)
{
	struct service_spec spec = { .name = "turn", .host = f.server };
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = PORT };

	(void)arg;
	assert_int_equal(service_start(&spec, &f.service), 0);
	assert_int_equal(sock_open(f.client, &udp, &f.sock), 0);
	assert_int_equal(sock_open(f.peer, &udp, &f.peer_sock), 0);
	turn_log_in(&f);
	use_both();
	let_go(false);
	let_go(true);
	reach_forbidden();
	expire();
	allocate((struct endpoint[2]){ { { 0 }, 0 } }); /* for the service to end */
	service_stop(f.service);
	sock_close(f.sock);
	sock_close(f.peer_sock);
}

static void test_dual_allocation(void **state)
{
	static const struct world_options options = { .kind = WORLD_VIRTUAL };
	struct plan plan = { .seed = 1 };
	struct plan_node *server = plan_add(&plan, NULL, PLAN_HOST, "server");
	struct plan_error error;

	(void)state;
	memset(&f, 0, sizeof(f));
	assert_int_equal(ip_addr_parse("2b00:1:1::2", &server->addr6), 0);
	plan_add(&plan, NULL, PLAN_HOST, "peer");
	plan_add(&plan, NULL, PLAN_HOST, "client");
	if (plan_complete(&plan, &error) || world_new(&plan, &options, &world, &error))
		fail_msg("%s", error.text);
	f.server = world_host(world, "server");
	f.peer = world_host(world, "peer");
	f.client = world_host(world, "client");
	assert_int_equal(stun_login_init(&f.login, TURN_ANYBODY, TURN_ANYBODY), 0);
	assert_int_equal(world_run(world, serve, NULL), 0);
	world_free(world);
	plan_clear(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dual_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
