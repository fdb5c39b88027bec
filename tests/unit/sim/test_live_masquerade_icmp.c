/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's linux-masquerade models against the kernel's masquerade, for ICMP: random pings of
 * three inside hosts who share identifiers and remote ends, and errors about pings and about UDP,
 * from outside and from inside, through both, and each decision compared: whether they pass, what
 * they then say, and what they quote.
 */
#include "masquerade_bench.h"

enum {
	IDS = 2, /* of a sequence; each host uses them all, as identifiers and as UDP ports */
	REMOTES = 3,
	FIRST_ID = 2048,
	ROOM = 256,
};

struct flow {
	bool known, answered;
	uint16_t outside; /* its outside identifier, or port */
};

struct sequence {
	struct course course;
	struct flow flows[2][HOSTS][IDS][REMOTES]; /* of pings, of UDP */
};

/* Of a flow, by its indices. */
struct whose {
	bool udp;
	int host, id, remote;
};

static struct flow *flow_of(struct sequence *s, const struct whose *w)
{
	return &s->flows[w->udp][w->host][w->id][w->remote];
}

static int first_id(const struct sequence *s)
{
	return FIRST_ID + s->course.number * IDS;
}

static struct endpoint inside_of(const struct sequence *s, const struct whose *w)
{
	return (struct endpoint){ ip_addr_v4((10U << 24) + 10U + (uint32_t)w->host),
				  (uint16_t)(first_id(s) + w->id) };
}

static struct endpoint remote_of(const struct sequence *s, int remote)
{
	uint32_t addr = (11U << 24) + ((4U + (uint32_t)remote) << 16) + (uint32_t)s->course.number;

	return (struct endpoint){ ip_addr_v4(addr), 5000 };
}

static void differ(struct bench *bench, const struct sequence *s, const char *what,
		   const struct whose *w, const struct fate *kernel, const struct fate *engine)
{
	if (!bench->err) {
		snprintf(
			bench->trouble, sizeof(bench->trouble),
			"sequence %d, packet %d, host %d id %u remote %d, %s%s: kernel %d sound %d "
			"(%u > %u, quoted %u > %u), engine %d sound %d (%u > %u, quoted %u > %u)",
			s->course.number, bench->packets, w->host, inside_of(s, w).port, w->remote,
			w->udp ? "UDP, " : "", what, kernel->passed, kernel->sound,
			kernel->src.port, kernel->dst.port, kernel->quoted_src.port,
			kernel->quoted_dst.port, engine->passed, engine->sound, engine->src.port,
			engine->dst.port, engine->quoted_src.port, engine->quoted_dst.port);
		show_trouble(bench, &s->course);
	}
	keep(bench, -EPROTO);
}

/* A ping, its reply, or a datagram; identifiers stand in both ports of an ICMP endpoint. */
static void write_packet(struct bench *bench, struct packet *pkt, const struct whose *w, bool reply,
			 struct endpoint src, struct endpoint dst)
{
	if (w->udp) {
		keep(bench, packet_make_udp(pkt, src, dst, TTL, "knothole", 8));
	} else {
		if (reply)
			src.port = dst.port;
		dst.port = 1;
		keep(bench, packet_make_echo(pkt, src, dst, TTL, reply, "knothole", 8));
	}
}

static bool same_ends(const struct fate *a, const struct fate *b)
{
	return ip_addr_equal(a->src.addr, b->src.addr) && ip_addr_equal(a->dst.addr, b->dst.addr);
}

/* @reply: it is a ping's answer. */
static void both_ways(struct bench *bench, struct sequence *s, const struct whose *w,
		      enum nat_side side, struct endpoint src, struct endpoint dst,
		      struct fate *ret_kernel, struct fate *ret_engine, bool *ret_drew)
{
	const struct port_range identifiers = { 0, UINT16_MAX };
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	bool reply = side == NAT_OUTSIDE;

	bench->packets++;
	write_packet(bench, &pkt, w, reply, src, dst);
	*ret_kernel = by_kernel_packet(bench, side, &pkt);
	write_packet(bench, &pkt, w, reply, src, dst);
	*ret_engine = by_engine_alike(bench, side, &pkt, w->udp ? range_of(src.port) : identifiers,
				      ret_kernel->src.port, ret_drew);
	bench->passed += ret_kernel->passed;
	tell(bench, &s->course, w->udp ? "UDP" : "ping", src, dst, 0, ret_kernel, ret_engine);
}

static void go_out(struct bench *bench, struct sequence *s, const struct whose *w)
{
	struct flow *flow = flow_of(s, w);
	struct endpoint src = inside_of(s, w), dst = remote_of(s, w->remote);
	struct fate kernel, engine;
	bool is_new, drew;

	for (int remote = 0; remote < REMOTES; remote++)
		forget_ended(bench, w->udp ? IP_PROTO_UDP : IP_PROTO_ICMP, src,
			     remote_of(s, remote));
	both_ways(bench, s, w, NAT_INSIDE, src, dst, &kernel, &engine, &drew);
	for (int remote = 0; remote < REMOTES; remote++) {
		const struct flow *other = &s->flows[w->udp][w->host][w->id][remote];

		bench->hits += drew && other->known && other->outside == kernel.src.port;
	}
	if (!kernel.passed || !engine.passed || !kernel.sound || !engine.sound ||
	    !same_ends(&kernel, &engine) || kernel.src.port != engine.src.port ||
	    (flow->known && !bench->timed && kernel.src.port != flow->outside))
		differ(bench, s, "out", w, &kernel, &engine);
	is_new = !flow->known || kernel.src.port != flow->outside;
	bench->begun += is_new;
	bench->moved += is_new && kernel.src.port != src.port;
	flow->known = true;
	flow->outside = kernel.src.port;
}

/* From @remote to the outside endpoint of @w's flow. */
static void come_in(struct bench *bench, struct sequence *s, const struct whose *w, int remote)
{
	struct flow *flow = flow_of(s, w);
	struct endpoint src = remote_of(s, remote), at = { OUTSIDE, inside_of(s, w).port };
	struct fate kernel, engine;
	bool drew;

	at.port = flow->known ? flow->outside : at.port;
	both_ways(bench, s, w, NAT_OUTSIDE, src, at, &kernel, &engine, &drew);
	bench->strays += !kernel.passed;
	if (kernel.passed != engine.passed ||
	    (kernel.passed &&
	     (!kernel.sound || !engine.sound || !endpoint_equal(kernel.dst, engine.dst) ||
	      !endpoint_equal(kernel.src, engine.src))))
		differ(bench, s, remote == w->remote ? "in" : "in, of another remote", w, &kernel,
		       &engine);
	else if (kernel.passed)
		flow->answered = true;
	else
		bench->ended += flow->known && remote == w->remote;
}

/* About the packet from @src to @dst, from @sender. */
static struct fate complain(struct bench *bench, const struct whose *w, enum nat_side side,
			    struct endpoint src, struct endpoint dst, struct ip_addr sender,
			    bool kernel)
{
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	bool exceeded = side == NAT_OUTSIDE && src.port % 2;

	write_packet(bench, &pkt, w, false, src, dst);
	keep(bench,
	     packet_make_icmp_error(&pkt, sender, exceeded ? ICMP_TIME_EXCEEDED : ICMP_UNREACHABLE,
				    exceeded ? 0 : ICMP_HOST_UNREACHABLE, 0));
	return kernel ? by_kernel_packet(bench, side, &pkt) : by_engine_packet(bench, side, &pkt);
}

static void compare_errors(struct bench *bench, struct sequence *s, const struct whose *w,
			   const char *what, const struct fate *kernel, const struct fate *engine)
{
	tell(bench, &s->course, what, kernel->quoted_src, kernel->quoted_dst, 0, kernel, engine);
	bench->packets++;
	bench->passed += kernel->passed;
	bench->errors += kernel->passed;
	if (kernel->passed != engine->passed ||
	    (kernel->passed && (!kernel->sound || !engine->sound || !same_ends(kernel, engine) ||
				!endpoint_equal(kernel->quoted_src, engine->quoted_src) ||
				!endpoint_equal(kernel->quoted_dst, engine->quoted_dst))))
		differ(bench, s, what, w, kernel, engine);
}

/* From outside, by the remote end or a router before it, about what @w's flow sent; or about what
 * it did not send. */
static void error_in(struct bench *bench, struct sequence *s, const struct whose *w)
{
	const struct flow *flow = flow_of(s, w);
	struct endpoint dst = remote_of(s, w->remote), at = { OUTSIDE, inside_of(s, w).port };
	struct ip_addr sender = below(bench, 2) ? dst.addr : V4(11, 9, 9, 7);
	struct fate kernel, engine;

	at.port = flow->known ? flow->outside : at.port;
	kernel = complain(bench, w, NAT_OUTSIDE, at, dst, sender, true);
	engine = complain(bench, w, NAT_OUTSIDE, at, dst, sender, false);
	compare_errors(bench, s, w, "an error in", &kernel, &engine);
}

/* From inside, about a datagram that was let in. */
static void error_out(struct bench *bench, struct sequence *s, const struct whose *w)
{
	struct endpoint src = remote_of(s, w->remote), dst = inside_of(s, w);
	struct fate kernel, engine;

	if (!w->udp || !flow_of(s, w)->answered)
		return;
	kernel = complain(bench, w, NAT_INSIDE, src, dst, dst.addr, true);
	engine = complain(bench, w, NAT_INSIDE, src, dst, dst.addr, false);
	compare_errors(bench, s, w, "an error out", &kernel, &engine);
}

/* A ping of the outside address from inside is for the router, and comes out nowhere else. */
static void hairpin(struct bench *bench, struct sequence *s, const struct whose *w)
{
	struct whose ping = { .host = w->host, .id = w->id };
	struct endpoint at = { OUTSIDE, 1 };
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct fate kernel, engine;

	bench->packets++;
	write_packet(bench, &pkt, &ping, false, inside_of(s, w), at);
	kernel = by_kernel_packet(bench, NAT_INSIDE, &pkt);
	engine = by_engine_packet(bench, NAT_INSIDE, &pkt);
	if (kernel.passed || engine.passed)
		differ(bench, s, "hairpinned", w, &kernel, &engine);
}

static void one_packet(struct bench *bench, struct course *course)
{
	struct sequence *s = (struct sequence *)course;
	struct whose w = { below(bench, 2), below(bench, HOSTS), below(bench, IDS),
			   below(bench, REMOTES) };
	int kind = below(bench, 20);

	if (kind < 8)
		go_out(bench, s, &w);
	else if (kind < 12)
		come_in(bench, s, &w, w.remote);
	else if (kind < 14)
		come_in(bench, s, &w, below(bench, REMOTES));
	else if (kind < 17)
		error_in(bench, s, &w);
	else if (kind < 19)
		error_out(bench, s, &w);
	else
		hairpin(bench, s, &w);
}

/* An idle ping, or flow of one direction, ends; of both directions becomes a stream; a stream ends. */
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
	print_message(
		"%s: %d packets, %d passed, %d flows began, %d of them at another identifier, "
		"%d strays, %d packets to flows that had ended, %d errors passed, %d draws that "
		"hit an identifier of the source's, %d sequences cut "
		"short by delay\n",
		model, bench.packets, bench.passed, bench.begun, bench.moved, bench.strays,
		bench.ended, bench.errors, bench.hits, bench.late);
	if (bench.err)
		print_message("%s\n", bench.trouble[0] ? bench.trouble : strerror(-bench.err));
	assert_int_equal(bench.err, 0);
	assert_true(bench.begun > 5000 && bench.moved > (timed ? 100 : 1000) &&
		    bench.strays > 1000);
	assert_true(timed ? bench.ended > 500 : bench.ended == 0);
	assert_true(bench.errors > (timed ? 50 : 1000) && bench.hits < 8 &&
		    bench.late <= SEQUENCES / 20);
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
