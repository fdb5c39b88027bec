/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual host's TCP against the kernel's through the fabric: every way to open a connection and to
 * end it, and long streams both ways over a link that loses, repeats and reorders.
 */
#include "mixed_lab.h"

#include <linux/tcp.h>
#include <sys/socket.h>

#include "pattern.h"
#include "sim/live/sockets.h"

enum { PORT = 80, CHUNK = 16384, LITTLE = 100000, MUCH = 10 << 20 };

enum who { OURS, KERNELS, SIDES };

enum opening { OURS_CONNECTS, KERNEL_CONNECTS, BOTH_CONNECT };

struct row;
struct talk;

struct side {
	struct talk *talk;
	struct host *host;
	struct sock *sock;
	uint8_t who;
	uint64_t heard; /* bytes, each of them right */
};

struct talk {
	const struct row *row;
	struct net net;
	struct side sides[SIDES];
	uint64_t len; /* of what each says */
	uint64_t deadline;
	struct tcp_info seen; /* by the kernel */
	const char *wrong; /* the first thing that a fiber found so; NULL = nothing */
	long value; /* … and what it was instead */
};

/* Fibers must not assert. */
static bool check(struct talk *talk, const char *what, long value, long want)
{
	if (value == want)
		return true;
	if (!talk->wrong) {
		talk->wrong = what;
		talk->value = value;
	}
	return false;
}

static struct side *other(const struct side *side)
{
	return &side->talk->sides[side->who == OURS ? KERNELS : OURS];
}

/* From a port of their own, so that both can connect to each other. */
static void connect_side(void *arg)
{
	struct side *side = arg;
	struct sock_spec spec = { .kind = SOCK_TCP,
				  .local = { .port = PORT },
				  .remote = at(&side->talk->net, other(side)->host, PORT),
				  .deadline = side->talk->deadline };

	check(side->talk, "to connect", sock_open(side->host, &spec, &side->sock), 0);
}

/* Do it for both sides at once. */
static bool both(struct talk *talk, void (*run)(void *arg))
{
	struct fiber *fibers[SIDES];

	for (int i = 0; i < SIDES; i++)
		if (!check(talk, "a fiber",
			   fiber_spawn(talk->net.lab.loop, "side", run, &talk->sides[i],
				       &fibers[i]),
			   0))
			return false;
	for (int i = 0; i < SIDES; i++)
		check(talk, "to join", fiber_join(fibers[i], NEVER), 0);
	return !talk->wrong;
}

static bool visit(struct talk *talk, struct side *caller)
{
	static const struct endpoint nobody;
	struct side *called = other(caller);
	struct sock *listener = open_sock(called->host, SOCK_TCP_LISTEN, PORT, nobody);

	if (!listener)
		return check(talk, "to listen", -EIO, 0);
	connect_side(caller);
	check(talk, "to accept", sock_accept(listener, talk->deadline, &called->sock), 0);
	sock_close(listener);
	return !talk->wrong;
}

/* Where both connect nobody listens: only SYNs that cross can open the connection. */
static bool open_talk(struct talk *talk, enum opening opening)
{
	return opening == BOTH_CONNECT
		       ? both(talk, connect_side)
		       : visit(talk, &talk->sides[opening == OURS_CONNECTS ? OURS : KERNELS]);
}

/* What the kernel has seen of the way, in its own words. */
static void ask_kernel(struct talk *talk)
{
	struct sock *sock = talk->sides[KERNELS].sock;
	socklen_t len = sizeof(talk->seen);

	if (sock)
		check(talk, "TCP_INFO",
		      getsockopt(live_sock_of(sock)->watch.fd, IPPROTO_TCP, TCP_INFO, &talk->seen,
				 &len),
		      0);
}

static void close_talk(struct talk *talk)
{
	for (int i = 0; i < SIDES; i++) {
		sock_close(talk->sides[i].sock);
		talk->sides[i].sock = NULL;
	}
}

/* All that it has to say, and that this was all. */
static void speak(void *arg)
{
	struct side *side = arg;
	struct talk *talk = side->talk;
	uint8_t bytes[CHUNK];

	for (uint64_t sent = 0; sent < talk->len; sent += CHUNK) {
		size_t len = talk->len - sent < CHUNK ? (size_t)(talk->len - sent) : CHUNK;

		pattern_fill(bytes, len, side->who, sent);
		if (!check(talk, "to send", sock_send(side->sock, NULL, bytes, len, talk->deadline),
			   0))
			return;
	}
	check(talk, "to shut down", sock_shutdown(side->sock), 0);
	check(talk, "to say more", sock_send(side->sock, NULL, "more", 4, talk->deadline), -EPIPE);
}

/* All of it, up to its end. */
static void hear(void *arg)
{
	struct side *side = arg;
	struct talk *talk = side->talk;
	uint8_t bytes[CHUNK];
	long n;

	while ((n = sock_recv(side->sock, NULL, bytes, sizeof(bytes), talk->deadline)) > 0) {
		if (!check(talk, "the right bytes",
			   pattern_is(bytes, n, other(side)->who, side->heard), true))
			return;
		side->heard += (uint64_t)n;
	}
	check(talk, "the end", n, 0);
	check(talk, "bytes heard", (long)side->heard, (long)talk->len);
}

static void speak_and_hear(void *arg)
{
	struct side *side = arg;
	struct fiber *voice;

	if (!check(side->talk, "a fiber",
		   fiber_spawn(side->talk->net.lab.loop, "voice", speak, side, &voice), 0))
		return;
	hear(side);
	check(side->talk, "to join", fiber_join(voice, NEVER), 0);
}

/* @first has ended and been heard to the end before the other begins. */
static void in_turn(struct side *first)
{
	struct side *second = other(first);
	struct fiber *voice;

	for (int turn = 0; turn < SIDES; turn++) {
		struct side *speaker = turn ? second : first;

		if (!check(first->talk, "a fiber",
			   fiber_spawn(first->talk->net.lab.loop, "voice", speak, speaker, &voice),
			   0))
			return;
		hear(other(speaker));
		check(first->talk, "to join", fiber_join(voice, NEVER), 0);
	}
}

static void is_reset(struct side *side)
{
	char byte;

	check(side->talk, "to be reset",
	      sock_recv(side->sock, NULL, &byte, 1, side->talk->deadline), -ECONNRESET);
}

/* A kernel's socket that does not linger resets. */
static void kernel_resets(struct talk *talk)
{
	struct side *side = &talk->sides[KERNELS];
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	check(talk, "SO_LINGER",
	      setsockopt(live_sock_of(side->sock)->watch.fd, SOL_SOCKET, SO_LINGER, &linger,
			 sizeof(linger)),
	      0);
	sock_close(side->sock);
	side->sock = NULL;
	is_reset(&talk->sides[OURS]);
}

/* Who closes without having read resets (RFC 1122, 4.2.2.13). */
static void ours_resets(struct talk *talk)
{
	struct side *side = &talk->sides[OURS];
	char byte;

	check(talk, "to send", sock_send(talk->sides[KERNELS].sock, NULL, "ab", 2, talk->deadline),
	      0);
	check(talk, "half of it", sock_recv(side->sock, NULL, &byte, 1, talk->deadline), 1);
	sock_close(side->sock);
	side->sock = NULL;
	is_reset(&talk->sides[KERNELS]);
}

static void ours_ends_first(struct talk *talk)
{
	in_turn(&talk->sides[OURS]);
}

static void kernel_ends_first(struct talk *talk)
{
	in_turn(&talk->sides[KERNELS]);
}

static void at_the_same_time(struct talk *talk)
{
	both(talk, speak_and_hear);
}

/* In parts per million. */
enum { LOSS = 50000, REORDER = 20000, DUPLICATE = 10000 };

#define ROUGH                                                                                      \
	{                                                                                          \
		.delay_ns = MSEC, .loss_ppm = LOSS, .reorder_ppm = REORDER,                        \
		.duplicate_ppm = DUPLICATE                                                         \
	}

static const struct row {
	const char *name;
	enum opening opening;
	void (*go_on)(struct talk *talk);
	struct impairment wire;
	uint64_t len, within;
} rows[] = {
	{ "ours connects and ends first", OURS_CONNECTS, ours_ends_first, { 0 }, LITTLE, 10 * SEC },
	{ "ours connects, the kernel ends first",
	  OURS_CONNECTS,
	  kernel_ends_first,
	  { 0 },
	  LITTLE,
	  10 * SEC },
	{ "the kernel connects, ours ends first",
	  KERNEL_CONNECTS,
	  ours_ends_first,
	  { 0 },
	  LITTLE,
	  10 * SEC },
	{ "the kernel connects and ends first",
	  KERNEL_CONNECTS,
	  kernel_ends_first,
	  { 0 },
	  LITTLE,
	  10 * SEC },
	{ "both connect at once, ours ends first",
	  BOTH_CONNECT,
	  ours_ends_first,
	  { .delay_ns = 20 * MSEC },
	  LITTLE,
	  10 * SEC },
	{ "both connect at once, the kernel ends first",
	  BOTH_CONNECT,
	  kernel_ends_first,
	  { .delay_ns = 20 * MSEC },
	  LITTLE,
	  10 * SEC },
	{ "the kernel resets", OURS_CONNECTS, kernel_resets, { 0 }, 0, 10 * SEC },
	{ "ours resets", KERNEL_CONNECTS, ours_resets, { 0 }, 0, 10 * SEC },
	{ "the kernel resets what both opened",
	  BOTH_CONNECT,
	  kernel_resets,
	  { .delay_ns = 20 * MSEC },
	  0,
	  10 * SEC },
	{ "ours resets what both opened",
	  BOTH_CONNECT,
	  ours_resets,
	  { .delay_ns = 20 * MSEC },
	  0,
	  10 * SEC },
	{ "10 MB each way", KERNEL_CONNECTS, at_the_same_time, { 0 }, MUCH, 20 * SEC },
	{ "10 MB each way, 5 % lost, some overtaking and twice", OURS_CONNECTS, at_the_same_time,
	  ROUGH, MUCH, 90 * SEC },
};

struct played {
	const struct row *row;
	bool ipv6;
};

static void act(void *arg)
{
	struct talk *talk = arg;
	const struct row *row = talk->row;

	if (open_talk(talk, row->opening))
		row->go_on(talk);
	ask_kernel(talk);
	close_talk(talk);
}

/* At least half of what was asked for; nothing where nothing was. */
static void share(const char *what, uint64_t count, uint64_t packets, uint64_t ppm)
{
	if (ppm)
		print_message("  %s: %lu of %lu packets\n", what, (unsigned long)count,
			      (unsigned long)packets);
	if (count * 2000000 < packets * ppm || (!ppm && count))
		fail_msg("%s: %lu of %lu packets", what, (unsigned long)count,
			 (unsigned long)packets);
}

/* The link did to both ways what the row asks for. */
static void check_wire(const struct talk *talk, const struct impairment *wire)
{
	const struct link_stats stats = link_stats(talk->net.links[1]);

	for (int i = 0; i < 2; i++) {
		assert_in_range(stats.packets[i], talk->len / 65536, UINT32_MAX);
		share("lost", stats.lost[i], stats.packets[i], wire->loss_ppm);
		share("overtaking", stats.reordered[i], stats.packets[i], wire->reorder_ppm);
		share("twice", stats.duplicated[i], stats.packets[i], wire->duplicate_ppm);
	}
}

/* The kernel's TCP met it, as sender and as receiver. */
static void check_kernel(const struct tcp_info *seen, const struct impairment *wire)
{
	if (!wire->loss_ppm)
		return;
	print_message("  the kernel: %u again, %u times reordered, %u received early, %u twice\n",
		      seen->tcpi_total_retrans, seen->tcpi_reord_seen, seen->tcpi_rcv_ooopack,
		      seen->tcpi_dsack_dups);
	assert_in_range(seen->tcpi_total_retrans, 1, UINT32_MAX);
	assert_in_range(seen->tcpi_reord_seen, 1, UINT32_MAX);
	assert_in_range(seen->tcpi_rcv_ooopack, 1, UINT32_MAX);
}

static void as_the_row_says(void **state)
{
	const struct played *played = *state;
	const struct row *row = played->row;
	const struct link_spec wire = { .up = row->wire, .down = row->wire, .seed = 5 };
	struct talk talk = { .row = row, .len = row->len };

	set_up(&talk.net, played->ipv6, &wire);
	talk.deadline = loop_now(talk.net.lab.loop) + row->within;
	for (int i = 0; i < SIDES; i++)
		talk.sides[i] = (struct side){ .talk = &talk,
					       .host = i == OURS ? talk.net.ours : talk.net.kernel,
					       .who = (uint8_t)i };
	lab_run(&talk.net.lab, act, &talk);
	if (talk.wrong)
		fail_msg("%s: %ld, not as expected (%s)", talk.wrong, talk.value,
			 talk.value < 0 ? strerror((int)-talk.value) : "");
	check_wire(&talk, &row->wire);
	check_kernel(&talk.seen, &row->wire);
	tear_down(&talk.net);
}

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static int tests(void *arg)
{
	static struct played played[2 * ROWS];
	static char names[2 * ROWS][80];
	struct CMUnitTest all[2 * ROWS];

	(void)arg;
	for (size_t i = 0; i < 2 * ROWS; i++) {
		played[i] = (struct played){ .row = &rows[i % ROWS], .ipv6 = i >= ROWS };
		snprintf(names[i], sizeof(names[i]), "%s: %s", played[i].ipv6 ? "IPv6" : "IPv4",
			 played[i].row->name);
		all[i] = (struct CMUnitTest){ .name = names[i],
					      .test_func = as_the_row_says,
					      .initial_state = &played[i] };
	}
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
