/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle against rules worked out by hand.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/duration.h"
#include "nat-models/predict.h"

enum { NATS_MAX = 4 };

/* NATs by name, innermost first. */
struct chain {
	struct nat_model models[NATS_MAX];
	struct predict_nat nats[NATS_MAX];
	size_t len;
};

static void chain_add(struct chain *chain, const char *name)
{
	struct model_error error;

	assert_true(chain->len < NATS_MAX);
	if (nat_model_find(name, &chain->models[chain->len], &error) != 0)
		fail_msg("%s", error.text);
	chain->nats[chain->len].model = &chain->models[chain->len];
	chain->len++;
}

static void chain_build(struct chain *chain, const char *names)
{
	char copy[256];
	char *rest = copy;

	memset(chain, 0, sizeof(*chain));
	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " ")) {
		if (*name)
			chain_add(chain, name);
	}
}

static struct predict_side side(const struct chain *chain)
{
	return (struct predict_side){ chain->nats, chain->len };
}

static void ask(const char *caller, const char *callee, const char *shared, bool host_addresses,
		struct predict_answer *ret)
{
	struct chain a, b, s;
	struct predict_question question;

	chain_build(&a, caller);
	chain_build(&b, callee);
	chain_build(&s, shared);
	question = (struct predict_question){
		.caller = side(&a),
		.callee = side(&b),
		.shared = side(&s),
		.tries_host_addresses = host_addresses,
	};
	predict(&question, ret);
}

static char letter(enum prediction p)
{
	return p == PREDICT_MUST ? 'Y' : p == PREDICT_MUST_NOT ? 'n' : '?';
}

/* The answers as a text, without TURN's: "nnYY". */
static const char *letters(const struct predict_answer *answer, char buf[METHOD_COUNT + 1])
{
	static const enum method order[] = { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH,
					     METHOD_RELAY };

	for (int i = 0; i < 4; i++)
		buf[i] = letter(answer->udp[order[i]]);
	buf[4] = '\0';
	return buf;
}

/*
 * The table of the nine cells and no NAT, by rules of three lines (RFC 4787, 4.1 and 5):
 *
 * Speaking to someone who has spoken to a third party only: they hear it if their filter asks
 * for nothing.  Their answer comes from the known endpoint, or, where they map by destination,
 * from a new port of the same address, which a filter by port stops.
 *
 * Where both speak, a filter by port lets in what comes from the known endpoint only, and the
 * others let in all that comes from the other's address.
 */
struct cell {
	const char *name;
	bool maps_anew;
	enum nat_scope filtering;
};

static const struct cell cells[] = {
	{ "", false, NAT_EI },	      { "ei-ei", false, NAT_EI }, { "ei-ad", false, NAT_AD },
	{ "ei-apd", false, NAT_APD }, { "ad-ei", true, NAT_EI },  { "ad-ad", true, NAT_AD },
	{ "ad-apd", true, NAT_APD },  { "apd-ei", true, NAT_EI }, { "apd-ad", true, NAT_AD },
	{ "apd-apd", true, NAT_APD },
};

static bool one_sided(const struct cell *speaker, const struct cell *listener)
{
	return listener->filtering == NAT_EI &&
	       (!listener->maps_anew || speaker->filtering != NAT_APD);
}

static bool two_sided(const struct cell *a, const struct cell *b)
{
	return !(a->filtering == NAT_APD && b->maps_anew) &&
	       !(b->filtering == NAT_APD && a->maps_anew);
}

static void the_table_of_ten_by_ten(void **state)
{
	unsigned punched = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		for (size_t j = 0; j < sizeof(cells) / sizeof(cells[0]); j++) {
			const struct cell *a = &cells[i], *b = &cells[j];
			struct predict_answer answer;
			char found[METHOD_COUNT + 1];
			char want[] = { one_sided(a, b) ? 'Y' : 'n', one_sided(b, a) ? 'Y' : 'n',
					two_sided(a, b) ? 'Y' : 'n', 'Y', '\0' };

			ask(a->name, b->name, "", false, &answer);
			if (strcmp(letters(&answer, found), want) != 0)
				fail_msg("%s x %s: expected %s, got %s (%s; %s; %s)", a->name,
					 b->name, want, found, answer.why[0], answer.why[1],
					 answer.why[2]);
			punched += two_sided(a, b);
		}
	}
	/* The ways to fail: a filter by port (3 of 10) against a new port (6), either way round;
	 * two of the models are both. */
	assert_int_equal(punched, 100 - (2 * 3 * 6 - 2 * 2));
}

/* A row: what is asked, and the answers for direct, reversal, punch, relay. */
struct row {
	const char *name;
	const char *caller, *callee, *shared;
	bool host_addresses;
	const char *want;
	enum method about; /* … and of which of them the reason is looked at */
	const char *why; /* what it must hold */
};

static const struct row rows[] = {
	/* RFC 3489's names, as tables of NAT compatibility have them (RFC 5128, 3.3). */
	{ "full cone: anyone gets in", "no-nat", "full-cone", "", false, "YYYY", METHOD_DIRECT,
	  "full-cone lets anyone in" },
	{ "restricted x symmetric: punched", "restricted-cone", "symmetric", "", false, "nnYY",
	  METHOD_PUNCH, "callee's symmetric sends from a new port" },
	{ "port restricted x symmetric: not", "port-restricted-cone", "symmetric", "", false,
	  "nnnY", METHOD_PUNCH, "port-restricted-cone does not let in" },
	{ "symmetric x symmetric: not", "symmetric", "symmetric", "", false, "nnnY", METHOD_PUNCH,
	  "sends from a new port" },
	{ "port restricted x itself: punched", "port-restricted-cone", "port-restricted-cone", "",
	  false, "nnYY", METHOD_DIRECT, "lets in only whom the callee has sent to" },
	{ "reversal: the callee's NAT opens itself", "no-nat", "symmetric", "", false, "nYYY",
	  METHOD_REVERSAL, "nothing filters what comes in to the caller" },
	{ "foretelling ports is another method", "port-restricted-cone", "symmetric-sequential", "",
	  false, "nnnY", METHOD_PUNCH, "callee's symmetric-sequential" },

	/* Other kinds. */
	{ "one-to-one is as open as no NAT", "symmetric", "one-to-one", "", false, "YnYY",
	  METHOD_DIRECT, "one-to-one lets anyone in" },
	{ "two firewalls: punched", "symmetric-firewall", "symmetric-firewall", "", false, "nnYY",
	  METHOD_PUNCH, "both keep the endpoint" },
	{ "firewall x symmetric: not", "symmetric-firewall", "symmetric", "", false, "nnnY",
	  METHOD_PUNCH, "symmetric-firewall does not let in" },
	{ "no UDP: the relay alone", "udp-blocked", "no-nat", "", false, "nnnY", METHOD_DIRECT,
	  "caller's udp-blocked lets no UDP through" },
	{ "no UDP at the callee", "no-nat", "udp-blocked", "", false, "nnnY", METHOD_PUNCH,
	  "callee's udp-blocked lets no UDP through" },

	/* Linux: a mapping for each destination, yet the same port. */
	{ "masquerade looks like a cone", "linux-masquerade-input-drop", "port-restricted-cone", "",
	  false, "nnYY", METHOD_PUNCH, "both keep the endpoint" },
	{ "masquerade x masquerade", "linux-masquerade-input-drop", "linux-masquerade-input-drop",
	  "", false, "nnYY", METHOD_PUNCH, "both keep" },
	{ "fully random is symmetric", "linux-masquerade-random", "linux-masquerade-input-drop", "",
	  false, "nnnY", METHOD_PUNCH, "linux-masquerade-random" },
	{ "poison hurts where the other filters by port", "linux-masquerade",
	  "port-restricted-cone", "", false, "nn?Y", METHOD_PUNCH,
	  "whose hello comes first decides: caller's linux-masquerade" },
	{ "poison does not hurt where it does not", "linux-masquerade", "restricted-cone", "",
	  false, "nnYY", METHOD_PUNCH, "" },
	{ "nor where only the poisoned one speaks", "linux-masquerade", "no-nat", "", false, "YnYY",
	  METHOD_DIRECT, "" },

	/* Cascades: the strictest filter and the most changing mapping count. */
	{ "cone behind carrier", "no-nat", "full-cone carrier-grade", "", false, "YYYY",
	  METHOD_DIRECT, "" },
	{ "port restricted behind carrier", "port-restricted-cone",
	  "port-restricted-cone carrier-grade", "", false, "nnYY", METHOD_PUNCH, "both keep" },
	{ "full cone behind symmetric", "port-restricted-cone", "full-cone symmetric", "", false,
	  "nnnY", METHOD_PUNCH, "callee's symmetric sends from a new port" },
	{ "symmetric behind full cone", "port-restricted-cone", "symmetric full-cone", "", false,
	  "nnnY", METHOD_PUNCH, "callee's symmetric sends from a new port" },
	{ "symmetric behind full cone, other side open", "full-cone", "symmetric full-cone", "",
	  false, "nYYY", METHOD_REVERSAL, "" },
	{ "three deep", "full-cone full-cone restricted-cone", "restricted-cone full-cone", "",
	  false, "nnYY", METHOD_PUNCH, "both keep" },

	/* Both behind one NAT. */
	{ "no hairpin", "", "", "linux-masquerade-input-drop", false, "nnnY", METHOD_PUNCH,
	  "the shared linux-masquerade-input-drop does not hairpin" },
	{ "no hairpin, but one LAN", "", "", "linux-masquerade-input-drop", true, "YYYY",
	  METHOD_DIRECT, "the two meet on the inside of the shared" },
	{ "full cone hairpins", "", "", "full-cone", false, "YYYY", METHOD_DIRECT,
	  "the shared full-cone hairpins" },
	{ "port restricted hairpins, and filters", "", "", "port-restricted-cone", false, "nnYY",
	  METHOD_PUNCH, "the shared port-restricted-cone hairpins" },
	{ "symmetric hairpins, and maps anew", "", "", "symmetric", false, "nnnY", METHOD_PUNCH,
	  "the shared symmetric sends from a new port" },
	{ "two homes of one carrier", "port-restricted-cone", "port-restricted-cone",
	  "carrier-grade", false, "nnYY", METHOD_PUNCH, "the shared carrier-grade hairpins" },
	{ "a home beside a neighbour without one", "port-restricted-cone", "", "carrier-grade",
	  true, "YnYY", METHOD_DIRECT, "the two meet on the inside" },
	{ "private addresses lead nowhere else", "port-restricted-cone", "port-restricted-cone",
	  "linux-masquerade-input-drop", true, "nnnY", METHOD_DIRECT, "does not hairpin" },
	{ "a shared router is no NAT", "", "", "no-nat", false, "YYYY", METHOD_DIRECT, "" },
	{ "carrier with a shared gateway behind it", "", "", "full-cone carrier-grade", false,
	  "YYYY", METHOD_DIRECT, "hairpins" },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	struct predict_answer answer;
	char found[METHOD_COUNT + 1];

	ask(row->caller, row->callee, row->shared, row->host_addresses, &answer);
	if (strcmp(letters(&answer, found), row->want) != 0)
		fail_msg("expected %s, got %s (%s; %s; %s; %s)", row->want, found, answer.why[0],
			 answer.why[1], answer.why[2], answer.why[3]);
	if (!strstr(answer.why[row->about], row->why))
		fail_msg("%s: expected \"%s\" in \"%s\"", method_word(row->about), row->why,
			 answer.why[row->about]);
}

/* A question about one NAT at the callee, changed from the catalog's. */
static void ask_changed(const struct chain *callee, struct predict_answer *ret)
{
	struct chain caller;
	struct predict_question question = { .callee = side(callee) };

	chain_build(&caller, "port-restricted-cone");
	question.caller = side(&caller);
	predict(&question, ret);
}

static void a_forward_opens_a_filter(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "port-restricted-cone");
	callee.nats[0].forwards_peer = true;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MUST);
	assert_non_null(strstr(answer.why[METHOD_DIRECT], "a forward"));
}

static void a_closed_input_does_not_poison(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "linux-masquerade");
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MAY);
	callee.nats[0].input_drops = true;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MUST);
}

/* Ports kept where they are free: an address-dependent mapping's second one is not, unless
 * the NAT lets mappings share it. */
static void preserving_helps_only_where_ports_are_shared(void **state)
{
	static const struct {
		enum nat_collision collision;
		enum prediction punch;
	} cases[] = {
		{ NAT_COLLISION_NEXT, PREDICT_MUST_NOT },
		{ NAT_COLLISION_RANDOM, PREDICT_MUST_NOT },
		{ NAT_COLLISION_OVERLOAD, PREDICT_MUST },
		{ NAT_COLLISION_STEAL, PREDICT_MUST },
		{ NAT_COLLISION_REFUSE, PREDICT_MUST_NOT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chain callee;
		struct predict_answer answer;

		chain_build(&callee, "symmetric");
		callee.models[0].udp.ports = NAT_PORTS_PRESERVE;
		callee.models[0].udp.collision = cases[i].collision;
		ask_changed(&callee, &answer);
		if (answer.udp[METHOD_PUNCH] != cases[i].punch)
			fail_msg("%s: %s", nat_collision_word(cases[i].collision),
				 answer.why[METHOD_PUNCH]);
	}
}

static void arbitrary_pooling_is_a_matter_of_chance(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "ad-ei");
	callee.models[0].pool_size = 4;
	callee.models[0].pooling = NAT_POOLING_ARBITRARY;
	ask("restricted-cone", "ad-ei", "", false, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MUST);
	{
		struct chain caller;
		struct predict_question question = { .callee = side(&callee) };

		chain_build(&caller, "restricted-cone");
		question.caller = side(&caller);
		predict(&question, &answer);
	}
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	assert_non_null(strstr(answer.why[METHOD_DIRECT], "chance"));
}

static void what_a_nat_forgets_or_refuses_is_doubted(void **state)
{
	struct chain callee;
	struct predict_answer answer;

	(void)state;
	chain_build(&callee, "full-cone");
	callee.models[0].udp.timeout_ns = NS_PER_S;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MUST);
	callee.models[0].udp.timeout_ns = NS_PER_S - 1;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	assert_int_equal(answer.udp[METHOD_RELAY], PREDICT_MUST);

	chain_build(&callee, "full-cone");
	callee.models[0].max_mappings_host = 2;
	ask_changed(&callee, &answer);
	assert_int_equal(answer.udp[METHOD_DIRECT], PREDICT_MAY);
	assert_int_equal(answer.udp[METHOD_RELAY], PREDICT_MAY);
}

static void without_tcp_there_is_nothing(void **state)
{
	struct chain callee;
	struct predict_answer answer;
	char found[METHOD_COUNT + 1];

	(void)state;
	chain_build(&callee, "full-cone");
	callee.models[0].tcp.blocked = true;
	ask_changed(&callee, &answer);
	assert_string_equal(letters(&answer, found), "nnnn");
	assert_non_null(strstr(answer.why[METHOD_RELAY], "no TCP"));
}

static void hairpinning_from_the_inside_endpoint(void **state)
{
	struct chain shared;
	struct predict_answer answer;
	struct predict_question question = { 0 };
	char found[METHOD_COUNT + 1];

	(void)state;
	chain_build(&shared, "port-restricted-cone");
	shared.models[0].hairpin = NAT_HAIRPIN_INTERNAL;
	question.shared = side(&shared);
	predict(&question, &answer);
	/* Whether its filter looks at a hairpinned packet, RFC 4787 does not say. */
	assert_string_equal(letters(&answer, found), "??YY");
	shared.models[0].udp.filtering = NAT_EI;
	predict(&question, &answer);
	assert_string_equal(letters(&answer, found), "YYYY");
}

static void too_many_nats_are_doubted(void **state)
{
	static struct predict_nat nats[64];
	struct nat_model model;
	struct predict_question question = { .callee = { nats, 64 } };
	struct predict_answer answer;

	(void)state;
	nat_model_defaults(&model);
	for (size_t i = 0; i < 64; i++)
		nats[i].model = &model;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MAY);
	question.callee.nats_len = 16;
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_PUNCH], PREDICT_MUST);
}

/* TURN asks of a NAT what any server does; over TCP not even UDP. */
static void turn_needs_a_way_to_the_server(void **state)
{
	static const struct {
		const char *callee;
		enum predict_turn turn;
		enum prediction want;
		const char *why;
	} cases[] = {
		{ "symmetric-random", PREDICT_NO_TURN, PREDICT_MUST_NOT,
		  "there is no TURN server" },
		{ "symmetric-random", PREDICT_TURN_UDP, PREDICT_MUST, "over UDP" },
		{ "symmetric-random", PREDICT_TURN_TCP, PREDICT_MUST, "over TCP" },
		{ "udp-blocked", PREDICT_TURN_UDP, PREDICT_MUST_NOT,
		  "callee's udp-blocked lets no UDP through" },
		{ "udp-blocked", PREDICT_TURN_TCP, PREDICT_MUST, "over TCP" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chain caller, callee;
		struct predict_question question = { .turn = cases[i].turn };
		struct predict_answer answer;

		chain_build(&caller, "port-restricted-cone");
		chain_build(&callee, cases[i].callee);
		question.caller = side(&caller);
		question.callee = side(&callee);
		predict(&question, &answer);
		assert_int_equal(answer.udp[METHOD_TURN], cases[i].want);
		if (!strstr(answer.why[METHOD_TURN], cases[i].why))
			fail_msg("%s: %s", cases[i].why, answer.why[METHOD_TURN]);
		callee.models[0].udp.timeout_ns = 1000000;
		predict(&question, &answer);
		if (cases[i].want == PREDICT_MUST)
			assert_int_equal(answer.udp[METHOD_TURN], cases[i].turn == PREDICT_TURN_TCP
									  ? PREDICT_MUST
									  : PREDICT_MAY);
		callee.models[0].tcp.blocked = true;
		predict(&question, &answer);
		assert_int_equal(answer.udp[METHOD_TURN], PREDICT_MUST_NOT);
	}
}

/* A firewall that lets out what goes to 443: to that port of the TURN server, and no other. */
static void turn_through_a_firewall(void **state)
{
	static const struct {
		enum predict_turn turn;
		uint16_t port;
		enum prediction want;
		const char *why;
	} cases[] = {
		{ PREDICT_TURN_TCP, 443, PREDICT_MUST, "over TCP" },
		{ PREDICT_TURN_TCP, 3478, PREDICT_MUST_NOT,
		  "lets no TCP through to the TURN server" },
		{ PREDICT_TURN_UDP, 443, PREDICT_MUST, "over UDP" },
		{ PREDICT_TURN_UDP, 3478, PREDICT_MUST_NOT, "lets UDP out to some ports only" },
	};
	static const uint16_t web = 443;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chain caller, callee;
		struct predict_question question = {
			.rendezvous_tcp = &web,
			.rendezvous_tcp_len = 1,
			.turn = cases[i].turn,
			.turn_port = cases[i].port,
		};
		struct predict_answer answer;

		chain_build(&caller, "port-restricted-cone");
		chain_build(&callee, "port-restricted-cone");
		callee.models[0].tcp.outbound_ports[0] = web;
		callee.models[0].udp.outbound_ports[0] = web;
		question.caller = side(&caller);
		question.callee = side(&callee);
		predict(&question, &answer);
		assert_int_equal(answer.udp[METHOD_TURN], cases[i].want);
		if (!strstr(answer.why[METHOD_TURN], cases[i].why))
			fail_msg("%s: %s", cases[i].why, answer.why[METHOD_TURN]);
	}
}

/* D(irect), R(eversed), P(unched): capital where it must, small where it may; else it must not. */
static void over_tcp(void **state)
{
	static const struct row {
		const char *caller, *callee, *shared, *want;
		bool host_addresses;
	} cases[] = {
		{ "", "", "", "DRP", false },
		{ "port-restricted-cone", "", "", "DP", false },
		{ "", "port-restricted-cone", "", "RP", false },
		{ "port-restricted-cone", "port-restricted-cone", "", "P", false },
		{ "port-restricted-cone", "full-cone", "", "DP", false },
		/* Its SYN comes from a port that the other never connected to. */
		{ "symmetric-random", "port-restricted-cone", "", "", false },
		{ "symmetric-random", "restricted-cone", "", "", false },
		{ "symmetric-random", "full-cone", "", "D", false },
		/* Filters that look at UDP only. */
		{ "udp-blocked", "port-restricted-cone", "", "P", false },
		{ "", "", "port-restricted-cone", "DRP", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct row *row = &cases[i];
		char letters[4] = "";
		size_t n = 0;
		struct predict_answer answer;

		ask(row->caller, row->callee, row->shared, row->host_addresses, &answer);
		for (int m = METHOD_TCP_DIRECT; m <= METHOD_TCP_PUNCH; m++) {
			if (answer.udp[m] == PREDICT_MUST_NOT)
				continue;
			letters[n] = "DRP"[m - METHOD_TCP_DIRECT];
			if (answer.udp[m] != PREDICT_MUST)
				letters[n] = (char)tolower(letters[n]);
			n++;
		}
		if (strcmp(letters, row->want) != 0)
			fail_msg("%s | %s | %s: expected \"%s\", got \"%s\"", row->caller,
				 row->callee, row->shared, row->want, letters);
	}
}

/* RFC 5382, REQ-2: without it, it is a matter of whose SYN comes when. */
static void crossing_syns_are_the_nats_to_admit(void **state)
{
	struct chain a, b;
	struct predict_answer answer;
	struct predict_question question;

	(void)state;
	chain_build(&a, "port-restricted-cone");
	chain_build(&b, "port-restricted-cone");
	a.models[0].tcp.simultaneous_open = false;
	question = (struct predict_question){ .caller = side(&a), .callee = side(&b) };
	predict(&question, &answer);
	assert_int_equal(answer.udp[METHOD_TCP_PUNCH], PREDICT_MAY);
	assert_non_null(strstr(answer.why[METHOD_TCP_PUNCH], "crosses"));
}

static void methods_have_words(void **state)
{
	enum method method = METHOD_RELAY;

	(void)state;
	assert_int_equal(method_parse("punch", &method), 0);
	assert_int_equal(method, METHOD_PUNCH);
	assert_string_equal(method_word(METHOD_REVERSAL), "reversal");
	assert_true(method_parse("punsch", &method) < 0);
	assert_int_equal(method, METHOD_PUNCH);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest row_tests[ROWS];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_ten_by_ten),
		cmocka_unit_test(a_forward_opens_a_filter),
		cmocka_unit_test(a_closed_input_does_not_poison),
		cmocka_unit_test(preserving_helps_only_where_ports_are_shared),
		cmocka_unit_test(arbitrary_pooling_is_a_matter_of_chance),
		cmocka_unit_test(what_a_nat_forgets_or_refuses_is_doubted),
		cmocka_unit_test(without_tcp_there_is_nothing),
		cmocka_unit_test(hairpinning_from_the_inside_endpoint),
		cmocka_unit_test(too_many_nats_are_doubted),
		cmocka_unit_test(turn_needs_a_way_to_the_server),
		cmocka_unit_test(turn_through_a_firewall),
		cmocka_unit_test(over_tcp),
		cmocka_unit_test(crossing_syns_are_the_nats_to_admit),
		cmocka_unit_test(methods_have_words),
	};
	int failed = cmocka_run_group_tests_name("predict", tests, NULL, NULL);

	for (size_t i = 0; i < ROWS; i++)
		row_tests[i] =
			(struct CMUnitTest){ rows[i].name, a_row, NULL, NULL, (void *)&rows[i] };
	return failed + cmocka_run_group_tests_name("predict rows", row_tests, NULL, NULL);
}
