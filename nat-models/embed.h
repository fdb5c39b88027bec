/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that the build puts into the binary (embed.cmake writes the arrays).
 */
#ifndef KNOTHOLE_EMBED_H
#define KNOTHOLE_EMBED_H

#include <stddef.h>

struct embedded_file {
	const char *name; /* relative to the folder that was embedded, with "/" between parts */
	const char *text; /* its bytes, and a NUL that `len` does not count */
	size_t len;
};

/* nat-models/catalog/, sorted by name; a NULL name ends it. */
extern const struct embedded_file embedded_catalog[];

/* nat-models/recipes/, the same. */
extern const struct embedded_file embedded_recipes[];

/* nat-models/populations/, the same. */
extern const struct embedded_file embedded_populations[];

#endif
