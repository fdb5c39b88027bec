/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Foreign traffic, forged packet by packet, and the routes that are seen in it. */
#include "forge.h"

#include <errno.h>

#include "probes/wire/stun.h"
#include "probes/wire/turn.h"
#include "reports/routes.h"

#define A UINT32_C(0xc0a80102)
#define A_OUT UINT32_C(0x0b020102)
#define B UINT32_C(0xc0a80202)
#define B_OUT UINT32_C(0x0b020202)
#define S UINT32_C(0x0b010102)

#define SECOND UINT64_C(1000000000)

enum { PA = 4000, PA_OUT = 14000, PB = 5000, PB_OUT = 15000, PS = 3478 };

static void say_bytes(struct forge *forge, uint32_t tap, enum pcapng_direction direction,
		      struct endpoint from, struct endpoint to, const uint8_t *payload, size_t len)
{
	uint8_t bytes[2048];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	assert_int_equal(packet_make_udp(&pkt, from, to, 64, payload, len), 0);
	forge_bytes(forge, tap, direction, pkt.data, pkt.len, NULL);
}

static void fill(uint8_t *bytes, unsigned seed, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)((seed + 1) * 2654435761u >> i % 24);
}

/* One datagram at one tap; its content is @seed's, @len bytes after @header ones. */
static void say(struct forge *forge, uint32_t tap, enum pcapng_direction direction,
		struct endpoint from, struct endpoint to, unsigned seed, size_t header, size_t len)
{
	uint8_t payload[1400];

	memset(payload, 0x40, header);
	fill(payload + header, seed, len);
	say_bytes(forge, tap, direction, from, to, payload, header + len);
}

static struct endpoint at(uint32_t addr, uint16_t port)
{
	return forge_endpoint(addr, port);
}

static void a_sends(struct forge *forge, unsigned seed)
{
	say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(B_OUT, PB_OUT), seed, 0, 100);
}

static void b_gets(struct forge *forge, unsigned seed)
{
	say(forge, BOB, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(B, PB), seed, 0, 100);
}

static void b_sends(struct forge *forge, unsigned seed)
{
	say(forge, BOB, PCAPNG_OUTBOUND, at(B, PB), at(A_OUT, PA_OUT), seed, 0, 100);
}

static void a_gets(struct forge *forge, unsigned seed)
{
	say(forge, ALICE, PCAPNG_INBOUND, at(B_OUT, PB_OUT), at(A, PA), seed, 0, 100);
}

/* Each opens its own NAT: both have spoken before they hear. */
static void punch(struct forge *forge, unsigned n)
{
	a_sends(forge, 1000);
	b_sends(forge, 1001);
	for (unsigned i = 0; i < n; i++) {
		a_sends(forge, 2 * i);
		b_gets(forge, 2 * i);
		b_sends(forge, 2 * i + 1);
		a_gets(forge, 2 * i + 1);
	}
}

/* One turn of a host's loop: what it sends, and what comes, are of the same time. */
static void punch_in_a_tick(struct forge *forge)
{
	b_sends(forge, 1001);
	forge->now -= 1000000;
	a_sends(forge, 0);
	forge->now -= 1000000;
	b_gets(forge, 0);
	for (unsigned i = 1; i < 6; i++) {
		b_sends(forge, 2 * i + 1);
		a_gets(forge, 2 * i + 1);
	}
}

static void punch5(struct forge *forge)
{
	punch(forge, 5);
}

static void answer(struct forge *forge)
{
	for (unsigned i = 0; i < 5; i++) {
		a_sends(forge, 2 * i);
		b_gets(forge, 2 * i);
		b_sends(forge, 2 * i + 1);
		a_gets(forge, 2 * i + 1);
	}
}

/* TURN's way: alice's datagrams have a header of 4, bob's have none. */
static void turn(struct forge *forge, unsigned n, unsigned seed)
{
	for (unsigned i = seed; i < seed + n; i++) {
		say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(S, PS), 2 * i, 4, 100);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(S, PS), 2 * i, 4, 100);
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, 50000), at(B_OUT, PB_OUT), 2 * i, 0,
		    100);
		say(forge, BOB, PCAPNG_INBOUND, at(S, 50000), at(B, PB), 2 * i, 0, 100);
		say(forge, BOB, PCAPNG_OUTBOUND, at(B, PB), at(S, 50000), 2 * i + 1, 0, 100);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(B_OUT, PB_OUT), at(S, 50000), 2 * i + 1, 0,
		    100);
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, PS), at(A_OUT, PA_OUT), 2 * i + 1, 4,
		    100);
		say(forge, ALICE, PCAPNG_INBOUND, at(S, PS), at(A, PA), 2 * i + 1, 4, 100);
	}
}

/* Alice's, in a Send or Data indication: with padding and the peer's address behind the data. */
static void indicate(struct forge *forge, uint16_t method, bool out, unsigned seed, size_t len)
{
	static const uint8_t transaction[STUN_TRANSACTION] = { 0x21, 0x12, 0xa4, 0x42 };
	struct endpoint a = at(A, PA), a_out = at(A_OUT, PA_OUT), s = at(S, PS);
	uint8_t data[200], bytes[512];
	struct stun_writer w;
	size_t n;

	fill(data, seed, len);
	stun_begin(&w, bytes, sizeof(bytes), STUN_INDICATION, method, transaction);
	stun_add(&w, STUN_DATA, data, len);
	stun_add_address(&w, STUN_XOR_PEER_ADDRESS, at(B_OUT, PB_OUT));
	n = stun_end(&w);
	if (out) {
		say_bytes(forge, ALICE, PCAPNG_OUTBOUND, a, s, bytes, n);
		say_bytes(forge, SUPERNODE, PCAPNG_INBOUND, a_out, s, bytes, n);
	} else {
		say_bytes(forge, SUPERNODE, PCAPNG_OUTBOUND, s, a_out, bytes, n);
		say_bytes(forge, ALICE, PCAPNG_INBOUND, s, a, bytes, n);
	}
}

static void relay_by_indications(struct forge *forge)
{
	for (unsigned i = 0; i < 5; i++) {
		indicate(forge, TURN_SEND, true, 2 * i, 101);
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, 50000), at(B_OUT, PB_OUT), 2 * i, 0,
		    101);
		say(forge, BOB, PCAPNG_INBOUND, at(S, 50000), at(B, PB), 2 * i, 0, 101);
		say(forge, BOB, PCAPNG_OUTBOUND, at(B, PB), at(S, 50000), 2 * i + 1, 0, 101);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(B_OUT, PB_OUT), at(S, 50000), 2 * i + 1, 0,
		    101);
		indicate(forge, TURN_DATA, false, 2 * i + 1, 101);
	}
}

static void relay(struct forge *forge)
{
	turn(forge, 5, 0);
}

/* As with TLS: nothing of what comes is in what goes, but its amount. */
static void secret_relay(struct forge *forge)
{
	for (unsigned i = 0; i < 20; i++) {
		say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(S, PS), 3 * i, 0, 1000);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(S, PS), 3 * i, 0, 1000);
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, PS), at(B_OUT, PB_OUT), 3 * i + 1, 0,
		    1010);
		say(forge, BOB, PCAPNG_INBOUND, at(S, PS), at(B, PB), 3 * i + 1, 0, 1010);
		say(forge, BOB, PCAPNG_OUTBOUND, at(B, PB), at(S, PS), 3 * i + 2, 0, 20);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(B_OUT, PB_OUT), at(S, PS), 3 * i + 2, 0,
		    20);
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, PS), at(A_OUT, PA_OUT), 3 * i, 7, 20);
		say(forge, ALICE, PCAPNG_INBOUND, at(S, PS), at(A, PA), 3 * i, 7, 20);
	}
}

/* The server gets @in bytes from alice, in datagrams of at most 1000. */
static void upload(struct forge *forge, size_t in)
{
	for (size_t len; in > 0; in -= len) {
		len = in < 1000 ? in : 1000;
		say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(S, PS), 2 * (unsigned)in, 0, len);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(S, PS),
		    2 * (unsigned)in, 0, len);
	}
}

/* And bob gets @out bytes from it, none of which are the same. */
static void download(struct forge *forge, size_t out)
{
	for (size_t len; out > 0; out -= len) {
		len = out < 1000 ? out : 1000;
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, PS), at(B_OUT, PB_OUT),
		    2 * (unsigned)out + 1, 0, len);
		say(forge, BOB, PCAPNG_INBOUND, at(S, PS), at(B, PB), 2 * (unsigned)out + 1, 0,
		    len);
	}
}

/* Kept for a second: the one is over before the other begins. */
static void mailbox_of(struct forge *forge, size_t in, size_t out)
{
	upload(forge, in);
	forge->now += SECOND;
	download(forge, out);
}

static void mailbox(struct forge *forge)
{
	mailbox_of(forge, 20000, 20000);
}

static void least_mailbox(struct forge *forge)
{
	mailbox_of(forge, 8192, 8192);
}

static void too_little_came(struct forge *forge)
{
	mailbox_of(forge, 8191, 8192);
}

static void too_little_went(struct forge *forge)
{
	mailbox_of(forge, 8192, 8191);
}

static void fifth_is_lost(struct forge *forge)
{
	mailbox_of(forge, 20000, 16000);
}

static void more_than_a_fifth_is_lost(struct forge *forge)
{
	mailbox_of(forge, 20000, 15999);
}

static void fifth_is_added(struct forge *forge)
{
	mailbox_of(forge, 16000, 20000);
}

static void more_than_a_fifth_is_added(struct forge *forge)
{
	mailbox_of(forge, 15999, 20000);
}

/* What bob has got already cannot be what alice uploads now. */
static void download_before(struct forge *forge)
{
	download(forge, 20000);
	forge->now += SECOND;
	upload(forge, 20000);
}

/* A server that both talk to: requests go in, other and larger things come out. */
static void same_server(struct forge *forge)
{
	for (unsigned i = 0; i < 20; i++) {
		say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(S, PS), 4 * i, 0, 30);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(S, PS), 4 * i, 0, 30);
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, PS), at(A_OUT, PA_OUT), 4 * i + 1, 0,
		    1000);
		say(forge, ALICE, PCAPNG_INBOUND, at(S, PS), at(A, PA), 4 * i + 1, 0, 1000);
		say(forge, BOB, PCAPNG_OUTBOUND, at(B, PB), at(S, PS), 4 * i + 2, 0, 30);
		say(forge, SUPERNODE, PCAPNG_INBOUND, at(B_OUT, PB_OUT), at(S, PS), 4 * i + 2, 0,
		    30);
		say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, PS), at(B_OUT, PB_OUT), 4 * i + 3, 0,
		    1000);
		say(forge, BOB, PCAPNG_INBOUND, at(S, PS), at(B, PB), 4 * i + 3, 0, 1000);
	}
}

static void relay_then_punch(struct forge *forge)
{
	turn(forge, 5, 100);
	punch(forge, 20);
}

static void punch_then_relay(struct forge *forge)
{
	punch(forge, 5);
	turn(forge, 20, 100);
}

/* A file at first, and after it less in all, but for longer. */
static void mailbox_then_punch(struct forge *forge)
{
	upload(forge, 20000);
	download(forge, 20000);
	forge->now += SECOND;
	for (unsigned i = 0; i < 4; i++) {
		punch(forge, 2);
		forge->now += SECOND;
	}
}

static void file_by_punch_then_relay(struct forge *forge)
{
	punch(forge, 40);
	for (unsigned i = 0; i < 4; i++) {
		forge->now += SECOND;
		turn(forge, 1, 100 + i);
	}
}

/* What closes the relay's flow comes when nothing more is said. */
static void mailbox_then_punch_and_empty(struct forge *forge)
{
	mailbox_then_punch(forge);
	forge->now += 10 * SECOND;
	say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, PS), at(B_OUT, PB_OUT), 0, 0, 0);
	say(forge, BOB, PCAPNG_INBOUND, at(S, PS), at(B, PB), 0, 0, 0);
}

/* Something by a relay comes @early ns before the last quarter begins: there is less in that. */
static void relay_early(struct forge *forge, uint64_t early)
{
	uint64_t begin = forge->now + SECOND / 1000;

	a_sends(forge, 1);
	b_gets(forge, 1);
	forge->now = begin + 3 * SECOND - 3 * SECOND / 1000 - early;
	say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(S, PS), 2, 4, 100);
	say(forge, SUPERNODE, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(S, PS), 2, 4, 100);
	say(forge, SUPERNODE, PCAPNG_OUTBOUND, at(S, 50000), at(B_OUT, PB_OUT), 2, 0, 100);
	say(forge, BOB, PCAPNG_INBOUND, at(S, 50000), at(B, PB), 2, 0, 100);
	forge->now = begin + 4 * SECOND - SECOND / 1000;
	say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(B_OUT, PB_OUT), 3, 0, 50);
	say(forge, BOB, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(B, PB), 3, 0, 50);
}

static void relay_in_the_last_quarter(struct forge *forge)
{
	relay_early(forge, 0);
}

static void relay_before_the_last_quarter(struct forge *forge)
{
	relay_early(forge, 1);
}

/* What is written last came first, at 1 s: so the last quarter is from 7.75 s to 10 s. */
static void written_out_of_order(struct forge *forge)
{
	a_sends(forge, 1);
	a_sends(forge, 3);
	forge->now = 5 * SECOND;
	b_gets(forge, 1);
	forge->now = 8 * SECOND;
	turn(forge, 1, 2);
	forge->now = 10 * SECOND;
	a_sends(forge, 6);
	b_gets(forge, 6);
	forge->now = SECOND;
	b_gets(forge, 3);
}

/* Both speak first; one of them is as the world sees it. */
static void one_is_hidden(struct forge *forge, struct endpoint a, struct endpoint b)
{
	struct endpoint a_out = at(A_OUT, PA_OUT), b_out = at(B_OUT, PB_OUT);

	say(forge, ALICE, PCAPNG_OUTBOUND, a, b_out, 1000, 0, 100);
	say(forge, BOB, PCAPNG_OUTBOUND, b, a_out, 1001, 0, 100);
	for (unsigned i = 0; i < 5; i++) {
		say(forge, ALICE, PCAPNG_OUTBOUND, a, b_out, 2 * i, 0, 100);
		say(forge, BOB, PCAPNG_INBOUND, a_out, b, 2 * i, 0, 100);
		say(forge, BOB, PCAPNG_OUTBOUND, b, a_out, 2 * i + 1, 0, 100);
		say(forge, ALICE, PCAPNG_INBOUND, b_out, a, 2 * i + 1, 0, 100);
	}
}

static void only_alice_is_hidden(struct forge *forge)
{
	one_is_hidden(forge, at(A, PA), at(B_OUT, PB_OUT));
}

static void only_bob_is_hidden(struct forge *forge)
{
	one_is_hidden(forge, at(A_OUT, PA_OUT), at(B, PB));
}

static void none_is_hidden(struct forge *forge)
{
	one_is_hidden(forge, at(A_OUT, PA_OUT), at(B_OUT, PB_OUT));
}

/* Alice's went nowhere, and bob's came in: to another port, as with TCP. */
static void reversal(struct forge *forge)
{
	say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA + 1), at(B_OUT, 80), 1000, 0, 40);
	for (unsigned i = 0; i < 5; i++) {
		b_sends(forge, 2 * i + 1);
		a_gets(forge, 2 * i + 1);
		a_sends(forge, 2 * i);
		b_gets(forge, 2 * i);
	}
}

static void lost(struct forge *forge)
{
	a_sends(forge, 1);
	b_sends(forge, 2);
}

static void one_way(struct forge *forge)
{
	a_sends(forge, 1);
	b_gets(forge, 1);
}

static void only_empty(struct forge *forge)
{
	for (unsigned i = 0; i < 2; i++) {
		say(forge, ALICE, PCAPNG_OUTBOUND, at(A, PA), at(B_OUT, PB_OUT), 0, 0, 0);
		say(forge, BOB, PCAPNG_INBOUND, at(A_OUT, PA_OUT), at(B, PB), 0, 0, 0);
	}
}

static const struct row {
	const char *name;
	void (*forge)(struct forge *forge);
	bool connected;
	size_t routes;
	enum method method;
	const char *relay;
	uint64_t there, back;
} rows[] = {
	{ "both spoke first", punch5, true, 1, METHOD_PUNCH, NULL, 500, 500 },
	{ "both spoke first, and one of them heard in that tick", punch_in_a_tick, true, 1,
	  METHOD_PUNCH, NULL, 100, 500 },
	{ "one spoke first", answer, true, 1, METHOD_DIRECT, NULL, 500, 500 },
	{ "one tried in vain, and the other came", reversal, true, 1, METHOD_REVERSAL, NULL, 500,
	  500 },
	{ "a relay repeats what it gets", relay, true, 1, METHOD_RELAY, "supernode", 500, 520 },
	{ "a relay by TURN's indications", relay_by_indications, true, 1, METHOD_RELAY, "supernode",
	  505, 700 },
	{ "a relay that rewrites everything", secret_relay, true, 1, METHOD_RELAY, "supernode",
	  20200, 540 },
	{ "a server of both is no relay", same_server, false, 0, METHOD_DIRECT, NULL, 0, 0 },
	{ "a relay first, then punched", relay_then_punch, true, 2, METHOD_PUNCH, NULL, 2000,
	  2000 },
	{ "punched first, then a relay", punch_then_relay, true, 2, METHOD_RELAY, "supernode", 2000,
	  2080 },
	{ "a relay keeps what it gets and rewrites it", mailbox, false, 1, METHOD_RELAY,
	  "supernode", 20000, 0 },
	{ "the least that volumes show", least_mailbox, false, 1, METHOD_RELAY, "supernode", 8192,
	  0 },
	{ "a byte less came", too_little_came, false, 0, METHOD_DIRECT, NULL, 0, 0 },
	{ "a byte less went", too_little_went, false, 0, METHOD_DIRECT, NULL, 0, 0 },
	{ "a fifth less went than came", fifth_is_lost, false, 1, METHOD_RELAY, "supernode", 16000,
	  0 },
	{ "more than a fifth less went", more_than_a_fifth_is_lost, false, 0, METHOD_DIRECT, NULL,
	  0, 0 },
	{ "a fifth less came than went", fifth_is_added, false, 1, METHOD_RELAY, "supernode", 20000,
	  0 },
	{ "more than a fifth less came", more_than_a_fifth_is_added, false, 0, METHOD_DIRECT, NULL,
	  0, 0 },
	{ "as much went, but before anything came", download_before, false, 0, METHOD_DIRECT, NULL,
	  0, 0 },
	{ "a file by a relay, then little, punched", mailbox_then_punch, true, 2, METHOD_PUNCH,
	  NULL, 800, 800 },
	{ "a file, punched, then little by a relay", file_by_punch_then_relay, true, 2,
	  METHOD_RELAY, "supernode", 400, 416 },
	{ "a file by a relay, which is closed at the end", mailbox_then_punch_and_empty, true, 2,
	  METHOD_PUNCH, NULL, 800, 800 },
	{ "most as the last quarter begins", relay_in_the_last_quarter, false, 2, METHOD_RELAY,
	  "supernode", 100, 0 },
	{ "most 1 ns before it begins", relay_before_the_last_quarter, false, 2, METHOD_DIRECT,
	  NULL, 150, 0 },
	{ "packets are written out of order", written_out_of_order, true, 2, METHOD_RELAY,
	  "supernode", 100, 104 },
	{ "both spoke first, alice hidden", only_alice_is_hidden, true, 1, METHOD_DIRECT, NULL, 500,
	  500 },
	{ "both spoke first, bob hidden", only_bob_is_hidden, true, 1, METHOD_REVERSAL, NULL, 500,
	  500 },
	{ "both spoke first, neither hidden", none_is_hidden, true, 1, METHOD_DIRECT, NULL, 500,
	  500 },
	{ "nothing arrived", lost, false, 0, METHOD_DIRECT, NULL, 0, 0 },
	{ "one way only", one_way, false, 1, METHOD_DIRECT, NULL, 100, 0 },
};

static void read_routes(void (*make)(struct forge *forge), struct flows *flows,
			struct routes *routes)
{
	struct forge *forge = forge_lab();
	char error[256];

	make(forge);
	assert_int_equal(flows_read(forge_write(forge), flows, error, sizeof(error)), 0);
	assert_int_equal(routes_between(flows, "alice", "bob", routes), 0);
	forge_free(forge);
}

static void a_route_is_seen(void **state)
{
	const struct row *row = *state;
	char sentence[1024];
	struct flows flows;
	struct routes routes;

	read_routes(row->forge, &flows, &routes);
	print_message("%s\n", routes_sentence(&routes, sentence, sizeof(sentence)));
	assert_int_equal(routes.len, row->routes);
	assert_int_equal(routes_connected(&routes), row->connected);
	if (row->routes > 0) {
		const struct route *end = &routes.routes[routes.end];

		assert_int_equal(end->method, row->method);
		assert_int_equal(end->bytes[0], row->there);
		assert_int_equal(end->bytes[1], row->back);
		assert_int_equal(!end->relay, !row->relay);
		if (row->relay)
			assert_string_equal(end->relay, row->relay);
	}
	routes_clear(&routes);
	flows_clear(&flows);
}

/* Whoever asks the other way round gets the same, seen from there. */
static void routes_are_the_same_from_both_ends(void **state)
{
	struct forge *forge = forge_lab();
	char error[256];
	struct flows flows;
	struct routes routes;

	(void)state;
	relay_then_punch(forge);
	a_sends(forge, 500);
	b_gets(forge, 500);
	assert_int_equal(flows_read(forge_write(forge), &flows, error, sizeof(error)), 0);
	assert_int_equal(routes_between(&flows, "bob", "alice", &routes), 0);
	assert_int_equal(routes.routes[routes.end].method, METHOD_PUNCH);
	assert_int_equal(routes.routes[routes.end].bytes[0], 2000);
	assert_int_equal(routes.routes[routes.end].bytes[1], 2100);
	routes_clear(&routes);
	assert_int_equal(routes_between(&flows, "bob", "carol", &routes), -ENOENT);
	flows_clear(&flows);
	forge_free(forge);
}

/* A route lasts as long as its payload does; one that had none, as long as it was seen at all. */
static void an_empty_packet_prolongs_nothing(void **state)
{
	struct flows flows;
	struct routes routes;

	(void)state;
	read_routes(mailbox_then_punch_and_empty, &flows, &routes);
	assert_int_equal(routes.len, 2);
	/* Twenty datagrams in and out, 1 ms a packet; the empty one is counted all the same. */
	assert_int_equal(routes.routes[0].last, 79 * SECOND / 1000);
	assert_int_equal(routes.routes[0].packets[0], 21);
	routes_clear(&routes);
	flows_clear(&flows);
	read_routes(only_empty, &flows, &routes);
	assert_int_equal(routes.len, 1);
	assert_int_equal(routes.end, 0);
	assert_int_equal(routes.routes[0].first, SECOND / 1000);
	assert_int_equal(routes.routes[0].last, 3 * SECOND / 1000);
	routes_clear(&routes);
	flows_clear(&flows);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(rows) / sizeof(*rows) + 2];
	size_t n = 0;

	for (; n < sizeof(rows) / sizeof(*rows); n++)
		tests[n] = (struct CMUnitTest){ rows[n].name, a_route_is_seen, NULL, NULL,
						(void *)&rows[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(routes_are_the_same_from_both_ends);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(an_empty_packet_prolongs_nothing);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
