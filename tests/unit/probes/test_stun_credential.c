/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probes/wire/stun_credential.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun_vectors.h"

static struct stun_value value(const void *bytes, size_t len)
{
	return (struct stun_value){ .bytes = bytes, .len = (uint16_t)len };
}

static void test_nonce_features(void **state)
{
	static const struct {
		const char *nonce;
		uint32_t want;
	} rows[] = {
		{ "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA", 2 }, /* RFC 8489, B.1 */
		{ "obMatJos2gAAA1234", STUN_FEATURE_ALGORITHMS },
		{ "obMatJos2wAAA", STUN_FEATURE_ALGORITHMS | STUN_FEATURE_USERHASH },
		{ "obMatJos2wAA", 0 }, /* cut */
		{ "obMatJos2w!AA1", 0 }, /* not base64 */
		{ "obMatJos3wAAA1", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stun_value v = value(rows[i].nonce, strlen(rows[i].nonce));

		assert_int_equal(stun_nonce_features(&v), rows[i].want);
	}
}

static void test_nonce_features_come_back(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 24; bit++) {
		char prefix[STUN_NONCE_PREFIX];
		struct stun_value v;

		stun_nonce_prefix(UINT32_C(1) << bit, prefix);
		v = value(prefix, strlen(prefix));
		assert_int_equal(stun_nonce_features(&v), UINT32_C(1) << bit);
	}
}

static void test_algorithms(void **state)
{
	static const struct {
		const char *list;
		uint16_t len;
		int want;
	} rows[] = {
		{ "\0\2\0\0\0\1\0\0", 8, STUN_SHA256 },
		{ "\0\1\0\0\0\2\0\0", 8, STUN_MD5 },
		{ "\0\7\0\0\0\1\0\0", 8, STUN_MD5 },
		{ "\0\2\0\1x\0\0\0\0\1\0\0", 12, STUN_MD5 }, /* SHA-256 has no parameters */
		{ "\0\7\0\0", 4, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stun_value v = value(rows[i].list, rows[i].len);

		assert_int_equal(stun_choose_algorithm(&v), rows[i].want);
		assert_int_equal(stun_algorithms_ours(&v), i == 0);
	}
}

static void test_algorithm_of_a_request(void **state)
{
	uint8_t out[64], transaction[STUN_TRANSACTION];
	struct stun_message msg;
	struct stun_writer w;

	(void)state;
	stun_transaction(1, 2, transaction);
	stun_begin(&w, out, sizeof(out), STUN_REQUEST, STUN_BINDING, transaction);
	assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
	assert_int_equal(stun_algorithm_of(&msg), STUN_MD5);
	stun_add_algorithm(&w, STUN_SHA256);
	assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
	assert_int_equal(stun_algorithm_of(&msg), STUN_SHA256);
}

static void test_short_term(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t len;
		const char *username, *password;
		unsigned want;
	} rows[] = {
		{ vector_request, sizeof(vector_request), "evtj:h6vY", VECTOR_PASSWORD, 0 },
		{ vector_request, sizeof(vector_request), "evtj:h6v", VECTOR_PASSWORD, 401 },
		{ vector_request, sizeof(vector_request), "evtj:h6vY", "another", 401 },
		{ vector_response_v4, sizeof(vector_response_v4), NULL, VECTOR_PASSWORD, 0 },
		{ vector_response_v4, sizeof(vector_response_v4), "evtj:h6vY", VECTOR_PASSWORD,
		  400 },
		{ vector_response_v6, sizeof(vector_response_v6), NULL, VECTOR_PASSWORD, 0 },
		{ vector_response_v6, sizeof(vector_response_v6), NULL, "another", 401 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stun_message msg;

		assert_int_equal(stun_decode(rows[i].bytes, rows[i].len, &msg), 0);
		assert_int_equal(stun_short_term_check(&msg, rows[i].username, rows[i].password),
				 rows[i].want);
	}
}

/* Which integrity counts, where a message has one, the other, both, or none. */
static void test_either_integrity(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++) {
		bool sha1 = i & 1, sha256 = i & 2, sha1_right = i & 4, sha256_right = i & 8;
		uint8_t out[128], transaction[STUN_TRANSACTION];
		bool want = sha256 ? sha256_right : sha1 && sha1_right;
		struct stun_message msg;
		struct stun_writer w;

		stun_transaction(1, 2, transaction);
		stun_begin(&w, out, sizeof(out), STUN_REQUEST, STUN_BINDING, transaction);
		if (sha1)
			stun_add_either_integrity(&w, false, sha1_right ? "key" : "no!", 3);
		if (sha256)
			stun_add_either_integrity(&w, true, sha256_right ? "key" : "no!", 3);
		assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
		assert_int_equal(stun_either_integrity_ok(&msg, "key", 3), want);
		assert_int_equal(stun_short_term_check(&msg, NULL, "key"), want		    ? 0
									   : sha1 || sha256 ? 401
											    : 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonce_features),
		cmocka_unit_test(test_nonce_features_come_back),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_algorithm_of_a_request),
		cmocka_unit_test(test_short_term),
		cmocka_unit_test(test_either_integrity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
