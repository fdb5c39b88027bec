/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server's half of STUN's long-term credentials (RFC 8489, 9.2): is a request allowed in, and if
 * not, what does the challenge say?  Nonces carry their own date and a MAC, so that nothing is
 * remembered of whoever asks.
 */
#ifndef KNOTHOLE_STUN_AUTH_H
#define KNOTHOLE_STUN_AUTH_H

#include "../wire/stun_credential.h"
#include "turn_options.h"

enum { STUN_AUTH_SECRET = 32 };

struct stun_auth {
	const struct turn_options *options; /* with at least one user */
	uint8_t secret[STUN_AUTH_SECRET];
};

/* Who asked, and how its response is made trustworthy. */
struct stun_identity {
	const struct turn_user *user; /* NULL: nobody that is known, and no integrity is due */
	bool sha256;
	uint8_t key[STUN_KEY_MAX];
	size_t key_len;
};

/* Check @msg, which came from @from at @now, against the rules of 9.2.4.  0 with *ret; or the
 * error's code: 400, 401 or 438, of which the last two need stun_auth_challenge(). */
unsigned stun_auth_check(const struct stun_auth *auth, const struct stun_message *msg,
			 struct ip_addr from, uint64_t now, struct stun_identity *ret);

/* Add REALM, NONCE and what algorithms there are. */
void stun_auth_challenge(const struct stun_auth *auth, struct ip_addr from, uint64_t now,
			 struct stun_writer *w);

#endif
