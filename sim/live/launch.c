/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live.h"

enum { ENV_MAX = 64, PATH_ROOM = 4096 };

/* Servers live in the sbin folders, which an ordinary user's PATH leaves out. */
static const char *search_path(void)
{
	static const char more[] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";
	static _Thread_local char path[PATH_ROOM];
	const char *own = getenv("PATH");

	snprintf(path, sizeof(path), "%s%s%s", own ? own : "", own ? ":" : "", more);
	return path;
}

static int check(const char *file)
{
	struct stat stat_of;

	if (stat(file, &stat_of))
		return -ENOENT;
	if (!S_ISREG(stat_of.st_mode) || access(file, X_OK))
		return -EACCES;
	return 0;
}

int launch_find(const char *name, char *ret, size_t size)
{
	const char *at = search_path();
	int err = -ENOENT;

	if (strchr(name, '/')) {
		snprintf(ret, size, "%s", name);
		return check(ret);
	}
	while (*name && *at) {
		size_t len = strcspn(at, ":");
		int n = snprintf(ret, size, "%.*s/%s", (int)len, at, name);
		int found = n > 0 && (size_t)n < size ? check(ret) : -ENOENT;

		if (!found)
			return 0;
		if (found == -EACCES)
			err = found;
		at += len + (at[len] == ':');
	}
	return err;
}

int live_find_program(const char *name)
{
	char file[PATH_ROOM];

	return launch_find(name, file, sizeof(file));
}

static int lent_terminal;

void live_lend_terminal(int fd)
{
	lent_terminal = fd;
}

int live_terminal(void)
{
	return lent_terminal;
}

/* In the child */

/* Where exec's own errors can be read by people. */
static _Noreturn void fail(const char *what, const char *name)
{
	dprintf(STDERR_FILENO, "%s: %s: %s\n", name, what, strerror(errno));
	_exit(127);
}

static void enter(const struct launch *launch)
{
	sigset_t none;

	setsid();
	if (setns(launch->ns, CLONE_NEWNET))
		fail("cannot enter the host", launch->argv[0]);
	if (!unshare(CLONE_NEWUTS) && sethostname(launch->hostname, strlen(launch->hostname)))
		fail("cannot be given its name", launch->hostname);
	home_enter(&launch->home);
	/* exec resets handlers, but neither what is blocked nor what is ignored. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void wire_stdio(const struct launch *launch)
{
	bool terminal = launch->terminal >= 0;
	int in = terminal ? launch->terminal : open("/dev/null", O_RDONLY);

	if (terminal)
		ioctl(in, TIOCSCTTY, 0); /* it leads a session, so it has job control with this */
	dup2(in, STDIN_FILENO);
	dup2(terminal ? in : launch->out, STDOUT_FILENO);
	dup2(terminal ? in : launch->err, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

static void build_env(const struct launch *launch, const char **env, char *path)
{
	size_t n = 0;

	snprintf(path, PATH_ROOM + 8, "PATH=%s", search_path());
	env[n++] = path;
	env[n++] = "HOME=/tmp";
	env[n++] = "LC_ALL=C";
	/* Last wins in no libc: an own PATH must come instead of ours. */
	for (size_t i = 0; launch->env && launch->env[i] && n < ENV_MAX; i++) {
		size_t name = strcspn(launch->env[i], "=") + 1;
		size_t at = 0;

		while (at < n && strncmp(env[at], launch->env[i], name) != 0)
			at++;
		env[at] = launch->env[i];
		if (at == n)
			n++;
	}
	env[n] = NULL;
}

static _Noreturn void run(const char *file, const struct launch *launch)
{
	const char *env[ENV_MAX + 1];
	char path[PATH_ROOM + 8];

	build_env(launch, env, path);
	enter(launch);
	wire_stdio(launch);
	execve(file, (char *const *)launch->argv, (char *const *)env);
	fail("cannot be run", file);
}

pid_t launch(const char *file, const struct launch *spec)
{
	pid_t pid;

	fflush(NULL); /* or a failing child could write it again */
	pid = fork();
	if (pid == 0)
		run(file, spec);
	return pid < 0 ? -errno : pid;
}
