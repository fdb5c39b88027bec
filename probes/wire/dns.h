/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DNS's messages (RFC 1035, 4), with what EDNS adds (RFC 6891): the codec, which neither asks
 * nor answers.
 *
 *      0                   1                   2                   3
 *     +-------------------------------+-+-------+-+-+-+-+-+-+-+-------+
 *   0 |  ID                           |Q|opcode |A|T|R|R| |A|C| rcode |
 *     +-------------------------------+-+-------+-+-+-+-+-+-+-+-------+
 *   4 |  questions (always 1 here)    |  answers                      |
 *     +-------------------------------+-------------------------------+
 *   8 |  authorities                  |  additional records           |
 *     +-------------------------------+-------------------------------+
 *  12 |  the question, and the records …
 *
 * Over TCP each message has its length in front, 16 bits (RFC 7766, 8).
 */
#ifndef KNOTHOLE_DNS_H
#define KNOTHOLE_DNS_H

#include "cursor.h"
#include "dns_name.h"

enum {
	DNS_HEADER = 12,
	DNS_PREFIX = 2, /* the length before a message over TCP */
	DNS_UDP_MAX = 512, /* of a datagram, unless EDNS says more (RFC 1035, 4.2.1) */
	DNS_EDNS_MAX = 1232, /* which no IPv6 path fragments */
	DNS_MESSAGE_MAX = 65535,
};

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_AAAA = 28,
	DNS_OPT = 41,
	DNS_IXFR = 251,
	DNS_AXFR = 252,
	DNS_ANY = 255,
};

enum dns_class { DNS_IN = 1, DNS_CLASS_ANY = 255 };

/* (constant, number, what it says) */
#define DNS_RCODES(X)                                                                              \
	X(DNS_NOERROR, 0, "no error")                                                              \
	X(DNS_FORMERR, 1, "format error")                                                          \
	X(DNS_SERVFAIL, 2, "server failure")                                                       \
	X(DNS_NXDOMAIN, 3, "no such name")                                                         \
	X(DNS_NOTIMP, 4, "not implemented")                                                        \
	X(DNS_REFUSED, 5, "refused")                                                               \
	X(DNS_BADVERS, 16, "bad version of EDNS")

enum dns_rcode {
#define X(id, number, text) id = (number),
	DNS_RCODES(X)
#undef X
};

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

struct dns_header {
	uint16_t id;
	bool response;
	uint8_t opcode; /* 0 = a query */
	bool authoritative, truncated, recursion_desired, recursion_available;
	bool authentic, checking_disabled; /* RFC 4035 */
	uint16_t rcode; /* 12 bits with EDNS, 4 without */
};

struct dns_question {
	struct dns_name name;
	uint16_t type, class;
};

struct dns_edns {
	bool present;
	uint8_t version;
	bool dnssec_ok;
	uint16_t udp_size; /* that its sender can take */
};

/* A message that was read; it points into its bytes. */
struct dns_message {
	struct dns_header header;
	struct dns_question question;
	struct dns_edns edns;
	uint16_t counts[DNS_SECTIONS];
	const uint8_t *bytes;
	size_t len;
	size_t records_at;
};

struct dns_record {
	enum dns_section section;
	struct dns_name name;
	uint16_t type, class;
	uint32_t ttl; /* seconds */
	uint16_t len;
	const uint8_t *data; /* in the message's bytes */
	size_t number, next_at; /* dns_next()'s own */
};

struct dns_soa {
	struct dns_name primary, mailbox;
	uint32_t serial, refresh, retry, expire, minimum; /* the last four in seconds */
};

/* "no such name"; "unknown rcode" for others. */
const char *dns_rcode_text(unsigned rcode);

/* Read what begins a message; its rcode has 4 bits here.  0, or -EPROTO, and *ret untouched. */
int dns_decode_header(const uint8_t *bytes, size_t len, struct dns_header *ret);

/*
 * Read a message of one question and check it whole: all names (which lead backwards only, where
 * they are compressed), all records, and the data of those types that are named above.  0, or
 * -EPROTO, and *ret untouched.
 */
int dns_decode(const uint8_t *bytes, size_t len, struct dns_message *ret);

/* The next record, OPT being one; @record all zero starts.  False at the end. */
bool dns_next(const struct dns_message *msg, struct dns_record *record);

/* What the data of @record, which is of @msg, says; false where it is of another type. */
bool dns_get_addr(const struct dns_record *record, struct ip_addr *ret); /* A, AAAA */
bool dns_get_name(const struct dns_message *msg, const struct dns_record *record,
		  struct dns_name *ret); /* NS, CNAME, PTR */
bool dns_get_soa(const struct dns_message *msg, const struct dns_record *record,
		 struct dns_soa *ret);

/* Writing.  Names are compressed where the same bytes stood before. */

enum { DNS_SUFFIXES = 64 };

struct dns_writer {
	struct cursor c;
	struct dns_header header; /* may be changed until dns_end() */
	struct dns_edns edns;
	uint16_t counts[DNS_SECTIONS];
	enum dns_section section; /* of the last record */
	uint16_t suffixes[DNS_SUFFIXES]; /* where names stand that others may end in */
	size_t suffixes_len;
	bool questioned;
};

/* Begin a message in @bytes.  @question NULL = none; @edns NULL = none: its record comes last, and
 * its place is kept. */
void dns_begin(struct dns_writer *w, uint8_t *bytes, size_t room, const struct dns_header *header,
	       const struct dns_question *question, const struct dns_edns *edns);

/*
 * Add a record whole, or not at all: false where there is no room, and the message will say that it
 * is truncated.  Sections are written in their order.
 */
bool dns_add(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
	     uint16_t type, uint32_t ttl, const void *data, size_t len); /* the data as it is */
bool dns_add_addr(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		  uint32_t ttl, struct ip_addr addr);
bool dns_add_name(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		  uint16_t type, uint32_t ttl, const struct dns_name *target);
bool dns_add_soa(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		 uint32_t ttl, const struct dns_soa *soa);

/* The message's length; 0 where not even its question has room. */
size_t dns_end(struct dns_writer *w);

#endif
