/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paint.h"

#include <errno.h>

static const char *const codes[] = {
	[PAINT_PLAIN] = "",	   [PAINT_GOOD] = "\033[32m", [PAINT_BAD] = "\033[1;31m",
	[PAINT_WARN] = "\033[33m", [PAINT_DIM] = "\033[2m",
};

enum paint paint_of(enum record_end end)
{
	switch (end) {
	case RECORD_PASS:
		return PAINT_GOOD;
	case RECORD_SKIP:
		return PAINT_WARN;
	default:
		return PAINT_BAD;
	}
}

static int columns(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void paint(FILE *out, bool colour, enum paint paint, int width, const char *text)
{
	bool coloured = colour && paint != PAINT_PLAIN;
	int pad = width - columns(text);

	fprintf(out, "%s%s%s%*s", coloured ? codes[paint] : "", text, coloured ? "\033[0m" : "",
		pad > 0 ? pad : 0, "");
}

void paint_safe(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

int paint_done(FILE *out)
{
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}
