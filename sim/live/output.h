/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program has written: the last MiB of it in memory, and all of it in a file. */
#ifndef KNOTHOLE_LIVE_OUTPUT_H
#define KNOTHOLE_LIVE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

enum { OUTPUT_KEPT = 1 << 20 };

struct output {
	char *path; /* of the file; NULL = none */
	bool any; /* it has been written to */
	char *bytes; /* NUL-terminated; NULL while empty */
	size_t len;
	size_t room;
	int file; /* -1 = none */
};

/* @path NULL = no file; one that stays empty is removed in the end.  0 or -errno. */
int output_open(struct output *output, const char *path);
void output_close(struct output *output);

void output_add(struct output *output, const char *bytes, size_t len);
bool output_holds(const struct output *output, const char *text);

/* The text so far, NUL-terminated, valid until the next output_add(). */
const char *output_text(const struct output *output, size_t *ret_len);

#endif
