/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a STUN message trustworthy: HMACs, the keys for them, and the fingerprint. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "stun.h"
#include "stun_crc.h"

/* ITU-T V.42's CRC-32, bit by bit: STUN messages are short and few. */
uint32_t stun_crc(const uint8_t *bytes, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc ^ UINT32_C(0x5354554e); /* "STUN" */
}

/*
 * The HMAC of a message's first @at bytes, as if its length ended with the attribute of @size
 * bytes that stands there: what comes behind it is not covered (RFC 8489, 14.5).
 */
static bool hmac(gnutls_mac_algorithm_t mac, const uint8_t *bytes, size_t at, size_t size,
		 const void *key, size_t key_len, uint8_t *ret)
{
	size_t len = at + 4 + size - STUN_HEADER;
	uint8_t length[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	gnutls_hmac_hd_t h;

	if (gnutls_hmac_init(&h, mac, key, key_len))
		return false;
	gnutls_hmac(h, bytes, 2);
	gnutls_hmac(h, length, sizeof(length));
	gnutls_hmac(h, bytes + 4, at - 4);
	gnutls_hmac_deinit(h, ret);
	return true;
}

static bool check(const struct stun_message *msg, uint16_t type, gnutls_mac_algorithm_t mac,
		  const void *key, size_t key_len)
{
	uint8_t want[STUN_HMAC_SHA256];
	struct stun_value v;

	return stun_find(msg, type, &v) &&
	       hmac(mac, msg->bytes, v.offset, v.len, key, key_len, want) &&
	       gnutls_memcmp(want, v.bytes, v.len) == 0;
}

bool stun_integrity_ok(const struct stun_message *msg, const void *key, size_t key_len)
{
	return check(msg, STUN_MESSAGE_INTEGRITY, GNUTLS_MAC_SHA1, key, key_len);
}

bool stun_integrity_sha256_ok(const struct stun_message *msg, const void *key, size_t key_len)
{
	return check(msg, STUN_MESSAGE_INTEGRITY_SHA256, GNUTLS_MAC_SHA256, key, key_len);
}

static void add(struct stun_writer *w, uint16_t type, gnutls_mac_algorithm_t mac, size_t size,
		const void *key, size_t key_len)
{
	uint8_t value[STUN_HMAC_SHA256];

	if (w->failed || !hmac(mac, w->bytes, w->len, size, key, key_len, value))
		w->failed = true;
	else
		stun_add(w, type, value, size);
}

void stun_add_integrity(struct stun_writer *w, const void *key, size_t key_len)
{
	add(w, STUN_MESSAGE_INTEGRITY, GNUTLS_MAC_SHA1, STUN_HMAC_SHA1, key, key_len);
}

void stun_add_integrity_sha256(struct stun_writer *w, const void *key, size_t key_len)
{
	add(w, STUN_MESSAGE_INTEGRITY_SHA256, GNUTLS_MAC_SHA256, STUN_HMAC_SHA256, key, key_len);
}

void stun_add_fingerprint(struct stun_writer *w)
{
	size_t at = w->len;

	stun_add_u32(w, STUN_FINGERPRINT, 0);
	if (w->failed)
		return;
	/* The length counts it already, as it must for the sum. */
	w->len = at;
	stun_add_u32(w, STUN_FINGERPRINT, stun_crc(w->bytes, at));
}

size_t stun_long_term_key(int algorithm, const char *username, const char *realm,
			  const char *password, uint8_t ret[STUN_KEY_MAX])
{
	gnutls_digest_algorithm_t digest = algorithm == STUN_MD5 ? GNUTLS_DIG_MD5
								 : GNUTLS_DIG_SHA256;
	gnutls_hash_hd_t h;

	if (gnutls_hash_init(&h, digest))
		return 0;
	gnutls_hash(h, username, strlen(username));
	gnutls_hash(h, ":", 1);
	gnutls_hash(h, realm, strlen(realm));
	gnutls_hash(h, ":", 1);
	gnutls_hash(h, password, strlen(password));
	gnutls_hash_deinit(h, ret);
	return gnutls_hash_get_len(digest);
}

void stun_userhash(const char *username, const char *realm, uint8_t ret[STUN_HMAC_SHA256])
{
	gnutls_hash_hd_t h;

	memset(ret, 0, STUN_HMAC_SHA256);
	if (gnutls_hash_init(&h, GNUTLS_DIG_SHA256))
		return;
	gnutls_hash(h, username, strlen(username));
	gnutls_hash(h, ":", 1);
	gnutls_hash(h, realm, strlen(realm));
	gnutls_hash_deinit(h, ret);
}
