/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../nat-models/duration.h"
#include "../../sim/live/live.h"

enum { READ_SIZE = 16384, RESULT_MAX = 256 << 20 };

/* A worker's process while it runs. */
struct slot {
	struct worker *worker;
	pid_t pid;
	int fd; /* -1 = the slot is free */
	uint64_t began;
	bool overdue;
	char *text;
	size_t len;
};

/* What the child is given. */
struct errand {
	struct worker *worker;
	int fd;
};

static uint64_t real_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* The child's whole life. */
static int run_errand(void *arg)
{
	struct errand *errand = arg;
	json_t *result = errand->worker->work(errand->worker->arg);
	char *text = json_dumps(result, JSON_COMPACT);
	bool sent = text && write_all(errand->fd, text, strlen(text));

	free(text);
	json_decref(result);
	return sent ? 0 : 1;
}

static pid_t plain_fork(struct errand *errand)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the line above */
		_exit(1);
	_exit(run_errand(errand));
}

static int start(struct slot *slot, struct worker *worker)
{
	struct errand errand = { .worker = worker };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	errand.fd = fds[1];
	slot->began = real_now();
	slot->pid = worker->live ? live_fork(run_errand, &errand) : plain_fork(&errand);
	close(fds[1]);
	if (slot->pid < 0) {
		close(fds[0]);
		return slot->pid;
	}
	slot->worker = worker;
	slot->fd = fds[0];
	slot->overdue = false;
	slot->text = NULL;
	slot->len = 0;
	return 0;
}

static void explain(struct slot *slot, int status)
{
	struct worker *worker = slot->worker;
	char budget[DURATION_TEXT];

	if (slot->overdue)
		snprintf(worker->fault, sizeof(worker->fault),
			 "killed: it had not ended after %s of real time",
			 duration_format(worker->budget_ns, budget));
	else if (WIFSIGNALED(status))
		snprintf(worker->fault, sizeof(worker->fault), "killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(worker->fault, sizeof(worker->fault),
			 "its process ended with status %d and left no result",
			 WEXITSTATUS(status));
}

/* The pipe is closed: take the result and the process's end. */
static void finish(struct slot *slot)
{
	struct worker *worker = slot->worker;
	int status = 0;

	while (waitpid(slot->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(slot->fd);
	slot->fd = -1;
	worker->took_ns = real_now() - slot->began;
	if (!slot->overdue)
		worker->result = json_loadb(slot->text ? slot->text : "", slot->len, 0, NULL);
	if (!worker->result)
		explain(slot, status);
	free(slot->text);
}

/* Read what is there; false at the end. */
static bool take(struct slot *slot)
{
	char *text = NULL;
	ssize_t n;

	if (slot->len < RESULT_MAX)
		text = realloc(slot->text, slot->len + READ_SIZE);
	if (!text)
		return false;
	slot->text = text;
	n = read(slot->fd, text + slot->len, READ_SIZE);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	slot->len += (size_t)n;
	return n > 0;
}

/* Kill those whose time is up; ms until the next one's is, -1 for none. */
static int enforce_budgets(struct slot *slots, unsigned jobs)
{
	uint64_t now = real_now(), next = UINT64_MAX;

	for (unsigned i = 0; i < jobs; i++) {
		uint64_t deadline;

		if (slots[i].fd < 0 || slots[i].overdue)
			continue;
		deadline = slots[i].began + slots[i].worker->budget_ns;
		if (now >= deadline) {
			slots[i].overdue = true;
			kill(slots[i].pid, SIGKILL);
		} else if (deadline < next) {
			next = deadline;
		}
	}
	return next == UINT64_MAX ? -1 : (int)((next - now) / NS_PER_MS) + 1;
}

/* Wait for any of the @jobs slots and serve it; returns how many ended. */
static size_t serve(struct slot *slots, struct pollfd *polls, unsigned jobs)
{
	int timeout = enforce_budgets(slots, jobs);
	size_t ended = 0;

	for (unsigned i = 0; i < jobs; i++)
		polls[i] = (struct pollfd){ .fd = slots[i].fd, .events = POLLIN };
	if (poll(polls, jobs, timeout) <= 0)
		return 0;
	for (unsigned i = 0; i < jobs; i++) {
		if (slots[i].fd < 0 || !polls[i].revents || take(&slots[i]))
			continue;
		finish(&slots[i]);
		ended++;
	}
	return ended;
}

void workers_run(struct worker *workers, size_t n, unsigned jobs,
		 void (*done)(size_t ended, void *arg), void *arg)
{
	struct slot *slots = calloc(jobs, sizeof(*slots));
	struct pollfd *polls = calloc(jobs, sizeof(*polls));
	size_t next = 0, ended = 0, before;

	for (unsigned i = 0; slots && i < jobs; i++)
		slots[i].fd = -1;
	while (slots && polls && ended < n) {
		before = ended;
		for (unsigned i = 0; i < jobs && next < n; i++) {
			struct worker *worker = &workers[next];
			int error;

			if (slots[i].fd >= 0)
				continue;
			next++;
			error = start(&slots[i], worker);
			if (!error)
				continue;
			snprintf(worker->fault, sizeof(worker->fault), "cannot be started: %s",
				 strerror(-error));
			ended++;
		}
		if (ended < n)
			ended += serve(slots, polls, jobs);
		if (done && ended != before)
			done(ended, arg);
	}
	free(slots);
	free(polls);
}
