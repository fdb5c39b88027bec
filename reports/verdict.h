/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: what a capture shows of the calls in it, and nothing else.
 *
 * It is read from the file alone, by following each frame (probes/wire/talk.h) from tap to tap;
 * what a probe says of itself plays no part.  A method that the frames name and the packets do not
 * prove is called what they do prove.
 */
#ifndef KNOTHOLE_VERDICT_H
#define KNOTHOLE_VERDICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../nat-models/addr.h"
#include "../nat-models/predict.h"

enum { VERDICT_NAME = 64, VERDICT_PATH = 16 };

/* Of which families the packets were, at any tap: both, where a NAT64 was on the way. */
struct verdict_families {
	bool ipv4, ipv6;
};

/* "ipv4", "ipv6", "ipv6 and ipv4"; "none" where nothing arrived. */
const char *verdict_families_word(struct verdict_families families);

enum { VERDICT_ATTEMPTS = METHOD_COUNT * FAMILY_COUNT };

/* One method that was tried in a call, in one family. */
struct verdict_attempt {
	enum method method; /* as its frames say … */
	enum family family; /* … and this too; a relay's say nothing of it: IPv4 */
	struct verdict_families families; /* of what arrived, as the taps saw it */
	bool spoke_first[2]; /* … and who said HELO toward the other: caller, callee */
	bool arrived[2]; /* a hello or answer of the caller reached the callee; and back */
	enum method shown; /* what is proved to have opened the way: `method`, or where that
			      is more than the packets show METHOD_PUNCH */
	bool connected; /* both, along the same kind of path, and the hellos came from whom
				     the method says */
	bool relayed; /* its frames crossed a third host */
	enum ice_path ice_path; /* of ICE's, where connected; else ICE_PATH_COUNT */
	uint64_t began,
		opened; /* ns since the capture's first packet: first hello; first time both had arrived */
	char why[224]; /* a clause: how it opened, or where it ended and why */
};

struct verdict_call {
	uint64_t token;
	char caller[VERDICT_NAME]; /* names of nodes */
	char callee[VERDICT_NAME];
	struct verdict_attempt attempts[VERDICT_ATTEMPTS];
	size_t attempts_len;
	bool connected; /* voice, or where there was none an attempt's frames, passed both ways */
	enum method method; /* by which the path at the end was opened, as the packets show … */
	enum method said; /* … and as its frames say */
	enum family family; /* in which its frames say that it was; IPv4 of a relay */
	struct verdict_families
		families; /* of the voice that arrived, or of that attempt's frames */
	bool relayed;
	char relay[VERDICT_NAME]; /* who relayed */
	enum ice_path ice_path; /* of ICE's, that of the path at the end; else ICE_PATH_COUNT */
	unsigned voice_sent[2], voice_arrived[2];
	char path[2][VERDICT_PATH]
		 [VERDICT_NAME]; /* taps crossed by the last voice frame that arrived */
	size_t path_len[2];
	char why[320]; /* a sentence */
};

struct verdict {
	struct verdict_call *calls; /* in order of their first frame */
	size_t calls_len;
	size_t packets;
};

/* Read @path and judge it.  0, or -errno with one line in *ret_error (size >= 256):
 * "x.pcapng: cut short at byte 1234: …".  */
int verdict_read(const char *path, struct verdict *ret, char *ret_error, size_t size);
void verdict_clear(struct verdict *verdict);
const struct verdict_call *verdict_find(const struct verdict *verdict, uint64_t token);

/* A call as the record's "capture" object (record.h), with its token, names and the attempts'
 * reasons besides; NULL without memory.  The caller owns it. */
json_t *verdict_call_json(const struct verdict_call *call);

/*
 * How many packets at @tap (NULL: at any) match @filter, in libpcap's language; of @direction
 * (0: either; else enum capture_direction).  Returns the count; -EINVAL for a bad filter, with
 * libpcap's word in *ret_error; -ENOENT where there is no such tap.
 */
long verdict_count(const char *path, const char *tap, const char *filter, int direction,
		   char *ret_error, size_t size);

#endif
