/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a file or an argument is called may hold anything; the error stays one line. */
static void put_line(FILE *out, const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

int command_error(const char *name, int status, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	fprintf(stderr, name ? "knothole %s: " : "knothole: ", name);
	put_line(stderr, text ? text : "out of memory");
	free(text);
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
	struct stat about = { .st_mode = S_IFDIR };
	int error;

	if ((size_t)snprintf(ret, size, "%s", given) >= size)
		return -ENAMETOOLONG;
	error = make_parents(ret);
	if (error)
		return error;
	if (mkdir(ret, 0777) < 0 && (errno != EEXIST || stat(ret, &about) < 0))
		return -errno;
	/* Before hours of work rather than behind them. */
	if (!S_ISDIR(about.st_mode))
		return -ENOTDIR;
	return access(ret, W_OK | X_OK) < 0 ? -errno : 0;
}

static int make_own(const char *name, char *ret, size_t size)
{
	time_t now = time(NULL);
	struct tm local;
	char stamp[32];

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

int command_results(const char *command, const char *given, const char *name, char *ret,
		    size_t size)
{
	int error = given ? make_given(given, ret, size) : make_own(name, ret, size);

	if (!error)
		return STATUS_OK;
	return command_error(command, STATUS_USAGE,
			     "%s%s: expected a folder that can be written to: %s",
			     given ? "--output " : "", given ? given : "results", strerror(-error));
}
