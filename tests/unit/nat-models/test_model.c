/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The defaults are the RFCs', and each knob says what it holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/check.h"
#include "nat-models/duration.h"
#include "nat-models/knobs.h"
#include "nat-models/model.h"

static void the_rfcs_recommendations(void **state)
{
	struct nat_model m;

	(void)state;
	nat_model_defaults(&m);
	assert_int_equal(m.udp.mapping, NAT_EI); /* RFC 4787 REQ-1 */
	assert_int_equal(m.pooling, NAT_POOLING_PAIRED); /* REQ-2 */
	assert_int_not_equal(m.udp.collision, NAT_COLLISION_OVERLOAD); /* REQ-3 */
	assert_true(m.udp.keep_well_known); /* REQ-3a */
	assert_true(m.udp.timeout_ns >= 120 * NS_PER_S); /* REQ-5 */
	assert_int_equal(m.udp.timeout_ns, 300 * NS_PER_S); /* REQ-5c */
	assert_int_equal(m.udp.refresh, NAT_REFRESH_OUTBOUND); /* REQ-6 */
	assert_int_equal(m.hairpin, NAT_HAIRPIN_EXTERNAL); /* REQ-9a */
	assert_int_equal(m.tcp.mapping, NAT_EI); /* RFC 5382 REQ-1 */
	assert_int_equal(m.tcp.unsolicited, NAT_UNSOLICITED_DROP); /* REQ-4 */
	assert_int_equal(m.tcp.timeout_two_way_ns, (2 * 60 + 4) * 60 * NS_PER_S); /* REQ-5 */
	assert_int_equal(m.tcp.timeout_ns, 4 * 60 * NS_PER_S); /* REQ-5 */
	assert_int_equal(m.icmp.timeout_ns, 60 * NS_PER_S); /* RFC 5508 REQ-2 */
	assert_true(m.icmp.errors); /* REQ-3 */
	assert_int_equal(m.pool_size, 1);
}

static void the_defaults_hold_together(void **state)
{
	struct nat_model model;
	char text[200];

	(void)state;
	nat_model_defaults(&model);
	assert_null(model_check(&model, text, sizeof(text)));
}

static void words_by_value(void **state)
{
	(void)state;
	assert_string_equal(nat_kind_word(NAT_KIND_ROUTER), "router");
	assert_string_equal(nat_scope_word(NAT_APD), "address-and-port-dependent");
	assert_string_equal(nat_ports_word(NAT_PORTS_BLOCK), "block");
	assert_string_equal(nat_collision_word(NAT_COLLISION_REFUSE), "refuse");
	assert_string_equal(nat_refresh_word(NAT_REFRESH_NONE), "none");
	assert_string_equal(nat_hairpin_word(NAT_HAIRPIN_EXTERNAL), "external-source");
	assert_string_equal(nat_pooling_word(NAT_POOLING_ARBITRARY), "arbitrary");
	assert_string_equal(nat_unsolicited_word(NAT_UNSOLICITED_POISON), "poison");
	assert_string_equal(nat_eviction_word(NAT_EVICT_RANDOM), "random");
	assert_string_equal(nat_rfc3489_word(NAT_3489_UDP_BLOCKED), "udp-blocked");
	assert_string_equal(nat_scope_word((enum nat_scope)(NAT_APD + 1)), "?");
}

/* Set and read back at both ends of its range, a knob holds its own and touches no other. */
static void try_value(const struct knob_section *section, const struct knob *knob, int64_t value)
{
	struct nat_model before, after;
	int64_t was;

	nat_model_defaults(&before);
	after = before;
	was = knob_value(&before, section, knob);
	knob_set(&after, section, knob, value);
	if (knob_value(&after, section, knob) != value)
		fail_msg("%s.%s does not hold %lld", section->name, knob->key, (long long)value);
	knob_set(&after, section, knob, was);
	if (memcmp(&before, &after, sizeof(before)) != 0)
		fail_msg("%s.%s touches another", section->name, knob->key);
}

static void every_knob_holds_its_range(void **state)
{
	(void)state;
	for (size_t s = 0; s < KNOB_SECTIONS; s++) {
		const struct knob_section *section = &knob_sections[s];

		for (size_t k = 0; k < section->len; k++) {
			const struct knob *knob = &section->knobs[k];
			int64_t last = knob->max;

			if (!knob_is_number(knob->type))
				continue;
			for (; knob->type == KNOB_WORD && knob->words[last + 1].word; last++)
				;
			try_value(section, knob, knob->min);
			try_value(section, knob, last);
		}
	}
}

static void timers_and_texts_are_no_behaviour(void **state)
{
	struct nat_model a, b;

	(void)state;
	nat_model_defaults(&a);
	b = a;
	b.udp.timeout_ns = 1;
	snprintf(b.title, sizeof(b.title), "other");
	assert_true(knobs_same_behaviour(&a, &b));
	b.icmp.ping_answered = !b.icmp.ping_answered;
	assert_false(knobs_same_behaviour(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfcs_recommendations),
		cmocka_unit_test(the_defaults_hold_together),
		cmocka_unit_test(words_by_value),
		cmocka_unit_test(every_knob_holds_its_range),
		cmocka_unit_test(timers_and_texts_are_no_behaviour),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
