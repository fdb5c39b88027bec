/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registrations: where a rendezvous saw the socket of an attempt over UDP, as its REGISTER
 * (probes/wire/rendezvous.h) came to it.  It is what others are told of that socket.
 */
#ifndef KNOTHOLE_REGISTRATIONS_H
#define KNOTHOLE_REGISTRATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"
#include "../probes/wire/rendezvous.h"

struct registration {
	uint64_t token;
	uint8_t attempt;
	enum method method;
	char name[RENDEZVOUS_NAME]; /* whose */
	struct endpoint outside;
};

struct registrations {
	struct registration *list; /* the first of each attempt, in order */
	size_t len, room;
};

/* A datagram of @len bytes from @from came to a host.  Of what is no registration for a method that
 * foretells ports nothing is kept.  0 or -ENOMEM. */
int registrations_add(struct registrations *registrations, const uint8_t *bytes, size_t len,
		      struct endpoint from);

/* The last attempt's by @method in @family that @name made in the call of @token; NULL where none
 * was seen.  An attempt is registered in its own family. */
const struct registration *registrations_find(const struct registrations *registrations,
					      uint64_t token, enum method method,
					      enum family family, const char *name);

void registrations_clear(struct registrations *registrations);

#endif
