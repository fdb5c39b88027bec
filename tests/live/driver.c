/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static const char *need_environment(const char *name)
{
	const char *value = getenv(name);

	if (value)
		return value;
	fprintf(stderr, "%s is not set; run this test by ctest\n", name);
	exit(1);
}

const char *drive_binary(void)
{
	return need_environment("KNOTHOLE_BIN");
}

const char *drive_file(const char *file, char ret[DRIVEN_PATH])
{
	snprintf(ret, DRIVEN_PATH, "%s/%s", need_environment("KNOTHOLE_HOME"), file);
	return ret;
}

long long drive_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* In the child: never returns. */
static _Noreturn void execute(const struct drive *drive, int out, int err)
{
	int null = open("/dev/null", O_RDWR);
	const char *program = drive->argv[0];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* what a test blocks is its own affair */
	if (strcmp(program, "knothole") == 0)
		program = drive_binary();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out < 0 ? null : out, STDOUT_FILENO) < 0 ||
	    dup2(err < 0 ? null : err, STDERR_FILENO) < 0)
		_exit(126);
	setpgid(0, 0);
	if (drive->directory && chdir(drive->directory) < 0)
		_exit(125);
	if (drive->before && drive->before() != 0)
		_exit(124);
	execvp(program, (char *const *)drive->argv);
	_exit(127);
}

pid_t drive_start(const struct drive *drive)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		execute(drive, -1, -1);
	setpgid(pid, pid);
	return pid;
}

/* Some more of @fd into @text; false at its end. */
static bool read_some(int fd, char text[DRIVEN_TEXT])
{
	char rest[4096];
	size_t len = strlen(text);
	size_t room = DRIVEN_TEXT - 1 - len;
	ssize_t got = room ? read(fd, text + len, room) : read(fd, rest, sizeof(rest));

	if (got > 0 && room)
		text[len + (size_t)got] = '\0';
	return got > 0;
}

/* Read both until both have ended; false where the time ran out first. */
static bool read_both(int out, int err, struct driven *ret)
{
	struct pollfd ends[] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
	char *const texts[] = { ret->out, ret->err };
	long long deadline = drive_now_ms() + DRIVE_SECONDS * 1000;

	while (ends[0].fd >= 0 || ends[1].fd >= 0) {
		long long left = deadline - drive_now_ms();

		if (left <= 0 || poll(ends, 2, (int)left) == 0)
			return false;
		for (int i = 0; i < 2; i++) {
			if (ends[i].fd >= 0 && ends[i].revents && !read_some(ends[i].fd, texts[i]))
				ends[i].fd = -1;
		}
	}
	return true;
}

void drive(const struct drive *drive, struct driven *ret)
{
	int out[2], err[2], status;
	bool ended;
	pid_t pid;

	ret->out[0] = ret->err[0] = '\0';
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		die("pipe2");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		execute(drive, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	ended = read_both(out[0], err[0], ret);
	close(out[0]);
	close(err[0]);
	if (!ended) {
		kill(pid, SIGKILL);
		snprintf(ret->err, sizeof(ret->err), "%s had not ended after %d s\n",
			 drive->argv[0], DRIVE_SECONDS);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	ret->status = !ended		  ? -1
		      : WIFEXITED(status) ? WEXITSTATUS(status)
					  : 128 + WTERMSIG(status);
}

void drive_directory(char ret[DRIVEN_PATH])
{
	const char *temporary = getenv("TMPDIR");

	snprintf(ret, DRIVEN_PATH, "%s/knothole-test-XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(ret) || chmod(ret, 0777) < 0)
		die(ret);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *at)
{
	(void)about;
	(void)kind;
	(void)at;
	return remove(path);
}

void drive_remove(const char *directory)
{
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool drive_is_one_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end && end != text && end[1] == '\0';
}

bool drive_possible(void)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? errno : 0);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	if (status == 0)
		return true;
	printf("no user and network namespaces can be made here: %s\n",
	       strerror(WEXITSTATUS(status)));
	return false;
}
