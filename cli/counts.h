/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `knothole population` and `knothole merge` share: giving out a tally. */
#ifndef KNOTHOLE_COUNTS_H
#define KNOTHOLE_COUNTS_H

#include "../reports/tally.h"

/* Write @tally as @path, which may be NULL, and print it as @format ("text" or "json"). STATUS_OK;
 * STATUS_UNEXPECTED where a verified pair came out otherwise, STATUS_USAGE where the file cannot be
 * written, with a line on stderr. */
int counts_give(const char *name, const struct tally *tally, const char *path, const char *format);

#endif
