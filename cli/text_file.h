/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of the user's that is read as a whole: a model, a population.
 */
#ifndef KNOTHOLE_TEXT_FILE_H
#define KNOTHOLE_TEXT_FILE_H

#include <stddef.h>

/*
 * The text of the file @path, the caller's to free, a NUL behind its *ret_len bytes; NULL with errno,
 * which is EFBIG for more than a mebibyte: no such file has so much.
 */
char *text_file_read(const char *path, size_t *ret_len);

#endif
