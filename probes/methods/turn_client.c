/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a TURN client's messages go and come. */
#include "turn_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "turn_client_private.h"

#define RTO_NS (500 * MSEC) /* RFC 8489, 6.2.1: first, and how often it doubles */
enum { RESENDS = 7 };
#define STREAM_NS (39500 * MSEC) /* RFC 8489, 6.2.2 */
#define MESSAGE_NS (10 * SEC)

const char *turn_transport_word(enum turn_transport transport)
{
#define X(id, word) word,
	static const char *const words[] = { TURN_TRANSPORTS(X) };
#undef X

	return words[transport];
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint16_t turn_client_channel(const struct turn_client *client, struct endpoint peer)
{
	for (size_t i = 0; i < client->peers_len; i++)
		if (client->peers[i].bound && endpoint_equal(client->peers[i].peer, peer))
			return client->peers[i].channel;
	return 0;
}

/* Queues */

static void queue_add(struct turn_queue *queue, struct endpoint from, uint32_t connection_id,
		      const uint8_t *bytes, size_t len)
{
	struct turn_arrival *one;

	if (queue->len >= TURN_CLIENT_QUEUE)
		return;
	one = malloc(sizeof(*one) + len);
	if (!one)
		return;
	*one = (struct turn_arrival){ .from = from, .connection_id = connection_id, .len = len };
	if (len)
		memcpy(one->bytes, bytes, len);
	if (!queue->first)
		queue->end = &queue->first;
	*queue->end = one;
	queue->end = &one->next;
	queue->len++;
	fiber_wake(queue->waiter);
}

int turn_queue_take(struct turn_client *client, struct turn_queue *queue, uint64_t deadline,
		    struct turn_arrival **ret)
{
	struct turn_arrival *one;
	int err = 0;

	queue->waiter = fiber_self();
	while (!queue->first && !err && !client->closed && !client->lost)
		err = fiber_park(deadline);
	queue->waiter = NULL;
	one = queue->first;
	if (!one)
		return client->closed ? -ECANCELED : client->lost ? -ECONNRESET : err;
	queue->first = one->next;
	queue->len--;
	*ret = one;
	return 0;
}

static void queue_clear(struct turn_queue *queue)
{
	while (queue->first) {
		struct turn_arrival *one = queue->first;

		queue->first = one->next;
		free(one);
	}
}

/* Arrivals */

static void hear_channel(struct turn_client *client, const struct turn_channel_data *data)
{
	for (size_t i = 0; i < client->peers_len; i++)
		if (client->peers[i].channel == data->channel)
			queue_add(&client->datagrams, client->peers[i].peer, 0, data->bytes,
				  data->len);
}

static void hear_indication(struct turn_client *client, const struct stun_message *msg)
{
	struct endpoint peer;
	struct stun_value v;
	uint32_t id;

	if (!stun_get_address(msg, STUN_XOR_PEER_ADDRESS, &peer))
		return;
	if (msg->method == TURN_DATA && stun_find(msg, STUN_DATA, &v))
		queue_add(&client->datagrams, peer, 0, v.bytes, v.len);
	if (msg->method == TURN_CONNECTION_ATTEMPT && stun_get_u32(msg, STUN_CONNECTION_ID, &id))
		queue_add(&client->connections, peer, id, NULL, 0);
}

static void hear_response(struct turn_client *client, const struct stun_message *msg)
{
	for (struct turn_transaction *t = client->transactions; t; t = t->next) {
		if (t->len || msg->len > sizeof(t->response) ||
		    memcmp(t->id, msg->transaction, STUN_TRANSACTION) != 0)
			continue;
		memcpy(t->response, msg->bytes, msg->len);
		t->len = msg->len;
		fiber_wake(t->waiter);
	}
}

static void hear(struct turn_client *client, const uint8_t *bytes, size_t len)
{
	struct turn_channel_data data;
	struct stun_message msg;

	if (!turn_channel_decode(bytes, len, &data))
		hear_channel(client, &data);
	else if (stun_decode(bytes, len, &msg) || msg.classic)
		return;
	else if (msg.class == STUN_INDICATION)
		hear_indication(client, &msg);
	else if (msg.class != STUN_REQUEST)
		hear_response(client, &msg);
}

static void read_udp(struct turn_client *client)
{
	while (client->udp) {
		struct endpoint from;
		long n = sock_recv(client->udp, &from, client->incoming, sizeof(client->incoming),
				   NEVER);

		if (!client->udp || (n < 0 && !sock_read_on(client->host, n)))
			break;
		if (n >= 0 && endpoint_equal(from, client->spec.server))
			hear(client, client->incoming, (size_t)n);
	}
}

long turn_client_read(struct conduit *conduit, uint8_t message[TURN_MESSAGE_MAX], uint64_t deadline)
{
	int err = conduit_recv_exact(conduit, message, TURN_STREAM_HEADER, deadline);
	size_t len;

	if (err)
		return err;
	len = turn_stream_len(message);
	if (!len)
		return -EPROTO;
	err = conduit_recv_exact(conduit, message + TURN_STREAM_HEADER, len - TURN_STREAM_HEADER,
				 earlier(host_now(conduit_host(conduit)) + MESSAGE_NS, deadline));
	return err ? err : (long)len;
}

static void read_server(void *arg)
{
	struct turn_client *client = arg;
	long n = 0;

	if (client->udp)
		read_udp(client);
	while (client->conduit && n >= 0) {
		n = turn_client_read(client->conduit, client->incoming, NEVER);
		if (n > 0)
			hear(client, client->incoming, (size_t)n);
	}
	if (n < 0 && n != -ECANCELED) {
		client->lost = true;
		conduit_close(client->conduit);
		for (struct turn_transaction *t = client->transactions; t; t = t->next)
			fiber_wake(t->waiter);
		fiber_wake(client->datagrams.waiter);
		fiber_wake(client->connections.waiter);
	}
	crew_leave(&client->reader);
}

/* Opening and closing */

static int make(struct turn_client *client, struct turn_dial *dial, uint64_t deadline)
{
	struct sock_spec tcp = {
		.kind = SOCK_TCP,
		.remote = client->spec.server,
		.deadline = deadline,
		.opening = &dial->opening,
	};
	struct sock *sock;
	int err = sock_open(client->host, &tcp, &sock);

	if (!err)
		err = conduit_new(sock, &dial->conduit);
	if (!err && client->closed)
		err = -ECANCELED;
	if (!err && client->spec.transport == TURN_OVER_TLS)
		err = conduit_secure(dial->conduit, NULL, deadline);
	return err;
}

static void dial_add(struct turn_client *client, struct turn_dial *dial)
{
	dial->next = client->dials;
	dial->link = &client->dials;
	if (dial->next)
		dial->next->link = &dial->next;
	client->dials = dial;
}

static void dial_remove(struct turn_dial *dial)
{
	*dial->link = dial->next;
	if (dial->next)
		dial->next->link = dial->link;
}

int turn_client_dial(struct turn_client *client, uint64_t deadline, struct conduit **ret)
{
	struct turn_dial dial = { 0 };
	int err;

	if (client->closed)
		return -ECANCELED;
	dial_add(client, &dial);
	err = make(client, &dial, deadline);
	dial_remove(&dial);
	if (client->closed)
		err = -ECANCELED;
	if (err)
		conduit_free(dial.conduit);
	else
		*ret = dial.conduit;
	return err;
}

int turn_client_open(struct turn_client *client, uint64_t deadline)
{
	struct sock_spec udp = { .kind = SOCK_UDP };
	int err;

	if (client->spec.transport == TURN_OVER_UDP)
		err = sock_open(client->host, &udp, &client->udp);
	else
		err = turn_client_dial(client, deadline, &client->conduit);
	if (!err && client->conduit)
		err = outbox_new(client->conduit, TURN_CLIENT_OUTBOX, &client->outbox);
	if (!err)
		err = crew_spawn(&client->reader, host_loop(client->host), "turn client",
				 read_server, client);
	return err;
}

void turn_client_shut(struct turn_client *client)
{
	struct sock *udp = client->udp;

	client->udp = NULL;
	sock_close(udp);
	if (client->conduit)
		conduit_close(client->conduit);
	crew_wait(&client->reader);
	outbox_free(client->outbox);
	conduit_free(client->conduit);
	client->outbox = NULL;
	client->conduit = NULL;
	client->lost = false;
}

void turn_client_close(struct turn_client *client)
{
	struct sock *udp = client->udp;

	client->closed = true;
	client->udp = NULL;
	sock_close(udp);
	for (struct turn_dial *dial = client->dials; dial; dial = dial->next) {
		sock_give_up(&dial->opening);
		if (dial->conduit)
			conduit_close(dial->conduit);
	}
	if (client->conduit)
		conduit_close(client->conduit);
	for (struct turn_transaction *t = client->transactions; t; t = t->next)
		fiber_wake(t->waiter);
	fiber_wake(client->datagrams.waiter);
	fiber_wake(client->connections.waiter);
	fiber_wake(client->keeper);
}

void turn_client_free(struct turn_client *client)
{
	if (!client)
		return;
	turn_client_close(client);
	crew_wait(&client->calls);
	turn_client_shut(client);
	queue_clear(&client->datagrams);
	queue_clear(&client->connections);
	free(client);
}

/* Saying */

int turn_client_tell(struct turn_client *client, const uint8_t *bytes, size_t len,
		     uint64_t deadline)
{
	if (client->closed)
		return -ECANCELED;
	if (client->lost)
		return -ECONNRESET;
	if (!len)
		return -EMSGSIZE;
	if (client->udp)
		return sock_send(client->udp, &client->spec.server, bytes, len, deadline);
	return client->outbox ? outbox_put(client->outbox, bytes, len) : -ENOTCONN;
}

/* Until @until.  0 where it is answered, by somebody who knows the key. */
static int await(struct turn_client *client, struct turn_transaction *t, uint64_t until)
{
	while (!client->closed && !client->lost) {
		struct stun_value reason;
		unsigned code = 0;

		if (t->len && !stun_decode(t->response, t->len, &t->msg)) {
			stun_get_error(&t->msg, &code, &reason);
			/* These cannot have one (RFC 8489, 9.2.4); nor need any other that came
			 * before the first challenge. */
			if (code == 401 || code == 438 || code == 400 ||
			    stun_login_ok(&client->login, &t->msg))
				return 0;
		}
		t->len = 0;
		if (fiber_park(until))
			return -ETIMEDOUT;
	}
	return client->closed ? -ECANCELED : -ECONNRESET;
}

static int send_and_await(struct turn_client *client, struct turn_transaction *t,
			  const uint8_t *bytes, size_t len, uint64_t deadline)
{
	bool udp = client->spec.transport == TURN_OVER_UDP;
	uint64_t gap = udp ? RTO_NS : STREAM_NS;
	int resends = udp ? RESENDS : 1;
	int err = -ETIMEDOUT;

	for (int i = 0; i < resends && err == -ETIMEDOUT; i++) {
		uint64_t now = host_now(client->host);

		if (i && now >= deadline)
			break;
		err = turn_client_tell(client, bytes, len, deadline);
		/* Over UDP a send that fails is a loss. */
		if (!err || (udp && err != -ECANCELED))
			err = await(client, t, earlier(now + gap, deadline));
		gap *= 2;
	}
	return err;
}

int turn_client_transact(struct turn_client *client, struct turn_transaction *t,
			 const uint8_t *bytes, size_t len, uint64_t deadline)
{
	struct turn_transaction **at = &client->transactions;
	int err;

	t->waiter = fiber_self();
	t->len = 0;
	t->next = client->transactions;
	client->transactions = t;
	err = send_and_await(client, t, bytes, len, deadline);
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	return err;
}
