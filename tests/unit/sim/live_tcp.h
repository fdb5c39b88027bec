/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bench for the virtual world's TCP: a machine of ours at one end of a link, a kernel host at the
 * other, and short hands for what a user of either does.
 */
#ifndef KNOTHOLE_TESTS_LIVE_TCP_H
#define KNOTHOLE_TESTS_LIVE_TCP_H

#include "live_lab.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/live/sockets.h"
#include "sim/stream.h"
#include "sim/virtual/tcp.h"

#define MINE V4(10, 0, 0, 1)
#define KERNEL V4(10, 0, 0, 2)

enum { MY_PORT = 4000, KERNEL_PORT = 80, MTU = 1500, WAITERS = 4, CHUNK = 16384 };

struct bench {
	struct lab lab;
	struct host *kernel;
	struct link *link;
	struct port port; /* ours */
	struct event timer;
	struct tcp_config config;
	struct tcp *tcp;
	bool listening;
	struct fiber *waiters[WAITERS];
	struct sock *sock; /* the kernel's */
	uint64_t deadline;
	const char *wrong; /* the first thing that a fiber found wrong; NULL = nothing */
	long value; /* and what it was instead */
};

static inline void arm(struct bench *bench)
{
	uint64_t at = bench->tcp ? tcp_next_wake(bench->tcp) : NEVER;

	if (at == NEVER)
		loop_cancel(bench->lab.loop, &bench->timer);
	else
		loop_schedule(bench->lab.loop, &bench->timer, at);
}

static inline void pump(struct bench *bench)
{
	while (bench->tcp && tcp_has_output(bench->tcp)) {
		struct buffer *buffer = buffer_new(bench->lab.pool, tcp_path_mtu(bench->tcp));

		assert_non_null(buffer);
		tcp_output(bench->tcp, buffer ? &buffer->packet : NULL, 64,
			   loop_now(bench->lab.loop));
		if (buffer)
			port_send(&bench->port, buffer, NULL);
	}
	for (size_t i = 0; i < WAITERS; i++)
		fiber_wake(bench->waiters[i]);
	arm(bench);
}

static inline void on_timer(struct event *event)
{
	struct bench *bench =
		(struct bench *)(void *)((char *)event - offsetof(struct bench, timer));

	tcp_timer(bench->tcp, loop_now(bench->lab.loop));
	pump(bench);
}

static inline enum tcp_taken input(struct bench *bench, const struct packet_info *info,
				   const struct tcp_segment *seg)
{
	uint64_t now = loop_now(bench->lab.loop);

	if (bench->tcp && endpoint_equal(info->src, tcp_remote(bench->tcp)))
		return tcp_input(bench->tcp, seg, now);
	if (!bench->listening || bench->tcp || (seg->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return TCP_NOT_MINE;
	if (tcp_accept(&bench->config, info->dst, info->src, MTU, seg, now, &bench->tcp))
		return TCP_NOT_MINE;
	return TCP_TAKEN;
}

static inline void receive(struct port *port, struct buffer *buffer)
{
	struct bench *bench = port->node;
	struct packet_info info;
	struct tcp_segment seg;

	if (packet_parse(&buffer->packet, &info) != PACKET_OK ||
	    !tcp_segment_read(&buffer->packet, &info, &seg)) {
		buffer_free(buffer);
		return;
	}
	if (input(bench, &info, &seg) != TCP_TAKEN && !packet_make_tcp_rst(&buffer->packet)) {
		port_send(port, buffer, NULL);
		return;
	}
	buffer_free(buffer);
	pump(bench);
}

static inline void set_up(struct bench *bench, struct impairment impairment)
{
	struct link_spec spec = {
		.name = "kernel", .seed = 5, .up = impairment, .down = impairment
	};
	struct port *port;

	memset(bench, 0, sizeof(*bench));
	lab_open(&bench->lab);
	bench->kernel = lab_host(&bench->lab, "kernel", KERNEL, 24, (struct ip_addr){ 0 }, &port);
	bench->port.receive = receive;
	bench->port.node = bench;
	bench->timer.fire = on_timer;
	bench->config = tcp_default_config;
	bench->config.isn_secret = 99;
	bench->config.nodelay = true; /* as the kernel's sockets here have it */
	assert_int_equal(link_new(bench->lab.loop, &spec, port, &bench->port, &bench->link), 0);
}

static inline void tear_down(struct bench *bench)
{
	loop_cancel(bench->lab.loop, &bench->timer);
	tcp_free(bench->tcp);
	link_free(bench->link);
	bench->kernel->ops->free(bench->kernel);
	lab_close(&bench->lab);
}

/* Fibers must not assert; the first that is wrong is told after the run. */
static inline bool check(struct bench *bench, const char *what, long value, long want)
{
	if (value == want)
		return true;
	if (!bench->wrong) {
		bench->wrong = what;
		bench->value = value;
	}
	return false;
}

static inline void run(struct bench *bench, void (*actor)(void *arg), uint64_t within)
{
	bench->deadline = loop_now(bench->lab.loop) + within;
	lab_run(&bench->lab, actor, bench);
	if (bench->wrong)
		fail_msg("%s: %ld (%s)", bench->wrong, bench->value,
			 bench->value < 0 ? strerror((int)-bench->value) : "");
}

/* Ours as a user would see it. */
static inline int wait_for(struct bench *bench, unsigned ready)
{
	size_t i = 0;

	while (bench->waiters[i])
		i++;
	bench->waiters[i] = fiber_self();
	while (!bench->tcp || !(tcp_ready(bench->tcp) & (ready | TCP_READY_FAILED)))
		if (fiber_park(bench->deadline)) {
			bench->waiters[i] = NULL;
			return -ETIMEDOUT;
		}
	bench->waiters[i] = NULL;
	return tcp_ready(bench->tcp) & ready ? 0 : tcp_error(bench->tcp);
}

static inline void connect_mine(struct bench *bench)
{
	struct endpoint local = { MINE, MY_PORT }, remote = { KERNEL, KERNEL_PORT };

	check(bench, "tcp_connect()",
	      tcp_connect(&bench->config, local, remote, MTU, loop_now(bench->lab.loop),
			  &bench->tcp),
	      0);
	pump(bench);
}

static inline long recv_mine(struct bench *bench, void *bytes, size_t room)
{
	long n;

	while ((n = tcp_recv(bench->tcp, bytes, room, loop_now(bench->lab.loop))) == -EAGAIN) {
		int err = wait_for(bench, TCP_READY_READ);

		if (err)
			return err;
	}
	pump(bench);
	return n;
}

static inline long send_mine(struct bench *bench, const void *bytes, size_t len)
{
	long n;

	while ((n = tcp_send(bench->tcp, bytes, len, loop_now(bench->lab.loop))) == -EAGAIN) {
		int err = wait_for(bench, TCP_READY_WRITE);

		if (err)
			return err;
	}
	pump(bench);
	return n;
}

static inline void shutdown_mine(struct bench *bench)
{
	check(bench, "tcp_shutdown()", tcp_shutdown(bench->tcp, loop_now(bench->lab.loop)), 0);
	pump(bench);
}

/* The kernel's, with what sim/host.h has no call for. */
static inline int kernel_fd(struct bench *bench)
{
	return live_sock_of(bench->sock)->watch.fd;
}

static inline void shutdown_kernel(struct bench *bench)
{
	check(bench, "shutdown()", shutdown(kernel_fd(bench), SHUT_WR), 0);
}

static inline void reset_by_kernel(struct bench *bench)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	check(bench, "SO_LINGER",
	      setsockopt(kernel_fd(bench), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	sock_close(bench->sock);
	bench->sock = NULL;
}

static inline bool connect_kernel(struct bench *bench, int want)
{
	struct sock_spec spec = { .kind = SOCK_TCP,
				  .local = { .port = KERNEL_PORT },
				  .remote = { MINE, MY_PORT },
				  .deadline = bench->deadline };

	return check(bench, "the kernel connects", sock_open(bench->kernel, &spec, &bench->sock),
		     want);
}

/* Ours connects to a listener of the kernel's. */
static inline bool open_actively(struct bench *bench)
{
	struct sock_spec spec = { .kind = SOCK_TCP_LISTEN, .local = { .port = KERNEL_PORT } };
	struct sock *listener;
	bool good;

	if (!check(bench, "listen", sock_open(bench->kernel, &spec, &listener), 0))
		return false;
	connect_mine(bench);
	good = check(bench, "accept", sock_accept(listener, bench->deadline, &bench->sock), 0) &&
	       check(bench, "connected", wait_for(bench, TCP_READY_CONNECTED), 0);
	sock_close(listener);
	return good;
}

/* The kernel connects to ours. */
static inline bool open_passively(struct bench *bench)
{
	bench->listening = true;
	return connect_kernel(bench, 0) &&
	       check(bench, "connected", wait_for(bench, TCP_READY_CONNECTED), 0);
}

static inline void mine_connects(void *arg)
{
	struct bench *bench = arg;

	connect_mine(bench);
}

/* Both call at once: SYNs cross on the way, which is longer than it takes to start both. */
static inline bool open_simultaneously(struct bench *bench)
{
	struct fiber *fiber;

	if (!check(bench, "spawn",
		   fiber_spawn(bench->lab.loop, "mine", mine_connects, bench, &fiber), 0))
		return false;
	connect_kernel(bench, 0); /* parks first, so that ours runs */
	check(bench, "join", fiber_join(fiber, NEVER), 0);
	return !bench->wrong && check(bench, "connected", wait_for(bench, TCP_READY_CONNECTED), 0);
}

#endif
