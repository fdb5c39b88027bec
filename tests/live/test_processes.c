/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may make a world, and what is left of one that is killed.
 *
 * We are made the reaper of all that we start (PR_SET_CHILD_SUBREAPER): whatever outlives a
 * killed knothole becomes our child, so once we have no child left, no process is left either;
 * and a namespace lives on only in a process, a mount or a descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver.h"

enum { NOBODY = 65534, KILLS = 20, KILL_WITHIN_MS = 400, GONE_WITHIN_MS = 10000 };

/* Two actors, a NAT, a program, and voice for longer than any of these tests waits. */
static const char scenario[] =
	"return {\n"
	"  title = 'Goes on for a while',\n"
	"  world = function () return {\n"
	"    server = host { services = { 'rendezvous' } },\n"
	"    home = net { nat = 'full-cone', alice = host {} }, bob = host {} } end,\n"
	"  run = function (w)\n"
	"    w.bob:start { 'sleep', '1000' }\n"
	"    local call = connect(w.alice, w.bob, { via = w.server, try = { 'direct' } })\n"
	"    call:talk { frames = 1000, every = '20ms' }\n"
	"  end,\n"
	"}\n";

static const char short_scenario[] =
	"return {\n"
	"  title = 'A ping through a NAT',\n"
	"  world = function () return {\n"
	"    server = host {}, home = net { nat = 'full-cone', alice = host {} } } end,\n"
	"  run = function (w)\n"
	"    expect(w.alice:exec({ 'true' }).status):is(0)\n"
	"  end,\n"
	"}\n";

static char directory[DRIVEN_PATH];

static void write_file(const char *name, const char *text, char path[DRIVEN_PATH + 32])
{
	FILE *file;

	snprintf(path, DRIVEN_PATH + 32, "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

/* Wait up to @ms for a child to end; its pid, 0 where none did, -1 where there is none. */
static pid_t reap_within(long ms, int *status)
{
	long long deadline = drive_now_ms() + ms;
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD); /* blocked by setup(), so that none is missed */
	while ((pid = waitpid(-1, status, WNOHANG)) == 0) {
		long long rest = deadline - drive_now_ms();
		struct timespec left = { rest / 1000, rest % 1000 * 1000000 };

		/* A signal may be an old one, whose child has been reaped already. */
		if (rest <= 0 || (sigtimedwait(&set, NULL, &left) < 0 && errno == EAGAIN))
			break;
	}
	return pid;
}

/* Until we have no child left.  False where one is still there after the time. */
static bool all_gone(void)
{
	int status;
	pid_t pid;

	do
		pid = reap_within(GONE_WITHIN_MS, &status);
	while (pid > 0);
	return pid < 0 && errno == ECHILD;
}

/* Network interfaces, and the mounts that keep namespaces alive, as text. */
static void what_is_left(char *text, size_t size)
{
	static const char *const files[] = { "/proc/net/dev", "/proc/self/mounts" };
	char line[1024];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < 2; i++) {
		FILE *file = fopen(files[i], "r");

		assert_non_null(file);
		while (fgets(line, sizeof(line), file)) {
			if (i == 1 ? strncmp(line, "nsfs ", 5) != 0 : !strchr(line, ':'))
				continue;
			line[strcspn(line, i ? "\n" : ":")] = '\0'; /* counters come after */
			len += (size_t)snprintf(text + len, size - len, "%s\n", line);
			assert_true(len < size);
		}
		fclose(file);
	}
}

/* kill -9 at any time leaves no process, no interface and no namespace. */
static void killed(void **state)
{
	static char before[1 << 16], after[1 << 16];
	char path[DRIVEN_PATH + 32], results[DRIVEN_PATH + 32];
	const char *const argv[] = { "knothole", "run", "-o", results, path, NULL };
	unsigned seed = (unsigned)time(NULL);
	int status;

	(void)state;
	write_file("long.lua", scenario, path);
	snprintf(results, sizeof(results), "%s/killed", directory);
	what_is_left(before, sizeof(before));
	print_message("seed %u\n", seed);
	srandom(seed);
	for (int i = 0; i < KILLS; i++) {
		pid_t pid = drive_start(&(struct drive){ .argv = argv });

		/* It must not have ended by itself, or the kill would show nothing. */
		assert_int_equal(reap_within(random() % KILL_WITHIN_MS, &status), 0);
		assert_int_equal(kill(pid, SIGKILL), 0);
		if (!all_gone())
			fail_msg("a process is still there %d ms after the kill, seed %u",
				 GONE_WITHIN_MS, seed);
	}
	what_is_left(after, sizeof(after));
	assert_string_equal(before, after);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));

	return fd < 0 || close(fd) < 0 || written < 0 ? -1 : 0;
}

/* Enter a user namespace as @id there, which is whoever we are outside. */
static int enter_as(unsigned id)
{
	char uid_map[64], gid_map[64];

	snprintf(uid_map, sizeof(uid_map), "%u %u 1", id, geteuid());
	snprintf(gid_map, sizeof(gid_map), "%u %u 1", id, getegid());
	if (unshare(CLONE_NEWUSER) < 0)
		return -1;
	return write_text("/proc/self/setgroups", "deny") < 0 ||
			       write_text("/proc/self/uid_map", uid_map) < 0 ||
			       write_text("/proc/self/gid_map", gid_map) < 0
		       ? -1
		       : 0;
}

/* Be an ordinary user of a user namespace that may have no further ones: root there would need
 * none. */
static int forbid_namespaces(void)
{
	return enter_as(NOBODY) < 0 ? -1 : write_text("/proc/sys/user/max_user_namespaces", "0");
}

/* Root of a container that shares the machine's network: it is root of no network namespace. */
static int become_container_root(void)
{
	return enter_as(0);
}

static void no_permission(void **state)
{
	static struct driven driven;
	char path[DRIVEN_PATH + 32], results[DRIVEN_PATH + 32];
	const char *const argv[] = { "knothole", "run", "-o", results, path, NULL };

	(void)state;
	write_file("short.lua", short_scenario, path);
	snprintf(results, sizeof(results), "%s/forbidden", directory);
	drive(&(struct drive){ .argv = argv, .before = forbid_namespaces }, &driven);
	if (driven.status != 77 || !strstr(driven.err, "namespace"))
		fail_msg("status %d, stdout: %s, stderr: %s", driven.status, driven.out,
			 driven.err);
	assert_true(drive_is_one_line(driven.err));
}

static void root_of_a_container(void **state)
{
	static struct driven driven;
	char path[DRIVEN_PATH + 32], results[DRIVEN_PATH + 32];
	const char *const argv[] = { "knothole", "run", "-o", results, path, NULL };

	(void)state;
	write_file("short.lua", short_scenario, path);
	snprintf(results, sizeof(results), "%s/container", directory);
	drive(&(struct drive){ .argv = argv, .before = become_container_root }, &driven);
	if (driven.status != 0)
		fail_msg("status %d, stdout: %s, stderr: %s", driven.status, driven.out,
			 driven.err);
}

static int become_nobody(void)
{
	if (geteuid() != 0)
		return 0; /* an ordinary user already */
	return setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0 ? -1 : 0;
}

/* The binary may stand where only root can look, so it is tried from a copy. */
static void ordinary_user(void **state)
{
	static struct driven driven;
	char binary[DRIVEN_PATH + 32], path[DRIVEN_PATH + 32], results[DRIVEN_PATH + 32];
	const char *const copy[] = { "install", "-m", "755", drive_binary(), binary, NULL };
	const char *const argv[] = { binary, "run", "-o", results, path, NULL };

	(void)state;
	write_file("short.lua", short_scenario, path);
	snprintf(binary, sizeof(binary), "%s/knothole", directory);
	snprintf(results, sizeof(results), "%s/nobody", directory);
	drive(&(struct drive){ .argv = copy }, &driven);
	assert_int_equal(driven.status, 0);
	drive(&(struct drive){ .argv = argv, .before = become_nobody }, &driven);
	if (driven.status != 0)
		fail_msg("status %d, stdout: %s, stderr: %s", driven.status, driven.out,
			 driven.err);
}

static int setup(void **state)
{
	sigset_t set;

	(void)state;
	drive_directory(directory);
	/* Other programs come and go in the machine's own namespaces; here nobody else does.  An
	 * ordinary user may not, and looks at the machine's. */
	if (geteuid() == 0 && (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
			       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return -1;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
}

static int teardown(void **state)
{
	(void)state;
	drive_remove(directory);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed),
		cmocka_unit_test(no_permission),
		cmocka_unit_test(root_of_a_container),
		cmocka_unit_test(ordinary_user),
	};

	if (!drive_possible())
		return 77;
	return cmocka_run_group_tests(tests, setup, teardown);
}
