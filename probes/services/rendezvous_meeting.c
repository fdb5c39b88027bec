/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Meetings of a rendezvous' clients: who is to be introduced to whom, and what has been seen of them. */
#include <stdlib.h>
#include <string.h>

#include "rendezvous_private.h"

struct meeting *meeting_find(struct rendezvous *rendezvous, uint64_t token)
{
	/* From the newest: that is the one that is being talked about. */
	for (unsigned i = rendezvous->meetings_len; i-- > 0;)
		if (rendezvous->meetings[i].token == token)
			return &rendezvous->meetings[i];
	return NULL;
}

void meeting_remove(struct rendezvous *rendezvous, struct meeting *meeting)
{
	size_t at = (size_t)(meeting - rendezvous->meetings);

	rendezvous->meetings_len--;
	memmove(meeting, meeting + 1, (rendezvous->meetings_len - at) * sizeof(*meeting));
}

struct meeting *meeting_add(struct rendezvous *rendezvous)
{
	if (rendezvous->meetings_len == MEETINGS_MAX)
		meeting_remove(rendezvous, &rendezvous->meetings[0]);
	if (rendezvous->meetings_len == rendezvous->meetings_room) {
		unsigned room = rendezvous->meetings_room ? 2 * rendezvous->meetings_room : 8;
		struct meeting *meetings = realloc(rendezvous->meetings, room * sizeof(*meetings));

		if (!meetings)
			return NULL;
		rendezvous->meetings = meetings;
		rendezvous->meetings_room = room;
	}
	return &rendezvous->meetings[rendezvous->meetings_len++];
}

static void introduce(struct meeting *meeting)
{
	struct rendezvous_message msg = {
		.kind = RENDEZVOUS_INTRODUCE,
		.token = meeting->token,
		.attempt = meeting->attempt,
		.method = meeting->method,
	};

	meeting->introduced = true;
	for (int i = 0; i < 2; i++) {
		const struct party *other = &meeting->parties[!i];

		msg.mapped = other->mapped;
		msg.seen = meeting->parties[i].mapped;
		if (meeting->host_addresses)
			msg.host = other->host;
		rendezvous_tell(meeting->parties[i].client, &msg);
	}
}

void meeting_introduce(struct meeting *meeting)
{
	const struct party *p = meeting->parties;

	if (meeting->introduced)
		return;
	if (meeting->method == METHOD_RELAY || (p[0].registered && p[1].registered))
		introduce(meeting);
}

/* Registrations: where do each party's packets come from? */

static struct party *party_find(struct meeting *meeting, const char *name)
{
	for (int i = 0; i < 2; i++)
		if (strcmp(meeting->parties[i].client->name, name) == 0)
			return &meeting->parties[i];
	return NULL;
}

struct meeting *meeting_register(struct rendezvous *rendezvous,
				 const struct rendezvous_message *msg, const struct endpoint *from,
				 bool tcp)
{
	struct meeting *meeting = meeting_find(rendezvous, msg->token);
	struct party *party;

	if (!meeting || meeting->attempt != msg->attempt || method_connects(meeting->method) != tcp)
		return NULL;
	party = party_find(meeting, msg->name);
	if (!party)
		return NULL;
	if (!party->registered) {
		party->registered = true;
		party->mapped = *from;
		party->host = msg->host;
	}
	return meeting;
}

void meetings_end_of(struct client *client)
{
	struct rendezvous *rendezvous = client->rendezvous;

	for (unsigned i = rendezvous->meetings_len; i-- > 0;) {
		struct meeting *meeting = &rendezvous->meetings[i];
		struct rendezvous_message msg = {
			.kind = RENDEZVOUS_HANGUP,
			.token = meeting->token,
			.attempt = meeting->attempt,
			.method = meeting->method,
		};
		struct client *caller = meeting->parties[TALK_CALLER].client;
		struct client *callee = meeting->parties[TALK_CALLEE].client;

		if (caller != client && callee != client)
			continue;
		rendezvous_tell(caller == client ? callee : caller, &msg);
		meeting_remove(rendezvous, meeting);
	}
}
