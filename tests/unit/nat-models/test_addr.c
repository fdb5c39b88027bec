/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, prefixes and endpoints as text, there and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/addr.h"

struct row {
	const char *text;
	const char *back; /* as it is written again; NULL = it must not parse */
};

static const struct row addrs[] = {
	{ "192.168.1.2", "192.168.1.2" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "::ffff:1.2.3.4", "1.2.3.4" },
	{ "::1", "::1" },
	{ "::", "::" },
	{ "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "fe80::1", "fe80::1" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "1.2.3", NULL },
	{ "1.2.3.256", NULL },
	{ "1.2.3.4 ", NULL },
	{ " 1.2.3.4", NULL },
	{ "", NULL },
	{ "1:2", NULL },
	{ "example.org", NULL },
};

static const struct row prefixes[] = {
	{ "192.168.1.0/24", "192.168.1.0/24" },
	{ "192.168.1.77/24", "192.168.1.0/24" },
	{ "0.0.0.0/0", "0.0.0.0/0" },
	{ "1.2.3.4/32", "1.2.3.4/32" },
	{ "2001:db8::/32", "2001:db8::/32" },
	{ "2001:db8::1/64", "2001:db8::/64" },
	{ "::1/128", "::1/128" },
	{ "::/0", "::/0" },
	{ "1.2.3.4/33", NULL },
	{ "::1/129", NULL },
	{ "1.2.3.4", NULL },
	{ "1.2.3.4/", NULL },
	{ "1.2.3.4/ 8", NULL },
	{ "1.2.3.4/+8", NULL },
	{ "1.2.3.4/8x", NULL },
	{ "/8", NULL },
	{ "1.2.3.4/999999999999999999999", NULL },
	{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8", NULL },
};

static const struct row endpoints[] = {
	{ "1.2.3.4:5", "1.2.3.4:5" },
	{ "1.2.3.4:0", "1.2.3.4:0" },
	{ "1.2.3.4:65535", "1.2.3.4:65535" },
	{ "[::1]:5", "[::1]:5" },
	{ "[1.2.3.4]:5", "1.2.3.4:5" },
	{ "1.2.3.4:65536", NULL },
	{ "1.2.3.4:", NULL },
	{ "1.2.3.4", NULL },
	{ "1.2.3.4:-1", NULL },
	{ "::1:5", NULL },
	{ "[::1]5", NULL },
	{ "[::1:5", NULL },
	{ "[]:5", NULL },
	{ "[:5", NULL },
	{ ":5", NULL },
};

static const struct ip_addr untouched = { 47, 11 };

static void addresses(void **state)
{
	char buf[IP_ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		struct ip_addr a = untouched;
		int err = ip_addr_parse(addrs[i].text, &a);

		if (!addrs[i].back) {
			assert_int_equal(err, -EINVAL);
			assert_true(ip_addr_equal(a, untouched));
			continue;
		}
		assert_int_equal(err, 0);
		assert_string_equal(ip_addr_format(a, buf), addrs[i].back);
	}
}

static void prefixes_both_ways(void **state)
{
	char buf[IP_PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct ip_prefix p = { untouched, 1 };
		int err = ip_prefix_parse(prefixes[i].text, &p);

		if (!prefixes[i].back) {
			assert_int_equal(err, -EINVAL);
			assert_true(ip_addr_equal(p.addr, untouched));
			continue;
		}
		assert_int_equal(err, 0);
		assert_string_equal(ip_prefix_format(p, buf), prefixes[i].back);
	}
}

static void endpoints_both_ways(void **state)
{
	char buf[ENDPOINT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		struct endpoint e = { untouched, 1 };
		int err = endpoint_parse(endpoints[i].text, &e);

		if (!endpoints[i].back) {
			assert_int_equal(err, -EINVAL);
			assert_true(ip_addr_equal(e.addr, untouched));
			continue;
		}
		assert_int_equal(err, 0);
		assert_string_equal(endpoint_format(e, buf), endpoints[i].back);
	}
}

/* The longest texts fill their buffers exactly. */
static void longest(void **state)
{
	struct ip_prefix p = { { UINT64_MAX, UINT64_MAX }, 128 };
	char buf[ENDPOINT_TEXT];

	(void)state;
	ip_prefix_format(p, buf);
	assert_string_equal(buf, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	endpoint_format((struct endpoint){ p.addr, 65535 }, buf);
	assert_string_equal(buf, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static bool within(const char *prefix, const char *addr)
{
	struct ip_prefix p;
	struct ip_addr a;

	assert_int_equal(ip_prefix_parse(prefix, &p), 0);
	assert_int_equal(ip_addr_parse(addr, &a), 0);
	return ip_prefix_contains(p, a);
}

static void containing(void **state)
{
	(void)state;
	assert_true(within("192.168.1.0/24", "192.168.1.0"));
	assert_true(within("192.168.1.0/24", "192.168.1.255"));
	assert_false(within("192.168.1.0/24", "192.168.2.0"));
	assert_false(within("192.168.1.0/24", "192.168.0.255"));
	assert_true(within("0.0.0.0/0", "255.255.255.255"));
	assert_false(within("0.0.0.0/0", "2001:db8::1"));
	assert_true(within("::/0", "1.2.3.4"));
	assert_true(within("1.2.3.4/32", "1.2.3.4"));
	assert_false(within("1.2.3.4/32", "1.2.3.5"));
	assert_true(within("2001:db8::/65", "2001:db8::7fff:ffff:ffff:ffff"));
	assert_false(within("2001:db8::/65", "2001:db8::8000:0:0:0"));
}

static void kinds(void **state)
{
	static const struct {
		const char *addr;
		bool multicast, is_private;
	} rows[] = {
		{ "224.0.0.0", true, false },	     { "239.255.255.255", true, false },
		{ "223.255.255.255", false, false }, { "240.0.0.0", false, false },
		{ "ff02::1", true, false },	     { "10.0.0.0", false, true },
		{ "10.255.255.255", false, true },   { "11.0.0.0", false, false },
		{ "172.15.255.255", false, false },  { "172.16.0.0", false, true },
		{ "172.31.255.255", false, true },   { "172.32.0.0", false, false },
		{ "192.168.0.0", false, true },	     { "192.169.0.0", false, false },
		{ "100.63.255.255", false, false },  { "100.64.0.0", false, true },
		{ "100.127.255.255", false, true },  { "100.128.0.0", false, false },
		{ "169.254.7.7", false, true },	     { "fc00::1", false, true },
		{ "fdff::1", false, true },	     { "fe00::1", false, false },
		{ "fe80::1", false, true },	     { "febf::1", false, true },
		{ "fec0::1", false, false },	     { "2001:db8::1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip_addr a;

		assert_int_equal(ip_addr_parse(rows[i].addr, &a), 0);
		assert_int_equal(ip_addr_is_multicast(a), rows[i].multicast);
		assert_int_equal(ip_addr_is_private(a), rows[i].is_private);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),	       cmocka_unit_test(prefixes_both_ways),
		cmocka_unit_test(endpoints_both_ways), cmocka_unit_test(longest),
		cmocka_unit_test(containing),	       cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
