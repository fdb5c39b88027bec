/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* From the greatest to the smallest, so that the formatters take the first that fits. */
static const struct unit times[] = {
	{ "d", 86400 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "m", 60 * NS_PER_S },
	{ "s", NS_PER_S },
	{ "ms", NS_PER_MS },
	{ "us", NS_PER_US },
	{ "ns", 1 },
};

static const struct unit sizes[] = {
	{ "GiB", 1ULL << 30 },
	{ "GB", 1000000000 },
	{ "MiB", 1ULL << 20 },
	{ "MB", 1000000 },
	{ "KiB", 1ULL << 10 },
	{ "kB", 1000 },
	{ "B", 1 },
};

static const struct unit rates[] = {
	{ "Gbit", 1000000000 },
	{ "Mbit", 1000000 },
	{ "kbit", 1000 },
	{ "bit", 1 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A decimal number as @digits / @divisor. */
struct decimal {
	uint64_t digits;
	uint64_t divisor;
};

static int add_digit(struct decimal *number, char c, bool after_point)
{
	if (__builtin_mul_overflow(number->digits, 10, &number->digits) ||
	    __builtin_add_overflow(number->digits, (uint64_t)(c - '0'), &number->digits))
		return -ERANGE;
	if (after_point && __builtin_mul_overflow(number->divisor, 10, &number->divisor))
		return -ERANGE;
	return 0;
}

/* Read "12" or "1.5" and move *text behind it. */
static int read_decimal(const char **text, struct decimal *ret)
{
	const char *at = *text;
	bool after_point = false;

	*ret = (struct decimal){ 0, 1 };
	if (!isdigit((unsigned char)*at))
		return -EINVAL;
	for (; isdigit((unsigned char)*at) || (*at == '.' && !after_point); at++) {
		int r = 0;

		if (*at == '.')
			after_point = true;
		else
			r = add_digit(ret, *at, after_point);
		if (r < 0)
			return r;
	}
	if (at[-1] == '.')
		return -EINVAL;
	*text = at;
	return 0;
}

/* Read a unit's name, which ends where letters do, and move *text behind it. */
static const struct unit *read_unit(const char **text, const struct unit *units, size_t n)
{
	size_t len = 0;

	while (isalpha((unsigned char)(*text)[len]))
		len++;
	for (size_t i = 0; i < n; i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, *text, len) == 0) {
			*text += len;
			return &units[i];
		}
	}
	return NULL;
}

/* The value of @number in the smallest unit; -EINVAL where it is no whole number of them. */
static int scale(struct decimal number, uint64_t factor, uint64_t *ret)
{
	uint64_t product;

	/* Powers of ten that a fraction and its unit share go first: "1.500000000000s" fits. */
	while (number.divisor > 1 && factor % 10 == 0) {
		number.divisor /= 10;
		factor /= 10;
	}
	while (number.divisor > 1 && number.digits % 10 == 0) {
		number.divisor /= 10;
		number.digits /= 10;
	}
	if (__builtin_mul_overflow(number.digits, factor, &product))
		return -ERANGE;
	if (product % number.divisor != 0)
		return -EINVAL;
	*ret = product / number.divisor;
	return 0;
}

int duration_parse(const char *text, uint64_t *ret_ns)
{
	const struct unit *last = NULL;
	uint64_t sum = 0;

	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	do {
		struct decimal number;
		const struct unit *unit;
		uint64_t part;
		int r = read_decimal(&text, &number);

		if (r < 0)
			return r;
		unit = read_unit(&text, times, COUNT(times));
		if (!unit || (last && unit <= last))
			return -EINVAL;
		r = scale(number, unit->factor, &part);
		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum, part, &sum))
			return -ERANGE;
		last = unit;
	} while (*text);
	*ret_ns = sum;
	return 0;
}

static int parse_one(const char *text, const struct unit *units, size_t n, bool bare, uint64_t *ret)
{
	struct decimal number;
	const struct unit *unit;
	int r = read_decimal(&text, &number);

	if (r < 0)
		return r;
	if (*text == '\0' && (bare || number.digits == 0))
		return scale(number, 1, ret);
	unit = read_unit(&text, units, n);
	if (!unit || *text != '\0')
		return -EINVAL;
	return scale(number, unit->factor, ret);
}

int size_parse(const char *text, uint64_t *ret_bytes)
{
	return parse_one(text, sizes, COUNT(sizes), true, ret_bytes);
}

int rate_parse(const char *text, uint64_t *ret_bits_per_s)
{
	return parse_one(text, rates, COUNT(rates), false, ret_bits_per_s);
}

int share_parse(const char *text, uint64_t *ret_ppm)
{
	enum { PPM_OF_PERCENT = 10000 };
	struct decimal number;
	uint64_t ppm;
	int r = read_decimal(&text, &number);

	if (r < 0)
		return r;
	if (strcmp(text, "%") != 0)
		return -EINVAL;
	r = scale(number, PPM_OF_PERCENT, &ppm);
	if (r < 0)
		return r;
	if (ppm > 100 * PPM_OF_PERCENT)
		return -ERANGE;
	*ret_ppm = ppm;
	return 0;
}

/* "1.5ms": @value in @unit, whose factor is a power of ten up to that of a second, with as many
 * decimals as needed. */
static void format_decimal(uint64_t value, const struct unit *unit, char *buf, size_t size)
{
	uint64_t billionths = value % unit->factor * (NS_PER_S / unit->factor);
	char decimals[24];
	size_t len = (size_t)snprintf(decimals, sizeof(decimals), ".%09" PRIu64, billionths);

	while (len && (decimals[len - 1] == '0' || decimals[len - 1] == '.'))
		decimals[--len] = '\0';
	snprintf(buf, size, "%" PRIu64 "%s%s", value / unit->factor, decimals, unit->name);
}

const char *duration_format(uint64_t ns, char buf[DURATION_TEXT])
{
	const struct unit *unit = &times[3];
	int n = 0;

	buf[0] = '\0';
	if (ns >= 600 * NS_PER_S) {
		for (const struct unit *u = &times[1]; u <= &times[2]; u++) {
			if (ns >= u->factor)
				n += snprintf(buf + n, DURATION_TEXT - (size_t)n, "%" PRIu64 "%s",
					      ns / u->factor, u->name);
			ns %= u->factor;
		}
		if (ns == 0)
			return buf;
	}
	while (unit->factor > 1 && ns < unit->factor)
		unit++;
	if (ns == 0)
		unit = &times[3];
	format_decimal(ns, unit, buf + n, DURATION_TEXT - (size_t)n);
	return buf;
}

/* The greatest unit that @value is a whole multiple of. */
static const char *format_whole(uint64_t value, const struct unit *units, size_t n, char *buf,
				size_t size)
{
	const struct unit *unit = units;

	while (unit < units + n - 1 && (value == 0 || value % unit->factor != 0))
		unit++;
	snprintf(buf, size, "%" PRIu64 "%s", value / unit->factor, unit->name);
	return buf;
}

const char *size_format(uint64_t bytes, char buf[SIZE_TEXT])
{
	return format_whole(bytes, sizes, COUNT(sizes), buf, SIZE_TEXT);
}

const char *rate_format(uint64_t bits_per_s, char buf[RATE_TEXT])
{
	return format_whole(bits_per_s, rates, COUNT(rates), buf, RATE_TEXT);
}
