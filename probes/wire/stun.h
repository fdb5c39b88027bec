/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STUN messages (RFC 8489), with the attributes of NAT behaviour discovery (RFC 5780) and
 * those of classic STUN (RFC 3489), whose messages have no magic cookie, and of TURN (turn.h).
 *
 * A codec: it reads messages in place, writes them, and checks and makes their integrity.
 * It sends nothing, and knows no transactions.  A message is read by stun_decode(), which
 * checks every length once; after that the getters cannot run over its end.
 *
 *      0                   1                   2                   3
 *     +---+---------------------------+-------------------------------+
 *   0 |0 0|  class and method         |  length of the attributes     |
 *     +---+---------------------------+-------------------------------+
 *   4 |  magic cookie 0x2112a442; in RFC 3489, part of the next       |
 *     +---------------------------------------------------------------+
 *   8 |  transaction ID, 96 bits                                      |
 *     +---------------------------------------------------------------+
 */
#ifndef KNOTHOLE_STUN_H
#define KNOTHOLE_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

enum {
	STUN_HEADER = 20,
	STUN_TRANSACTION = 16, /* with the cookie before it, as RFC 3489 counts */
	STUN_TEXT_MAX = 763, /* bytes of the longest text attributes (RFC 8489, 14.8) */
	STUN_HMAC_SHA1 = 20,
	STUN_HMAC_SHA256 = 32,
	STUN_KEY_MAX = 32,
};
#define STUN_COOKIE UINT32_C(0x2112a442)

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

enum { STUN_BINDING = 0x001 };

/* What the value of an attribute must look like: (shape) for the checks of stun_decode().
 * (constant, number, name, shape) */
#define STUN_ATTRIBUTES(X)                                                                         \
	X(STUN_MAPPED_ADDRESS, 0x0001, "MAPPED-ADDRESS", ADDRESS)                                  \
	X(STUN_RESPONSE_ADDRESS, 0x0002, "RESPONSE-ADDRESS", ADDRESS) /* RFC 3489 */               \
	X(STUN_CHANGE_REQUEST, 0x0003, "CHANGE-REQUEST", U32)                                      \
	X(STUN_SOURCE_ADDRESS, 0x0004, "SOURCE-ADDRESS", ADDRESS) /* RFC 3489 */                   \
	X(STUN_CHANGED_ADDRESS, 0x0005, "CHANGED-ADDRESS", ADDRESS) /* RFC 3489 */                 \
	X(STUN_USERNAME, 0x0006, "USERNAME", TEXT)                                                 \
	X(STUN_PASSWORD, 0x0007, "PASSWORD", TEXT) /* RFC 3489 */                                  \
	X(STUN_MESSAGE_INTEGRITY, 0x0008, "MESSAGE-INTEGRITY", SHA1)                               \
	X(STUN_ERROR_CODE, 0x0009, "ERROR-CODE", ERROR)                                            \
	X(STUN_UNKNOWN_ATTRIBUTES, 0x000a, "UNKNOWN-ATTRIBUTES", U16_LIST)                         \
	X(STUN_REFLECTED_FROM, 0x000b, "REFLECTED-FROM", ADDRESS) /* RFC 3489 */                   \
	X(STUN_CHANNEL_NUMBER, 0x000c, "CHANNEL-NUMBER", U32) /* RFC 8656, as all of TURN's */     \
	X(STUN_LIFETIME, 0x000d, "LIFETIME", U32)                                                  \
	X(STUN_XOR_PEER_ADDRESS, 0x0012, "XOR-PEER-ADDRESS", ADDRESS)                              \
	X(STUN_DATA, 0x0013, "DATA", ANY)                                                          \
	X(STUN_REALM, 0x0014, "REALM", TEXT)                                                       \
	X(STUN_NONCE, 0x0015, "NONCE", TEXT)                                                       \
	X(STUN_XOR_RELAYED_ADDRESS, 0x0016, "XOR-RELAYED-ADDRESS", ADDRESS)                        \
	X(STUN_REQUESTED_ADDRESS_FAMILY, 0x0017, "REQUESTED-ADDRESS-FAMILY", U32)                  \
	X(STUN_EVEN_PORT, 0x0018, "EVEN-PORT", U8)                                                 \
	X(STUN_REQUESTED_TRANSPORT, 0x0019, "REQUESTED-TRANSPORT", U32)                            \
	X(STUN_DONT_FRAGMENT, 0x001a, "DONT-FRAGMENT", EMPTY)                                      \
	X(STUN_MESSAGE_INTEGRITY_SHA256, 0x001c, "MESSAGE-INTEGRITY-SHA256", SHA256)               \
	X(STUN_PASSWORD_ALGORITHM, 0x001d, "PASSWORD-ALGORITHM", ALGORITHM)                        \
	X(STUN_USERHASH, 0x001e, "USERHASH", HASH)                                                 \
	X(STUN_XOR_MAPPED_ADDRESS, 0x0020, "XOR-MAPPED-ADDRESS", ADDRESS)                          \
	X(STUN_RESERVATION_TOKEN, 0x0022, "RESERVATION-TOKEN", U64)                                \
	X(STUN_PRIORITY, 0x0024, "PRIORITY", U32) /* RFC 8445 */                                   \
	X(STUN_USE_CANDIDATE, 0x0025, "USE-CANDIDATE", EMPTY) /* RFC 8445 */                       \
	X(STUN_PADDING, 0x0026, "PADDING", ANY) /* RFC 5780 */                                     \
	X(STUN_RESPONSE_PORT, 0x0027, "RESPONSE-PORT", PORT) /* RFC 5780 */                        \
	X(STUN_CONNECTION_ID, 0x002a, "CONNECTION-ID", U32) /* RFC 6062 */                         \
	X(STUN_ADDITIONAL_ADDRESS_FAMILY, 0x8000, "ADDITIONAL-ADDRESS-FAMILY", U32)                \
	X(STUN_ADDRESS_ERROR_CODE, 0x8001, "ADDRESS-ERROR-CODE", ERROR)                            \
	X(STUN_PASSWORD_ALGORITHMS, 0x8002, "PASSWORD-ALGORITHMS", ALGORITHMS)                     \
	X(STUN_ALTERNATE_DOMAIN, 0x8003, "ALTERNATE-DOMAIN", TEXT)                                 \
	X(STUN_ICMP, 0x8004, "ICMP", U64)                                                          \
	X(STUN_SOFTWARE, 0x8022, "SOFTWARE", TEXT)                                                 \
	X(STUN_ALTERNATE_SERVER, 0x8023, "ALTERNATE-SERVER", ADDRESS)                              \
	X(STUN_CACHE_TIMEOUT, 0x8027, "CACHE-TIMEOUT", U32) /* RFC 5780 */                         \
	X(STUN_FINGERPRINT, 0x8028, "FINGERPRINT", U32)                                            \
	X(STUN_ICE_CONTROLLED, 0x8029, "ICE-CONTROLLED", U64) /* RFC 8445 */                       \
	X(STUN_ICE_CONTROLLING, 0x802a, "ICE-CONTROLLING", U64) /* RFC 8445 */                     \
	X(STUN_RESPONSE_ORIGIN, 0x802b, "RESPONSE-ORIGIN", ADDRESS) /* RFC 5780 */                 \
	X(STUN_OTHER_ADDRESS, 0x802c, "OTHER-ADDRESS", ADDRESS) /* RFC 5780 */

enum stun_attribute {
#define X(id, number, name, shape) id = (number),
	STUN_ATTRIBUTES(X)
#undef X
};

enum { STUN_CHANGE_IP = 4, STUN_CHANGE_PORT = 2 }; /* flags of CHANGE-REQUEST */

enum { STUN_MD5 = 1, STUN_SHA256 = 2 }; /* password algorithms (RFC 8489, 18.5) */

/* Is an address in this attribute masked (RFC 8489, 14.2)? */
static inline bool stun_is_xored(uint16_t type)
{
	return type == STUN_XOR_MAPPED_ADDRESS || type == STUN_XOR_PEER_ADDRESS ||
	       type == STUN_XOR_RELAYED_ADDRESS;
}

/* "CHANGE-REQUEST", or "attribute" where the codec has no name for it. */
const char *stun_attribute_name(uint16_t type);

/* A message that was read; it points into the bytes that it was read from. */
struct stun_message {
	enum stun_class class;
	uint16_t method;
	bool classic; /* RFC 3489: without the magic cookie */
	uint8_t transaction[STUN_TRANSACTION];
	const uint8_t *bytes;
	size_t len;
	size_t integrity_at; /* offsets of the first of each; 0 = there is none */
	size_t integrity_sha256_at;
};

/* One attribute's value; offset is where its header begins in the message. */
struct stun_value {
	uint16_t type;
	uint16_t len;
	const uint8_t *bytes;
	size_t offset;
};

/*
 * Read the message of exactly @len bytes at @bytes, which must outlive *ret.  0; -ENOMSG where
 * this is no STUN at all (RFC 8489, 6.3's first checks); -EPROTO where it is, but broken:
 * a length that runs over the end, an attribute that is not of its kind's shape, a
 * wrong FINGERPRINT.  All of these are to be discarded in silence.  *ret is untouched then.
 */
int stun_decode(const uint8_t *bytes, size_t len, struct stun_message *ret);

/*
 * Attributes in their order: pass an all-zero *value first.  Those that RFC 8489, 14.5 says
 * to ignore (behind a MESSAGE-INTEGRITY, other than its two companions) do not come up.
 */
bool stun_next(const struct stun_message *msg, struct stun_value *value);

/* The first attribute of @type; false where there is none. */
bool stun_find(const struct stun_message *msg, uint16_t type, struct stun_value *ret);
/* Is there one, whatever its value? */
bool stun_has(const struct stun_message *msg, uint16_t type);

/* Values of the first attribute of @type: false where there is none.  stun_get_address()
 * undoes the XOR where the type has one, and gives false for a family that it does not know. */
bool stun_get_address(const struct stun_message *msg, uint16_t type, struct endpoint *ret);
/* The same of one attribute that stun_next() gave. */
bool stun_read_address(const struct stun_message *msg, const struct stun_value *value,
		       struct endpoint *ret);
bool stun_get_u32(const struct stun_message *msg, uint16_t type, uint32_t *ret);
bool stun_get_response_port(const struct stun_message *msg, uint16_t *ret);
/* 300..699; the reason is not terminated. */
bool stun_get_error(const struct stun_message *msg, unsigned *ret_code, struct stun_value *reason);

/* The comprehension-required attributes (RFC 8489, 14) that are not in STUN_ATTRIBUTES:
 * how many different ones, of which at most @max were written to @ret. */
size_t stun_unknown(const struct stun_message *msg, uint16_t *ret, size_t max);

/* Is there such an attribute, and is it right under @key?  (RFC 8489, 14.5, 14.6; FINGERPRINT
 * was checked by stun_decode().) A SHA-256 one may be truncated to 16 bytes or more. */
bool stun_integrity_ok(const struct stun_message *msg, const void *key, size_t key_len);
bool stun_integrity_sha256_ok(const struct stun_message *msg, const void *key, size_t key_len);

/* Writing.  Running out of room is remembered, and told by stun_end(). */
struct stun_writer {
	uint8_t *bytes;
	size_t room;
	size_t len;
	bool classic; /* by the transaction: it does not begin with the magic cookie */
	bool failed;
};

void stun_begin(struct stun_writer *w, uint8_t *bytes, size_t room, enum stun_class class,
		uint16_t method, const uint8_t transaction[STUN_TRANSACTION]);
void stun_add(struct stun_writer *w, uint16_t type, const void *value, size_t len);
void stun_add_text(struct stun_writer *w, uint16_t type, const char *text);
void stun_add_address(struct stun_writer *w, uint16_t type, struct endpoint e);
void stun_add_u32(struct stun_writer *w, uint16_t type, uint32_t value);
void stun_add_response_port(struct stun_writer *w, uint16_t port);
/* In a classic message the reason is padded with blanks to 4 bytes (RFC 3489, 11.2.9). */
void stun_add_error(struct stun_writer *w, unsigned code, const char *reason);
/* In a classic message an odd list repeats its last one (RFC 3489, 11.2.10). */
void stun_add_unknown(struct stun_writer *w, const uint16_t *types, size_t len);
void stun_add_padding(struct stun_writer *w, size_t len);
/* These three cover what was added before them, so that they come last, in this order. */
void stun_add_integrity(struct stun_writer *w, const void *key, size_t key_len);
void stun_add_integrity_sha256(struct stun_writer *w, const void *key, size_t key_len);
void stun_add_fingerprint(struct stun_writer *w);
/* The message's length; 0 where there was no room. */
size_t stun_end(struct stun_writer *w);

/* A fresh transaction ID with its cookie, from 96 random bits in @random_hi and @random_lo
 * (of the former the lower 32). */
void stun_transaction(uint64_t random_hi, uint64_t random_lo, uint8_t ret[STUN_TRANSACTION]);

/*
 * Keys (RFC 8489, 9.1.1, 9.2.2).  A short-term key is the password itself.  The texts must have
 * been prepared (OpaqueString, RFC 8265); for printable ASCII that changes nothing.
 * @algorithm: STUN_MD5 or STUN_SHA256.  Returns the key's length.
 */
size_t stun_long_term_key(int algorithm, const char *username, const char *realm,
			  const char *password, uint8_t ret[STUN_KEY_MAX]);
/* USERHASH (RFC 8489, 14.4). */
void stun_userhash(const char *username, const char *realm, uint8_t ret[STUN_HMAC_SHA256]);

#endif
