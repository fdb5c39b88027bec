/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab_up_ms: from nothing to the first packet through a NAT.
 *
 * Both labs are timed from before their process and its namespaces are made, so that neither gets
 * those for nothing.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../sim/world.h"

enum { OURS = 20, SCRIPTS = 5, PORT = 4000, HOSTS = 4 };

static void first_packet(void *arg)
{
	struct bench_job *job = arg;
	struct host *alice = world_host(job->world, "alice");
	struct host *sam = world_host(job->world, "sam");
	const struct endpoint to = { host_addr(sam), PORT };
	struct sock_spec spec = { .kind = SOCK_UDP, .local.port = PORT };
	struct sock *sender = NULL, *receiver = NULL;
	char byte = 'x';
	long got = -1;

	if (sock_open(sam, &spec, &receiver) == 0 && sock_open(alice, &spec, &sender) == 0 &&
	    sock_send(sender, &to, &byte, 1, NEVER) == 0)
		got = sock_recv(receiver, NULL, &byte, 1, host_now(sam) + 2 * SEC);
	if (got == 1)
		dprintf(job->out, "%llu", (unsigned long long)bench_clock());
	else
		snprintf(job->error, sizeof(job->error), "no packet came through in 2 s");
	sock_close(sender);
	sock_close(receiver);
}

static int ours(struct bench_result *result, double *ret_ms)
{
	char text[512];
	int err = bench_in_world(first_packet, result, text, sizeof(text));

	if (!err)
		*ret_ms = (double)(strtoull(text, NULL, 10) - result->began) / (double)MSEC;
	return err;
}

/* The script ends once its first packet is through. */
static int script(struct bench_result *result, double *ret_ms)
{
	char text[512];
	int err = bench_in_script("up", result, text, sizeof(text));

	if (!err)
		*ret_ms = (double)(bench_clock() - result->began) / (double)MSEC;
	return err;
}

/* Without links, addresses, rules: what the kernel takes for the hosts' namespaces and ours. */
static int bare(struct bench_result *result, double *ret_ms)
{
	uint64_t ns;
	int err = bench_namespaces(1 + HOSTS, result, &ns);

	if (!err)
		*ret_ms = (double)ns / (double)MSEC;
	return err;
}

static int median(int (*take)(struct bench_result *result, double *ret_ms), size_t times,
		  struct bench_result *result, double *ret_ms)
{
	double ms[OURS] = { 0 };

	for (size_t i = 0; i < times; i++) {
		int err = take(result, &ms[i]);

		if (err)
			return err;
	}
	*ret_ms = bench_median(ms, times);
	return 0;
}

int bench_lab_up(struct bench_result *result)
{
	double bare_ms;
	int err = median(ours, OURS, result, &result->value);

	if (!err)
		err = median(script, SCRIPTS, result, &result->against);
	if (!err)
		err = median(bare, SCRIPTS, result, &bare_ms);
	if (err)
		return err;
	snprintf(result->note, sizeof(result->note),
		 "medians of %d and of %d, each with its process and namespaces", OURS, SCRIPTS);
	snprintf(
		result->limit, sizeof(result->limit),
		"the kernel: %.2f ms until as many network namespaces, %d, are there, with nothing "
		"in them; the lab takes %.1f times that, with its links, addresses and routes",
		bare_ms, 1 + HOSTS, result->value / bare_ms);
	return 0;
}
