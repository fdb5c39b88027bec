/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A program's output comes through two pipes that the loop watches; its end
 * comes from the reaper.  When it ends, what the pipes still hold is read before anybody is
 * told, so that who waits for the end sees all of the output.  A child that the program leaves
 * behind may hold a pipe open, and its output is taken as long as the process is not freed.
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
#include "listening.h"
#include "live.h"
#include "live_host.h"
#include "output.h"
#include "reaper.h"
#include "running.h"

#define LINK_PATIENCE (10 * SEC) /* the kernel's link watch may lag by one of them */
#define PORT_GAP (5 * MSEC) /* reading four short tables takes far less */

struct pipe_end {
	struct watch watch; /* fd -1 once it is at its end */
	struct process *process;
	enum process_stream stream;
};

struct process {
	struct charge charge;
	struct live *live;
	int ns; /* its host's */
	struct pipe_end ends[PROCESS_BOTH]; /* of PROCESS_OUT and PROCESS_ERR */
	struct output outputs[PROCESS_BOTH + 1];
	struct bell changed; /* there is more output, or it has ended */
	bool ended;
	int status;
};

static void close_end(struct pipe_end *end)
{
	if (end->watch.fd < 0)
		return;
	loop_unwatch(end->process->live->loop, &end->watch);
	close(end->watch.fd);
	end->watch.fd = -1;
}

/* Take all that the pipe holds now. */
static void drain(struct pipe_end *end)
{
	struct process *process = end->process;
	char bytes[16384];
	ssize_t n;

	if (end->watch.fd < 0)
		return;
	while ((n = read(end->watch.fd, bytes, sizeof(bytes))) > 0) {
		output_add(&process->outputs[end->stream], bytes, (size_t)n);
		output_add(&process->outputs[PROCESS_BOTH], bytes, (size_t)n);
	}
	if (n == 0)
		close_end(end);
}

static void readable(struct watch *watch, uint32_t events)
{
	struct pipe_end *end =
		(struct pipe_end *)(void *)((char *)watch - offsetof(struct pipe_end, watch));

	(void)events;
	drain(end);
	bell_ring(&end->process->changed);
}

static void ended(struct charge *charge, int status)
{
	struct process *process =
		(struct process *)(void *)((char *)charge - offsetof(struct process, charge));

	process->ended = true;
	process->status = status;
	for (int i = 0; i < PROCESS_BOTH; i++)
		drain(&process->ends[i]);
	bell_ring(&process->changed);
}

/* *ret_write is the program's end of the pipe. */
static int open_end(struct pipe_end *end, int *ret_write)
{
	int fds[2];
	int err;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	end->watch.fd = fds[0];
	err = loop_watch(end->process->live->loop, &end->watch);
	if (err) {
		close(fds[0]);
		close(fds[1]);
		end->watch.fd = -1;
		return err;
	}
	*ret_write = fds[1];
	return 0;
}

static int start(struct process *process, struct host *host, const char *file,
		 const struct process_spec *spec)
{
	struct launch what = {
		.argv = spec->argv,
		.env = spec->env,
		.hostname = host->name,
		.ns = process->ns,
		.out = -1,
		.err = -1,
		.terminal = spec->terminal > 0 ? spec->terminal : -1,
	};
	int err = home_make(host, file, spec->argv, &what.home);

	if (!err)
		err = open_end(&process->ends[PROCESS_OUT], &what.out);
	if (!err)
		err = open_end(&process->ends[PROCESS_ERR], &what.err);
	if (!err) {
		process->charge.pid = launch(file, &what);
		err = process->charge.pid < 0 ? process->charge.pid : 0;
	}
	if (what.out >= 0)
		close(what.out);
	if (what.err >= 0)
		close(what.err);
	if (!err)
		reaper_add(process->live->reaper, &process->charge);
	return err;
}

static void release(struct process *process)
{
	for (int i = 0; i < PROCESS_BOTH; i++)
		close_end(&process->ends[i]);
	for (int i = 0; i <= PROCESS_BOTH; i++)
		output_close(&process->outputs[i]);
	free(process);
}

static struct process *make(struct host *host)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->live = live_host_of(host)->live;
	process->ns = live_host_of(host)->ns;
	process->charge.ended = ended;
	for (int i = 0; i < PROCESS_BOTH; i++)
		process->ends[i] = (struct pipe_end){
			.watch = { .fd = -1, .wants = EPOLLIN, .ready = readable },
			.process = process,
			.stream = (enum process_stream)i,
		};
	for (int i = 0; i <= PROCESS_BOTH; i++)
		output_open(&process->outputs[i], NULL); /* which cannot fail */
	return process;
}

/* A program sees its host as one that has been up for a while. */
static int await_link(struct live_host *host)
{
	int err;

	if (host->runs)
		return 0;
	err = running_wait(host->live, host->ns, HOST_INDEX,
			   loop_now(host->live->loop) + LINK_PATIENCE);
	host->runs = !err;
	return err == -ETIMEDOUT ? -ENETDOWN : err;
}

int process_start(struct host *host, const struct process_spec *spec, struct process **ret)
{
	struct live *live = live_host_of(host)->live;
	struct process *process;
	char file[4096];
	int err = launch_find(spec->argv[0], file, sizeof(file));

	if (!err && !live->reaper)
		err = reaper_new(live->loop, &live->reaper);
	if (!err)
		err = await_link(live_host_of(host));
	if (err)
		return err;
	process = make(host);
	if (!process)
		return -ENOMEM;
	err = output_open(&process->outputs[PROCESS_OUT], spec->out_path);
	if (!err)
		err = output_open(&process->outputs[PROCESS_ERR], spec->err_path);
	if (!err)
		err = start(process, host, file, spec);
	if (err) {
		release(process);
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
	while (!output_holds(&process->outputs[PROCESS_BOTH], text)) {
		int err = process->ended ? -EPIPE : bell_wait(&process->changed, deadline);

		if (err)
			return err;
	}
	return 0;
}

int process_wait_port(struct process *process, uint16_t port, uint64_t deadline)
{
	int err;

	/* The kernel tells nobody when a socket begins to listen; reading its tables, the program
	 * does not notice. */
	while ((err = listening(process->live->home, process->ns, port)) == 0) {
		if (process->ended)
			return -EPIPE;
		if (loop_now(process->live->loop) >= deadline)
			return -ETIMEDOUT;
		err = bell_wait(&process->changed, loop_now(process->live->loop) + PORT_GAP);
		if (err && err != -ETIMEDOUT)
			return err;
	}
	return err < 0 ? err : 0;
}

const char *process_output(const struct process *process, enum process_stream stream,
			   size_t *ret_len)
{
	return output_text(&process->outputs[stream], ret_len);
}

bool process_ended(const struct process *process)
{
	return process->ended;
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
	release(process);
}
