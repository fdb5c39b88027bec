/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FTP's lines: what names an endpoint lies within the line, and written again reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/ftp_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *line, size_t len, bool reply)
{
	char text[FTP_TEXT], again[FTP_LINE_MAX + FTP_TEXT];
	struct ftp_line read, second;
	size_t n;

	ftp_line_may_become(line, len, reply);
	if (!ftp_line_read(line, len, reply, &read))
		return;
	if (read.at + read.len > len || !read.len || !read.data.port)
		abort();
	n = ftp_line_write(&read, read.data, text);
	if (n > sizeof(text))
		abort();
	memcpy(again, line, read.at);
	memcpy(again + read.at, text, n);
	memcpy(again + read.at + n, line + read.at + read.len, len - read.at - read.len);
	len += n - read.len;
	if (len <= FTP_LINE_MAX &&
	    (!ftp_line_read(again, len, reply, &second) || !endpoint_equal(second.data, read.data)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* At its exact size, so that a sanitizer sees whoever reads beyond it. */
	char *line = malloc(size ? size : 1);

	if (!line)
		return 0;
	memcpy(line, data, size);
	check(line, size, false);
	check(line, size, true);
	free(line);
	return 0;
}
