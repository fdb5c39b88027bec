/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a TURN service can be told: plain data. */
#ifndef KNOTHOLE_TURN_OPTIONS_H
#define KNOTHOLE_TURN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

enum { TURN_TEXT = 64, TURN_USERS = 8 };

/* Who may use it, where nobody else is named; realm, name and password alike. */
#define TURN_ANYBODY "knothole"

struct turn_user {
	char name[TURN_TEXT];
	char password[TURN_TEXT];
};

/* All zero is a server for anybody (TURN_ANYBODY), with RFC 8656's times. */
struct turn_options {
	char realm[TURN_TEXT];
	struct turn_user users[TURN_USERS];
	size_t users_len;
	unsigned quota; /* allocations that one user may have at a time; 0 = as many as there are */
	uint64_t
		lifetime_ns; /* of an allocation, unasked and at most; 0 = 10 min, and at most 1 h */
	uint64_t nonce_ns; /* how long a nonce is good; 0 = 1 h */
	struct endpoint alternate; /* where to send everybody on to (300); unset = nowhere */
	bool rfc5389; /* and RFC 5766: MD5 and SHA-1 only, and channels up to 0x7fff */
};

#endif
