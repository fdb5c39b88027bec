/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where scenarios are, and which ones a command line means.  It reads no scenario.
 */
#ifndef KNOTHOLE_COLLECTION_H
#define KNOTHOLE_COLLECTION_H

#include <stddef.h>

struct collection_file {
	char *path;
	char name[56]; /* "skype/both-behind-nat"; of others the folder and the file */
	char *shown; /* in errors: "skype/both-behind-nat.lua"; of others the path as it was given */
};

struct collection {
	struct collection_file *files; /* sorted by name within each operand, each file once */
	size_t len;
	size_t met; /* the same file counted each time that it is met */
};

/*
 * The folder that holds scenarios/: $KNOTHOLE_HOME, or the nearest one above the executable.
 * 0 with its path in @ret, -ENOENT, or -ENAMETOOLONG.
 */
int collection_home(char *ret, size_t size);

/*
 * The files that @operands (@n of them) mean: a file, a folder (every *.lua below it), or a
 * name such as "skype/both-behind-nat" or "skype" in @home's scenarios.  None: all that stand in the
 * folders of @home's scenarios.  0, or -errno with one line in @ret_error.  End it with collection_clear().
 */
int collection_find(const char *home, char *const *operands, size_t n, struct collection *ret,
		    char *ret_error, size_t size);
void collection_clear(struct collection *collection);

#endif
