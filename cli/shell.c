/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knothole shell: an interactive shell in a host of the lab.
 *
 * Theory of operation.  The shell gets a terminal of its own, a pseudo-terminal's, made here and
 * inherited by the world's process; so it has job control although it is in another PID
 * namespace.  A child of ours, the relay, holds the other end and the user's terminal, which it
 * makes raw and puts back when the shell's end of the pseudo-terminal is closed, by whatever.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../reports/record.h"
#include "../sim/live/live.h"
#include "command.h"
#include "lab_options.h"
#include "results.h"

struct terminal {
	int theirs; /* the shell's end of the pseudo-terminal */
	pid_t relay;
};

static volatile sig_atomic_t resized;

static void note_size(int signal)
{
	(void)signal;
	resized = 1;
}

static void pass_size(int master)
{
	struct winsize size;

	resized = 0;
	if (!ioctl(STDIN_FILENO, TIOCGWINSZ, &size))
		ioctl(master, TIOCSWINSZ, &size);
}

/* Pass on what is there; false at the end. */
static bool pass(int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof(bytes)), done = 0;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	while (done < n) {
		ssize_t one = write(to, bytes + done, (size_t)(n - done));

		if (one < 0 && errno != EINTR)
			return false;
		done += one > 0 ? one : 0;
	}
	return n > 0;
}

/* Say that the input is at its end, as a terminal says it, unless so much waits to be read that there
 * is no room.  False where nobody is there to hear it. */
static bool tell_end(int master)
{
	struct pollfd room = { .fd = master, .events = POLLOUT };

	if (poll(&room, 1, 0) <= 0 || !(room.revents & POLLOUT))
		return true;
	return write(master, "\x04", 1) == 1 || errno == EINTR || errno == EAGAIN;
}

/* @before: the signals that may come while it waits, and only then, so that none is overlooked. */
static void pass_all(int master, const sigset_t *before)
{
	struct pollfd polls[] = { { .fd = master, .events = POLLIN },
				  { .fd = STDIN_FILENO, .events = POLLIN } };
	bool ended = false;

	for (;;) {
		int n;

		if (resized)
			pass_size(master);
		n = ppoll(polls, 2, NULL, before);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (polls[0].revents && !pass(master, STDOUT_FILENO)))
			return;
		if (polls[1].revents && !pass(STDIN_FILENO, master)) {
			polls[1].fd = -1;
			ended = true;
		}
		/* Again whenever there is something new, such as a prompt: a shell that begins, or a
		 * program that ends, switches the terminal's mode, and what was said before is lost. */
		if (ended && !tell_end(master))
			return;
	}
}

static _Noreturn void relay(int master)
{
	struct sigaction action = { .sa_handler = note_size };
	struct termios before, raw;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	sigset_t resizing, unblocked;

	sigemptyset(&resizing);
	sigaddset(&resizing, SIGWINCH);
	sigprocmask(SIG_BLOCK, &resizing, &unblocked);
	sigaction(SIGWINCH, &action, NULL);
	signal(SIGINT, SIG_IGN);
	if (terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	pass_size(master);
	pass_all(master, &unblocked);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	_exit(0);
}

static int open_terminal(struct terminal *ret)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	if (master < 0)
		return -errno;
	slave = grantpt(master) || unlockpt(master)
			? -1
			: open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0) {
		int err = -errno;

		close(master);
		return err;
	}
	fflush(NULL);
	ret->relay = fork();
	if (ret->relay == 0) {
		close(slave);
		relay(master);
	}
	close(master);
	ret->theirs = slave;
	return ret->relay < 0 ? -EAGAIN : 0;
}

static int play(struct lab_file *lab, uint64_t seed, const char *output)
{
	char directory[PATH_MAX];
	struct lab_play lab_play_of = { "shell", directory, seed,
					UINT64_C(365) * 86400 * 1000000000 };
	struct terminal terminal = { -1, -1 };
	json_t *records = NULL;
	int status = lab_complete("shell", lab), err;

	if (!status)
		status = command_results("shell", output, "shell", directory, sizeof(directory));
	if (status)
		return status;
	err = open_terminal(&terminal);
	if (err)
		return command_error("shell", STATUS_CANNOT, "no terminal can be made here: %s",
				     strerror(-err));
	live_lend_terminal(terminal.theirs);
	status = lab_play(&lab_play_of, lab, &records);
	close(terminal.theirs);
	while (waitpid(terminal.relay, NULL, 0) < 0 && errno == EINTR)
		;
	if (status)
		return status;
	if (record_ended(json_array_get(records, 0)) != RECORD_PASS)
		status = command_error("shell", STATUS_UNEXPECTED, "%s",
				       record_text(json_array_get(records, 0), "message"));
	fprintf(stderr, "capture: %s\n", record_text(json_array_get(records, 0), "capture_file"));
	json_decref(records);
	return status;
}

static int run(int argc, char **argv)
{
	static const char *const hosts[] = { LAB_A, LAB_B, LAB_SERVER };
	struct lab_file lab = { .shell = LAB_A };
	const char *output = NULL;
	uint64_t seed = 1;
	const struct option table[] = {
		OPTION_NAT("a", &lab.nat[0]),
		OPTION_NAT("b", &lab.nat[1]),
		OPTION_NAT6("a", &lab.nat6[0]),
		OPTION_NAT6("b", &lab.nat6[1]),
		OPTION_FORWARD("a", &lab.forward[0]),
		OPTION_FORWARD("b", &lab.forward[1]),
		OPTION_LINK("delay", &lab.delay, "TIME"),
		OPTION_LINK("loss", &lab.loss, "SHARE"),
		OPTION_LINK("rate", &lab.rate, "RATE"),
		OPTION_SERVER(&lab.server),
		OPTION_SEED(&seed),
		OPTION_OUTPUT(&output),
	};
	const struct options options = {
		.command = &command_shell,
		.table = table,
		.len = ARRAY_LEN(table),
		.operands_max = 1,
		.more = "HOST is " LAB_A " (default), " LAB_B " or " LAB_SERVER
			"; the environment is knothole exec's.",
	};
	int status = options_parse(&options, &argc, argv);

	if (status != OPTIONS_GO_ON)
		return status;
	if (argc > 1)
		lab.shell = argv[1];
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (strcmp(hosts[i], lab.shell) == 0)
			return play(&lab, seed, output);
	return command_error("shell", STATUS_USAGE,
			     "expected " LAB_A ", " LAB_B " or " LAB_SERVER "; got \"%s\"",
			     lab.shell);
}

const struct command command_shell = {
	.name = "shell",
	.usage = "[options] [HOST]",
	.summary = "a shell inside a lab host",
	.run = run,
};
