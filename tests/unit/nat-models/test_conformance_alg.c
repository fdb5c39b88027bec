/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 4787 REQ-10 and RFC 5382 REQ-6: a payload comes through as it was sent, unless the NAT has a
 * gateway that changes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat_script.h"

enum { ROOM = 1500 };

static void blind(struct script_config *c)
{
	c->model.algs = 1 << NAT_ALG_ADDRESS_REWRITER;
}

static void sip(struct script_config *c)
{
	c->model.algs = 1 << NAT_ALG_SIP;
	c->model.udp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.udp.port_min = 20000;
}

#define REQUEST(via, contact, length, origin, media)                                               \
	"INVITE sip:bob@11.1.1.2 SIP/2.0\r\n"                                                      \
	"Via: SIP/2.0/UDP " via ";branch=z9\r\n"                                                   \
	"Contact: <sip:alice@" contact ">\r\n"                                                     \
	"Content-Length: " length "\r\n"                                                           \
	"\r\n"                                                                                     \
	"o=alice 1 1 IN IP4 " origin "\r\n"                                                        \
	"c=IN IP4 " origin "\r\n"                                                                  \
	"m=audio " media " RTP/AVP 0\r\n"

static const struct row {
	const char *name;
	void (*tune)(struct script_config *config);
	const char *src, *dst; /* the outside party speaks second, where @answer is set */
	const char *sent, *got;
	const char *answer, *heard;
} rows[] = {
	{ "REQ-10: nothing is changed", NULL, "192.168.1.2:4000", "11.1.1.2:7",
	  "a\xc0\xa8\x01\x02 192.168.1.2:4000", "a\xc0\xa8\x01\x02 192.168.1.2:4000",
	  "\x0b\x02\x01\x01", "\x0b\x02\x01\x01" },
	{ "REQ-10 broken: four bytes that look like the address", blind, "192.168.1.2:4000",
	  "11.1.1.2:7", "\xc0\xa8\x01\x02 \xc0\xa8\x01\x02", "\x0b\x02\x2a\x01 \x0b\x02\x2a\x01",
	  "abc\x0b\x02\x2a\x01", "abc\xc0\xa8\x01\x02" },
	{ "blind: text is not known, nor are others' addresses", blind, "192.168.1.2:4000",
	  "11.1.1.2:7", "192.168.1.2 \xc0\xa8\x01\x03 \xc0\xa8\x01",
	  "192.168.1.2 \xc0\xa8\x01\x03 \xc0\xa8\x01", NULL, NULL },
	{ "SIP: header fields, SDP and lengths", sip, "192.168.1.2:5060", "11.1.1.2:5060",
	  REQUEST("192.168.1.2:5060", "192.168.1.2:5060", "78", "192.168.1.2", "4000"),
	  REQUEST("11.2.42.1:20000", "11.2.42.1:20000", "75", "11.2.42.1", "20001"),
	  "BYE sip:alice@11.2.42.1:20000 SIP/2.0\r\n\r\n",
	  "BYE sip:alice@192.168.1.2:5060 SIP/2.0\r\n\r\n" },
	{ "SIP: part of another address, another port", sip, "192.168.1.2:5060", "11.1.1.2:5060",
	  "192.168.1.20 2192.168.1.2 192.168.1.2:9 192.168.1.2.",
	  "192.168.1.20 2192.168.1.2 11.2.42.1:9 11.2.42.1.", NULL, NULL },
	{ "SIP: on other ports nothing is", sip, "192.168.1.2:4000", "11.1.1.2:7", "192.168.1.2",
	  "192.168.1.2", NULL, NULL },
	{ "SIP: where there is none", NULL, "192.168.1.2:5060", "11.1.1.2:5060", "192.168.1.2",
	  "192.168.1.2", NULL, NULL },
};

/* Send @text, and hold what came out against @want. */
static struct packet_info pass(struct nat *nat, enum nat_side side, struct endpoint src,
			       struct endpoint dst, const char *text, const char *want)
{
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct packet_info info;

	assert_int_equal(packet_make_udp(&pkt, src, dst, 64, text, strlen(text)), 0);
	assert_int_equal(nat_process(nat, side, &pkt, 0).outcome, NAT_FORWARD);
	assert_true(packet_checksums_ok(&pkt));
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(info.payload_len, strlen(want));
	assert_memory_equal(bytes + info.payload_offset, want, info.payload_len);
	return info;
}

static void payload(void **state)
{
	const struct row *row = *state;
	struct script_config config;
	struct endpoint dst = script_endpoint(row->dst);
	struct packet_info info;
	struct nat *nat;

	script_defaults(&config);
	config.pool[0] = script_addr("11.2.42.1");
	if (row->tune)
		row->tune(&config);
	nat = script_nat(&config);
	info = pass(nat, NAT_INSIDE, script_endpoint(row->src), dst, row->sent, row->got);
	if (row->answer)
		pass(nat, NAT_OUTSIDE, dst, info.src, row->answer, row->heard);
	nat_free(nat);
}

/* A message that would no longer fit is left alone, and so is one that is too long to look at. */
static void no_room(void **state)
{
	static const char text[] = "Via: SIP/2.0/UDP 192.168.1.2:5060";
	uint8_t bytes[20 + 8 + sizeof(text) - 1];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct script_config config;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	sip(&config);
	config.pool[0] = script_addr("211.211.211.211");
	nat = script_nat(&config);
	packet_make_udp(&pkt, script_endpoint("192.168.1.2:5060"), script_endpoint("11.1.1.2:5060"),
			64, text, sizeof(text) - 1);
	assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome, NAT_FORWARD);
	assert_memory_equal(bytes + 28, text, sizeof(text) - 1);
	assert_true(packet_checksums_ok(&pkt));
	nat_free(nat);
}

/* The media line's port is one where media gets in. */
static void media_gets_in(void **state)
{
	struct endpoint server = script_endpoint("11.1.1.2:5060");
	struct script_step media = { 0, 'o', "UDP 11.1.1.9:30000 > 11.2.42.1:20001",
				     "UDP 11.1.1.9:30000 > 192.168.1.2:4000" };
	struct script_config config;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	sip(&config);
	config.model.udp.filtering = NAT_EI;
	config.pool[0] = script_addr("11.2.42.1");
	nat = script_nat(&config);
	pass(nat, NAT_INSIDE, script_endpoint("192.168.1.2:5060"), server, "m=audio 4000 RTP/AVP 0",
	     "m=audio 20001 RTP/AVP 0");
	script_step(nat, &media, "media");
	nat_free(nat);
}

/* Both ends of a hairpinned message are this NAT's: either is told what the other is known by. */
static void hairpinned(void **state)
{
	struct endpoint alice = script_endpoint("192.168.1.2:5060");
	struct endpoint bob = script_endpoint("192.168.1.3:5060");
	struct endpoint server = script_endpoint("11.1.1.2:5060");
	struct endpoint outside = script_endpoint("11.2.42.1:20001");
	struct script_config config;
	struct packet_info info;
	struct nat *nat;

	(void)state;
	script_defaults(&config);
	sip(&config);
	config.model.udp.filtering = NAT_EI;
	config.pool[0] = script_addr("11.2.42.1");
	nat = script_nat(&config);
	pass(nat, NAT_INSIDE, alice, server, "REGISTER", "REGISTER");
	pass(nat, NAT_INSIDE, bob, server, "REGISTER", "REGISTER");
	info = pass(nat, NAT_INSIDE, alice, outside,
		    "INVITE bob@11.2.42.1:20001 via 192.168.1.2:5060",
		    "INVITE bob@192.168.1.3:5060 via 11.2.42.1:20000");
	assert_true(endpoint_equal(info.dst, bob));
	nat_free(nat);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(no_room),
		cmocka_unit_test(media_gets_in),
		cmocka_unit_test(hairpinned),
	};
	struct CMUnitTest tests[ROWS];
	int failed;

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = payload,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	failed = _cmocka_run_group_tests("conformance, gateways", tests, ROWS, NULL, NULL);
	return failed + cmocka_run_group_tests_name("conformance, gateways", others, NULL, NULL);
}
