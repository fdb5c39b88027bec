/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun_tcp.h"

#include <errno.h>
#include <stdlib.h>

#include "../wire/stun.h"
#include "visitors.h"

/* A connection may stand unused as long as what it shows is of use: its NAT's mapping. */
#define IDLE_NS (600 * SEC)
#define MESSAGE_NS (10 * SEC)

enum { VISITORS_MAX = 256, REQUEST_MAX = 1024, RESPONSE_MAX = 256, UNKNOWN_MAX = 8 };
/* Of complaints; the first is stun.c's. */
enum { FULL = 1, MALFORMED, SILENT, SLOW, READS_SLOWLY };

struct stun_tcp {
	struct visitors *visitors;
	struct complaints *complaints;
};

/* One message: its length; 0 where what comes is none that is taken; or -errno. */
static long read_message(const struct stun_tcp *tcp, struct conduit *visitor,
			 uint8_t message[REQUEST_MAX])
{
	struct host *host = conduit_host(visitor);
	int err = conduit_recv_exact(visitor, message, 1, host_now(host) + IDLE_NS);
	uint64_t deadline = host_now(host) + MESSAGE_NS;
	size_t len;

	if (err == -ETIMEDOUT)
		complain(tcp->complaints, SILENT, "connected, and then said nothing",
			 conduit_remote(visitor));
	if (err)
		return err;
	err = conduit_recv_exact(visitor, message + 1, STUN_HEADER - 1, deadline);
	len = STUN_HEADER + ((size_t)message[2] << 8 | message[3]);
	if (!err && len > REQUEST_MAX)
		return 0;
	if (!err)
		err = conduit_recv_exact(visitor, message + STUN_HEADER, len - STUN_HEADER,
					 deadline);
	if (err == -ETIMEDOUT)
		complain(tcp->complaints, SLOW, "takes too long to send a message",
			 conduit_remote(visitor));
	return err ? err : (long)len;
}

/* Those that must be understood, and are not: of RFC 5780's, too, for nothing else can answer in a
 * connection.  How many, of which @ret has the first UNKNOWN_MAX. */
static size_t not_understood(const struct stun_message *request, uint16_t ret[UNKNOWN_MAX])
{
	static const uint16_t udp_only[] = { STUN_CHANGE_REQUEST, STUN_RESPONSE_PORT, STUN_PADDING,
					     STUN_RESPONSE_ADDRESS };
	size_t n = stun_unknown(request, ret, UNKNOWN_MAX);
	struct stun_value v;

	for (size_t i = 0; i < sizeof(udp_only) / sizeof(udp_only[0]); i++) {
		if (!stun_find(request, udp_only[i], &v))
			continue;
		if (n < UNKNOWN_MAX)
			ret[n] = udp_only[i];
		n++;
	}
	return n;
}

static size_t respond(const struct stun_message *request, struct endpoint from,
		      uint8_t out[RESPONSE_MAX])
{
	uint16_t unknown[UNKNOWN_MAX];
	size_t unknown_len = not_understood(request, unknown);
	struct stun_writer w;
	struct stun_value v;

	stun_begin(&w, out, RESPONSE_MAX, unknown_len ? STUN_ERROR : STUN_SUCCESS, STUN_BINDING,
		   request->transaction);
	if (unknown_len) {
		stun_add_error(&w, 420, "Unknown Attribute");
		stun_add_unknown(&w, unknown,
				 unknown_len < UNKNOWN_MAX ? unknown_len : UNKNOWN_MAX);
	} else {
		stun_add_address(&w, STUN_XOR_MAPPED_ADDRESS, from);
		stun_add_address(&w, STUN_MAPPED_ADDRESS, from);
	}
	stun_add_text(&w, STUN_SOFTWARE, "knothole");
	if (stun_find(request, STUN_FINGERPRINT, &v))
		stun_add_fingerprint(&w);
	return stun_end(&w);
}

/* False where the connection is to end. */
static bool answer(const struct stun_tcp *tcp, struct conduit *visitor, const uint8_t *message,
		   size_t len)
{
	struct endpoint from = conduit_remote(visitor);
	uint8_t out[RESPONSE_MAX];
	struct stun_message request;
	int err;

	/* RFC 3489's clients speak UDP alone; after what is no STUN nobody knows where the next
	 * message begins. */
	if (!len || stun_decode(message, len, &request) || request.classic) {
		complain(tcp->complaints, MALFORMED, "sends what is no STUN", from);
		return false;
	}
	if (request.class != STUN_REQUEST || request.method != STUN_BINDING)
		return true;
	err = conduit_send(visitor, out, respond(&request, from, out),
			   host_now(conduit_host(visitor)) + MESSAGE_NS);
	if (err == -ETIMEDOUT)
		complain(tcp->complaints, READS_SLOWLY, "does not read its answers", from);
	return !err;
}

static void serve(void *arg, struct conduit *visitor)
{
	const struct stun_tcp *tcp = arg;
	uint8_t message[REQUEST_MAX];
	long len;

	while ((len = read_message(tcp, visitor, message)) >= 0)
		if (!answer(tcp, visitor, message, (size_t)len))
			return;
}

static void turn_away(void *arg, struct endpoint who)
{
	const struct stun_tcp *tcp = arg;

	complain(tcp->complaints, FULL, "finds all connections taken", who);
}

int stun_tcp_open(const struct service_spec *spec, struct complaints *complaints,
		  struct stun_tcp **ret)
{
	struct stun_tcp *tcp = calloc(1, sizeof(*tcp));
	const struct visitors_spec visitors = {
		.host = spec->host,
		.port = STUN_PORT,
		.most = VISITORS_MAX,
		.name = "stun visitor",
		.arg = tcp,
		.serve = serve,
		.turned_away = turn_away,
	};
	int err;

	if (!tcp)
		return -ENOMEM;
	tcp->complaints = complaints;
	err = visitors_open(&visitors, &tcp->visitors);
	if (err)
		free(tcp);
	else
		*ret = tcp;
	return err;
}

void stun_tcp_close(struct stun_tcp *tcp)
{
	if (!tcp)
		return;
	visitors_close(tcp->visitors);
	free(tcp);
}
