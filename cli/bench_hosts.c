/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes_per_host, host_up_ns and datagram_ns: what a virtual host costs, and a datagram with its one
 * event, as hosts become many.
 *
 * A large office: one net with all the hosts, in one virtual world.  Each opens a socket, sends its
 * neighbour a datagram, and gets the other neighbour's.  Every size has a process of its own, so
 * that no memory is counted which another has left behind.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sim/world.h"
#include "options.h"

static const unsigned long sizes[] = { 1000, 10000, 100000, 1000000 };

struct figures {
	double bytes, up_ns, datagram_ns;
	bool failed;
	char why[BENCH_NOTE];
};

enum { PORT = 7, PAYLOAD = 32 };

struct office {
	struct world *world;
	const struct plan *plan;
	struct sock **socks;
	unsigned long len, got;
	uint64_t began; /* when their sockets were open */
};

static int make_plan(struct plan *plan, unsigned long hosts, struct plan_error *error)
{
	struct plan_node *net = plan_add(plan, NULL, PLAN_NET, "office");
	char name[32];

	if (!net)
		return -ENOMEM;
	plan->seed = 1;
	nat_model_defaults(&net->model);
	net->prefix = (struct ip_prefix){ ip_addr_v4(0x0a000000), 104 }; /* 10.0.0.0/8 */
	for (unsigned long i = 0; i < hosts; i++) {
		snprintf(name, sizeof(name), "desk%lu", i);
		if (!plan_add(plan, net, PLAN_HOST, name))
			return -ENOMEM;
	}
	return plan_complete(plan, error);
}

static bool open_sockets(struct office *office)
{
	const struct sock_spec spec = { .kind = SOCK_UDP, .local.port = PORT };
	const struct plan_node *n = office->plan->nodes->children;

	for (unsigned long i = 0; i < office->len; i++, n = n->next)
		if (sock_open(world_host(office->world, n->name), &spec, &office->socks[i]))
			return false;
	return true;
}

/* All of them speak at once, so that as many events wait as there are hosts. */
static void work(void *arg)
{
	struct office *office = arg;
	const struct plan_node *n = office->plan->nodes->children;
	uint8_t bytes[PAYLOAD] = { 0 };

	if (!open_sockets(office))
		return;
	office->began = bench_cpu();
	for (unsigned long i = 0; n && i < office->len; i++, n = n->next) {
		const struct plan_node *next = n->next ? n->next : office->plan->nodes->children;
		const struct endpoint to = { next->addr, PORT };

		if (sock_send(office->socks[i], &to, bytes, sizeof(bytes), NEVER))
			return;
	}
	for (unsigned long i = 0; i < office->len; i++)
		office->got += sock_recv(office->socks[i], NULL, bytes, sizeof(bytes), SEC) ==
			       PAYLOAD;
}

static int take(unsigned long hosts, struct figures *ret)
{
	const struct world_options options = { .kind = WORLD_VIRTUAL };
	struct office office = { .len = hosts };
	struct plan_error error = { "" };
	struct plan plan = { 0 };
	uint64_t bytes = bench_resident(), began = bench_cpu();
	int err = make_plan(&plan, hosts, &error);

	office.plan = &plan;
	office.socks = calloc(hosts, sizeof(*office.socks));
	if (!err && !office.socks)
		err = -ENOMEM;
	if (!err)
		err = world_new(&plan, &options, &office.world, &error);
	ret->up_ns = (double)(bench_cpu() - began) / (double)hosts;
	if (!err)
		err = world_run(office.world, work, &office);
	ret->datagram_ns = (double)(bench_cpu() - office.began) / (double)hosts;
	ret->bytes = (double)(bench_resident() - bytes) / (double)hosts;
	if (!err && office.got != hosts)
		err = -EIO;
	if (err)
		snprintf(ret->why, sizeof(ret->why), "%lu hosts: %.200s", hosts,
			 *error.text ? error.text : strerror(-err));
	ret->failed = err != 0;
	world_free(office.world);
	plan_clear(&plan);
	free(office.socks);
	return err;
}

static int take_apart(unsigned long hosts, struct figures *ret)
{
	struct figures figures = { 0 };
	int ends[2], status;
	ssize_t got;
	pid_t pid;

	if (pipe(ends) < 0)
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		take(hosts, &figures);
		got = write(ends[1], &figures, sizeof(figures));
		_exit(got == sizeof(figures) ? 0 : 1);
	}
	close(ends[1]);
	got = pid > 0 ? read(ends[0], ret, sizeof(*ret)) : 0;
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (got == sizeof(*ret))
		return ret->failed ? -EIO : 0;
	snprintf(ret->why, sizeof(ret->why), "%lu hosts: their process ended early", hosts);
	return -EIO;
}

/* The value is that of the largest world; the note has them all. */
static int take_all(double (*of)(const struct figures *figures), const char *what,
		    struct bench_result *result)
{
	int len = snprintf(result->note, sizeof(result->note), "%s at", what);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct figures figures = { 0 };
		int err = take_apart(sizes[i], &figures);

		if (err) {
			memcpy(result->note, figures.why, sizeof(result->note));
			return err;
		}
		result->value = of(&figures);
		len += snprintf(result->note + len, sizeof(result->note) - (size_t)len,
				"%s %lu hosts %.0f", i ? "," : "", sizes[i], result->value);
	}
	return 0;
}

static double bytes_of(const struct figures *figures)
{
	return figures->bytes;
}

static double up_ns_of(const struct figures *figures)
{
	return figures->up_ns;
}

static double datagram_ns_of(const struct figures *figures)
{
	return figures->datagram_ns;
}

int bench_host_bytes(struct bench_result *result)
{
	return take_all(bytes_of, "bytes", result);
}

int bench_host_up(struct bench_result *result)
{
	return take_all(up_ns_of, "ns", result);
}

int bench_datagram(struct bench_result *result)
{
	return take_all(datagram_ns_of, "ns", result);
}
