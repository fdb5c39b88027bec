/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a TURN client asks of its server. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "turn_client_private.h"

enum { CHALLENGES = 3, REDIRECTIONS = 3, DATAGRAM_MAX = 65536 };
#define KEEP_NS (240 * SEC) /* before a permission's 5 min are over (RFC 8656, 9) */
#define KEEP_CALL_NS (10 * SEC)

int turn_client_refused(struct turn_client *client, const struct stun_message *msg)
{
	struct turn_refusal *refusal = &client->refusal;
	struct stun_value reason;
	int len;

	*refusal = (struct turn_refusal){ 0 };
	if (!stun_get_error(msg, &refusal->code, &reason))
		return -EPROTO;
	len = reason.len < TURN_CLIENT_REASON ? reason.len : TURN_CLIENT_REASON - 1;
	memcpy(refusal->reason, reason.bytes, (size_t)len);
	return -EREMOTEIO;
}

size_t turn_client_write(struct turn_client *client, const struct turn_question *q,
			 uint8_t id[STUN_TRANSACTION], uint8_t out[TURN_CLIENT_MESSAGE])
{
	struct stun_writer w;

	stun_transaction(host_random(client->host), host_random(client->host), id);
	stun_begin(&w, out, TURN_CLIENT_MESSAGE, STUN_REQUEST, (uint16_t)q->method, id);
	q->fill(client, &w, q->arg);
	stun_login_add(&client->login, &w);
	return stun_end(&w);
}

/* Ask, and again with what the challenges taught.  0 with a success in t->msg, else as
 * turn_client_allocate(). */
static int ask(struct turn_client *client, const struct turn_question *q,
	       struct turn_transaction *t, uint64_t deadline)
{
	uint8_t out[TURN_CLIENT_MESSAGE];

	for (int i = 0; i < CHALLENGES; i++) {
		size_t len = turn_client_write(client, q, t->id, out);
		int err = turn_client_transact(client, t, out, len, deadline);
		int learnt;

		if (err)
			return err;
		if (t->msg.method != q->method)
			return -EPROTO;
		if (t->msg.class == STUN_SUCCESS)
			return 0;
		err = turn_client_refused(client, &t->msg);
		if (client->refusal.code != 401 && client->refusal.code != 438)
			return err;
		learnt = stun_login_learn(&client->login, &t->msg, client->refusal.code);
		if (learnt)
			return learnt == -EACCES ? err : learnt;
	}
	return -EREMOTEIO;
}

int turn_client_call(struct turn_client *client, const struct turn_question *q, uint64_t deadline,
		     struct turn_transaction **ret)
{
	struct turn_transaction *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (t)
		err = ask(client, q, t, deadline);
	if (err)
		free(t);
	else
		*ret = t;
	return err;
}

static int simple_call(struct turn_client *client, const struct turn_question *q, uint64_t deadline)
{
	struct turn_transaction *t;
	int err;

	if (client->closed)
		return -ECANCELED;
	crew_enter(&client->calls);
	err = turn_client_call(client, q, deadline, &t);
	crew_leave(&client->calls);
	if (!err)
		free(t);
	return err;
}

/* Allocate */

static void fill_allocate(struct turn_client *client, struct stun_writer *w, const void *arg)
{
	const struct turn_client_spec *spec = &client->spec;
	uint8_t even = spec->reserve ? 0x80 : 0, token[8];

	(void)arg;
	stun_add_u32(w, STUN_REQUESTED_TRANSPORT,
		     (spec->tcp_relay ? TURN_TRANSPORT_TCP : TURN_TRANSPORT_UDP) << 24);
	if (spec->lifetime_s)
		stun_add_u32(w, STUN_LIFETIME, spec->lifetime_s);
	if (spec->family)
		stun_add_u32(w, STUN_REQUESTED_ADDRESS_FAMILY, (uint32_t)spec->family << 24);
	if (spec->both)
		stun_add_u32(w, STUN_ADDITIONAL_ADDRESS_FAMILY, TURN_FAMILY_V6 << 24);
	if (spec->even_port || spec->reserve)
		stun_add(w, STUN_EVEN_PORT, &even, 1);
	if (spec->dont_fragment)
		stun_add(w, STUN_DONT_FRAGMENT, NULL, 0);
	if (!spec->token)
		return;
	for (int i = 0; i < 8; i++)
		token[i] = (uint8_t)(spec->token >> 8 * (7 - i));
	stun_add(w, STUN_RESERVATION_TOKEN, token, sizeof(token));
}

/* The relayed addresses may come in any order. */
static struct endpoint second_address(const struct stun_message *msg, struct endpoint first)
{
	struct stun_value v = { 0 };
	struct endpoint one;

	while (stun_next(msg, &v))
		if (v.type == STUN_XOR_RELAYED_ADDRESS && stun_read_address(msg, &v, &one) &&
		    ip_addr_family(one.addr) != ip_addr_family(first.addr))
			return one;
	return (struct endpoint){ 0 };
}

static int read_allocation(struct turn_client *client, const struct stun_message *msg)
{
	struct stun_value v;

	if (!stun_get_address(msg, STUN_XOR_RELAYED_ADDRESS, &client->relayed) ||
	    !stun_get_u32(msg, STUN_LIFETIME, &client->lifetime_s))
		return -EPROTO;
	client->relayed6 = second_address(msg, client->relayed);
	if (client->relayed6.port && ip_addr_is_v4(client->relayed6.addr)) {
		struct endpoint v4 = client->relayed6;

		client->relayed6 = client->relayed;
		client->relayed = v4;
	}
	stun_get_address(msg, STUN_XOR_MAPPED_ADDRESS, &client->mapped);
	client->token = 0;
	if (stun_find(msg, STUN_RESERVATION_TOKEN, &v))
		for (int i = 0; i < 8; i++)
			client->token = client->token << 8 | v.bytes[i];
	return 0;
}

/* On to where a 300 says, with what was learnt here forgotten: it is another server's. */
static bool redirected(struct turn_client *client, const struct turn_transaction *t)
{
	struct endpoint elsewhere;

	if (client->refusal.code != 300 ||
	    !stun_get_address(&t->msg, STUN_ALTERNATE_SERVER, &elsewhere) ||
	    endpoint_equal(elsewhere, client->spec.server))
		return false;
	turn_client_shut(client);
	client->spec.server = elsewhere;
	client->login.challenged = false;
	return true;
}

static int allocate(struct turn_client *client, struct turn_transaction *t, uint64_t deadline)
{
	static const struct turn_question q = { TURN_ALLOCATE, fill_allocate, NULL };
	int err = 0;

	for (int i = 0; i <= REDIRECTIONS; i++) {
		err = client->closed ? -ECANCELED : turn_client_open(client, deadline);
		if (!err)
			err = ask(client, &q, t, deadline);
		if (err != -EREMOTEIO || !redirected(client, t))
			break;
	}
	return err ? err : read_allocation(client, &t->msg);
}

static void keep(void *arg)
{
	struct turn_client *client = arg;

	while (!client->closed) {
		uint64_t gap = client->lifetime_s * SEC / 2;
		uint64_t until = host_now(client->host) + (gap < KEEP_NS ? gap : KEEP_NS), deadline;
		int err = 0;

		client->keeper = fiber_self();
		while (!client->closed && host_now(client->host) < until)
			fiber_park(until);
		client->keeper = NULL;
		deadline = host_now(client->host) + KEEP_CALL_NS;
		err = turn_client_refresh(client, UINT32_MAX, deadline);
		for (size_t i = 0; i < client->peers_len && !err; i++) {
			const struct turn_client_peer *p = &client->peers[i];

			err = p->channel ? turn_client_bind(client, p->peer, p->channel, deadline)
					 : turn_client_permit(client, p->peer.addr, deadline);
		}
		/* A refusal will not mend itself; silence may. */
		if (err == -EREMOTEIO || err == -ECONNRESET)
			break;
	}
	crew_leave(&client->calls);
}

int turn_client_allocate(struct turn_client *client, uint64_t deadline)
{
	struct turn_transaction *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	crew_enter(&client->calls);
	err = allocate(client, t, deadline);
	if (!err && client->spec.keep)
		err = crew_spawn(&client->calls, host_loop(client->host), "turn keeper", keep,
				 client);
	crew_leave(&client->calls);
	free(t);
	return err;
}

int turn_client_new(struct host *host, const struct turn_client_spec *spec,
		    struct turn_client **ret)
{
	struct turn_client *client = calloc(1, sizeof(*client));
	int err;

	if (!client)
		return -ENOMEM;
	client->host = host;
	client->spec = *spec;
	err = stun_login_init(&client->login, spec->username, spec->password);
	client->spec.username = client->spec.password = NULL;
	if (err) {
		free(client);
		return err;
	}
	*ret = client;
	return 0;
}

struct endpoint turn_client_relayed6(const struct turn_client *client)
{
	return client->relayed6;
}

struct endpoint turn_client_relayed(const struct turn_client *client)
{
	return client->relayed;
}

struct endpoint turn_client_mapped(const struct turn_client *client)
{
	return client->mapped;
}

struct endpoint turn_client_server(const struct turn_client *client)
{
	return client->spec.server;
}

uint32_t turn_client_lifetime(const struct turn_client *client)
{
	return client->lifetime_s;
}

uint64_t turn_client_token(const struct turn_client *client)
{
	return client->token;
}

const struct turn_refusal *turn_client_refusal(const struct turn_client *client)
{
	return &client->refusal;
}

/* Refresh, permissions, channels */

static void fill_refresh(struct turn_client *client, struct stun_writer *w, const void *arg)
{
	const uint32_t *lifetime = arg;

	(void)client;
	if (*lifetime != UINT32_MAX)
		stun_add_u32(w, STUN_LIFETIME, *lifetime);
}

int turn_client_refresh(struct turn_client *client, uint32_t lifetime_s, uint64_t deadline)
{
	const struct turn_question q = { TURN_REFRESH, fill_refresh, &lifetime_s };
	struct turn_transaction *t;
	int err;

	if (client->closed)
		return -ECANCELED;
	crew_enter(&client->calls);
	err = turn_client_call(client, &q, deadline, &t);
	if (!err && !stun_get_u32(&t->msg, STUN_LIFETIME, &client->lifetime_s))
		err = -EPROTO;
	crew_leave(&client->calls);
	if (!err)
		free(t);
	return err;
}

void turn_client_fill_peer(struct turn_client *client, struct stun_writer *w, const void *arg)
{
	const struct turn_client_peer *p = arg;

	(void)client;
	if (p->channel)
		stun_add_u32(w, STUN_CHANNEL_NUMBER, (uint32_t)p->channel << 16);
	stun_add_address(w, STUN_XOR_PEER_ADDRESS, p->peer);
}

static struct turn_client_peer *find_peer(struct turn_client *client,
					  const struct turn_client_peer *peer)
{
	for (size_t i = 0; i < client->peers_len; i++)
		if (client->peers[i].channel == peer->channel &&
		    endpoint_equal(client->peers[i].peer, peer->peer))
			return &client->peers[i];
	return NULL;
}

/* So that it is kept, and channels are known.  False where there is no room. */
static bool remember(struct turn_client *client, const struct turn_client_peer *peer)
{
	if (find_peer(client, peer))
		return true;
	if (client->peers_len == TURN_CLIENT_PEERS)
		return false;
	client->peers[client->peers_len++] = *peer;
	return true;
}

static void forget(struct turn_client *client, const struct turn_client_peer *peer)
{
	*find_peer(client, peer) = client->peers[--client->peers_len];
}

int turn_client_permit(struct turn_client *client, struct ip_addr addr, uint64_t deadline)
{
	const struct turn_client_peer peer = { .peer = { addr, 0 } };
	const struct turn_question q = { TURN_CREATE_PERMISSION, turn_client_fill_peer, &peer };
	int err = simple_call(client, &q, deadline);

	if (!err)
		remember(client, &peer);
	return err;
}

static uint16_t choose_channel(struct turn_client *client)
{
	uint16_t number;
	bool taken;

	do {
		number = (uint16_t)(TURN_CHANNEL_FIRST + client->next_channel++);
		taken = false;
		for (size_t i = 0; i < client->peers_len; i++)
			taken = taken || client->peers[i].channel == number;
	} while (taken);
	return number;
}

int turn_client_bind(struct turn_client *client, struct endpoint to, uint16_t number,
		     uint64_t deadline)
{
	struct turn_client_peer peer = { to, number, false };
	const struct turn_question q = { TURN_CHANNEL_BIND, turn_client_fill_peer, &peer };
	int err;

	if (!peer.channel)
		peer.channel = turn_client_channel(client, to);
	if (!peer.channel)
		peer.channel = choose_channel(client);
	/* What comes in it may be read before the answer is. */
	if (!remember(client, &peer))
		return -ENOBUFS;
	err = simple_call(client, &q, deadline);
	if (!err)
		find_peer(client, &peer)->bound = true;
	else if (!find_peer(client, &peer)->bound)
		forget(client, &peer);
	return err;
}

/* Data */

static size_t write_send(struct turn_client *client, struct endpoint to, const void *bytes,
			 size_t len, uint8_t *out, size_t room)
{
	uint8_t transaction[STUN_TRANSACTION];
	struct stun_writer w;

	stun_transaction(host_random(client->host), host_random(client->host), transaction);
	stun_begin(&w, out, room, STUN_INDICATION, TURN_SEND, transaction);
	stun_add_address(&w, STUN_XOR_PEER_ADDRESS, to);
	if (client->spec.dont_fragment)
		stun_add(&w, STUN_DONT_FRAGMENT, NULL, 0);
	stun_add(&w, STUN_DATA, bytes, len);
	return stun_end(&w);
}

int turn_client_send(struct turn_client *client, struct endpoint to, const void *bytes, size_t len,
		     uint64_t deadline)
{
	uint16_t number = turn_client_channel(client, to);
	uint8_t *out;
	size_t n;
	int err;

	if (len > DATAGRAM_MAX)
		return -EMSGSIZE;
	out = malloc(len + 64);
	if (!out)
		return -ENOMEM;
	if (number) {
		struct turn_channel_data data = { number, (uint16_t)len, bytes };

		n = turn_channel_encode(&data, !client->udp, out, len + 64);
	} else {
		n = write_send(client, to, bytes, len, out, len + 64);
	}
	crew_enter(&client->calls);
	err = turn_client_tell(client, out, n, deadline);
	crew_leave(&client->calls);
	free(out);
	return err;
}

long turn_client_recv(struct turn_client *client, struct endpoint *from, void *bytes, size_t room,
		      uint64_t deadline)
{
	struct turn_arrival *one;
	size_t len;
	int err;

	crew_enter(&client->calls);
	err = turn_queue_take(client, &client->datagrams, deadline, &one);
	crew_leave(&client->calls);
	if (err)
		return err;
	len = one->len < room ? one->len : room;
	memcpy(bytes, one->bytes, len);
	if (from)
		*from = one->from;
	free(one);
	return (long)len;
}
