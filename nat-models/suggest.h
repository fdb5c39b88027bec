/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nearest valid word to one that is not valid, for "did you mean".
 */
#ifndef KNOTHOLE_SUGGEST_H
#define KNOTHOLE_SUGGEST_H

#include <stddef.h>

/*
 * The one of @words (@n of them) that is nearest to @word by edits: a letter left out, put
 * in, changed, or swapped with its neighbour.  Case does not count, nor does the choice of
 * "_", "-" or a blank.  NULL where nothing is near, which is more than a third of the word's
 * letters away.  Of two that are equally near, the earlier.
 */
const char *suggest(const char *word, const char *const *words, size_t n);

#endif
