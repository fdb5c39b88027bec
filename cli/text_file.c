/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 20 };

char *text_file_read(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	char *text = file ? malloc(FILE_MAX + 1) : NULL;
	int error = errno;

	if (text) {
		*ret_len = fread(text, 1, FILE_MAX + 1, file);
		error = ferror(file) ? errno : *ret_len > FILE_MAX ? EFBIG : 0;
		if (error) {
			free(text);
			text = NULL;
		} else {
			text[*ret_len] = '\0';
		}
	}
	if (file)
		fclose(file);
	errno = error;
	return text;
}
