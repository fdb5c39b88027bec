/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  The child is cloned straight into all its namespaces, then both talk
 * over a socket pair:
 *
 *   parent                                child
 *   writes the id maps
 *   MAPPED ------------------------------> becomes root, asks to die with its parent,
 *          <------------------------------ mounts, reports {stage, errno}
 *   GO ----------------------------------> runs main
 *
 * A parent that dies before GO closes its end, and the child reads the end of file; one that
 * dies after GO dies after PR_SET_PDEATHSIG, and the kernel kills the child.  So there is no
 * moment at which the child outlives it.
 *
 * With GO comes a packet socket in the child's network namespace, where the parent is the
 * machine's root: only that may give it a receive buffer which super-packets do not overrun.
 *
 * The maps must be the parent's work: only a process that has CAP_SETUID outside may map more
 * than its own user (user_namespaces(7)), and the child has lost that by being inside.
 */
#include "fork.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"
#include "netns.h"
#include "packet_socket.h"

enum { NAMESPACES = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC };
enum { MAPPED = 'm', GO = 'g' };
enum { PARENT, CHILD };

struct report {
	enum fork_stage stage;
	int err;
};

/* What the parent gave this process; -1 = nothing. */
static int given_socket = -1;

int fork_take_packet_socket(void)
{
	int fd = given_socket;

	given_socket = -1;
	return fd;
}

static bool say(int fd, char word)
{
	return send(fd, &word, 1, MSG_NOSIGNAL) == 1;
}

/* False where the other side is gone. */
static bool hear(int fd, char word)
{
	char got = 0;
	long n;

	do
		n = recv(fd, &got, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1 && got == word;
}

/* Room for one descriptor beside a message (unix(7)). */
union fd_control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(int))];
};

/* Say GO, with @fd where it is none of -1. */
static bool say_go(int to, int fd)
{
	char word = GO;
	struct iovec vector = { &word, 1 };
	union fd_control control = { .align = { .cmsg_len = CMSG_LEN(sizeof(int)),
						.cmsg_level = SOL_SOCKET,
						.cmsg_type = SCM_RIGHTS } };
	struct msghdr msg = { .msg_iov = &vector, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) == 1;
}

/* Hear GO and keep the descriptor that came with it. */
static bool hear_go(int from)
{
	char word = 0;
	struct iovec vector = { &word, 1 };
	union fd_control control;
	struct msghdr msg = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;

	while (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) < 0)
		if (errno != EINTR)
			return false;
	header = CMSG_FIRSTHDR(&msg);
	given_socket = -1;
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&given_socket, CMSG_DATA(header), sizeof(int));
	return word == GO;
}

/* In the child */

static int become_root(void)
{
	if (getegid() != 0 && setresgid(0, 0, 0))
		return -errno;
	if (geteuid() != 0 && setresuid(0, 0, 0))
		return -errno;
	return 0;
}

static bool owns_run;

/* A fresh /run keeps programs from the machine's own daemons; it must not bury the directory
 * that we were started in. */
static bool stands_in_run(void)
{
	char cwd[4096];

	return !getcwd(cwd, sizeof(cwd)) || !strncmp(cwd, "/run/", 5) ||
	       !strncmp(cwd, "/var/run/", 9);
}

/* Only the first is needed.  The kernel refuses a /proc where parts of the old one are covered,
 * as in containers; then pids in it are the outer ones, and nothing else is lost. */
static int mount_own(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	if (!stands_in_run())
		owns_run = !mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
	return 0;
}

bool fork_owns_run(void)
{
	return owns_run;
}

/* Credentials first: changing them would clear the death signal (prctl(2)). */
static struct report settle(void)
{
	struct report report = { FORK_IDENTITY, become_root() };

	if (report.err)
		return report;
	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
	report.err = mount_own();
	report.stage = report.err ? FORK_MOUNT : FORK_DONE;
	return report;
}

static _Noreturn void run_child(int fd, int (*main)(void *arg), void *arg)
{
	struct report report;
	int status;

	if (!hear(fd, MAPPED))
		_exit(127);
	report = settle();
	if (send(fd, &report, sizeof(report), MSG_NOSIGNAL) != sizeof(report) || report.err)
		_exit(127);
	if (!hear_go(fd))
		_exit(127);
	close(fd);
	status = main(arg);
	/* Not exit(): the parent's exit handlers are not ours to run. */
	fflush(NULL);
	_exit(status);
}

/* In the parent */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Text for the child's map: whatever ids we have, as they are. */
static int identity_map(const char *own, char *text, size_t size)
{
	unsigned long inside, outside, count;
	FILE *file = fopen(own, "re");
	size_t len = 0;

	if (!file)
		return -errno;
	text[0] = '\0';
	while (fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3) {
		int n = snprintf(text + len, size - len, "%lu %lu %lu\n", inside, inside, count);

		if (n < 0 || (size_t)n >= size - len)
			break; /* hundreds of ranges: those that fit must do */
		len += (size_t)n;
	}
	text[len] = '\0';
	fclose(file);
	return 0;
}

static int map_all(pid_t pid, const char *which)
{
	char own[64], theirs[64], text[4000];
	int err;

	snprintf(own, sizeof(own), "/proc/self/%s_map", which);
	snprintf(theirs, sizeof(theirs), "/proc/%d/%s_map", pid, which);
	err = identity_map(own, text, sizeof(text));
	return err ? err : write_file(theirs, text);
}

static int map_one(pid_t pid, const char *which, unsigned int id)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/%s_map", pid, which);
	snprintf(text, sizeof(text), "0 %u 1\n", id);
	return write_file(path, text);
}

/* Root maps every id that it has, so that programs inside may drop privileges; an ordinary
 * user may map itself only, and must first forgo setgroups(2). */
static int write_maps(pid_t pid)
{
	char path[64];
	int err;

	if (!map_all(pid, "uid") && !map_all(pid, "gid"))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	err = write_file(path, "deny");
	if (!err)
		err = map_one(pid, "uid", geteuid());
	if (!err)
		err = map_one(pid, "gid", getegid());
	return err;
}

/* -1 where it cannot be had.  Who may not enter even the namespace that it is in, as root of a
 * container may not that has the machine's network, could not come back. */
static int open_in_child(pid_t pid)
{
	char path[64];
	int home = netns_current();
	int theirs, fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	theirs = open(path, O_RDONLY | O_CLOEXEC);
	if (home >= 0 && theirs >= 0 && !netns_enter(home) && !netns_enter(theirs)) {
		fd = packet_socket_open_wide();
		netns_return(home);
	}
	if (theirs >= 0)
		close(theirs);
	if (home >= 0)
		close(home);
	return fd;
}

static bool send_off(pid_t pid, int to)
{
	int fd = geteuid() == 0 ? open_in_child(pid) : -1;
	bool said = say_go(to, fd);

	if (fd >= 0)
		close(fd);
	return said;
}

static int lead_child(pid_t pid, int fd, bool user, enum fork_stage *ret_stage)
{
	struct report report = { FORK_IDENTITY, 0 };
	int err = user ? write_maps(pid) : 0;
	long n;

	if (err) {
		*ret_stage = FORK_MAP;
		return err;
	}
	if (!say(fd, MAPPED))
		return -ECHILD;
	do
		n = recv(fd, &report, sizeof(report), MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	*ret_stage = report.stage;
	if (n != sizeof(report))
		return -ECHILD;
	if (report.err)
		return report.err;
	return send_off(pid, fd) ? 0 : -ECHILD;
}

/* Like fork(2), which knows no namespaces. */
static pid_t clone_into(int namespaces)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)(namespaces | SIGCHLD), 0UL, 0UL, 0UL, 0UL);
}

pid_t fork_world(int (*main)(void *arg), void *arg, enum fork_stage *ret_stage)
{
	bool user = true;
	int pair[2];
	pid_t pid;
	int err = 0;

	*ret_stage = FORK_CLONE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	fflush(NULL); /* or the child would write it again */
	pid = clone_into(NAMESPACES | CLONE_NEWUSER);
	if (pid < 0) {
		/* Root needs no user namespace where the kernel has none. */
		err = -errno;
		user = false;
		pid = clone_into(NAMESPACES);
	}
	if (pid < 0) {
		close(pair[PARENT]);
		close(pair[CHILD]);
		return err;
	}
	if (pid == 0) {
		close(pair[PARENT]);
		run_child(pair[CHILD], main, arg);
	}
	close(pair[CHILD]);
	err = lead_child(pid, pair[PARENT], user, ret_stage);
	close(pair[PARENT]);
	if (err) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return err;
	}
	return pid;
}

pid_t live_fork(int (*main)(void *arg), void *arg)
{
	enum fork_stage stage;

	return fork_world(main, arg, &stage);
}
