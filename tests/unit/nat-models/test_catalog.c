/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The catalog: every model is what its name says, and can be described.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/describe.h"
#include "nat-models/duration.h"
#include "nat-models/embed.h"
#include "nat-models/recipe.h"

static struct nat_model find(const char *name)
{
	struct nat_model model;
	struct model_error error;

	if (nat_model_find(name, &model, &error) != 0)
		fail_msg("%s", error.text);
	return model;
}

static void every_name_has_a_model(void **state)
{
	size_t len;
	const char *const *names = nat_model_names(&len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		struct nat_model model = find(names[i]);

		assert_string_equal(model.name, names[i]);
		assert_true(model.title[0] != '\0');
		assert_true(model.source[0] != '\0');
	}
	assert_null(names[len]);
}

static void every_file_has_a_name(void **state)
{
	size_t len, files = 0;

	(void)state;
	nat_model_names(&len);
	while (embedded_catalog[files].name)
		files++;
	assert_int_equal(files, len);
}

static void every_file_says_where_one_meets_it(void **state)
{
	(void)state;
	for (const char *const *name = nat_model_names(NULL); *name; name++) {
		char where[600];
		size_t len;
		const char *text = nat_model_text(*name, &len);

		assert_non_null(text);
		assert_int_equal(text[len], '\0');
		describe_where(text, len, where, sizeof(where));
		if (strlen(where) < 20 || where[strlen(where) - 1] != '.')
			fail_msg("%s: \"%s\" is no sentence", *name, where);
	}
}

static void every_ruleset_has_its_recipe(void **state)
{
	(void)state;
	for (const char *const *name = nat_model_names(NULL); *name; name++) {
		struct nat_model model = find(*name);

		if (!model.kernel[0] != !model_recipe(&model))
			fail_msg("%s: kernel = \"%s\"", *name, model.kernel);
	}
}

static void the_nine_cells(void **state)
{
	static const char *const words[] = { [NAT_EI] = "ei", [NAT_AD] = "ad", [NAT_APD] = "apd" };

	(void)state;
	for (int m = NAT_EI; m <= NAT_APD; m++) {
		for (int f = NAT_EI; f <= NAT_APD; f++) {
			struct nat_model model;
			char name[16];

			snprintf(name, sizeof(name), "%s-%s", words[m], words[f]);
			model = find(name);
			assert_int_equal(model.kind, NAT_KIND_NAPT);
			assert_int_equal(model.udp.mapping, m);
			assert_int_equal(model.udp.filtering, f);
			assert_int_equal(model.tcp.mapping, m);
			assert_int_equal(model.tcp.filtering, f);
		}
	}
}

static const struct {
	const char *name;
	enum nat_rfc3489 is;
} old_names[] = {
	{ "no-nat", NAT_3489_OPEN },
	{ "full-cone", NAT_3489_FULL_CONE },
	{ "restricted-cone", NAT_3489_RESTRICTED },
	{ "port-restricted-cone", NAT_3489_PORT_RESTRICTED },
	{ "symmetric", NAT_3489_SYMMETRIC },
	{ "ad-apd", NAT_3489_NONE },
	{ "one-to-one", NAT_3489_FULL_CONE },
	{ "symmetric-sequential", NAT_3489_SYMMETRIC },
	{ "symmetric-random", NAT_3489_SYMMETRIC },
	{ "linux-masquerade", NAT_3489_PORT_RESTRICTED },
	{ "linux-masquerade-random", NAT_3489_SYMMETRIC },
	{ "symmetric-firewall", NAT_3489_SYMMETRIC_FIREWALL },
	{ "udp-blocked", NAT_3489_UDP_BLOCKED },
	{ "linksys-befsr41-upnp", NAT_3489_PORT_RESTRICTED },
	{ "windows-xp-ics", NAT_3489_PORT_RESTRICTED },
	{ "windows-xp-icf", NAT_3489_SYMMETRIC_FIREWALL },
	{ "corporate-443", NAT_3489_UDP_BLOCKED },
	{ "isa-proxy", NAT_3489_SYMMETRIC },
};

static void names_of_rfc_3489(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(old_names) / sizeof(old_names[0]); i++) {
		struct nat_model model = find(old_names[i].name);

		assert_string_equal(nat_rfc3489_word(model.rfc3489),
				    nat_rfc3489_word(old_names[i].is));
	}
}

static void sequences(void **state)
{
	struct nat_model one = find("symmetric-sequential");
	struct nat_model two = find("symmetric-sequential-2");

	(void)state;
	assert_int_equal(one.udp.ports, NAT_PORTS_SEQUENTIAL);
	assert_int_equal(one.udp.step, 1);
	assert_int_equal(two.udp.ports, NAT_PORTS_SEQUENTIAL);
	assert_int_equal(two.udp.step, 2);
}

/* nf_conntrack's own numbers: nf_conntrack_udp_timeout, _timeout_stream, tcp_established. */
static void linux_as_it_is(void **state)
{
	struct nat_model open = find("linux-masquerade");
	struct nat_model closed = find("linux-masquerade-input-drop");

	(void)state;
	assert_int_equal(open.udp.timeout_ns, 30 * NS_PER_S);
	assert_int_equal(open.udp.timeout_two_way_ns, 120 * NS_PER_S);
	assert_int_equal(open.udp.two_way_after_ns, 2 * NS_PER_S);
	assert_int_equal(open.tcp.timeout_two_way_ns, 432000 * NS_PER_S);
	assert_int_equal(open.udp.collision, NAT_COLLISION_OVERLOAD);
	assert_int_equal(open.udp.unsolicited, NAT_UNSOLICITED_POISON);
	assert_int_equal(closed.udp.unsolicited, NAT_UNSOLICITED_DROP);
	assert_int_equal(closed.udp.timeout_ns, open.udp.timeout_ns);
}

static void unknown_names(void **state)
{
	struct nat_model model;
	struct model_error error;
	size_t len;

	(void)state;
	assert_int_equal(nat_model_find("ful-cone", &model, &error), -ENOENT);
	assert_string_equal(error.text, "unknown model \"ful-cone\"; did you mean \"full-cone\"?");
	assert_int_equal(nat_model_find("xyzzy", &model, &error), -ENOENT);
	assert_string_equal(error.text, "unknown model \"xyzzy\"; `knothole models` lists them");
	assert_int_equal(nat_model_find("", &model, &error), -ENOENT);
	/* A file's name, or the beginning of a model's, is none. */
	assert_int_equal(nat_model_find("full-cone.lua", &model, &error), -ENOENT);
	assert_int_equal(nat_model_find("full", &model, &error), -ENOENT);
	assert_null(nat_model_text("full", &len));
}

static char *described(const char *name)
{
	struct nat_model model = find(name);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	describe_model(&model, "", out);
	fclose(out);
	return text;
}

static void a_description_has_it_all(void **state)
{
	static const char *const parts[] = {
		"symmetric-sequential: Symmetric, ports in sequence\n",
		"\nudp\n",
		"  step             1 ",
		"RFC 4787, 4.1",
		"address-and-port-dependent",
		"  transitory       240s ",
		"what to expect",
		"udp-blocked",
		"nftables cannot express it",
	};
	char *text = described("symmetric-sequential");

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strstr(text, parts[i]))
			fail_msg("\"%s\" is missing in:\n%s", parts[i], text);
	}
	free(text);
}

static void a_description_leaves_out_what_does_not_apply(void **state)
{
	char *text = described("full-cone");

	(void)state;
	assert_null(strstr(text, "block_size"));
	assert_null(strstr(text, "  step "));
	assert_non_null(strstr(text, "\tmap outside {"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_has_a_model),
		cmocka_unit_test(every_file_has_a_name),
		cmocka_unit_test(every_file_says_where_one_meets_it),
		cmocka_unit_test(every_ruleset_has_its_recipe),
		cmocka_unit_test(the_nine_cells),
		cmocka_unit_test(names_of_rfc_3489),
		cmocka_unit_test(sequences),
		cmocka_unit_test(linux_as_it_is),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(a_description_has_it_all),
		cmocka_unit_test(a_description_leaves_out_what_does_not_apply),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
