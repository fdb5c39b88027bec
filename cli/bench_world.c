/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The labs that are timed: one of ours, one that a shell script builds. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sim/live/live.h"
#include "../sim/world.h"

int bench_find(const char *file, char ret[BENCH_PATH])
{
	const char *home = getenv("KNOTHOLE_HOME");
	char self[BENCH_PATH];
	ssize_t len;
	char *slash;

	if (home) {
		snprintf(ret, BENCH_PATH, "%s/%s", home, file);
		return access(ret, R_OK) == 0 ? 0 : -ENOENT;
	}
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return -errno;
	self[len] = '\0';
	/* build/knothole -> the tree that holds build/ */
	for (int up = 0; up < 2; up++) {
		slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
	}
	if ((size_t)snprintf(ret, BENCH_PATH, "%.4000s/%.90s", self, file) >= BENCH_PATH)
		return -ENAMETOOLONG;
	return access(ret, R_OK) == 0 ? 0 : -ENOENT;
}

int bench_plan(struct plan *plan, struct bench_result *result)
{
	static const struct {
		const char *net, *host;
	} homes[] = { { "home_a", "alice" }, { "home_b", "bob" } };
	static const char *const servers[] = { "sam", "sue" };
	struct plan_error error;

	plan->seed = 1;
	for (size_t i = 0; i < 2; i++) {
		struct plan_node *home = plan_add(plan, NULL, PLAN_NET, homes[i].net);

		if (!home || !plan_add(plan, home, PLAN_HOST, homes[i].host) ||
		    !plan_add(plan, NULL, PLAN_HOST, servers[i]))
			return -ENOMEM;
		nat_model_defaults(&home->model);
	}
	if (plan_complete(plan, &error) < 0) {
		snprintf(result->note, sizeof(result->note), "%.*s", BENCH_NOTE - 1, error.text);
		return -EINVAL;
	}
	return 0;
}

/* What a child process is to do, and how it tells what came of it. */
struct child {
	void (*main)(void *job);
	const char *script, *what;
	unsigned int namespaces;
	int out;
};

static int world_child(void *arg)
{
	const struct child *child = arg;
	const struct world_options options = { .kind = WORLD_LIVE };
	struct bench_job job = { .out = child->out };
	struct bench_result failed = { 0 };
	struct plan plan = { 0 };
	struct plan_error error = { "" };
	int err = bench_plan(&plan, &failed);

	if (!err)
		err = world_new(&plan, &options, &job.world, &error);
	if (!err)
		err = world_run(job.world, child->main, &job);
	if (err)
		dprintf(child->out, "!%s: %s", error.text, strerror(-err));
	else if (*job.error)
		dprintf(child->out, "!%s", job.error);
	world_free(job.world);
	plan_clear(&plan);
	return err || *job.error;
}

static int script_child(void *arg)
{
	const struct child *child = arg;
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(child->out, STDOUT_FILENO) < 0 ||
	    dup2(child->out, STDERR_FILENO) < 0)
		return 1;
	execl("/bin/sh", "sh", child->script, child->what, (char *)NULL);
	return 127;
}

static int bare_child(void *arg)
{
	const struct child *child = arg;

	/* One is the process's own. */
	for (unsigned int i = 1; i < child->namespaces; i++)
		if (unshare(CLONE_NEWNET) < 0)
			return 1;
	dprintf(child->out, "%llu", (unsigned long long)bench_clock());
	return 0;
}

/* All of @fd up to its end, cut to @size, NUL-terminated. */
static void read_all(int fd, char *text, size_t size)
{
	char rest[4096];
	size_t len = 0;
	ssize_t got;

	while ((got = len + 1 < size ? read(fd, text + len, size - 1 - len)
				     : read(fd, rest, sizeof(rest))) > 0) {
		if (len + 1 < size)
			len += (size_t)got;
	}
	text[len] = '\0';
}

static int run_child(int (*main)(void *arg), struct child *child, struct bench_result *result,
		     char *text, size_t size)
{
	int ends[2], status = 0;
	pid_t pid;

	if (!live_possible(result->note, sizeof(result->note)))
		return -EPERM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child->out = ends[1];
	fflush(NULL);
	result->began = bench_clock();
	pid = live_fork(main, child);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		snprintf(result->note, sizeof(result->note), "%s", strerror(-pid));
		return pid;
	}
	read_all(ends[0], text, size);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	snprintf(result->note, sizeof(result->note), "%.*s", BENCH_NOTE - 1,
		 *text ? text + (*text == '!') : "its process ended early");
	return -EIO;
}

int bench_in_world(void (*main)(void *job), struct bench_result *result, char *text, size_t size)
{
	struct child child = { .main = main };

	return run_child(world_child, &child, result, text, size);
}

int bench_in_script(const char *what, struct bench_result *result, char *text, size_t size)
{
	char script[BENCH_PATH];
	struct child child = { .script = script, .what = what };
	int err = bench_find("tests/bench/lab.sh", script);

	if (err) {
		snprintf(result->note, sizeof(result->note), "no tests/bench/lab.sh was found");
		return err;
	}
	return run_child(script_child, &child, result, text, size);
}

int bench_namespaces(unsigned int len, struct bench_result *result, uint64_t *ret_ns)
{
	struct child child = { .namespaces = len };
	char text[64];
	int err = run_child(bare_child, &child, result, text, sizeof(text));

	if (!err)
		*ret_ns = strtoull(text, NULL, 10) - result->began;
	return err;
}
