/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * throughput_ratio: iperf3 TCP from alice to sam and back, through an engine NAT, against the
 * same path through a kernel that masquerades.
 *
 * The two take turns, so that whatever else the machine does in the meantime hits both.
 */
#include "bench.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../sim/live/live.h"
#include "../sim/world.h"

enum { ROUNDS = 4, TEXT_MAX = 1 << 18 };

struct rates {
	double up, down; /* bit/s, summed over the rounds */
};

/* iperf3 from alice, its JSON to job->out.  False with job->error. */
static bool one_way(struct bench_job *job, const char *reverse)
{
	struct host *alice = world_host(job->world, "alice");
	char server[IP_ADDR_TEXT];
	const char *const argv[] = {
		"iperf3", "-J", "-t",
		"1",	  "-c", ip_addr_format(host_addr(world_host(job->world, "sam")), server),
		reverse,  NULL
	};
	const struct process_spec spec = { .argv = argv };
	struct process *client;
	int status = -1;
	size_t len;
	int err = process_start(alice, &spec, &client);

	if (err) {
		snprintf(job->error, sizeof(job->error), "iperf3: %s", strerror(-err));
		return false;
	}
	err = process_wait(client, host_now(alice) + 20 * SEC, &status);
	if (err)
		snprintf(job->error, sizeof(job->error), "iperf3 does not end: %s", strerror(-err));
	else if (status)
		snprintf(job->error, sizeof(job->error),
			 "iperf3 came to nothing: exit status %d: %.160s", status,
			 process_output(client, PROCESS_BOTH, &len));
	else
		dprintf(job->out, "%s\n", process_output(client, PROCESS_BOTH, &len));
	process_free(client);
	return !err && !status;
}

static void measure(void *arg)
{
	static const char *const argv[] = { "iperf3", "-s", "--forceflush", NULL };
	const struct process_spec spec = { .argv = argv };
	struct bench_job *job = arg;
	struct host *sam = world_host(job->world, "sam");
	struct process *server;
	int err = process_start(sam, &spec, &server);

	if (err) {
		snprintf(job->error, sizeof(job->error), "iperf3: %s",
			 err == -ENOENT ? "not installed" : strerror(-err));
		return;
	}
	err = process_wait_output(server, "Server listening", host_now(sam) + 5 * SEC);
	if (err)
		snprintf(job->error, sizeof(job->error), "iperf3 -s does not listen: %s",
			 strerror(-err));
	else if (one_way(job, NULL))
		one_way(job, "-R");
	process_free(server);
}

/* The two documents of JSON that @text holds: up, then down. */
static int add_rates(const char *text, struct rates *rates, struct bench_result *result)
{
	double *const ways[] = { &rates->up, &rates->down };
	size_t at = 0;

	for (size_t i = 0; i < 2; i++) {
		json_error_t error;
		double rate = 0;
		json_t *json = json_loads(text + at, JSON_DISABLE_EOF_CHECK, &error);

		if (json)
			at += (size_t)error.position;
		if (!json || json_unpack(json, "{s:{s:{s:F}}}", "end", "sum_received",
					 "bits_per_second", &rate) < 0) {
			snprintf(result->note, sizeof(result->note),
				 "cannot read what iperf3 says: %s", json ? "no rate" : error.text);
			json_decref(json);
			return -EPROTO;
		}
		*ways[i] += rate;
		json_decref(json);
	}
	return 0;
}

/* A round through the engine; what processors did meanwhile is added to *@usage. */
static int through_engine(struct bench_usage *usage, struct bench_result *result,
			  char text[TEXT_MAX])
{
	struct bench_usage round = bench_usage_now();
	int err = bench_in_world(measure, result, text, TEXT_MAX);

	round = bench_usage_since(round);
	usage->clock += round.clock;
	usage->user_ns += round.user_ns;
	usage->system_ns += round.system_ns;
	return err;
}

static void name_limit(const struct bench_usage *usage, struct bench_result *result)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	double used = (double)(usage->user_ns + usage->system_ns);

	snprintf(
		result->limit, sizeof(result->limit),
		"%.2f s of processors while it goes through the engine, %.0f %% of what %ld of them "
		"could do by the clock: %.0f %% in the kernel (sockets, TCP on both sides, veth), "
		"%.0f %% in the code of programs, which are iperf3, the fabric and the engine",
		used / (double)SEC, 100 * used / ((double)usage->clock * (double)processors),
		processors, 100 * (double)usage->system_ns / used,
		100 * (double)usage->user_ns / used);
}

int bench_throughput(struct bench_result *result)
{
	static char text[TEXT_MAX];
	struct bench_usage usage = { 0 };
	struct rates engine = { 0 }, kernel = { 0 };
	const double rounds = ROUNDS * 1e9;
	int err = 0;

	for (int round = 0; round < ROUNDS && !err; round++) {
		err = bench_in_script("iperf3", result, text, sizeof(text));
		if (!err)
			err = add_rates(text, &kernel, result);
		if (!err)
			err = through_engine(&usage, result, text);
		if (!err)
			err = add_rates(text, &engine, result);
	}
	if (err)
		return err;
	result->value = (engine.up / kernel.up + engine.down / kernel.down) / 2;
	result->against = 1;
	name_limit(&usage, result);
	snprintf(result->note, sizeof(result->note),
		 "Gbit/s up and down: engine %.2f %.2f, kernel %.2f %.2f%s", engine.up / rounds,
		 engine.down / rounds, kernel.up / rounds, kernel.down / rounds,
		 geteuid() == 0
			 ? ""
			 : "; the kernel gives an ordinary user's fabric a receive buffer of "
			   "net.core.rmem_max only, where root's has 32 MiB");
	return 0;
}
