/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Colour on a terminal, where it is asked for; the text is the same without.
 */
#ifndef KNOTHOLE_PAINT_H
#define KNOTHOLE_PAINT_H

#include <stdbool.h>
#include <stdio.h>

#include "record.h"

enum paint { PAINT_PLAIN, PAINT_GOOD, PAINT_BAD, PAINT_WARN, PAINT_DIM };

/* The paint of a run's end. */
enum paint paint_of(enum record_end end);

/* Print in @paint where @colour, at least @width columns wide (UTF-8 counted by character). */
void paint(FILE *out, bool colour, enum paint paint, int width, const char *text);

/* Print @text as it is, but for control characters, which a program's output or a capture may
 * hold: they become '?'. */
void paint_safe(FILE *out, const char *text);

/* 0, or -EIO where something could not be written to @out; flushes it. */
int paint_done(FILE *out);

#endif
