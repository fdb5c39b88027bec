/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting a population takes no more memory for many pairs than for few.
 *
 * Where a sanitizer has the C library's allocator's place, there is nothing to look at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <malloc.h>

#include "reports/population_count.h"
#include "sim/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED

int main(void)
{
	fprintf(stderr, "a sanitizer has its own allocator: nothing is tested\n");
	return 0;
}

#else

/* The allocator gives a piece up to 16 bytes more than was asked for where it finds one so large: a
 * few of those are no growth.  Of 32 bytes, the least that it gives, one for each 300 pairs is. */
enum { FEW = 300, MANY = 3000, LUCK = 128 };

/* Bytes that are allocated and not freed, without the blocks kept for the next world. */
static size_t held(void)
{
	struct mallinfo2 info;

	arena_trim();
	info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static size_t held_after(const struct population *population, struct tally *tally,
			 struct tally_range range)
{
	struct tally_error error = { "" };

	if (population_count(population, range, 0, NULL, tally, &error))
		fail_msg("pairs %u to %u: %s", (unsigned)range.first, (unsigned)range.end,
			 error.text);
	return held();
}

static void nothing_is_kept(void **state)
{
	static const char *const names[] = { "libp2p-2025", "guha-francis-2005" };
	static struct population population;
	static struct tally tally;
	struct model_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t few, many;

		assert_int_equal(population_find(names[i], &population, &error), 0);
		tally_init(&tally, &population, 1, MANY);
		few = held_after(&population, &tally, (struct tally_range){ 0, FEW });
		many = held_after(&population, &tally, (struct tally_range){ FEW, MANY });
		tally_clear(&tally);
		if (many > few + LUCK)
			fail_msg("%s: %zu bytes are held after %d pairs, %zu after %d", names[i],
				 few, FEW, many, MANY);
	}
}

/* What is freed into the C library's caches counts as held until they are full, so it is told at its
 * start to keep none. */
static int begin_uncached(char **argv)
{
	if (getenv("GLIBC_TUNABLES"))
		return mallopt(M_MXFAST, 0) ? 0 : -1;
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", true);
	execv("/proc/self/exe", argv);
	return -1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_kept) };

	(void)argc;
	if (begin_uncached(argv)) {
		perror("test_population_memory: a C library without caches");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
