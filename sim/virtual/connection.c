/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Whatever is done to a connection ends with settle(): it sends what the
 * machine has to say, wakes whom that concerns, sets the timer, and frees the connection where
 * nobody will ask for it again.  A connection belongs to
 *
 *   its socket           from connection_open() or connection_accept() to connection_leave()
 *   a listener           before that, while it is shaken hands with and waits to be accepted
 *   nobody               after: it is freed when it is done
 */
#include "connection.h"

#include <errno.h>

#include "../arena.h"
#include "bind.h"
#include "icmp.h"
#include "ip.h"
#include "sockets.h"
#include "stack.h"

struct connection {
	struct connection *next, **link; /* of all the host's */
	struct index_entry by_flow, by_port;
	struct virtual_host *host;
	struct tcp *tcp;
	struct virtual_sock *sock;
	struct virtual_sock *listener;
	struct connection *next_ready; /* in the listener's backlog */
	struct event timer;
	bool opened_here; /* stands in host->callers */
	bool share;
	bool is_ready; /* stands in the backlog, to be accepted */
	uint8_t ttl;
};

/* Connections that can be accepted, in the order in which they came to stand. */
struct backlog {
	struct connection *ready, **end;
	unsigned len; /* with those whose handshake goes on */
};

static struct connection *find(const struct virtual_host *host, struct endpoint local,
			       struct endpoint remote)
{
	struct index_entry *e = index_first(&host->flows, stack_hash(host, local, remote));

	for (; e; e = index_next(e)) {
		struct connection *c =
			(struct connection *)(void *)((char *)e -
						      offsetof(struct connection, by_flow));

		if (endpoint_equal(tcp_local(c->tcp), local) &&
		    endpoint_equal(tcp_remote(c->tcp), remote))
			return c;
	}
	return NULL;
}

bool connection_holds(const struct virtual_host *host, uint16_t port, struct ip_addr addr,
		      bool share)
{
	for (struct index_entry *e = index_first(&host->callers, port); e; e = index_next(e)) {
		const struct connection *c =
			(struct connection *)(void *)((char *)e -
						      offsetof(struct connection, by_port));

		if (sock_covers(addr, tcp_local(c->tcp).addr) && !(share && c->share))
			return true;
	}
	return false;
}

/* Life */

static void on_timer(struct event *event);

/* Take over @tcp. NULL without memory; then it is freed. */
static struct connection *add(struct virtual_host *host, struct tcp *tcp)
{
	struct connection *c = arena_take(loop_arena(host->host.loop), sizeof(*c));

	if (!c) {
		tcp_free(tcp);
		return NULL;
	}
	c->host = host;
	c->tcp = tcp;
	c->timer.fire = on_timer;
	c->next = host->connections;
	c->link = &host->connections;
	if (c->next)
		c->next->link = &c->next;
	host->connections = c;
	index_add(&host->flows, &c->by_flow, stack_hash(host, tcp_local(tcp), tcp_remote(tcp)));
	return c;
}

static void leave_backlog(struct connection *c)
{
	struct backlog *backlog = c->listener ? c->listener->backlog : NULL;

	if (!backlog)
		return;
	backlog->len--;
	c->listener = NULL;
	if (!c->is_ready)
		return;
	c->is_ready = false;
	for (struct connection **at = &backlog->ready; *at; at = &(*at)->next_ready) {
		if (*at != c)
			continue;
		*at = c->next_ready;
		if (!*at)
			backlog->end = at;
		return;
	}
}

static void end(struct connection *c)
{
	leave_backlog(c);
	loop_cancel(c->host->host.loop, &c->timer);
	index_remove(&c->host->flows, &c->by_flow);
	if (c->opened_here)
		index_remove(&c->host->callers, &c->by_port);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	if (c->sock)
		c->sock->connection = NULL;
	tcp_free(c->tcp);
	arena_give(loop_arena(c->host->host.loop), c, sizeof(*c));
}

static void send_out(struct connection *c)
{
	struct virtual_host *host = c->host;
	uint8_t ttl = c->ttl ? c->ttl : HOST_TTL;

	while (tcp_has_output(c->tcp)) {
		struct buffer *buffer = buffer_new(host->pool, tcp_path_mtu(c->tcp));
		bool written =
			tcp_output(c->tcp, buffer ? &buffer->packet : NULL, ttl, stack_now(host));

		if (written && buffer)
			ip_send(host, buffer);
		else
			buffer_free(buffer);
	}
}

static void set_timer(struct connection *c)
{
	uint64_t wake = tcp_next_wake(c->tcp);

	/* Most timers are put off again and again: one that fires early does no harm. */
	if (wake == NEVER)
		loop_cancel(c->host->host.loop, &c->timer);
	else if (!c->timer.slot || c->timer.at > wake)
		loop_schedule(c->host->host.loop, &c->timer, wake);
}

static void tell_user(struct connection *c, unsigned ready)
{
	if (ready & (TCP_READY_READ | TCP_READY_FAILED))
		bell_ring(&c->sock->readable);
	if (ready & (TCP_READY_WRITE | TCP_READY_CONNECTED | TCP_READY_FAILED))
		bell_ring(&c->sock->writable);
}

static void offer(struct connection *c)
{
	struct backlog *backlog = c->listener->backlog;

	c->is_ready = true;
	c->next_ready = NULL;
	*backlog->end = c;
	backlog->end = &c->next_ready;
	bell_ring(&c->listener->readable);
}

static void settle(struct connection *c)
{
	unsigned ready;

	send_out(c);
	ready = tcp_ready(c->tcp);
	if (c->sock)
		tell_user(c, ready);
	else if (c->listener && !c->is_ready && ready & TCP_READY_CONNECTED)
		offer(c);
	/* Who failed before it was offered is nobody's; who is offered stays until accepted. */
	if (ready & TCP_READY_DONE && !c->sock && !c->is_ready)
		end(c);
	else
		set_timer(c);
}

static void on_timer(struct event *event)
{
	struct connection *c =
		(struct connection *)(void *)((char *)event - offsetof(struct connection, timer));

	tcp_timer(c->tcp, stack_now(c->host));
	settle(c);
}

static void free_backlog(struct virtual_sock *sock)
{
	arena_give(loop_arena(sock->sock.host->loop), sock->backlog, sizeof(*sock->backlog));
	sock->backlog = NULL;
}

void connection_clear(struct virtual_host *host)
{
	while (host->connections)
		end(host->connections);
	for (struct virtual_sock *s = host->socks; s; s = s->next) {
		free_backlog(s);
	}
}

/* Segments */

/* A SYN for a listener.  Where its backlog is full, the caller will try again. */
static void open_passively(struct virtual_sock *listener, const struct packet_info *info,
			   const struct tcp_segment *syn)
{
	struct virtual_host *host = virtual_host_of(listener->sock.host);
	struct connection *c;
	struct tcp *tcp;

	if (listener->backlog->len >= BACKLOG_MAX)
		return;
	if (tcp_accept(&host->tcp, info->dst, info->src, ip_mtu_to(host, info->src.addr), syn,
		       stack_now(host), &tcp))
		return;
	c = add(host, tcp);
	if (!c)
		return;
	c->listener = listener;
	c->share = listener->share;
	c->ttl = listener->ttl;
	listener->backlog->len++;
	settle(c);
}

/* A segment for nobody (RFC 9293, 3.10.7.1). */
static void refuse(struct virtual_host *host, struct buffer *buffer)
{
	if (packet_make_tcp_rst(&buffer->packet))
		buffer_free(buffer);
	else
		ip_send(host, buffer);
}

/* Did a connection that there is take the segment?  One that makes room for a new one ends. */
static bool take(struct connection *c, const struct virtual_sock *listener,
		 const struct tcp_segment *seg)
{
	switch (tcp_input(c->tcp, seg, stack_now(c->host))) {
	case TCP_TAKEN:
		settle(c);
		return true;
	case TCP_REOPENS:
		/* A dead one may still have a user, who is to learn how it died. */
		if (listener && !c->sock && !c->is_ready)
			end(c);
		else if (listener)
			index_remove(&c->host->flows, &c->by_flow);
		break;
	case TCP_NOT_MINE:
		break;
	}
	return false;
}

void connection_receive(struct virtual_host *host, struct buffer *buffer,
			const struct packet_info *info)
{
	struct virtual_sock *listener;
	struct tcp_segment seg;
	struct connection *c;

	if (!tcp_segment_read(&buffer->packet, info, &seg)) {
		buffer_free(buffer);
		return;
	}
	listener = seg.flags & TCP_SYN && !(seg.flags & (TCP_ACK | TCP_RST))
			   ? sock_find_listener(host, info->dst, info->src)
			   : NULL;
	c = find(host, info->dst, info->src);
	if (c && take(c, listener, &seg)) {
		buffer_free(buffer);
	} else if (listener) {
		open_passively(listener, info, &seg);
		buffer_free(buffer);
	} else {
		refuse(host, buffer);
	}
}

void connection_fail(struct virtual_host *host, const struct packet_info *quoted,
		     const struct icmp_meaning *meaning)
{
	struct connection *c = find(host, quoted->src, quoted->dst);

	if (!c)
		return;
	if (meaning->too_big)
		tcp_set_path_mtu(c->tcp, quoted->tcp_seq, meaning->mtu, stack_now(host));
	else
		tcp_unreachable(c->tcp, quoted->tcp_seq, meaning->err, meaning->hard,
				stack_now(host));
	settle(c);
}

/* Users */

static int await(struct virtual_sock *sock, struct bell *bell, uint64_t deadline)
{
	if (deadline <= loop_now(sock->sock.host->loop))
		return -ETIMEDOUT;
	return bell_wait(bell, deadline);
}

/* Begin the handshake. */
static int call(struct virtual_host *host, struct virtual_sock *sock)
{
	struct endpoint *local = &sock->sock.local;
	struct endpoint remote = sock->sock.remote;
	enum ip_scope scope = ip_scope(host, remote.addr);
	struct connection *c;
	struct tcp *tcp;
	int err;

	if (scope == IP_BROADCAST || scope == IP_MULTICAST)
		return -ENETUNREACH;
	if (ip_addr_is_unset(local->addr))
		local->addr = ip_source_for(host, remote.addr);
	if (ip_addr_is_unset(local->addr) ||
	    ip_addr_is_v4(local->addr) != ip_addr_is_v4(remote.addr))
		return -ENETUNREACH;
	if (find(host, *local, remote))
		return -EADDRNOTAVAIL;
	err = tcp_connect(&host->tcp, *local, remote, ip_mtu_to(host, remote.addr), stack_now(host),
			  &tcp);
	if (err)
		return err;
	c = add(host, tcp);
	if (!c)
		return -ENOMEM;
	c->sock = sock;
	c->ttl = sock->ttl;
	c->share = sock->share;
	c->opened_here = true;
	index_add(&host->callers, &c->by_port, local->port);
	sock->connection = c;
	settle(c);
	return 0;
}

int connection_open(struct virtual_sock *sock, uint64_t deadline)
{
	int err = call(virtual_host_of(sock->sock.host), sock);

	while (!err) {
		unsigned ready = tcp_ready(sock->connection->tcp);

		if (ready & TCP_READY_CONNECTED)
			return 0;
		if (ready & TCP_READY_FAILED)
			return tcp_error(sock->connection->tcp);
		err = await(sock, &sock->writable, deadline);
	}
	return err;
}

int connection_listen(struct virtual_sock *sock)
{
	sock->backlog = arena_take(loop_arena(sock->sock.host->loop), sizeof(*sock->backlog));
	if (!sock->backlog)
		return -ENOMEM;
	sock->backlog->end = &sock->backlog->ready;
	return 0;
}

int connection_accept(struct virtual_sock *listener, uint64_t deadline, struct sock **ret)
{
	struct connection *c;
	struct virtual_sock *child;

	if (!listener->backlog)
		return -EINVAL;
	while (!listener->backlog->ready) {
		int err = await(listener, &listener->readable, deadline);

		if (err)
			return err;
	}
	child = virtual_sock_new(virtual_host_of(listener->sock.host), SOCK_TCP);
	if (!child)
		return -ENOMEM;
	c = listener->backlog->ready;
	leave_backlog(c);
	child->sock.local = tcp_local(c->tcp);
	child->sock.remote = tcp_remote(c->tcp);
	child->ttl = c->ttl;
	child->connection = c;
	c->sock = child;
	*ret = &child->sock;
	return 0;
}

int connection_send(struct virtual_sock *sock, const void *bytes, size_t len, uint64_t deadline)
{
	const uint8_t *at = bytes;

	if (!sock->connection)
		return -EPIPE;
	while (len > 0) {
		struct connection *c = sock->connection;
		long n = tcp_send(c->tcp, at, len, stack_now(c->host));
		int err;

		if (n > 0) {
			at += n;
			len -= (size_t)n;
			settle(c);
			continue;
		}
		if (n != -EAGAIN)
			return (int)n;
		err = await(sock, &sock->writable, deadline);
		if (err)
			return err;
	}
	return 0;
}

long connection_recv(struct virtual_sock *sock, void *bytes, size_t room, uint64_t deadline)
{
	if (!sock->connection)
		return -ENOTCONN;
	for (;;) {
		struct connection *c = sock->connection;
		long n = tcp_recv(c->tcp, bytes, room, stack_now(c->host));
		int err;

		if (n > 0)
			settle(c); /* the window may have opened */
		if (n != -EAGAIN)
			return n;
		err = await(sock, &sock->readable, deadline);
		if (err)
			return err;
	}
}

int connection_shutdown(struct virtual_sock *sock)
{
	struct connection *c = sock->connection;
	int err = c ? tcp_shutdown(c->tcp, stack_now(c->host)) : -ENOTCONN;

	if (!err)
		settle(c);
	return err;
}

static void abandon(struct connection *c)
{
	leave_backlog(c);
	tcp_abort(c->tcp, stack_now(c->host));
	settle(c);
}

static void close_listener(struct virtual_sock *sock)
{
	struct connection *next;

	for (struct connection *c = virtual_host_of(sock->sock.host)->connections; c; c = next) {
		next = c->next;
		if (c->listener == sock)
			abandon(c);
	}
	free_backlog(sock);
}

void connection_leave(struct virtual_sock *sock)
{
	struct connection *c = sock->connection;

	if (sock->backlog)
		close_listener(sock);
	if (!c)
		return;
	sock->connection = NULL;
	c->sock = NULL;
	tcp_close(c->tcp, stack_now(c->host));
	settle(c);
}
