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
#include <unistd.h>

#include "../sim/world.h"
#include "options.h"

static const unsigned long sizes[] = { 1000, 10000, 100000, 1000000 };

/* What of a host's cost came with what. */
enum part { PART_PLAN, PART_CHECK, PART_BUILD, PART_SEND, PART_RECEIVE, PARTS };

/* Each host's; a part's bytes are those resident at its end. */
struct figures {
	unsigned long hosts;
	double ns[PARTS], bytes[PARTS];
	int err;
	char why[BENCH_NOTE];
};

enum { PORT = 7, PAYLOAD = 32 };

struct office {
	struct world *world;
	const struct plan *plan;
	struct sock **socks;
	unsigned long len, got;
	struct figures *figures;
	uint64_t began, bytes; /* of the part that is measured; at the beginning of all */
};

/* This part ends now, and another begins. */
static void end_part(struct office *office, enum part part)
{
	double hosts = (double)office->len;

	office->figures->ns[part] = (double)(bench_cpu() - office->began) / hosts;
	office->figures->bytes[part] = (double)(bench_resident() - office->bytes) / hosts;
	office->began = bench_cpu();
}

static int make_plan(struct plan *plan, unsigned long hosts)
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
	return 0;
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
	end_part(office, PART_SEND);
	for (unsigned long i = 0; i < office->len; i++)
		office->got += sock_recv(office->socks[i], NULL, bytes, sizeof(bytes), SEC) ==
			       PAYLOAD;
	end_part(office, PART_RECEIVE);
}

static int run(struct office *office, struct plan *plan, struct plan_error *error)
{
	const struct world_options options = { .kind = WORLD_VIRTUAL };
	int err = make_plan(plan, office->len);

	if (err)
		return err;
	end_part(office, PART_PLAN);
	err = plan_complete(plan, error);
	if (err)
		return err;
	end_part(office, PART_CHECK);
	office->plan = plan;
	office->socks = calloc(office->len, sizeof(*office->socks));
	if (!office->socks)
		return -ENOMEM;
	err = world_new(plan, &options, &office->world, error);
	if (err)
		return err;
	end_part(office, PART_BUILD);
	err = world_run(office->world, work, office);
	return err || office->got == office->len ? err : -EIO;
}

static void take(void *about)
{
	struct figures *figures = about;
	struct office office = { .len = figures->hosts,
				 .figures = figures,
				 .bytes = bench_resident(),
				 .began = bench_cpu() };
	struct plan_error error = { "" };
	struct plan plan = { 0 };

	figures->err = run(&office, &plan, &error);
	if (figures->err)
		snprintf(figures->why, sizeof(figures->why), "%lu hosts: %.200s", figures->hosts,
			 *error.text ? error.text : strerror(-figures->err));
	world_free(office.world);
	plan_clear(&plan);
	free(office.socks);
}

/* The value is that of the largest world, whose figures are left in *@ret; the note has them all. */
static int take_all(double (*of)(const struct figures *figures), const char *what,
		    struct bench_result *result, struct figures *ret)
{
	int len = snprintf(result->note, sizeof(result->note), "%s at", what);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int err;

		*ret = (struct figures){ .hosts = sizes[i] };
		err = bench_apart(take, ret, sizeof(*ret));
		if (err)
			snprintf(ret->why, sizeof(ret->why), "%lu hosts: their process ended early",
				 sizes[i]);
		if (err || ret->err) {
			memcpy(result->note, ret->why, sizeof(result->note));
			return err ? err : ret->err;
		}
		result->value = of(ret);
		len += snprintf(result->note + len, sizeof(result->note) - (size_t)len,
				"%s %lu hosts %.0f", i ? "," : "", sizes[i], result->value);
	}
	return 0;
}

static double bytes_of(const struct figures *figures)
{
	return figures->bytes[PART_RECEIVE];
}

static double up_ns_of(const struct figures *figures)
{
	return figures->ns[PART_PLAN] + figures->ns[PART_CHECK] + figures->ns[PART_BUILD];
}

static double datagram_ns_of(const struct figures *figures)
{
	return figures->ns[PART_SEND] + figures->ns[PART_RECEIVE];
}

int bench_host_bytes(struct bench_result *result)
{
	struct figures most;
	int err = take_all(bytes_of, "bytes", result, &most);

	if (!err)
		snprintf(
			result->limit, sizeof(result->limit),
			"of the most: %.0f its plan, %.0f its stack and link, %.0f its socket and the "
			"datagram on its way",
			most.bytes[PART_CHECK], most.bytes[PART_BUILD] - most.bytes[PART_CHECK],
			most.bytes[PART_RECEIVE] - most.bytes[PART_BUILD]);
	return err;
}

int bench_host_up(struct bench_result *result)
{
	struct figures most;
	int err = take_all(up_ns_of, "ns", result, &most);

	if (!err)
		snprintf(
			result->limit, sizeof(result->limit),
			"of the most: %.0f to plan it, %.0f to check it and give it an address, %.0f "
			"to build it; the kernel takes %.0f for its memory alone",
			most.ns[PART_PLAN], most.ns[PART_CHECK], most.ns[PART_BUILD],
			bench_page_ns() * most.bytes[PART_BUILD] / (double)sysconf(_SC_PAGESIZE));
	return err;
}

int bench_datagram(struct bench_result *result)
{
	struct figures most;
	int err = take_all(datagram_ns_of, "ns", result, &most);

	if (!err)
		snprintf(
			result->limit, sizeof(result->limit),
			"of the most: %.0f to send it, %.0f until it is received; a read at random of "
			"their memory, %.0f MB, takes %.0f",
			most.ns[PART_SEND], most.ns[PART_RECEIVE],
			most.bytes[PART_RECEIVE] * (double)most.hosts / 1e6,
			bench_read_ns((size_t)1 << 30));
	return err;
}
