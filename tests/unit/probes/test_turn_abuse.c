/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TURN server under abuse: what it keeps stays bounded, it says what is wrong without filling a
 * log, and it serves the others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "turn_fixture.h"

enum { CONNECTIONS = 128, ALLOCATIONS = 256, OWN_SOCKS = 3, OUTBOX = 256 * 1024 };

/* An honest user, at last. */
static void still_serves(struct turn_fixture *f)
{
	f->login.challenged = false;
	turn_log_in(f);
	assert_int_equal(turn_allocate_one(f), 0);
}

static unsigned long log2_of(unsigned long n)
{
	unsigned long bits = 0;

	while (n >>= 1)
		bits++;
	return bits;
}

/* Datagrams that are nothing at all, and pieces of what would be something. */
static void flood_with_nonsense(struct turn_fixture *f)
{
	struct endpoint to = turn_at(TURN_FIXTURE_SERVER, STUN_PORT);
	uint8_t bytes[1500];
	size_t len;

	turn_log_in(f);
	for (int i = 0; i < 20000; i++) {
		for (size_t k = 0; k < sizeof(bytes); k += 8) {
			uint64_t chance = host_random(f->client);

			memcpy(bytes + k, &chance, sizeof(bytes) - k < 8 ? sizeof(bytes) - k : 8);
		}
		if (i % 2)
			bytes[0] &= 0x7f; /* STUN's and ChannelData's own beginnings */
		sock_send(f->sock, &to, bytes, (size_t)i % sizeof(bytes), NEVER);
		if (i % 100 == 0)
			fiber_sleep(host_now(f->client) + MSEC);
	}
	/* A request of an honest user's, cut and damaged at every byte. */
	turn_begin(f, TURN_ALLOCATE);
	stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
	stun_login_add(&f->login, &f->w);
	len = stun_end(&f->w);
	for (size_t i = 0; i < len; i++) {
		sock_send(f->sock, &to, f->request, i, NEVER);
		f->request[i] ^= 0x55;
		sock_send(f->sock, &to, f->request, len, NEVER);
		f->request[i] ^= 0x55;
	}
	fiber_sleep(host_now(f->client) + SEC);
	while (sock_recv(f->sock, NULL, bytes, sizeof(bytes), host_now(f->client) + SEC) >= 0)
		;
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS);
	assert_true(f->lines > 0 && f->lines <= 3 * log2_of(40000));
	still_serves(f);
}

static void test_nonsense(void **state)
{
	(void)state;
	turn_run(NULL, flood_with_nonsense);
}

/* Allocate requests from everywhere, whose senders never see the challenge: nothing is kept. */
static void forge_sources(struct turn_fixture *f)
{
	struct endpoint to = turn_at(TURN_FIXTURE_SERVER, STUN_PORT);

	for (int i = 0; i < 5000; i++) {
		struct sock_spec udp = { .kind = SOCK_UDP };
		struct sock *one;

		assert_int_equal(sock_open(i % 2 ? f->client : f->peer, &udp, &one), 0);
		turn_begin(f, TURN_ALLOCATE);
		stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
		sock_send(one, &to, f->request, stun_end(&f->w), NEVER);
		sock_close(one);
	}
	fiber_sleep(host_now(f->client) + SEC);
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS);
	/* A challenge that was given to one address is of no use at another. */
	turn_log_in(f);
	sock_close(f->sock);
	f->sock = f->peer_sock;
	f->peer_sock = NULL;
	assert_int_equal(turn_allocate_one(f), 438);
	still_serves(f);
}

static void test_forged_sources(void **state)
{
	(void)state;
	turn_run(NULL, forge_sources);
}

/* One user takes all that there is. */
static void hoard(struct turn_fixture *f)
{
	struct sock *socks[ALLOCATIONS + 1];
	struct sock *first = f->sock;

	turn_log_in(f);
	for (int i = 0; i <= ALLOCATIONS; i++) {
		struct sock_spec udp = { .kind = SOCK_UDP };

		assert_int_equal(sock_open(f->client, &udp, &socks[i]), 0);
		f->sock = socks[i];
		assert_int_equal(turn_allocate_one(f), i < ALLOCATIONS ? 0 : 486);
	}
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS + ALLOCATIONS);
	for (int i = 0; i <= ALLOCATIONS; i++)
		sock_close(socks[i]);
	/* They expire by themselves. */
	fiber_sleep(host_now(f->client) + 601 * SEC);
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS);
	f->sock = first;
	still_serves(f);
}

static void test_hoarding(void **state)
{
	(void)state;
	turn_run(NULL, hoard);
}

/* Connections that say nothing, over TCP and to the TLS port. */
static void stay_silent(struct turn_fixture *f)
{
	struct sock *socks[CONNECTIONS + 40];

	for (int i = 0; i < CONNECTIONS + 40; i++)
		socks[i] = turn_dial(f, i % 2 ? STUN_PORT : TURN_TLS_PORT);
	fiber_sleep(host_now(f->client) + SEC);
	assert_true(fake_host_open_socks(&f->net, f->server) <= OWN_SOCKS + CONNECTIONS);
	assert_non_null(strstr(f->line, "finds all connections taken"));
	/* UDP does not suffer from it. */
	still_serves(f);
	for (int i = 0; i < CONNECTIONS + 40; i++) {
		assert_true(turn_is_ended(socks[i], 31 * SEC));
		sock_close(socks[i]);
	}
	assert_non_null(strstr(f->line, "connected, and then said nothing of use"));
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS + 1);
}

static void test_half_open(void **state)
{
	(void)state;
	turn_run(NULL, stay_silent);
}

/* A message must be there 10 s after its first byte, however it trickles in. */
static void trickle(struct turn_fixture *f)
{
	static const uint8_t begun[] = { 0x00, 0x03, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42 };
	struct sock *slow = turn_dial(f, STUN_PORT);
	uint64_t began = host_now(f->client);

	for (int i = 0; i < 40; i++) {
		if (sock_send(slow, NULL, &begun[i % 8], 1, NEVER) || turn_is_ended(slow, SEC))
			break;
	}
	assert_true(host_now(f->client) - began <= 12 * SEC);
	assert_non_null(strstr(f->line, "takes too long to send a message"));
	sock_close(slow);
	still_serves(f);
}

static void test_slow_sender(void **state)
{
	(void)state;
	turn_run(NULL, trickle);
}

/* What is neither STUN nor ChannelData ends a connection at once; HTTP to the TLS port, too. */
static void speak_otherwise(struct turn_fixture *f)
{
	static const char rtp[] = "\x80\x00 and so on", get[] = "GET / HTTP/1.1\r\n\r\n";
	struct sock *tcp = turn_dial(f, STUN_PORT), *tls = turn_dial(f, TURN_TLS_PORT);

	assert_int_equal(sock_send(tcp, NULL, rtp, sizeof(rtp), NEVER), 0);
	assert_true(turn_is_ended(tcp, SEC));
	assert_non_null(strstr(f->line, "sends what is neither STUN nor ChannelData"));
	assert_int_equal(sock_send(tls, NULL, get, sizeof(get), NEVER), 0);
	assert_true(turn_is_ended(tls, SEC));
	assert_non_null(strstr(f->line, "fails the TLS handshake"));
	sock_close(tcp);
	sock_close(tls);
	still_serves(f);
}

static void test_another_protocol(void **state)
{
	(void)state;
	turn_run(NULL, speak_otherwise);
}

/* The longest messages that can be said, which lead nowhere. */
static void send_oversize(struct turn_fixture *f)
{
	static uint8_t huge[TURN_MESSAGE_MAX];
	struct endpoint to = turn_at(TURN_FIXTURE_SERVER, STUN_PORT);
	struct sock *tcp = turn_dial(f, STUN_PORT);

	huge[0] = 0x40;
	huge[2] = huge[3] = 0xff;
	assert_int_equal(turn_stream_len(huge), 4 + 65536);
	for (int i = 0; i < 50; i++)
		assert_int_equal(sock_send(tcp, NULL, huge, 4 + 65536, NEVER), 0);
	assert_false(turn_is_ended(tcp, SEC));
	sock_send(f->sock, &to, huge, 65507, NEVER);
	/* STUN whose one attribute is as long as can be. */
	memcpy(huge, "\x00\x03\xff\xfc\x21\x12\xa4\x42", 8);
	memcpy(huge + STUN_HEADER, "\x80\x22\xff\xf8", 4);
	assert_int_equal(sock_send(tcp, NULL, huge, STUN_HEADER + 0xfffc, NEVER), 0);
	assert_true(turn_is_ended(tcp, SEC)); /* SOFTWARE is not that long */
	sock_close(tcp);
	still_serves(f);
}

static void test_oversize(void **state)
{
	(void)state;
	turn_run(NULL, send_oversize);
}

/* Over TCP: an allocation, whose client then reads nothing of what a peer floods it with. */
static void never_read(struct turn_fixture *f)
{
	struct sock *tcp = turn_dial(f, STUN_PORT);
	struct endpoint relayed;
	static uint8_t flood[1000], bytes[4096];
	size_t arrived = 0;
	long n;

	turn_log_in(f);
	turn_begin(f, TURN_ALLOCATE);
	stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT, TURN_TRANSPORT_UDP << 24);
	assert_int_equal(turn_ask_over(f, tcp), 0);
	assert_true(stun_get_address(&f->msg, STUN_XOR_RELAYED_ADDRESS, &relayed));
	turn_begin(f, TURN_CREATE_PERMISSION);
	stun_add_address(&f->w, STUN_XOR_PEER_ADDRESS, turn_at(TURN_FIXTURE_PEER, 0));
	assert_int_equal(turn_ask_over(f, tcp), 0);
	for (int i = 0; i < 5000; i++) {
		sock_send(f->peer_sock, &relayed, flood, sizeof(flood), NEVER);
		if (i % 50 == 0)
			fiber_sleep(host_now(f->client) + MSEC);
	}
	fiber_sleep(host_now(f->client) + SEC);
	assert_non_null(strstr(f->line, "does not read what is relayed to it"));
	still_serves(f);
	/* What was kept: a window on the way, and the outbox. */
	while ((n = sock_recv(tcp, NULL, bytes, sizeof(bytes), host_now(f->client) + SEC)) > 0)
		arrived += (size_t)n;
	assert_true(arrived >= OUTBOX - 2000 && arrived <= OUTBOX + 4 * 65536);
	sock_close(tcp);
}

static void test_slow_reader(void **state)
{
	(void)state;
	turn_run(NULL, never_read);
}

/* A client that goes takes its allocation with it. */
static void hang_up(struct turn_fixture *f)
{
	turn_log_in(f);
	for (int i = 0; i < 500; i++) {
		struct sock *tcp = turn_dial(f, STUN_PORT);

		turn_begin(f, TURN_ALLOCATE);
		stun_add_u32(&f->w, STUN_REQUESTED_TRANSPORT,
			     (i % 2 ? TURN_TRANSPORT_UDP : TURN_TRANSPORT_TCP) << 24);
		assert_int_equal(turn_ask_over(f, tcp), 0);
		sock_close(tcp);
		fiber_sleep(host_now(f->client) + 100 * MSEC);
	}
	fiber_sleep(host_now(f->client) + 2 * SEC);
	assert_int_equal(fake_host_open_socks(&f->net, f->server), OWN_SOCKS);
}

static void test_quick_connect_and_exit(void **state)
{
	(void)state;
	turn_run(NULL, hang_up);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_forged_sources),
		cmocka_unit_test(test_hoarding),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_slow_sender),
		cmocka_unit_test(test_another_protocol),
		cmocka_unit_test(test_oversize),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_quick_connect_and_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
