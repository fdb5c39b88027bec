/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 7915: what becomes of headers, fragments, offloads and ICMP errors between IPv6 and IPv4. */
#include "nat64_script.h"

#include <stdio.h>
#include <string.h>

#include "nat-models/byteorder.h"
#include "nat-models/packet_family.h"

static uint8_t bytes[2048];
static struct packet pkt;
static struct packet_info info;

static struct nat *make(void (*how)(struct script_config *))
{
	struct script_config config;

	script_defaults(&config);
	how(&config);
	return script_nat(&config);
}

static void draft(const char *text)
{
	pkt = (struct packet){ .data = bytes, .room = sizeof(bytes) };
	script_write(&pkt, text);
}

static enum nat_outcome pass(struct nat *nat, enum nat_side side)
{
	struct nat_decision d = nat_process(nat, side, &pkt, 0);

	if (d.outcome == NAT_FORWARD)
		assert_true(packet_checksums_ok(&pkt));
	return d.outcome;
}

/* A NAT64 with A's mapping to R. */
static struct nat *opened(void)
{
	struct nat *nat = make(nat64);

	draft(OUT);
	assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
	return nat;
}

static void checksum4(void)
{
	put_be16(bytes + 10, 0);
	put_be16(bytes + 10, (uint16_t)~checksum_fold(bytes, 20, 0));
}

/* RFC 7915, 4.1 and 5.1: class, TTL, identification and what may be fragmented. */
static void header_fields(void **state)
{
	static uint8_t payload[1400];
	struct nat *nat = opened();

	(void)state;
	assert_int_equal(get_be16(bytes + 6), 0); /* 36 bytes: DF would be wrong */
	draft(OUT);
	bytes[0] = 0x6b;
	bytes[1] = 0x8f; /* class 0xb8, flow label 0xf…. */
	bytes[7] = 9;
	assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
	assert_int_equal(bytes[1], 0xb8);
	assert_int_equal(bytes[8], 9);
	draft(IN);
	bytes[1] = 0x5c;
	bytes[8] = 7;
	checksum4();
	assert_int_equal(pass(nat, NAT_OUTSIDE), NAT_FORWARD);
	assert_int_equal(get_be32(bytes), 0x65c00000);
	assert_int_equal(bytes[7], 7);
	for (uint32_t len = 1260 - 28 - 1; len <= 1260 - 28 + 2; len++) {
		pkt = (struct packet){ .data = bytes, .room = sizeof(bytes) };
		packet_make_udp(&pkt, script_endpoint(A), script_endpoint(R6), 64, payload, len);
		assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
		assert_int_equal(get_be16(bytes + 6), len + 28 <= 1260 ? 0 : 0x4000);
	}
	nat_free(nat);
}

/* Extension headers stay behind, but for a route that is not done, and IPv4's options. */
static void options(void **state)
{
	static const struct {
		uint8_t first, header[8];
		enum nat_outcome want;
	} rows[] = {
		{ 0, { 17, 0, 1, 4 }, NAT_FORWARD },
		{ 60, { 17, 0, 1, 4 }, NAT_FORWARD },
		{ 43, { 17, 0, 4, 0 }, NAT_FORWARD },
		{ 43, { 17, 0, 4, 1 }, NAT_DROP },
	};
	struct nat *nat = opened();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		draft(OUT);
		memmove(bytes + 48, bytes + 40, pkt.len - 40);
		memcpy(bytes + 40, rows[i].header, 8);
		bytes[6] = rows[i].first;
		bytes[5] = (uint8_t)(bytes[5] + 8);
		pkt.len += 8;
		assert_int_equal(pass(nat, NAT_INSIDE), rows[i].want);
		if (rows[i].want == NAT_FORWARD)
			script_expect_packet(&pkt, SENT ", 8 bytes", "options");
	}
	for (uint8_t option = 1; option < 200; option++) {
		draft(IN);
		memmove(bytes + 28, bytes + 20, pkt.len - 20);
		memcpy(bytes + 20, (uint8_t[8]){ option, 7, 4, 1, 2, 3, 4, 0 }, 8);
		bytes[0] = 0x47;
		bytes[3] = (uint8_t)(bytes[3] + 8);
		pkt.len += 8;
		put_be16(bytes + 10, 0);
		put_be16(bytes + 10, (uint16_t)~checksum_fold(bytes, 28, 0));
		assert_int_equal(pass(nat, NAT_OUTSIDE),
				 option == 131 || option == 137 ? NAT_DROP : NAT_FORWARD);
	}
	nat_free(nat);
}

/* RFC 7915, 4.5: IPv6 has no UDP without a checksum. */
static void zero_checksum(void **state)
{
	struct nat *nat = opened();

	(void)state;
	draft(IN);
	put_be16(bytes + 26, 0);
	assert_int_equal(pass(nat, NAT_OUTSIDE), NAT_FORWARD);
	script_expect_packet(&pkt, GOT, "made anew");
	draft(IN);
	put_be16(bytes + 26, 0);
	put_be16(bytes + 6, 0x2000);
	checksum4();
	assert_int_equal(pass(nat, NAT_OUTSIDE), NAT_DROP);
	/* What was wrong is not made right. */
	draft(IN);
	bytes[30] ^= 1;
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, NAT_FORWARD);
	assert_false(packet_checksums_ok(&pkt));
	nat_free(nat);
}

/* An echo reply of ICMP may be nothing but zeroes.  The sum of those is the other zero, and so their
 * checksum is not 0 but all ones. */
static void an_echo_of_zeroes(void **state)
{
	static const uint8_t zeroes[8];
	const struct endpoint from = { script_addr("2b00:3:1::2"), 0 };
	const struct endpoint to = { script_addr("64:ff9b::b01:102"), 0 };

	(void)state;
	for (size_t len = 0; len <= sizeof(zeroes); len += 4) {
		pkt = (struct packet){ .data = bytes, .room = sizeof(bytes) };
		assert_int_equal(packet_make_echo(&pkt, from, to, 64, true, zeroes, len), 0);
		assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
		packet_set_src(&pkt, &info, script_endpoint("11.2.0.1:0"));
		packet_set_dst(&pkt, &info, script_endpoint("11.1.1.2:0"));
		assert_int_equal(packet_to_ip4(&pkt, &info, 1), 0);
		script_expect_packet(&pkt, "ICMP 11.2.0.1 > 11.1.1.2 echo reply id 0", "zeroes");
		assert_int_equal(get_be16(bytes + 22), UINT16_MAX);
	}
}

/* A fragment header in IPv6, the fields of the header in IPv4; the second part goes with the first,
 * in whatever order they come. */
static void fragments(void **state)
{
	static uint8_t first[100], second[100];
	struct nat *nat = opened();
	struct packet later = { .data = second, .room = sizeof(second) };
	enum nat_side to;

	(void)state;
	draft(IN);
	put_be16(bytes + 4, 0xabcd);
	put_be16(bytes + 6, 0x2000);
	put_be16(bytes + 24, 100);
	checksum4();
	memcpy(first, bytes, pkt.len);
	put_be16(bytes + 6, 2);
	checksum4();
	assert_int_equal(pass(nat, NAT_OUTSIDE), NAT_HOLD);
	memcpy(bytes, first, sizeof(first));
	pkt.len = 36;
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, NAT_FORWARD);
	assert_int_equal(pkt.len, 64);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_true(info.more_fragments && info.fragment_id == 0xabcd);
	assert_int_equal(info.dst.port, 4000);
	assert_int_equal(nat_poll(nat, 0, &later, &to), NAT_FORWARD);
	assert_int_equal(packet_parse(&later, &info), PACKET_OK);
	assert_int_equal(info.fragment_offset, 16);
	assert_true(ip_addr_equal(info.dst.addr, script_addr("2b00:3:1::2")));
	assert_true(ip_addr_equal(info.src.addr, script_addr("64:ff9b::b01:102")));
	/* And out again. */
	draft(OUT);
	memmove(bytes + 48, bytes + 40, pkt.len - 40);
	memcpy(bytes + 40, (uint8_t[8]){ 17, 0, 0, 1, 1, 2, 3, 4 }, 8);
	bytes[6] = 44;
	bytes[5] = (uint8_t)(bytes[5] + 8);
	pkt.len += 8;
	memcpy(first, bytes, pkt.len);
	assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome, NAT_FORWARD);
	assert_int_equal(get_be32(bytes + 4), 0x03042000);
	memcpy(bytes, first, 64);
	pkt.len = 64;
	put_be16(bytes + 42, 16);
	assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, 0).outcome, NAT_FORWARD);
	assert_int_equal(get_be32(bytes + 4), 0x03040002);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_true(ip_addr_equal(info.src.addr, script_addr("11.2.0.1")));
	nat_free(nat);
}

/* An offload's notes follow the header, and a packet without room is not touched. */
static void offloads_and_room(void **state)
{
	struct nat *nat = opened();

	(void)state;
	draft("TCP " A " > " R6 " SYN");
	assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
	for (int i = 0; i < 2; i++) {
		bool in = i == 0;
		uint32_t header = in ? 20 : 40;

		draft(in ? "TCP " R " > 11.2.0.1:4000 SYN ACK ack 1001" : "TCP " A " > " R6);
		put_be16(bytes + header + 16,
			 checksum_fold(in ? bytes + 12 : bytes + 8, in ? 8 : 32,
				       IP_PROTO_TCP + pkt.len - header));
		pkt.offload = (struct packet_offload){ .needs_checksum = true,
						       .gso_type = in ? 1 : 4,
						       .gso_size = 1400,
						       .header_len = (uint16_t)(header + 20),
						       .checksum_start = (uint16_t)header,
						       .checksum_offset = 16 };
		assert_int_equal(pass(nat, in ? NAT_OUTSIDE : NAT_INSIDE), NAT_FORWARD);
		assert_int_equal(pkt.offload.gso_type, in ? 4 : 1);
		assert_int_equal(pkt.offload.gso_size, 1400);
		assert_int_equal(pkt.offload.header_len, in ? 60 : 40);
		assert_int_equal(pkt.offload.checksum_start, in ? 40 : 20);
		packet_finish_checksums(&pkt);
		assert_true(packet_checksums_ok(&pkt));
	}
	draft(IN);
	pkt.offload.gso_type = 3; /* UFO, which nobody makes any more */
	assert_int_equal(pass(nat, NAT_OUTSIDE), NAT_DROP);
	draft(IN);
	pkt.room = pkt.len + PACKET_FAMILY_GROWTH - 1;
	assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).reason, NAT_REASON_NO_SPACE);
	draft(IN);
	pkt.room = pkt.len + PACKET_FAMILY_GROWTH;
	assert_int_equal(pass(nat, NAT_OUTSIDE), NAT_FORWARD);
	nat_free(nat);
}

/* RFC 7915, 4.2: what errors from IPv4 say. */
static const struct error_row {
	uint8_t type, code;
	uint32_t rest;
	int type6, code6; /* -1: it goes no further */
	uint32_t rest6;
} inward[] = {
	{ 3, 0, 0, 1, 0, 0 },		{ 3, 1, 0, 1, 0, 0 },
	{ 3, 2, 0, 4, 1, 6 },		{ 3, 3, 0, 1, 4, 0 },
	{ 3, 4, 1400, 2, 0, 1420 },	{ 3, 4, 576, 2, 0, 1280 },
	{ 3, 4, 0, 2, 0, 1280 },	{ 3, 5, 0, 1, 0, 0 },
	{ 3, 6, 0, 1, 0, 0 },		{ 3, 7, 0, 1, 0, 0 },
	{ 3, 8, 0, 1, 0, 0 },		{ 3, 9, 0, 1, 1, 0 },
	{ 3, 10, 0, 1, 1, 0 },		{ 3, 11, 0, 1, 0, 0 },
	{ 3, 12, 0, 1, 0, 0 },		{ 3, 13, 0, 1, 1, 0 },
	{ 3, 14, 0, -1, 0, 0 },		{ 3, 15, 0, 1, 1, 0 },
	{ 3, 16, 0, -1, 0, 0 },		{ 4, 0, 0, -1, 0, 0 },
	{ 5, 0, 0, -1, 0, 0 },		{ 11, 0, 0, 3, 0, 0 },
	{ 11, 1, 0, 3, 1, 0 },		{ 12, 0, 0, 4, 0, 0 },
	{ 12, 1, 0, -1, 0, 0 },		{ 12, 0, 1U << 24, 4, 0, 1 },
	{ 12, 0, 2U << 24, 4, 0, 4 },	{ 12, 2, 8U << 24, 4, 0, 7 },
	{ 12, 0, 9U << 24, 4, 0, 6 },	{ 12, 0, 15U << 24, 4, 0, 8 },
	{ 12, 0, 19U << 24, 4, 0, 24 }, { 12, 0, 10U << 24, -1, 0, 0 },
	{ 12, 0, 20U << 24, -1, 0, 0 },
};

/* 5.2: and those from IPv6. */
static const struct error_row outward[] = {
	{ 1, 0, 0, 3, 1, 0 },	       { 1, 1, 0, 3, 10, 0 },
	{ 1, 2, 0, 3, 1, 0 },	       { 1, 3, 0, 3, 1, 0 },
	{ 1, 4, 0, 3, 3, 0 },	       { 1, 5, 0, -1, 0, 0 },
	{ 2, 0, 1280, 3, 4, 1260 },    { 2, 0, 100000, 3, 4, 65515 },
	{ 3, 0, 0, 11, 0, 0 },	       { 3, 1, 0, 11, 1, 0 },
	{ 4, 0, 0, 12, 0, 0 },	       { 4, 0, 4, 12, 0, 2U << 24 },
	{ 4, 0, 6, 12, 0, 9U << 24 },  { 4, 0, 7, 12, 0, 8U << 24 },
	{ 4, 0, 8, 12, 0, 12U << 24 }, { 4, 0, 39, 12, 0, 16U << 24 },
	{ 4, 0, 3, -1, 0, 0 },	       { 4, 0, 40, -1, 0, 0 },
	{ 4, 1, 6, 3, 2, 0 },	       { 4, 2, 0, -1, 0, 0 },
};

/* Make an error of the packet in hand, with a header of its own. */
static void complain(const char *sender, const struct error_row *row)
{
	bool ip6 = bytes[0] >> 4 == 6;
	uint8_t *icmp = bytes + (ip6 ? 40 : 20);
	uint32_t len, pseudo;

	assert_int_equal(packet_make_error(&pkt, script_addr(sender), PACKET_ERROR_HOST, 0), 0);
	len = pkt.len - (ip6 ? 40 : 20);
	pseudo = ip6 ? checksum_fold(bytes + 8, 32, IP_PROTO_ICMPV6 + len) : 0;
	icmp[0] = row->type;
	icmp[1] = row->code;
	put_be16(icmp + 2, 0);
	put_be32(icmp + 4, row->rest);
	put_be16(icmp + 2, (uint16_t)~checksum_fold(icmp, len, pseudo));
}

static void check_error(const struct error_row *row, enum nat_outcome outcome, uint32_t at,
			const char *want)
{
	struct packet inner;

	assert_int_equal(outcome, row->type6 < 0 ? NAT_DROP : NAT_FORWARD);
	if (row->type6 < 0)
		return;
	assert_int_equal(bytes[at], row->type6);
	assert_int_equal(bytes[at + 1], row->code6);
	assert_int_equal(get_be32(bytes + at + 4), row->rest6);
	script_expect_packet(&pkt, want, "error");
	inner = (struct packet){ .data = bytes + at + 8, .len = pkt.len - at - 8 };
	assert_true(packet_checksums_ok(&inner));
}

static const char *text_of(char buf[200], const char *ends, const char *about)
{
	char whole[200];
	const char *words;

	packet_describe(&pkt, whole, sizeof(whole));
	words = strstr(whole, ends);
	assert_non_null(words);
	snprintf(buf, 200, "%.*s, about %s", (int)strcspn(whole, ","), whole, about);
	return buf;
}

static void errors_inward(void **state)
{
	struct nat *nat = opened();

	(void)state;
	for (size_t i = 0; i < sizeof(inward) / sizeof(inward[0]); i++) {
		enum nat_outcome outcome;
		char want[200];

		draft(SENT);
		complain("11.5.5.5", &inward[i]);
		outcome = pass(nat, NAT_OUTSIDE);
		check_error(&inward[i], outcome, 40,
			    outcome == NAT_FORWARD
				    ? text_of(want, "64:ff9b::b05:505 > 2b00:3:1::2 ", OUT)
				    : "");
	}
	nat_free(nat);
}

static void errors_outward(void **state)
{
	struct nat *nat = opened();

	(void)state;
	for (size_t i = 0; i < sizeof(outward) / sizeof(outward[0]); i++) {
		enum nat_outcome outcome;
		char want[200];

		draft(GOT);
		complain("2b00:3:1::99", &outward[i]); /* a router on the inside */
		outcome = pass(nat, NAT_INSIDE);
		check_error(&outward[i], outcome, 20,
			    outcome == NAT_FORWARD ? text_of(want, "11.2.0.1 > 11.1.1.2 ", IN)
						   : "");
	}
	nat_free(nat);
}

/* The quoted packet may be TCP or an echo, and cut short; a damaged error goes nowhere. */
static void quotes(void **state)
{
	static const struct {
		const char *open, *sent, *sender, *want;
	} rows[] = {
		{ SYN6, "TCP 11.2.0.1:4000 > " R " SYN", "11.5.5.5",
		  "ICMP 64:ff9b::b05:505 > 2b00:3:1::2 address unreachable, about TCP " A
		  " > " R6 },
		{ "ICMP 2b00:3:1::2 > 64:ff9b::b01:102 echo id 5",
		  "ICMP 11.2.0.1 > 11.1.1.2 echo id 5", "11.5.5.5",
		  "ICMP 64:ff9b::b05:505 > 2b00:3:1::2 no route, about "
		  "ICMP 2b00:3:1::2 > 64:ff9b::b01:102 echo" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t cut = 0; cut < 3; cut++) {
			struct error_row row = { 3, 1, 0, 0, 0, 0 };
			struct nat *nat = make(nat64);

			draft(rows[i].open);
			assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
			draft(rows[i].sent);
			complain("11.5.5.5", &row);
			if (cut) { /* to 8 bytes of transport, which is the least */
				pkt.len = 20 + 8 + 20 + 8;
				put_be16(bytes + 2, (uint16_t)pkt.len);
				checksum4();
				put_be16(bytes + 22, 0);
				put_be16(bytes + 22,
					 (uint16_t)~checksum_fold(bytes + 20, pkt.len - 20, 0));
			}
			if (cut == 2)
				bytes[50] ^= 1;
			assert_int_equal(pass(nat, NAT_OUTSIDE), cut == 2 ? NAT_DROP : NAT_FORWARD);
			if (cut != 2) {
				char text[200];

				packet_describe(&pkt, text, sizeof(text));
				assert_non_null(strstr(text, strstr(rows[i].want, ", about")));
			}
			nat_free(nat);
		}
	}
}

/* 3.8 and RFC 5508, REQ-7: about what was hairpinned. */
static void hairpinned_error(void **state)
{
	struct error_row row = { 1, 4, 0, 0, 0, 0 };
	struct nat *nat = make(open_filter);

	(void)state;
	draft(OUT);
	assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
	draft("UDP " B " > [64:ff9b::b02:1]:4000");
	assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
	complain("2b00:3:1::2", &row);
	assert_int_equal(pass(nat, NAT_INSIDE), NAT_FORWARD);
	script_expect_packet(&pkt,
			     "ICMP 64:ff9b::b02:1 > 2b00:3:1::3 port unreachable, about "
			     "UDP " B " > [64:ff9b::b02:1]:4000",
			     "hairpinned");
	nat_free(nat);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_fields),     cmocka_unit_test(options),
		cmocka_unit_test(zero_checksum),     cmocka_unit_test(fragments),
		cmocka_unit_test(offloads_and_room), cmocka_unit_test(errors_inward),
		cmocka_unit_test(errors_outward),    cmocka_unit_test(quotes),
		cmocka_unit_test(hairpinned_error),  cmocka_unit_test(an_echo_of_zeroes),
	};

	return cmocka_run_group_tests_name("RFC 7915", tests, NULL, NULL);
}
