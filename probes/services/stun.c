/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A STUN server for NAT behaviour discovery (RFC 5780) that also serves classic clients (RFC
 * 3489).  It answers on two addresses and two ports, and from another of these four where
 * it is asked to; with one address only, it says so by the absence of OTHER-ADDRESS.
 *
 * Over TCP it answers plain Binding requests (stun_tcp.h).
 *
 * There is no authentication, and whom it may be made to send to is restricted to the address
 * that asked: RESPONSE-ADDRESS could otherwise aim it at anybody.
 */
#include "../wire/stun.h"

#include <errno.h>
#include <stdlib.h>

#include "complaints.h"
#include "crew.h"
#include "service_ops.h"
#include "stun_tcp.h"

enum { DATAGRAM_MAX = 65507, UNKNOWN_MAX = 8 };
enum { MALFORMED }; /* of complaints; its others are stun_tcp.c's */

/* One of the four sockets.  Its buffers are its own, since sending may park. */
struct listener {
	struct stun_server *server;
	struct sock *sock;
	struct endpoint local;
	int address, port; /* which of the two */
	uint8_t request[DATAGRAM_MAX];
	uint8_t response[DATAGRAM_MAX];
};

struct stun_server {
	struct host *host;
	struct crew crew;
	struct complaints complaints;
	bool stopping;
	bool two_addresses;
	struct listener *listeners[2][2]; /* by address and port, */
	struct listener *ipv6; /* and where those are bound to IPv4 addresses, IPv6's only one */
	struct stun_tcp *tcp;
};

/* What a request asks for. */
struct wish {
	struct listener *from;
	struct endpoint to;
	bool padding;
	size_t padding_len;
};

/* Has it a second address of @l's family? */
static bool has_other(const struct listener *l)
{
	return l->server->two_addresses && l != l->server->ipv6;
}

static struct listener *other_of(const struct listener *l, bool address, bool port)
{
	return l->server->listeners[l->address ^ address][l->port ^ port];
}

/* Errors */

static size_t refuse(struct listener *l, const struct stun_message *request, unsigned code,
		     const char *reason, const uint16_t *unknown, size_t unknown_len)
{
	struct stun_writer w;

	stun_begin(&w, l->response, sizeof(l->response), STUN_ERROR, STUN_BINDING,
		   request->transaction);
	stun_add_error(&w, code, reason);
	if (unknown_len)
		stun_add_unknown(&w, unknown, unknown_len);
	if (!request->classic)
		stun_add_text(&w, STUN_SOFTWARE, "knothole");
	return stun_end(&w);
}

static size_t refuse_attribute(struct listener *l, const struct stun_message *request,
			       uint16_t type)
{
	return refuse(l, request, 420, "Unknown Attribute", &type, 1);
}

/* RFC 5780, 6.1: with one address a CHANGE-REQUEST is not understood.  Classic clients send one
 * with no flag in it where they want no change. */
static bool may_change(const struct listener *l, const struct stun_message *request, uint32_t flags)
{
	return has_other(l) || (request->classic && !flags);
}

/*
 * Read what @request wants.  0, or the length of the error response that is in l->response.
 */
static size_t read_wish(struct listener *l, const struct stun_message *request, struct wish *wish)
{
	struct endpoint elsewhere;
	struct stun_value v;
	uint32_t flags;

	if (stun_get_u32(request, STUN_CHANGE_REQUEST, &flags)) {
		if (!may_change(l, request, flags))
			return refuse_attribute(l, request, STUN_CHANGE_REQUEST);
		if (has_other(l))
			wish->from = other_of(l, flags & STUN_CHANGE_IP, flags & STUN_CHANGE_PORT);
	}
	if (stun_get_address(request, STUN_RESPONSE_ADDRESS, &elsewhere)) {
		if (!ip_addr_equal(elsewhere.addr, wish->to.addr))
			return refuse_attribute(l, request, STUN_RESPONSE_ADDRESS);
		wish->to.port = elsewhere.port;
	}
	wish->padding = stun_find(request, STUN_PADDING, &v);
	if (wish->padding)
		wish->padding_len = v.len;
	/* RFC 5780, 7.6: fragments to a port that did not ask would be a weapon. */
	if (stun_get_response_port(request, &wish->to.port) && wish->padding)
		return refuse(l, request, 400, "Bad Request", NULL, 0);
	return 0;
}

/* Responses */

/* @l's own endpoint as @peer sees it.  A socket that is bound to no address speaks both families. */
static struct endpoint local_beside(const struct listener *l, struct endpoint peer)
{
	if (!l->sock || ip_addr_family(l->local.addr) == ip_addr_family(peer.addr))
		return l->local;
	return (struct endpoint){ host_addr_beside(sock_host(l->sock), peer.addr), l->local.port };
}

static void add_classic(struct stun_writer *w, const struct listener *l, const struct wish *wish,
			struct endpoint mapped)
{
	stun_add_address(w, STUN_MAPPED_ADDRESS, mapped);
	stun_add_address(w, STUN_SOURCE_ADDRESS, local_beside(wish->from, wish->to));
	if (has_other(l))
		stun_add_address(w, STUN_CHANGED_ADDRESS,
				 local_beside(other_of(l, true, true), wish->to));
	if (!endpoint_equal(wish->to, mapped))
		stun_add_address(w, STUN_REFLECTED_FROM, mapped);
}

/* Both forms of the mapped address, so that a client can tell an ALG that rewrites the plain
 * one (RFC 5780, 3.6). */
static void add_modern(struct stun_writer *w, const struct listener *l, const struct wish *wish,
		       struct endpoint mapped)
{
	stun_add_address(w, STUN_XOR_MAPPED_ADDRESS, mapped);
	stun_add_address(w, STUN_MAPPED_ADDRESS, mapped);
	stun_add_address(w, STUN_RESPONSE_ORIGIN, local_beside(wish->from, wish->to));
	if (has_other(l))
		stun_add_address(w, STUN_OTHER_ADDRESS,
				 local_beside(other_of(l, true, true), wish->to));
	if (wish->padding)
		stun_add_padding(w, wish->padding_len);
	stun_add_text(w, STUN_SOFTWARE, "knothole");
}

static size_t respond(struct listener *l, const struct stun_message *request,
		      const struct wish *wish, struct endpoint mapped)
{
	struct stun_writer w;
	struct stun_value v;

	stun_begin(&w, l->response, sizeof(l->response), STUN_SUCCESS, STUN_BINDING,
		   request->transaction);
	if (request->classic)
		add_classic(&w, l, wish, mapped);
	else
		add_modern(&w, l, wish, mapped);
	if (!request->classic && stun_find(request, STUN_FINGERPRINT, &v))
		stun_add_fingerprint(&w);
	return stun_end(&w);
}

static void answer(struct listener *l, size_t len, struct endpoint from)
{
	struct wish wish = { .from = l, .to = from };
	uint16_t unknown[UNKNOWN_MAX];
	struct stun_message request;
	size_t unknown_len, out;

	/* RFC 8489, 6.3: what is not understood so far is discarded in silence; indications only
	 * keep mappings open. */
	if (stun_decode(l->request, len, &request)) {
		complain(&l->server->complaints, MALFORMED, "sends what is no STUN", from);
		return;
	}
	if (request.class != STUN_REQUEST || request.method != STUN_BINDING)
		return;
	unknown_len = stun_unknown(&request, unknown, UNKNOWN_MAX);
	if (unknown_len > UNKNOWN_MAX)
		unknown_len = UNKNOWN_MAX;
	if (unknown_len)
		out = refuse(l, &request, 420, "Unknown Attribute", unknown, unknown_len);
	else
		out = read_wish(l, &request, &wish);
	if (out) /* errors go from where the request came to, to where it came from */
		wish = (struct wish){ .from = l, .to = from };
	else
		out = respond(l, &request, &wish, from);
	if (out && wish.from->sock)
		sock_send(wish.from->sock, &wish.to, l->response, out, NEVER);
}

static void serve(void *arg)
{
	struct listener *l = arg;
	struct stun_server *server = l->server;
	struct endpoint from;

	while (!server->stopping) {
		long n = sock_recv(l->sock, &from, l->request, sizeof(l->request), NEVER);

		if (server->stopping)
			break;
		if (n >= 0)
			answer(l, (size_t)n, from);
		else if (!sock_read_on(server->host, n))
			break;
	}
	crew_leave(&server->crew);
}

/* A second address of the same host needs sockets of its own, bound to it. */
static int listener_open(struct stun_server *server, const struct service_spec *spec, int address,
			 int port)
{
	struct host *host = address && spec->alternate ? spec->alternate : spec->host;
	bool own = !ip_addr_is_unset(spec->alternate_addr);
	struct sock_spec udp = { .kind = SOCK_UDP };
	struct listener *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	server->listeners[address][port] = l;
	udp.local.port = port ? STUN_ALTERNATE_PORT : STUN_PORT;
	l->server = server;
	l->address = address;
	l->port = port;
	l->local.addr = address && own ? spec->alternate_addr : host_addr(host);
	l->local.port = udp.local.port;
	if (own)
		udp.local.addr = l->local.addr;
	return sock_open(host, &udp, &l->sock);
}

/* IPv6 has one address here, and one port: RFC 5780's tests want two of each. */
static int listener_open_ipv6(struct stun_server *server)
{
	struct sock_spec udp = { .kind = SOCK_UDP,
				 .local = { host_addr6(server->host), STUN_PORT } };
	struct listener *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	server->ipv6 = l;
	l->server = server;
	l->local = udp.local;
	return sock_open(server->host, &udp, &l->sock);
}

static void listener_close(struct listener *l)
{
	struct sock *sock = l ? l->sock : NULL;

	if (l)
		l->sock = NULL;
	sock_close(sock);
}

static void stun_stop(void *state)
{
	struct stun_server *server = state;

	server->stopping = true;
	for (int i = 0; i < 4; i++)
		listener_close(server->listeners[i / 2][i % 2]);
	listener_close(server->ipv6);
	stun_tcp_close(server->tcp);
	crew_wait(&server->crew);
	for (int i = 0; i < 4; i++)
		free(server->listeners[i / 2][i % 2]);
	free(server->ipv6);
	free(server);
}

static int stun_start(const struct service_spec *spec, void **ret)
{
	bool two = spec->alternate || !ip_addr_is_unset(spec->alternate_addr);
	struct stun_server *server = calloc(1, sizeof(*server));
	int count = two ? 4 : 1;
	int err = 0;

	if (!server)
		return -ENOMEM;
	server->host = spec->host;
	server->complaints = complaints_of(spec, "stun");
	server->two_addresses = two;
	for (int i = 0; i < count && !err; i++)
		err = listener_open(server, spec, i / 2, i % 2);
	for (int i = 0; i < count && !err; i++)
		err = crew_spawn(&server->crew, host_loop(spec->host), "stun", serve,
				 server->listeners[i / 2][i % 2]);
	if (!err && !ip_addr_is_unset(spec->alternate_addr) &&
	    !ip_addr_is_unset(host_addr6(spec->host))) {
		err = listener_open_ipv6(server);
		if (!err)
			err = crew_spawn(&server->crew, host_loop(spec->host), "stun ipv6", serve,
					 server->ipv6);
	}
	if (!err)
		err = stun_tcp_open(spec, &server->complaints, &server->tcp);
	if (err) {
		stun_stop(server);
		return err;
	}
	*ret = server;
	return 0;
}

const struct service_ops stun_service = {
	.name = "stun",
	.start = stun_start,
	.stop = stun_stop,
};
