/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun_auth.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* prefix, date in 16 hexadecimal digits, and as many of a MAC */
enum { STAMP = 16, MAC_TEXT = 16, NONCE_TEXT = STUN_NONCE_PREFIX + STAMP + MAC_TEXT };

static uint32_t features_of(const struct stun_auth *auth)
{
	return auth->options->rfc5389 ? 0 : STUN_FEATURE_ALGORITHMS | STUN_FEATURE_USERHASH;
}

/* Covers the features, too: a nonce whose features somebody took away is not ours (RFC 8489,
 * 16.1.3). And whom it was given to, but for the port, since a client may use it on a second
 * connection (RFC 6062, 4.3). */
static void make_nonce(const struct stun_auth *auth, struct ip_addr from, uint64_t date,
		       char ret[NONCE_TEXT])
{
	uint8_t mac[64] = { 0 };
	uint64_t address[2] = { from.hi, from.lo };
	gnutls_hmac_hd_t h;
	size_t len;

	ret[0] = '\0';
	if (features_of(auth))
		stun_nonce_prefix(features_of(auth), ret);
	len = strlen(ret);
	len += (size_t)snprintf(ret + len, NONCE_TEXT - len, "%0*" PRIx64, STAMP, date);
	if (!gnutls_hmac_init(&h, GNUTLS_MAC_SHA256, auth->secret, sizeof(auth->secret))) {
		gnutls_hmac(h, ret, len);
		gnutls_hmac(h, address, sizeof(address));
		gnutls_hmac_deinit(h, mac);
	}
	for (int i = 0; i < MAC_TEXT / 2; i++)
		snprintf(ret + len + 2 * i, 3, "%02x", mac[i]);
}

static bool value_is(const struct stun_value *v, const char *text)
{
	return v->len == strlen(text) && memcmp(v->bytes, text, v->len) == 0;
}

static bool nonce_ok(const struct stun_auth *auth, const struct stun_value *v, struct ip_addr from,
		     uint64_t now)
{
	char text[NONCE_TEXT] = "", again[NONCE_TEXT];
	size_t len = v->len;
	uint64_t date;

	if (len >= sizeof(text) || len < STAMP + MAC_TEXT)
		return false;
	memcpy(text, v->bytes, len);
	if (sscanf(text + len - STAMP - MAC_TEXT, "%16" SCNx64, &date) != 1)
		return false;
	make_nonce(auth, from, date, again);
	return strcmp(text, again) == 0 && date <= now && now - date < auth->options->nonce_ns;
}

static const struct turn_user *find_user(const struct stun_auth *auth,
					 const struct stun_message *msg)
{
	const struct turn_options *o = auth->options;
	struct stun_value name, hash;
	bool named = stun_find(msg, STUN_USERNAME, &name);
	bool hashed = stun_find(msg, STUN_USERHASH, &hash);

	for (size_t i = 0; i < o->users_len; i++) {
		uint8_t want[STUN_HMAC_SHA256];

		if (named && value_is(&name, o->users[i].name))
			return &o->users[i];
		if (named || !hashed)
			continue;
		stun_userhash(o->users[i].name, o->realm, want);
		if (memcmp(want, hash.bytes, sizeof(want)) == 0)
			return &o->users[i];
	}
	return NULL;
}

/* The algorithm that a request may use; 0 where what it says of them was tampered with: a list
 * that is not the one it was offered, or one without the other (RFC 8489, 9.2.4). */
static int algorithm_of(const struct stun_auth *auth, const struct stun_message *msg)
{
	struct stun_value list;
	bool listed = stun_find(msg, STUN_PASSWORD_ALGORITHMS, &list);

	if (auth->options->rfc5389)
		return STUN_MD5;
	if (listed != stun_has(msg, STUN_PASSWORD_ALGORITHM))
		return 0;
	if (listed && !stun_algorithms_ours(&list))
		return 0;
	return stun_algorithm_of(msg);
}

unsigned stun_auth_check(const struct stun_auth *auth, const struct stun_message *msg,
			 struct ip_addr from, uint64_t now, struct stun_identity *ret)
{
	struct stun_identity who = { .sha256 = msg->integrity_sha256_at };
	struct stun_value realm, nonce;
	int algorithm;

	if (!msg->integrity_at && !msg->integrity_sha256_at)
		return 401;
	if ((!stun_has(msg, STUN_USERNAME) && !stun_has(msg, STUN_USERHASH)) ||
	    !stun_find(msg, STUN_REALM, &realm) || !stun_find(msg, STUN_NONCE, &nonce))
		return 400;
	algorithm = algorithm_of(auth, msg);
	if (!algorithm)
		return 400;
	if (!nonce_ok(auth, &nonce, from, now))
		return 438;
	who.user = find_user(auth, msg);
	if (!who.user)
		return 401;
	who.key_len = stun_long_term_key(algorithm, who.user->name, auth->options->realm,
					 who.user->password, who.key);
	if (!stun_either_integrity_ok(msg, who.key, who.key_len))
		return 401;
	*ret = who;
	return 0;
}

void stun_auth_challenge(const struct stun_auth *auth, struct ip_addr from, uint64_t now,
			 struct stun_writer *w)
{
	char nonce[NONCE_TEXT];

	make_nonce(auth, from, now, nonce);
	stun_add_text(w, STUN_REALM, auth->options->realm);
	stun_add_text(w, STUN_NONCE, nonce);
	if (!auth->options->rfc5389)
		stun_add_algorithms(w);
}
