/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <string.h>

enum { NOTE = sizeof(struct virtio_net_hdr), TCP_OFFSET = 12, UDP_HEADER = 8 };

static_assert(FRAME_PREFIX == NOTE + ETH_HLEN, "the prefix is these two");

static struct virtio_net_hdr write_offload(const struct packet_offload *o)
{
	struct virtio_net_hdr note = { 0 };

	if (!o->needs_checksum)
		return note;
	note.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	note.csum_start = (uint16_t)(o->checksum_start + ETH_HLEN);
	note.csum_offset = o->checksum_offset;
	if (!o->gso_type)
		return note;
	note.gso_type = o->gso_type;
	note.gso_size = o->gso_size;
	note.hdr_len = (uint16_t)(o->header_len + ETH_HLEN);
	return note;
}

void frame_wrap(const struct packet *pkt, uint16_t type, const uint8_t to[MAC_LEN],
		const uint8_t from[MAC_LEN], uint8_t prefix[FRAME_PREFIX])
{
	struct virtio_net_hdr note = write_offload(&pkt->offload);
	struct ethhdr ethernet = { .h_proto = htons(type) };

	memcpy(ethernet.h_dest, to, MAC_LEN);
	memcpy(ethernet.h_source, from, MAC_LEN);
	memcpy(prefix, &note, NOTE);
	memcpy(prefix + NOTE, &ethernet, ETH_HLEN);
}

uint16_t frame_type(const uint8_t prefix[FRAME_PREFIX])
{
	return (uint16_t)(prefix[FRAME_PREFIX - 2] << 8 | prefix[FRAME_PREFIX - 1]);
}

/* The kernel gives the length of what lies linear in its memory, where we want that of the
 * headers. */
static uint16_t header_len(const struct packet *pkt, uint8_t gso_type)
{
	uint32_t start = pkt->offload.checksum_start;

	gso_type &= (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	if (gso_type != VIRTIO_NET_HDR_GSO_TCPV4 && gso_type != VIRTIO_NET_HDR_GSO_TCPV6)
		return (uint16_t)(start + UDP_HEADER);
	if (start + TCP_OFFSET >= pkt->len)
		return 0;
	return (uint16_t)(start + (pkt->data[start + TCP_OFFSET] >> 4) * 4U);
}

void frame_read_offload(const uint8_t prefix[FRAME_PREFIX], struct packet *pkt)
{
	struct packet_offload *o = &pkt->offload;
	struct virtio_net_hdr note;

	memcpy(&note, prefix, NOTE);
	*o = (struct packet_offload){ 0 };
	if (!(note.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || note.csum_start < ETH_HLEN)
		return;
	o->needs_checksum = true;
	o->checksum_start = (uint16_t)(note.csum_start - ETH_HLEN);
	o->checksum_offset = note.csum_offset;
	if (note.gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return;
	o->gso_type = note.gso_type;
	o->gso_size = note.gso_size;
	o->header_len = header_len(pkt, note.gso_type);
}

void frame_multicast_mac(uint32_t v4, uint8_t ret[MAC_LEN])
{
	const uint8_t mac[MAC_LEN] = {
		0x01, 0x00, 0x5e, (uint8_t)(v4 >> 16 & 0x7f), (uint8_t)(v4 >> 8), (uint8_t)v4
	};

	memcpy(ret, mac, MAC_LEN);
}

void frame_multicast_mac6(const uint8_t *group, uint8_t ret[MAC_LEN])
{
	ret[0] = ret[1] = 0x33;
	memcpy(ret + 2, group + 12, 4);
}
