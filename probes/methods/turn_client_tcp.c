/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TURN client's connections to peers (RFC 6062, 4.3 to 4.5). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "turn_client_private.h"

enum { CHALLENGES = 2 };

static void fill_connection(struct turn_client *client, struct stun_writer *w, const void *arg)
{
	const uint32_t *id = arg;

	(void)client;
	stun_add_u32(w, STUN_CONNECTION_ID, *id);
}

/* On a connection of its own: one request, one response.  -EAGAIN: try again with what that
 * taught. */
static int bind_once(struct turn_client *client, struct conduit *conduit, uint32_t id,
		     uint8_t *message, uint64_t deadline)
{
	const struct turn_question q = { TURN_CONNECTION_BIND, fill_connection, &id };
	uint8_t transaction[STUN_TRANSACTION], out[TURN_CLIENT_MESSAGE];
	size_t len = turn_client_write(client, &q, transaction, out);
	struct stun_message msg;
	long n;
	int err = len ? conduit_send(conduit, out, len, deadline) : -EMSGSIZE;

	if (err)
		return err;
	n = turn_client_read(conduit, message, deadline);
	if (n < 0)
		return (int)n;
	if (stun_decode(message, (size_t)n, &msg) || msg.method != TURN_CONNECTION_BIND ||
	    memcmp(msg.transaction, transaction, STUN_TRANSACTION) != 0)
		return -EPROTO;
	if (msg.class == STUN_SUCCESS)
		return stun_login_ok(&client->login, &msg) ? 0 : -EPROTO;
	err = turn_client_refused(client, &msg);
	if (client->refusal.code == 438 && !stun_login_learn(&client->login, &msg, 438))
		return -EAGAIN;
	return err;
}

static int bind_connection(struct turn_client *client, uint32_t id, uint64_t deadline,
			   struct conduit **ret)
{
	uint8_t *message = malloc(TURN_MESSAGE_MAX);
	struct conduit *conduit;
	int err = message ? turn_client_dial(client, deadline, &conduit) : -ENOMEM;

	if (err)
		goto out;
	err = -EAGAIN;
	for (int i = 0; i < CHALLENGES && err == -EAGAIN; i++)
		err = bind_once(client, conduit, id, message, deadline);
	if (err)
		conduit_free(conduit);
	else
		*ret = conduit;
out:
	free(message);
	return err == -EAGAIN ? -EREMOTEIO : err;
}

int turn_client_connect(struct turn_client *client, struct endpoint peer, uint64_t deadline,
			struct conduit **ret)
{
	const struct turn_client_peer to = { .peer = peer };
	const struct turn_question q = { TURN_CONNECT, turn_client_fill_peer, &to };
	struct turn_transaction *t;
	uint32_t id;
	int err;

	if (client->closed)
		return -ECANCELED;
	crew_enter(&client->calls);
	err = turn_client_call(client, &q, deadline, &t);
	if (!err) {
		err = stun_get_u32(&t->msg, STUN_CONNECTION_ID, &id) ? 0 : -EPROTO;
		free(t);
	}
	if (!err)
		err = bind_connection(client, id, deadline, ret);
	crew_leave(&client->calls);
	return err;
}

int turn_client_accept(struct turn_client *client, uint64_t deadline, struct endpoint *ret_peer,
		       struct conduit **ret)
{
	struct turn_arrival *one;
	int err;

	if (client->closed)
		return -ECANCELED;
	crew_enter(&client->calls);
	err = turn_queue_take(client, &client->connections, deadline, &one);
	if (!err) {
		err = bind_connection(client, one->connection_id, deadline, ret);
		*ret_peer = one->from;
		free(one);
	}
	crew_leave(&client->calls);
	return err;
}
