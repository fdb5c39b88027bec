/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolve.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_GAP_NS (1 * SEC) /* doubled each time that it is asked again */

struct asking {
	struct host *host;
	const struct resolve_spec *spec;
	uint16_t id;
	size_t query_len; /* without its prefix */
	uint8_t query[DNS_PREFIX + DNS_UDP_MAX];
	uint8_t bytes[DNS_MESSAGE_MAX]; /* the answer's */
};

static void write_query(struct asking *a)
{
	const struct dns_header header = { .id = a->id, .recursion_desired = true };
	const struct dns_question question = { a->spec->name, (uint16_t)a->spec->type, DNS_IN };
	const struct dns_edns edns = { .present = true, .udp_size = DNS_EDNS_MAX };
	struct dns_writer w;

	dns_begin(&w, a->query + DNS_PREFIX, DNS_UDP_MAX, &header, &question, &edns);
	a->query_len = dns_end(&w);
	a->query[0] = (uint8_t)(a->query_len >> 8);
	a->query[1] = (uint8_t)a->query_len;
}

/* Is it an answer, and to this question (RFC 5452, 9.1)? */
static bool is_answer(const struct asking *a, size_t len, struct dns_message *ret)
{
	return !dns_decode(a->bytes, len, ret) && ret->header.response && ret->header.id == a->id &&
	       ret->question.type == a->spec->type && ret->question.class == DNS_IN &&
	       dns_name_equal(&ret->question.name, &a->spec->name);
}

/* Servers are free to answer what they do not understand without its question. */
static bool is_refusal(const struct asking *a, size_t len, unsigned *ret_rcode)
{
	struct dns_header header;

	if (dns_decode_header(a->bytes, len, &header) || !header.response || header.id != a->id ||
	    !header.rcode)
		return false;
	*ret_rcode = header.rcode;
	return true;
}

static void take_record(const struct dns_message *msg, const struct dns_record *record,
			struct resolve_answer *ret)
{
	struct dns_name *name = &ret->names[ret->len];

	if (record->type == DNS_PTR ? dns_get_name(msg, record, name)
				    : dns_get_addr(record, &ret->addrs[ret->len]))
		ret->len++;
}

/* What @msg says of the name that was asked for, or of what its aliases lead to: servers put an alias
 * before what it stands for. */
static void take_answer(const struct asking *a, const struct dns_message *msg,
			struct resolve_answer *ret)
{
	struct dns_name name = a->spec->name;
	struct dns_record record = { 0 };

	ret->rcode = msg->header.rcode;
	ret->authoritative = msg->header.authoritative;
	while (dns_next(msg, &record) && record.section == DNS_ANSWER &&
	       ret->len < RESOLVE_ANSWERS) {
		if (record.class != DNS_IN || !dns_name_equal(&record.name, &name))
			continue;
		if (record.type == DNS_CNAME)
			dns_get_name(msg, &record, &name);
		else if (record.type == a->spec->type)
			take_record(msg, &record, ret);
	}
}

/* Take what has come; false where it is nothing of use, or was cut and is to be asked for by TCP. */
static bool take(const struct asking *a, size_t len, bool *ret_cut, struct resolve_answer *ret)
{
	struct dns_message msg;

	if (!is_answer(a, len, &msg))
		return is_refusal(a, len, &ret->rcode);
	*ret_cut = msg.header.truncated;
	if (!*ret_cut)
		take_answer(a, &msg, ret);
	return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Strangers' datagrams are waited past, until @gap_ends. */
static int await_answer(struct asking *a, struct sock *sock, uint64_t gap_ends, bool *ret_cut,
			struct resolve_answer *ret)
{
	for (;;) {
		long n = sock_recv(sock, NULL, a->bytes, sizeof(a->bytes), gap_ends);

		if (n < 0)
			return (int)n;
		if (take(a, (size_t)n, ret_cut, ret))
			return 0;
	}
}

/* Each time from the same port, which is random, as the id is. */
static int ask_udp(struct asking *a, bool *ret_cut, struct resolve_answer *ret)
{
	struct sock_spec udp = { .kind = SOCK_UDP, .remote = a->spec->server };
	uint64_t gap = FIRST_GAP_NS, deadline = a->spec->deadline;
	struct sock *sock;
	int err = sock_open(a->host, &udp, &sock);

	if (err)
		return err;
	do {
		err = sock_send(sock, NULL, a->query + DNS_PREFIX, a->query_len, deadline);
		if (!err)
			err = await_answer(a, sock, earlier(host_now(a->host) + gap, deadline),
					   ret_cut, ret);
		gap *= 2;
	} while (err == -ETIMEDOUT && host_now(a->host) < deadline);
	sock_close(sock);
	return err;
}

static int ask_tcp(struct asking *a, struct resolve_answer *ret)
{
	uint64_t deadline = a->spec->deadline;
	struct sock_spec tcp = { .kind = SOCK_TCP,
				 .remote = a->spec->server,
				 .deadline = deadline };
	uint8_t prefix[DNS_PREFIX];
	struct sock *sock;
	size_t len = 0;
	bool cut;
	int err = sock_open(a->host, &tcp, &sock);

	if (err)
		return err;
	err = sock_send(sock, NULL, a->query, DNS_PREFIX + a->query_len, deadline);
	if (!err)
		err = sock_recv_exact(sock, prefix, DNS_PREFIX, deadline);
	if (!err) {
		len = (size_t)prefix[0] << 8 | prefix[1];
		err = sock_recv_exact(sock, a->bytes, len, deadline);
	}
	if (!err && !take(a, len, &cut, ret))
		err = -EPROTO;
	ret->tcp = true;
	sock_close(sock);
	return err;
}

int resolve(struct host *host, const struct resolve_spec *spec, struct resolve_answer *ret)
{
	struct asking *a = calloc(1, sizeof(*a));
	bool tcp = spec->tcp;
	int err = 0;

	if (!a)
		return -ENOMEM;
	a->host = host;
	a->spec = spec;
	a->id = (uint16_t)host_random(host);
	write_query(a);
	*ret = (struct resolve_answer){ 0 };
	if (!tcp)
		err = ask_udp(a, &tcp, ret);
	if (!err && tcp)
		err = ask_tcp(a, ret);
	free(a);
	return err;
}
