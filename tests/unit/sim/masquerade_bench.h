/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One model twice, as a kernel's box and as the engine: packets are given to either, and what comes
 * out at the other side is looked at.
 *
 * That the kernel drops a packet is told by a second one of a flow that always passes, the marker,
 * which follows it on the same way from the same processor.
 *
 * Where a port is in use both draw another.  The engine's chance is set so that what it draws, if it draws,
 * is what the kernel has drawn for the same packet: so both tables are the same at every packet, and all
 * decisions must be, to the port.  One difference would not show: the kernel takes a port that the source has
 * for another remote end, and the engine draws.  Such draws are counted: chance makes a few.
 */
#ifndef KNOTHOLE_TESTS_MASQUERADE_BENCH_H
#define KNOTHOLE_TESTS_MASQUERADE_BENCH_H

#include "box_table.h"
#include "live_lab.h"
#include "next_draw.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nat-models/catalog.h"
#include "nat-models/nat.h"
#include "sim/bell.h"
#include "sim/live/netns.h"
#include "sim/stream.h"

#define OUTSIDE V4(11, 2, 1, 2)
#define GATEWAY V4(10, 0, 0, 1)
#define MARKER_FAR V4(11, 9, 9, 9)

enum { MARKER_PORT = 9, TTL = 64, HOSTS = 3 };
enum { SEQUENCES = 1000, MOST_PACKETS = 60, TIMES = 3, STORY = 8192 };

/* What an idle flow's age must not come near to when a packet is sent: the kernel counts in ticks. */
#define TICK (10 * MSEC)
#define BEFORE_END (40 * MSEC)
#define AFTER_END (20 * MSEC)

struct bench;

/* What became of a packet on one of the two ways. */
struct fate {
	bool passed;
	bool sound; /* its checksums, and those of what it quotes, are right */
	struct endpoint src, dst;
	struct endpoint quoted_src, quoted_dst; /* of an ICMP error */
};

/* What all sequences have; a test's own begin with it. */
struct course {
	int number;
	int packets; /* yet to be sent */
	bool over;
	uint64_t due; /* where time passes: its next turn */
	struct moment {
		uint64_t from, to;
	} moments[MOST_PACKETS]; /* when packets were sent */
	int moments_len;
	char story[STORY]; /* its packets, a line each */
	size_t story_len;
};

/* How a test plays its sequences. */
struct play {
	size_t size; /* of one, which begins with its struct course */
	void (*one_packet)(struct bench *bench, struct course *course);
	int least, most; /* packets */
	uint64_t times[TIMES]; /* after which flows end, or change; none: they are not waited for */
};

struct bench {
	struct lab lab;
	struct nat_model model;
	const struct play *play;
	bool timed;
	struct live_nat *box;
	struct box_table *table; /* the box's */
	struct nat *nat;
	struct port ports[2]; /* the test's own, in the hosts' places: inside, outside */
	struct link *links[2];
	struct bell arrived;
	enum nat_side looks_at; /* the other side than the one that was sent at */
	struct fate seen; /* by the kernel's way: what came out there */
	bool marked; /* … and the marker after it */
	uint64_t chance;
	int err;
	int packets, passed, begun, moved, strays, hits, leaked, errors, late, ended;
	char trouble[320]; /* the first difference */
};

static inline void keep(struct bench *bench, int err)
{
	if (err && !bench->err)
		bench->err = err;
}

static inline struct fate fate_of(const struct packet *pkt, const struct packet_info *info)
{
	struct fate fate = { .passed = true,
			     .sound = packet_checksums_ok(pkt),
			     .src = info->src,
			     .dst = info->dst };
	const uint8_t *quote = pkt->data + info->payload_offset;
	struct packet_info quoted;

	if (!info->is_error)
		return fate;
	if (packet_parse_quoted(quote, info->payload_len, &quoted) != PACKET_OK) {
		fate.sound = false;
		return fate;
	}
	fate.sound = fate.sound && checksum_fold(quote, quoted.transport_offset, 0) == 0xffff;
	fate.quoted_src = quoted.src;
	fate.quoted_dst = quoted.dst;
	return fate;
}

/* The box itself answers strays, at the side that they came from: the gateway's part and not the
 * NAT's. */
static inline void take(struct port *port, struct buffer *buffer)
{
	struct bench *bench = port->node;
	struct packet_info info;
	bool here = port == &bench->ports[bench->looks_at];

	if (here && packet_parse(&buffer->packet, &info) == PACKET_OK) {
		if (info.protocol == IP_PROTO_UDP && info.src.port == MARKER_PORT &&
		    info.dst.port == MARKER_PORT)
			bench->marked = true;
		else
			bench->seen = fate_of(&buffer->packet, &info);
	}
	buffer_free(buffer);
	bell_ring(&bench->arrived);
}

/* The engine, anew: its model has changed. */
static inline void renew_engine(struct bench *bench)
{
	const struct ip_addr pool[] = { OUTSIDE };
	struct nat_config config = {
		.inside = { V4(10, 0, 0, 0), 120 },
		.inside_addr = GATEWAY,
		.pool = pool,
		.pool_len = 1,
		.seed = 1,
	};

	nat_free(bench->nat);
	bench->nat = NULL;
	assert_int_equal(nat_new(&bench->model, &config, &bench->nat), 0);
}

static inline void open_box(struct bench *bench, struct port *ret_ports[2])
{
	const struct ip_addr pool[] = { OUTSIDE };
	struct live_nat_spec spec = {
		.name = "box",
		.model = &bench->model,
		.inside = { V4(10, 0, 0, 0), 120 },
		.inside_addr = GATEWAY,
		.pool = pool,
		.pool_len = 1,
		.outside_bits = 24,
		.outside_gateway = V4(11, 2, 1, 1),
	};
	struct plan_error error = { "" };
	int err = live_nat_new(bench->lab.live, &spec, &bench->box, &ret_ports[0], &ret_ports[1],
			       &error);

	if (err)
		print_message("%s\n", error.text);
	assert_int_equal(err, 0);
	renew_engine(bench);
}

/* In the box's namespace: @value for one of its conntrack's settings. */
static inline void set_conntrack(struct bench *bench, const char *name, unsigned value)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/nf_conntrack_%s", name);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%u\n", value) < 0)
		keep(bench, -EIO);
	if (file && fclose(file))
		keep(bench, -EIO);
}

/* @timed: UDP's and ICMP's flows end after seconds, in both. */
static inline void open_bench(struct bench *bench, const char *model, const struct play *play,
			      bool timed)
{
	struct model_error error;
	struct port *box[2];

	assert_int_equal(nat_model_find(model, &bench->model, &error), 0);
	bench->play = play;
	bench->timed = timed;
	if (timed) {
		bench->model.udp.timeout_ns = SEC;
		bench->model.udp.timeout_two_way_ns = 4 * SEC;
		bench->model.icmp.timeout_ns = SEC;
	}
	bench->chance = 1;
	lab_open(&bench->lab);
	open_box(bench, box);
	assert_int_equal(box_table_open(live_nat_namespace(bench->box), &bench->table), 0);
	for (int side = 0; side < 2; side++) {
		bench->ports[side] = (struct port){ .receive = take, .node = bench };
		bench->links[side] = lab_link(&bench->lab, box[side], &bench->ports[side]);
	}
}

static inline void close_bench(struct bench *bench)
{
	for (int side = 0; side < 2; side++)
		link_free(bench->links[side]);
	nat_free(bench->nat);
	box_table_close(bench->table);
	live_nat_free(bench->box);
	lab_close(&bench->lab);
}

static inline void send_bytes(struct bench *bench, enum nat_side side, const struct packet *pkt)
{
	struct buffer *buffer = buffer_new(bench->lab.pool, pkt->len);

	if (!buffer) {
		keep(bench, -ENOMEM);
		return;
	}
	memcpy(buffer->packet.data, pkt->data, pkt->len);
	buffer->packet.len = pkt->len;
	bench->looks_at = side == NAT_INSIDE ? NAT_OUTSIDE : NAT_INSIDE;
	port_send(&bench->ports[side], buffer, NULL);
}

static inline void send_packet(struct bench *bench, enum nat_side side, struct endpoint src,
			       struct endpoint dst)
{
	uint8_t bytes[64];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	keep(bench, packet_make_udp(&pkt, src, dst, TTL, "x", 1));
	send_bytes(bench, side, &pkt);
}

static inline void send_marker(struct bench *bench, enum nat_side side)
{
	struct endpoint inside = { V4(10, 0, 0, 200), MARKER_PORT };
	struct endpoint outside = { OUTSIDE, MARKER_PORT };
	struct endpoint far = { MARKER_FAR, MARKER_PORT };

	if (side == NAT_INSIDE)
		send_packet(bench, side, inside, far);
	else
		send_packet(bench, side, far, outside);
}

static inline void await_marker(struct bench *bench)
{
	uint64_t deadline = loop_now(bench->lab.loop) + 3 * SEC;

	while (!bench->err && !bench->marked)
		keep(bench, bell_wait(&bench->arrived, deadline));
	bench->marked = false;
}

/* What becomes of @pkt, sent at @side, on either way.  The engine changes its bytes. */
static inline struct fate by_kernel_packet(struct bench *bench, enum nat_side side,
					   const struct packet *pkt)
{
	bench->seen.passed = false;
	send_bytes(bench, side, pkt);
	send_marker(bench, side);
	await_marker(bench);
	return bench->seen;
}

static inline struct fate by_engine_packet(struct bench *bench, enum nat_side side,
					   struct packet *pkt)
{
	struct nat_decision decision =
		nat_process(bench->nat, side, pkt, loop_now(bench->lab.loop));
	struct packet_info info;

	if (decision.outcome != NAT_FORWARD || decision.to == side ||
	    packet_parse(pkt, &info) != PACKET_OK)
		return (struct fate){ .passed = false };
	return fate_of(pkt, &info);
}

static inline struct fate by_kernel(struct bench *bench, enum nat_side side, struct endpoint src,
				    struct endpoint dst)
{
	uint8_t bytes[64];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	keep(bench, packet_make_udp(&pkt, src, dst, TTL, "x", 1));
	return by_kernel_packet(bench, side, &pkt);
}

static inline int below(struct bench *bench, int n)
{
	return (int)stream_below(&bench->chance, (uint64_t)n);
}

/* As the kernel keeps ports below 512, below 1024 and above apart. */
struct port_range {
	int first, last;
};

static inline struct port_range range_of(uint16_t port)
{
	if (port < 512)
		return (struct port_range){ 1, 511 };
	return port < 1024 ? (struct port_range){ 600, 1023 } : (struct port_range){ 1024, 65535 };
}

/*
 * What the engine makes of @pkt, sent at @side, where the kernel's port was @port: if it draws, that is what
 * it draws.  *ret_drew: it did.
 */
static inline struct fate by_engine_alike(struct bench *bench, enum nat_side side,
					  struct packet *pkt, struct port_range range,
					  uint16_t port, bool *ret_drew)
{
	bool can = port >= range.first && port <= range.last;
	uint64_t token = next_draw_is(bench->nat, can ? (uint32_t)(port - range.first) : 0,
				      (uint32_t)(range.last - range.first + 1));
	struct fate fate = by_engine_packet(bench, side, pkt);

	*ret_drew = next_draw_was_had(bench->nat, token);
	return fate;
}

/* One packet more of the course's, for whoever must find out what went wrong. */
static inline void tell(const struct bench *bench, struct course *course, const char *what,
			struct endpoint src, struct endpoint dst, unsigned flags,
			const struct fate *kernel, const struct fate *engine)
{
	char text[6][ENDPOINT_TEXT];
	size_t room = sizeof(course->story) - course->story_len;
	int len = snprintf(course->story + course->story_len, room,
			   "  %.3f s: %s %s > %s, flags %u: kernel %s > %s, engine %s > %s\n",
			   (double)loop_now(bench->lab.loop) / (double)SEC, what,
			   endpoint_format(src, text[0]), endpoint_format(dst, text[1]), flags,
			   kernel->passed ? endpoint_format(kernel->src, text[2]) : "-",
			   kernel->passed ? endpoint_format(kernel->dst, text[3]) : "-",
			   engine->passed ? endpoint_format(engine->src, text[4]) : "-",
			   engine->passed ? endpoint_format(engine->dst, text[5]) : "-");

	if (len > 0 && (size_t)len < room)
		course->story_len += (size_t)len;
}

/* Where time passes, before @src speaks: the kernel is made to forget the flow with @remote if that has run
 * out.  Left alone it may keep it for a minute more, and looks for a source's ports in such, too. */
static inline void forget_ended(struct bench *bench, uint8_t protocol, struct endpoint src,
				struct endpoint remote)
{
	int err = bench->timed ? box_table_knows(bench->table, protocol, src, remote) : 0;

	keep(bench, err < 0 ? err : 0);
}

/* The first difference: all that may tell why. */
static inline void show_trouble(const struct bench *bench, const struct course *course)
{
	char part[16];

	snprintf(part, sizeof(part), ".%d.%d ", course->number >> 8, course->number & 255);
	printf("sequence %d:\n%s the kernel's table:\n", course->number, course->story);
	box_table_show(bench->table, part);
	fflush(stdout);
}

/* The box looks up each host's hardware address at the first packet for it, which then would
 * come after its marker: each is spoken to before anything is compared. */
static inline void warm_up(struct bench *bench)
{
	struct endpoint far = { MARKER_FAR, 10 };

	send_marker(bench, NAT_INSIDE);
	await_marker(bench);
	send_marker(bench, NAT_OUTSIDE);
	await_marker(bench);
	for (int host = 0; host < HOSTS; host++) {
		struct endpoint inside = { ip_addr_v4((10U << 24) + 10U + (uint32_t)host),
					   (uint16_t)(20 + host) };
		uint64_t deadline = loop_now(bench->lab.loop) + 3 * SEC;

		by_kernel(bench, NAT_INSIDE, inside, far);
		bench->seen.passed = false;
		send_packet(bench, NAT_OUTSIDE, far, (struct endpoint){ OUTSIDE, inside.port });
		while (!bench->err && !bench->seen.passed)
			keep(bench, bell_wait(&bench->arrived, deadline));
	}
}

/* May a packet be sent now: is none of the course's earlier ones, whichever flow was its, near a time after
 * which something ends? */
static inline bool is_clear(const struct bench *bench, const struct course *course)
{
	uint64_t now = loop_now(bench->lab.loop);

	for (int i = 0; i < course->moments_len; i++)
		for (int t = 0; t < TIMES; t++) {
			uint64_t time = bench->play->times[t];

			if (time && now + BEFORE_END > course->moments[i].from + time &&
			    now < course->moments[i].to + time + AFTER_END)
				return false;
		}
	return true;
}

/* Did such a time come while the packet was on its way?  Then who is right is not known. */
static inline bool is_late(const struct bench *bench, const struct course *course,
			   const struct moment *took)
{
	for (int i = 0; i < course->moments_len; i++)
		for (int t = 0; t < TIMES; t++) {
			uint64_t time = bench->play->times[t];

			if (time && took->to + TICK > course->moments[i].from + time &&
			    took->from < course->moments[i].to + time + TICK)
				return true;
		}
	return false;
}

static inline void send_one(struct bench *bench, struct course *course)
{
	struct moment took = { .from = loop_now(bench->lab.loop) };
	int err = bench->err;

	bench->play->one_packet(bench, course);
	course->packets--;
	took.to = loop_now(bench->lab.loop);
	if (!bench->timed)
		return;
	if (is_late(bench, course, &took)) {
		bench->err = err;
		bench->late++;
		course->over = true;
	}
	course->moments[course->moments_len++] = took;
}

/* A few packets, and a while of nothing.  The flow that always passes may have ended meanwhile. */
static inline void take_turn(struct bench *bench, struct course *course)
{
	send_marker(bench, NAT_INSIDE);
	await_marker(bench);
	for (int n = 1 + below(bench, 4); n > 0 && course->packets && !course->over; n--) {
		if (!is_clear(bench, course))
			break;
		send_one(bench, course);
	}
	course->due = loop_now(bench->lab.loop) + (50 + (uint64_t)below(bench, 1500)) * MSEC;
}

static inline struct course *course_at(const struct bench *bench, char *all, int i)
{
	return (struct course *)(void *)(all + (size_t)i * bench->play->size);
}

/* All take turns, so that their flows are of every age. */
static inline void play_in_turns(struct bench *bench, char *all)
{
	uint64_t next = 0;

	while (next != UINT64_MAX && !bench->err) {
		next = UINT64_MAX;
		for (int i = 0; i < SEQUENCES && !bench->err; i++) {
			struct course *course = course_at(bench, all, i);

			if (course->over || !course->packets)
				continue;
			if (course->due <= loop_now(bench->lab.loop))
				take_turn(bench, course);
			if (course->due < next)
				next = course->due;
		}
		if (next != UINT64_MAX)
			fiber_sleep(next);
	}
}

/* The sequences of a test: one after the other, or where time is to pass, together. */
static inline void run_sequences(void *arg)
{
	struct bench *bench = arg;
	const struct play *play = bench->play;
	char *all = calloc(SEQUENCES, play->size);

	if (!all) {
		keep(bench, -ENOMEM);
		return;
	}
	warm_up(bench);
	for (int i = 0; i < SEQUENCES; i++) {
		struct course *course = course_at(bench, all, i);

		course->number = i;
		course->packets = play->least + below(bench, play->most - play->least + 1);
		while (!bench->timed && course->packets && !course->over && !bench->err)
			send_one(bench, course);
	}
	if (bench->timed)
		play_in_turns(bench, all);
	free(all);
}

/* Run @tests, named, in namespaces, on one processor: the order of packets is then certain. */
static inline int run_on_one_processor(const struct CMUnitTest *tests, size_t len)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		return 1;
	return _cmocka_run_group_tests("masquerade", tests, len, NULL, NULL);
}

#endif
