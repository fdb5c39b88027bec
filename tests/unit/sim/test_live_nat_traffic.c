/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What else a kernel NAT does: collisions, hairpinning, forwards, strays, timers, ICMP, TCP. */
#include "live_home.h"

/* One fact that an actor finds out. */
struct fact {
	struct home home;
	bool yes;
	uint16_t ports[3];
	char byte;
	long n;
};

static void collide(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock *far = udp(home, home->far, FAR_1, PORT_1);
	struct sock *far_2 = udp(home, home->far, FAR_2, PORT_1);
	struct sock *a = udp(home, home->alice, (struct ip_addr){ 0 }, 4000);
	struct sock *b = udp(home, home->bob, (struct ip_addr){ 0 }, 4000);
	struct endpoint from = { 0 };

	send_to(home, a, FAR_1, PORT_1, 'a');
	must_get(home, far, &from);
	fact->ports[0] = from.port;
	send_to(home, b, FAR_1, PORT_1, 'b');
	must_get(home, far, &from);
	fact->ports[1] = from.port;
	send_to(home, b, FAR_2, PORT_1, 'c');
	must_get(home, far_2, &from);
	fact->ports[2] = from.port;
	send_to(home, far_2, OUTSIDE, fact->ports[2], 'x');
	fact->byte = must_get(home, b, NULL);
	sock_close(a);
	sock_close(b);
	sock_close(far);
	sock_close(far_2);
}

/* Two inside hosts want the same port: the second's mapping is its own, and one for all. */
static void a_collision_keeps_mappings_apart(void **state)
{
	struct fact fact = { 0 };

	(void)state;
	in_home(&fact.home, "full-cone", NULL, collide, &fact);
	assert_int_equal(fact.ports[0], 4000);
	assert_int_not_equal(fact.ports[1], 4000);
	assert_int_equal(fact.ports[2], fact.ports[1]);
	assert_int_equal(fact.byte, 'x');
}

static void hairpin(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock *far = udp(home, home->far, FAR_1, PORT_1);
	struct sock *a = udp(home, home->alice, (struct ip_addr){ 0 }, 4000);
	struct sock *b = udp(home, home->bob, (struct ip_addr){ 0 }, 5000);
	struct endpoint alice = { 0 }, bob = { 0 }, from = { 0 };

	send_to(home, a, FAR_1, PORT_1, 'a');
	must_get(home, far, &alice);
	send_to(home, b, FAR_1, PORT_1, 'b');
	must_get(home, far, &bob);
	/* Bob's speaks first and may be stopped; Alice's is let in by it, unless nothing is. */
	send_to(home, b, alice.addr, alice.port, '1');
	send_to(home, a, bob.addr, bob.port, '2');
	/* What comes last comes from outside. */
	send_to(home, far, alice.addr, alice.port, 'e');
	send_to(home, far, bob.addr, bob.port, 'e');
	fact->byte = must_get(home, a, &from);
	fact->yes = fact->byte == '1' && endpoint_equal(from, bob);
	fact->ports[0] = (uint16_t)must_get(home, b, &from);
	fact->ports[1] = endpoint_equal(from, alice);
	sock_close(a);
	sock_close(b);
	sock_close(far);
}

static void hairpinning_shows_the_outside_source(void **state)
{
	struct fact fact = { 0 };

	(void)state;
	in_home(&fact.home, "full-cone", NULL, hairpin, &fact);
	assert_true(fact.yes);
	assert_int_equal(fact.ports[0], '2');
	assert_true(fact.ports[1]);
}

/* The first is filtered, but opens the way for the other's. */
static void hairpinning_is_filtered(void **state)
{
	struct fact fact = { 0 };

	(void)state;
	in_home(&fact.home, "port-restricted-cone", NULL, hairpin, &fact);
	assert_int_equal(fact.byte, 'e');
	assert_int_equal(fact.ports[0], '2');
	assert_true(fact.ports[1]);
}

static void no_hairpin(struct home *home)
{
	home->model.hairpin = NAT_HAIRPIN_NONE;
}

static void no_hairpinning_where_none_is_declared(void **state)
{
	struct fact fact = { 0 };

	(void)state;
	in_home(&fact.home, "full-cone", no_hairpin, hairpin, &fact);
	assert_int_equal(fact.byte, 'e');
	assert_int_equal(fact.ports[0], 'e');
}

static void add_forward(struct home *home)
{
	home->forward = (struct nat_forward){
		.protocol = IP_PROTO_UDP,
		.port_first = 8080,
		.port_last = 8081,
		.to = { ALICE, 80 },
	};
}

static void use_forward(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock *far = udp(home, home->far, FAR_1, PORT_1);
	struct sock *a = udp(home, home->alice, (struct ip_addr){ 0 }, 81);
	struct endpoint from = { 0 };

	send_to(home, far, OUTSIDE, 8081, 'x');
	fact->byte = must_get(home, a, &from);
	fact->yes = ip_addr_equal(from.addr, FAR_1) && from.port == PORT_1;
	send_to(home, a, FAR_1, PORT_1, 'y');
	must_get(home, far, &from);
	fact->ports[0] = from.port;
	sock_close(a);
	sock_close(far);
}

static void forwards_lead_in_and_answer(void **state)
{
	const char *const models[] = { "port-restricted-cone", "symmetric",
				       "linux-masquerade-input-drop" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct fact fact = { 0 };

		print_message("%s\n", models[i]);
		in_home(&fact.home, models[i], add_forward, use_forward, &fact);
		assert_int_equal(fact.byte, 'x');
		assert_true(fact.yes);
		assert_int_equal(fact.ports[0], 8081);
	}
}

static void add_dmz(struct home *home)
{
	home->dmz = ALICE;
}

static void use_dmz(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock *far = udp(home, home->far, FAR_1, PORT_1);
	struct sock *a = udp(home, home->alice, (struct ip_addr){ 0 }, 81);
	struct endpoint from = { 0 };

	send_to(home, far, OUTSIDE, 81, 'x');
	fact->byte = must_get(home, a, &from);
	send_to(home, a, FAR_1, PORT_1, 'y');
	must_get(home, far, &from);
	fact->ports[0] = from.port;
	sock_close(a);
	sock_close(far);
}

static void the_dmz_host_gets_the_rest(void **state)
{
	const char *const models[] = { "port-restricted-cone", "linux-masquerade-input-drop" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fact fact = { 0 };

		in_home(&fact.home, models[i], add_dmz, use_dmz, &fact);
		assert_int_equal(fact.byte, 'x');
		assert_int_equal(fact.ports[0], 81);
	}
}

/* A stray for port 4000, then 4000's own first packet to the stray's sender. */
static void stray_first(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock *far = udp(home, home->far, FAR_1, PORT_1);
	struct sock *a = udp(home, home->alice, (struct ip_addr){ 0 }, 4000);
	struct sock *b = udp(home, home->bob, (struct ip_addr){ 0 }, 6000);
	struct endpoint from = { 0 };

	/* An answer to Bob has followed the stray through the box: the stray is dealt with. */
	send_to(home, b, FAR_1, PORT_1, 'b');
	must_get(home, far, &from);
	send_to(home, far, OUTSIDE, 4000, 's');
	send_to(home, far, from.addr, from.port, 'e');
	must_get(home, b, NULL);
	send_to(home, a, FAR_1, PORT_1, 'a');
	must_get(home, far, &from);
	fact->ports[0] = from.port;
	sock_close(a);
	sock_close(b);
	sock_close(far);
}

static void a_stray_poisons_an_open_masquerade_only(void **state)
{
	struct fact open = { 0 }, closed = { 0 }, knobs = { 0 };

	(void)state;
	in_home(&open.home, "linux-masquerade", NULL, stray_first, &open);
	assert_int_not_equal(open.ports[0], 4000);
	in_home(&closed.home, "linux-masquerade-input-drop", NULL, stray_first, &closed);
	assert_int_equal(closed.ports[0], 4000);
	in_home(&knobs.home, "port-restricted-cone", NULL, stray_first, &knobs);
	assert_int_equal(knobs.ports[0], 4000);
}

/* Far too near for a home router, as only a test may have it. */
enum { SHORT_MS = 400 };

static void short_timer(struct home *home)
{
	home->model.udp.timeout_ns = SHORT_MS * MSEC;
}

static void outlive(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock *far = udp(home, home->far, FAR_1, PORT_1);
	struct sock *a = udp(home, home->alice, (struct ip_addr){ 0 }, 4000);
	struct endpoint from = { 0 };
	uint64_t began = host_now(home->alice);

	send_to(home, a, FAR_1, PORT_1, 'a');
	must_get(home, far, &from);
	fiber_sleep(began + SHORT_MS / 2 * MSEC);
	send_to(home, far, OUTSIDE, from.port, '1');
	fact->byte = next(home, a, NULL, began + SHORT_MS * MSEC);
	/* Inbound packets refresh nothing in this model. */
	fiber_sleep(began + (SHORT_MS + SHORT_MS / 4) * MSEC);
	send_to(home, far, OUTSIDE, from.port, '2');
	fact->yes = next(home, a, NULL, host_now(home->alice) + 50 * MSEC) == 0;
	sock_close(a);
	sock_close(far);
}

static void a_mapping_lives_its_time(void **state)
{
	struct fact fact = { 0 };

	(void)state;
	in_home(&fact.home, "full-cone", short_timer, outlive, &fact);
	assert_int_equal(fact.byte, '1');
	assert_true(fact.yes);
}

static void refuse_udp(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock_spec spec = { .kind = SOCK_UDP, .remote = { FAR_1, 9 } };
	struct sock *a = NULL;

	keep(home, sock_open(home->alice, &spec, &a));
	if (!a)
		return;
	keep(home, sock_send(a, NULL, "x", 1, soon(home)));
	fact->n = sock_recv(a, NULL, &fact->byte, 1, soon(home));
	sock_close(a);
}

static void icmp_errors_find_their_way_back(void **state)
{
	const char *const models[] = { "full-cone", "symmetric", "linux-masquerade-input-drop" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct fact fact = { 0 };

		in_home(&fact.home, models[i], NULL, refuse_udp, &fact);
		assert_int_equal(fact.n, -ECONNREFUSED);
	}
}

static void ping(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock_spec spec = { .kind = SOCK_PING };
	struct endpoint to = { FAR_1, 0 };
	struct sock *a = NULL;

	keep(home, sock_open(home->alice, &spec, &a));
	if (!a)
		return;
	keep(home, sock_send(a, &to, "x", 1, soon(home)));
	fact->byte = must_get(home, a, NULL);
	sock_close(a);
}

static void pings_pass(void **state)
{
	const char *const models[] = { "full-cone", "linux-masquerade", "udp-blocked", "one-to-one",
				       "no-nat" };

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct fact fact = { 0 };

		print_message("%s\n", models[i]);
		in_home(&fact.home, models[i], NULL, ping, &fact);
		assert_int_equal(fact.byte, 'x');
	}
}

static void tcp(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock_spec listener = { .kind = SOCK_TCP_LISTEN, .local = { FAR_1, 80 } };
	struct sock_spec spec = { .kind = SOCK_TCP, .remote = { FAR_1, 80 } };
	struct sock *far = NULL, *a = NULL, *child = NULL;

	spec.deadline = soon(home);
	keep(home, sock_open(home->far, &listener, &far));
	keep(home, sock_open(home->alice, &spec, &a));
	if (!home->err)
		keep(home, sock_accept(far, soon(home), &child));
	if (!home->err) {
		fact->yes = ip_addr_equal(sock_remote(child).addr, OUTSIDE);
		keep(home, sock_send(child, NULL, "x", 1, soon(home)));
		fact->byte = must_get(home, a, NULL);
	}
	sock_close(child);
	sock_close(a);
	sock_close(far);
}

static void tcp_passes(void **state)
{
	const char *const models[] = { "full-cone",	   "apd-ad",	  "symmetric",
				       "linux-masquerade", "udp-blocked", "one-to-one" };

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct fact fact = { 0 };

		print_message("%s\n", models[i]);
		in_home(&fact.home, models[i], NULL, tcp, &fact);
		assert_true(fact.yes);
		assert_int_equal(fact.byte, 'x');
	}
}

static void blocked_udp(void *arg)
{
	struct fact *fact = arg;
	struct home *home = &fact->home;
	struct sock *far = udp(home, home->far, FAR_1, PORT_1);
	struct sock *a = udp(home, home->alice, (struct ip_addr){ 0 }, 4000);

	send_to(home, a, FAR_1, PORT_1, 'a');
	ping(arg); /* which came after it */
	fact->yes = next(home, far, NULL, host_now(home->alice)) == 0;
	sock_close(a);
	sock_close(far);
}

static void udp_is_blocked_where_declared(void **state)
{
	struct fact fact = { 0 };

	(void)state;
	in_home(&fact.home, "udp-blocked", NULL, blocked_udp, &fact);
	assert_true(fact.yes);
}

static void what_nftables_lacks_is_refused_with_a_reason(void **state)
{
	struct lab lab;
	struct nat_model model;
	struct model_error ignored;
	struct ip_addr pool[] = { OUTSIDE };
	struct live_nat_spec spec = { .name = "isp", .model = &model, .pool = pool, .pool_len = 1 };
	struct plan_error error = { "" };
	struct live_nat *nat;
	struct port *ports[2];

	(void)state;
	assert_int_equal(nat_model_find("symmetric-sequential-2", &model, &ignored), 0);
	lab_open(&lab);
	assert_int_equal(live_nat_new(lab.live, &spec, &nat, &ports[0], &ports[1], &error),
			 -EOPNOTSUPP);
	assert_string_equal(error.text,
			    "isp: symmetric-sequential-2 cannot be realised by the kernel: its "
			    "ports go in steps other than +1");
	lab_close(&lab);
}

static int tests(void *arg)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_collision_keeps_mappings_apart),
		cmocka_unit_test(hairpinning_shows_the_outside_source),
		cmocka_unit_test(hairpinning_is_filtered),
		cmocka_unit_test(no_hairpinning_where_none_is_declared),
		cmocka_unit_test(forwards_lead_in_and_answer),
		cmocka_unit_test(the_dmz_host_gets_the_rest),
		cmocka_unit_test(a_stray_poisons_an_open_masquerade_only),
		cmocka_unit_test(a_mapping_lives_its_time),
		cmocka_unit_test(icmp_errors_find_their_way_back),
		cmocka_unit_test(pings_pass),
		cmocka_unit_test(tcp_passes),
		cmocka_unit_test(udp_is_blocked_where_declared),
		cmocka_unit_test(what_nftables_lacks_is_refused_with_a_reason),
	};

	(void)arg;
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
