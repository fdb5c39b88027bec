/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "home.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../names.h"
#include "fork.h"
#include "live_host.h"

#define HOMES "/run/.knothole"

enum { PATH_ROOM = HOME_PATH + 32 };

static int make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) && errno != EEXIST)
		return -errno;
	return chmod(path, mode) ? -errno : 0;
}

static int write_file(const char *home, const char *name, const char *text)
{
	char path[PATH_ROOM];
	FILE *file;
	bool failed;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	failed = fputs(text, file) < 0;
	return fclose(file) || failed ? -EIO : 0;
}

/* A world without a plan, as the tests of this layer have it, names its hosts to nobody. */
static int write_hosts(struct host *host, const char *home)
{
	const struct plan *plan = live_host_of(host)->live->plan;
	const struct plan_node *node = plan ? plan_find(plan, host->name) : NULL;
	char *text = node ? names_hosts(plan, node) : strdup("127.0.0.1\tlocalhost\n");
	int err = text ? write_file(home, "hosts", text) : -ENOMEM;

	free(text);
	return err;
}

/* A name server that cannot be reached from the lab would only cost time; without one glibc asks
 * localhost, which refuses at once. */
static int write_resolv(struct host *host, const char *home)
{
	const struct plan *plan = live_host_of(host)->live->plan;
	const struct plan_node *node = plan ? plan_find(plan, host->name) : NULL;
	char *text = node ? names_resolv(plan, node) : strdup("");
	int err = text ? write_file(home, "resolv.conf", text) : -ENOMEM;

	free(text);
	return err;
}

static int furnish(struct host *host, const char *home)
{
	char path[PATH_ROOM];
	int err = make_folder(home, 0755);

	snprintf(path, sizeof(path), "%s/tmp", home);
	if (!err)
		err = make_folder(path, 01777);
	snprintf(path, sizeof(path), "%s/run", home);
	if (!err)
		err = make_folder(path, 0755);
	if (!err)
		err = write_resolv(host, home);
	return err ? err : write_hosts(host, home);
}

static bool is_in_tmp(const char *path)
{
	return strncmp(path, "/tmp/", 5) == 0;
}

/* A word may hold a path, or several, as a shell's command does. */
static bool names_tmp(const char *word)
{
	char path[4096];

	for (const char *at = strstr(word, "/tmp/"); at; at = strstr(at + 1, "/tmp/")) {
		size_t len = strcspn(at, " \t\n'\";:,)");

		snprintf(path, sizeof(path), "%.*s", (int)len, at);
		if ((at == word || !isalnum((unsigned char)at[-1])) && len > strlen("/tmp/") &&
		    access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static bool spares_tmp(const char *file, const char *const *argv)
{
	char cwd[4096];

	if (!getcwd(cwd, sizeof(cwd)) || is_in_tmp(cwd) || strcmp(cwd, "/tmp") == 0)
		return false;
	for (; *argv; argv++)
		if (names_tmp(*argv))
			return false;
	return !is_in_tmp(file);
}

int home_make(struct host *host, const char *file, const char *const *argv, struct home *ret)
{
	struct live_host *self = live_host_of(host);
	int err;

	*ret = (struct home){ .tmp = spares_tmp(file, argv) };
	if (!fork_owns_run())
		return 0;
	snprintf(ret->path, sizeof(ret->path), HOMES "/%s", host->name);
	if (self->furnished)
		return 0;
	err = make_folder(HOMES, 0755);
	if (!err)
		err = furnish(host, ret->path);
	self->furnished = !err;
	return err;
}

static void put(const struct home *home, const char *name, const char *over)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%s/%s", home->path, name);
	mount(path, over, NULL, MS_BIND, NULL);
}

/* The host's own /sys shows its interfaces.  /run comes last: it hides where the others are from. */
void home_enter(const struct home *home)
{
	if (unshare(CLONE_NEWNS))
		return;
	mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
	if (!home->path[0]) {
		mount("/dev/null", "/etc/resolv.conf", NULL, MS_BIND, NULL);
		return;
	}
	put(home, "resolv.conf", "/etc/resolv.conf");
	put(home, "hosts", "/etc/hosts");
	if (home->tmp)
		put(home, "tmp", "/tmp");
	put(home, "run", "/run");
}
