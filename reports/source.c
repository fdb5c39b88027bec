/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Memory grows by at most this beyond what was read, so that a length of 4 GiB in a file of
 * 100 bytes costs nothing. */
enum { CHUNK = 65536 };

int source_init(struct source *source, FILE *file, const char *path)
{
	*source = (struct source){ .file = file };
	source->name = strdup(path);
	if (!source->name) {
		source_clear(source);
		return -ENOMEM;
	}
	return 0;
}

void source_clear(struct source *source)
{
	if (source->file)
		fclose(source->file);
	free(source->name);
	free(source->bytes);
	source->file = NULL;
	source->name = NULL;
	source->bytes = NULL;
}

int source_fail(struct source *source, const char *format, ...)
{
	va_list args;
	int n;

	if (source->error[0] != '\0')
		return -EBADMSG;
	n = snprintf(source->error, sizeof(source->error), "%.800s: ", source->name);
	va_start(args, format);
	vsnprintf(source->error + n, sizeof(source->error) - (size_t)n, format, args);
	va_end(args);
	return -EBADMSG;
}

void source_begin(struct source *source)
{
	source->offset = source->next;
	source->len = 0;
}

static int grow(struct source *source, size_t room)
{
	uint8_t *bytes;

	if (room <= source->room)
		return 0;
	bytes = realloc(source->bytes, room);
	if (!bytes) {
		source_fail(source, "no memory for %zu bytes at byte %" PRIu64, room,
			    source->offset);
		return -ENOMEM;
	}
	source->bytes = bytes;
	source->room = room;
	return 0;
}

static int ended(struct source *source, size_t len, const char *what)
{
	if (ferror(source->file)) {
		source_fail(source, "cannot be read at byte %" PRIu64 ": %s", source->next,
			    strerror(errno));
		return -EIO;
	}
	if (source->len == 0)
		return 0;
	return source_fail(
		source, "cut short at byte %" PRIu64 ": %s of %zu bytes was promised, %zu are left",
		source->offset, what, len, source->len);
}

int source_need(struct source *source, size_t len, const char *what)
{
	while (source->len < len) {
		size_t part = len - source->len < CHUNK ? len - source->len : CHUNK;
		size_t got;
		int r = grow(source, source->len + part);

		if (r < 0)
			return r;
		got = fread(source->bytes + source->len, 1, part, source->file);
		source->len += got;
		source->next += got;
		if (got < part)
			return ended(source, len, what);
	}
	return 1;
}

uint16_t source_u16(const struct source *source, size_t at)
{
	const uint8_t *b = source->bytes + at;

	return source->big_endian ? (uint16_t)(b[0] << 8 | b[1]) : (uint16_t)(b[1] << 8 | b[0]);
}

uint32_t source_u32(const struct source *source, size_t at)
{
	uint32_t first = source_u16(source, at);
	uint32_t second = source_u16(source, at + 2);

	return source->big_endian ? first << 16 | second : second << 16 | first;
}
