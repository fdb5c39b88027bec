/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read captures: pcapng (draft-ietf-opsawg-pcapng) with what libpcap hides, namely which
 * interface a packet was seen on, in which direction, and the comments beside it; and the
 * classic pcap format, which has none of these.
 *
 * A streaming reader: one packet at a time, and no more memory than the file has bytes.
 * It gives back link-layer frames; link_layer.h finds the IP packet in them.
 */
#ifndef KNOTHOLE_PCAPNG_H
#define KNOTHOLE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pcapng;

/* A tap, as it describes itself.  Texts are "" where absent. */
struct pcapng_interface {
	size_t number; /* 0, 1, … over the whole file, all sections counted */
	uint16_t link_type; /* LINKTYPE_* as registered */
	char *name;
	char *description;
	uint64_t ticks_per_second;
	int64_t offset_seconds; /* if_tsoffset */
};

enum pcapng_direction { PCAPNG_UNKNOWN, PCAPNG_INBOUND, PCAPNG_OUTBOUND };

struct pcapng_packet {
	const struct pcapng_interface *interface; /* lives as long as the reader */
	uint64_t time; /* ns since 1970 */
	enum pcapng_direction direction;
	const uint8_t *data; /* valid until the next call */
	uint32_t len; /* that were captured … */
	uint32_t original_len; /* … of so many */
	const char *comment; /* all its comments, joined by "; "; "" where none; as data */
};

/*
 * Open @path.  0, or -errno with one line in *ret_error (@size >= 256): -ENOENT and the like,
 * -EBADMSG for a file that is no capture.
 */
int pcapng_open(const char *path, struct pcapng **ret, char *ret_error, size_t size);

/* The same for a stream, which is taken, also on failure; @name is for errors. */
int pcapng_open_stream(FILE *file, const char *name, struct pcapng **ret, char *ret_error,
		       size_t size);
void pcapng_close(struct pcapng *reader); /* NULL is fine */

/*
 * The next packet.  1; 0 at the end of the file; -EBADMSG where the file is damaged, then
 * pcapng_error() names the byte, what was expected and what was there.
 */
int pcapng_next(struct pcapng *reader, struct pcapng_packet *ret);
const char *pcapng_error(const struct pcapng *reader);

/* The interfaces met so far; NULL beyond the last. */
const struct pcapng_interface *pcapng_interface_at(const struct pcapng *reader, size_t number);

/* The comment of the first section's header, "" where none. */
const char *pcapng_about(const struct pcapng *reader);

#endif
