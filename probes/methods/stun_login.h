/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client's half of STUN's long-term credentials (RFC 8489, 9.2): what a challenge has taught,
 * and what goes into the next request because of it.  It sends nothing.
 */
#ifndef KNOTHOLE_STUN_LOGIN_H
#define KNOTHOLE_STUN_LOGIN_H

#include "../wire/stun_credential.h"

enum { STUN_LOGIN_TEXT = 128, STUN_LOGIN_LIST = 64 };

struct stun_login {
	char username[STUN_LOGIN_TEXT], password[STUN_LOGIN_TEXT];
	bool challenged; /* the rest is set */
	char realm[STUN_LOGIN_TEXT];
	char nonce[STUN_TEXT_MAX + 1];
	bool userhash; /* the name need not be said */
	uint8_t list[STUN_LOGIN_LIST]; /* the algorithms that were offered */
	size_t list_len; /* 0: none were, RFC 5389 */
	int algorithm;
	uint8_t key[STUN_KEY_MAX];
	size_t key_len;
};

/* 0, or -EINVAL where one of them is too long. */
int stun_login_init(struct stun_login *login, const char *username, const char *password);

/*
 * Learn from the 401 or 438 in @msg.  0 where trying again makes sense; -EACCES where the
 * credentials were refused themselves; -EPROTO where the response lacks what it must have, or
 * what its nonce promises: somebody between may want a weaker algorithm (RFC 8489, 9.2.5).
 */
int stun_login_learn(struct stun_login *login, const struct stun_message *msg, unsigned code);

/* Add all that a request needs, the integrity last; nothing before the first challenge. */
void stun_login_add(const struct stun_login *login, struct stun_writer *w);

/* Is a response's integrity right?  Before the first challenge there is nothing to check. */
bool stun_login_ok(const struct stun_login *login, const struct stun_message *msg);

#endif
