/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reaper.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct reaper {
	struct loop *loop;
	struct watch watch; /* a signalfd's */
	struct charge *charges;
};

static struct charge **find(struct reaper *reaper, pid_t pid)
{
	struct charge **at = &reaper->charges;

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

/* One signal may stand for many children. */
static void reap(struct reaper *reaper)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct charge **at = find(reaper, pid);
		struct charge *charge = *at;

		if (!charge)
			continue; /* an orphan */
		*at = charge->next;
		charge->ended(charge, status);
	}
}

static void ready(struct watch *watch, uint32_t events)
{
	struct reaper *reaper =
		(struct reaper *)(void *)((char *)watch - offsetof(struct reaper, watch));
	struct signalfd_siginfo info;

	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == sizeof(info))
		;
	reap(reaper);
}

int reaper_new(struct loop *loop, struct reaper **ret)
{
	struct reaper *reaper = calloc(1, sizeof(*reaper));
	sigset_t children;
	int err;

	if (!reaper)
		return -ENOMEM;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	reaper->loop = loop;
	reaper->watch.ready = ready;
	reaper->watch.wants = EPOLLIN;
	reaper->watch.fd = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
	err = reaper->watch.fd < 0 ? -errno : loop_watch(loop, &reaper->watch);
	if (err) {
		if (reaper->watch.fd >= 0)
			close(reaper->watch.fd);
		free(reaper);
		return err;
	}
	*ret = reaper;
	return 0;
}

void reaper_free(struct reaper *reaper)
{
	if (!reaper)
		return;
	for (struct charge *c = reaper->charges; c; c = c->next) {
		kill(-c->pid, SIGKILL); /* its group, where it has one by now */
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	loop_unwatch(reaper->loop, &reaper->watch);
	close(reaper->watch.fd);
	free(reaper);
}

void reaper_add(struct reaper *reaper, struct charge *charge)
{
	charge->next = reaper->charges;
	reaper->charges = charge;
}

void reaper_remove(struct reaper *reaper, struct charge *charge)
{
	struct charge **at = find(reaper, charge->pid);

	if (*at)
		*at = charge->next;
}
