/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that is read in records: numbers in either byte order, an offset to name in errors,
 * and never more memory than the file has bytes, whatever a length in it claims.
 *
 * It knows no format; pcapng.c and pcap_classic.c do.
 */
#ifndef KNOTHOLE_SOURCE_H
#define KNOTHOLE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct source {
	FILE *file;
	char *name; /* for errors: the path as it was given */
	uint64_t offset; /* of the record in bytes[] */
	uint64_t next; /* where reading goes on */
	uint8_t *bytes;
	size_t len;
	size_t room;
	bool big_endian;
	char error[1024]; /* one line: the first error */
};

/* Takes @file, also where it fails.  0 or -ENOMEM. */
int source_init(struct source *source, FILE *file, const char *path);
void source_clear(struct source *source);

/* Start a record at the next byte, with none of its bytes read yet. */
void source_begin(struct source *source);

/*
 * Have at least @len bytes of the record in bytes[].  1; 0 where the file ended exactly at
 * the record's start; -EBADMSG where it ends inside ("cut short"), or -EIO, -ENOMEM; @what is
 * the record's name in the error.
 */
int source_need(struct source *source, size_t len, const char *what);

/* Numbers at @at in bytes[], which must be there. */
uint16_t source_u16(const struct source *source, size_t at);
uint32_t source_u32(const struct source *source, size_t at);

/* Keep the error "NAME: …" where it is the first.  Returns -EBADMSG. */
int source_fail(struct source *source, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
