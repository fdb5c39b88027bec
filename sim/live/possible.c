/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can live worlds be made here?  The only honest way to know is to make one; where that fails,
 * the stage and the error say where to look for the reason.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork.h"
#include "live.h"

enum trial_stage { TRIAL_LOOP, TRIAL_FABRIC, TRIAL_HOST, TRIAL_DONE };

/* What the child found, in memory shared with it. */
struct trial {
	enum trial_stage stage;
	int err;
};

static int try_host(struct loop *loop, struct pool *pool, struct trial *trial)
{
	struct live_host_spec spec = {
		.name = "trial",
		.addr = ip_addr_v4(0x0a000002),
		.prefix_bits = 24,
		.gateway = ip_addr_v4(0x0a000001),
	};
	struct live *live;
	struct host *host;
	struct port *port;
	int err;

	trial->stage = TRIAL_FABRIC;
	err = live_new(loop, pool, &live);
	if (err)
		return err;
	trial->stage = TRIAL_HOST;
	err = live_host_new(live, &spec, &host, &port);
	if (!err)
		host->ops->free(host);
	live_free(live);
	return err;
}

/* The child frees nothing else: it ends here. */
static int run_trial(void *arg)
{
	struct trial *trial = arg;
	struct pool *pool = pool_new();
	struct loop *loop;

	trial->err = pool ? loop_new(LOOP_REAL, &loop) : -ENOMEM;
	if (!trial->err)
		trial->err = try_host(loop, pool, trial);
	if (!trial->err)
		trial->stage = TRIAL_DONE;
	return 0;
}

/* The number in a sysctl's file, or -1 where there is none. */
static long sysctl_value(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

/* A sysctl that forbids user namespaces, by what it is when it does. */
static const struct {
	const char *path;
	const char *name;
	long forbids;
	const char *remedy;
} switches[] = {
	{ "/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", 0, "10000" },
	{ "/proc/sys/user/max_net_namespaces", "user.max_net_namespaces", 0, "10000" },
	{ "/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", 0,
	  "1" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
	  "kernel.apparmor_restrict_unprivileged_userns", 1, "0" },
};

static bool blame_switch(char *why, size_t size)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		if (sysctl_value(switches[i].path) != switches[i].forbids)
			continue;
		snprintf(why, size,
			 "the kernel's %s is %ld, which forbids user namespaces: let root run "
			 "`sysctl -w %s=%s`, or run as root",
			 switches[i].name, switches[i].forbids, switches[i].name,
			 switches[i].remedy);
		return true;
	}
	return false;
}

static void explain_fork(enum fork_stage stage, int err, char *why, size_t size)
{
	if (stage == FORK_CLONE && err == -EINVAL)
		snprintf(why, size, "this kernel was built without user namespaces: run as root");
	else if (stage == FORK_CLONE && (err == -ENOMEM || err == -EAGAIN))
		snprintf(why, size, "no process can be made: %s", strerror(-err));
	else if (blame_switch(why, size))
		return;
	else if (stage == FORK_CLONE && err == -ENOSPC)
		snprintf(why, size,
			 "the limit of namespaces is reached: raise user.max_user_namespaces and "
			 "user.max_net_namespaces, or end other worlds");
	else if (stage == FORK_MAP)
		snprintf(why, size,
			 "users cannot be mapped into a user namespace (%s): run as root, or as a "
			 "user who is in no such namespace already",
			 strerror(-err));
	else
		snprintf(why, size,
			 "user namespaces are forbidden here (%s), as containers do: run as root "
			 "outside of it, or start it with --privileged",
			 strerror(-err));
}

static void explain_trial(const struct trial *trial, char *why, size_t size)
{
	const char *text = strerror(-trial->err);

	if (trial->stage == TRIAL_FABRIC && trial->err == -EAFNOSUPPORT)
		snprintf(why, size,
			 "the kernel has no packet sockets: let root run `modprobe "
			 "af_packet`");
	else if (trial->stage == TRIAL_HOST && trial->err == -EOPNOTSUPP)
		snprintf(why, size,
			 "the kernel has no veth interfaces: let root run `modprobe veth`");
	else if ((trial->err == -EPERM || trial->err == -EACCES) && blame_switch(why, size))
		return;
	else if (trial->stage == TRIAL_HOST)
		snprintf(why, size, "a host's namespace or its interface cannot be made: %s", text);
	else
		snprintf(why, size, "a packet socket cannot be opened: %s", text);
}

bool live_possible(char *why, size_t size)
{
	struct trial *trial = mmap(NULL, sizeof(*trial), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum fork_stage stage;
	bool possible = false;
	int status = 0;
	pid_t pid;

	if (trial == MAP_FAILED) {
		snprintf(why, size, "no memory");
		return false;
	}
	trial->err = -ECHILD; /* unless the child says otherwise */
	pid = fork_world(run_trial, trial, &stage);
	if (pid < 0) {
		explain_fork(stage, pid, why, size);
	} else {
		waitpid(pid, &status, 0);
		possible = trial->stage == TRIAL_DONE && !trial->err;
		if (!possible)
			explain_trial(trial, why, size);
	}
	munmap(trial, sizeof(*trial));
	return possible;
}
