/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format of before pcapng: one link type, no interfaces, no directions, no comments.
 */
#include <errno.h>
#include <inttypes.h>

#include "pcapng_internal.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16 };

#define MAGIC_USEC 0xa1b2c3d4U
#define MAGIC_NSEC 0xa1b23c4dU

static bool is_magic(uint32_t magic)
{
	return magic == MAGIC_USEC || magic == MAGIC_NSEC;
}

bool pcap_classic_magic(const struct pcapng *reader)
{
	struct source source = reader->source;

	for (int big = 0; big < 2; big++) {
		source.big_endian = big == 1;
		if (is_magic(source_u32(&source, 0)))
			return true;
	}
	return false;
}

int pcap_classic_open(struct pcapng *reader)
{
	struct source *source = &reader->source;
	struct pcapng_interface *interface;
	int r;

	source->big_endian = false;
	if (!is_magic(source_u32(source, 0)))
		source->big_endian = true;
	r = source_need(source, FILE_HEADER, "a file header");
	if (r <= 0)
		return r;
	r = pcapng_add_interface(reader, &interface);
	if (r < 0)
		return r;
	/* The upper bits of the field are about frame check sequences. */
	interface->link_type = (uint16_t)(source_u32(source, 20) & 0xffff);
	if (source_u32(source, 0) == MAGIC_NSEC)
		interface->ticks_per_second = 1000000000;
	reader->classic = true;
	return 0;
}

int pcap_classic_next(struct pcapng *reader, struct pcapng_packet *ret)
{
	struct source *source = &reader->source;
	const struct pcapng_interface *interface = reader->interfaces[0];
	uint32_t len;
	int r;

	source_begin(source);
	r = source_need(source, RECORD_HEADER, "a record's header");
	if (r <= 0)
		return r;
	len = source_u32(source, 8);
	if (len > PCAPNG_BLOCK_MAX)
		return source_fail(source,
				   "damaged at byte %" PRIu64
				   ": expected a packet of at most %d bytes, found one of %" PRIu32,
				   source->offset, PCAPNG_BLOCK_MAX, len);
	r = source_need(source, RECORD_HEADER + (size_t)len, "a record");
	if (r <= 0)
		return r;
	*ret = (struct pcapng_packet){
		.interface = interface,
		.time = pcapng_time(interface, source_u32(source, 0) * interface->ticks_per_second +
						       source_u32(source, 4)),
		.data = source->bytes + RECORD_HEADER,
		.len = len,
		.original_len = source_u32(source, 12),
		.comment = "",
	};
	return 1;
}
