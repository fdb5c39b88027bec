/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle against rules worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "predict_chain.h"

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
		cmocka_unit_test(methods_have_words),
	};
	int failed = cmocka_run_group_tests_name("predict", tests, NULL, NULL);

	for (size_t i = 0; i < ROWS; i++)
		row_tests[i] =
			(struct CMUnitTest){ rows[i].name, a_row, NULL, NULL, (void *)&rows[i] };
	return failed + cmocka_run_group_tests_name("predict rows", row_tests, NULL, NULL);
}
