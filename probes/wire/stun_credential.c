/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun_credential.h"

#include <stdio.h>
#include <string.h>

static const char cookie[] = "obMatJos2";
static const char digits[64] = /* without its NUL */
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { COOKIE_LEN = sizeof(cookie) - 1, FEATURE_DIGITS = 4, DIGIT_BITS = 6 };

void stun_nonce_prefix(uint32_t features, char ret[STUN_NONCE_PREFIX])
{
	char *at = ret + COOKIE_LEN;

	snprintf(ret, STUN_NONCE_PREFIX, "%s", cookie);
	for (int i = 0; i < FEATURE_DIGITS; i++)
		at[i] = digits[features >> DIGIT_BITS * (FEATURE_DIGITS - 1 - i) & 0x3f];
	at[FEATURE_DIGITS] = '\0';
}

uint32_t stun_nonce_features(const struct stun_value *nonce)
{
	uint32_t features = 0;

	if (nonce->len < COOKIE_LEN + FEATURE_DIGITS ||
	    memcmp(nonce->bytes, cookie, COOKIE_LEN) != 0)
		return 0;
	for (int i = 0; i < FEATURE_DIGITS; i++) {
		const char *digit = memchr(digits, nonce->bytes[COOKIE_LEN + i], sizeof(digits));

		if (!digit)
			return 0;
		features = features << DIGIT_BITS | (uint32_t)(digit - digits);
	}
	return features;
}

static const uint8_t offered[] = { 0, STUN_SHA256, 0, 0, 0, STUN_MD5, 0, 0 };

void stun_add_algorithms(struct stun_writer *w)
{
	stun_add(w, STUN_PASSWORD_ALGORITHMS, offered, sizeof(offered));
}

void stun_add_algorithm(struct stun_writer *w, int algorithm)
{
	stun_add_u32(w, STUN_PASSWORD_ALGORITHM, (uint32_t)algorithm << 16);
}

bool stun_algorithms_ours(const struct stun_value *v)
{
	return v->len == sizeof(offered) && memcmp(v->bytes, offered, sizeof(offered)) == 0;
}

int stun_choose_algorithm(const struct stun_value *list)
{
	size_t at = 0;

	while (at + 4 <= list->len) {
		const uint8_t *one = list->bytes + at;
		int number = one[0] << 8 | one[1];
		size_t parameters = (size_t)(one[2] << 8 | one[3]);

		if ((number == STUN_SHA256 || number == STUN_MD5) && !parameters)
			return number;
		at += 4 + ((parameters + 3) & ~(size_t)3);
	}
	return 0;
}

int stun_algorithm_of(const struct stun_message *msg)
{
	struct stun_value v;

	return stun_find(msg, STUN_PASSWORD_ALGORITHM, &v) ? stun_choose_algorithm(&v) : STUN_MD5;
}

bool stun_either_integrity_ok(const struct stun_message *msg, const void *key, size_t key_len)
{
	if (msg->integrity_sha256_at)
		return stun_integrity_sha256_ok(msg, key, key_len);
	return stun_integrity_ok(msg, key, key_len);
}

void stun_add_either_integrity(struct stun_writer *w, bool sha256, const void *key, size_t key_len)
{
	if (sha256)
		stun_add_integrity_sha256(w, key, key_len);
	else
		stun_add_integrity(w, key, key_len);
}

unsigned stun_short_term_check(const struct stun_message *msg, const char *username,
			       const char *password)
{
	struct stun_value v;

	if (!msg->integrity_at && !msg->integrity_sha256_at)
		return 400;
	if (username) {
		if (!stun_find(msg, STUN_USERNAME, &v))
			return 400;
		if (v.len != strlen(username) || memcmp(v.bytes, username, v.len) != 0)
			return 401;
	}
	return stun_either_integrity_ok(msg, password, strlen(password)) ? 0 : 401;
}
