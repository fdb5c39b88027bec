/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "registrations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_again(const struct registration *one, const struct rendezvous_message *msg)
{
	return one->token == msg->token && one->attempt == msg->attempt &&
	       strcmp(one->name, msg->name) == 0;
}

static int reserve(struct registrations *registrations)
{
	size_t room = registrations->room ? registrations->room * 2 : 16;
	struct registration *grown;

	if (registrations->len < registrations->room)
		return 0;
	grown = realloc(registrations->list, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	registrations->list = grown;
	registrations->room = room;
	return 0;
}

int registrations_add(struct registrations *registrations, const uint8_t *bytes, size_t len,
		      struct endpoint from)
{
	struct rendezvous_message msg;
	struct registration *one;

	if (rendezvous_decode_datagram(bytes, len, &msg) || msg.kind != RENDEZVOUS_REGISTER ||
	    !method_foretells(msg.method))
		return 0;
	for (size_t i = registrations->len; i-- > 0;)
		if (is_again(&registrations->list[i], &msg))
			return 0;
	if (reserve(registrations) < 0)
		return -ENOMEM;
	one = &registrations->list[registrations->len++];
	*one = (struct registration){
		.token = msg.token,
		.attempt = msg.attempt,
		.method = msg.method,
		.outside = from,
	};
	memcpy(one->name, msg.name, sizeof(one->name));
	return 0;
}

const struct registration *registrations_find(const struct registrations *registrations,
					      uint64_t token, enum method method,
					      enum family family, const char *name)
{
	for (size_t i = registrations->len; i-- > 0;) {
		const struct registration *one = &registrations->list[i];

		if (one->token == token && one->method == method &&
		    ip_addr_family(one->outside.addr) == family && strcmp(one->name, name) == 0)
			return one;
	}
	return NULL;
}

void registrations_clear(struct registrations *registrations)
{
	free(registrations->list);
	*registrations = (struct registrations){ 0 };
}
