/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway for FTP: what it writes, whom it lets in, and that both sides keep the numbers of their
 * connection straight whatever is lost, cut elsewhere, repeated or overtaken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/byteorder.h"
#include "nat-models/chance.h"
#include "nat_script.h"

enum { ROOM = 1500, STREAM = 1024, BASE = 1000, FLYING = 32, OFFSET_AND_FLAGS = 12 };

static struct nat *nat;

static void make_nat(void (*tune)(struct script_config *), const char *address)
{
	struct script_config config;

	script_defaults(&config);
	config.model.algs = 1 << NAT_ALG_FTP;
	if (address)
		config.pool[0] = script_addr(address);
	if (tune)
		tune(&config);
	nat = script_nat(&config);
}

static int teardown(void **state)
{
	(void)state;
	nat_free(nat);
	nat = NULL;
	return 0;
}

/* A segment that says @text, through the NAT; its outcome, and what it has become. */
static enum nat_outcome pass(enum nat_side side, const char *header, const char *text, size_t len,
			     uint8_t bytes[ROOM], struct packet_info *ret)
{
	struct packet pkt = { .data = bytes, .room = ROOM };
	struct nat_decision decision;

	script_write(&pkt, header);
	assert_int_equal(packet_parse(&pkt, ret), PACKET_OK);
	assert_int_equal(packet_set_payload(&pkt, ret, text, len), 0);
	decision = nat_process(nat, side, &pkt, 0);
	if (decision.outcome != NAT_FORWARD)
		return decision.outcome;
	assert_true(packet_checksums_ok(&pkt));
	assert_int_equal(packet_parse(&pkt, ret), PACKET_OK);
	return decision.outcome;
}

/* One line of a script of segments; @from 'i' or 'o'. */
struct step {
	char from;
	const char *header, *says;
	const char *want; /* what is said on the other side; NULL = it is dropped */
	uint32_t seq, ack; /* there */
};

static void play(const struct step *steps, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct step *s = &steps[i];
		uint8_t bytes[ROOM];
		struct packet_info info;
		enum nat_outcome outcome = pass(s->from == 'i' ? NAT_INSIDE : NAT_OUTSIDE,
						s->header, s->says, strlen(s->says), bytes, &info);

		if (!s->want) {
			assert_int_equal(outcome, NAT_DROP);
			continue;
		}
		assert_int_equal(outcome, NAT_FORWARD);
		if (info.payload_len != strlen(s->want) ||
		    memcmp(bytes + info.payload_offset, s->want, info.payload_len) != 0)
			fail_msg("step %zu: expected \"%s\", got \"%.*s\"", i, s->want,
				 (int)info.payload_len, bytes + info.payload_offset);
		if (info.tcp_seq != s->seq || info.tcp_ack != s->ack)
			fail_msg("step %zu: expected seq %u ack %u, got %u and %u", i, s->seq,
				 s->ack, info.tcp_seq, info.tcp_ack);
	}
}

#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]))
#define C "TCP 192.168.1.2:4000 > 11.1.1.2:21 "
#define S "TCP 11.1.1.2:21 > 11.2.0.1:4000 "

/* "11,2,0,1" is three shorter than "192,168,1,2". */
static void shorter_by_three(void **state)
{
	static const struct step steps[] = {
		{ 'i', C "SYN seq 99", "", "", 99, 0 },
		{ 'o', S "SYN ACK seq 499 ack 100", "", "", 499, 100 },
		{ 'i', C "ACK seq 100 ack 500", "USER a\r\n", "USER a\r\n", 100, 500 },
		{ 'i', C "ACK seq 108 ack 500", "PORT 192,168,1,2,15,160\r\n",
		  "PORT 11,2,0,1,15,160\r\n", 108, 500 },
		{ 'o', S "ACK seq 500 ack 108", "", "", 500, 108 },
		{ 'o', S "ACK seq 500 ack 130", "200 ok\r\n", "200 ok\r\n", 500, 133 },
		{ 'i', C "ACK seq 133 ack 508", "LIST\r\n", "LIST\r\n", 130, 508 },
		/* Sent again, whole, in part, with what is new, and from its middle. */
		{ 'i', C "ACK seq 108 ack 508", "PORT 192,168,1,2,15,160\r\n",
		  "PORT 11,2,0,1,15,160\r\n", 108, 508 },
		{ 'i', C "ACK seq 108 ack 508", "PORT 192,168", "PORT 11,2,0,1,15,160", 108, 508 },
		{ 'i', C "ACK seq 131 ack 508", "\r\nLIST\r\nQUIT\r\n", "\r\nLIST\r\nQUIT\r\n", 128,
		  508 },
		{ 'i', C "ACK seq 120 ack 508", ",1,2,15,160\r\n", "11,2,0,1,15,160\r\n", 113,
		  508 },
		{ 'o', S "ACK seq 508 ack 142", "", "", 508, 145 },
		/* Of a line that has arrived in part nothing is acknowledged. */
		{ 'o', S "ACK seq 508 ack 120", "", "", 508, 113 },
		{ 'i', C "FIN seq 145 ack 508", "", "", 142, 508 },
	};

	(void)state;
	make_nat(NULL, NULL);
	PLAY(steps);
}

/* Its end is still to come, or its beginning. */
static void what_must_wait(void **state)
{
	static const struct step steps[] = {
		{ 'i', C "SYN seq 99", "", "", 99, 0 },
		{ 'i', C "ACK seq 100 ack 500", "PORT 192,16", NULL, 0, 0 },
		{ 'i', C "ACK seq 111 ack 500", "8,1,2,15,160\r\n", NULL, 0, 0 },
		{ 'i', C "ACK seq 125 ack 500", "", "", 125, 500 },
		{ 'i', C "ACK seq 100 ack 500", "PORT 192,168,1,2,15,160\r\n",
		  "PORT 11,2,0,1,15,160\r\n", 100, 500 },
		/* What cannot become such a line need not be whole. */
		{ 'i', C "ACK seq 125 ack 500", "RETR fi", "RETR fi", 122, 500 },
		{ 'i', C "ACK seq 132 ack 500", "le\r\nPO", "le\r\nPO", 0, 0 },
	};

	(void)state;
	make_nat(NULL, NULL);
	play(steps, sizeof(steps) / sizeof(steps[0]) - 1);
	/* The last of them begins a line that might: it waits with all that stands before it. */
	{
		static const struct step last[] = {
			{ 'i', C "ACK seq 132 ack 500", "le\r\nPO", NULL, 0, 0 },
			{ 'i', C "ACK seq 132 ack 500", "le\r\n", "le\r\n", 129, 500 },
		};

		PLAY(last);
	}
}

/* Somebody else's address is none of this host's; nor is one said to another port. */
static void what_is_left_alone(void **state)
{
	static const struct step steps[] = {
		{ 'i', C "SYN seq 99", "", "", 99, 0 },
		{ 'i', C "ACK seq 100 ack 500", "PORT 192,168,1,3,15,160\r\n",
		  "PORT 192,168,1,3,15,160\r\n", 100, 500 },
		{ 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:22 SYN seq 7", "", "", 7, 0 },
		{ 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:22 ACK seq 8 ack 1",
		  "PORT 192,168,1,2,15,160\r\n", "PORT 192,168,1,2,15,160\r\n", 8, 1 },
	};

	(void)state;
	make_nat(NULL, NULL);
	PLAY(steps);
}

static void symmetric(struct script_config *c)
{
	c->model.tcp.mapping = NAT_APD;
	c->model.tcp.ports = NAT_PORTS_SEQUENTIAL;
	c->model.tcp.port_min = 20000;
}

static void by_address(struct script_config *c)
{
	c->model.tcp.filtering = NAT_AD;
}

static void firewall(struct script_config *c)
{
	c->model.kind = NAT_KIND_FIREWALL;
}

static void serving(struct script_config *c)
{
	c->forwards[0] =
		(struct nat_forward){ IP_PROTO_TCP, 21, 21, script_endpoint("192.168.1.2:21") };
	c->nat.forwards = c->forwards;
	c->nat.forwards_len = 1;
}

/* Who may open the data connection, after "PORT 192,168,1,2,15,160". */
static const struct data_row {
	const char *name;
	void (*tune)(struct script_config *config);
	const char *said, *to; /* where it leads from outside */
	bool without; /* the gateway */
} data_rows[] = {
	{ "mapping endpoint-independent", NULL, "PORT 11,2,0,1,15,160\r\n", "11.2.0.1:4000",
	  false },
	{ "filtering address-dependent", by_address, "PORT 11,2,0,1,15,160\r\n", "11.2.0.1:4000",
	  false },
	{ "mapping address-and-port-dependent", symmetric, "PORT 11,2,0,1,78,33\r\n",
	  "11.2.0.1:20001", false },
	{ "firewall", firewall, "PORT 192,168,1,2,15,160\r\n", "192.168.1.2:4000", false },
	{ "without a gateway", NULL, "PORT 192,168,1,2,15,160\r\n", "11.2.0.1:4000", true },
};

static void data_gets_in(void **state)
{
	const struct data_row *row = *state;
	static const struct step syn[] = { { 'i', "TCP 192.168.1.2:5000 > 11.1.1.2:21 SYN seq 99",
					     "", "", 99, 0 } };
	struct step port = { 'i',
			     "TCP 192.168.1.2:5000 > 11.1.1.2:21 ACK seq 100 ack 500",
			     "PORT 192,168,1,2,15,160\r\n",
			     row->said,
			     100,
			     500 };
	char stranger[96], server[96], again[96];
	struct script_step steps[3] = {
		{ 0, 'o', stranger, "dropped: filtered" },
		{ 0, 'o', server, "forwarded" },
		{ 0, 'o', again, "dropped: filtered" },
	};

	make_nat(row->tune, NULL);
	if (row->without) {
		struct script_config config;

		nat_free(nat);
		script_defaults(&config);
		nat = script_nat(&config);
	}
	PLAY(syn);
	play(&port, 1);
	snprintf(stranger, sizeof(stranger), "TCP 11.1.1.3:20 > %s SYN", row->to);
	snprintf(server, sizeof(server), "TCP 11.1.1.2:30123 > %s SYN", row->to);
	snprintf(again, sizeof(again), "TCP 11.1.1.3:20 > %s SYN", row->to);
	steps[1].want = "TCP 11.1.1.2:30123 > 192.168.1.2:4000";
	for (size_t i = 0; row->without && i < 3; i++)
		steps[i].want = "dropped: no mapping";
	for (size_t i = 0; i < 3; i++)
		script_step(nat, &steps[i], row->name);
}

/* A server inside says where it waits; whoever holds its control connection may come. */
static void a_server_inside(void **state)
{
	static const struct step steps[] = {
		{ 'o', "TCP 11.1.1.2:4000 > 11.2.0.1:21 SYN seq 99", "", "", 99, 0 },
		{ 'i', "TCP 192.168.1.2:21 > 11.1.1.2:4000 SYN ACK seq 499 ack 100", "", "", 499,
		  100 },
		{ 'i', "TCP 192.168.1.2:21 > 11.1.1.2:4000 ACK seq 500 ack 100",
		  "227 Entering Passive Mode (192,168,1,2,15,160).\r\n",
		  "227 Entering Passive Mode (11,2,0,1,15,160).\r\n", 500, 100 },
		{ 'i', "TCP 192.168.1.2:21 > 11.1.1.2:4000 ACK seq 549 ack 100",
		  "229 Entering Extended Passive Mode (|||5000|)\r\n",
		  "229 Entering Extended Passive Mode (|||5000|)\r\n", 546, 100 },
		{ 'o', "TCP 11.1.1.2:4001 > 11.2.0.1:4000 SYN seq 7", "", "", 7, 0 },
		{ 'o', "TCP 11.1.1.2:4002 > 11.2.0.1:5000 SYN seq 8", "", "", 8, 0 },
		{ 'o', "TCP 11.1.1.3:4001 > 11.2.0.1:5000 SYN seq 7", "", NULL, 0, 0 },
	};

	(void)state;
	make_nat(serving, NULL);
	PLAY(steps);
}

/* RFC 2018: blocks are numbers of the same stream; the option stands where it likes. */
static void selective_acknowledgements(void **state)
{
	static const struct step steps[] = {
		{ 'i', C "SYN seq 99", "", "", 99, 0 },
		{ 'i', C "ACK seq 100 ack 500", "PORT 192,168,1,2,15,160\r\n",
		  "PORT 11,2,0,1,15,160\r\n", 100, 500 },
	};

	(void)state;
	make_nat(NULL, NULL);
	PLAY(steps);
	for (size_t at = 0; at <= 2; at++) {
		uint8_t bytes[ROOM], options[12] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
		struct packet pkt = { .data = bytes, .room = ROOM };
		struct packet_info info;

		options[at] = 5;
		options[at + 1] = 10;
		put_be32(options + at + 2, 122);
		put_be32(options + at + 6, 150);
		script_write(&pkt, S "ACK seq 500 ack 122");
		packet_parse(&pkt, &info);
		packet_set_payload(&pkt, &info, options, sizeof(options));
		packet_set_tcp_word(&pkt, &info, OFFSET_AND_FLAGS, 8U << 28 | 0x10 << 16 | 1000);
		assert_true(packet_checksums_ok(&pkt));
		assert_int_equal(nat_process(nat, NAT_OUTSIDE, &pkt, 0).outcome, NAT_FORWARD);
		assert_true(packet_checksums_ok(&pkt));
		assert_int_equal(get_be32(bytes + 40 + at + 2), 125);
		assert_int_equal(get_be32(bytes + 40 + at + 6), 153);
	}
}

/* A client that cuts its stream anew each time, and a network that loses, repeats and reorders. */
struct transfer {
	struct chance chance;
	char said[STREAM], wanted[STREAM], got[STREAM];
	bool has[STREAM];
	size_t said_len, wanted_len;
	size_t acknowledged, sent, received; /* in said, in said, in got */
	struct {
		bool flies;
		uint32_t seq;
		size_t len;
		char text[ROOM];
	} flying[FLYING];
};

static uint32_t dice(struct transfer *t, uint32_t sides)
{
	return chance_below(&t->chance, sides);
}

static void write_commands(struct transfer *t, const char *own, const char *outside)
{
	for (int i = 0; i < 12; i++) {
		int high = i % 3 ? i : 100 + i, low = 7 * i + 1;

		t->said_len += (size_t)sprintf(t->said + t->said_len,
					       "NOOP %d\r\nPORT %s,%d,%d\r\nLIST\r\n", i, own, high,
					       low);
		t->wanted_len += (size_t)sprintf(t->wanted + t->wanted_len,
						 "NOOP %d\r\nPORT %s,%d,%d\r\nLIST\r\n", i, outside,
						 high, low);
	}
}

static void client_speaks(struct transfer *t)
{
	size_t from = t->acknowledged + dice(t, (uint32_t)(t->sent - t->acknowledged) + 1);
	size_t len = 1 + dice(t, 60), place = dice(t, FLYING);
	struct packet_info info;
	uint8_t bytes[ROOM];
	char header[96];

	if (from + len > t->said_len)
		len = t->said_len - from;
	if (!len)
		return;
	snprintf(header, sizeof(header), C "ACK seq %zu ack 500", BASE + from);
	if (from + len > t->sent)
		t->sent = from + len;
	if (pass(NAT_INSIDE, header, t->said + from, len, bytes, &info) != NAT_FORWARD ||
	    dice(t, 4) == 0)
		return;
	t->flying[place].flies = true;
	t->flying[place].seq = info.tcp_seq;
	t->flying[place].len = info.payload_len;
	memcpy(t->flying[place].text, bytes + info.payload_offset, info.payload_len);
}

/* What flies arrives, now or again later; no byte may be another than it was before. */
static void server_hears(struct transfer *t)
{
	size_t place = dice(t, FLYING);

	if (!t->flying[place].flies)
		return;
	t->flying[place].flies = dice(t, 3) == 0;
	for (size_t i = 0; i < t->flying[place].len; i++) {
		size_t at = t->flying[place].seq - BASE + i;

		assert_in_range(at, 0, STREAM - 1);
		if (t->has[at])
			assert_int_equal(t->got[at], t->flying[place].text[i]);
		t->has[at] = true;
		t->got[at] = t->flying[place].text[i];
	}
	while (t->has[t->received])
		t->received++;
}

static void server_acknowledges(struct transfer *t)
{
	struct packet_info info;
	uint8_t bytes[ROOM];
	char header[96];

	snprintf(header, sizeof(header), "TCP 11.1.1.2:21 > %s:4000 ACK seq 500 ack %zu",
		 t->wanted[13] == '2' ? "211.211.211.211" : "11.2.0.1", BASE + t->received);
	assert_int_equal(pass(NAT_OUTSIDE, header, "", 0, bytes, &info), NAT_FORWARD);
	assert_in_range(info.tcp_ack, BASE, BASE + t->sent);
	if (info.tcp_ack - BASE > t->acknowledged)
		t->acknowledged = info.tcp_ack - BASE;
}

static void numbers_keep_straight(const char *address, const char *tuple, uint64_t seed)
{
	static struct transfer t;
	struct packet_info info;
	uint8_t bytes[ROOM];

	t = (struct transfer){ .chance = { seed } };
	make_nat(NULL, address);
	write_commands(&t, "192,168,1,2", tuple);
	assert_int_equal(pass(NAT_INSIDE, C "SYN seq 999", "", 0, bytes, &info), NAT_FORWARD);
	for (int i = 0; i < 200000 && t.acknowledged < t.said_len; i++) {
		client_speaks(&t);
		server_hears(&t);
		if (dice(&t, 3) == 0)
			server_acknowledges(&t);
	}
	assert_int_equal(t.acknowledged, t.said_len);
	assert_int_equal(t.received, t.wanted_len);
	assert_memory_equal(t.got, t.wanted, t.wanted_len);
	nat_free(nat);
	nat = NULL;
}

static void over_loss_and_reordering(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		numbers_keep_straight("11.2.0.1", "11,2,0,1", seed);
		numbers_keep_straight("211.211.211.211", "211,211,211,211", seed);
	}
}

int main(void)
{
	enum { ROWS = sizeof(data_rows) / sizeof(data_rows[0]) };
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(shorter_by_three, teardown),
		cmocka_unit_test_teardown(what_must_wait, teardown),
		cmocka_unit_test_teardown(what_is_left_alone, teardown),
		cmocka_unit_test_teardown(a_server_inside, teardown),
		cmocka_unit_test_teardown(selective_acknowledgements, teardown),
		cmocka_unit_test(over_loss_and_reordering),
	};
	struct CMUnitTest rows[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		rows[i] = (struct CMUnitTest){ .name = data_rows[i].name,
					       .test_func = data_gets_in,
					       .teardown_func = teardown,
					       .initial_state = (void *)(uintptr_t)&data_rows[i] };
	return _cmocka_run_group_tests("FTP's data", rows, ROWS, NULL, NULL) +
	       cmocka_run_group_tests_name("FTP gateway", tests, NULL, NULL);
}
