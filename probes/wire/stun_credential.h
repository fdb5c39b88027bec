/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The credentials of STUN (RFC 8489, 9): short-term ones, and what a long-term exchange
 * says besides keys and HMACs (stun.h): the nonce's cookie and its security features, and the
 * lists of password algorithms.  It knows no users and remembers nothing; services/stun_auth.h is
 * the server's part, methods/stun_login.h the client's.
 */
#ifndef KNOTHOLE_STUN_CREDENTIAL_H
#define KNOTHOLE_STUN_CREDENTIAL_H

#include "stun.h"

/* Security features, 24 bits, the first one leftmost (RFC 8489, 18.1). */
enum { STUN_FEATURE_ALGORITHMS = 1 << 23, STUN_FEATURE_USERHASH = 1 << 22 };

/* "obMatJos2" and the features in base64, with its NUL (RFC 8489, 9.2). */
enum { STUN_NONCE_PREFIX = 9 + 4 + 1 };

/* How a nonce with these features begins. */
void stun_nonce_prefix(uint32_t features, char ret[STUN_NONCE_PREFIX]);

/* The features that a nonce announces; none where it has no cookie. */
uint32_t stun_nonce_features(const struct stun_value *nonce);

/* PASSWORD-ALGORITHMS, best first, as this project's servers offer them: SHA-256, then MD5. */
void stun_add_algorithms(struct stun_writer *w);

/* PASSWORD-ALGORITHM with @algorithm, which has no parameters. */
void stun_add_algorithm(struct stun_writer *w, int algorithm);

/* The first of the list that is known here: STUN_MD5 or STUN_SHA256; 0 where none is. */
int stun_choose_algorithm(const struct stun_value *list);

/* Is @v the very list that stun_add_algorithms() writes? */
bool stun_algorithms_ours(const struct stun_value *v);

/* The algorithm in PASSWORD-ALGORITHM: as stun_choose_algorithm(); STUN_MD5 without one. */
int stun_algorithm_of(const struct stun_message *msg);

/*
 * Is @msg allowed in by this short-term credential (RFC 8489, 9.1.3)?  0 where it is; 400 where
 * it has no integrity or username, 401 where either is wrong: the code of the error response.
 * A response has no username: pass NULL for it, and discard what is not 0.
 */
unsigned stun_short_term_check(const struct stun_message *msg, const char *username,
			       const char *password);

/* Add the integrity of one: what the request used, or for a new one SHA-1, which everybody
 * knows; @sha256 says which. */
void stun_add_either_integrity(struct stun_writer *w, bool sha256, const void *key, size_t key_len);

/* Is the integrity right, the stronger one counting where there are both (RFC 8489, 9.2.4)? */
bool stun_either_integrity_ok(const struct stun_message *msg, const void *key, size_t key_len);

#endif
