/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that is there whole or not at all: it is written under a temporary name beside its own
 * and then renamed, so that a run that is killed leaves no report cut short for its reader.
 *
 * What is no regular file (/dev/stdout, a pipe) has nothing to rename, and is written at once.
 */
#ifndef KNOTHOLE_WHOLE_FILE_H
#define KNOTHOLE_WHOLE_FILE_H

#include <stddef.h>

/* Make @path hold the @len bytes at @bytes.  0, or -errno, and @path is as it was before. */
int whole_file_write(const char *path, const void *bytes, size_t len);

#endif
