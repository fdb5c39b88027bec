/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shell in the lab, used through a terminal as a person would. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver.h"

enum { ROOM = 16384, PATIENCE_MS = 30000 };

#define PROMPT "ready> "

struct shell {
	int terminal; /* the person's end */
	pid_t pid;
	char seen[ROOM];
	size_t len;
	char results[DRIVEN_PATH];
};

/* Has @text been seen, and @then after it? */
static bool has_seen(const struct shell *shell, const char *text, const char *then)
{
	const char *found = strstr(shell->seen, text);

	return found && strstr(found + strlen(text), then);
}

/* Read until that has been seen; false where the shell's side ends, or nothing comes for long. */
static bool await(struct shell *shell, const char *text, const char *then)
{
	struct pollfd ready = { .fd = shell->terminal, .events = POLLIN };

	while (!has_seen(shell, text, then)) {
		ssize_t n;

		if (poll(&ready, 1, PATIENCE_MS) <= 0 || shell->len + 1 >= ROOM)
			return false;
		n = read(shell->terminal, shell->seen + shell->len, ROOM - 1 - shell->len);
		if (n <= 0)
			return false;
		shell->len += (size_t)n;
		shell->seen[shell->len] = '\0';
	}
	return true;
}

/* Type @line and wait for what it must lead to, in what comes from now on, and @then. */
static void type(struct shell *shell, const char *line, const char *leads_to, const char *then)
{
	shell->len = 0;
	shell->seen[0] = '\0';
	assert_int_equal(write(shell->terminal, line, strlen(line)), (long)strlen(line));
	if (!await(shell, leads_to, then))
		fail_msg("after %swaited for %s, saw: %s", line, leads_to, shell->seen);
}

static void start(struct shell *shell)
{
	struct winsize size = { .ws_row = 33, .ws_col = 99 };
	const char *slave;

	drive_directory(shell->results);
	shell->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(shell->terminal >= 0);
	assert_int_equal(grantpt(shell->terminal), 0);
	assert_int_equal(unlockpt(shell->terminal), 0);
	assert_int_equal(ioctl(shell->terminal, TIOCSWINSZ, &size), 0);
	slave = ptsname(shell->terminal);
	shell->pid = fork();
	assert_true(shell->pid >= 0);
	if (shell->pid == 0) {
		int fd;

		setsid();
		fd = open(slave, O_RDWR);
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execl(drive_binary(), "knothole", "shell", "-o", shell->results, "--b=symmetric",
		      "bob", (char *)NULL);
		_exit(127);
	}
}

static void a_shell_has_size_jobs_names_and_an_end(void **state)
{
	struct shell shell = { .len = 0 };
	struct winsize size = { .ws_row = 44, .ws_col = 111 };
	struct termios mode;
	int status;

	(void)state;
	if (!drive_possible())
		skip();
	start(&shell);
	/* What is typed before the prompt is there may be lost: bash drops it after an interrupt. */
	type(&shell, "PS1='re''ady> '; echo $((40 + 2)) in $HOSTNAME\n", "42 in bob", PROMPT);
	type(&shell, "stty size\n", "33 99", PROMPT);
	type(&shell, "sleep 1000 & jobs\n", "Running", PROMPT);
	type(&shell, "kill %1; wait; getent hosts alice | cut -c1-3\n", "\n11.", PROMPT);
	/* An interrupt must reach what runs in the foreground, and that alone.  That it does run there,
	 * it says itself: bash, interrupted before, would wait for it. */
	type(&shell, "sh -c 'echo be$((1))gun; exec sleep 1000'\n", "be1gun", "");
	type(&shell, "\003", "^C", PROMPT);
	type(&shell, "echo inter$((1))rupted\n", "inter1rupted", PROMPT);
	/* The new size must arrive with nothing typed to bring it along. */
	type(&shell,
	     "echo wai$((1))ts; while [ \"$(stty size)\" != '44 111' ]; do :; done; "
	     "echo re$((1))sized\n",
	     "wai1ts", "");
	assert_int_equal(ioctl(shell.terminal, TIOCSWINSZ, &size), 0);
	if (!await(&shell, "re1sized", PROMPT))
		fail_msg("the new size did not arrive: %s", shell.seen);
	type(&shell, "exit\n", "capture:", "");
	assert_int_equal(waitpid(shell.pid, &status, 0), shell.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* The person's terminal is as it was: it echoes, line by line. */
	assert_int_equal(tcgetattr(shell.terminal, &mode), 0);
	assert_int_equal(mode.c_lflag & (ICANON | ECHO), ICANON | ECHO);
	close(shell.terminal);
	drive_remove(shell.results);
}

/* Without a terminal: the input's end is the shell's, also where that was there before the shell, or
 * a program in it has taken it first. */
static void the_inputs_end_ends_it(void **state)
{
	static const char *const inputs[] = { "", "echo $((40 + 2)) in $HOSTNAME\n", "cat\n" };
	static struct driven driven;
	char directory[DRIVEN_PATH], script[2 * DRIVEN_PATH];

	(void)state;
	if (!drive_possible())
		skip();
	drive_directory(directory);
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		const char *const argv[] = { "sh", "-c", script, NULL };

		snprintf(script, sizeof(script), "printf '%s' | '%s' shell -o out bob", inputs[i],
			 drive_binary());
		drive(&(struct drive){ .argv = argv, .directory = directory }, &driven);
		if (driven.status || !strstr(driven.err, "capture: "))
			fail_msg("after \"%s\": %d: %s%s", inputs[i], driven.status, driven.out,
				 driven.err);
		assert_true(i != 1 || strstr(driven.out, "42 in bob"));
	}
	drive_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shell_has_size_jobs_names_and_an_end),
		cmocka_unit_test(the_inputs_end_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
