/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidates and credentials as lines of SDP. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probes/wire/ice_sdp.h"

#define SRFLX "candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998"

static void test_fields(void **state)
{
	struct ice_line line;
	char text[ENDPOINT_TEXT];

	(void)state;
	assert_int_equal(ice_line_parse("a=" SRFLX " generation 0", &line), 0);
	assert_int_equal(line.kind, ICE_LINE_CANDIDATE);
	assert_string_equal(line.candidate.foundation, "2");
	assert_int_equal(line.candidate.component, 1);
	assert_int_equal(line.candidate.transport, ICE_UDP);
	assert_int_equal(line.candidate.priority, 1694498815);
	assert_int_equal(line.candidate.type, ICE_SERVER_REFLEXIVE);
	assert_string_equal(endpoint_format(line.candidate.at, text), "192.0.2.3:45664");
	assert_string_equal(endpoint_format(line.candidate.related, text), "10.0.1.1:8998");
}

static const char *const kept[] = {
	SRFLX,
	"candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host",
	"candidate:a+/9 256 UDP 1 2001:db8::1 1 typ host",
	"candidate:3 1 TCP 2105458943 11.0.0.1 9 typ host tcptype active",
	"candidate:4 2 TCP 2105458943 11.0.0.1 5 typ prflx raddr 11.0.0.2 rport 6 tcptype so",
	"candidate:5 1 TCP 2147483647 11.0.0.1 65535 typ relay tcptype passive",
	"ice-ufrag:8hhY",
	"ice-pwd:asd88fgpdd777uzjYhagZg",
	"end-of-candidates",
};

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		char text[ICE_LINE_MAX];
		struct ice_line line;

		assert_int_equal(ice_line_parse(kept[i], &line), 0);
		assert_int_equal(ice_line_format(&line, text), strlen(kept[i]));
		assert_string_equal(text, kept[i]);
	}
}

static const struct {
	const char *line;
	int want;
} refused[] = {
	{ "candidate:1 0 UDP 1 11.0.0.1 1 typ host", -EINVAL },
	{ "candidate:1 257 UDP 1 11.0.0.1 1 typ host", -EINVAL },
	{ "candidate:1 1 UDP 0 11.0.0.1 1 typ host", -EINVAL },
	{ "candidate:1 1 UDP 2147483648 11.0.0.1 1 typ host", -EINVAL },
	{ "candidate:1 1 UDP 1 11.0.0.1 65536 typ host", -EINVAL },
	{ "candidate:1 1 UDP 1 11.0.0.1 -1 typ host", -EINVAL },
	{ "candidate:1 1 UDP 1 11.0.0.1.2 1 typ host", -EINVAL },
	{ "candidate:1 1 UDP 1  11.0.0.1 1 typ host", -EINVAL },
	{ "candidate:1 1 UDP 1 11.0.0.1 1 type host", -EINVAL },
	{ "candidate:1 1 UDP 1 11.0.0.1 1 typ host generation", -EINVAL },
	{ "candidate:1 1 UDP 1 11.0.0.1 1 typ srflx raddr 1.2.3.4 rport 65536", -EINVAL },
	{ "candidate:_ 1 UDP 1 11.0.0.1 1 typ host", -EINVAL },
	{ "candidate:123456789012345678901234567890123 1 UDP 1 11.0.0.1 1 typ host", -EINVAL },
	{ "ice-ufrag:abc", -EINVAL },
	{ "ice-ufrag:ab cd", -EINVAL },
	{ "ice-pwd:123456789012345678901", -EINVAL },
	{ "candidate:1 1 UDP 1 11.0.0.1 1 typ moon", -EAFNOSUPPORT },
	{ "candidate:1 1 SCTP 1 11.0.0.1 1 typ host", -EAFNOSUPPORT },
	{ "candidate:1 1 TCP 1 11.0.0.1 1 typ host", -EAFNOSUPPORT },
	{ "candidate:1 1 UDP 1 0b5c1d2e.local 1 typ host", -EAFNOSUPPORT },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct ice_line line = { .kind = ICE_LINE_END };

		print_message("%s\n", refused[i].line);
		assert_int_equal(ice_line_parse(refused[i].line, &line), refused[i].want);
		assert_int_equal(line.kind, ICE_LINE_END);
	}
}

/* Cut before its type's word is whole, a candidate is none; later it lacks what is optional. */
static void test_truncation(void **state)
{
	size_t needed = strlen("candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx");
	char text[sizeof(SRFLX)];
	struct ice_line line;

	(void)state;
	for (size_t len = strlen("candidate:"); len < strlen(SRFLX); len++) {
		int err;

		memcpy(text, SRFLX, len);
		text[len] = '\0';
		err = ice_line_parse(text, &line);
		if (len < needed)
			assert_true(err == -EINVAL || err == -EAFNOSUPPORT);
		else
			assert_true(!err || err == -EINVAL);
	}
}

static void test_others_are_passed_over(void **state)
{
	struct ice_line line;
	char text[ICE_LINE_MAX];

	(void)state;
	assert_int_equal(ice_line_parse("a=ice-options:trickle", &line), 0);
	assert_int_equal(line.kind, ICE_LINE_OTHER);
	assert_int_equal(ice_line_format(&line, text), 0);
	assert_int_equal(ice_line_parse("", &line), 0);
	assert_int_equal(line.kind, ICE_LINE_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_others_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
