/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs in live hosts: started, read, waited for, killed; and what surrounds them. */
#include "live_lab.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALICE V4(10, 0, 0, 1)
#define BOB V4(10, 0, 0, 2)

struct stage {
	struct lab lab;
	struct host *alice, *bob;
	struct link *link;
	/* What the actor is to do. */
	const char *const *argv;
	const char *const *env;
	const char *await; /* output; NULL = its end */
	uint16_t port; /* or that it listens there */
	const char *output_path;
	int signal; /* sent once it has said what is awaited */
	/* What it saw. */
	int err, wait_err, port_err, status;
	char output[4096], out[256], errors[256];
	size_t output_len;
};

static int set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct port *a, *b;

	assert_non_null(stage);
	lab_open(&stage->lab);
	stage->alice = lab_host(&stage->lab, "alice", ALICE, 24, (struct ip_addr){ 0 }, &a);
	stage->bob = lab_host(&stage->lab, "bob", BOB, 24, (struct ip_addr){ 0 }, &b);
	stage->link = lab_link(&stage->lab, a, b);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *stage = *state;

	link_free(stage->link);
	stage->alice->ops->free(stage->alice);
	stage->bob->ops->free(stage->bob);
	lab_close(&stage->lab);
	free(stage);
	return 0;
}

static void run_program(void *arg)
{
	struct stage *stage = arg;
	struct process_spec spec = {
		.argv = stage->argv,
		.env = stage->env,
		.out_path = stage->output_path,
	};
	uint64_t deadline = host_now(stage->alice) + 10 * SEC;
	struct process *process;
	const char *text;

	stage->err = process_start(stage->alice, &spec, &process);
	if (stage->err)
		return;
	if (stage->await)
		stage->wait_err = process_wait_output(process, stage->await, deadline);
	if (stage->port)
		stage->port_err = process_wait_port(process, stage->port, deadline);
	if (stage->signal)
		process_kill(process, stage->signal);
	if (!stage->await || stage->signal)
		stage->wait_err = process_wait(process, deadline, &stage->status);
	text = process_output(process, PROCESS_BOTH, &stage->output_len);
	snprintf(stage->output, sizeof(stage->output), "%s", text);
	text = process_output(process, PROCESS_OUT, NULL);
	snprintf(stage->out, sizeof(stage->out), "%s", text);
	text = process_output(process, PROCESS_ERR, NULL);
	snprintf(stage->errors, sizeof(stage->errors), "%s", text);
	process_free(process);
}

static void run(struct stage *stage, const char *const *argv)
{
	stage->argv = argv;
	lab_run(&stage->lab, run_program, stage);
}

static void ping_reaches_the_neighbour(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "ping", "-c1", "-W5", "10.0.0.2", NULL };

	run(stage, argv);
	assert_int_equal(stage->err, 0);
	assert_int_equal(stage->wait_err, 0);
	if (stage->status)
		print_message("%s", stage->output);
	assert_int_equal(stage->status, 0);
	assert_non_null(strstr(stage->output, "1 received"));
}

/* The fabric answers ARP for everybody, and for nobody's own address: else a probe for
 * duplicates (RFC 5227) would find one. */
static void arp_is_answered_but_for_the_own_address(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c",
				     "ping -c1 -W5 10.0.0.2 >/dev/null; ip neigh show 10.0.0.2",
				     NULL };

	run(stage, argv);
	assert_int_equal(stage->status, 0);
	assert_non_null(strstr(stage->output, "02:00:00:00:00:01"));
}

static void stdout_and_stderr_come_apart_and_together(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c", "echo one; echo two >&2; exit 3", NULL };

	run(stage, argv);
	assert_int_equal(stage->wait_err, 0);
	assert_true(WIFEXITED(stage->status));
	assert_int_equal(WEXITSTATUS(stage->status), 3);
	assert_string_equal(stage->out, "one\n");
	assert_string_equal(stage->errors, "two\n");
	assert_int_equal(stage->output_len, strlen("one\ntwo\n"));
}

static void a_missing_program_is_no_entry(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "no-such-program-here", NULL };

	run(stage, argv);
	assert_int_equal(stage->err, -ENOENT);
}

static void a_folder_is_no_program(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "/tmp", NULL };

	run(stage, argv);
	assert_int_equal(stage->err, -EACCES);
}

static void the_environment_is_clean(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c", "echo $HOME $LC_ALL $MINE [$STRAY]; hostname",
				     NULL };
	const char *const env[] = { "MINE=yes", "LC_ALL=C.UTF-8", NULL };

	setenv("STRAY", "leaked", 1);
	stage->env = env;
	run(stage, argv);
	assert_string_equal(stage->output, "/tmp C.UTF-8 yes []\nalice\n");
}

static void it_lives_in_its_host_alone(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c", "ls /sys/class/net; ls /proc/self/fd | wc -l",
				     NULL };

	run(stage, argv);
	/* Three for stdio, one for the folder that ls reads. */
	assert_string_equal(stage->output, "eth0\nlo\n4\n");
}

/* Alice's was the first wire. */
static void set_wire(unsigned flags)
{
	struct if_nameindex *list = if_nameindex();
	struct ifreq request = { .ifr_flags = (short)flags };
	unsigned first = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (const struct if_nameindex *i = list; i && i->if_index; i++) {
		if (strncmp(i->if_name, "wire", 4) == 0 && (!first || i->if_index < first)) {
			first = i->if_index;
			snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", i->if_name);
		}
	}
	if_freenameindex(list);
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		print_error("%s: %s\n", request.ifr_name, strerror(errno));
	close(fd);
}

static void raise_wire(struct event *event)
{
	(void)event;
	set_wire(IFF_UP | IFF_NOARP);
}

/* The wire's other end goes up 50 ms after the program is to be started. */
static void its_interface_runs_when_it_starts(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "cat", "/sys/class/net/eth0/operstate", NULL };
	/* A run without memory may end before it is fired, and with it this function. */
	static struct event event;

	event = (struct event){ .fire = raise_wire };
	set_wire(0);
	assert_int_equal(
		loop_schedule(stage->lab.loop, &event, loop_now(stage->lab.loop) + 50 * MSEC), 0);
	run(stage, argv);
	assert_int_equal(stage->err, 0);
	assert_string_equal(stage->output, "up\n");
}

static void output_is_waited_for(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c", "echo ready; exec cat /dev/zero >/dev/null",
				     NULL };

	stage->await = "ready";
	stage->signal = SIGTERM;
	run(stage, argv);
	assert_int_equal(stage->wait_err, 0);
	assert_true(WIFSIGNALED(stage->status));
	assert_int_equal(WTERMSIG(stage->status), SIGTERM);
}

static void output_that_never_comes_is_a_broken_pipe(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "echo", "something else", NULL };

	stage->await = "ready";
	run(stage, argv);
	assert_int_equal(stage->wait_err, -EPIPE);
}

/* Nothing but the kernel's table is read: a listener that takes one connection only must still be
 * there to take ours, which therefore is that program's own child. */
static void a_listener_is_waited_for(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "python3", "-c",
				     "import socket\n"
				     "s = socket.create_server(('10.0.0.1', 7000))\n"
				     "s.settimeout(0.2)\n"
				     "try: s.accept(); print('somebody came')\n"
				     "except socket.timeout: print('nobody came')\n",
				     NULL };

	stage->port = 7000;
	run(stage, argv);
	assert_int_equal(stage->port_err, 0);
	assert_string_equal(stage->out, "nobody came\n");
}

static void a_listener_that_never_comes_is_a_broken_pipe(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "true", NULL };

	stage->port = 7000;
	run(stage, argv);
	assert_int_equal(stage->port_err, -EPIPE);
}

/* The second program of a host finds what the first one left, and one of another host, or the
 * machine, nothing. */
static void tmp_and_run_are_the_hosts_own(void **state)
{
	struct stage *stage = *state;
	const char *const write[] = { "sh", "-c", "touch /tmp/knothole-mark /run/knothole-mark",
				      NULL };
	const char *const list[] = { "sh", "-c",
				     "ls /tmp/knothole-mark; ls /run/knothole-mark; "
				     "cat /etc/resolv.conf; tail -n 1 /etc/hosts",
				     NULL };
	struct host *alice = stage->alice;

	if (chdir("/"))
		fail();
	run(stage, write);
	assert_int_equal(stage->status, 0);
	run(stage, list);
	assert_string_equal(stage->out,
			    "/tmp/knothole-mark\n/run/knothole-mark\n127.0.0.1\tlocalhost\n");
	stage->alice = stage->bob;
	run(stage, list);
	stage->alice = alice;
	assert_string_equal(stage->out, "127.0.0.1\tlocalhost\n");
	assert_int_equal(access("/tmp/knothole-mark", F_OK), -1);
}

static void only_the_end_of_long_output_is_kept(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c", "yes x | head -c 5000000", NULL };

	run(stage, argv);
	assert_int_equal(stage->output_len, 1 << 20);
}

static void output_goes_to_a_file_whole(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c", "yes x | head -c 3000000", NULL };
	char path[] = "/tmp/knothole-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	stage->output_path = path;
	run(stage, argv);
	assert_int_equal(lseek(fd, 0, SEEK_END), 3000000);
	close(fd);
	unlink(path);
}

/* Children that a program leaves behind end with it when it is freed. */
static void the_whole_group_is_killed(void **state)
{
	struct stage *stage = *state;
	const char *const argv[] = { "sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait",
				     NULL };

	stage->await = "ready";
	stage->signal = SIGKILL;
	run(stage, argv);
	assert_int_equal(stage->wait_err, 0);
	/* They are ours to wait for now, and dead: nothing is left but to reap them. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	assert_int_equal(errno, ECHILD);
}

struct orphan {
	struct stage *stage;
	int children;
};

static int count_children(void)
{
	char path[64];
	char line[4096] = "";
	char *rest = NULL;
	int n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	for (char *at = strtok_r(line, " ", &rest); at; at = strtok_r(NULL, " ", &rest))
		n++;
	return n;
}

static void leave_an_orphan(void *arg)
{
	struct orphan *orphan = arg;
	struct stage *stage = orphan->stage;
	const char *const argv[] = { "sh", "-c", "setsid sh -c 'sleep 0.05' & exit 0", NULL };
	struct process_spec spec = { .argv = argv };
	uint64_t deadline = host_now(stage->alice) + 10 * SEC;
	struct process *process;
	int status;

	stage->err = process_start(stage->alice, &spec, &process);
	if (stage->err)
		return;
	stage->wait_err = process_wait(process, deadline, &status);
	while ((orphan->children = count_children()) > 0 && host_now(stage->alice) < deadline)
		fiber_sleep(host_now(stage->alice) + 5 * MSEC);
	process_free(process);
}

/* It became ours, as pid 1; it must not stay a zombie. */
static void an_orphan_is_buried(void **state)
{
	struct orphan orphan = { .stage = *state };

	lab_run(&orphan.stage->lab, leave_an_orphan, &orphan);
	assert_int_equal(orphan.stage->err, 0);
	assert_int_equal(orphan.stage->wait_err, 0);
	assert_int_equal(orphan.children, 0);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int tests(void *arg)
{
	const struct CMUnitTest all[] = {
		ROW(ping_reaches_the_neighbour),
		ROW(arp_is_answered_but_for_the_own_address),
		ROW(stdout_and_stderr_come_apart_and_together),
		ROW(a_missing_program_is_no_entry),
		ROW(a_folder_is_no_program),
		ROW(the_environment_is_clean),
		ROW(it_lives_in_its_host_alone),
		ROW(its_interface_runs_when_it_starts),
		ROW(output_is_waited_for),
		ROW(output_that_never_comes_is_a_broken_pipe),
		ROW(a_listener_is_waited_for),
		ROW(a_listener_that_never_comes_is_a_broken_pipe),
		ROW(tmp_and_run_are_the_hosts_own),
		ROW(only_the_end_of_long_output_is_kept),
		ROW(output_goes_to_a_file_whole),
		ROW(an_orphan_is_buried),
		ROW(the_whole_group_is_killed),
	};

	(void)arg;
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
