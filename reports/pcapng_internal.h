/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the readers of both formats share.  For pcapng*.c and pcap_classic.c only.
 */
#ifndef KNOTHOLE_PCAPNG_INTERNAL_H
#define KNOTHOLE_PCAPNG_INTERNAL_H

#include "pcapng.h"
#include "source.h"

/* Blocks and records beyond this are taken for damage; a packet has at most 64 KiB. */
enum { PCAPNG_BLOCK_MAX = 16 * 1024 * 1024 };

struct pcapng {
	struct source source;
	bool classic; /* which format */
	struct pcapng_interface **interfaces;
	size_t interfaces_len;
	size_t section_first; /* the first interface of this section */
	char *about;
	char *comment; /* of the last packet */
	bool broken; /* after an error there is no more to read */
};

/* Adds an interface of the defaults: microseconds, "" for texts. 0 or -ENOMEM. */
int pcapng_add_interface(struct pcapng *reader, struct pcapng_interface **ret);

/* Ticks since 1970 as nanoseconds, cut at both ends of what fits. */
uint64_t pcapng_time(const struct pcapng_interface *interface, uint64_t ticks);

/* Options (3.5 of the draft), from @at to @end of the block in the source. */
struct pcapng_option {
	uint16_t code;
	uint16_t len;
	size_t at; /* of the value */
};
enum { PCAPNG_OPT_END = 0, PCAPNG_OPT_COMMENT = 1 };

/* 1 with *ret and *at moved on; 0 after the last; -EBADMSG. */
int pcapng_next_option(struct pcapng *reader, size_t *at, size_t end, struct pcapng_option *ret);

/* Append the option's text to *text, after "; " where that holds some already. */
int pcapng_append_text(struct pcapng *reader, const struct pcapng_option *option, char **text);

/* pcap_classic.c: after the four bytes of the magic number are in the source. */
bool pcap_classic_magic(const struct pcapng *reader);
int pcap_classic_open(struct pcapng *reader);
int pcap_classic_next(struct pcapng *reader, struct pcapng_packet *ret);

#endif
