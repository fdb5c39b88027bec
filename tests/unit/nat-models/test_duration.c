/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times, sizes and rates, there and back.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/duration.h"

enum { UNTOUCHED = 4711 };

struct row {
	const char *text;
	int result;
	uint64_t value;
	const char *back; /* as it is written again; NULL = as it was read */
};

static const struct row times[] = {
	{ "20ms", 0, 20 * NS_PER_MS, NULL },
	{ "1.5s", 0, 1500 * NS_PER_MS, NULL },
	{ "180s", 0, 180 * NS_PER_S, NULL },
	{ "3m", 0, 180 * NS_PER_S, "180s" },
	{ "599s", 0, 599 * NS_PER_S, NULL },
	{ "600s", 0, 600 * NS_PER_S, "10m" },
	{ "2h4m", 0, 7440 * NS_PER_S, NULL },
	{ "2h4m1.25s", 0, 7441 * NS_PER_S + 250 * NS_PER_MS, NULL },
	{ "5d", 0, 432000 * NS_PER_S, "120h" },
	{ "1ns", 0, 1, NULL },
	{ "250us", 0, 250000, NULL },
	{ "0.5us", 0, 500, "500ns" },
	{ "1.500000000000000s", 0, 1500 * NS_PER_MS, "1.5s" },
	{ "0", 0, 0, "0s" },
	{ "0s", 0, 0, NULL },
	{ "18446744073709551615ns", 0, UINT64_MAX, "5124095h34m33.709551615s" },
	{ "18446744073709551616ns", -ERANGE, 0, NULL },
	{ "18446744074s", -ERANGE, 0, NULL },
	{ "213503d24h", -ERANGE, 0, NULL },
	{ "0.5ns", -EINVAL, 0, NULL },
	{ "20", -EINVAL, 0, NULL },
	{ "", -EINVAL, 0, NULL },
	{ "ms", -EINVAL, 0, NULL },
	{ "20 ms", -EINVAL, 0, NULL },
	{ "20ms ", -EINVAL, 0, NULL },
	{ "-1s", -EINVAL, 0, NULL },
	{ "1.s", -EINVAL, 0, NULL },
	{ ".5s", -EINVAL, 0, NULL },
	{ "1.2.3s", -EINVAL, 0, NULL },
	{ "4m2h", -EINVAL, 0, NULL },
	{ "1s1s", -EINVAL, 0, NULL },
	{ "1S", -EINVAL, 0, NULL },
	{ "1sec", -EINVAL, 0, NULL },
};

static const struct row sizes[] = {
	{ "64KiB", 0, 65536, NULL },
	{ "1500", 0, 1500, "1500B" },
	{ "1.5MiB", 0, 1572864, "1536KiB" },
	{ "10kB", 0, 10000, NULL },
	{ "2GiB", 0, 1ULL << 31, NULL },
	{ "0", 0, 0, "0B" },
	{ "0.3B", -EINVAL, 0, NULL },
	{ "64kib", -EINVAL, 0, NULL },
	{ "64KiB1B", -EINVAL, 0, NULL },
	{ "99999999999GiB", -ERANGE, 0, NULL },
	{ "", -EINVAL, 0, NULL },
};

static const struct row rates[] = {
	{ "10Mbit", 0, 10000000, NULL },
	{ "56kbit", 0, 56000, NULL },
	{ "1.5Mbit", 0, 1500000, "1500kbit" },
	{ "300bit", 0, 300, NULL },
	{ "1Gbit", 0, 1000000000, NULL },
	{ "0", 0, 0, "0bit" },
	{ "10", -EINVAL, 0, NULL },
	{ "10MB", -EINVAL, 0, NULL },
	{ "99999999999Gbit", -ERANGE, 0, NULL },
};

static const struct row shares[] = {
	{ "0%", 0, 0, NULL },
	{ "5%", 0, 50000, NULL },
	{ "0.0001%", 0, 1, NULL },
	{ "100%", 0, 1000000, NULL },
	{ "100.0001%", -ERANGE, 0, NULL },
	{ "0.00001%", -EINVAL, 0, NULL },
	{ "99999999999999999999%", -ERANGE, 0, NULL },
	{ "0", -EINVAL, 0, NULL },
	{ "5", -EINVAL, 0, NULL },
	{ "5%%", -EINVAL, 0, NULL },
	{ "-5%", -EINVAL, 0, NULL },
	{ "%", -EINVAL, 0, NULL },
	{ "", -EINVAL, 0, NULL },
};

static void check(const struct row *rows, size_t n, int (*parse)(const char *, uint64_t *),
		  const char *(*format)(uint64_t, char *))
{
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		uint64_t value = UNTOUCHED;
		int r = parse(row->text, &value);
		char buf[64];

		if (r != row->result || value != (r < 0 ? UNTOUCHED : row->value))
			fail_msg("\"%s\": %d, %" PRIu64, row->text, r, value);
		if (r < 0 || !format)
			continue;
		format(value, buf);
		if (strcmp(buf, row->back ? row->back : row->text) != 0)
			fail_msg("\"%s\" comes back as \"%s\"", row->text, buf);
		if (parse(buf, &value) < 0 || value != row->value)
			fail_msg("\"%s\" is not read back", buf);
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void times_there_and_back(void **state)
{
	(void)state;
	check(times, COUNT(times), duration_parse, duration_format);
}

static void sizes_there_and_back(void **state)
{
	(void)state;
	check(sizes, COUNT(sizes), size_parse, size_format);
}

static void rates_there_and_back(void **state)
{
	(void)state;
	check(rates, COUNT(rates), rate_parse, rate_format);
}

static void shares_from_nothing_to_all(void **state)
{
	(void)state;
	check(shares, COUNT(shares), share_parse, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_there_and_back),
		cmocka_unit_test(sizes_there_and_back),
		cmocka_unit_test(rates_there_and_back),
		cmocka_unit_test(shares_from_nothing_to_all),
	};

	return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
