/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written of a model is read back as the same model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/knobs.h"
#include "nat-models/model_text.h"

static void comes_back(const struct nat_model *model)
{
	struct nat_model same = *model, read;
	struct model_error error;
	char text[MODEL_TEXT_MAX];
	size_t len = model_text(model, text, sizeof(text));

	assert_in_range(len, 1, sizeof(text) - 1);
	assert_int_equal(len, strlen(text));
	memset(same.kernel, 0, sizeof(same.kernel));
	if (nat_model_load("it.lua", text, len, &read, &error))
		fail_msg("%s\n%s", error.text, text);
	if (!knobs_same(&same, &read))
		fail_msg("%s: not the same:\n%s", model->name, text);
}

static void the_catalog_comes_back(void **state)
{
	(void)state;
	for (const char *const *name = nat_model_names(NULL); *name; name++) {
		struct nat_model model;
		struct model_error error;

		assert_int_equal(nat_model_find(*name, &model, &error), 0);
		comes_back(&model);
	}
}

static void a_short_buffer_ends_in_a_nul(void **state)
{
	struct nat_model model;
	char text[16];
	size_t len;

	(void)state;
	nat_model_defaults(&model);
	len = model_text(&model, NULL, 0);
	memset(text, 'x', sizeof(text));
	assert_int_equal(model_text(&model, text, 9), len);
	assert_string_equal(text, "return {");
	assert_int_equal(text[9], 'x');
}

static void what_needs_quotes_comes_back(void **state)
{
	struct nat_model model;

	(void)state;
	nat_model_defaults(&model);
	snprintf(model.title, sizeof(model.title), "%s", "\"quoted\", and \\134");
	model.algs = 1U << NAT_ALG_SIP | 1U << NAT_ALG_FTP;
	model.udp.outbound_ports[0] = 443;
	model.udp.outbound_ports[1] = 80;
	assert_int_equal(ip_prefix_parse("11.1.0.0/16", &model.exempt[0]), 0);
	assert_int_equal(ip_prefix_parse("11.2.0.0/16", &model.exempt[1]), 0);
	comes_back(&model);
}

static void only_what_differs_is_written(void **state)
{
	struct nat_model model;
	char text[MODEL_TEXT_MAX];

	(void)state;
	nat_model_defaults(&model);
	model_text(&model, text, sizeof(text));
	assert_string_equal(text, "return {\n}\n");
	model.tcp.step = -3;
	model_text(&model, text, sizeof(text));
	assert_string_equal(text, "return {\n  tcp = {\n    step = -3,\n  },\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_catalog_comes_back),
		cmocka_unit_test(a_short_buffer_ends_in_a_nul),
		cmocka_unit_test(what_needs_quotes_comes_back),
		cmocka_unit_test(only_what_differs_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
