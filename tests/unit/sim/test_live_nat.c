/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel NATs map and filter as their models declare. */
#include "live_home.h"

/* What the model declares, as this test sees it. */

struct sight {
	struct home home;
	enum nat_scope mapping, filtering;
	uint16_t port; /* the outside one of the inside port 4000's first mapping */
	struct ip_addr addr;
	bool answer_from_mapping; /* the answer to a stranger comes from the port it spoke to */
};

static void see_mapping(struct sight *sight, struct sock *at[3])
{
	struct home *home = &sight->home;
	struct sock *sock = udp(home, home->alice, (struct ip_addr){ 0 }, 4000);
	struct endpoint seen[3] = { 0 };

	send_to(home, sock, FAR_1, PORT_1, 'a');
	must_get(home, at[0], &seen[0]);
	send_to(home, sock, FAR_1, PORT_2, 'b');
	must_get(home, at[1], &seen[1]);
	send_to(home, sock, FAR_2, PORT_1, 'c');
	must_get(home, at[2], &seen[2]);
	sight->addr = seen[0].addr;
	sight->port = seen[0].port;
	sight->mapping = NAT_APD;
	if (seen[0].port == seen[1].port)
		sight->mapping = seen[0].port == seen[2].port ? NAT_EI : NAT_AD;
	sock_close(sock);
}

/* A fresh port; those that may be stopped speak first, then the one that may not. */
static void see_filtering(struct sight *sight, struct sock *at[3])
{
	struct home *home = &sight->home;
	struct sock *sock = udp(home, home->alice, (struct ip_addr){ 0 }, 4001);
	struct endpoint outside = { 0 }, answered;
	bool got[128] = { false };
	char byte;

	send_to(home, sock, FAR_1, PORT_1, 'a');
	must_get(home, at[0], &outside);
	send_to(home, at[2], outside.addr, outside.port, 's');
	send_to(home, at[1], outside.addr, outside.port, 'p');
	send_to(home, at[0], outside.addr, outside.port, 'e');
	do {
		byte = must_get(home, sock, NULL);
		got[byte & 0x7f] = true;
	} while (byte && byte != 'e');
	sight->filtering = got['s'] ? NAT_EI : got['p'] ? NAT_AD : NAT_APD;
	if (got['s']) {
		send_to(home, sock, FAR_2, PORT_1, 'r');
		must_get(home, at[2], &answered);
		sight->answer_from_mapping = endpoint_equal(answered, outside);
	}
	sock_close(sock);
}

static void see(void *arg)
{
	struct sight *sight = arg;
	struct home *home = &sight->home;
	struct sock *at[3] = {
		udp(home, home->far, FAR_1, PORT_1),
		udp(home, home->far, FAR_1, PORT_2),
		udp(home, home->far, FAR_2, PORT_1),
	};

	see_mapping(sight, at);
	see_filtering(sight, at);
	for (int i = 0; i < 3; i++)
		sock_close(at[i]);
}

struct cell {
	const char *model;
	bool preserves; /* the first mapping keeps the inside port */
	enum nat_scope seen; /* as a mapping test sees it: masquerade looks EI, being the same
			      * port for each of its connections */
};

static const struct cell cells[] = {
	{ "ei-ei", true, NAT_EI },
	{ "ei-ad", true, NAT_EI },
	{ "ei-apd", true, NAT_EI },
	{ "ad-ei", false, NAT_AD },
	{ "ad-ad", false, NAT_AD },
	{ "ad-apd", false, NAT_AD },
	{ "apd-ei", false, NAT_APD },
	{ "apd-ad", false, NAT_APD },
	{ "apd-apd", false, NAT_APD },
	{ "symmetric-sequential", false, NAT_APD },
	{ "linux-masquerade", true, NAT_EI },
	{ "linux-masquerade-input-drop", true, NAT_EI },
	{ "linux-masquerade-random", false, NAT_APD },
};

static void each_model_maps_and_filters_as_declared(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		struct sight sight = { 0 };

		print_message("%s\n", cells[i].model);
		in_home(&sight.home, cells[i].model, NULL, see, &sight);
		assert_true(ip_addr_equal(sight.addr, OUTSIDE));
		assert_string_equal(nat_scope_word(sight.mapping), nat_scope_word(cells[i].seen));
		assert_string_equal(nat_scope_word(sight.filtering),
				    nat_scope_word(sight.home.model.udp.filtering));
		if (cells[i].preserves)
			assert_int_equal(sight.port, 4000);
		else
			assert_int_not_equal(sight.port, 4000);
		if (sight.filtering == NAT_EI)
			assert_int_equal(sight.answer_from_mapping, sight.mapping == NAT_EI);
	}
}

/* No translation: the router shows all, the firewall admits answers only. */
static void plain_boxes_translate_nothing(void **state)
{
	const char *const models[] = { "no-nat", "symmetric-firewall" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sight sight = { 0 };

		print_message("%s\n", models[i]);
		in_home(&sight.home, models[i], NULL, see, &sight);
		assert_true(ip_addr_equal(sight.addr, ALICE));
		assert_int_equal(sight.port, 4000);
		assert_int_equal(sight.filtering, i ? NAT_APD : NAT_EI);
	}
}

static void one_to_one_keeps_ports_and_admits_all(void **state)
{
	struct sight sight = { 0 };

	(void)state;
	in_home(&sight.home, "one-to-one", NULL, see, &sight);
	assert_true(ip_addr_equal(sight.addr, OUTSIDE));
	assert_int_equal(sight.port, 4000);
	assert_int_equal(sight.mapping, NAT_EI);
	assert_int_equal(sight.filtering, NAT_EI);
}

static int tests(void *arg)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(each_model_maps_and_filters_as_declared),
		cmocka_unit_test(plain_boxes_translate_nothing),
		cmocka_unit_test(one_to_one_keeps_ports_and_admits_all),
	};

	(void)arg;
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
