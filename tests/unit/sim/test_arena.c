/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/arena.h"

enum { PIECES = 5000, LARGE = 100000 };

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Every size up to beyond what is cut off blocks, twice over: what was given back comes clean. */
static void pieces_are_clean_and_apart(void **state)
{
	struct arena *arena = arena_new();
	static uint8_t *pieces[PIECES];

	(void)state;
	assert_non_null(arena);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < PIECES; i++) {
			pieces[i] = arena_take(arena, i + 1);
			assert_non_null(pieces[i]);
			assert_true(is_zero(pieces[i], i + 1));
			memset(pieces[i], (int)(i % 255) + 1, i + 1);
		}
		for (size_t i = 0; i < PIECES; i++) {
			assert_int_equal(pieces[i][0], i % 255 + 1);
			assert_int_equal(pieces[i][i], i % 255 + 1);
			arena_give(arena, pieces[i], i + 1);
		}
	}
	arena_give(arena, NULL, 1);
	arena_free(arena);
	arena_free(NULL);
}

static void what_grows_keeps_its_bytes(void **state)
{
	struct arena *arena = arena_new();
	uint8_t *piece = NULL;
	size_t size = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t more = 16; more < LARGE; more *= 2) {
		piece = arena_grow(arena, piece, size, more);
		assert_non_null(piece);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(piece[i], i % 251);
		assert_true(is_zero(piece + size, more - size));
		for (size_t i = 0; i < more; i++)
			piece[i] = (uint8_t)(i % 251);
		size = more;
	}
	arena_give(arena, piece, size);
	arena_free(arena);
}

/* The next arena's memory is the last one's, and shows nothing of it. */
static void the_next_one_starts_clean(void **state)
{
	static uint8_t *pieces[PIECES];

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct arena *arena = arena_new();

		assert_non_null(arena);
		for (size_t i = 0; i < PIECES; i++) {
			uint8_t *piece = arena_take(arena, 300);

			assert_non_null(piece);
			assert_true(is_zero(piece, 300));
			memset(piece, 0xff, 300);
			pieces[i] = piece;
		}
		for (size_t i = 0; i < PIECES; i++)
			arena_give(arena, pieces[i], 300);
		arena_free(arena);
	}
	arena_trim();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_clean_and_apart),
		cmocka_unit_test(what_grows_keeps_its_bytes),
		cmocka_unit_test(the_next_one_starts_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
