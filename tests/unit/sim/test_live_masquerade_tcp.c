/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's linux-masquerade models against the kernel's masquerade, for TCP: random connections
 * of three inside hosts, who share ports and remote ends, segment by segment through both, and
 * each decision compared.
 *
 * They open (by three segments, or by SYNs that cross), talk, close (by FINs, or by a RST) and open
 * again; strays come to their ports, segments far out of any window go either way, and inside hosts
 * speak to the outside address itself.  Inside ports are below 512, below 1024, or above.  Once more, they
 * idle until they end.
 */
#include "masquerade_bench.h"

enum {
	PORTS = 2, /* of a sequence; each host uses them all */
	REMOTES = 3,
	TEXT = 4, /* bytes of data in a segment */
	FAR = 1 << 24, /* … from any window */
	WINDOW = 8192,
	OPENING_S = 1, /* where time passes, how long connections may idle */
	CLOSED_S = 2,
	RESET_S = 1,
	STANDING_S = 4,
};

enum phase { CLOSED, SYN_SENT, CROSSED, ANSWERED, OPEN, OVER };

struct flow {
	bool known;
	enum phase phase;
	uint16_t outside; /* its outside port */
	uint32_t seq[2]; /* the next one, of the inside and the outside end */
	bool fin[2];
	/* Where it began again after a RST from outside, the kernel still goes by the windows of
	 * before, and takes a crossing SYN for a stray, and a second one for a sign of life: that is
	 * not asked. */
	bool again;
	bool crossed; /* It was opened by SYNs that crossed: see talk(). */
	bool ended; /* by its timer: nothing is left of it */
	uint64_t used; /* when a segment last passed */
};

struct sequence {
	struct course course;
	struct flow flows[HOSTS][PORTS][REMOTES];
};

/* Of a flow, by its indices. */
struct whose {
	int host, port, remote;
};

/* The kernel keeps ports below 512, below 1024 and above apart. */
static uint16_t inside_port(const struct sequence *s, int port)
{
	if (s->course.number < 100)
		return (uint16_t)(100 + s->course.number * PORTS + port);
	if (s->course.number < 200)
		return (uint16_t)(600 + (s->course.number - 100) * PORTS + port);
	return (uint16_t)(2048 + s->course.number * PORTS + port);
}

static struct endpoint inside_of(const struct sequence *s, const struct whose *w)
{
	return (struct endpoint){ ip_addr_v4((10U << 24) + 10U + (uint32_t)w->host),
				  inside_port(s, w->port) };
}

static struct endpoint remote_of(const struct sequence *s, int remote)
{
	uint32_t addr =
		(11U << 24) + ((4U + (uint32_t)remote / 2) << 16) + (uint32_t)s->course.number;

	return (struct endpoint){ ip_addr_v4(addr), (uint16_t)(5000 + remote % 2) };
}

static void differ(struct bench *bench, const struct sequence *s, const char *what,
		   const struct whose *w, const struct tcp_says *says, const struct fate *kernel,
		   const struct fate *engine)
{
	const struct flow *flow = &s->flows[w->host][w->port][w->remote];

	if (!bench->err) {
		snprintf(
			bench->trouble, sizeof(bench->trouble),
			"sequence %d, packet %d, host %d port %u remote %d in phase %d (fin %d%d), %s, "
			"flags %u: kernel %d, engine %d",
			s->course.number, bench->packets, w->host, inside_port(s, w->port),
			w->remote, flow->phase, flow->fin[0], flow->fin[1], what, says->flags,
			kernel->passed, engine->passed);
		show_trouble(bench, &s->course);
	}
	keep(bench, -EPROTO);
}

static void write_segment(struct bench *bench, struct packet *pkt, struct endpoint src,
			  struct endpoint dst, const struct tcp_says *says)
{
	size_t len = says->flags & (TCP_SYN | TCP_RST) ? 0 : TEXT;

	keep(bench, packet_make_tcp(pkt, src, dst, TTL, says, "text", len));
}

static void both_ways(struct bench *bench, struct sequence *s, enum nat_side side,
		      struct endpoint src, struct endpoint dst, const struct tcp_says *says,
		      struct fate *ret_kernel, struct fate *ret_engine, bool *ret_drew)
{
	uint8_t bytes[128];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	bench->packets++;
	write_segment(bench, &pkt, src, dst, says);
	*ret_kernel = by_kernel_packet(bench, side, &pkt);
	*ret_engine = by_engine_alike(bench, side, &pkt, range_of(src.port), ret_kernel->src.port,
				      ret_drew);
	bench->passed += ret_kernel->passed;
	tell(bench, &s->course, side == NAT_INSIDE ? "out" : "in", src, dst, says->flags,
	     ret_kernel, ret_engine);
}

/*
 * Another of the kernel's: what its tracker calls invalid is not translated, and so leaves with
 * its private source address.  Nobody outside can answer that; the engine drops it.
 */
static bool is_leak(const struct fate *kernel, struct endpoint src)
{
	return kernel->passed && endpoint_equal(kernel->src, src);
}

/* Did @w's source leave by @port before? */
static bool has_port(const struct sequence *s, const struct whose *w, uint16_t port)
{
	for (int remote = 0; remote < REMOTES; remote++) {
		const struct flow *flow = &s->flows[w->host][w->port][remote];

		if (flow->known && flow->outside == port)
			return true;
	}
	return false;
}

static bool go_out(struct bench *bench, struct sequence *s, const struct whose *w,
		   const struct tcp_says *says)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];
	struct endpoint src = inside_of(s, w), dst = remote_of(s, w->remote);
	struct fate kernel, engine;
	bool drew;

	for (int remote = 0; remote < REMOTES; remote++)
		forget_ended(bench, IP_PROTO_TCP, src, remote_of(s, remote));
	both_ways(bench, s, NAT_INSIDE, src, dst, says, &kernel, &engine, &drew);
	bench->hits += drew && kernel.passed && has_port(s, w, kernel.src.port);
	if (is_leak(&kernel, src)) {
		bench->leaked++;
		kernel.passed = false;
	}
	if (kernel.passed != engine.passed ||
	    (kernel.passed &&
	     (!kernel.sound || !engine.sound || !endpoint_equal(kernel.dst, dst) ||
	      !endpoint_equal(engine.dst, dst) || !endpoint_equal(kernel.src, engine.src))))
		differ(bench, s, "out", w, says, &kernel, &engine);
	if (!kernel.passed)
		return false;
	if (!flow->known || flow->outside != kernel.src.port) {
		bench->begun++;
		bench->moved += kernel.src.port != src.port;
	}
	flow->known = true;
	flow->outside = kernel.src.port;
	flow->ended = false;
	flow->used = loop_now(bench->lab.loop);
	return true;
}

/* From @remote to the outside port of @w's flow. */
static bool come_in(struct bench *bench, struct sequence *s, const struct whose *w, int remote,
		    const struct tcp_says *says)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];
	uint16_t bare = inside_of(s, w).port;
	struct endpoint src = remote_of(s, remote);
	struct endpoint at = { OUTSIDE, flow->known ? flow->outside : bare };
	struct fate kernel, engine;
	bool drew;

	both_ways(bench, s, NAT_OUTSIDE, src, at, says, &kernel, &engine, &drew);
	bench->strays += !kernel.passed;
	if (kernel.passed != engine.passed ||
	    (kernel.passed &&
	     (!kernel.sound || !engine.sound || !endpoint_equal(kernel.dst, engine.dst) ||
	      !endpoint_equal(kernel.src, src) || !endpoint_equal(engine.src, src))))
		differ(bench, s, remote == w->remote ? "in" : "in, of another remote", w, says,
		       &kernel, &engine);
	if (kernel.passed)
		flow->used = loop_now(bench->lab.loop);
	return kernel.passed;
}

/* A segment of @flow outward, or inward; its numbers move on where it passes. */
static bool speak(struct bench *bench, struct sequence *s, const struct whose *w, bool out,
		  uint8_t flags, uint32_t off)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];
	struct tcp_says says = { flow->seq[!out] + off, flags & TCP_ACK ? flow->seq[out] : 0, flags,
				 WINDOW };
	bool passed = out ? go_out(bench, s, w, &says) : come_in(bench, s, w, w->remote, &says);

	if (passed && !off && !(flags & TCP_RST))
		flow->seq[!out] += flags & TCP_SYN ? 1 : TEXT + !!(flags & TCP_FIN);
	return passed;
}

static void begin(struct bench *bench, struct sequence *s, const struct whose *w)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];

	flow->again = flow->phase == OVER && !flow->ended;
	flow->seq[0] = (uint32_t)stream_next(&bench->chance);
	flow->seq[1] = (uint32_t)stream_next(&bench->chance);
	flow->fin[0] = flow->fin[1] = flow->crossed = false;
	if (speak(bench, s, w, true, TCP_SYN, 0))
		flow->phase = SYN_SENT;
}

static void open_further(struct bench *bench, struct sequence *s, const struct whose *w, int kind)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];
	uint64_t used = flow->used;

	if (kind < 2 && !(flow->again && bench->timed)) { /* the first SYN again */
		flow->seq[0]--;
		speak(bench, s, w, true, TCP_SYN, 0);
		flow->used = used; /* the first one's time runs on */
	} else if (kind < 4 && !flow->again && !bench->timed) {
		flow->crossed = speak(bench, s, w, false, TCP_SYN, 0);
		flow->phase = flow->crossed ? CROSSED : flow->phase;
	} else if (kind < 5) {
		if (speak(bench, s, w, false, TCP_RST | TCP_ACK, 0))
			flow->phase = OVER;
	} else if (speak(bench, s, w, false, TCP_SYN | TCP_ACK, 0)) {
		flow->phase = ANSWERED;
	}
}

/* Both have sent a SYN, and each confirms the other's. */
static void confirm(struct bench *bench, struct sequence *s, const struct whose *w)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];

	flow->seq[0]--;
	if (!speak(bench, s, w, true, TCP_SYN | TCP_ACK, 0))
		return;
	flow->seq[1]--;
	if (speak(bench, s, w, false, TCP_SYN | TCP_ACK, 0))
		flow->phase = ANSWERED;
}

/* Where SYNs have crossed, the kernel lets a RST pass and holds the connection for established as before;
 * to the engine it is over.  That is not asked. */
static void talk(struct bench *bench, struct sequence *s, const struct whose *w, int kind)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];
	bool out = below(bench, 2);

	if (kind < 2) {
		speak(bench, s, w, out, TCP_ACK, FAR);
	} else if (kind < 4 && !flow->fin[!out]) {
		flow->fin[!out] = speak(bench, s, w, out, TCP_FIN | TCP_ACK, 0);
	} else if (kind < 5 && !flow->crossed) {
		if (speak(bench, s, w, out, TCP_RST | TCP_ACK, 0))
			flow->phase = OVER;
	} else if (!flow->fin[!out]) {
		speak(bench, s, w, out, TCP_ACK, 0);
	}
	if (!flow->fin[0] || !flow->fin[1])
		return;
	/* As long as nobody has confirmed the last FIN, the kernel lets a new SYN pass and its timer
	 * run on; the engine begins anew.  Where time counts that is not asked. */
	if (bench->timed)
		speak(bench, s, w, true, TCP_ACK, 0);
	flow->phase = OVER;
}

/* A stray: from a remote end that this flow is not with, or of one that there never was. */
static void stray(struct bench *bench, struct sequence *s, const struct whose *w)
{
	static const uint8_t flags[] = { TCP_SYN, TCP_ACK, TCP_RST, TCP_SYN | TCP_ACK };
	struct tcp_says says = { (uint32_t)stream_next(&bench->chance), 0, flags[below(bench, 4)],
				 WINDOW };
	struct whose other = *w;

	other.remote = (w->remote + 1 + below(bench, REMOTES - 1)) % REMOTES;
	for (int host = 0; host < HOSTS; host++) /* whom the remote end knows is no stray */
		for (int port = 0; port < PORTS; port++)
			if (s->flows[host][port][other.remote].known)
				return;
	come_in(bench, s, w, other.remote, &says);
}

/* From inside to the outside address itself: there is no hairpinning. */
static void hairpin(struct bench *bench, struct sequence *s, const struct whose *w)
{
	struct flow *flow = &s->flows[w->host][w->port][w->remote];
	struct whose other = { (w->host + 1) % HOSTS, w->port, w->remote };
	struct tcp_says says = { (uint32_t)stream_next(&bench->chance), 0, TCP_SYN, WINDOW };
	struct endpoint src = inside_of(s, &other);
	struct endpoint at = { OUTSIDE, flow->outside };
	struct fate kernel, engine;
	bool drew;

	if (!flow->known)
		return;
	src.port = (uint16_t)(src.port + 20000);
	both_ways(bench, s, NAT_INSIDE, src, at, &says, &kernel, &engine, &drew);
	if (kernel.passed || engine.passed)
		differ(bench, s, "hairpinned", w, &says, &kernel, &engine);
}

/* With what the box is given for it (shorten()): how long the flow may idle as it is now. */
static uint64_t life_of(const struct flow *flow)
{
	switch (flow->phase) {
	case SYN_SENT:
		return OPENING_S * SEC;
	case OVER:
		return flow->fin[0] && flow->fin[1] ? CLOSED_S * SEC : RESET_S * SEC;
	default:
		return STANDING_S * SEC;
	}
}

/* Is it over, now or before, because it idled? */
static bool notice_end(const struct bench *bench, struct flow *flow)
{
	if (!flow->known)
		return false;
	if (loop_now(bench->lab.loop) - flow->used >= life_of(flow)) {
		flow->phase = OVER;
		flow->ended = true;
	}
	return flow->ended;
}

/* Has another flow got the port of @w's, which is over? */
static bool is_succeeded(const struct sequence *s, const struct whose *w)
{
	const struct flow *over = &s->flows[w->host][w->port][w->remote];

	for (int host = 0; host < HOSTS; host++)
		for (int port = 0; port < PORTS; port++) {
			const struct flow *flow = &s->flows[host][port][w->remote];

			if (flow != over && flow->known && flow->outside == over->outside)
				return true;
		}
	return false;
}

static void one_packet(struct bench *bench, struct course *course)
{
	struct sequence *s = (struct sequence *)course;
	struct whose w = { below(bench, HOSTS), below(bench, PORTS), below(bench, REMOTES) };
	struct flow *flow = &s->flows[w.host][w.port][w.remote];
	int kind = below(bench, 20);

	if (kind < 2) {
		stray(bench, s, &w);
		return;
	}
	if (kind == 2) {
		hairpin(bench, s, &w);
		return;
	}
	kind = below(bench, 12);
	if (bench->timed && notice_end(bench, flow) && kind < 4 && !is_succeeded(s, &w)) {
		bench->ended++;
		speak(bench, s, &w, false, TCP_ACK, 0);
		return;
	}
	switch (flow->phase) {
	case CLOSED:
	case OVER:
		begin(bench, s, &w);
		break;
	case SYN_SENT:
		open_further(bench, s, &w, kind);
		break;
	case CROSSED:
		confirm(bench, s, &w);
		break;
	case ANSWERED:
		if (speak(bench, s, &w, true, TCP_ACK, 0))
			flow->phase = OPEN;
		break;
	case OPEN:
		talk(bench, s, &w, kind);
		break;
	}
}

/* Opening or reset; closed; standing. */
static const struct play play = {
	.size = sizeof(struct sequence),
	.one_packet = one_packet,
	.least = 15,
	.most = 60,
	.times = { OPENING_S * SEC, CLOSED_S *SEC, STANDING_S *SEC },
};

/*
 * The kernel has a time for each of a connection's states, the model one for opening, one for standing
 * until both sides have closed, and one for after that; those of the kernel's that it does not
 * tell apart get the same.  (They are 60 s for a connection that is answered but not confirmed,
 * 120 s and 60 s for one that one side has closed, and 30 s for one whose last FIN nobody has
 * confirmed; in the model 120 h, 120 h and 120 s.)
 */
static void shorten(struct bench *bench)
{
	static const struct {
		const char *name;
		unsigned seconds;
	} rows[] = {
		{ "tcp_timeout_syn_sent", OPENING_S },	   { "tcp_timeout_syn_recv", STANDING_S },
		{ "tcp_timeout_established", STANDING_S }, { "tcp_timeout_fin_wait", STANDING_S },
		{ "tcp_timeout_close_wait", STANDING_S },  { "tcp_timeout_last_ack", CLOSED_S },
		{ "tcp_timeout_time_wait", CLOSED_S },	   { "tcp_timeout_close", RESET_S },
	};
	int home = netns_current();

	bench->model.tcp.timeout_ns = OPENING_S * SEC;
	bench->model.tcp.timeout_two_way_ns = STANDING_S * SEC;
	bench->model.tcp.closing_ns = CLOSED_S * SEC;
	bench->model.tcp.reset_ns = RESET_S * SEC;
	renew_engine(bench);
	keep(bench, netns_enter(live_nat_namespace(bench->box)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		set_conntrack(bench, rows[i].name, rows[i].seconds);
	netns_return(home);
	close(home);
}

static void compare(const char *model, bool timed)
{
	struct bench bench = { 0 };

	open_bench(&bench, model, &play, timed);
	if (timed)
		shorten(&bench);
	lab_run(&bench.lab, run_sequences, &bench);
	close_bench(&bench);
	print_message(
		"%s: %d segments, %d passed, %d connections at a new port, %d of them at "
		"another than inside, %d strays, %d segments to connections that had ended, "
		"%d leaked by the kernel, %d draws that hit a port of the source's, %d sequences "
		"cut short by delay\n",
		model, bench.packets, bench.passed, bench.begun, bench.moved, bench.strays,
		bench.ended, bench.leaked, bench.hits, bench.late);
	if (bench.err)
		print_message("%s\n", bench.trouble[0] ? bench.trouble : strerror(-bench.err));
	assert_int_equal(bench.err, 0);
	assert_true(bench.begun > (timed ? 4000 : 8000) && bench.moved > (timed ? 300 : 2000) &&
		    bench.strays > 400);
	assert_true(bench.hits < 10 && bench.late <= SEQUENCES / 20);
	assert_true(timed ? bench.ended > 500 : bench.ended == 0);
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
