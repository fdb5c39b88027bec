/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rendezvous: the third party that both peers can reach (RFC 5128's server S, Skype's
 * supernode).  It knows who is logged in, sees where their UDP comes from, introduces them,
 * and relays as a last resort.
 *
 * Theory of operation.  One fiber a port accepts, one answers registrations, and each client has one
 * that reads its channel.  A meeting is an attempt of a call; both its parties register for it
 * from the socket that they will use, and when the second has, each is told of the other.
 * Further UDP ports, at which a socket can see how its NAT maps it for other destinations, are
 * only opened once a call needs them.
 * Whatever a client sends can hurt only its own connection: it is closed at the first malformed
 * message, and everything that is kept for it is bounded here and in channel.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rendezvous_private.h"
#include "service_ops.h"

/* A connection that does not say who it is gets no longer than this. */
#define LOGIN_NS (10 * SEC)
/* Nor does one that was only there to be seen get longer than an attempt may take. */
#define SEEN_NS (300 * SEC)
#define PARTING_NS (1 * SEC) /* for a last word, such as why it is refused */

/* (constant, what the client did) */
#define COMPLAINTS(X)                                                                              \
	X(MALFORMED, "sends what is no message, or takes too long to")                             \
	X(UNCALLED_FOR, "says what is not for it to say")                                          \
	X(FULL, "finds all connections taken")                                                     \
	X(SILENT, "connected, and did not say who it is")                                          \
	X(READS_SLOWLY, "does not read what it is told")

enum complaint {
#define X(id, text) id,
	COMPLAINTS(X)
#undef X
};

static void rendezvous_complain(struct rendezvous *rendezvous, enum complaint what,
				struct endpoint who)
{
#define X(id, text) text,
	static const char *const texts[] = { COMPLAINTS(X) };
#undef X

	complain(&rendezvous->complaints, what, texts[what], who);
}

/* Clients */

static struct client *client_find(const struct rendezvous *rendezvous, const char *name)
{
	for (struct client *c = rendezvous->clients; c; c = c->next)
		if (c->name[0] && strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

void rendezvous_tell(struct client *client, const struct rendezvous_message *msg)
{
	int err = channel_send(client->channel, msg);

	if (err == -ENOBUFS)
		rendezvous_complain(client->rendezvous, READS_SLOWLY,
				    channel_remote(client->channel));
	if (err)
		channel_close(client->channel);
}

static void client_refuse(struct client *client, const struct rendezvous_message *call,
			  enum rendezvous_refusal why)
{
	struct rendezvous_message msg = *call;

	msg.kind = RENDEZVOUS_REFUSED;
	msg.refusal = why;
	rendezvous_tell(client, &msg);
}

/* What clients say */

static void on_login(struct client *client, const struct rendezvous_message *msg)
{
	struct rendezvous_message answer = { .kind = RENDEZVOUS_WELCOME };

	if (client->name[0] || client_find(client->rendezvous, msg->name)) {
		client_refuse(client, msg, RENDEZVOUS_TAKEN);
		return;
	}
	memcpy(client->name, msg->name, sizeof(client->name));
	answer.mapped = channel_remote(client->channel);
	rendezvous_tell(client, &answer);
}

static void open_observers(struct rendezvous *rendezvous);

static void on_call(struct client *caller, const struct rendezvous_message *msg)
{
	struct rendezvous *rendezvous = caller->rendezvous;
	struct client *callee = client_find(rendezvous, msg->name);
	struct meeting *meeting = meeting_find(rendezvous, msg->token);
	struct rendezvous_message invite = *msg;

	if (!callee || callee == caller) {
		client_refuse(caller, msg, RENDEZVOUS_NOBODY);
		return;
	}
	if (meeting && meeting->parties[TALK_CALLER].client != caller) {
		client_refuse(caller, msg, RENDEZVOUS_TAKEN);
		return;
	}
	if (!meeting)
		meeting = meeting_add(rendezvous);
	if (!meeting) {
		client_refuse(caller, msg, RENDEZVOUS_BUSY);
		return;
	}
	*meeting = (struct meeting){
		.token = msg->token,
		.attempt = msg->attempt,
		.method = msg->method,
		.host_addresses = msg->host_addresses,
		.parties = { { .client = caller }, { .client = callee } },
	};
	if (method_foretells(msg->method))
		open_observers(rendezvous);
	invite.kind = RENDEZVOUS_INVITE;
	memcpy(invite.name, caller->name, sizeof(invite.name));
	rendezvous_tell(callee, &invite);
	meeting_introduce(meeting);
}

/* Pass on to the other party of the meeting what one of them says to it. */
static void on_pass(struct client *client, const struct rendezvous_message *msg)
{
	struct meeting *meeting = meeting_find(client->rendezvous, msg->token);
	struct client *other;

	if (!meeting || meeting->attempt != msg->attempt)
		return;
	if (meeting->parties[TALK_CALLER].client == client)
		other = meeting->parties[TALK_CALLEE].client;
	else if (meeting->parties[TALK_CALLEE].client == client)
		other = meeting->parties[TALK_CALLER].client;
	else
		return;
	/* Frames may be lost, as a datagram may: a full queue drops them. */
	if (msg->kind == RENDEZVOUS_RELAY)
		channel_send(other->channel, msg);
	else
		rendezvous_tell(other, msg);
	if (msg->kind == RENDEZVOUS_HANGUP)
		meeting_remove(client->rendezvous, meeting);
}

/* Over TCP the connection is only there to be seen, and the introduction is answer enough. */
static bool on_tcp_register(struct client *client, const struct rendezvous_message *msg)
{
	struct endpoint from = channel_remote(client->channel);
	struct meeting *meeting = meeting_register(client->rendezvous, msg, &from, true);

	client->only_seen = true;
	if (meeting)
		meeting_introduce(meeting);
	return true;
}

/* Whether @msg may be said by a client; it has been acted upon then. */
static bool client_hears(struct client *client, const struct rendezvous_message *msg)
{
	if (!client->name[0] && msg->kind == RENDEZVOUS_REGISTER)
		return on_tcp_register(client, msg);
	if (!client->name[0] && (client->only_seen || msg->kind != RENDEZVOUS_LOGIN))
		return false;
	switch (msg->kind) {
	case RENDEZVOUS_LOGIN:
		on_login(client, msg);
		return client->name[0] != '\0';
	case RENDEZVOUS_CALL:
		on_call(client, msg);
		return true;
	case RENDEZVOUS_FOUND:
	case RENDEZVOUS_SETTLE:
	case RENDEZVOUS_SETTLED:
	case RENDEZVOUS_RELAY:
	case RENDEZVOUS_HANGUP:
	case RENDEZVOUS_SIGNAL:
	case RENDEZVOUS_FORECAST:
	case RENDEZVOUS_READY:
		on_pass(client, msg);
		return true;
	default:
		return false;
	}
}

static void client_unlink(struct client *client)
{
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	client->rendezvous->clients_len--;
}

static uint64_t deadline_of(const struct client *client, uint64_t began)
{
	if (client->name[0])
		return NEVER;
	return began + (client->only_seen ? SEEN_NS : LOGIN_NS);
}

/* Until it ends, or is of no more use. */
static void hear_client(struct client *client)
{
	struct rendezvous *rendezvous = client->rendezvous;
	struct endpoint who = channel_remote(client->channel);
	uint64_t began = host_now(rendezvous->host);
	struct rendezvous_message msg;
	int err;

	while (!(err = channel_recv(client->channel, &msg, deadline_of(client, began))))
		if (!client_hears(client, &msg)) {
			rendezvous_complain(rendezvous, UNCALLED_FOR, who);
			return;
		}
	if (err == -EPROTO)
		rendezvous_complain(rendezvous, MALFORMED, who);
	else if (err == -ETIMEDOUT && !client->only_seen)
		rendezvous_complain(rendezvous, SILENT, who);
}

static void serve_client(void *arg)
{
	struct client *client = arg;
	struct rendezvous *rendezvous = client->rendezvous;

	hear_client(client);
	meetings_end_of(client);
	client_unlink(client);
	channel_drain(client->channel, host_now(rendezvous->host) + PARTING_NS);
	channel_free(client->channel);
	free(client);
	crew_leave(&rendezvous->crew);
}

static void take(struct rendezvous *rendezvous, struct sock *sock)
{
	struct client *client;

	if (rendezvous->clients_len == CLIENTS_MAX) {
		rendezvous_complain(rendezvous, FULL, sock_remote(sock));
		sock_close(sock);
		return;
	}
	client = calloc(1, sizeof(*client));
	if (!client) {
		sock_close(sock);
		return;
	}
	if (channel_new(sock, &client->channel)) {
		free(client);
		return;
	}
	client->rendezvous = rendezvous;
	client->next = rendezvous->clients;
	client->link = &rendezvous->clients;
	if (client->next)
		client->next->link = &client->next;
	rendezvous->clients = client;
	rendezvous->clients_len++;
	if (crew_spawn(&rendezvous->crew, host_loop(rendezvous->host), "rendezvous client",
		       serve_client, client)) {
		client_unlink(client);
		channel_free(client->channel);
		free(client);
	}
}

static void accept_clients(void *arg)
{
	const struct door *door = arg;
	struct rendezvous *rendezvous = door->rendezvous;
	struct sock *sock;

	while (!rendezvous->stopping) {
		int err = sock_accept(door->listener, NEVER, &sock);

		if (!err && rendezvous->stopping)
			sock_close(sock);
		else if (!err)
			take(rendezvous, sock);
		else if (!sock_read_on(rendezvous->host, err))
			break;
	}
	crew_leave(&rendezvous->crew);
}

/* Registrations by UDP */

static void on_register(const struct counter *counter, const struct rendezvous_message *msg,
			const struct endpoint *from)
{
	struct rendezvous *rendezvous = counter->rendezvous;
	struct meeting *meeting = meeting_register(rendezvous, msg, from, false);
	struct rendezvous_message answer = *msg;
	uint8_t bytes[RENDEZVOUS_MAX];

	if (!meeting)
		return;
	answer.kind = RENDEZVOUS_REGISTERED;
	answer.mapped = *from;
	sock_send(counter->udp, from, bytes, rendezvous_encode(&answer, bytes, sizeof(bytes)),
		  NEVER);
	meeting_introduce(meeting);
}

static void answer_registrations(void *arg)
{
	const struct counter *counter = arg;
	struct rendezvous *rendezvous = counter->rendezvous;
	struct rendezvous_message msg;
	uint8_t bytes[RENDEZVOUS_MAX + 1];
	struct endpoint from;

	while (!rendezvous->stopping) {
		long n = sock_recv(counter->udp, &from, bytes, sizeof(bytes), NEVER);

		if (n < 0 && !rendezvous->stopping && sock_read_on(rendezvous->host, n))
			continue;
		if (n < 0 || rendezvous->stopping)
			break;
		if (rendezvous_decode_datagram(bytes, (size_t)n, &msg))
			rendezvous_complain(rendezvous, MALFORMED, from);
		else if (msg.kind == RENDEZVOUS_REGISTER)
			on_register(counter, &msg, &from);
	}
	crew_leave(&rendezvous->crew);
}

/* The next UDP port: the first is RENDEZVOUS_PORT. */
static int open_counter(struct rendezvous *rendezvous)
{
	size_t n = rendezvous->counters_len;
	struct sock_spec udp = { .kind = SOCK_UDP, .local.port = (uint16_t)(RENDEZVOUS_PORT + n) };
	struct counter *counter = &rendezvous->counters[n];
	int err = sock_open(rendezvous->host, &udp, &counter->udp);

	if (err)
		return err;
	counter->rendezvous = rendezvous;
	rendezvous->counters_len++;
	return crew_spawn(&rendezvous->crew, host_loop(rendezvous->host), "rendezvous udp",
			  answer_registrations, counter);
}

/* Where one cannot be, peers learn the less. */
static void open_observers(struct rendezvous *rendezvous)
{
	while (rendezvous->counters_len <= RENDEZVOUS_OBSERVERS)
		if (open_counter(rendezvous))
			return;
}

static void rendezvous_stop(void *state)
{
	struct rendezvous *rendezvous = state;
	struct client *next;

	rendezvous->stopping = true;
	for (size_t i = 0; i < rendezvous->doors_len; i++)
		sock_close(rendezvous->doors[i].listener);
	for (size_t i = 0; i < rendezvous->counters_len; i++)
		sock_close(rendezvous->counters[i].udp);
	for (struct client *c = rendezvous->clients; c; c = c->next)
		channel_close(c->channel);
	crew_wait(&rendezvous->crew);
	for (struct client *c = rendezvous->clients; c; c = next) {
		next = c->next;
		client_unlink(c);
		channel_free(c->channel);
		free(c);
	}
	free(rendezvous->meetings);
	free(rendezvous);
}

static int open_door(struct rendezvous *rendezvous, uint16_t port)
{
	struct sock_spec tcp = { .kind = SOCK_TCP_LISTEN, .local.port = port };
	struct door *door = &rendezvous->doors[rendezvous->doors_len];
	int err = sock_open(rendezvous->host, &tcp, &door->listener);

	if (err)
		return err;
	door->rendezvous = rendezvous;
	rendezvous->doors_len++;
	return crew_spawn(&rendezvous->crew, host_loop(rendezvous->host), "rendezvous accept",
			  accept_clients, door);
}

static int rendezvous_start(const struct service_spec *spec, void **ret)
{
	struct rendezvous *rendezvous = calloc(1, sizeof(*rendezvous));
	int err;

	if (!rendezvous)
		return -ENOMEM;
	rendezvous->host = spec->host;
	rendezvous->complaints = complaints_of(spec, "rendezvous");
	err = open_counter(rendezvous);
	if (!err)
		err = open_door(rendezvous, RENDEZVOUS_PORT);
	for (size_t i = 0; i < spec->ports_len && !err; i++)
		err = open_door(rendezvous, spec->ports[i]);
	if (err) {
		rendezvous_stop(rendezvous);
		return err;
	}
	*ret = rendezvous;
	return 0;
}

const struct service_ops rendezvous_service = {
	.name = "rendezvous",
	.start = rendezvous_start,
	.stop = rendezvous_stop,
};
