/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What live_fork() promises: namespaces of its own, an identity in them, and that nothing is
 * left, whoever is killed.  What is left is told by a pipe that everything in the world holds
 * open: its end of file is the last one's death.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "live_lab.h"

enum { WAIT_MS = 5000 };

static int ends[2]; /* of the pipe; everything that a test forks inherits its writing end */

static int set_up(void **state)
{
	(void)state;
	return pipe(ends);
}

static int tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	return 0;
}

/* Read what the world says, one line. */
static void read_line(char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && read(ends[0], line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
}

/* Everything that held the pipe is dead. */
static bool all_gone(void)
{
	struct pollfd fd = { .fd = ends[0], .events = POLLIN };
	char byte;

	while (poll(&fd, 1, WAIT_MS) == 1)
		if (read(ends[0], &byte, 1) == 0)
			return true;
	return false;
}

static int tell_identity(void *arg)
{
	struct stat net;

	(void)arg;
	if (stat("/proc/self/ns/net", &net))
		return 1;
	dprintf(ends[1], "%d %u %u %llu\n", (int)getpid(), (unsigned int)geteuid(),
		(unsigned int)getegid(), (unsigned long long)net.st_ino);
	return 7;
}

static void the_child_is_root_and_first(void **state)
{
	struct stat ours;
	unsigned long long net;
	unsigned int uid, gid;
	char line[128];
	int pid, status;
	pid_t child = live_fork(tell_identity, NULL);

	(void)state;
	assert_true(child > 0);
	read_line(line, sizeof(line));
	assert_int_equal(sscanf(line, "%d %u %u %llu", &pid, &uid, &gid, &net), 4);
	assert_int_equal(pid, 1);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 0);
	assert_int_equal(stat("/proc/self/ns/net", &ours), 0);
	assert_true(ours.st_ino != net);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	close(ends[1]);
}

static int drop_to_nobody(void *arg)
{
	(void)arg;
	return setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534);
}

/* So that servers which start as root can be tried as they are. */
static void root_may_become_others(void **state)
{
	pid_t child;
	int status;

	(void)state;
	child = live_fork(drop_to_nobody, NULL);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(ends[1]);
}

/* A world with a program in it, which says so and then stays. */

struct stay {
	struct lab lab;
	struct host *host;
};

static void stay_for_ever(void *arg)
{
	struct stay *stay = arg;
	const char *const argv[] = { "sh", "-c", "setsid sleep 1000 & echo started; sleep 1000",
				     NULL };
	struct process_spec spec = { .argv = argv };
	struct process *process;

	if (process_start(stay->host, &spec, &process) ||
	    process_wait_output(process, "started", NEVER))
		_exit(1);
	dprintf(ends[1], "up\n");
	process_wait(process, NEVER, NULL);
}

static int full_world(void *arg)
{
	struct stay stay;
	struct lab_actor actor = { .run = stay_for_ever, .arg = &stay };
	struct live_host_spec spec = { .name = "a", .addr = V4(10, 0, 0, 1), .prefix_bits = 24 };
	struct port *port;

	(void)arg;
	stay.lab.pool = pool_new();
	if (!stay.lab.pool || loop_new(LOOP_REAL, &stay.lab.loop) ||
	    live_new(stay.lab.loop, stay.lab.pool, &stay.lab.live) ||
	    live_host_new(stay.lab.live, &spec, &stay.host, &port) ||
	    fiber_spawn(stay.lab.loop, "main", lab_act, &actor, NULL))
		return 1;
	return loop_run(stay.lab.loop, &actor.done) != 0;
}

static void killing_the_world_leaves_nothing(void **state)
{
	char line[16];
	pid_t child = live_fork(full_world, NULL);

	(void)state;
	assert_true(child > 0);
	close(ends[1]);
	read_line(line, sizeof(line));
	assert_string_equal(line, "up");
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(all_gone());
}

/* A process between us and the world, for us to kill. */
static pid_t fork_owner(void)
{
	pid_t owner = fork();

	if (owner == 0) {
		pid_t child = live_fork(full_world, NULL);

		if (child < 0)
			_exit(1);
		waitpid(child, NULL, 0);
		_exit(0);
	}
	return owner;
}

static void killing_the_parent_leaves_nothing(void **state)
{
	char line[16];
	pid_t owner = fork_owner();

	(void)state;
	assert_true(owner > 0);
	close(ends[1]);
	read_line(line, sizeof(line));
	assert_string_equal(line, "up");
	kill(owner, SIGKILL);
	assert_int_equal(waitpid(owner, NULL, 0), owner);
	assert_true(all_gone());
}

/* A parent that dies at any moment of live_fork(): the ready answer is a random one of many. */
static void killing_the_parent_early_leaves_nothing(void **state)
{
	enum { ROUNDS = 40, STEP_US = 150 };

	(void)state;
	close(ends[0]);
	close(ends[1]);
	for (int i = 0; i < ROUNDS; i++) {
		struct timespec gap = { .tv_nsec = i * STEP_US * 1000L };
		pid_t owner;

		assert_int_equal(pipe(ends), 0);
		owner = fork_owner();
		assert_true(owner > 0);
		close(ends[1]);
		nanosleep(&gap, NULL);
		kill(owner, SIGKILL);
		assert_int_equal(waitpid(owner, NULL, 0), owner);
		assert_true(all_gone());
		if (i + 1 < ROUNDS)
			close(ends[0]);
	}
}

static int return_zero(void *arg)
{
	(void)arg;
	return 0;
}

static int nested(void *arg)
{
	pid_t child = live_fork(return_zero, NULL);
	int status;

	(void)arg;
	return child < 0 || waitpid(child, &status, 0) != child || status;
}

static void worlds_nest(void **state)
{
	pid_t child = live_fork(nested, NULL);
	int status;

	(void)state;
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(ends[1]);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* The same as somebody who is nobody: user namespaces are for everyone.  The program is run
 * anew, since /proc/PID of those who merely changed their user stays root's (prctl(2),
 * PR_SET_DUMPABLE); by a descriptor, since nobody may not see the folder that it is in. */
static int as_ordinary_user(char **argv)
{
	char *const no_env[] = { NULL };
	int self = open(argv[0], O_RDONLY | O_CLOEXEC);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (!setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534))
			fexecve(self, argv, no_env);
		_exit(1);
	}
	close(self);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest for_root[] = { ROW(root_may_become_others) };
	const struct CMUnitTest for_all[] = {
		ROW(the_child_is_root_and_first),
		ROW(killing_the_world_leaves_nothing),
		ROW(killing_the_parent_leaves_nothing),
		ROW(killing_the_parent_early_leaves_nothing),
		ROW(worlds_nest),
	};
	char why[256];
	int failed;

	(void)argc;
	if (!live_possible(why, sizeof(why))) {
		fprintf(stderr, "skipped: %s\n", why);
		return 77;
	}
	failed = cmocka_run_group_tests(for_all, NULL, NULL);
	if (failed || geteuid() != 0)
		return failed;
	failed = cmocka_run_group_tests(for_root, NULL, NULL);
	fprintf(stderr, "as an ordinary user:\n");
	return failed ? failed : as_ordinary_user(argv);
}
