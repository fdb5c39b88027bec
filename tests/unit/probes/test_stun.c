/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probes/wire/stun.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stun_vectors.h"

#define NET6(hi, lo)                                                                               \
	{                                                                                          \
		{ UINT64_C(hi), UINT64_C(lo) }, 32853                                              \
	}

static const struct vector {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	enum stun_class class;
	struct endpoint mapped; /* port 0 = there is none */
	bool long_term;
	bool sha256;
} vectors[] = {
	{ "request",
	  vector_request,
	  sizeof(vector_request),
	  STUN_REQUEST,
	  { { 0, 0 }, 0 },
	  false,
	  false },
	{ "response, IPv4", vector_response_v4, sizeof(vector_response_v4), STUN_SUCCESS,
	  NET6(0, 0xffffc0000201), false, false },
	{ "response, IPv6", vector_response_v6, sizeof(vector_response_v6), STUN_SUCCESS,
	  NET6(0x20010db812345678, 0x0011223344556677), false, false },
	{ "long-term request",
	  vector_long_term,
	  sizeof(vector_long_term),
	  STUN_REQUEST,
	  { { 0, 0 }, 0 },
	  true,
	  false },
	{ "SHA-256 request",
	  vector_sha256,
	  sizeof(vector_sha256),
	  STUN_REQUEST,
	  { { 0, 0 }, 0 },
	  true,
	  true },
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static size_t vector_key(const struct vector *v, uint8_t key[64])
{
	if (v->long_term)
		return stun_long_term_key(v->sha256 ? STUN_SHA256 : STUN_MD5, VECTOR_USERNAME,
					  VECTOR_REALM, VECTOR_LONG_TERM_PASSWORD, key);
	return (size_t)snprintf((char *)key, 64, "%s", VECTOR_PASSWORD);
}

static void test_vectors_are_read(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct stun_message msg;
		struct endpoint mapped;
		uint8_t key[64];
		size_t key_len = vector_key(v, key);

		assert_int_equal(stun_decode(v->bytes, v->len, &msg), 0);
		assert_int_equal(msg.class, v->class);
		assert_int_equal(msg.method, STUN_BINDING);
		assert_false(msg.classic);
		assert_int_equal(stun_integrity_ok(&msg, key, key_len), !v->sha256);
		assert_int_equal(stun_integrity_sha256_ok(&msg, key, key_len), v->sha256);
		key[0] ^= 1;
		assert_false(stun_integrity_ok(&msg, key, key_len));
		assert_false(stun_integrity_sha256_ok(&msg, key, key_len));
		assert_int_equal(stun_get_address(&msg, STUN_XOR_MAPPED_ADDRESS, &mapped),
				 v->mapped.port != 0);
		if (v->mapped.port)
			assert_true(endpoint_equal(mapped, v->mapped));
	}
}

/* Written attribute by attribute, they come out the same, but for what pads them. */
static void test_vectors_are_written(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		const struct vector *vec = &vectors[i];
		uint8_t out[256], key[64];
		size_t key_len = vector_key(vec, key);
		struct stun_value v = { 0 };
		struct stun_message msg, again;
		struct stun_writer w;

		assert_int_equal(stun_decode(vec->bytes, vec->len, &msg), 0);
		stun_begin(&w, out, sizeof(out), msg.class, msg.method, msg.transaction);
		while (stun_next(&msg, &v)) {
			if (v.type == STUN_MESSAGE_INTEGRITY)
				stun_add_integrity(&w, key, key_len);
			else if (v.type == STUN_MESSAGE_INTEGRITY_SHA256)
				stun_add_integrity_sha256(&w, key, key_len);
			else if (v.type == STUN_FINGERPRINT)
				stun_add_fingerprint(&w);
			else if (v.type == STUN_XOR_MAPPED_ADDRESS)
				stun_add_address(&w, v.type, vec->mapped);
			else
				stun_add(&w, v.type, v.bytes, v.len);
		}
		assert_int_equal(stun_end(&w), vec->len);
		assert_int_equal(stun_decode(out, vec->len, &again), 0);
		/* RFC 5769 pads with blanks, which its HMAC covers; ours are zeroes. */
		if (vec->long_term)
			assert_memory_equal(out, vec->bytes, vec->len);
	}
}

static void test_a_userhash(void **state)
{
	uint8_t hash[STUN_HMAC_SHA256];
	struct stun_message msg;
	struct stun_value v;

	(void)state;
	stun_userhash(VECTOR_USERNAME, VECTOR_REALM, hash);
	assert_int_equal(stun_decode(vector_sha256, sizeof(vector_sha256), &msg), 0);
	assert_true(stun_find(&msg, STUN_USERHASH, &v));
	assert_memory_equal(v.bytes, hash, sizeof(hash));
}

/* A copy of exactly @len bytes, so that reading past them is seen under ASan. */
static int decode_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct stun_message msg;
	int err;

	memcpy(copy, bytes, len);
	err = stun_decode(copy, len, &msg);
	free(copy);
	return err;
}

static void test_truncation_at_every_byte(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		uint8_t cut[256];

		for (size_t len = 0; len < vectors[i].len; len++) {
			memcpy(cut, vectors[i].bytes, len);
			assert_int_equal(decode_copy(cut, len), -ENOMSG);
			if (len < STUN_HEADER || len % 4)
				continue;
			/* The same with a length that agrees: whatever is cut, is missed. */
			cut[2] = (uint8_t)((len - STUN_HEADER) >> 8);
			cut[3] = (uint8_t)(len - STUN_HEADER);
			decode_copy(cut, len);
		}
	}
}

/* Where the flip made the FINGERPRINT into something else, there is none to be wrong; that may
 * be at its type, and at lengths that then swallow it. */
static void test_every_flipped_bit_is_noticed(void **state)
{
	uint8_t bytes[sizeof(vector_request)];
	unsigned noticed = 0;

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
		struct stun_message msg;
		struct stun_value v;

		memcpy(bytes, vector_request, sizeof(bytes));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (stun_decode(bytes, sizeof(bytes), &msg))
			noticed++;
		else
			assert_true(msg.classic || !stun_find(&msg, STUN_FINGERPRINT, &v));
	}
	/* All but at most the cookie's 32 bits, the type's 16, and one such length. */
	assert_true(noticed >= 8 * sizeof(bytes) - 32 - 16 - 1);
}

/* Shapes: one attribute, its value's length, and whether that is allowed. */
static const struct shape_row {
	uint16_t type;
	uint16_t len;
	uint8_t second; /* the value's second byte: an address' family */
	bool ok;
} shape_rows[] = {
	{ STUN_MAPPED_ADDRESS, 8, 1, true },
	{ STUN_MAPPED_ADDRESS, 7, 1, false },
	{ STUN_MAPPED_ADDRESS, 9, 1, false },
	{ STUN_MAPPED_ADDRESS, 20, 2, true },
	{ STUN_MAPPED_ADDRESS, 8, 2, false },
	{ STUN_MAPPED_ADDRESS, 8, 3, true }, /* an unknown family is ignored */
	{ STUN_MAPPED_ADDRESS, 3, 1, false },
	{ STUN_XOR_MAPPED_ADDRESS, 0, 0, false },
	{ STUN_CHANGE_REQUEST, 4, 0, true },
	{ STUN_CHANGE_REQUEST, 0, 0, false },
	{ STUN_CHANGE_REQUEST, 8, 0, false },
	{ STUN_RESPONSE_PORT, 2, 0, true },
	{ STUN_RESPONSE_PORT, 4, 0, true },
	{ STUN_RESPONSE_PORT, 1, 0, false },
	{ STUN_USERNAME, 0, 0, true },
	{ STUN_USERNAME, 763, 0, true },
	{ STUN_USERNAME, 764, 0, false },
	{ STUN_UNKNOWN_ATTRIBUTES, 2, 0, true },
	{ STUN_UNKNOWN_ATTRIBUTES, 3, 0, false },
	{ STUN_ERROR_CODE, 4, 0, false }, /* class 0 */
	{ STUN_ERROR_CODE, 3, 0, false },
	{ STUN_MESSAGE_INTEGRITY, 20, 0, true },
	{ STUN_MESSAGE_INTEGRITY, 16, 0, false },
	{ STUN_MESSAGE_INTEGRITY_SHA256, 32, 0, true },
	{ STUN_MESSAGE_INTEGRITY_SHA256, 16, 0, true },
	{ STUN_MESSAGE_INTEGRITY_SHA256, 12, 0, false },
	{ STUN_MESSAGE_INTEGRITY_SHA256, 18, 0, false },
	{ STUN_MESSAGE_INTEGRITY_SHA256, 36, 0, false },
	{ STUN_USERHASH, 32, 0, true },
	{ STUN_USERHASH, 31, 0, false },
	{ STUN_PASSWORD_ALGORITHM, 4, 1, true },
	{ STUN_PASSWORD_ALGORITHM, 8, 1, false },
	{ STUN_PASSWORD_ALGORITHMS, 8, 1, true },
	{ STUN_PASSWORD_ALGORITHMS, 6, 1, false },
	{ STUN_PASSWORD_ALGORITHMS, 0, 1, false },
	{ STUN_PADDING, 1001, 0, true },
	{ STUN_ICE_CONTROLLED, 8, 0, true },
	{ STUN_ICE_CONTROLLED, 4, 0, false },
	{ STUN_USE_CANDIDATE, 0, 0, true },
	{ STUN_USE_CANDIDATE, 4, 0, false },
	{ 0x7777, 5, 0, true },
};

static void test_shapes(void **state)
{
	uint8_t transaction[STUN_TRANSACTION], value[1024] = { 0 }, out[1200];

	(void)state;
	stun_transaction(1, 2, transaction);
	for (size_t i = 0; i < sizeof(shape_rows) / sizeof(shape_rows[0]); i++) {
		const struct shape_row *r = &shape_rows[i];
		struct stun_writer w;

		value[1] = r->second;
		stun_begin(&w, out, sizeof(out), STUN_REQUEST, STUN_BINDING, transaction);
		stun_add(&w, r->type, value, r->len);
		if ((decode_copy(out, stun_end(&w)) == 0) != r->ok)
			fail_msg("%s (0x%04x) of %u bytes", stun_attribute_name(r->type), r->type,
				 r->len);
	}
}

/* A value that claims to be longer than what is left. */
static void test_an_attribute_over_the_end(void **state)
{
	static const uint8_t over[] = { 0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42, 0, 0,
					0,    0,    0,	  0,	0,    0,    0,	  0,	0, 0,
					0x80, 0x22, 0x00, 0x05, 'a',  'b',  'c',  'd' };
	uint8_t fits[sizeof(over)];

	(void)state;
	assert_int_equal(decode_copy(over, sizeof(over)), -EPROTO);
	memcpy(fits, over, sizeof(over));
	fits[23] = 4;
	assert_int_equal(decode_copy(fits, sizeof(fits)), 0);
}

static void test_classes_and_methods(void **state)
{
	uint8_t transaction[STUN_TRANSACTION], out[STUN_HEADER];

	(void)state;
	stun_transaction(0, 0, transaction);
	for (int class = STUN_REQUEST; class <= STUN_ERROR; class ++) {
		for (uint16_t method = 0; method < 0x1000; method++) {
			struct stun_message msg;
			struct stun_writer w;

			stun_begin(&w, out, sizeof(out), (enum stun_class) class, method,
				   transaction);
			assert_int_equal(stun_end(&w), STUN_HEADER);
			assert_int_equal(stun_decode(out, sizeof(out), &msg), 0);
			assert_int_equal(msg.class, class);
			assert_int_equal(msg.method, method);
		}
	}
}

static void test_unknown_attributes(void **state)
{
	uint8_t transaction[STUN_TRANSACTION], out[128];
	struct stun_message msg;
	struct stun_writer w;
	uint16_t unknown[2] = { 0 };

	(void)state;
	stun_transaction(0, 0, transaction);
	stun_begin(&w, out, sizeof(out), STUN_REQUEST, STUN_BINDING, transaction);
	stun_add(&w, 0x7001, NULL, 0);
	stun_add(&w, 0x7001, NULL, 0);
	stun_add(&w, 0xff00, NULL, 0); /* comprehension-optional */
	stun_add_u32(&w, STUN_CHANGE_REQUEST, 0);
	stun_add(&w, 0x7002, NULL, 0);
	stun_add(&w, 0x7003, NULL, 0);
	assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
	assert_int_equal(stun_unknown(&msg, unknown, 2), 3);
	assert_int_equal(unknown[0], 0x7001);
	assert_int_equal(unknown[1], 0x7002);
}

/* RFC 8489, 14.5: what follows a MESSAGE-INTEGRITY could have been put there by anybody. */
static void test_attributes_behind_integrity_are_ignored(void **state)
{
	uint8_t transaction[STUN_TRANSACTION], out[256];
	struct endpoint e = { ip_addr_v4(0x01020304), 5 };
	struct stun_message msg;
	struct stun_writer w;
	struct stun_value v;

	(void)state;
	stun_transaction(0, 0, transaction);
	stun_begin(&w, out, sizeof(out), STUN_SUCCESS, STUN_BINDING, transaction);
	stun_add_integrity(&w, "key", 3);
	stun_add_address(&w, STUN_XOR_MAPPED_ADDRESS, e);
	stun_add(&w, 0x7001, NULL, 0);
	stun_add_integrity_sha256(&w, "key", 3);
	stun_add_fingerprint(&w);
	assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
	assert_false(stun_find(&msg, STUN_XOR_MAPPED_ADDRESS, &v));
	assert_int_equal(stun_unknown(&msg, NULL, 0), 0);
	assert_true(stun_find(&msg, STUN_FINGERPRINT, &v));
	assert_true(stun_integrity_ok(&msg, "key", 3));
	assert_true(stun_integrity_sha256_ok(&msg, "key", 3));
	assert_false(stun_integrity_ok(&msg, "kex", 3));
}

static void test_errors_are_padded_for_classic_clients(void **state)
{
	uint8_t classic[STUN_TRANSACTION] = { 1, 2, 3 }, modern[STUN_TRANSACTION], out[128];
	const uint16_t types[] = { 3 };
	struct stun_message msg;
	struct stun_writer w;
	struct stun_value v;
	unsigned code;

	(void)state;
	stun_transaction(0, 0, modern);
	for (int i = 0; i < 2; i++) {
		stun_begin(&w, out, sizeof(out), STUN_ERROR, STUN_BINDING, i ? modern : classic);
		stun_add_error(&w, 420, "Unknown");
		stun_add_unknown(&w, types, 1);
		assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
		assert_int_equal(msg.classic, !i);
		assert_true(stun_get_error(&msg, &code, &v));
		assert_int_equal(code, 420);
		assert_int_equal(v.len, i ? 7 : 8);
		assert_memory_equal(v.bytes, "Unknown ", v.len);
		assert_true(stun_find(&msg, STUN_UNKNOWN_ATTRIBUTES, &v));
		assert_int_equal(v.len, i ? 2 : 4);
	}
}

static void test_no_room(void **state)
{
	uint8_t transaction[STUN_TRANSACTION], out[64];

	(void)state;
	stun_transaction(0, 0, transaction);
	for (size_t room = 0; room <= sizeof(out); room++) {
		struct stun_writer w;

		stun_begin(&w, out, room, STUN_REQUEST, STUN_BINDING, transaction);
		stun_add_text(&w, STUN_SOFTWARE, "knothole");
		stun_add_integrity(&w, "key", 3);
		stun_add_fingerprint(&w);
		/* 20 + 12 + 24 + 8 */
		assert_int_equal(stun_end(&w), room < 64 ? 0 : 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_are_read),
		cmocka_unit_test(test_vectors_are_written),
		cmocka_unit_test(test_a_userhash),
		cmocka_unit_test(test_truncation_at_every_byte),
		cmocka_unit_test(test_every_flipped_bit_is_noticed),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_an_attribute_over_the_end),
		cmocka_unit_test(test_classes_and_methods),
		cmocka_unit_test(test_unknown_attributes),
		cmocka_unit_test(test_attributes_behind_integrity_are_ignored),
		cmocka_unit_test(test_errors_are_padded_for_classic_clients),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
