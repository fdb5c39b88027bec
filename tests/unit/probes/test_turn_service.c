/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TURN server, asked by requests that are written here attribute by attribute. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "turn_fixture.h"

/* Credentials */

static void talk_down(struct turn_fixture *f)
{
	struct stun_login login;

	turn_log_in(f);
	assert_int_equal(f->login.algorithm, STUN_SHA256);
	assert_true(f->login.userhash);
	/* A list that somebody shortened, though he cannot sign for it as the server would. */
	login = f->login;
	login.list_len = 4;
	f->login = login;
	turn_begin(f, TURN_REFRESH);
	assert_int_equal(turn_ask(f), 400);
	/* The features taken out of the nonce. */
	f->login = login;
	f->login.list_len = 0;
	f->login.algorithm = STUN_MD5;
	f->login.nonce[9] = 'A';
	f->login.key_len = stun_long_term_key(STUN_MD5, TURN_ANYBODY, TURN_ANYBODY, TURN_ANYBODY,
					      f->login.key);
	turn_begin(f, TURN_REFRESH);
	assert_int_equal(turn_ask(f), 438);
}

static void test_talking_down(void **state)
{
	(void)state;
	turn_run(NULL, talk_down);
}

/* Each thing that a request with an integrity must have besides (RFC 8489, 9.2.4). */
static void leave_out(struct turn_fixture *f)
{
	static const uint16_t parts[] = { STUN_USERNAME, STUN_REALM, STUN_NONCE };

	turn_log_in(f);
	for (int missing = 0; missing < 4; missing++) {
		turn_begin(f, TURN_REFRESH);
		for (int i = 0; i < 3; i++)
			if (i != missing)
				stun_add_text(&f->w, parts[i],
					      i == 0   ? TURN_ANYBODY
					      : i == 1 ? f->login.realm
						       : f->login.nonce);
		if (missing == 3) { /* nothing, but the wrong password's integrity */
			stun_add_integrity(&f->w, "wrong", 5);
			assert_int_equal(turn_send_as_is(f), 401);
		} else {
			stun_add_integrity(&f->w, f->login.key, f->login.key_len);
			assert_int_equal(turn_send_as_is(f), 400);
		}
	}
	assert_string_equal(f->line, "server: turn: 11.1.3.2:5000 has the wrong credentials "
				     "(1 so far)");
}

static void test_incomplete_credentials(void **state)
{
	(void)state;
	turn_run(NULL, leave_out);
}

static void outlive_nonce(struct turn_fixture *f)
{
	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	fiber_sleep(host_now(f->client) + 5 * SEC - 100 * MSEC);
	turn_begin(f, TURN_REFRESH);
	assert_int_equal(turn_ask(f), 0);
	fiber_sleep(host_now(f->client) + SEC);
	turn_begin(f, TURN_REFRESH);
	assert_int_equal(turn_ask(f), 438);
	assert_int_equal(stun_login_learn(&f->login, &f->msg, 438), 0);
	turn_begin(f, TURN_REFRESH);
	assert_int_equal(turn_ask(f), 0);
}

static void test_nonce_expires(void **state)
{
	(void)state;
	turn_run(&(struct turn_options){ .nonce_ns = 5 * SEC }, outlive_nonce);
}

static void speak_rfc5389(struct turn_fixture *f)
{
	turn_log_in(f);
	assert_int_equal(f->login.algorithm, STUN_MD5);
	assert_int_equal(f->login.list_len, 0);
	assert_int_equal(turn_allocate_one(f), 0);
	assert_true(f->msg.integrity_at);
	assert_false(f->msg.integrity_sha256_at);
	assert_true(stun_login_ok(&f->login, &f->msg));
}

static void test_rfc5389(void **state)
{
	(void)state;
	turn_run(&(struct turn_options){ .rfc5389 = true }, speak_rfc5389);
}

/* Allocations */

static void allocate_strangely(struct turn_fixture *f)
{
	static const struct {
		uint32_t transport; /* first byte; 0 = not said */
		uint16_t type; /* one attribute more; 0 = none */
		const char *value;
		uint16_t len;
		unsigned want;
	} rows[] = {
		{ 0, 0, NULL, 0, 400 },
		{ 1, 0, NULL, 0, 442 },
		{ 6, 0, NULL, 0, 400 }, /* TCP is to be asked for over TCP (RFC 6062, 5.1) */
		{ 17, 0x7f01, NULL, 0, 420 },
		{ 17, STUN_REQUESTED_ADDRESS_FAMILY, "\2\0\0", 4, 440 },
		{ 17, STUN_REQUESTED_ADDRESS_FAMILY, "\5\0\0", 4, 440 },
		{ 17, STUN_ADDITIONAL_ADDRESS_FAMILY, "\1\0\0", 4, 400 },
		{ 17, STUN_RESERVATION_TOKEN, "unknown!", 8, 508 },
		{ 17, STUN_RESERVATION_TOKEN, "\0\0\0\0\0\0\0", 8, 508 },
	};

	turn_log_in(f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		turn_begin(f, TURN_ALLOCATE);
		if (rows[i].transport)
			stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, rows[i].transport << 24);
		if (rows[i].type)
			stun_add(&f->w, rows[i].type, rows[i].value, rows[i].len);
		assert_int_equal(turn_ask(f), rows[i].want);
	}
	/* No word of the server's was about an allocation that there is. */
	turn_begin(f, TURN_REFRESH);
	assert_int_equal(turn_ask(f), 437);
	/* An IPv6 address besides is answered by an allocation, and why there is none of those. */
	turn_begin(f, TURN_ALLOCATE);
	stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
	stun_add_u32(&f->w, STUN_ADDITIONAL_ADDRESS_FAMILY, TURN_FAMILY_V6 << 24);
	assert_int_equal(turn_ask(f), 0);
	assert_true(stun_find(&f->msg, STUN_ADDRESS_ERROR_CODE, &(struct stun_value){ 0 }));
}

static void test_allocate_strangely(void **state)
{
	(void)state;
	turn_run(NULL, allocate_strangely);
}

static void allocate_twice(struct turn_fixture *f)
{
	struct endpoint first, again, to = turn_at(TURN_FIXTURE_SERVER, STUN_PORT);
	long n;

	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	assert_int_equal(turn_u32_of(f, STUN_LIFETIME), 600);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &first));
	assert_true(first.port >= 49152);
	/* The very same request, as where the response was lost. */
	assert_int_equal(sock_send(f->sock, &to, f->request, stun_end(&f->w), NEVER), 0);
	n = sock_recv(f->sock, NULL, f->response, sizeof(f->response), host_now(f->client) + SEC);
	assert_int_equal(stun_decode(f->response, (size_t)n, &f->msg), 0);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &again));
	assert_true(endpoint_equal(first, again));
	/* Another one. */
	assert_int_equal(turn_allocate_one(f), 437);
	/* And away with it, twice. */
	for (int i = 0; i < 2; i++) {
		turn_begin(f, TURN_REFRESH);
		stun_add_u32(&f->w, STUN_LIFETIME, 0);
		assert_int_equal(turn_ask(f), 0);
		assert_int_equal(turn_u32_of(f, STUN_LIFETIME), 0);
	}
	assert_int_equal(turn_allocate_one(f), 0);
}

static void test_allocate_twice(void **state)
{
	(void)state;
	turn_run(NULL, allocate_twice);
}

static void ask_lifetimes(struct turn_fixture *f)
{
	static const struct {
		uint32_t asked, want;
	} rows[] = { { 1, 600 }, { 600, 600 }, { 1000, 1000 }, { 3600, 3600 }, { 9999, 3600 } };

	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		turn_begin(f, TURN_REFRESH);
		stun_add_u32(&f->w, STUN_LIFETIME, rows[i].asked);
		assert_int_equal(turn_ask(f), 0);
		assert_int_equal(turn_u32_of(f, STUN_LIFETIME), rows[i].want);
	}
}

static void test_lifetimes(void **state)
{
	(void)state;
	turn_run(NULL, ask_lifetimes);
}

static void let_expire(struct turn_fixture *f)
{
	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	assert_int_equal(turn_u32_of(f, STUN_LIFETIME), 7);
	fiber_sleep(host_now(f->client) + 6 * SEC);
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER), 0);
	fiber_sleep(host_now(f->client) + SEC);
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER), 437);
	assert_int_equal(fake_host_open_socks(&f->net, f->server), 3);
}

static void test_expiry(void **state)
{
	(void)state;
	turn_run(&(struct turn_options){ .lifetime_ns = 7 * SEC }, let_expire);
}

/* One user, from one port after another. */
static void exceed_quota(struct turn_fixture *f)
{
	struct sock *socks[4];

	turn_log_in(f);
	for (uint16_t i = 0; i < 4; i++) {
		struct sock_spec udp = { .kind = SOCK_UDP, .local.port = (uint16_t)(6000 + i) };

		assert_int_equal(sock_open(f->client, &udp, &socks[i]), 0);
		sock_close(f->sock);
		f->sock = socks[i];
		assert_int_equal(turn_allocate_one(f), i < 3 ? 0 : 486);
	}
	assert_non_null(strstr(f->line, "wants more allocations than its user may have"));
}

static void test_quota(void **state)
{
	(void)state;
	turn_run(&(struct turn_options){ .quota = 3 }, exceed_quota);
}

static void be_sent_on(struct turn_fixture *f)
{
	struct endpoint elsewhere;

	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 300);
	assert_true(stun_get_address(&f->msg, STUN_ALTERNATE_SERVER, &elsewhere));
	assert_true(endpoint_equal(elsewhere, turn_at(0x0b010902, 3478)));
	assert_true(stun_login_ok(&f->login, &f->msg));
}

static void test_alternate_server(void **state)
{
	(void)state;
	turn_run(&(struct turn_options){ .alternate = turn_at(0x0b010902, 3478) }, be_sent_on);
}

/* Peers */

static void bind_strangely(struct turn_fixture *f)
{
	static const struct {
		uint16_t number;
		uint32_t peer;
		uint16_t port;
		unsigned want;
	} rows[] = {
		{ 0x3fff, TURN_FIXTURE_PEER, 7, 400 },
		{ 0x5000, TURN_FIXTURE_PEER, 7, 400 },
		{ 0x4000, TURN_FIXTURE_PEER, 7, 0 },
		{ 0x4000, TURN_FIXTURE_PEER, 7, 0 }, /* refreshed */
		{ 0x4000, TURN_FIXTURE_PEER, 8, 400 }, /* the number is another's */
		{ 0x4001, TURN_FIXTURE_PEER, 7, 400 }, /* the peer has another */
		{ 0x4001, TURN_FIXTURE_PEER, 8, 0 },
		{ 0x4002, 0x7f000001, 7, 403 },
		{ 0x4002, 0xe0000001, 7, 403 },
		{ 0x4002, 0xffffffff, 7, 403 },
	};

	turn_log_in(f);
	assert_int_equal(turn_bind_one(f, 0x4000, TURN_FIXTURE_PEER, 7), 437);
	assert_int_equal(turn_allocate_one(f), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(turn_bind_one(f, rows[i].number, rows[i].peer, rows[i].port),
				 rows[i].want);
	turn_begin(f, TURN_CHANNEL_BIND);
	stun_add_u32(&f->w, STUN_CHANNEL_NUMBER, 0x4005U << 16);
	assert_int_equal(turn_ask(f), 400);
}

static void test_bind_strangely(void **state)
{
	(void)state;
	turn_run(NULL, bind_strangely);
}

/* What the peer says to the relayed address; how many bytes the client gets, 0 = nothing. */
static long hear_from_peer(struct turn_fixture *f, struct endpoint relayed)
{
	long n;

	assert_int_equal(sock_send(f->peer_sock, &relayed, "hello", 5, NEVER), 0);
	n = sock_recv(f->sock, NULL, f->response, sizeof(f->response), host_now(f->client) + SEC);
	return n < 0 ? 0 : n;
}

static void fill_permissions(struct turn_fixture *f)
{
	struct endpoint relayed;

	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &relayed));
	turn_begin(f, TURN_CREATE_PERMISSION);
	assert_int_equal(turn_ask(f), 400);
	/* All or none: the second of these cannot be. */
	turn_begin(f, TURN_CREATE_PERMISSION);
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(TURN_FIXTURE_PEER, 0));
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, (struct endpoint){ { 1, 2 }, 0 });
	assert_int_equal(turn_ask(f), 443);
	for (uint32_t i = 1; i < 64; i++)
		assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER + i), 0);
	/* There is room for the first of these only, and then not even for that. */
	turn_begin(f, TURN_CREATE_PERMISSION);
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(TURN_FIXTURE_PEER, 0));
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(TURN_FIXTURE_PEER + 64, 0));
	assert_int_equal(turn_ask(f), 508);
	assert_int_equal(hear_from_peer(f, relayed), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER), 0);
	assert_true(hear_from_peer(f, relayed) > 0);
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER + 64), 508);
	/* Those that have expired make room. */
	fiber_sleep(host_now(f->client) + 300 * SEC);
	turn_begin(f, TURN_CREATE_PERMISSION);
	for (uint32_t i = 0; i < 65; i++)
		stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(TURN_FIXTURE_PEER + i, 0));
	assert_int_equal(turn_ask(f), 508);
	assert_int_equal(hear_from_peer(f, relayed), 0);
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER + 64), 0);
}

static void test_permissions(void **state)
{
	(void)state;
	turn_run(NULL, fill_permissions);
}

enum { ALL_CHANNELS = 64, FIRST_CHANNEL = 0x4000 };

/* Who is refused a channel is not permitted, either. */
static void fill_channels(struct turn_fixture *f)
{
	struct endpoint relayed;

	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &relayed));
	for (int i = 0; i < ALL_CHANNELS; i++)
		assert_int_equal(turn_bind_one(f, (uint16_t)(FIRST_CHANNEL + i),
					       TURN_FIXTURE_PEER + 1, (uint16_t)(1000 + i)),
				 0);
	assert_int_equal(turn_bind_one(f, FIRST_CHANNEL + ALL_CHANNELS, TURN_FIXTURE_PEER, 1), 508);
	assert_int_equal(hear_from_peer(f, relayed), 0);
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER), 0);
	assert_true(hear_from_peer(f, relayed) > 0);
}

static void test_channels(void **state)
{
	(void)state;
	turn_run(NULL, fill_channels);
}

/* … nor is a number bound to who cannot be permitted. */
static void bind_without_permission(struct turn_fixture *f)
{
	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	for (uint32_t i = 1; i <= 64; i++)
		assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER + i), 0);
	assert_int_equal(turn_bind_one(f, FIRST_CHANNEL, TURN_FIXTURE_PEER, 1), 508);
	fiber_sleep(host_now(f->client) + 300 * SEC);
	assert_int_equal(turn_bind_one(f, FIRST_CHANNEL, TURN_FIXTURE_PEER + 1, 7), 0);
}

static void test_bind_without_permission(void **state)
{
	(void)state;
	turn_run(NULL, bind_without_permission);
}

static void relay_both_ways(struct turn_fixture *f)
{
	struct turn_channel_data data = { 0x4000, 5, (const uint8_t *)"voice" };
	struct endpoint relayed, from, to = turn_at(TURN_FIXTURE_SERVER, STUN_PORT);
	const uint8_t *payload = NULL;
	uint8_t out[16];
	size_t len;

	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &relayed));
	assert_int_equal(hear_from_peer(f, relayed), 0);
	assert_non_null(strstr(f->line, "11.1.2.2:5000 is no peer with a permission"));
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER), 0);
	len = (size_t)hear_from_peer(f, relayed);
	assert_true(len > 5 && turn_payload(f->response, len, &payload, &len));
	assert_non_null(payload);
	assert_memory_equal(payload, "hello", 5);
	/* In a channel that is not bound nothing passes; in one that is, both ways. */
	len = turn_channel_encode(&data, false, out, sizeof(out));
	for (int bound = 0; bound < 2; bound++) {
		uint8_t heard[16];
		long n;

		if (bound)
			assert_int_equal(turn_bind_one(f, 0x4000, TURN_FIXTURE_PEER, 5000), 0);
		assert_int_equal(sock_send(f->sock, &to, out, len, NEVER), 0);
		n = sock_recv(f->peer_sock, &from, heard, sizeof(heard), host_now(f->peer) + SEC);
		assert_int_equal(n, bound ? 5 : -110);
	}
	assert_true(endpoint_equal(from, relayed));
	assert_int_equal(hear_from_peer(f, relayed), 9);
	/* The permission ends before the channel does (RFC 8656, 12). */
	fiber_sleep(host_now(f->client) + 301 * SEC);
	assert_int_equal(hear_from_peer(f, relayed), 0);
}

static void test_relaying(void **state)
{
	(void)state;
	turn_run(NULL, relay_both_ways);
}

static void belong_to_another(struct turn_fixture *f)
{
	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
	assert_int_equal(stun_login_init(&f->login, "bob", "b"), 0);
	turn_log_in(f);
	assert_int_equal(turn_permit_one(f, TURN_FIXTURE_PEER), 441);
	turn_begin(f, TURN_REFRESH);
	assert_int_equal(turn_ask(f), 441);
}

static void test_another_user(void **state)
{
	const struct turn_options two = {
		.users = { { TURN_ANYBODY, TURN_ANYBODY }, { "bob", "b" } },
		.users_len = 2,
	};

	(void)state;
	turn_run(&two, belong_to_another);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talking_down),
		cmocka_unit_test(test_incomplete_credentials),
		cmocka_unit_test(test_nonce_expires),
		cmocka_unit_test(test_rfc5389),
		cmocka_unit_test(test_allocate_strangely),
		cmocka_unit_test(test_allocate_twice),
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_alternate_server),
		cmocka_unit_test(test_bind_strangely),
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_bind_without_permission),
		cmocka_unit_test(test_relaying),
		cmocka_unit_test(test_another_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
