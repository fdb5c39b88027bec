/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_room(struct script *script, size_t more)
{
	size_t room = script->room ? script->room : 4096;
	char *text;

	while (room < script->len + more + 1)
		room *= 2;
	if (room == script->room)
		return true;
	text = realloc(script->text, room);
	if (!text)
		return false;
	script->text = text;
	script->room = room;
	return true;
}

void script_add(struct script *script, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || script->failed || !make_room(script, (size_t)n)) {
		script->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(script->text + script->len, (size_t)n + 1, format, args);
	va_end(args);
	script->len += (size_t)n;
}

void script_free(struct script *script)
{
	free(script->text);
	*script = (struct script){ 0 };
}
