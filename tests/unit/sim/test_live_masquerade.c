/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's linux-masquerade models against the kernel's masquerade: the same random packets
 * through both, and each decision compared.
 *
 * Sequences share inside hosts but neither ports nor remote addresses, so that they do not meet.
 * The port that either draws after a collision is its own, and answers go to that.
 */
#include "masquerade_bench.h"

enum {
	PORTS = 3, /* of a sequence; each host uses them all */
	REMOTES = 4,
	SEQUENCES = 1000,
	TIMED = 150,
	TURNS = 12,
	LEAST_PACKETS = 10,
	MOST_PACKETS = 40,
	FIRST_PORT = 2048,
};

struct flow {
	bool known;
	uint16_t kernel, engine; /* its outside port, there and here */
	uint64_t used; /* when a packet last passed, either way */
};

#define TURN_NS (600 * MSEC)
#define SLACK_NS (150 * MSEC) /* that a machine which does other things may take in a turn */

/* One sequence; a flow stands for an inside endpoint and a remote one. */
struct sequence {
	int number;
	struct flow flows[HOSTS][PORTS][REMOTES];
	struct draws draws;
	bool over;
};

static int first_port(const struct sequence *s)
{
	return FIRST_PORT + s->number * PORTS;
}

static struct endpoint inside_of(const struct sequence *s, int host, int port)
{
	return (struct endpoint){ ip_addr_v4((10U << 24) + 10U + (uint32_t)host),
				  (uint16_t)(first_port(s) + port) };
}

static struct endpoint remote_of(const struct sequence *s, int remote)
{
	uint32_t addr = (11U << 24) + ((4U + (uint32_t)remote / 2) << 16) + (uint32_t)s->number;

	return (struct endpoint){ ip_addr_v4(addr), (uint16_t)(5000 + remote % 2) };
}

/* So late, a flow's age may be a timeout to a millisecond, and the kernel counts in ticks. */
static bool is_late(const struct bench *bench)
{
	return bench->due && loop_now(bench->lab.loop) > bench->due + SLACK_NS;
}

static void differ(struct bench *bench, const struct sequence *s, const char *what,
		   struct endpoint src, struct endpoint dst, const struct fate *kernel,
		   const struct fate *engine)
{
	char a[ENDPOINT_TEXT], b[ENDPOINT_TEXT];

	if (is_late(bench))
		return;
	if (!bench->err)
		snprintf(bench->trouble, sizeof(bench->trouble),
			 "sequence %d, packet %d, %s %s > %s: kernel %s (:%u > :%u), engine %s "
			 "(:%u > :%u)",
			 s->number, bench->packets, what, endpoint_format(src, a),
			 endpoint_format(dst, b), kernel->passed ? "passes it" : "drops it",
			 kernel->src.port, kernel->dst.port,
			 engine->passed ? "passes it" : "drops it", engine->src.port,
			 engine->dst.port);
	keep(bench, -EPROTO);
}

/* Has another host a flow with @remote at the kernel's @port? */
static bool is_anothers(const struct sequence *s, int host, int remote, uint16_t port)
{
	for (int h = 0; h < HOSTS; h++)
		for (int p = 0; p < PORTS; p++)
			if (h != host && s->flows[h][p][remote].known &&
			    s->flows[h][p][remote].kernel == port)
				return true;
	return false;
}

/*
 * The one difference: conntrack leaves an entry that has run out in the list that a source's ports
 * are looked for in, until something collects it, which may take a minute.  So the kernel may
 * put a source at the port of a flow that has ended, or look no further where another host has
 * that port by now; the engine forgets it with the flow.
 */
static bool is_remembered(const struct bench *bench, const struct sequence *s, int host, int port,
			  int remote, uint16_t kernel)
{
	uint64_t now = loop_now(bench->lab.loop);

	for (int other = 0; other < REMOTES; other++) {
		const struct flow *flow = &s->flows[host][port][other];
		bool ended = flow->known && now - flow->used >= bench->model.udp.timeout_ns;

		if (other != remote && ended &&
		    (flow->kernel == kernel || is_anothers(s, host, remote, flow->kernel)))
			return true;
	}
	return false;
}

/* Are these ports the inside one, or those of the source's other flows, in the same way? */
static bool is_alike(const struct flow flows[REMOTES], uint16_t inside, uint16_t kernel,
		     uint16_t engine)
{
	if ((kernel == inside) != (engine == inside))
		return false;
	for (int i = 0; i < REMOTES; i++)
		if (flows[i].known && (kernel == flows[i].kernel) != (engine == flows[i].engine))
			return false;
	return true;
}

/* Which port a flow's packet left by: as it is inside or another, the flow's own or a new one. */
static void note_ports(struct bench *bench, struct sequence *s, int host, int port, int remote,
		       const struct fate *kernel, const struct fate *engine)
{
	struct endpoint src = inside_of(s, host, port), dst = remote_of(s, remote);
	struct flow *flow = &s->flows[host][port][remote];
	uint16_t at[2] = { kernel->src.port, engine->src.port };
	bool is_new = !flow->known || flow->kernel != at[0];

	if (is_lucky(&s->draws, src, first_port(s), PORTS, at[0], at[1])) {
		bench->by_luck++;
		s->over = true;
	} else if (!is_alike(s->flows[host][port], src.port, at[0], at[1])) {
		s->over = true;
		if (is_remembered(bench, s, host, port, remote, at[0]))
			bench->remembered++;
		else
			differ(bench, s, flow->known ? "goes on" : "begins", src, dst, kernel,
			       engine);
	}
	bench->begun += is_new;
	bench->moved += is_new && at[0] != src.port;
	*flow = (struct flow){ true, at[0], at[1], loop_now(bench->lab.loop) };
}

static void go_out(struct bench *bench, struct sequence *s, int host, int port, int remote)
{
	struct endpoint src = inside_of(s, host, port), dst = remote_of(s, remote);
	struct fate engine = by_engine(bench, NAT_INSIDE, src, dst);
	struct fate kernel = by_kernel(bench, NAT_INSIDE, src, dst);
	struct ip_addr outside = OUTSIDE;

	bench->packets++;
	bench->passed += kernel.passed;
	if (!kernel.passed || !engine.passed || !endpoint_equal(kernel.dst, dst) ||
	    !endpoint_equal(engine.dst, dst) || !ip_addr_equal(kernel.src.addr, outside) ||
	    !ip_addr_equal(engine.src.addr, outside))
		differ(bench, s, "out", src, dst, &kernel, &engine);
	else
		note_ports(bench, s, host, port, remote, &kernel, &engine);
}

/* From @remote to the outside port of a flow, or to a port as it is inside where there is none. */
static void come_in(struct bench *bench, struct sequence *s, int host, int port, int flow_remote,
		    int remote)
{
	struct flow *flow = &s->flows[host][port][flow_remote];
	uint16_t bare = inside_of(s, host, port).port;
	struct endpoint src = remote_of(s, remote);
	struct endpoint at_kernel = { OUTSIDE, flow->known ? flow->kernel : bare };
	struct endpoint at_engine = { OUTSIDE, flow->known ? flow->engine : bare };
	struct fate engine = by_engine(bench, NAT_OUTSIDE, src, at_engine);
	struct fate kernel = by_kernel(bench, NAT_OUTSIDE, src, at_kernel);

	bench->packets++;
	bench->passed += kernel.passed;
	bench->strays += !kernel.passed;
	if (kernel.passed != engine.passed ||
	    (kernel.passed &&
	     (!endpoint_equal(kernel.dst, engine.dst) || !endpoint_equal(kernel.src, src) ||
	      !endpoint_equal(engine.src, src))))
		differ(bench, s, "in", src, at_kernel, &kernel, &engine);
	else if (kernel.passed && remote == flow_remote)
		flow->used = loop_now(bench->lab.loop);
}

static void one_packet(struct bench *bench, struct sequence *s)
{
	int host = below(bench, HOSTS), port = below(bench, PORTS);
	int remote = below(bench, REMOTES), kind = below(bench, 10);

	if (kind < 6)
		go_out(bench, s, host, port, remote);
	else if (kind < 8)
		come_in(bench, s, host, port, remote, remote);
	else
		come_in(bench, s, host, port, remote, below(bench, REMOTES));
}

static void run_sequences(void *arg)
{
	struct bench *bench = arg;

	warm_up(bench);
	for (int i = 0; i < SEQUENCES && !bench->err; i++) {
		struct sequence s = { .number = i };
		int n = LEAST_PACKETS + below(bench, MOST_PACKETS - LEAST_PACKETS + 1);

		for (; n > 0 && !s.over && !bench->err; n--)
			one_packet(bench, &s);
	}
}

static void take_turn(struct bench *bench, struct sequence *s)
{
	for (int n = below(bench, 5); n > 0 && !s->over && !bench->err; n--) {
		one_packet(bench, s);
		if (is_late(bench)) {
			bench->late++;
			s->over = true;
		}
	}
}

/*
 * Timers.  All sequences take turns, so that their flows are of every age; turns are so far apart
 * that no sum of them comes near to 1 s (an idle flow of one direction ends), 2 s (one of both
 * directions becomes a stream) or 4 s (an idle stream ends).  A sequence whose packets come too
 * late for that ends.
 */
static void run_turns(void *arg)
{
	struct bench *bench = arg;
	static struct sequence all[TIMED];
	uint64_t start;

	memset(all, 0, sizeof(all));
	warm_up(bench);
	start = loop_now(bench->lab.loop);
	for (int turn = 0; turn < TURNS && !bench->err; turn++) {
		bench->due = start + (uint64_t)turn * TURN_NS;
		fiber_sleep(bench->due);
		/* The flow that always passes has ended, if it idled. */
		send_marker(bench, NAT_INSIDE);
		await_marker(bench);
		for (int i = 0; i < TIMED; i++) {
			all[i].number = i;
			take_turn(bench, &all[i]);
		}
	}
}

static void report(const struct bench *bench, const char *model)
{
	print_message("%s: %d packets, %d passed, %d flows began, %d of them at another port, "
		      "%d strays, %d sequences cut short by luck, %d by "
		      "remembered ports, %d by delay\n",
		      model, bench->packets, bench->passed, bench->begun, bench->moved,
		      bench->strays, bench->by_luck, bench->remembered, bench->late);
	if (bench->err)
		print_message("%s\n", bench->trouble[0] ? bench->trouble : strerror(-bench->err));
}

static void compare(const char *model, uint64_t timeout_ns, void (*run)(void *arg), int flows)
{
	struct bench bench = { 0 };

	open_bench(&bench, model, timeout_ns);
	lab_run(&bench.lab, run, &bench);
	close_bench(&bench);
	report(&bench, model);
	assert_int_equal(bench.err, 0);
	/* … and there was something to compare. */
	assert_true(bench.begun > flows && bench.moved > flows / 4 && bench.strays > flows / 4);
	assert_true(bench.by_luck <= 3 + flows / 1000);
	assert_true(bench.remembered <= (timeout_ns ? TIMED * 2 / 3 : 0));
}

static void input_open(void **state)
{
	(void)state;
	compare("linux-masquerade", 0, run_sequences, 8000);
}

static void input_closed(void **state)
{
	(void)state;
	compare("linux-masquerade-input-drop", 0, run_sequences, 8000);
}

static void timers_with_input_open(void **state)
{
	(void)state;
	compare("linux-masquerade", SEC, run_turns, 500);
}

static void timers_with_input_closed(void **state)
{
	(void)state;
	compare("linux-masquerade-input-drop", SEC, run_turns, 500);
}

static int run_here(void *arg)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_open),
		cmocka_unit_test(input_closed),
		cmocka_unit_test(timers_with_input_open),
		cmocka_unit_test(timers_with_input_closed),
	};

	(void)arg;
	return run_on_one_processor(tests, sizeof(tests) / sizeof(tests[0]));
}

int main(void)
{
	return lab_main(run_here);
}
