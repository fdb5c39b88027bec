/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's linux-masquerade models against the kernel's masquerade: the same random packets
 * through both, and each decision compared.
 *
 * Sequences share inside hosts but neither ports nor remote addresses, so that they do not meet.
 */
#include "masquerade_bench.h"

enum {
	PORTS = 3, /* of a sequence; each host uses them all */
	REMOTES = 4,
	FIRST_PORT = 2048,
};

struct flow {
	bool known;
	uint16_t outside; /* its outside port */
};

/* One sequence; a flow stands for an inside endpoint and a remote one. */
struct sequence {
	struct course course;
	struct flow flows[HOSTS][PORTS][REMOTES];
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

	if (!bench->err) {
		snprintf(bench->trouble, sizeof(bench->trouble),
			 "sequence %d, packet %d, %s %s > %s: kernel %s (:%u > :%u), engine %s "
			 "(:%u > :%u)",
			 s->course.number, bench->packets, what, endpoint_format(src, a),
			 endpoint_format(dst, b), kernel->passed ? "passes it" : "drops it",
			 kernel->src.port, kernel->dst.port,
			 engine->passed ? "passes it" : "drops it", engine->src.port,
			 engine->dst.port);
		show_trouble(bench, &s->course);
	}
	keep(bench, -EPROTO);
}

static void both_ways(struct bench *bench, struct sequence *s, enum nat_side side,
		      struct endpoint src, struct endpoint dst, struct fate *ret_kernel,
		      struct fate *ret_engine, bool *ret_drew)
{
	uint8_t bytes[64];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	*ret_kernel = by_kernel(bench, side, src, dst);
	keep(bench, packet_make_udp(&pkt, src, dst, TTL, "x", 1));
	*ret_engine = by_engine_alike(bench, side, &pkt, range_of(src.port), ret_kernel->src.port,
				      ret_drew);
	bench->packets++;
	bench->passed += ret_kernel->passed;
	tell(bench, &s->course, side == NAT_INSIDE ? "out" : "in", src, dst, 0, ret_kernel,
	     ret_engine);
}

static void go_out(struct bench *bench, struct sequence *s, int host, int port, int remote)
{
	struct endpoint src = inside_of(s, host, port), dst = remote_of(s, remote);
	struct flow *flow = &s->flows[host][port][remote];
	struct ip_addr outside = OUTSIDE;
	struct fate kernel, engine;
	bool is_new, drew;

	for (int other = 0; other < REMOTES; other++)
		forget_ended(bench, IP_PROTO_UDP, src, remote_of(s, other));
	both_ways(bench, s, NAT_INSIDE, src, dst, &kernel, &engine, &drew);
	for (int other = 0; other < REMOTES; other++)
		bench->hits += drew && s->flows[host][port][other].known &&
			       s->flows[host][port][other].outside == kernel.src.port;
	if (!kernel.passed || !engine.passed || !endpoint_equal(kernel.dst, dst) ||
	    !endpoint_equal(engine.dst, dst) || !ip_addr_equal(kernel.src.addr, outside) ||
	    !endpoint_equal(kernel.src, engine.src))
		differ(bench, s, flow->known ? "goes on" : "begins", src, dst, &kernel, &engine);
	is_new = !flow->known || flow->outside != kernel.src.port;
	bench->begun += is_new;
	bench->moved += is_new && kernel.src.port != src.port;
	*flow = (struct flow){ true, kernel.src.port };
}

/* From @remote to the outside port of a flow, or to a port as it is inside where there is none. */
static void come_in(struct bench *bench, struct sequence *s, int host, int port, int flow_remote,
		    int remote)
{
	struct flow *flow = &s->flows[host][port][flow_remote];
	uint16_t bare = inside_of(s, host, port).port;
	struct endpoint src = remote_of(s, remote);
	struct endpoint at = { OUTSIDE, flow->known ? flow->outside : bare };
	struct fate kernel, engine;
	bool drew;

	both_ways(bench, s, NAT_OUTSIDE, src, at, &kernel, &engine, &drew);
	bench->strays += !kernel.passed;
	if (kernel.passed != engine.passed ||
	    (kernel.passed &&
	     (!endpoint_equal(kernel.dst, engine.dst) || !endpoint_equal(kernel.src, src) ||
	      !endpoint_equal(engine.src, src))))
		differ(bench, s, "in", src, at, &kernel, &engine);
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
		      "%d strays, %d packets to flows that had ended, %d draws that hit "
		      "a port of the source's, %d sequences cut short by "
		      "delay\n",
		      model, bench.packets, bench.passed, bench.begun, bench.moved, bench.strays,
		      bench.ended, bench.hits, bench.late);
	if (bench.err)
		print_message("%s\n", bench.trouble[0] ? bench.trouble : strerror(-bench.err));
	assert_int_equal(bench.err, 0);
	/* … and there was something to compare. */
	assert_true(bench.begun > 8000 && bench.moved > (timed ? 500 : 2000) &&
		    bench.strays > 2000);
	assert_true(timed ? bench.ended > 500 : bench.ended == 0);
	assert_true(bench.hits < 8 && bench.late <= SEQUENCES / 20);
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
