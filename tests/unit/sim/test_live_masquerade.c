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
	FIRST_PORT = 2048,
};

struct flow {
	bool known;
	uint16_t kernel, engine; /* its outside port, there and here */
};

/* One sequence; a flow stands for an inside endpoint and a remote one. */
struct sequence {
	struct course course;
	struct flow flows[HOSTS][PORTS][REMOTES];
	struct draws draws;
};

static int first_port(const struct sequence *s)
{
	return FIRST_PORT + s->course.number * PORTS;
}

static struct endpoint inside_of(const struct sequence *s, int host, int port)
{
	return (struct endpoint){ ip_addr_v4((10U << 24) + 10U + (uint32_t)host),
				  (uint16_t)(first_port(s) + port) };
}

static struct endpoint remote_of(const struct sequence *s, int remote)
{
	uint32_t addr =
		(11U << 24) + ((4U + (uint32_t)remote / 2) << 16) + (uint32_t)s->course.number;

	return (struct endpoint){ ip_addr_v4(addr), (uint16_t)(5000 + remote % 2) };
}

static void differ(struct bench *bench, const struct sequence *s, const char *what,
		   struct endpoint src, struct endpoint dst, const struct fate *kernel,
		   const struct fate *engine)
{
	char a[ENDPOINT_TEXT], b[ENDPOINT_TEXT];

	if (!bench->err)
		snprintf(bench->trouble, sizeof(bench->trouble),
			 "sequence %d, packet %d, %s %s > %s: kernel %s (:%u > :%u), engine %s "
			 "(:%u > :%u)",
			 s->course.number, bench->packets, what, endpoint_format(src, a),
			 endpoint_format(dst, b), kernel->passed ? "passes it" : "drops it",
			 kernel->src.port, kernel->dst.port,
			 engine->passed ? "passes it" : "drops it", engine->src.port,
			 engine->dst.port);
	keep(bench, -EPROTO);
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
		s->course.over = true;
	} else if (!is_alike(s->flows[host][port], src.port, at[0], at[1])) {
		differ(bench, s, flow->known ? "goes on" : "begins", src, dst, kernel, engine);
	}
	bench->begun += is_new;
	bench->moved += is_new && at[0] != src.port;
	*flow = (struct flow){ true, at[0], at[1] };
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
	else if (!kernel.passed && flow->known && remote == flow_remote)
		bench->ended++;
}

static void one_packet(struct bench *bench, struct course *course)
{
	struct sequence *s = (struct sequence *)course;
	int host = below(bench, HOSTS), port = below(bench, PORTS);
	int remote = below(bench, REMOTES), kind = below(bench, 10);

	if (kind < 6)
		go_out(bench, s, host, port, remote);
	else if (kind < 8)
		come_in(bench, s, host, port, remote, remote);
	else
		come_in(bench, s, host, port, remote, below(bench, REMOTES));
}

/* An idle flow of one direction ends; one of both directions becomes a stream; an idle stream ends. */
static const struct play play = {
	.size = sizeof(struct sequence),
	.one_packet = one_packet,
	.least = 10,
	.most = 40,
	.times = { SEC, 2 * SEC, 4 * SEC },
};

static void compare(const char *model, bool timed)
{
	struct bench bench = { 0 };

	open_bench(&bench, model, &play, timed);
	lab_run(&bench.lab, run_sequences, &bench);
	close_bench(&bench);
	print_message("%s: %d packets, %d passed, %d flows began, %d of them at another port, "
		      "%d strays, %d packets to flows that had ended, %d sequences cut short by "
		      "luck, %d by delay\n",
		      model, bench.packets, bench.passed, bench.begun, bench.moved, bench.strays,
		      bench.ended, bench.by_luck, bench.late);
	if (bench.err)
		print_message("%s\n", bench.trouble[0] ? bench.trouble : strerror(-bench.err));
	assert_int_equal(bench.err, 0);
	/* … and there was something to compare. */
	assert_true(bench.begun > 8000 && bench.moved > (timed ? 500 : 2000) &&
		    bench.strays > 2000);
	assert_true(timed ? bench.ended > 500 : bench.ended == 0);
	assert_true(bench.by_luck <= 11 && bench.late <= SEQUENCES / 20);
}

static void input_open(void **state)
{
	(void)state;
	compare("linux-masquerade", false);
}

static void input_closed(void **state)
{
	(void)state;
	compare("linux-masquerade-input-drop", false);
}

static void timers_with_input_open(void **state)
{
	(void)state;
	compare("linux-masquerade", true);
}

static void timers_with_input_closed(void **state)
{
	(void)state;
	compare("linux-masquerade-input-drop", true);
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
