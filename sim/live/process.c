/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A program's output comes through a pipe that the loop watches; its end
 * comes from the reaper.  When it ends, what the pipe still holds is read before anybody is
 * told, so that who waits for the end sees all of the output.  A child that the program leaves
 * behind may hold the pipe open, and its output is taken as long as the process is not freed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../bell.h"
#include "launch.h"
#include "live.h"
#include "live_host.h"
#include "output.h"
#include "reaper.h"

struct process {
	struct charge charge;
	struct watch watch; /* of the pipe; fd -1 once it is at its end */
	struct live *live;
	struct output output;
	struct bell changed; /* there is more output, or it has ended */
	bool ended;
	int status;
};

static void close_pipe(struct process *process)
{
	if (process->watch.fd < 0)
		return;
	loop_unwatch(process->live->loop, &process->watch);
	close(process->watch.fd);
	process->watch.fd = -1;
}

/* Take all that the pipe holds now. */
static void drain(struct process *process)
{
	char bytes[16384];
	ssize_t n;

	if (process->watch.fd < 0)
		return;
	while ((n = read(process->watch.fd, bytes, sizeof(bytes))) > 0)
		output_add(&process->output, bytes, (size_t)n);
	if (n == 0)
		close_pipe(process);
}

static void readable(struct watch *watch, uint32_t events)
{
	struct process *process =
		(struct process *)(void *)((char *)watch - offsetof(struct process, watch));

	(void)events;
	drain(process);
	bell_ring(&process->changed);
}

static void ended(struct charge *charge, int status)
{
	struct process *process =
		(struct process *)(void *)((char *)charge - offsetof(struct process, charge));

	process->ended = true;
	process->status = status;
	drain(process);
	bell_ring(&process->changed);
}

static int start(struct process *process, struct host *host, const char *file,
		 const struct process_spec *spec)
{
	struct launch what = {
		.argv = spec->argv,
		.env = spec->env,
		.hostname = host->name,
		.ns = live_host_of(host)->ns,
	};
	int ends[2];
	int err;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	what.output = ends[1];
	process->watch.fd = ends[0];
	err = loop_watch(process->live->loop, &process->watch);
	if (!err) {
		process->charge.pid = launch(file, &what);
		err = process->charge.pid < 0 ? process->charge.pid : 0;
	}
	close(ends[1]);
	if (err) {
		close_pipe(process);
		return err;
	}
	reaper_add(process->live->reaper, &process->charge);
	return 0;
}

int process_start(struct host *host, const struct process_spec *spec, struct process **ret)
{
	struct live *live = live_host_of(host)->live;
	struct process *process;
	char file[4096];
	int err = launch_find(spec->argv[0], file, sizeof(file));

	if (!err && !live->reaper)
		err = reaper_new(live->loop, &live->reaper);
	if (err)
		return err;
	process = calloc(1, sizeof(*process));
	if (!process)
		return -ENOMEM;
	process->live = live;
	process->watch.fd = -1;
	process->watch.wants = EPOLLIN;
	process->watch.ready = readable;
	process->charge.ended = ended;
	err = output_open(&process->output, spec->output_path);
	if (!err)
		err = start(process, host, file, spec);
	if (err) {
		output_close(&process->output);
		free(process);
		return err;
	}
	*ret = process;
	return 0;
}

int process_wait(struct process *process, uint64_t deadline, int *ret_status)
{
	while (!process->ended) {
		int err = bell_wait(&process->changed, deadline);

		if (err)
			return err;
	}
	if (ret_status)
		*ret_status = process->status;
	return 0;
}

int process_wait_output(struct process *process, const char *text, uint64_t deadline)
{
	while (!output_holds(&process->output, text)) {
		int err = process->ended ? -EPIPE : bell_wait(&process->changed, deadline);

		if (err)
			return err;
	}
	return 0;
}

const char *process_output(const struct process *process, size_t *ret_len)
{
	return output_text(&process->output, ret_len);
}

/* It leads a session, so its group holds the children that it has made, but for those that
 * made sessions of their own. */
void process_kill(struct process *process, int signal)
{
	if (kill(-process->charge.pid, signal) && !process->ended)
		kill(process->charge.pid, signal); /* it has not got so far yet */
}

void process_free(struct process *process)
{
	if (!process)
		return;
	process_kill(process, SIGKILL);
	reaper_remove(process->live->reaper, &process->charge);
	bell_break(&process->changed);
	close_pipe(process);
	output_close(&process->output);
	free(process);
}
