/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int output_open(struct output *output, const char *path)
{
	*output = (struct output){ .file = -1 };
	if (!path)
		return 0;
	output->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (output->file < 0)
		return -errno;
	output->path = strdup(path);
	return output->path ? 0 : -ENOMEM;
}

void output_close(struct output *output)
{
	if (output->file >= 0)
		close(output->file);
	if (output->path && !output->any)
		unlink(output->path);
	free(output->path);
	free(output->bytes);
}

static void write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* a full disk must not end the run; memory has the end of it */
		bytes += n;
		len -= (size_t)n;
	}
}

/* Room for @len more bytes and the NUL; twice what is kept is held before old text goes, so
 * that it seldom has to. */
static bool make_room(struct output *output, size_t len)
{
	size_t room = output->room ? output->room : 4096;
	char *bytes;

	if (output->len + len > (size_t)2 * OUTPUT_KEPT && output->len > OUTPUT_KEPT) {
		memmove(output->bytes, output->bytes + output->len - OUTPUT_KEPT, OUTPUT_KEPT);
		output->len = OUTPUT_KEPT;
	}
	while (room < output->len + len + 1)
		room *= 2;
	if (room == output->room)
		return true;
	bytes = realloc(output->bytes, room);
	if (!bytes)
		return false;
	output->bytes = bytes;
	output->room = room;
	return true;
}

void output_add(struct output *output, const char *bytes, size_t len)
{
	output->any |= len > 0;
	if (output->file >= 0)
		write_all(output->file, bytes, len);
	if (!len || !make_room(output, len))
		return;
	memcpy(output->bytes + output->len, bytes, len);
	output->len += len;
	output->bytes[output->len] = '\0';
}

const char *output_text(const struct output *output, size_t *ret_len)
{
	size_t skip = output->len > OUTPUT_KEPT ? output->len - OUTPUT_KEPT : 0;

	if (ret_len)
		*ret_len = output->len - skip;
	return output->bytes ? output->bytes + skip : "";
}

bool output_holds(const struct output *output, const char *text)
{
	size_t len;
	const char *all = output_text(output, &len);

	/* Programs may write NULs. */
	return memmem(all, len, text, strlen(text)) != NULL;
}
