/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prediction, the birthday attack and low TTLs on a fake network, whose NATs give their ports in a
 * row, and let in by a mapping only whom was sent to by that very mapping.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call_fixture.h"
#include "probes/services/channel.h"

enum { AD_MAPPING = 3 + 2, ROGUE_TOKEN = 99 };

static const struct row {
	const char *name;
	enum method method;
	int a, b; /* NATs, as call_fixture.h has them */
	struct method_budget budget;
	bool want;
} rows[] = {
	{ "predict: cones", METHOD_PREDICT, PORT_RESTRICTED, PORT_RESTRICTED, { 0 }, true },
	{ "predict: the caller's ports", METHOD_PREDICT, SYMMETRIC, PORT_RESTRICTED, { 0 }, true },
	{ "predict: the callee's ports", METHOD_PREDICT, PORT_RESTRICTED, SYMMETRIC, { 0 }, true },
	{ "predict: both, in step", METHOD_PREDICT, SYMMETRIC, SYMMETRIC, { 0 }, true },
	{ "predict: one candidate",
	  METHOD_PREDICT,
	  SYMMETRIC,
	  SYMMETRIC,
	  { .candidates = 1 },
	  true },
	{ "predict: one address is no other",
	  METHOD_PREDICT,
	  AD_MAPPING,
	  PORT_RESTRICTED,
	  { 0 },
	  false },
	{ "predict: no UDP", METHOD_PREDICT, BLOCKED, OPEN, { 0 }, false },
	{ "punch fails there", METHOD_PUNCH, SYMMETRIC, PORT_RESTRICTED, { 0 }, false },
	{ "birthday: cones", METHOD_BIRTHDAY, PORT_RESTRICTED, FULL_CONE, { 0 }, true },
	{ "birthday: the callee's ports",
	  METHOD_BIRTHDAY,
	  PORT_RESTRICTED,
	  SYMMETRIC,
	  { .holes = 4, .probes = 24, .first_port = 20000, .last_port = 20023 },
	  true },
	{ "birthday: the caller's ports",
	  METHOD_BIRTHDAY,
	  SYMMETRIC,
	  PORT_RESTRICTED,
	  { .holes = 4, .probes = 24, .first_port = 20000, .last_port = 20023 },
	  true },
	{ "birthday: another range",
	  METHOD_BIRTHDAY,
	  PORT_RESTRICTED,
	  SYMMETRIC,
	  { .holes = 4, .probes = 24, .first_port = 30000, .last_port = 30023 },
	  false },
	{ "birthday: no UDP", METHOD_BIRTHDAY, OPEN, BLOCKED, { 0 }, false },
	{ "low-ttl: cones", METHOD_LOW_TTL, PORT_RESTRICTED, PORT_RESTRICTED, { 0 }, true },
	{ "low-ttl: it makes no port known",
	  METHOD_LOW_TTL,
	  SYMMETRIC,
	  PORT_RESTRICTED,
	  { 0 },
	  false },
};

static const struct row *asked;

static void connect_as_asked(struct fixture *f)
{
	f->spec.budget = asked->budget;
	if (connects(f, asked->method) != asked->want)
		fail_msg("%s: expected %s", asked->name, asked->want ? "a connection" : "none");
}

static void a_row(void **state)
{
	struct fixture f;

	asked = *state;
	set_up(&f, asked->a, asked->b);
	run(&f, connect_as_asked);
}

/* What voice goes by is the socket that was found open. */
static void speak_through_a_hole(struct fixture *f)
{
	static const enum method birthday[] = { METHOD_BIRTHDAY };
	struct call *call;

	f->spec.budget = (struct method_budget){
		.holes = 4, .probes = 24, .first_port = 20000, .last_port = 20023
	};
	call = connect_by(f, birthday, 1);
	assert_true(call_connected(call));
	talk_on(call, 10);
	/* 20004 to 20006 are the holes' ports behind the callee's NAT, and 20007 or so the leg's own
	 * one: those before have seen the rendezvous. */
	assert_in_range(f->voice_to[TALK_CALLER].port, 20004, 20009);
	call_free(call);
}

static void voice_through_a_hole(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, PORT_RESTRICTED, SYMMETRIC);
	run(&f, speak_through_a_hole);
}

/* One packet of each dies, and no more. */
static void open_by_ttl(struct fixture *f)
{
	assert_true(connects(f, METHOD_LOW_TTL));
	assert_int_equal(f->net.expired, 2);
	f->spec.budget.ttl = FAKE_HOPS + 1;
	assert_true(connects(f, METHOD_LOW_TTL));
	assert_int_equal(f->net.expired, 2);
}

static void opening_packets_die(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, PORT_RESTRICTED, PORT_RESTRICTED);
	run(&f, open_by_ttl);
}

static const struct method_budget bad[] = {
	{ .candidates = BUDGET_CANDIDATES_MAX + 1 },
	{ .holes = BUDGET_HOLES_MAX + 1 },
	{ .first_port = 2000, .last_port = 1999 },
};

static void ask_too_much(struct fixture *f)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct call *call;

		f->spec.ladder[0] = METHOD_PREDICT;
		f->spec.ladder_len = 1;
		f->spec.budget = bad[i];
		assert_int_equal(call_connect(f->peers[0], f->peers[1], &f->spec, &call), -EINVAL);
	}
}

static void budgets_out_of_bounds(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, OPEN);
	run(&f, ask_too_much);
}

static struct host *rogue;

static void hear_kind(struct channel *channel, enum rendezvous_kind kind)
{
	struct rendezvous_message msg;

	assert_int_equal(channel_recv(channel, &msg, host_now(rogue) + SEC), 0);
	assert_int_equal(msg.kind, kind);
}

/* A stranger who minds no bounds is told at once that nobody will do that. */
static void be_rogue(struct fixture *f)
{
	const struct sock_spec tcp = { .kind = SOCK_TCP, .remote = rendezvous_endpoint(f) };
	struct rendezvous_message msg = { .kind = RENDEZVOUS_LOGIN, .name = "rogue" };
	struct channel *channel;
	struct sock *sock;

	assert_int_equal(sock_open(rogue, &tcp, &sock), 0);
	assert_int_equal(channel_new(sock, &channel), 0);
	assert_int_equal(channel_send(channel, &msg), 0);
	hear_kind(channel, RENDEZVOUS_WELCOME);
	for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
		msg = (struct rendezvous_message){
			.kind = RENDEZVOUS_CALL,
			.name = "bob",
			.token = ROGUE_TOKEN + i,
			.method = METHOD_BIRTHDAY,
			.attempt_ns = SEC,
			.pace_ns = MSEC,
		};
		/* The last one's has nothing in it at all. */
		if (i < sizeof(bad) / sizeof(bad[0]))
			msg.budget = method_budget_of(&bad[i]);
		assert_int_equal(channel_send(channel, &msg), 0);
		hear_kind(channel, RENDEZVOUS_HANGUP);
	}
	channel_free(channel);
}

static void a_callee_keeps_bounds(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, OPEN, OPEN);
	rogue = fake_host_add(&f.net, "rogue", "11.1.4.2", NULL);
	run(&f, be_rogue);
}

/* The rendezvous has the ports by which others are foretold only once they are needed. */
static void count_ports(struct fixture *f)
{
	unsigned before = fake_host_open_socks(&f->net, f->rendezvous);

	assert_true(connects(f, METHOD_PUNCH));
	assert_int_equal(fake_host_open_socks(&f->net, f->rendezvous), before);
	for (int i = 0; i < 2; i++) {
		assert_true(connects(f, METHOD_PREDICT));
		assert_int_equal(fake_host_open_socks(&f->net, f->rendezvous),
				 before + RENDEZVOUS_OBSERVERS);
	}
}

static void observers(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, PORT_RESTRICTED, PORT_RESTRICTED);
	run(&f, count_ports);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0]) + 5] = {
		cmocka_unit_test(voice_through_a_hole),
		cmocka_unit_test(opening_packets_die),
		cmocka_unit_test(budgets_out_of_bounds),
		cmocka_unit_test(a_callee_keeps_bounds),
		cmocka_unit_test(observers),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tests[5 + i].name = rows[i].name;
		tests[5 + i].test_func = a_row;
		tests[5 + i].initial_state = (void *)&rows[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
