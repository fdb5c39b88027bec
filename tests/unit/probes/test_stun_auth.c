/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Long-term credentials as a server checks them: who talks it down to a weaker algorithm is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/wire/stun_credential.h"
#include "turn_fixture.h"

/* RFC 8489, 9.2.4: the list that was offered comes back whole, and with it the one chosen; or neither
 * does, and it is MD5.  The integrity is right in every row, so that nothing else refuses it. */
static const struct bid {
	const char *name, *list; /* NULL = none */
	uint16_t len;
	uint8_t said; /* PASSWORD-ALGORITHM; 0 = none */
	int key;
	unsigned want; /* 437: let in, though there is no allocation to refresh */
} bids[] = {
	{ "the best", "\0\2\0\0\0\1\0\0", 8, STUN_SHA256, STUN_SHA256, 437 },
	{ "the second", "\0\2\0\0\0\1\0\0", 8, STUN_MD5, STUN_MD5, 437 },
	{ "a client of RFC 5389", NULL, 0, 0, STUN_MD5, 437 },
	{ "chosen from no list", NULL, 0, STUN_SHA256, STUN_SHA256, 400 },
	{ "the weaker from no list", NULL, 0, STUN_MD5, STUN_MD5, 400 },
	{ "nothing chosen", "\0\2\0\0\0\1\0\0", 8, 0, STUN_MD5, 400 },
	{ "one never offered", "\0\2\0\0\0\1\0\0", 8, 9, STUN_MD5, 400 },
	{ "the better taken away", "\0\1\0\0", 4, STUN_MD5, STUN_MD5, 400 },
	{ "the weaker taken away", "\0\2\0\0", 4, STUN_SHA256, STUN_SHA256, 400 },
	{ "the weaker first", "\0\1\0\0\0\2\0\0", 8, STUN_MD5, STUN_MD5, 400 },
	{ "one added", "\0\2\0\0\0\1\0\0\0\3\0\0", 12, STUN_SHA256, STUN_SHA256, 400 },
};

static void bid_down(struct turn_fixture *f)
{
	turn_log_in(f);
	for (const struct bid *b = bids; b < bids + sizeof(bids) / sizeof(bids[0]); b++) {
		uint8_t key[STUN_KEY_MAX];
		size_t len =
			stun_long_term_key(b->key, TURN_ANYBODY, f->login.realm, TURN_ANYBODY, key);

		print_message("%s\n", b->name);
		turn_begin(f, TURN_REFRESH);
		stun_add_text(&f->w, STUN_USERNAME, TURN_ANYBODY);
		stun_add_text(&f->w, STUN_REALM, f->login.realm);
		stun_add_text(&f->w, STUN_NONCE, f->login.nonce);
		if (b->list)
			stun_add(&f->w, STUN_PASSWORD_ALGORITHMS, b->list, b->len);
		if (b->said)
			stun_add_algorithm(&f->w, b->said);
		stun_add_either_integrity(&f->w, b->list, key, len);
		assert_int_equal(turn_send_as_is(f), b->want);
	}
}

static void test_bidding_down(void **state)
{
	(void)state;
	turn_run(NULL, bid_down);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bidding_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
