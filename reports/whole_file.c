/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "whole_file.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_to(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "we");
	int error = 0;

	if (!file)
		return -errno;
	if (fwrite(bytes, 1, len, file) != len)
		error = -errno;
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

/* A link is not: a rename would put the file in the link's place. */
static bool can_be_renamed(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode);
}

int whole_file_write(const char *path, const void *bytes, size_t len)
{
	char temporary[PATH_MAX];
	int error;

	if (!can_be_renamed(path))
		return write_to(path, bytes, len);
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid()) >=
	    sizeof(temporary))
		return -ENAMETOOLONG;
	error = write_to(temporary, bytes, len);
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		unlink(temporary);
	return error;
}
