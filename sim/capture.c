/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A packet's block is kept open after it is recorded, since what is
 * decided about it comes a moment later (capture_annotate()); the next packet, a flush or the
 * end closes it.  Blocks are gathered in memory and written in large pieces; a write that fails
 * is remembered, and the capture goes on without writing.
 *
 *   Enhanced Packet Block (pcapng, 4.3): type 6, length, interface, time high, time low,
 *   captured length, original length, bytes padded to 4, options, length again.
 */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gso.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINKTYPE_RAW = 101,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_USERAPPL = 4,
	INTERFACE_NAME = 2,
	INTERFACE_DESCRIPTION = 3,
	INTERFACE_TSRESOL = 9,
	PACKET_FLAGS = 2,
	OUT_SIZE = 1 << 18,
	COMMENT_SIZE = 1024,
	NOTE_SIZE = 256,
	PACKET_SIZE = 65536,
};

struct capture {
	int fd;
	int error;
	int taps;
	uint64_t epoch;
	size_t out_len;
	uint8_t *out;

	/* the open block */
	bool open;
	int tap;
	enum capture_direction direction;
	uint64_t time;
	uint32_t len;
	size_t comment_len;
	char comment[COMMENT_SIZE];
	uint8_t bytes[PACKET_SIZE];

	char note[NOTE_SIZE]; /* for the next block */
};

static void write_out(struct capture *c)
{
	size_t done = 0;

	while (!c->error && done < c->out_len) {
		ssize_t n = write(c->fd, c->out + done, c->out_len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			c->error = -errno;
	}
	c->out_len = 0;
}

/* Numbers stand in this machine's order; the section's magic tells the reader which. */
static void put(struct capture *c, const void *bytes, size_t len)
{
	if (c->out_len + len > OUT_SIZE)
		write_out(c);
	memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
}

static void put32(struct capture *c, uint32_t v)
{
	put(c, &v, sizeof(v));
}

static void put16(struct capture *c, uint16_t v)
{
	put(c, &v, sizeof(v));
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static void put_padded(struct capture *c, const void *bytes, size_t len)
{
	static const uint8_t zeroes[4];

	put(c, bytes, len);
	put(c, zeroes, padded(len) - len);
}

static void put_option(struct capture *c, uint16_t code, const void *bytes, size_t len)
{
	put16(c, code);
	put16(c, (uint16_t)len);
	put_padded(c, bytes, len);
}

static size_t option_size(size_t len)
{
	return 4 + padded(len);
}

static const char APPLICATION[] = "knothole";

/* An option's length is 16 bits; what is longer is cut. */
static size_t option_text(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len < 65000 ? len : 65000;
}

static void put_section(struct capture *c, const char *about)
{
	size_t about_len = option_text(about);
	size_t app_len = sizeof(APPLICATION) - 1;
	size_t size = 28 + (about_len ? option_size(about_len) : 0) + option_size(app_len) + 4;
	static const uint64_t unknown = UINT64_MAX;

	put32(c, BLOCK_SECTION);
	put32(c, (uint32_t)size);
	put32(c, BYTE_ORDER_MAGIC);
	put16(c, 1);
	put16(c, 0);
	put(c, &unknown, sizeof(unknown));
	if (about_len)
		put_option(c, OPTION_COMMENT, about, about_len);
	put_option(c, SECTION_USERAPPL, APPLICATION, app_len);
	put32(c, OPTION_END);
	put32(c, (uint32_t)size);
}

int capture_open(const char *path, const char *about, uint64_t epoch, struct capture **ret)
{
	struct capture *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (!c)
		return err;
	c->out = malloc(OUT_SIZE);
	if (!c->out)
		goto fail;
	c->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (c->fd < 0) {
		err = -errno;
		goto fail;
	}
	c->epoch = epoch;
	put_section(c, about);
	*ret = c;
	return 0;
fail:
	free(c->out);
	free(c);
	return err;
}

static void close_block(struct capture *c)
{
	uint32_t flags = (uint32_t)c->direction;
	uint64_t time = c->epoch + c->time;
	size_t size = 32 + padded(c->len) + option_size(sizeof(flags)) + 4;

	if (!c->open)
		return;
	if (c->comment_len)
		size += option_size(c->comment_len);
	put32(c, BLOCK_PACKET);
	put32(c, (uint32_t)size);
	put32(c, (uint32_t)c->tap);
	put32(c, (uint32_t)(time >> 32));
	put32(c, (uint32_t)time);
	put32(c, c->len);
	put32(c, c->len);
	put_padded(c, c->bytes, c->len);
	put_option(c, PACKET_FLAGS, &flags, sizeof(flags));
	if (c->comment_len)
		put_option(c, OPTION_COMMENT, c->comment, c->comment_len);
	put32(c, OPTION_END);
	put32(c, (uint32_t)size);
	c->open = false;
}

int capture_flush(struct capture *c)
{
	close_block(c);
	write_out(c);
	return c->error;
}

int capture_end(struct capture *c)
{
	if (c->fd < 0)
		return c->error;
	capture_flush(c);
	if (close(c->fd) && !c->error)
		c->error = -errno;
	c->fd = -1;
	return c->error;
}

int capture_close(struct capture *c)
{
	int err;

	if (!c)
		return 0;
	err = capture_end(c);
	free(c->out);
	free(c);
	return err;
}

int capture_add_tap(struct capture *c, const char *name, const char *about)
{
	static const uint8_t nanoseconds = 9;
	size_t name_len = option_text(name);
	size_t about_len = option_text(about);
	size_t size = 20 + option_size(name_len) + option_size(about_len) + option_size(1) + 4;

	close_block(c);
	put32(c, BLOCK_INTERFACE);
	put32(c, (uint32_t)size);
	put16(c, LINKTYPE_RAW);
	put16(c, 0);
	put32(c, 0); /* no snap length: packets are kept whole */
	put_option(c, INTERFACE_NAME, name, name_len);
	put_option(c, INTERFACE_DESCRIPTION, about, about_len);
	put_option(c, INTERFACE_TSRESOL, &nanoseconds, 1);
	put32(c, OPTION_END);
	put32(c, (uint32_t)size);
	return c->taps++;
}

void capture_packet(struct capture *c, int tap, enum capture_direction direction,
		    const struct packet *pkt, uint64_t now, const char *comment)
{
	struct packet copy = *pkt;

	close_block(c);
	if (c->error || c->fd < 0)
		return;
	c->open = true;
	c->tap = tap;
	c->direction = direction;
	c->time = now;
	c->len = pkt->len < PACKET_SIZE ? pkt->len : PACKET_SIZE;
	memcpy(c->bytes, pkt->data, c->len);
	c->comment_len = 0;
	copy.data = c->bytes;
	copy.len = c->len;
	copy.room = PACKET_SIZE;
	if (copy.offload.needs_checksum)
		packet_finish_checksums(&copy);
	if (c->note[0])
		capture_annotate(c, c->note);
	c->note[0] = '\0';
	if (comment)
		capture_annotate(c, comment);
}

void capture_note(struct capture *c, const char *comment)
{
	size_t len = strlen(c->note);

	snprintf(c->note + len, sizeof(c->note) - len, "%s%s", len ? "; " : "", comment);
}

void capture_annotate(struct capture *c, const char *comment)
{
	size_t len = strlen(comment);
	size_t room = COMMENT_SIZE - c->comment_len;

	if (!c->open)
		return;
	if (c->comment_len && room > 2) {
		memcpy(c->comment + c->comment_len, "; ", 2);
		c->comment_len += 2;
		room -= 2;
	}
	if (len > room)
		len = room;
	memcpy(c->comment + c->comment_len, comment, len);
	c->comment_len += len;
}
