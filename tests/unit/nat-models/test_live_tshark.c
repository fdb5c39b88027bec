/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An independent judge of what the engine makes of IPv6: every kind of packet that NPTv6, NAT66,
 * NAT64 and the firewall let through or answer with is written into a capture, in which tshark must find
 * nothing malformed and no wrong checksum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat-models/catalog.h"
#include "nat_script.h"

#define BAD                                                                                        \
	"_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 || "                 \
	"tcp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0"
/* tshark looks at the checksum of each transport that it finds. */
#define GOOD                                                                                       \
	"udp.checksum.status == 1 || tcp.checksum.status == 1 || icmp.checksum.status == 1 || "    \
	"icmpv6.checksum.status == 1"

enum { RAW_IP = 101 }; /* LINKTYPE_RAW */

static char path[] = "/tmp/knothole-test-XXXXXX";
static FILE *capture;
static unsigned written;

static uint8_t bytes[2048];
static struct packet pkt;

static void begin_capture(void)
{
	const uint32_t header[] = { 0xa1b2c3d4, 4U << 16 | 2, 0, 0, 65535, RAW_IP };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	capture = fdopen(fd, "wb");
	assert_non_null(capture);
	assert_int_equal(fwrite(header, sizeof(header), 1, capture), 1);
}

static void record(void)
{
	const uint32_t header[] = { written, 0, pkt.len, pkt.len };

	assert_int_equal(fwrite(header, sizeof(header), 1, capture), 1);
	assert_int_equal(fwrite(pkt.data, pkt.len, 1, capture), 1);
	written++;
}

static void draft(const char *text)
{
	pkt = (struct packet){ .data = bytes, .room = sizeof(bytes) };
	script_write(&pkt, text);
}

static struct nat *make(const char *name, const char *inside)
{
	struct script_config c;
	struct model_error error;

	script_defaults(&c);
	assert_int_equal(nat_model_find(name, &c.model, &error), 0);
	assert_int_equal(ip_prefix_parse(inside, &c.nat.inside), 0);
	assert_int_equal(ip_prefix_parse("2b00:4:1::/48", &c.nat.outside_prefix), 0);
	c.nat.inside_addr = c.nat.inside.addr;
	c.nat.inside_addr.lo = 1;
	if (c.model.kind != NAT_KIND_NAT64)
		c.pool[0] = script_addr("2b00:2:1::2");
	c.model.udp.unsolicited = NAT_UNSOLICITED_ICMP;
	c.model.tcp.unsolicited = NAT_UNSOLICITED_RST;
	return script_nat(&c);
}

/* Send what is drafted through; what leaves is recorded. */
static void pass(struct nat *nat, enum nat_side side)
{
	struct nat_decision d = nat_process(nat, side, &pkt, 0);

	if (d.outcome != NAT_FORWARD && d.outcome != NAT_ANSWER) {
		char text[256];

		fail_msg("%s", nat_explain(nat, &d, text, sizeof(text)));
	}
	packet_finish_checksums(&pkt);
	record();
}

/* The packet that has left is answered by its receiver with an error of each kind, and by a packet. */
static void answer(struct nat *nat)
{
	static uint8_t sent[2048];
	struct packet_info info;
	uint32_t len = pkt.len;

	memcpy(sent, bytes, len);
	for (enum packet_error e = PACKET_ERROR_NO_ROUTE; e <= PACKET_ERROR_TIME_EXCEEDED; e++) {
		memcpy(bytes, sent, len);
		pkt.len = len;
		assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
		assert_int_equal(packet_make_error(&pkt, info.dst.addr, e, 1400), 0);
		pass(nat, NAT_OUTSIDE);
	}
	memcpy(bytes, sent, len);
	pkt.len = len;
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	if (info.protocol == IP_PROTO_UDP)
		packet_make_udp(&pkt, info.dst, info.src, 60, "knotholes", 9);
	else if (info.protocol == IP_PROTO_TCP)
		packet_make_tcp_rst(&pkt);
	else
		packet_make_echo_reply(&pkt);
	pass(nat, NAT_OUTSIDE);
	/* And the inside complains about that. */
	assert_int_equal(packet_make_error(&pkt, script_addr("2b00:3:1::2"), PACKET_ERROR_PORT, 0),
			 0);
	pass(nat, NAT_INSIDE);
}

static void exchange(const char *name, const char *remote)
{
	struct nat *nat = make(name, "2b00:3:1::/48");
	char text[200];

	snprintf(text, sizeof(text), "UDP [2b00:3:1::2]:4000 > [%s]:7", remote);
	draft(text);
	pass(nat, NAT_INSIDE);
	answer(nat);
	snprintf(text, sizeof(text), "TCP [2b00:3:1::2]:4000 > [%s]:7 SYN", remote);
	draft(text);
	pass(nat, NAT_INSIDE);
	answer(nat);
	snprintf(text, sizeof(text), "ICMP 2b00:3:1::2 > %s echo id 5", remote);
	draft(text);
	pass(nat, NAT_INSIDE);
	answer(nat);
	nat_free(nat);
}

static void refusals(void)
{
	struct nat *nat = make("nat64", "2b00:3:1::/48");

	draft("UDP 11.1.1.2:7 > 11.2.0.1:9");
	pass(nat, NAT_OUTSIDE);
	draft("TCP 11.1.1.2:7 > 11.2.0.1:9 SYN");
	pass(nat, NAT_OUTSIDE);
	draft("UDP [2b00:3:1::2]:4000 > [64:ff9b::b01:102]:7");
	pass(nat, NAT_INSIDE);
	draft("UDP 11.1.1.2:7 > 11.2.0.1:4000");
	put_be16(bytes + 26, 0); /* no checksum */
	pass(nat, NAT_OUTSIDE);
	nat_free(nat);
	nat = make("ipv6-firewall", "2b00:3:1::/48");
	draft("UDP [2b00:1:1::2]:7 > [2b00:3:1::2]:9");
	pass(nat, NAT_OUTSIDE);
	draft("TCP [2b00:1:1::2]:7 > [2b00:3:1::2]:9 SYN");
	pass(nat, NAT_OUTSIDE);
	nat_free(nat);
}

/* How many of the capture's packets match @filter. */
static unsigned count(const char *filter)
{
	char command[900], line[400];
	unsigned n = 0;
	FILE *out;

	snprintf(command, sizeof(command),
		 "tshark -n -r %s -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE "
		 "-o tcp.check_checksum:TRUE -d udp.port==1-65535,data -d tcp.port==1-65535,data "
		 "-Y '%s' 2>/dev/null",
		 path, filter);
	out = popen(command, "r");
	assert_non_null(out);
	while (fgets(line, sizeof(line), out)) {
		if (strcmp(filter, BAD) == 0)
			print_message("%s", line);
		n++;
	}
	assert_int_equal(pclose(out), 0);
	return n;
}

static void nothing_is_wrong(void **state)
{
	(void)state;
	begin_capture();
	exchange("ipv6-firewall", "2b00:1:1::2");
	exchange("nptv6", "2b00:1:1::2");
	exchange("nat66", "2b00:1:1::2");
	exchange("nat64", "64:ff9b::b01:102");
	refusals();
	assert_int_equal(fclose(capture), 0);
	assert_int_equal(count(BAD), 0);
	assert_int_equal(count(GOOD), written);
	assert_in_range(written, 4 * 27, 200);
}

/* Or did tshark look at nothing? */
static void damage_is_seen(void **state)
{
	(void)state;
	capture = fopen(path, "r+b");
	assert_non_null(capture);
	assert_int_equal(fseek(capture, 24 + 16 + 50, SEEK_SET), 0);
	assert_int_equal(fputc('!', capture), '!');
	assert_int_equal(fclose(capture), 0);
	assert_int_equal(count(GOOD), written - 1);
}

static int remove_capture(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wrong),
		cmocka_unit_test(damage_is_seen),
	};

	if (access("/usr/bin/tshark", X_OK)) {
		puts("tshark is not installed");
		return 77;
	}
	return cmocka_run_group_tests_name("IPv6 packets, by tshark", tests, NULL, remove_capture);
}
