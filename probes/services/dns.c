/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's name server: over UDP and TCP, port 53, with EDNS (RFC 1035, 6891, 7766).  What it knows is
 * dns_zone.h's.  It asks nobody else, so nothing that it keeps grows with what it is asked.
 */
#include "../wire/dns.h"

#include <errno.h>
#include <stdlib.h>

#include "complaints.h"
#include "crew.h"
#include "dns_zone.h"
#include "service_ops.h"
#include "visitors.h"

enum { CONNECTIONS_MAX = 64 };
#define IDLE_NS (10 * SEC) /* RFC 7766, 6.2.3: a few seconds of silence */
#define MESSAGE_NS (10 * SEC) /* from a message's first byte to its last */

/* (constant, what the client did) */
#define COMPLAINTS(X)                                                                              \
	X(MALFORMED, "sends what is no DNS query")                                                 \
	X(UNSERVED, "asks for what no name server of a lab does")                                  \
	X(FULL, "finds all connections taken")                                                     \
	X(SILENT, "connected, and then said nothing")                                              \
	X(SLOW, "takes too long to send a message")                                                \
	X(READS_SLOWLY, "does not read its answers")

enum complaint {
#define X(id, text) id,
	COMPLAINTS(X)
#undef X
};

struct dns_server {
	struct host *host;
	struct dns_zone zone;
	struct crew crew;
	struct sock *udp;
	struct visitors *visitors;
	struct complaints complaints;
	bool stopping;
	uint8_t request[DNS_MESSAGE_MAX];
	uint8_t response[DNS_EDNS_MAX];
};

/* A connection's, while it is served. */
struct stream {
	uint8_t request[DNS_PREFIX + DNS_MESSAGE_MAX];
	uint8_t response[DNS_PREFIX + DNS_MESSAGE_MAX];
};

static void dns_complain(struct dns_server *server, enum complaint what, struct endpoint who)
{
#define X(id, text) text,
	static const char *const texts[] = { COMPLAINTS(X) };
#undef X

	complain(&server->complaints, what, texts[what], who);
}

/* Answers */

static struct dns_header header_for(const struct dns_header *query)
{
	return (struct dns_header){
		.id = query->id,
		.response = true,
		.opcode = query->opcode,
		.recursion_desired = query->recursion_desired,
		.recursion_available =
			true, /* there is nobody else to ask: all answers are final */
		.checking_disabled = query->checking_disabled,
	};
}

/* What cannot be read as a query, or is none that is served: with its header alone. */
static size_t refuse(const struct dns_header *query, unsigned rcode, uint8_t *out, size_t room)
{
	struct dns_header header = header_for(query);
	struct dns_writer w;

	header.rcode = (uint16_t)rcode;
	dns_begin(&w, out, room, &header, NULL, NULL);
	return dns_end(&w);
}

static unsigned why_not(const struct dns_message *query)
{
	const struct dns_question *question = &query->question;

	if (query->edns.version > 0) /* RFC 6891, 6.1.3 */
		return DNS_BADVERS;
	if (question->type == DNS_AXFR || question->type == DNS_IXFR || question->type == DNS_OPT ||
	    (question->class != DNS_IN && question->class != DNS_CLASS_ANY))
		return DNS_REFUSED;
	return DNS_NOERROR;
}

/* How long an answer to @query may be in a datagram. */
static size_t datagram_room(const struct dns_message *query)
{
	size_t room = query->edns.present ? query->edns.udp_size : DNS_UDP_MAX;

	if (room < DNS_UDP_MAX)
		return DNS_UDP_MAX;
	return room < DNS_EDNS_MAX ? room : DNS_EDNS_MAX;
}

/*
 * The answer to the message in @bytes, in a datagram or a stream.  Its length; 0 where silence is best:
 * to what is no message, or an answer itself, with which a forged source could have two servers talk
 * to each other for ever.
 */
static size_t answer(struct dns_server *server, const uint8_t *bytes, size_t len,
		     struct endpoint from, bool datagram, uint8_t *out, size_t room)
{
	struct dns_edns edns = { .udp_size = DNS_EDNS_MAX };
	struct dns_header head;
	struct dns_message query;
	struct dns_writer w;

	if (dns_decode_header(bytes, len, &head) || head.response) {
		dns_complain(server, MALFORMED, from);
		return 0;
	}
	if (head.opcode) {
		dns_complain(server, UNSERVED, from);
		return refuse(&head, DNS_NOTIMP, out, room);
	}
	if (dns_decode(bytes, len, &query)) {
		dns_complain(server, MALFORMED, from);
		return refuse(&head, DNS_FORMERR, out, room);
	}
	if (datagram)
		room = datagram_room(&query);
	edns.present = query.edns.present;
	edns.dnssec_ok = query.edns.dnssec_ok;
	head = header_for(&head);
	dns_begin(&w, out, room, &head, &query.question, &edns);
	w.header.rcode = (uint16_t)why_not(&query);
	if (w.header.rcode)
		dns_complain(server, UNSERVED, from);
	else
		dns_zone_answer(&server->zone, &query, from.addr, &w);
	return dns_end(&w);
}

static void read_udp(void *arg)
{
	struct dns_server *server = arg;
	struct endpoint from;

	while (!server->stopping) {
		long n = sock_recv(server->udp, &from, server->request, sizeof(server->request),
				   NEVER);
		size_t len;

		if (n < 0 && !server->stopping && sock_read_on(server->host, n))
			continue;
		if (n < 0 || server->stopping)
			break;
		len = answer(server, server->request, (size_t)n, from, true, server->response,
			     sizeof(server->response));
		if (len)
			sock_send(server->udp, &from, server->response, len, NEVER);
	}
	crew_leave(&server->crew);
}

/* TCP */

/* A message with its prefix: its length without that; 0 where the connection is over. */
static size_t recv_message(struct dns_server *server, struct conduit *visitor, uint8_t *bytes)
{
	struct endpoint who = conduit_remote(visitor);
	int err = conduit_recv_exact(visitor, bytes, 1, host_now(server->host) + IDLE_NS);
	uint64_t deadline = host_now(server->host) + MESSAGE_NS;
	size_t len = 0;

	if (err == -ETIMEDOUT)
		dns_complain(server, SILENT, who);
	if (err)
		return 0;
	err = conduit_recv_exact(visitor, bytes + 1, DNS_PREFIX - 1, deadline);
	if (!err) {
		len = (size_t)bytes[0] << 8 | bytes[1];
		err = conduit_recv_exact(visitor, bytes + DNS_PREFIX, len, deadline);
	}
	if (err == -ETIMEDOUT)
		dns_complain(server, SLOW, who);
	return err ? 0 : len;
}

static void converse(struct dns_server *server, struct conduit *visitor, struct stream *stream)
{
	struct endpoint who = conduit_remote(visitor);
	size_t len;
	int err = 0;

	while (!err && (len = recv_message(server, visitor, stream->request))) {
		len = answer(server, stream->request + DNS_PREFIX, len, who, false,
			     stream->response + DNS_PREFIX, DNS_MESSAGE_MAX);
		if (!len)
			return;
		stream->response[0] = (uint8_t)(len >> 8);
		stream->response[1] = (uint8_t)len;
		err = conduit_send(visitor, stream->response, DNS_PREFIX + len,
				   host_now(server->host) + MESSAGE_NS);
		if (err == -ETIMEDOUT)
			dns_complain(server, READS_SLOWLY, who);
	}
}

static void serve_stream(void *arg, struct conduit *visitor)
{
	struct stream *stream = malloc(sizeof(*stream));

	if (stream)
		converse(arg, visitor, stream);
	free(stream);
}

static void turn_away(void *arg, struct endpoint who)
{
	dns_complain(arg, FULL, who);
}

/* Its life */

static void dns_stop(void *state)
{
	struct dns_server *server = state;

	server->stopping = true;
	sock_close(server->udp);
	visitors_close(server->visitors);
	crew_wait(&server->crew);
	free(server);
}

static int dns_start(const struct service_spec *spec, void **ret)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = DNS_PORT };
	struct dns_server *server = calloc(1, sizeof(*server));
	struct visitors_spec tcp = {
		.host = spec->host,
		.port = DNS_PORT,
		.most = CONNECTIONS_MAX,
		.name = "dns tcp",
		.arg = server,
		.serve = serve_stream,
		.turned_away = turn_away,
	};
	int err;

	if (!server)
		return -ENOMEM;
	server->host = spec->host;
	server->complaints = complaints_of(spec, "dns");
	if (spec->plan)
		server->zone.self = plan_find(spec->plan, host_name(spec->host));
	if (server->zone.self)
		server->zone.plan = spec->plan;
	err = sock_open(spec->host, &udp, &server->udp);
	if (!err)
		err = visitors_open(&tcp, &server->visitors);
	if (!err)
		err = crew_spawn(&server->crew, host_loop(spec->host), "dns udp", read_udp, server);
	if (err) {
		dns_stop(server);
		return err;
	}
	*ret = server;
	return 0;
}

const struct service_ops dns_service = {
	.name = "dns",
	.start = dns_start,
	.stop = dns_stop,
};
