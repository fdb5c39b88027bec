/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 6052: IPv4 addresses within IPv6 ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/nat64_address.h"
#include "nat_script.h"

/* Section 2.4, Table 1 and Table 2: 192.0.2.33 behind each. */
static const struct row {
	const char *prefix, *want;
} rows[] = {
	{ "2001:db8::/32", "2001:db8:c000:221::" },
	{ "2001:db8:100::/40", "2001:db8:1c0:2:21::" },
	{ "2001:db8:122::/48", "2001:db8:122:c000:2:2100::" },
	{ "2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::" },
	{ "2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::" },
	{ "2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33" },
	{ "64:ff9b::/96", "64:ff9b::192.0.2.33" },
};

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix p;

	assert_int_equal(ip_prefix_parse(text, &p), 0);
	return p;
}

static void vector(void **state)
{
	const struct row *row = *state;
	struct ip_prefix prefix = prefix_of(row->prefix);
	struct ip_addr v4 = script_addr("192.0.2.33"), back = { 9, 9 };
	struct ip_addr made = nat64_synthesise(prefix, v4);

	assert_true(nat64_prefix_is_sane(prefix));
	assert_true(ip_addr_equal(made, script_addr(row->want)));
	assert_true(nat64_extract(prefix, made, &back));
	assert_true(ip_addr_equal(back, v4));
	for (uint32_t i = 0; i < 1000; i++) {
		v4 = ip_addr_v4(i * UINT32_C(2654435761));
		made = nat64_synthesise(prefix, v4);
		assert_true(nat64_extract(prefix, made, &back) && ip_addr_equal(back, v4));
		/* 2.2: "Bits 64 to 71 of the address are reserved …  and MUST be set to zero". */
		if (prefix.bits != 96)
			assert_int_equal(made.lo >> 56, 0);
	}
}

static void others(void **state)
{
	static const char *const no[] = {
		"2001:db8::/33", "2001:db8::/64",  "::/0",
		"2001:db8::/95", "2001:db8::/128", "2001:db8:0:0:100::/96"
	};
	struct ip_addr back = { 9, 9 };

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_int_equal(nat64_prefix_is_sane(prefix_of(no[i])), i == 1);
	assert_false(nat64_extract(nat64_well_known(), script_addr("64:ff9c::1"), &back));
	assert_int_equal(back.hi, 9);
	assert_true(ip_addr_equal(nat64_well_known().addr, script_addr("64:ff9b::")));
}

int main(void)
{
	static struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0]) + 1];
	size_t n = 0;

	for (; n < sizeof(rows) / sizeof(rows[0]); n++)
		tests[n] = (struct CMUnitTest){ .name = rows[n].prefix,
						.test_func = vector,
						.initial_state = (void *)(uintptr_t)&rows[n] };
	tests[n] = (struct CMUnitTest)cmocka_unit_test(others);
	return _cmocka_run_group_tests("NAT64 addresses", tests, n + 1, NULL, NULL);
}
