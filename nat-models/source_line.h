/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On which line of a Lua text a key of a table stands.  Lua forgets it once a constructor has
 * run, and an error should name it.  This reads the text's tokens only; nothing is run.
 */
#ifndef KNOTHOLE_SOURCE_LINE_H
#define KNOTHOLE_SOURCE_LINE_H

#include <stddef.h>

/*
 * The line, counted from 1, of the key at @path ("udp.filtering") in the table that the text
 * returns, or else in any table of it.  Where only the path's beginning is written there ("udp"),
 * the line of that; 0 where not even that is.  Total: any bytes may be passed.
 */
unsigned source_line(const char *text, size_t len, const char *path);

#endif
