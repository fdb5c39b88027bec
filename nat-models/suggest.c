/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* No valid word is longer; whatever is, resembles none. */
enum { WORD_MAX = 63 };

static char folded(char c)
{
	if (c == '_' || c == ' ')
		return '-';
	return (char)tolower((unsigned char)c);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Three rows of the table of distances suffice: a swap looks two rows back. */
struct rows {
	size_t row[3][WORD_MAX + 1];
};

static void next_row(struct rows *rows, const char *a, size_t i, const char *b, size_t b_len)
{
	size_t *now = rows->row[i % 3];
	const size_t *above = rows->row[(i + 2) % 3];
	const size_t *two_above = rows->row[(i + 1) % 3];

	now[0] = i;
	for (size_t j = 1; j <= b_len; j++) {
		bool same = folded(a[i - 1]) == folded(b[j - 1]);

		now[j] = min3(above[j] + 1, now[j - 1] + 1, above[j - 1] + !same);
		if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
		    folded(a[i - 2]) == folded(b[j - 1]) && two_above[j - 2] + 1 < now[j])
			now[j] = two_above[j - 2] + 1;
	}
}

/* Edits from @a to @b (restricted Damerau-Levenshtein distance). */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct rows rows;

	for (size_t j = 0; j <= b_len; j++)
		rows.row[0][j] = j;
	for (size_t i = 1; i <= a_len; i++)
		next_row(&rows, a, i, b, b_len);
	return rows.row[a_len % 3][b_len];
}

const char *suggest(const char *word, const char *const *words, size_t n)
{
	size_t len = strlen(word);
	const char *nearest = NULL;
	size_t least = 0;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t other = strlen(words[i]);
		size_t longer = len > other ? len : other;
		size_t edits;

		if (other > WORD_MAX)
			continue;
		edits = distance(word, len, words[i], other);
		/* A word of two letters may be one off: "od" for "of" helps, too. */
		if (edits > (longer < 3 ? 1 : longer / 3) || edits >= longer)
			continue;
		if (!nearest || edits < least) {
			nearest = words[i];
			least = edits;
		}
	}
	return nearest;
}
