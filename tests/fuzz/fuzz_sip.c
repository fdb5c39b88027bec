/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Payloads through the gateways for SIP and for addresses, from both sides: the packet remains one,
 * with the checksums and lengths right, whatever was in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/nat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

enum { ROOM = 2048, SIP_PORT = 5060 };

static const struct endpoint inside = { { 0, 0xffffc0a80102ULL }, SIP_PORT }; /* 192.168.1.2 */
static const struct endpoint server = { { 0, 0xffff0b010102ULL }, SIP_PORT }; /* 11.1.1.2 */

/* Send @data; where it leaves, as whom in *ret_src. */
static bool pass(struct nat *nat, enum nat_side side, struct endpoint src, struct endpoint dst,
		 const uint8_t *data, size_t size, struct endpoint *ret_src)
{
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct packet_info info;

	require(packet_make_udp(&pkt, src, dst, 64, data, size) == 0);
	if (nat_process(nat, side, &pkt, 0).outcome != NAT_FORWARD)
		return false;
	require(pkt.len <= pkt.room);
	require(packet_parse(&pkt, &info) == PACKET_OK && packet_checksums_ok(&pkt));
	*ret_src = info.src;
	return true;
}

static void check(unsigned algs, const uint8_t *data, size_t size)
{
	const struct ip_addr pool = ip_addr_v4(0x0b020001);
	const struct nat_config config = {
		.pool = &pool,
		.pool_len = 1,
		.inside_addr = ip_addr_v4(0xc0a80101),
		.inside = { ip_addr_v4(0xc0a80100), 120 },
		.seed = 1,
	};
	struct endpoint outside, other;
	struct nat_model model;
	struct nat *nat;

	nat_model_defaults(&model);
	model.algs = (uint8_t)algs;
	require(nat_new(&model, &config, &nat) == 0);
	require(pass(nat, NAT_INSIDE, inside, server, data, size, &outside));
	pass(nat, NAT_OUTSIDE, server, outside, data, size, &other);
	nat_free(nat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size = size < ROOM - 28 ? size : ROOM - 28;
	check(1U << NAT_ALG_SIP, data, size);
	check(1U << NAT_ALG_ADDRESS_REWRITER, data, size);
	return 0;
}
