/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collection.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../nat-models/suggest.h"

enum { DEPTH_MAX = 8, FILES_MAX = 65536 };

static bool has_scenarios(const char *folder)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/scenarios/basics", folder) < sizeof(path) &&
	       access(path, R_OK) == 0;
}

int collection_home(char *ret, size_t size)
{
	const char *given = getenv("KNOTHOLE_HOME");
	char path[PATH_MAX];
	ssize_t len;

	if (given && *given)
		return (size_t)snprintf(ret, size, "%s", given) < size ? 0 : -ENAMETOOLONG;
	len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (len < 0)
		return -errno;
	path[len] = '\0';
	for (char *slash; (slash = strrchr(path, '/'));) {
		*slash = '\0';
		if (has_scenarios(path))
			return (size_t)snprintf(ret, size, "%s", path) < size ? 0 : -ENAMETOOLONG;
	}
	return -ENOENT;
}

/* The end of @path that fits into @room with its NUL, cut at a slash where there is one. */
static const char *end_of(const char *path, size_t room)
{
	while (strlen(path) >= room) {
		const char *slash = strchr(path + 1, '/');

		path = slash ? slash + 1 : path + strlen(path) - room + 1;
	}
	return path;
}

/* @known: what it is called among our own scenarios; NULL for another's. */
static void set_name(struct collection_file *file, const char *known)
{
	const char *path = file->path, *slash, *folder;
	size_t len;

	if (!known) {
		slash = strrchr(path, '/');
		folder = slash ? memrchr(path, '/', (size_t)(slash - path)) : NULL;
		known = folder ? folder + 1 : path;
	}
	known = end_of(known, sizeof(file->name));
	len = strlen(known);
	if (len > 4 && strcmp(known + len - 4, ".lua") == 0)
		len -= 4;
	snprintf(file->name, sizeof(file->name), "%.*s", (int)len, known);
}

/* Files of the same name in folders of the same name would write to the same capture. */
static void make_unique(const struct collection *c, struct collection_file *file)
{
	char name[sizeof(file->name)];
	unsigned n = 1;

	snprintf(name, sizeof(name), "%s", file->name);
	for (size_t i = 0; i < c->len; i++) {
		if (strcmp(c->files[i].name, file->name) != 0)
			continue;
		snprintf(file->name, sizeof(file->name), "%.*s-%u", (int)sizeof(name) - 12, name,
			 ++n);
		i = SIZE_MAX; /* from the start again */
	}
}

static int add(struct collection *c, const char *path, const char *known)
{
	struct collection_file *files;

	c->met++;
	for (size_t i = 0; i < c->len; i++)
		if (strcmp(c->files[i].path, path) == 0)
			return 0;
	if (c->len >= FILES_MAX)
		return -EFBIG;
	files = realloc(c->files, (c->len + 1) * sizeof(*files));
	if (!files)
		return -ENOMEM;
	c->files = files;
	files[c->len].path = strdup(path);
	files[c->len].shown = strdup(known ? known : path);
	if (!files[c->len].path || !files[c->len].shown) {
		free(files[c->len].path);
		free(files[c->len].shown);
		return -ENOMEM;
	}
	set_name(&files[c->len], known);
	make_unique(c, &files[c->len]);
	c->len++;
	return 0;
}

static bool is_scenario(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 4 && strcmp(name + len - 4, ".lua") == 0 &&
	       (len < 6 || strcmp(name + len - 6, ".d.lua") != 0);
}

/* All below @path, whose names begin at @strip (0 = they are not ours); only below its folders
 * where @folders_only. */
static int add_folder(struct collection *c, const char *path, size_t strip, bool folders_only,
		      int depth)
{
	struct dirent **entries;
	int n = depth < DEPTH_MAX ? scandir(path, &entries, NULL, alphasort) : 0, error = 0;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		char below[PATH_MAX];
		struct stat st;

		if (!error && entries[i]->d_name[0] != '.' &&
		    (size_t)snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name) <
			    sizeof(below) &&
		    stat(below, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				error = add_folder(c, below, strip, false, depth + 1);
			else if (!folders_only && is_scenario(entries[i]->d_name))
				error = add(c, below, strip ? below + strip : NULL);
		}
		free(entries[i]);
	}
	if (n > 0 || depth < DEPTH_MAX)
		free(entries);
	return error;
}

static bool exists(const char *path, bool *ret_folder)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	*ret_folder = S_ISDIR(st.st_mode);
	return true;
}

/* The name nearest to @operand among all that @scenarios has. */
static int unknown(const char *scenarios, const char *operand, char *ret_error, size_t size)
{
	struct collection all = { 0 };
	const char **names, *near = NULL;

	add_folder(&all, scenarios, strlen(scenarios) + 1, true, 0);
	names = calloc(all.len + 1, sizeof(*names));
	for (size_t i = 0; names && i < all.len; i++)
		names[i] = all.files[i].name;
	if (names)
		near = suggest(operand, names, all.len);
	if (near)
		snprintf(ret_error, size,
			 "%s: no such file, folder or scenario; did you mean \"%s\"?", operand,
			 near);
	else
		snprintf(ret_error, size, "%s: no such file, folder or scenario", operand);
	free(names);
	collection_clear(&all);
	return -ENOENT;
}

/* One of our own, by its name or its folder's. */
static int add_ours(struct collection *c, const char *scenarios, const char *name, bool *ret_folder)
{
	static const char *const endings[] = { ".lua", "" };
	size_t strip = strlen(scenarios) + 1;
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		int len = snprintf(path, sizeof(path), "%s/%s%s", scenarios, name, endings[i]);

		if ((size_t)len >= sizeof(path))
			return -ENAMETOOLONG;
		if (!exists(path, ret_folder))
			continue;
		return *ret_folder ? add_folder(c, path, strip, false, 0)
				   : add(c, path, path + strip);
	}
	return -ENOENT;
}

static int add_operand(struct collection *c, const char *scenarios, const char *operand,
		       char *ret_error, size_t size)
{
	size_t before = c->met, len = strlen(scenarios);
	bool ours = strncmp(operand, scenarios, len) == 0 && operand[len] == '/';
	size_t strip = ours ? len + 1 : 0;
	bool folder = false;
	int error;

	if (!*operand) {
		snprintf(ret_error, size, "expected a file, folder or scenario; got \"\"");
		return -ENOENT;
	}
	if (exists(operand, &folder))
		error = folder ? add_folder(c, operand, strip, false, 0)
			       : add(c, operand, ours ? operand + strip : NULL);
	else
		error = add_ours(c, scenarios, operand, &folder);
	if (error == -ENOENT)
		return unknown(scenarios, operand, ret_error, size);
	if (!error && folder && c->met == before) {
		snprintf(ret_error, size, "%s: no scenario in it", operand);
		return -ENOENT;
	}
	if (error)
		snprintf(ret_error, size, "%s: %s", operand, strerror(-error));
	return error;
}

int collection_find(const char *home, char *const *operands, size_t n, struct collection *ret,
		    char *ret_error, size_t size)
{
	char scenarios[PATH_MAX];
	int error = 0;

	*ret = (struct collection){ 0 };
	snprintf(scenarios, sizeof(scenarios), "%s/scenarios", home);
	if (n == 0) {
		error = add_folder(ret, scenarios, strlen(scenarios) + 1, true, 0);
		if (error)
			snprintf(ret_error, size, "%s: %s", scenarios, strerror(-error));
	}
	for (size_t i = 0; i < n && !error; i++)
		error = add_operand(ret, scenarios, operands[i], ret_error, size);
	if (error)
		collection_clear(ret);
	return error;
}

void collection_clear(struct collection *collection)
{
	for (size_t i = 0; i < collection->len; i++) {
		free(collection->files[i].path);
		free(collection->files[i].shown);
	}
	free(collection->files);
	*collection = (struct collection){ 0 };
}
