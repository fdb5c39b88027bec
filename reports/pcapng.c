/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a pcapng file is a row of blocks,
 *
 *      type (4)  total length (4)  body …  total length again (4)
 *
 * in sections that each begin with a section header block, which alone says their byte
 * order.  A block's length is checked against both of its copies, its body's fields against
 * its length; whatever is not a packet, an interface or a section is stepped over.
 */
#include "pcapng.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pcapng_internal.h"

#define BLOCK_SECTION 0x0a0d0d0aU
#define BLOCK_INTERFACE 1U
#define BLOCK_PACKET 6U
#define ORDER_MAGIC 0x1a2b3c4dU

enum { OPT_IF_NAME = 2, OPT_IF_DESCRIPTION = 3, OPT_IF_TSRESOL = 9, OPT_IF_TSOFFSET = 14 };
enum { OPT_EPB_FLAGS = 2 };

/* Offsets from a block's first byte, and the least total lengths. */
enum { BODY = 8, TRAILER = 4, SECTION_OPTIONS = 24, INTERFACE_OPTIONS = 16, PACKET_DATA = 28 };

struct block {
	uint32_t type;
	size_t end; /* of the body: where the trailing length stands */
};

int pcapng_add_interface(struct pcapng *reader, struct pcapng_interface **ret)
{
	size_t n = reader->interfaces_len;
	struct pcapng_interface **grown;
	struct pcapng_interface *interface = calloc(1, sizeof(*interface));

	if (!interface)
		return -ENOMEM;
	grown = realloc(reader->interfaces, (n + 1) * sizeof(struct pcapng_interface *));
	if (!grown) {
		free(interface);
		return -ENOMEM;
	}
	reader->interfaces = grown;
	interface->number = n;
	interface->ticks_per_second = 1000000;
	interface->name = calloc(1, 1);
	interface->description = calloc(1, 1);
	grown[n] = interface;
	reader->interfaces_len = n + 1;
	*ret = interface;
	return interface->name && interface->description ? 0 : -ENOMEM;
}

/* Ticks may be finer than nanoseconds, or offsets large: 64 bits do not hold the products. */
__extension__ typedef __int128 wide;

uint64_t pcapng_time(const struct pcapng_interface *interface, uint64_t ticks)
{
	wide rate = interface->ticks_per_second;
	wide ns = (wide)ticks / rate * 1000000000 + (wide)ticks % rate * 1000000000 / rate;

	ns += (wide)interface->offset_seconds * 1000000000;
	if (ns < 0)
		return 0;
	return ns > (wide)UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

/* "expected A, found B" about the block in hand. */
static int damaged(struct pcapng *reader, const char *expected, uint32_t found)
{
	return source_fail(&reader->source,
			   "damaged at byte %" PRIu64 ": expected %s, found %" PRIu32,
			   reader->source.offset, expected, found);
}

/* The byte order of a section comes from its header, before its length can be read. */
static int read_order(struct pcapng *reader)
{
	struct source *source = &reader->source;
	int r = source_need(source, 12, "a section header");

	if (r <= 0)
		return r;
	source->big_endian = false;
	if (source_u32(source, BODY) == ORDER_MAGIC)
		return 1;
	source->big_endian = true;
	if (source_u32(source, BODY) == ORDER_MAGIC)
		return 1;
	return source_fail(source,
			   "damaged at byte %" PRIu64
			   ": expected the byte-order magic 0x1a2b3c4d, found 0x%08" PRIx32,
			   source->offset + BODY, source_u32(source, BODY));
}

static int check_length(struct pcapng *reader, uint32_t len)
{
	if (len < BODY + TRAILER || len % 4 != 0)
		return damaged(reader, "a block's length, a multiple of 4 from 12 on", len);
	if (len > PCAPNG_BLOCK_MAX)
		return damaged(reader, "a block of at most 16 MiB", len);
	return 1;
}

/* The whole of the next block into the source.  1, 0 at the end, or -errno. */
static int read_block(struct pcapng *reader, struct block *ret)
{
	struct source *source = &reader->source;
	uint32_t len;
	int r;

	r = source_need(source, BODY, "a block's header");
	if (r <= 0)
		return r;
	ret->type = source_u32(source, 0);
	if (ret->type == BLOCK_SECTION) { /* a palindrome: the same in both orders */
		r = read_order(reader);
		if (r <= 0)
			return r;
	}
	len = source_u32(source, 4);
	r = check_length(reader, len);
	if (r > 0)
		r = source_need(source, len, "a block");
	if (r <= 0)
		return r;
	ret->end = len - TRAILER;
	if (source_u32(source, ret->end) != len)
		return source_fail(source,
				   "damaged at byte %" PRIu64
				   ": expected the block's length %" PRIu32
				   " again at its end, found %" PRIu32,
				   source->offset + ret->end, len, source_u32(source, ret->end));
	return 1;
}

static int read_section(struct pcapng *reader, const struct block *block)
{
	struct pcapng_option option;
	size_t at = SECTION_OPTIONS;
	int r;

	if (block->end < SECTION_OPTIONS)
		return damaged(reader, "a section header of 28 bytes or more",
			       (uint32_t)block->end + TRAILER);
	if (source_u16(&reader->source, 12) != 1)
		return damaged(reader, "pcapng version 1", source_u16(&reader->source, 12));
	reader->section_first = reader->interfaces_len;
	while ((r = pcapng_next_option(reader, &at, block->end, &option)) > 0) {
		if (option.code == PCAPNG_OPT_COMMENT && !reader->about)
			r = pcapng_append_text(reader, &option, &reader->about);
		if (r < 0)
			return r;
	}
	return r;
}

/* if_tsresol: a power of ten, or of two where the top bit is set. */
static int read_resolution(struct pcapng *reader, struct pcapng_interface *interface, uint8_t code)
{
	uint64_t base = code & 0x80 ? 2 : 10;
	unsigned power = code & 0x7f;

	if (power > (base == 2 ? 63 : 19))
		return damaged(reader, "a timestamp resolution that fits 64 bits", code);
	interface->ticks_per_second = 1;
	for (unsigned i = 0; i < power; i++)
		interface->ticks_per_second *= base;
	return 0;
}

static int read_interface_option(struct pcapng *reader, struct pcapng_interface *interface,
				 const struct pcapng_option *option)
{
	const struct source *source = &reader->source;

	switch (option->code) {
	case OPT_IF_NAME:
		interface->name[0] = '\0';
		return pcapng_append_text(reader, option, &interface->name);
	case OPT_IF_DESCRIPTION:
		interface->description[0] = '\0';
		return pcapng_append_text(reader, option, &interface->description);
	case OPT_IF_TSRESOL:
		if (option->len != 1)
			return damaged(reader, "if_tsresol of 1 byte", option->len);
		return read_resolution(reader, interface, source->bytes[option->at]);
	case OPT_IF_TSOFFSET:
		if (option->len != 8)
			return damaged(reader, "if_tsoffset of 8 bytes", option->len);
		uint64_t first = source_u32(source, option->at);
		uint64_t second = source_u32(source, option->at + 4);

		interface->offset_seconds =
			(int64_t)(source->big_endian ? first << 32 | second : second << 32 | first);
		return 0;
	default:
		return 0;
	}
}

static int read_interface(struct pcapng *reader, const struct block *block)
{
	struct pcapng_interface *interface;
	struct pcapng_option option;
	size_t at = INTERFACE_OPTIONS;
	int r;

	if (block->end < INTERFACE_OPTIONS)
		return damaged(reader, "an interface block of 20 bytes or more",
			       (uint32_t)block->end + TRAILER);
	r = pcapng_add_interface(reader, &interface);
	if (r < 0)
		return r;
	interface->link_type = source_u16(&reader->source, 8);
	while ((r = pcapng_next_option(reader, &at, block->end, &option)) > 0) {
		r = read_interface_option(reader, interface, &option);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_packet_options(struct pcapng *reader, const struct block *block, size_t at,
			       struct pcapng_packet *ret)
{
	struct pcapng_option option;
	int r;

	free(reader->comment);
	reader->comment = NULL;
	while ((r = pcapng_next_option(reader, &at, block->end, &option)) > 0) {
		if (option.code == PCAPNG_OPT_COMMENT) {
			r = pcapng_append_text(reader, &option, &reader->comment);
			if (r < 0)
				return r;
		} else if (option.code == OPT_EPB_FLAGS && option.len == 4) {
			/* Bits 0 and 1 (4.3.1 of the draft); 3 is undefined. */
			uint32_t direction = source_u32(&reader->source, option.at) & 3;

			ret->direction = direction == 3 ? PCAPNG_UNKNOWN : direction;
		}
	}
	ret->comment = reader->comment ? reader->comment : "";
	return r;
}

static int read_packet(struct pcapng *reader, const struct block *block, struct pcapng_packet *ret)
{
	struct source *source = &reader->source;
	struct pcapng_packet packet = { 0 };
	uint64_t ticks;
	size_t number;
	int r;

	if (block->end < PACKET_DATA)
		return damaged(reader, "a packet block of 32 bytes or more",
			       (uint32_t)block->end + TRAILER);
	number = source_u32(source, 8);
	if (number >= reader->interfaces_len - reader->section_first)
		return damaged(reader, "the number of an interface described before",
			       (uint32_t)number);
	packet.interface = reader->interfaces[reader->section_first + number];
	ticks = (uint64_t)source_u32(source, 12) << 32 | source_u32(source, 16);
	packet.time = pcapng_time(packet.interface, ticks);
	packet.len = source_u32(source, 20);
	packet.original_len = source_u32(source, 24);
	if (packet.len > block->end - PACKET_DATA)
		return damaged(reader, "a packet that fits its block", packet.len);
	packet.data = source->bytes + PACKET_DATA;
	r = read_packet_options(reader, block,
				PACKET_DATA + (((size_t)packet.len + 3) & ~(size_t)3), &packet);
	if (r < 0)
		return r;
	*ret = packet;
	return 1;
}

/* Blocks up to and with the next packet. */
static int next_packet(struct pcapng *reader, struct pcapng_packet *ret)
{
	struct block block;
	int r;

	for (;;) {
		source_begin(&reader->source);
		r = read_block(reader, &block);
		if (r <= 0)
			return r;
		if (block.type == BLOCK_PACKET)
			return read_packet(reader, &block, ret);
		if (block.type == BLOCK_SECTION)
			r = read_section(reader, &block);
		else if (block.type == BLOCK_INTERFACE)
			r = read_interface(reader, &block);
		if (r < 0)
			return r;
	}
}

int pcapng_next(struct pcapng *reader, struct pcapng_packet *ret)
{
	int r;

	if (reader->broken)
		return -EBADMSG;
	r = reader->classic ? pcap_classic_next(reader, ret) : next_packet(reader, ret);
	reader->broken = r < 0;
	return r;
}

const char *pcapng_error(const struct pcapng *reader)
{
	return reader->source.error[0] != '\0' ? reader->source.error : "no memory";
}

const struct pcapng_interface *pcapng_interface_at(const struct pcapng *reader, size_t number)
{
	return number < reader->interfaces_len ? reader->interfaces[number] : NULL;
}

const char *pcapng_about(const struct pcapng *reader)
{
	return reader->about ? reader->about : "";
}

void pcapng_close(struct pcapng *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->interfaces_len; i++) {
		free(reader->interfaces[i]->name);
		free(reader->interfaces[i]->description);
		free(reader->interfaces[i]);
	}
	free(reader->interfaces);
	free(reader->about);
	free(reader->comment);
	source_clear(&reader->source);
	free(reader);
}

/* Which format is it?  The first block of a pcapng file is read here too, so that what is
 * wrong with a file's beginning is told at once. */
static int recognise(struct pcapng *reader)
{
	struct source *source = &reader->source;
	struct block block;
	int r;

	source_begin(source);
	r = source_need(source, 4, "a file's magic number");
	if (r == 0)
		return source_fail(source,
				   "expected a capture (pcapng or pcap), found an empty file");
	if (r < 0)
		return r;
	if (pcap_classic_magic(reader))
		return pcap_classic_open(reader);
	if (source_u32(source, 0) != BLOCK_SECTION)
		return source_fail(source,
				   "expected a capture (pcapng or pcap), found a file that begins "
				   "%02x %02x %02x %02x",
				   source->bytes[0], source->bytes[1], source->bytes[2],
				   source->bytes[3]);
	r = read_block(reader, &block);
	return r <= 0 ? r : read_section(reader, &block);
}

int pcapng_open_stream(FILE *file, const char *name, struct pcapng **ret, char *ret_error,
		       size_t size)
{
	struct pcapng *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader) {
		fclose(file);
		snprintf(ret_error, size, "%s: no memory", name);
		return -ENOMEM;
	}
	r = source_init(&reader->source, file, name);
	if (r == 0)
		r = recognise(reader);
	if (r < 0) {
		snprintf(ret_error, size, "%s", pcapng_error(reader));
		pcapng_close(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

int pcapng_open(const char *path, struct pcapng **ret, char *ret_error, size_t size)
{
	FILE *file = fopen(path, "rbe");

	if (!file) {
		int error = errno;

		snprintf(ret_error, size, "%.160s: %s", path, strerror(error));
		return -error;
	}
	return pcapng_open_stream(file, path, ret, ret_error, size);
}
