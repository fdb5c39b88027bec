/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  Two ports: one to listen at, for the passive candidate, and one from which
 * connections are opened simultaneously, at which SYNs that come between two of ours are accepted,
 * too.  An active candidate needs none.  The connections to STUN servers, from the second port,
 * stand as long as the agent, so that a NAT keeps the mapping that the other side was told of.
 *
 * A connection attempt that is refused is made again for a while: a NAT, or the other's stack, may
 * answer a SYN that comes too early with RST (RFC 6544, 10.1).
 */
#include "ice_tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../services/outbox.h"
#include "../wire/framed.h"
#include "ice_agent_private.h"

enum { STREAMS = 16, OUTBOX_ROOM = 64 * 1024, DISCARD_PORT = 9, OTHER_PREFERENCE = 8191 };

/* No longer, for one that hears nothing cannot be given up sooner. */
#define DIAL_NS (5 * SEC)
#define REST_NS (100 * MSEC)

/* A connection that stands, or is to. */
struct stream {
	struct ice_tcp *tcp;
	enum ice_way way;
	struct endpoint remote;
	struct sock *opening;
	struct conduit *conduit; /* NULL: it is being opened */
	struct outbox *outbox;
	size_t held_len;
	uint8_t held[FRAMED_PREFIX + ICE_DATAGRAM_MAX];
};

struct door {
	struct ice_tcp *tcp;
	enum ice_way way;
	struct sock *listener;
	uint16_t port;
};

/* The connection to a STUN server. */
struct tcp_asking {
	struct ice_tcp *tcp;
	struct endpoint server;
	struct sock *opening, *sock; /* until it stands, and after */
};

struct ice_tcp {
	struct ice_agent *agent;
	struct door passive, simultaneous;
	struct tcp_asking askings[FAMILY_COUNT];
	struct stream *streams[STREAMS]; /* until the end, also those that have ended */
	unsigned streams_len;
};

int ice_tcp_new(struct ice_agent *agent, struct ice_tcp **ret)
{
	struct ice_tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return -ENOMEM;
	tcp->agent = agent;
	tcp->passive = (struct door){ .tcp = tcp, .way = ICE_BY_TCP_PASSIVE };
	tcp->simultaneous = (struct door){ .tcp = tcp, .way = ICE_BY_TCP_SIMULTANEOUS };
	*ret = tcp;
	return 0;
}

static uint64_t now_of(const struct ice_tcp *tcp)
{
	return host_now(tcp->agent->host);
}

static int spawn(struct ice_tcp *tcp, const char *name, void (*run)(void *arg), void *arg)
{
	return crew_spawn(&tcp->agent->crew, host_loop(tcp->agent->host), name, run, arg);
}

/* Connections */

static struct stream *find(const struct ice_tcp *tcp, enum ice_way way, struct endpoint remote)
{
	for (unsigned i = 0; i < tcp->streams_len; i++)
		if (tcp->streams[i]->way == way && endpoint_equal(tcp->streams[i]->remote, remote))
			return tcp->streams[i];
	return NULL;
}

static struct stream *add(struct ice_tcp *tcp, enum ice_way way, struct endpoint remote)
{
	struct stream *stream = tcp->streams_len < STREAMS ? calloc(1, sizeof(*stream)) : NULL;

	if (!stream)
		return NULL;
	stream->tcp = tcp;
	stream->way = way;
	stream->remote = remote;
	tcp->streams[tcp->streams_len++] = stream;
	return stream;
}

/* Hear every whole datagram; false where one is too long. */
static bool hear(struct stream *stream)
{
	size_t at = 0, taken, len;
	const uint8_t *datagram;

	while ((taken = framed_decode(stream->held + at, stream->held_len - at, &datagram, &len))) {
		ice_hear(stream->tcp->agent, stream->way, datagram, len, stream->remote);
		at += taken;
	}
	stream->held_len -= at;
	memmove(stream->held, stream->held + at, stream->held_len);
	return stream->held_len < sizeof(stream->held);
}

static void read_stream(struct stream *stream)
{
	const struct ice_agent *agent = stream->tcp->agent;

	while (!agent->closing) {
		long n = conduit_recv(stream->conduit, stream->held + stream->held_len,
				      sizeof(stream->held) - stream->held_len, NEVER);

		if (n <= 0 || agent->closing)
			break;
		stream->held_len += (size_t)n;
		if (!hear(stream))
			break;
	}
	outbox_close(stream->outbox);
}

/* @sock is its connection, and is taken, also where it fails. */
static int stand(struct stream *stream, struct sock *sock)
{
	struct conduit *conduit;
	int err = conduit_new(sock, &conduit);

	if (err)
		return err;
	err = outbox_new(conduit, OUTBOX_ROOM, &stream->outbox);
	if (err) {
		conduit_free(conduit);
		return err;
	}
	stream->conduit = conduit;
	ice_check_connected(stream->tcp->agent, stream->way, stream->remote, true);
	return 0;
}

static int open_to(struct ice_tcp *tcp, uint16_t from, struct endpoint to, uint64_t deadline,
		   struct sock **opening, struct sock **ret)
{
	const struct sock_spec spec = {
		.kind = SOCK_TCP,
		.local.port = from,
		.remote = to,
		.deadline = deadline,
		.share = from != 0,
		.opening = opening,
	};

	return sock_open(tcp->agent->host, &spec, ret);
}

/* Until a connection of its own stands: true; false where one from there has been accepted meanwhile,
 * or the time is up. */
static bool dial(struct stream *stream)
{
	struct ice_tcp *tcp = stream->tcp;
	uint16_t from = stream->way == ICE_BY_TCP_SIMULTANEOUS ? tcp->simultaneous.port : 0;
	uint64_t deadline = now_of(tcp) + DIAL_NS;

	while (!tcp->agent->closing && !stream->conduit && now_of(tcp) < deadline) {
		struct sock *sock;

		int err = open_to(tcp, from, stream->remote, deadline, &stream->opening, &sock);

		if (err == -ECANCELED)
			break;
		if (err) {
			fiber_sleep(now_of(tcp) + REST_NS / 2 +
				    host_random(tcp->agent->host) % (REST_NS / 2));
			continue;
		}
		if (!tcp->agent->closing && !stream->conduit)
			return !stand(stream, sock);
		sock_close(sock);
	}
	return false;
}

static void dial_and_read(void *arg)
{
	struct stream *stream = arg;
	struct ice_agent *agent = stream->tcp->agent;

	if (dial(stream))
		read_stream(stream);
	else if (!stream->conduit)
		ice_check_connected(agent, stream->way, stream->remote, false);
	crew_leave(&agent->crew);
}

void ice_tcp_dial(struct ice_tcp *tcp, enum ice_way way, struct endpoint to)
{
	struct stream *stream;

	/* Whom a passive one hears has connected already. */
	if (way == ICE_BY_TCP_PASSIVE || find(tcp, way, to))
		return;
	stream = add(tcp, way, to);
	if (!stream || spawn(tcp, "ice tcp", dial_and_read, stream))
		ice_check_connected(tcp->agent, way, to, false);
}

int ice_tcp_send(struct ice_tcp *tcp, enum ice_way way, struct endpoint to, const void *bytes,
		 size_t len)
{
	struct stream *stream = find(tcp, way, to);
	uint8_t framed[FRAMED_PREFIX + ICE_DATAGRAM_MAX];
	size_t n = framed_encode(bytes, len, framed, sizeof(framed));

	if (!stream || !stream->conduit)
		return -ENOTCONN;
	return n ? outbox_put(stream->outbox, framed, n) : -EMSGSIZE;
}

/* Those that others open */

static void read_accepted(void *arg)
{
	struct stream *stream = arg;
	struct crew *crew = &stream->tcp->agent->crew;

	read_stream(stream);
	crew_leave(crew);
}

/* Who opens simultaneously knows whom with: nobody else is let in. */
static void take(struct door *door, struct sock *sock)
{
	struct endpoint remote = sock_remote(sock);
	struct stream *stream = find(door->tcp, door->way, remote);

	if (!stream && door->way == ICE_BY_TCP_PASSIVE)
		stream = add(door->tcp, door->way, remote);
	if (!stream || stream->conduit) {
		sock_close(sock);
		return;
	}
	if (!stand(stream, sock) && spawn(door->tcp, "ice tcp", read_accepted, stream))
		outbox_close(stream->outbox);
}

static void accept_streams(void *arg)
{
	struct door *door = arg;
	struct ice_agent *agent = door->tcp->agent;

	while (!agent->closing) {
		struct sock *sock;
		int err = sock_accept(door->listener, NEVER, &sock);

		if (!err && agent->closing)
			sock_close(sock);
		else if (!err)
			take(door, sock);
		else if (agent->closing || !sock_read_on(agent->host, err))
			break;
	}
	crew_leave(&agent->crew);
}

static int open_door(struct door *door)
{
	const struct sock_spec spec = { .kind = SOCK_TCP_LISTEN,
					.share = door->way == ICE_BY_TCP_SIMULTANEOUS };
	int err = sock_open(door->tcp->agent->host, &spec, &door->listener);

	if (err)
		return err;
	door->port = sock_local(door->listener).port;
	return spawn(door->tcp, "ice accept", accept_streams, door);
}

/* Gathering */

static int add_candidate(struct ice_tcp *tcp, struct ice_local *local)
{
	uint16_t rank = ice_gather_preference(tcp->agent, local->base.addr);

	rank = (uint16_t)(OTHER_PREFERENCE - (UINT16_MAX - rank));
	return ice_gather_add(
		tcp->agent, local,
		ice_tcp_preference(local->candidate.type, local->candidate.transport, rank));
}

/* An active one comes from whatever port: RFC 6544, 4.5 has it say "discard". */
static int add_hosts(struct ice_tcp *tcp, struct ip_addr addr)
{
	const struct {
		enum ice_way way;
		enum ice_transport transport;
		uint16_t port;
	} kinds[] = {
		{ ICE_BY_TCP_ACTIVE, ICE_TCP_ACTIVE, DISCARD_PORT },
		{ ICE_BY_TCP_PASSIVE, ICE_TCP_PASSIVE, tcp->passive.port },
		{ ICE_BY_TCP_SIMULTANEOUS, ICE_TCP_SIMULTANEOUS, tcp->simultaneous.port },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !err; i++) {
		struct ice_local local = { .base = { addr, kinds[i].port }, .way = kinds[i].way };

		local.candidate.at = local.base;
		local.candidate.transport = kinds[i].transport;
		err = ip_addr_is_unset(addr) ? 0 : add_candidate(tcp, &local);
	}
	return err;
}

static int ask(struct sock *sock, const uint8_t transaction[STUN_TRANSACTION], uint64_t deadline,
	       struct endpoint *ret)
{
	uint8_t bytes[ICE_DATAGRAM_MAX];
	struct stun_message msg;
	struct stun_writer w;
	size_t len;
	int err;

	stun_begin(&w, bytes, sizeof(bytes), STUN_REQUEST, STUN_BINDING, transaction);
	stun_add_fingerprint(&w);
	err = sock_send(sock, NULL, bytes, stun_end(&w), deadline);
	if (!err)
		err = sock_recv_exact(sock, bytes, STUN_HEADER, deadline);
	len = (size_t)bytes[2] << 8 | bytes[3];
	if (!err && len > sizeof(bytes) - STUN_HEADER)
		err = -EPROTO;
	if (!err)
		err = sock_recv_exact(sock, bytes + STUN_HEADER, len, deadline);
	if (!err)
		err = stun_decode(bytes, STUN_HEADER + len, &msg);
	if (!err && (memcmp(msg.transaction, transaction, STUN_TRANSACTION) != 0 ||
		     !stun_get_address(&msg, STUN_XOR_MAPPED_ADDRESS, ret)))
		err = -EPROTO;
	return err;
}

static void add_reflexive(const struct tcp_asking *asking, struct endpoint mapped)
{
	struct ice_tcp *tcp = asking->tcp;
	struct ice_local local = { .candidate = { .type = ICE_SERVER_REFLEXIVE,
						  .transport = ICE_TCP_SIMULTANEOUS,
						  .at = mapped },
				   .server = asking->server.addr,
				   .way = ICE_BY_TCP_SIMULTANEOUS };

	local.base = (struct endpoint){ host_addr_beside(tcp->agent->host, mapped.addr),
					tcp->simultaneous.port };
	local.candidate.related = local.base;
	if (!ip_addr_is_unset(local.base.addr))
		add_candidate(tcp, &local);
}

static void ask_server(void *arg)
{
	struct tcp_asking *asking = arg;
	struct ice_tcp *tcp = asking->tcp;
	struct ice_agent *agent = tcp->agent;
	uint8_t transaction[STUN_TRANSACTION];
	struct endpoint mapped;
	struct sock *sock;

	stun_transaction(host_random(agent->host), host_random(agent->host), transaction);
	if (!open_to(tcp, tcp->simultaneous.port, asking->server, agent->gather_until,
		     &asking->opening, &sock)) {
		asking->sock = sock;
		if (agent->closing)
			ice_tcp_close(tcp);
		else if (!ask(sock, transaction, agent->gather_until, &mapped) && !agent->closing)
			add_reflexive(asking, mapped);
	}
	ice_gathered_from(agent);
	crew_leave(&agent->crew);
}

static int start_asking(struct ice_tcp *tcp, enum family family)
{
	struct ice_agent *agent = tcp->agent;
	struct tcp_asking *asking = &tcp->askings[family];
	int err;

	*asking = (struct tcp_asking){ .tcp = tcp, .server = agent->spec.stun[family] };
	if (ip_addr_is_unset(asking->server.addr) ||
	    ip_addr_is_unset(host_addr_beside(agent->host, asking->server.addr)))
		return 0;
	err = spawn(tcp, "ice tcp stun", ask_server, asking);
	agent->gathering += !err;
	return err;
}

int ice_tcp_gather(struct ice_tcp *tcp)
{
	const struct host *host = tcp->agent->host;
	int err = open_door(&tcp->passive);

	if (!err)
		err = open_door(&tcp->simultaneous);
	if (!err)
		err = add_hosts(tcp, host_addr6(host));
	if (!err)
		err = add_hosts(tcp, host_addr(host));
	for (int i = 0; i < FAMILY_COUNT && !err; i++)
		err = start_asking(tcp, (enum family)i);
	return err;
}

void ice_tcp_close(struct ice_tcp *tcp)
{
	sock_give_up(&tcp->passive.listener);
	sock_give_up(&tcp->simultaneous.listener);
	for (int i = 0; i < FAMILY_COUNT; i++) {
		sock_give_up(&tcp->askings[i].opening);
		sock_give_up(&tcp->askings[i].sock);
	}
	for (unsigned i = 0; i < tcp->streams_len; i++) {
		sock_give_up(&tcp->streams[i]->opening);
		if (tcp->streams[i]->conduit)
			outbox_close(tcp->streams[i]->outbox);
	}
}

void ice_tcp_free(struct ice_tcp *tcp)
{
	if (!tcp)
		return;
	for (unsigned i = 0; i < tcp->streams_len; i++) {
		outbox_free(tcp->streams[i]->outbox);
		conduit_free(tcp->streams[i]->conduit);
		free(tcp->streams[i]);
	}
	free(tcp);
}
