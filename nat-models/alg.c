/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alg.h"

#include <string.h>

#include "ftp_alg.h"
#include "header_fields.h"

enum { PAYLOAD_MAX = 2048, SIP_PORT = 5060 };

static bool has(const struct passage *p, enum nat_alg alg)
{
	return p->nat->model.algs >> alg & 1;
}

/* Bytes in a row that are the address, of IP @version, wherever they stand. */
static bool replace_address(uint8_t *bytes, size_t len, uint8_t version, struct ip_addr from,
			    struct ip_addr to)
{
	const size_t size = version == 4 ? 4 : 16;
	uint8_t wanted[16];
	bool found = false;

	put_addr(wanted, version, from);
	for (size_t i = 0; i + size <= len; i++) {
		if (memcmp(bytes + i, wanted, size) != 0)
			continue;
		put_addr(bytes + i, version, to);
		found = true;
		i += size - 1;
	}
	return found;
}

/* A control connection's segment, whole? */
static bool is_ftp(const struct passage *p)
{
	return p->protocol == NAT_TCP && has(p, NAT_ALG_FTP) && p->info.version == 4 &&
	       !p->info.more_fragments && !p->info.fragment_offset;
}

void alg_prepare(struct passage *p)
{
	if (is_ftp(p))
		ftp_alg_in(p);
}

/* By those that look at one packet at a time. */
static void rewrite_packet(struct passage *p, struct endpoint from, struct endpoint to)
{
	const uint8_t *payload = p->pkt->data + p->info.payload_offset;
	uint8_t bytes[PAYLOAD_MAX];
	size_t len = p->info.payload_len;

	if (p->protocol == NAT_ICMP || len > sizeof(bytes))
		return;
	if (p->protocol == NAT_UDP && p->info.version == 4 && has(p, NAT_ALG_SIP) &&
	    (p->info.src.port == SIP_PORT || p->info.dst.port == SIP_PORT)) {
		len = sip_alg_rewrite(p, (const char *)payload, len, from, to, (char *)bytes,
				      sizeof(bytes));
		if (len)
			packet_set_payload(p->pkt, &p->info, bytes, len);
		return;
	}
	if (!has(p, NAT_ALG_ADDRESS_REWRITER))
		return;
	memcpy(bytes, payload, len);
	if (replace_address(bytes, len, p->info.version, from.addr, to.addr))
		packet_set_payload(p->pkt, &p->info, bytes, len);
}

bool alg_rewrite(struct passage *p, struct endpoint from, struct endpoint to)
{
	if (is_ftp(p) && p->side == NAT_INSIDE &&
	    (from.port == FTP_CONTROL_PORT || p->info.dst.port == FTP_CONTROL_PORT))
		return ftp_alg_out(p, from, to);
	rewrite_packet(p, from, to);
	return true;
}

void alg_rewrite_hairpin(struct passage *p, struct endpoint from, struct endpoint to,
			 struct endpoint target_from, struct endpoint target_to)
{
	rewrite_packet(p, from, to);
	p->side = NAT_OUTSIDE; /* It comes in. */
	rewrite_packet(p, target_from, target_to);
	p->side = NAT_INSIDE;
}
