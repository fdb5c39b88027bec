/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NAT engine: one packet in, one decision out.
 *
 * Pure: no sockets, no clock, no globals, no output; time is an argument and chance
 * comes from the seed.  It does not route, decrement TTLs or answer for the router: its
 * caller (sim/gateway.c) does.
 *
 * One struct nat serves one family, but for NAT64: there `inside` and `inside_addr` are IPv6, the pool
 * is IPv4, and packets change their length.  They do so in place, data staying where it is: one
 * that enters from IPv4 needs 28 bytes of room behind it (PACKET_FAMILY_GROWTH), an ICMP error 56, or
 * it is dropped as NAT_REASON_NO_SPACE.  Super-packets of TCP stay such, with the same gso_size, so that
 * the caller must look at the length of their segments, as it does at that of all packets; IPv4 that
 * may be fragmented should be, to 1252 bytes, before it comes here (RFC 7915, 4).  Native IPv6, not
 * behind the NAT64's prefix, is routed as it is, either way.
 */
#ifndef KNOTHOLE_NAT_H
#define KNOTHOLE_NAT_H

#include "addr.h"
#include "model.h"
#include "nat_memory.h"
#include "packet.h"

struct nat;
struct mapping;

enum nat_side { NAT_INSIDE, NAT_OUTSIDE };

/* The most bytes that nat_poll() gives. */
enum { NAT_ANSWER_MAX = 2048 };

enum nat_outcome {
	NAT_FORWARD, /* rewritten in place; send it out on decision.to */
	NAT_DROP, /* the bytes may have been touched: forget them */
	NAT_ANSWER, /* rewritten into an answer (ICMP error, RST): send it out on decision.to */
	NAT_TO_SELF, /* addressed to the NAT itself, untouched */
	NAT_HOLD, /* kept for now: nat_poll() gives it, or an answer to it, if that comes */
};

/* (constant, short text).  nat_explain() adds the particulars. */
#define NAT_REASONS(X)                                                                             \
	X(NAT_REASON_ROUTED, "routed as it is")                                                    \
	X(NAT_REASON_NEW_MAPPING, "new mapping")                                                   \
	X(NAT_REASON_MAPPING, "known mapping")                                                     \
	X(NAT_REASON_FORWARDED, "static forward")                                                  \
	X(NAT_REASON_DMZ, "DMZ host")                                                              \
	X(NAT_REASON_HAIRPIN, "hairpinned")                                                        \
	X(NAT_REASON_ICMP_ERROR, "error translated with the packet it quotes")                     \
	X(NAT_REASON_SELF, "for the router itself")                                                \
	X(NAT_REASON_POISONED, "taken by the router itself, whose state now holds the port")       \
	X(NAT_REASON_NO_MAPPING, "no mapping")                                                     \
	X(NAT_REASON_FILTERED, "filtered")                                                         \
	X(NAT_REASON_NO_HAIRPIN, "no hairpinning")                                                 \
	X(NAT_REASON_BLOCKED, "protocol blocked")                                                  \
	X(NAT_REASON_OUTBOUND_PORT, "nothing goes out to this port")                               \
	X(NAT_REASON_NO_PORT, "no free port")                                                      \
	X(NAT_REASON_COLLISION, "port in use")                                                     \
	X(NAT_REASON_TABLE_FULL, "mapping table full")                                             \
	X(NAT_REASON_HOST_LIMIT, "inside host's limit reached")                                    \
	X(NAT_REASON_HOST_RATE, "inside host opens mappings too fast")                             \
	X(NAT_REASON_QUOTE_UNKNOWN, "error about a packet of no known mapping")                    \
	X(NAT_REASON_FRAGMENT, "fragment without its first part")                                  \
	X(NAT_REASON_MALFORMED, "malformed")                                                       \
	X(NAT_REASON_UNSUPPORTED, "protocol not translated")                                       \
	X(NAT_REASON_NO_FRAGMENTS, "fragments are dropped")                                        \
	X(NAT_REASON_HELD_FRAGMENT, "fragment that waits for its first part")                      \
	X(NAT_REASON_HELD_SYN, "unsolicited SYN, answered later")                                  \
	X(NAT_REASON_OUT_OF_STATE, "out of turn in its TCP connection")                            \
	X(NAT_REASON_GATEWAY, "half a line, or out of turn: its gateway wants it sent again")      \
	X(NAT_REASON_NOT_INSIDE, "source is not an inside address")                                \
	X(NAT_REASON_PREFIX, "prefix swapped")                                                     \
	X(NAT_REASON_IPSEC, "IPsec, which needs no record")                                        \
	X(NAT_REASON_TRANSPORT, "known pair of addresses, of a transport that is not known")       \
	X(NAT_REASON_BOGON, "an address that may not pass here")                                   \
	X(NAT_REASON_DEPRECATED, "a routing header of type 0")                                     \
	X(NAT_REASON_NO_COUNTERPART, "nothing on the other side corresponds to it")                \
	X(NAT_REASON_NO_SPACE, "no room for the longer header")

enum nat_reason {
#define X(id, text) id,
	NAT_REASONS(X)
#undef X
};

struct nat_decision {
	enum nat_outcome outcome;
	enum nat_reason reason;
	enum nat_side to; /* where it leaves (FORWARD, ANSWER) */
	const struct mapping
		*mapping; /* used or made; NULL where none; valid until the next call */
	struct endpoint remote; /* the outside party, for nat_explain() */
	uint8_t protocol;
};

/* What a mapping is, for reports and tests. */
struct mapping_view {
	uint8_t protocol;
	struct endpoint inside;
	struct endpoint outside;
	struct endpoint remote; /* of the packet that opened it; unset for static ones */
	uint64_t expires; /* ns; UINT64_MAX for static ones */
	uint32_t number; /* no other mapping of this NAT has, or had, the same; 0 for static ones */
	bool from_outside; /* it was opened from there (DMZ host) */
};

/* A port (or range) of the outside address that always leads to one inside endpoint. */
struct nat_forward {
	uint8_t protocol;
	uint16_t port_first; /* outside; the inside port moves along with it */
	uint16_t port_last;
	struct endpoint to;
};

struct nat_config {
	struct ip_prefix inside; /* the LAN; inside hosts may also lie behind it (cascades) */
	struct ip_addr inside_addr; /* the router's own, on the LAN */
	const struct ip_addr
		*pool; /* outside addresses, model->pool_size of them (or more); copied */
	size_t pool_len;
	const struct nat_forward *forwards; /* copied */
	size_t forwards_len;
	struct ip_addr dmz; /* inside host that gets what nobody else does; unset = none */
	const struct ip_prefix *exempt; /* destinations that are not translated for (RFC 6888,
					 * REQ-6): routed both ways, where nothing is blocked;
					 * copied.  The model may name more.  A firewall, which
					 * translates nothing, heeds none */
	size_t exempt_len;
	struct ip_prefix
		outside_prefix; /* NPTv6: what hosts with the prefix `inside` have outside; both
					  * of 1 to 64 bits */
	struct ip_prefix
		nat64_prefix; /* NAT64: what IPv4 addresses stand behind inside, of RFC 6052's
					* lengths; bits 0 = 64:ff9b::/96 */
	struct nat_memory memory; /* where its own comes from; its lender must outlive it */
	/* Neither heeds `exempt`; NPTv6, where everybody can be reached, no `forwards` and no `dmz`. */
	uint64_t seed;
};

/* Both are copied.  0, -ENOMEM, or -EINVAL where they contradict each other. */
int nat_new(const struct nat_model *model, const struct nat_config *config, struct nat **ret);
void nat_free(struct nat *nat);

/* Translate @pkt, which arrived on @side at @now (ns, never decreasing), in place.
 * Total: any bytes may be passed; malformed ones are dropped as such. */
struct nat_decision nat_process(struct nat *nat, enum nat_side side, struct packet *pkt,
				uint64_t now);

/*
 * This packet comes soon, after those of the same @burst that were expected before, of which 64 count: what
 * nat_process() will need for it comes from memory while it sees to them, so that many flows cost
 * little more than few.  A burst has any number but 0 that is not the one before's, whose packets
 * are no longer expected.  Nothing is decided and nothing changes: whoever does not call this, or comes
 * with other packets, gets the same decisions.  The packet is not looked at after this.
 */
void nat_expect(struct nat *nat, uint64_t burst, enum nat_side side, const struct packet *pkt);

/* Earliest time at which something expires or nat_poll() has something; UINT64_MAX: never. */
uint64_t nat_next_wake(const struct nat *nat);

/*
 * What the NAT sends by itself: answers that it had held back (RFC 5382, REQ-4),
 * and fragments whose first part has come (RFC 4787, REQ-14).  To be called
 * after nat_process() and at nat_next_answer(), until it says NAT_HOLD: nothing is due.  Else
 * NAT_ANSWER, or NAT_FORWARD for what is not the NAT's own, with the packet copied to @ret, whose
 * data and room are set, and *ret_to, where it leaves.
 */
enum nat_outcome nat_poll(struct nat *nat, uint64_t now, struct packet *ret, enum nat_side *ret_to);

/* When nat_poll() next has something, as far as is known now; UINT64_MAX: never. */
uint64_t nat_next_answer(const struct nat *nat);

/* What the engine remembers of past packets only to be quick, and no decision depends on, is
 * forgotten: for tests that hold it against itself. */
void nat_forget_shortcuts(struct nat *nat);

/* The power goes, and comes back: all state is gone but what the configuration says. */
void nat_reboot(struct nat *nat, uint64_t now);

/* The outside addresses change, as a provider may have it; the state of the old ones is gone.
 * @len must be as many as before.  0, or -EINVAL: then nothing has changed. */
int nat_set_pool(struct nat *nat, const struct ip_addr *pool, size_t len, uint64_t now);

/* Is @addr one of the outside addresses?  For NPTv6, that is the whole outside prefix, too. */
bool nat_owns_outside(const struct nat *nat, struct ip_addr addr);

/* The live mappings at @now, in order of creation; returns how many there are, of which at
 * most @max were written. */
size_t nat_mappings(const struct nat *nat, uint64_t now, struct mapping_view *ret, size_t max);

/* The mapping of a decision that has just been made, unless it has none but a static one: then false. */
bool nat_decided_mapping(const struct nat *nat, const struct nat_decision *decision,
			 struct mapping_view *ret);

/* A sentence for people, such as Wireshark's reader:
 * "dropped: filtered, no permission for 203.0.113.9:4000 (address-and-port-dependent)" or
 * "forwarded: new mapping 192.168.1.2:4000 -> 11.2.0.1:4000". */
const char *nat_explain(const struct nat *nat, const struct nat_decision *decision, char *buf,
			size_t size);

#endif
