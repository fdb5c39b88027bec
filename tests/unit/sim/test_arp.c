/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP: which packets ask for an answer, and what the answer says (RFC 826, RFC 5227). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/live/arp.h"

/* Who has 10.0.0.9? Tell 10.0.0.2, at 02:..:07. */
static const uint8_t request[ARP_LEN] = {
	0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 7, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9,
};

struct row {
	const char *name;
	size_t len;
	size_t at; /* this byte is changed */
	uint8_t to;
	bool wants;
};

static const struct row rows[] = {
	{ "a request for another", ARP_LEN, 0, 0, true },
	{ "with Ethernet's padding", ARP_LEN + 18, 0, 0, true },
	{ "one byte short", ARP_LEN - 1, 0, 0, false },
	{ "empty", 0, 0, 0, false },
	{ "a reply", ARP_LEN, 7, 2, false },
	{ "not of Ethernet", ARP_LEN, 1, 6, false },
	{ "not about IPv4", ARP_LEN, 3, 6, false },
	{ "addresses of another length", ARP_LEN, 5, 6, false },
	{ "an announcement: sender and target the same", ARP_LEN, 27, 2, false },
	{ "for its own second address", ARP_LEN, 27, 3, false },
	{ "a probe for its own address", ARP_LEN, 17, 0, true },
};

static void requests_for_others_are_answered(void **state)
{
	const struct ip_addr own[] = { ip_addr_v4(0x0a000002), ip_addr_v4(0x0a000003) };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[ARP_LEN + 18] = { 0 };

		memcpy(bytes, request, ARP_LEN);
		bytes[rows[i].at] = rows[i].to;
		if (arp_wants_answer(bytes, rows[i].len, own, 2) != rows[i].wants)
			fail_msg("%s", rows[i].name);
	}
}

static void the_answer_is_at_the_given_mac(void **state)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	const uint8_t want[ARP_LEN] = {
		0,  1, 8, 0, 6, 4, 0, 2, 2, 0, 0,  0, 0, 1,
		10, 0, 0, 9, 2, 0, 0, 0, 0, 7, 10, 0, 0, 2,
	};
	uint8_t answer[ARP_LEN];

	(void)state;
	arp_answer(request, mac, answer);
	assert_memory_equal(answer, want, ARP_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_for_others_are_answered),
		cmocka_unit_test(the_answer_is_at_the_given_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
