/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A NAT that lives on lent memory gives all of it back; packets known to be plain stay what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/nat.h"
#include "nat-models/packet_family.h"

enum { ROOM = 2048, FLOWS = 300 };

struct lender {
	size_t pieces, bytes, most;
};

/* What need not be zero is not. */
static void *take(void *arg, size_t size, size_t zero)
{
	struct lender *lender = arg;
	void *piece = malloc(size);

	if (!piece)
		return NULL;
	memset(piece, 0xa5, size);
	memset(piece, 0, zero);
	lender->pieces++;
	lender->bytes += size;
	if (lender->bytes > lender->most)
		lender->most = lender->bytes;
	return piece;
}

static void give(void *arg, void *piece, size_t size)
{
	struct lender *lender = arg;

	lender->pieces--;
	lender->bytes -= size;
	free(piece);
}

static const struct endpoint server = { { 0, 0xffff0b010101 }, 7 };

static struct packet datagram(uint8_t bytes[ROOM], uint16_t port)
{
	const struct endpoint host = { ip_addr_v4(0xc0a80102), port };
	struct packet pkt = { .data = bytes, .room = ROOM };

	assert_int_equal(packet_make_udp(&pkt, host, server, 64, "hello", 5), 0);
	return pkt;
}

static struct nat *make_nat(struct lender *lender)
{
	const struct ip_addr outside = ip_addr_v4(0x0b020001);
	struct nat_model model;
	struct nat_config config = {
		.inside = { ip_addr_v4(0xc0a80100), 120 },
		.inside_addr = ip_addr_v4(0xc0a80101),
		.pool = &outside,
		.pool_len = 1,
		.seed = 1,
		.memory = { take, give, lender },
	};
	struct nat *nat;

	nat_model_defaults(&model);
	assert_int_equal(nat_new(&model, &config, &nat), 0);
	return nat;
}

/* Tables begin on lent memory, and outgrow it. */
static void everything_is_given_back(void **state)
{
	struct lender lender = { 0 };
	struct nat *nat = make_nat(&lender);
	uint8_t bytes[ROOM];

	(void)state;
	assert_true(lender.bytes > 0);
	for (int i = 0; i < FLOWS; i++) {
		struct packet pkt = datagram(bytes, (uint16_t)(4000 + i));

		assert_int_equal(nat_process(nat, NAT_INSIDE, &pkt, (uint64_t)i).outcome,
				 NAT_FORWARD);
	}
	assert_true(lender.pieces > 3);
	nat_free(nat);
	assert_int_equal(lender.pieces, 0);
	assert_int_equal(lender.bytes, 0);
}

/* Payloads of every sum, so that checksums take every value, 0xffff for zero among them. */
static struct packet with_sum(uint8_t bytes[ROOM], uint16_t sum, bool inside)
{
	const struct endpoint host = { ip_addr_v4(inside ? 0xc0a80102 : 0x0b020001), 4000 };
	const uint8_t payload[] = { (uint8_t)(sum >> 8), (uint8_t)sum };
	struct packet pkt = { .data = bytes, .room = ROOM };

	assert_int_equal(packet_make_udp(&pkt, inside ? host : server, inside ? server : host, 64,
					 payload, sizeof(payload)),
			 0);
	return pkt;
}

/* A NAT does the same to a packet that is said to be plain, and leaves it plain, on all of the way and
 * by its shortcuts. */
static void plain_packets_are_translated_alike(void **state)
{
	uint8_t said_bytes[ROOM], read_bytes[ROOM];
	struct lender lender = { 0 };
	struct nat *first = make_nat(&lender), *second = make_nat(&lender);
	struct packet_info info;

	(void)state;
	for (uint32_t n = 0; n < 2 * 65536; n++) {
		bool inside = n % 2 == 0;
		struct packet said = with_sum(said_bytes, (uint16_t)(n / 2), inside);
		struct packet read = with_sum(read_bytes, (uint16_t)(n / 2), inside);

		assert_false(read.is_plain);
		said.is_plain = true;
		if (n % 3)
			nat_forget_shortcuts(first);
		assert_int_equal(nat_process(first, !inside, &said, n).outcome, NAT_FORWARD);
		assert_int_equal(nat_process(second, !inside, &read, n).outcome, NAT_FORWARD);
		assert_true(said.is_plain);
		assert_int_equal(said.len, read.len);
		assert_memory_equal(said.data, read.data, said.len);
		said.is_plain = false;
		assert_true(packet_checksums_ok(&said));
		assert_int_equal(packet_parse(&said, &info), PACKET_OK);
	}
	nat_free(first);
	nat_free(second);
}

/* What is made of it is something else. */
static void what_is_made_of_a_plain_packet_is_not_plain(void **state)
{
	uint8_t bytes[ROOM];
	struct packet pkt = datagram(bytes, 4000);
	struct packet_info info;

	(void)state;
	pkt.is_plain = true;
	assert_int_equal(packet_make_error(&pkt, ip_addr_v4(0x0b020001), PACKET_ERROR_PORT, 0), 0);
	assert_false(pkt.is_plain);
	pkt = datagram(bytes, 4000);
	pkt.is_plain = true;
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(packet_to_ip6(&pkt, &info), 0);
	assert_false(pkt.is_plain);
	assert_int_equal(info.version, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_given_back),
		cmocka_unit_test(plain_packets_are_translated_alike),
		cmocka_unit_test(what_is_made_of_a_plain_packet_is_not_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
