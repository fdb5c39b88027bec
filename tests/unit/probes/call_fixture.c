/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "call_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probes/wire/talk.h"

const enum method whole_ladder[4] = { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH, METHOD_RELAY };

static bool count_frames(struct fake_net *net, struct host *from, struct endpoint to,
			 const uint8_t *bytes, size_t len)
{
	struct fixture *f = net->filter_arg;
	struct talk frame;

	(void)from;
	if (talk_decode(bytes, len, &frame) != len)
		return true;
	if (frame.kind == TALK_HELLO)
		f->hellos[frame.role][frame.method]++;
	if (frame.kind == TALK_VOICE)
		f->voice_to[frame.role] = to;
	return true;
}

static struct fake_nat *make_nat(struct fake_nat *nat, int row, const char *outside)
{
	if (row == OPEN)
		return NULL;
	assert_int_equal(ip_addr_parse(outside, &nat->outside), 0);
	nat->blocks_udp = row == BLOCKED;
	if (row >= 0) {
		nat->mapping = (enum nat_scope)(row / 3);
		nat->filtering = (enum nat_scope)(row % 3);
	}
	return nat;
}

void set_up(struct fixture *f, int a, int b)
{
	struct service_spec service = { .name = "rendezvous" };

	memset(f, 0, sizeof(*f));
	fake_net_init(&f->net);
	f->net.filter = count_frames;
	f->net.filter_arg = f;
	f->alice = fake_host_add(&f->net, "alice", a == OPEN ? "11.1.2.2" : "192.168.1.2",
				 make_nat(&f->nats[0], a, "11.2.1.2"));
	f->bob = fake_host_add(&f->net, "bob", b == OPEN ? "11.1.3.2" : "192.168.1.3",
			       make_nat(&f->nats[1], b, "11.2.2.2"));
	f->rendezvous = fake_host_add(&f->net, "supernode", "11.1.1.2", NULL);
	service.host = f->rendezvous;
	assert_int_equal(service_start(&service, &f->service), 0);
	f->spec.attempt_ns = 500 * MSEC;
}

struct endpoint rendezvous_endpoint(const struct fixture *f)
{
	return (struct endpoint){ host_addr(f->rendezvous), RENDEZVOUS_PORT };
}

static void run_joined(void *arg)
{
	struct fixture *f = arg;

	assert_int_equal(
		peer_join(f->alice, rendezvous_endpoint(f), RENDEZVOUS_PORT, NEVER, &f->peers[0]),
		0);
	assert_int_equal(
		peer_join(f->bob, rendezvous_endpoint(f), RENDEZVOUS_PORT, NEVER, &f->peers[1]), 0);
	f->test(f);
	peer_leave(f->peers[0]);
	peer_leave(f->peers[1]);
	service_stop(f->service);
	assert_int_equal(fake_host_open_socks(&f->net, f->alice), 0);
	assert_int_equal(fake_host_open_socks(&f->net, f->bob), 0);
	assert_int_equal(fake_host_open_socks(&f->net, f->rendezvous), 0);
}

void run(struct fixture *f, void (*test)(struct fixture *f))
{
	f->test = test;
	fake_net_run(&f->net, run_joined, f);
	fake_net_free(&f->net);
}

struct call *connect_by(struct fixture *f, const enum method *ladder, unsigned len)
{
	struct call *call = NULL;

	memcpy(f->spec.ladder, ladder, len * sizeof(*ladder));
	f->spec.ladder_len = len;
	assert_int_equal(call_connect(f->peers[0], f->peers[1], &f->spec, &call), 0);
	return call;
}

bool connects(struct fixture *f, enum method method)
{
	struct call *call = connect_by(f, &method, 1);
	const struct attempt *attempts;
	bool connected = call_connected(call);

	assert_int_equal(call_attempts(call, &attempts), 1);
	assert_int_equal(attempts[0].connected, connected);
	assert_int_equal(attempts[0].method, method);
	if (connected) {
		assert_int_equal(call_method(call), method);
		assert_true(attempts[0].took < 500 * MSEC);
	} else {
		assert_true(attempts[0].took >= 500 * MSEC);
	}
	call_free(call);
	return connected;
}

void talk_on(struct call *call, unsigned frames)
{
	struct talk_spec spec = { .frames = frames, .every_ns = 20 * MSEC };
	struct talk_stats stats;

	assert_int_equal(call_talk(call, &spec, &stats), 0);
	for (int side = 0; side < 2; side++) {
		assert_int_equal(stats.sent[side], frames);
		assert_int_equal(stats.received[side], frames);
		assert_true(stats.delay_sum_ns[side] >= frames * 10 * MSEC);
	}
}
