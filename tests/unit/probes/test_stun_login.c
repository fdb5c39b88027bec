/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client makes of challenges, honest ones and those of somebody between (RFC 8489, 9.2.5). */
#include "probes/methods/stun_login.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MODERN "obMatJos2wAAA0123"
#define OURS "\0\2\0\0\0\1\0\0"

struct challenge {
	const char *name;
	unsigned code;
	const char *realm, *nonce;
	const char *list; /* PASSWORD-ALGORITHMS; NULL = none */
	uint16_t list_len;
	int want;
	int algorithm;
	bool userhash;
};

static const struct challenge challenges[] = {
	{ "of today", 401, "lab", MODERN, OURS, 8, 0, STUN_SHA256, true },
	{ "of RFC 5389", 401, "lab", "0123456789", NULL, 0, 0, STUN_MD5, false },
	{ "MD5 only, and says so", 401, "lab", MODERN, "\0\1\0\0", 4, 0, STUN_MD5, true },
	{ "no user hash", 401, "lab", "obMatJos2gAAA0", OURS, 8, 0, STUN_SHA256, false },
	{ "stale", 438, "lab", MODERN, OURS, 8, 0, STUN_SHA256, true },
	/* Without its cookie a nonce promises nothing, and the list counts for nothing. */
	{ "a list without a cookie", 401, "lab", "0123456789", OURS, 8, 0, STUN_MD5, false },
	{ "the list taken out", 401, "lab", MODERN, NULL, 0, -EPROTO, 0, false },
	{ "nothing that is known", 401, "lab", MODERN, "\0\7\0\0", 4, -EPROTO, 0, false },
	{ "no realm", 401, NULL, MODERN, OURS, 8, -EPROTO, 0, false },
	{ "no nonce", 401, "lab", NULL, OURS, 8, -EPROTO, 0, false },
};

static void read_challenge(const struct challenge *c, uint8_t out[512], struct stun_message *ret)
{
	uint8_t transaction[STUN_TRANSACTION];
	struct stun_writer w;

	stun_transaction(1, 2, transaction);
	stun_begin(&w, out, 512, STUN_ERROR, 3, transaction);
	stun_add_error(&w, c->code, "");
	if (c->realm)
		stun_add_text(&w, STUN_REALM, c->realm);
	if (c->nonce)
		stun_add_text(&w, STUN_NONCE, c->nonce);
	if (c->list)
		stun_add(&w, STUN_PASSWORD_ALGORITHMS, c->list, c->list_len);
	assert_int_equal(stun_decode(out, stun_end(&w), ret), 0);
}

/* The next request is one that a server that made the challenge understands. */
static void check_request(const struct challenge *c, const struct stun_login *login)
{
	uint8_t out[512], transaction[STUN_TRANSACTION], key[STUN_KEY_MAX], hash[STUN_HMAC_SHA256];
	size_t key_len = stun_long_term_key(c->algorithm, "alice", "lab", "secret", key);
	struct stun_message msg;
	struct stun_writer w;
	struct stun_value v;

	stun_transaction(3, 4, transaction);
	stun_begin(&w, out, sizeof(out), STUN_REQUEST, 3, transaction);
	stun_login_add(login, &w);
	assert_int_equal(stun_decode(out, stun_end(&w), &msg), 0);
	assert_true(stun_find(&msg, STUN_REALM, &v));
	assert_true(stun_find(&msg, STUN_NONCE, &v));
	assert_memory_equal(v.bytes, c->nonce, strlen(c->nonce));
	assert_int_equal(stun_find(&msg, STUN_USERNAME, &v), !c->userhash);
	assert_int_equal(stun_find(&msg, STUN_USERHASH, &v), c->userhash);
	stun_userhash("alice", "lab", hash);
	if (c->userhash)
		assert_memory_equal(v.bytes, hash, sizeof(hash));
	assert_int_equal(stun_algorithm_of(&msg), c->algorithm);
	assert_int_equal(msg.integrity_sha256_at != 0, login->list_len != 0);
	assert_int_equal(msg.integrity_at != 0, login->list_len == 0);
	assert_true(stun_either_integrity_ok(&msg, key, key_len));
	assert_true(stun_login_ok(login, &msg));
}

static void test_challenge(void **state)
{
	const struct challenge *c = *state;
	struct stun_login login, before;
	struct stun_message msg;
	uint8_t out[512];

	assert_int_equal(stun_login_init(&login, "alice", "secret"), 0);
	before = login;
	read_challenge(c, out, &msg);
	assert_int_equal(stun_login_learn(&login, &msg, c->code), c->want);
	if (c->want) {
		assert_memory_equal(&login, &before, sizeof(login));
		return;
	}
	assert_int_equal(login.algorithm, c->algorithm);
	check_request(c, &login);
	/* A second 401 is a no; a 438 is not. */
	assert_int_equal(stun_login_learn(&login, &msg, 401), -EACCES);
	assert_int_equal(stun_login_learn(&login, &msg, 438), 0);
}

static void test_too_long(void **state)
{
	char name[STUN_LOGIN_TEXT + 1];
	struct stun_login login;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[STUN_LOGIN_TEXT] = '\0';
	assert_int_equal(stun_login_init(&login, name, "secret"), -EINVAL);
	assert_int_equal(stun_login_init(&login, "alice", name), -EINVAL);
	assert_int_equal(stun_login_init(&login, name + 1, name + 1), 0);
}

int main(void)
{
	enum { ROWS = sizeof(challenges) / sizeof(challenges[0]) };
	struct CMUnitTest tests[ROWS + 1] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = challenges[i].name,
						.test_func = test_challenge,
						.initial_state = (void *)&challenges[i] };
	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(test_too_long);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
