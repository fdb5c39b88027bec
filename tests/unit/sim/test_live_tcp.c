/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual world's TCP against the kernel's. */
#include "live_tcp.h"
#include "pattern.h"

static void say_mine(struct bench *bench, const char *text)
{
	char heard[16] = { 0 };
	size_t len = strlen(text);

	check(bench, "ours sends", send_mine(bench, text, len), (long)len);
	check(bench, "the kernel hears",
	      sock_recv(bench->sock, NULL, heard, sizeof(heard), bench->deadline), (long)len);
	check(bench, "what was said", strcmp(heard, text), 0);
}

static void say_kernel(struct bench *bench, const char *text)
{
	char heard[16] = { 0 };
	size_t len = strlen(text);

	check(bench, "the kernel sends", sock_send(bench->sock, NULL, text, len, bench->deadline),
	      0);
	check(bench, "ours hears", recv_mine(bench, heard, sizeof(heard)), (long)len);
	check(bench, "what was said", strcmp(heard, text), 0);
}

static void mine_ends(struct bench *bench)
{
	char byte;

	shutdown_mine(bench);
	check(bench, "the kernel hears the end",
	      sock_recv(bench->sock, NULL, &byte, 1, bench->deadline), 0);
}

static void kernel_ends(struct bench *bench)
{
	char byte;

	shutdown_kernel(bench);
	check(bench, "ours hears the end", recv_mine(bench, &byte, 1), 0);
}

/* Everything that two can say to each other, the kernel's side closed first, or ours. */
static void talk(struct bench *bench, bool kernel_first)
{
	say_mine(bench, "ping");
	say_kernel(bench, "pong");
	if (kernel_first) {
		kernel_ends(bench);
		say_mine(bench, "still here");
		mine_ends(bench);
	} else {
		mine_ends(bench);
		say_kernel(bench, "still there");
		kernel_ends(bench);
		check(bench, "state", (long)tcp_state(bench->tcp), TCP_STATE_TIME_WAIT);
	}
	if (kernel_first)
		check(bench, "done", wait_for(bench, TCP_READY_DONE), 0);
	check(bench, "no error", tcp_error(bench->tcp), 0);
	sock_close(bench->sock);
}

static void actively_mine_first(void *arg)
{
	if (open_actively(arg))
		talk(arg, false);
}

static void actively_kernel_first(void *arg)
{
	if (open_actively(arg))
		talk(arg, true);
}

static void passively_mine_first(void *arg)
{
	if (open_passively(arg))
		talk(arg, false);
}

static void passively_kernel_first(void *arg)
{
	if (open_passively(arg))
		talk(arg, true);
}

static void simultaneously(void *arg)
{
	struct bench *bench = arg;

	if (!open_simultaneously(bench))
		return;
	/* Nobody waited for a retransmission. */
	check(bench, "timeouts", tcp_stats(bench->tcp)->timeouts, 0);
	talk(bench, false);
}

static void reset_from_kernel(void *arg)
{
	struct bench *bench = arg;
	char byte;

	if (!open_actively(bench))
		return;
	reset_by_kernel(bench);
	check(bench, "ours is reset", recv_mine(bench, &byte, 1), -ECONNRESET);
}

static void reset_from_mine(void *arg)
{
	struct bench *bench = arg;
	char byte;

	if (!open_actively(bench))
		return;
	tcp_abort(bench->tcp, loop_now(bench->lab.loop));
	pump(bench);
	check(bench, "the kernel is reset", sock_recv(bench->sock, NULL, &byte, 1, bench->deadline),
	      -ECONNRESET);
	sock_close(bench->sock);
}

/* Who closes without having read says so. */
static void reset_of_the_unread(void *arg)
{
	struct bench *bench = arg;
	char byte;

	if (!open_actively(bench))
		return;
	check(bench, "send", sock_send(bench->sock, NULL, "unread", 6, bench->deadline), 0);
	check(bench, "wait", wait_for(bench, TCP_READY_READ), 0);
	tcp_close(bench->tcp, loop_now(bench->lab.loop));
	pump(bench);
	check(bench, "the kernel is reset", sock_recv(bench->sock, NULL, &byte, 1, bench->deadline),
	      -ECONNRESET);
	sock_close(bench->sock);
}

static void refused_by_kernel(void *arg)
{
	struct bench *bench = arg;

	connect_mine(bench);
	check(bench, "ours is refused", wait_for(bench, TCP_READY_CONNECTED), -ECONNREFUSED);
}

static void refused_by_mine(void *arg)
{
	connect_kernel(arg, -ECONNREFUSED);
}

/* 10 MB each way at the same time. */
enum { STREAM = 10 << 20 };

static void mine_streams(void *arg)
{
	struct bench *bench = arg;
	uint8_t bytes[CHUNK];

	for (uint64_t sent = 0; sent < STREAM;) {
		size_t len = STREAM - sent < CHUNK ? (size_t)(STREAM - sent) : CHUNK;
		long n;

		pattern_fill(bytes, len, 0, sent);
		n = send_mine(bench, bytes, len);
		if (!check(bench, "ours streams", n > 0, true))
			return;
		sent += (uint64_t)n;
	}
	shutdown_mine(bench);
}

static void mine_drinks(void *arg)
{
	struct bench *bench = arg;
	uint8_t bytes[CHUNK];
	uint64_t got = 0;
	long n;

	while ((n = recv_mine(bench, bytes, sizeof(bytes))) > 0) {
		if (!check(bench, "bytes to us", pattern_is(bytes, n, 1, got), true))
			return;
		got += (uint64_t)n;
	}
	check(bench, "the end to us", n, 0);
	check(bench, "received by us", (long)got, STREAM);
}

static void kernel_streams(void *arg)
{
	struct bench *bench = arg;
	uint8_t bytes[CHUNK];

	for (uint64_t sent = 0; sent < STREAM; sent += CHUNK) {
		pattern_fill(bytes, CHUNK, 1, sent);
		if (!check(bench, "the kernel streams",
			   sock_send(bench->sock, NULL, bytes, CHUNK, bench->deadline), 0))
			return;
	}
	shutdown_kernel(bench);
}

static void kernel_drinks(struct bench *bench)
{
	uint8_t bytes[CHUNK];
	uint64_t got = 0;
	long n;

	while ((n = sock_recv(bench->sock, NULL, bytes, sizeof(bytes), bench->deadline)) > 0) {
		if (!check(bench, "bytes to the kernel", pattern_is(bytes, n, 0, got), true))
			return;
		got += (uint64_t)n;
	}
	check(bench, "the end to the kernel", n, 0);
	check(bench, "received by the kernel", (long)got, STREAM);
}

static void streaming(void *arg)
{
	static void (*const actors[])(void *arg) = { mine_streams, mine_drinks, kernel_streams };
	struct bench *bench = arg;
	struct fiber *fibers[3] = { NULL };

	if (!open_actively(bench))
		return;
	for (size_t i = 0; i < 3; i++)
		if (!check(bench, "spawn",
			   fiber_spawn(bench->lab.loop, "actor", actors[i], bench, &fibers[i]), 0))
			return;
	kernel_drinks(bench);
	for (size_t i = 0; i < 3; i++)
		check(bench, "join", fiber_join(fibers[i], NEVER), 0);
	sock_close(bench->sock);
}

/* Who does not read stops the other, and starts it again by reading. */
static void kernel_reads_late(void *arg)
{
	struct bench *bench = arg;
	struct fiber *fiber;

	if (!open_actively(bench))
		return;
	if (!check(bench, "spawn",
		   fiber_spawn(bench->lab.loop, "mine", mine_streams, bench, &fiber), 0))
		return;
	while (tcp_view(bench->tcp).peer_window || !tcp_stats(bench->tcp)->probes) {
		fiber_sleep(loop_now(bench->lab.loop) + 10 * MSEC);
		if (!check(bench, "its window shuts", loop_now(bench->lab.loop) < bench->deadline,
			   true))
			return;
	}
	kernel_drinks(bench);
	check(bench, "join", fiber_join(fiber, NEVER), 0);
	sock_close(bench->sock);
}

static void mine_reads_late(void *arg)
{
	struct bench *bench = arg;
	struct fiber *fiber;
	uint64_t full = 0;

	if (!open_actively(bench))
		return;
	if (!check(bench, "spawn",
		   fiber_spawn(bench->lab.loop, "kernel", kernel_streams, bench, &fiber), 0))
		return;
	/* Some probes of the kernel's, against a window that is shut. */
	while (full < 40) {
		full += tcp_view(bench->tcp).buffered_in + 2048 > bench->config.receive_max;
		fiber_sleep(loop_now(bench->lab.loop) + 10 * MSEC);
		if (!check(bench, "our window shuts", loop_now(bench->lab.loop) < bench->deadline,
			   true))
			return;
	}
	check(bench, "kept", tcp_view(bench->tcp).buffered_in <= bench->config.receive_max, true);
	mine_drinks(bench);
	check(bench, "join", fiber_join(fiber, NEVER), 0);
	sock_close(bench->sock);
}

static const struct row {
	const char *name;
	void (*actor)(void *arg);
	struct impairment wire;
	uint64_t within;
} rows[] = {
	{ "ours connects, ours ends first", actively_mine_first, { 0 }, 10 * SEC },
	{ "ours connects, the kernel ends first", actively_kernel_first, { 0 }, 10 * SEC },
	{ "the kernel connects, ours ends first", passively_mine_first, { 0 }, 10 * SEC },
	{ "the kernel connects, it ends first", passively_kernel_first, { 0 }, 10 * SEC },
	{ "both connect at once", simultaneously, { .delay_ns = 20 * MSEC }, 10 * SEC },
	{ "a RST from the kernel", reset_from_kernel, { 0 }, 10 * SEC },
	{ "a RST from ours", reset_from_mine, { 0 }, 10 * SEC },
	{ "a RST for what was not read", reset_of_the_unread, { 0 }, 10 * SEC },
	{ "a closed port of the kernel's", refused_by_kernel, { 0 }, 10 * SEC },
	{ "a closed port of ours", refused_by_mine, { 0 }, 10 * SEC },
	{ "10 MB each way", streaming, { 0 }, 30 * SEC },
	{ "10 MB, the kernel reads late", kernel_reads_late, { 0 }, 10 * SEC },
	{ "10 MB, ours reads late", mine_reads_late, { 0 }, 10 * SEC },
	{ "10 MB each way, 5 % lost, some overtaking and twice",
	  streaming,
	  { .delay_ns = MSEC, .loss_ppm = 50000, .reorder_ppm = 20000, .duplicate_ppm = 10000 },
	  120 * SEC },
};

static void as_the_row_says(void **state)
{
	const struct row *row = *state;
	static struct bench bench;

	set_up(&bench, row->wire);
	run(&bench, row->actor, row->within);
	if (bench.tcp)
		print_message("  %lu ms, %u out, %u in, %u again, %u timeouts, %u recoveries\n",
			      (unsigned long)(loop_now(bench.lab.loop) / MSEC),
			      tcp_stats(bench.tcp)->segments_out, tcp_stats(bench.tcp)->segments_in,
			      tcp_stats(bench.tcp)->retransmitted, tcp_stats(bench.tcp)->timeouts,
			      tcp_stats(bench.tcp)->fast_recoveries);
	tear_down(&bench);
}

static int tests(void *arg)
{
	struct CMUnitTest all[sizeof(rows) / sizeof(*rows)];

	(void)arg;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		all[i] = (struct CMUnitTest){ .name = rows[i].name,
					      .test_func = as_the_row_says,
					      .initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return lab_main(tests);
}
