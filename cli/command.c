/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int command_error(const char *name, int status, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "knothole %s: ", name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

bool command_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR");

	return (!no || !*no) && isatty(fileno(out));
}

/* Make every directory above the last component of @path, which is put back as it was. */
static int make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int failed;

		*slash = '\0';
		failed = mkdir(path, 0777) < 0 && errno != EEXIST;
		*slash = '/';
		if (failed)
			return -errno;
	}
	return 0;
}

static int make_given(const char *given, char *ret, size_t size)
{
	int error;

	if (!*given)
		return -ENOENT;
	if ((size_t)snprintf(ret, size, "%s", given) >= size)
		return -ENAMETOOLONG;
	error = make_parents(ret);
	if (error)
		return error;
	return mkdir(ret, 0777) < 0 && errno != EEXIST ? -errno : 0;
}

int command_results(const char *given, const char *name, char *ret, size_t size)
{
	time_t now = time(NULL);
	struct tm local;
	char stamp[32];

	if (given)
		return make_given(given, ret, size);
	localtime_r(&now, &local);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d-%H%M%S", &local);
	if (mkdir("results", 0777) < 0 && errno != EEXIST)
		return -errno;
	/* Two runs may well begin in one second: mkdir() itself decides whose name it is. */
	for (unsigned n = 1;; n++) {
		int len = n == 1 ? snprintf(ret, size, "results/%s-%s", stamp, name)
				 : snprintf(ret, size, "results/%s-%s-%u", stamp, name, n);

		if ((size_t)len >= size)
			return -ENAMETOOLONG;
		if (mkdir(ret, 0777) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
}
