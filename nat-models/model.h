/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NAT model: what a NAT does, as plain data.  The words are those of RFC 4787 (UDP),
 * RFC 5382 (TCP), RFC 5508 (ICMP) and RFC 6888.
 *
 * Each enum is an X-macro of (constant, the word a model file uses, what it means); it
 * feeds the names, the parser and the descriptions.  Nothing here acts: nat.c does, and
 * predict.c reasons.
 */
#ifndef KNOTHOLE_MODEL_H
#define KNOTHOLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define NAT_KINDS(X)                                                                               \
	X(NAT_KIND_NAPT, "napt", "translates addresses and ports (RFC 2663)")                      \
	X(NAT_KIND_ONE_TO_ONE, "one-to-one", "one outside address an inside host; ports stay")     \
	X(NAT_KIND_FIREWALL, "firewall", "filters, and translates nothing")                        \
	X(NAT_KIND_ROUTER, "router", "forwards everything as it is")                               \
	X(NAT_KIND_NPTV6, "nptv6", "swaps IPv6 prefixes, and keeps no state (RFC 6296)")           \
	X(NAT_KIND_NAT64, "nat64", "IPv6 inside, IPv4 outside (RFC 6146)")

/* Which of a net's NATs it can be: the one for IPv4, or the one for what is IPv6 inside. */
#define NAT_FAMILIES(X)                                                                            \
	X(NAT_FAMILY_IPV4, "ipv4", "IPv4")                                                         \
	X(NAT_FAMILY_IPV6, "ipv6", "IPv6")                                                         \
	X(NAT_FAMILY_BOTH, "both", "either")

/* RFC 4787 4.1 (mapping) and 5 (filtering): what the mapping or permission depends on. */
#define NAT_SCOPES(X)                                                                              \
	X(NAT_EI, "endpoint-independent", "the same for every destination")                        \
	X(NAT_AD, "address-dependent", "one for each remote address")                              \
	X(NAT_APD, "address-and-port-dependent", "one for each remote address and port")

/* RFC 4787 4.2: the port that a new mapping gets. */
#define NAT_PORTS(X)                                                                               \
	X(NAT_PORTS_PRESERVE, "preserve", "the inside port where it is free")                      \
	X(NAT_PORTS_SEQUENTIAL, "sequential", "the last one given plus `step`")                    \
	X(NAT_PORTS_RANDOM, "random", "any free one of the range")                                 \
	X(NAT_PORTS_BLOCK, "block", "the next free one of a block that the inside host owns")      \
	X(NAT_PORTS_DETERMINISTIC, "deterministic",                                                \
	  "the next free one of a range that the inside address determines")

/* What happens when the wanted port is in use. */
#define NAT_COLLISIONS(X)                                                                          \
	X(NAT_COLLISION_NEXT, "next", "the next free one above")                                   \
	X(NAT_COLLISION_RANDOM, "random", "any free one")                                          \
	X(NAT_COLLISION_OVERLOAD, "overload", "shared, as long as the remote endpoints differ")    \
	X(NAT_COLLISION_STEAL, "steal", "the newcomer takes it and the old mapping dies")          \
	X(NAT_COLLISION_REFUSE, "refuse", "no mapping: the packet is dropped")                     \
	X(NAT_COLLISION_DEPENDENT, "dependent",                                                    \
	  "any free one, and the newcomer's mappings turn address-and-port-dependent")

/* RFC 4787 4.3, REQ-6: which packets restart a mapping's timer. */
#define NAT_REFRESHES(X)                                                                           \
	X(NAT_REFRESH_OUTBOUND, "outbound", "packets from inside")                                 \
	X(NAT_REFRESH_INBOUND, "inbound", "packets from outside")                                  \
	X(NAT_REFRESH_BOTH, "both", "packets either way")                                          \
	X(NAT_REFRESH_NONE, "none", "nothing: it lives its time and dies")

/* RFC 4787 6: an inside host sends to another's outside endpoint. */
#define NAT_HAIRPINS(X)                                                                            \
	X(NAT_HAIRPIN_NONE, "none", "dropped")                                                     \
	X(NAT_HAIRPIN_INTERNAL, "internal-source", "delivered, from the sender's inside endpoint") \
	X(NAT_HAIRPIN_EXTERNAL, "external-source", "delivered, from the sender's outside endpoint")

/* RFC 4787 4.1, REQ-2: which address of the pool a new mapping gets. */
#define NAT_POOLINGS(X)                                                                            \
	X(NAT_POOLING_PAIRED, "paired", "an inside host keeps its outside address")                \
	X(NAT_POOLING_ARBITRARY, "arbitrary", "any address of the pool")

/* What an inbound packet meets that no mapping or permission lets in. */
#define NAT_UNSOLICITED(X)                                                                         \
	X(NAT_UNSOLICITED_DROP, "drop", "dropped in silence")                                      \
	X(NAT_UNSOLICITED_ICMP, "icmp", "answered: port unreachable")                              \
	X(NAT_UNSOLICITED_RST, "rst", "TCP is answered with RST, the rest dropped")                \
	X(NAT_UNSOLICITED_POISON, "poison",                                                        \
	  "accepted by the router itself, whose own state then takes the port, as Linux does "     \
	  "where INPUT accepts")                                                                   \
	X(NAT_UNSOLICITED_HOLD, "hold",                                                            \
	  "a SYN waits for one from inside, and is then answered: port unreachable; the rest is "  \
	  "dropped")

/* How closely a NAT follows TCP connections (RFC 5382, REQ-2; RFC 7857, section 2). */
#define NAT_TRACKINGS(X)                                                                           \
	X(NAT_TRACKING_NONE, "none", "traffic both ways is all that counts")                       \
	X(NAT_TRACKING_LENIENT, "lenient", "by SYN, FIN and RST, but what is out of turn passes")  \
	X(NAT_TRACKING_STRICT, "strict", "by SYN, FIN and RST; what is out of turn is dropped")

/* RFC 7857, 2.2: what a RST does to the connection's state. */
#define NAT_RSTS(X)                                                                                \
	X(NAT_RST_KEEP, "keep", "it passes; the state stays for the time of `reset`")              \
	X(NAT_RST_END, "end", "it passes; the state is gone with it")                              \
	X(NAT_RST_END_UNANSWERED, "end-unanswered",                                                \
	  "it passes; the state is gone with it where nothing else had answered, as in Linux")     \
	X(NAT_RST_IGNORE, "ignore", "it passes, and changes nothing")                              \
	X(NAT_RST_DROP, "drop", "it is dropped")

/* Application-level gateways (RFC 2663, 2.9), which change payloads; RFC 4787 REQ-10 wants none on
 * without being asked.  A model has a set of them, bits by value. */
#define NAT_ALGS(X)                                                                                \
	X(NAT_ALG_ADDRESS_REWRITER, "address-rewriter",                                            \
	  "wherever bytes look like the address, they are changed (RFC 8489, 15.2)")               \
	X(NAT_ALG_SIP, "sip", "addresses and ports in SIP and SDP, over UDP port 5060")            \
	X(NAT_ALG_FTP, "ftp", "where data goes, in FTP over TCP port 21 (RFC 959, RFC 2428)")

/* RFC 4787, REQ-14: fragments after the first, which alone has the ports. */
#define NAT_FRAGMENTS(X)                                                                           \
	X(NAT_FRAGMENTS_DROP, "drop", "no fragment passes")                                        \
	X(NAT_FRAGMENTS_IN_ORDER, "in-order", "those that come after the first pass")              \
	X(NAT_FRAGMENTS_ANY_ORDER, "any-order", "those that come before the first wait for it")

/* RFC 5508, REQ-4 and REQ-5: the packet that an ICMP error quotes. */
#define NAT_QUOTES(X)                                                                              \
	X(NAT_QUOTE_REWRITTEN, "rewritten", "translated back, with its checksums")                 \
	X(NAT_QUOTE_CHECKSUM, "checksum-kept", "translated back; its IP checksum is then wrong")   \
	X(NAT_QUOTE_KEPT, "kept", "left as it is: its sender does not know it again")

/* RFC 5508, REQ-3c and 3d: the transport checksum of a packet that an ICMP error quotes whole. */
#define NAT_QUOTED_CHECKSUMS(X)                                                                    \
	X(NAT_QUOTED_UNCHECKED, "unchecked", "nobody looks at it here")                            \
	X(NAT_QUOTED_CHECKED, "checked", "where it is wrong, the error is dropped")                \
	X(NAT_QUOTED_CHECKED_ALL, "checked-with-all",                                              \
	  "so it is, and what follows the quote, such as extensions, is taken for a part of it")

/* RFC 5508, REQ-10: the kinds of ICMP errors.  A model has a set of them, bits by value; IPv6's "packet
 * too big" is with the unreachable ones, and of other types nothing is said. */
#define NAT_ERROR_TYPES(X)                                                                         \
	X(NAT_ERROR_TYPE_UNREACHABLE, "unreachable", "destination unreachable")                    \
	X(NAT_ERROR_TYPE_QUENCH, "source-quench", "source quench, which RFC 6633 deprecates")      \
	X(NAT_ERROR_TYPE_TIME, "time-exceeded", "time exceeded")                                   \
	X(NAT_ERROR_TYPE_PARAMETER, "parameter-problem", "parameter problem")

/* RFC 5508, REQ-6: what an ICMP error does to the mapping that it is about. */
#define NAT_ERROR_EFFECTS(X)                                                                       \
	X(NAT_ERROR_NOTHING, "nothing", "its timer runs on")                                       \
	X(NAT_ERROR_REFRESH, "refresh", "its timer starts again")                                  \
	X(NAT_ERROR_END, "end", "it ends")

/* What gives way when a table or a host's share of it is full. */
#define NAT_EVICTIONS(X)                                                                           \
	X(NAT_EVICT_NONE, "refuse", "new mappings are refused")                                    \
	X(NAT_EVICT_OLDEST, "oldest", "the longest idle goes")                                     \
	X(NAT_EVICT_RANDOM, "random", "any one goes")

/* What a sender from inside is told who gets no mapping (RFC 5508, REQ-8; RFC 6888, REQ-11). */
#define NAT_REFUSALS(X)                                                                            \
	X(NAT_REFUSAL_SILENT, "silent", "nothing")                                                 \
	X(NAT_REFUSAL_PROHIBITED, "prohibited",                                                    \
	  "ICMP: administratively prohibited, as RFC 5508 has it")                                 \
	X(NAT_REFUSAL_UNREACHABLE, "unreachable", "ICMP: host unreachable, as RFC 6888 has it")    \
	X(NAT_REFUSAL_LEAKED, "leaked", "nothing: its packet goes out from its inside address")

/* RFC 4787, REQ-13: a packet that is longer than the link it is to leave by takes. */
#define NAT_TOO_BIGS(X)                                                                            \
	X(NAT_TOO_BIG_TOLD, "told", "its sender is told, or it is cut, as it asks for")            \
	X(NAT_TOO_BIG_CUT, "cut", "it is cut, even where it asks not to be")                       \
	X(NAT_TOO_BIG_DROPPED, "dropped", "it vanishes: a black hole (RFC 2923, 2.1)")             \
	X(NAT_TOO_BIG_BACKWARDS, "backwards", "as told, but its parts leave from the last on")

/* RFC 6092, 3.1: what of IPv6 a firewall stops for what it is, whoever asked for it.  A model has a set of
 * them, bits by value. */
#define NAT_SECURITIES(X)                                                                          \
	X(NAT_SECURITY_MULTICAST, "multicast-sources", "packets from multicast addresses")         \
	X(NAT_SECURITY_BOGONS, "bogons", "addresses that the public Internet never sees")          \
	X(NAT_SECURITY_ROUTES, "routing-headers", "routing headers of type 0")                     \
	X(NAT_SECURITY_FOREIGN, "foreign-sources", "what leaves from addresses of elsewhere")      \
	X(NAT_SECURITY_SPOOFED, "inside-sources", "what comes in from the inside's own addresses") \
	X(NAT_SECURITY_LOCAL, "unique-local", "unique local addresses, either way")                \
	X(NAT_SECURITY_ALL_ROUTES, "all-routing-headers",                                          \
	  "routing headers of any type, which REC-27 forbids to stop")

/* RFC 3489's four, and what is none of them. */
#define NAT_RFC3489(X)                                                                             \
	X(NAT_3489_NONE, "none", "not one of RFC 3489's")                                          \
	X(NAT_3489_OPEN, "open", "no NAT, no filter")                                              \
	X(NAT_3489_FULL_CONE, "full-cone", "")                                                     \
	X(NAT_3489_RESTRICTED, "restricted-cone", "")                                              \
	X(NAT_3489_PORT_RESTRICTED, "port-restricted-cone", "")                                    \
	X(NAT_3489_SYMMETRIC, "symmetric", "")                                                     \
	X(NAT_3489_SYMMETRIC_FIREWALL, "symmetric-firewall", "")                                   \
	X(NAT_3489_UDP_BLOCKED, "udp-blocked", "")

#define X(id, word, text) id,
enum nat_kind { NAT_KINDS(X) };
enum nat_family { NAT_FAMILIES(X) };
enum nat_scope { NAT_SCOPES(X) };
enum nat_ports { NAT_PORTS(X) };
enum nat_collision { NAT_COLLISIONS(X) };
enum nat_refresh { NAT_REFRESHES(X) };
enum nat_hairpin { NAT_HAIRPINS(X) };
enum nat_pooling { NAT_POOLINGS(X) };
enum nat_unsolicited { NAT_UNSOLICITED(X) };
enum nat_tracking { NAT_TRACKINGS(X) };
enum nat_rst { NAT_RSTS(X) };
enum nat_alg { NAT_ALGS(X) };
enum nat_fragments { NAT_FRAGMENTS(X) };
enum nat_quote { NAT_QUOTES(X) };
enum nat_quoted_checksum { NAT_QUOTED_CHECKSUMS(X) };
enum nat_error_type { NAT_ERROR_TYPES(X) };
enum nat_error_effect { NAT_ERROR_EFFECTS(X) };
enum nat_eviction { NAT_EVICTIONS(X) };
enum nat_refusal { NAT_REFUSALS(X) };
enum nat_too_big { NAT_TOO_BIGS(X) };
enum nat_security { NAT_SECURITIES(X) };
enum nat_rfc3489 { NAT_RFC3489(X) };
#undef X

enum { NAT_OUTBOUND_PORTS = 4, NAT_EXEMPT = 4 };

/* The behaviour towards one transport protocol.  UDP and TCP each have one. */
struct nat_transport {
	bool blocked; /* nothing of this protocol passes, either way */
	/* Where any are given, nothing goes out to other ports, whoever spoke first, but from a
	 * DMZ host and the inside ends of static forwards; a 0 ends them. */
	uint16_t outbound_ports[NAT_OUTBOUND_PORTS];
	uint16_t exempt_ports[NAT_OUTBOUND_PORTS]; /* as of the model's `exempt`: remote ports */
	enum nat_scope mapping;
	enum nat_scope filtering;
	enum nat_ports ports;
	int32_t step; /* of sequential: the next port is the last plus this; not 0 */
	bool parity; /* odd ports map to odd, even to even (RFC 4787 4.2.2) */
	bool contiguity; /* port n + 1 maps next to port n's (RFC 4787 4.2.3) */
	bool keep_well_known; /* inside ports below 1024 map below 1024 (REQ-3a) */
	bool keep_low; /* … and those below 512 below that, the others from 600 on, as in Linux */
	uint16_t port_min; /* the range that allocation draws from, both ends included */
	uint16_t port_max;
	uint16_t block_size; /* of block and deterministic: ports at a time */
	uint8_t blocks_max; /* of block: how many a host may own, 1 to 8 */
	uint64_t reuse_ns; /* a port that was given back rests so long (RFC 6888, REQ-8) */
	bool reuse_exceptions; /* it does not rest where RFC 6888, REQ-8a to c, allows that */
	uint64_t permission_ns; /* filtering forgets who was not spoken to for so long; 0 = never */
	enum nat_collision collision;
	enum nat_refresh refresh;
	bool refresh_refused; /* what the filter keeps out refreshes as if it came in (RFC 7857, 7) */
	uint64_t
		timeout_ns; /* idle, before traffic went both ways (or ever, where the next is 0) */
	uint64_t
		timeout_two_way_ns; /* idle, once it has gone both ways for two_way_after_ns; 0 = as above */
	uint64_t two_way_after_ns; /* Linux: 2 s */
	enum nat_unsolicited unsolicited;
	bool hairpin; /* takes part in what the model's hairpin says */
	/* TCP only.  timeout_ns is then for connections that open or close, timeout_two_way_ns for
	 * those that stand. */
	enum nat_tracking tracking;
	bool syn_refreshes; /* the first SYN sent again restarts the timer */
	bool simultaneous_open; /* a SYN that crosses one passes (RFC 5382, REQ-2) */
	bool out_of_window; /* segments that no window allows pass */
	enum nat_rst rst;
	uint64_t closing_ns; /* idle, once both sides have sent FIN; 0 = timeout_ns */
	uint64_t reset_ns; /* what is left after a RST, at most; 0 = timeout_ns */
	uint64_t hold_ns; /* how long an unsolicited SYN is held (RFC 5382, REQ-4) */
};

/* RFC 5508. */
struct nat_icmp {
	bool blocked; /* neither queries nor errors pass */
	enum nat_scope mapping; /* of echo identifiers; "port" plays no part, so AD or EI */
	enum nat_scope filtering;
	enum nat_ports identifiers; /* allocation of the outside identifier */
	uint64_t timeout_ns; /* REQ-2: 60 s or more */
	bool hairpin; /* queries take part in what the model's hairpin says */
	bool errors; /* errors are translated with the packet they quote (REQ-3, REQ-4) */
	bool hairpinned_errors; /* REQ-7: errors about hairpinned packets, too */
	bool any_source; /* errors come in from anybody (RFC 4787 REQ-12a), not only from whom they
			  * say that the packet went to */
	bool code_kept; /* REQ-4b, REQ-5b: else it becomes 0 */
	bool sender_hidden; /* REQ-5c: errors from inside come from outside, too */
	bool strays; /* errors about packets of no known mapping pass, against REQ-4 and REQ-5 */
	bool verify; /* REQ-3, REQ-3a: errors with a wrong checksum, or a wrong quoted one, drop */
	bool quoted_options; /* REQ-3b: IP options in a quote are understood */
	enum nat_quoted_checksum quoted_checksum; /* REQ-3c, REQ-3d */
	uint8_t error_types; /* REQ-10: 1 << enum nat_error_type, of those that pass */
	enum nat_quote quote;
	enum nat_error_effect on_error;
	bool time_exceeded; /* REQ-10a: a packet whose TTL ends here is answered for */
	bool ping_answered; /* the outside address itself answers an echo */
};

struct nat_model {
	char name[48]; /* as it is called in scenarios: the file's name without .lua */
	char title[96];
	char source[192]; /* where this behaviour was seen or defined */
	char kernel
		[24]; /* which ruleset realises it in a Linux kernel ("", "masquerade", …), see sim/live/nat_rules.h */
	enum nat_kind kind;
	enum nat_family family; /* of nets' models that it is for; the engine does not look */
	enum nat_rfc3489 rfc3489;
	struct nat_transport udp;
	struct nat_transport tcp;
	struct nat_icmp icmp;
	enum nat_hairpin hairpin;
	enum nat_pooling pooling;
	uint8_t pool_size; /* outside addresses, 1 or more */
	uint32_t max_mappings; /* 0 = as many as there are ports */
	uint32_t max_mappings_host; /* the same for each inside host */
	uint32_t rate_host; /* new ones of each inside host, in a second; 0 = any number */
	enum nat_eviction eviction;
	enum nat_fragments fragments;
	uint8_t fragments_held; /* any-order: how many wait at a time, 1 to 64 */
	uint64_t fragment_ns; /* how long a first part is remembered, and waited for */
	bool fragments_yield; /* where too many first parts are remembered, the oldest does; else
				  * the new one is not (RFC 4787, REQ-14a) */
	uint8_t algs; /* 1 << enum nat_alg */
	enum nat_refusal refusal;
	enum nat_too_big too_big;
	bool overlap; /* RFC 4787 REQ-7: outside hosts of the inside network's range are reached */
	/* RFC 6888 REQ-6: destinations that nothing is translated for; one without bits ends them. */
	struct ip_prefix exempt[NAT_EXEMPT];
	bool shared_mappings; /* RFC 7857, 5: TCP and UDP from one inside endpoint get one port */
	bool shared_filters; /* RFC 7857, 6: what opens the way for one lets the other in */
	bool ip_id; /* RFC 7857, 10: datagrams that may be cut get an identification of the NAT's */
	uint8_t simple_security; /* 1 << enum nat_security, of an IPv6 firewall */
	bool checksum_neutral; /* of NPTv6: the address makes up for what the prefixes differ by, so that
				* no transport's checksum changes */
	bool others; /* of an IPv6 firewall: transports that it does not know pass outward, and back
		      * (RFC 6092, REC-11, REC-12) */
	bool ipsec; /* of an IPv6 firewall: AH, ESP, IKE and HIP pass both ways (RFC 6092, REC-21 to 26) */
};

/* Is there anything that @model translates nothing for (RFC 6888, REQ-6)? */
bool nat_model_exempts(const struct nat_model *model);

/* Is remote @port one of those? */
bool nat_transport_exempts(const struct nat_transport *transport, uint16_t port);

/* May anything go out to remote @port? */
bool nat_transport_lets_out(const struct nat_transport *transport, uint16_t port);

/* How many prefixes its `exempt` has. */
size_t nat_model_exempt_len(const struct nat_model *model);

/* A model with every knob at its default: what RFC 4787 and RFC 5382 recommend (EI mapping,
 * APD filtering, ports preserved, hairpinning with external source). */
void nat_model_defaults(struct nat_model *model);

/* Can a net have @model as its NAT for IP @version, 4 or 6?  For NAT64 that is 6: the inside's. */
bool nat_model_serves(const struct nat_model *model, int version);

/* What a kind is for where the model does not say. */
enum nat_family nat_kind_family(enum nat_kind kind);

/* Does a kind give ports, as a NAPT does? */
static inline bool nat_kind_gives_ports(enum nat_kind kind)
{
	return kind == NAT_KIND_NAPT || kind == NAT_KIND_NAT64;
}

/* Does it remember what has passed? */
static inline bool nat_kind_keeps_state(enum nat_kind kind)
{
	return kind != NAT_KIND_ROUTER && kind != NAT_KIND_NPTV6;
}

/* A value of an enum as model files spell it, and what it means ("" where that is plain). */
struct nat_word {
	const char *word;
	const char *text;
};

/* The words of each enum, by value; a NULL word ends them. */
extern const struct nat_word nat_kind_words[];
extern const struct nat_word nat_family_words[];
extern const struct nat_word nat_scope_words[];
extern const struct nat_word nat_ports_words[];
extern const struct nat_word nat_collision_words[];
extern const struct nat_word nat_refresh_words[];
extern const struct nat_word nat_hairpin_words[];
extern const struct nat_word nat_pooling_words[];
extern const struct nat_word nat_unsolicited_words[];
extern const struct nat_word nat_tracking_words[];
extern const struct nat_word nat_rst_words[];
extern const struct nat_word nat_alg_words[];
extern const struct nat_word nat_fragments_words[];
extern const struct nat_word nat_quote_words[];
extern const struct nat_word nat_quoted_checksum_words[];
extern const struct nat_word nat_error_type_words[];
extern const struct nat_word nat_error_effect_words[];
extern const struct nat_word nat_eviction_words[];
extern const struct nat_word nat_refusal_words[];
extern const struct nat_word nat_too_big_words[];
extern const struct nat_word nat_security_words[];
extern const struct nat_word nat_rfc3489_words[];

/* The word of one value; "?" for a value that there is not. */
const char *nat_kind_word(enum nat_kind v);
const char *nat_family_word(enum nat_family v);
const char *nat_scope_word(enum nat_scope v);
const char *nat_ports_word(enum nat_ports v);
const char *nat_collision_word(enum nat_collision v);
const char *nat_refresh_word(enum nat_refresh v);
const char *nat_hairpin_word(enum nat_hairpin v);
const char *nat_pooling_word(enum nat_pooling v);
const char *nat_unsolicited_word(enum nat_unsolicited v);
const char *nat_tracking_word(enum nat_tracking v);
const char *nat_rst_word(enum nat_rst v);
const char *nat_alg_word(enum nat_alg v);
const char *nat_fragments_word(enum nat_fragments v);
const char *nat_quote_word(enum nat_quote v);
const char *nat_quoted_checksum_word(enum nat_quoted_checksum v);
const char *nat_error_type_word(enum nat_error_type v);
const char *nat_error_effect_word(enum nat_error_effect v);
const char *nat_eviction_word(enum nat_eviction v);
const char *nat_refusal_word(enum nat_refusal v);
const char *nat_too_big_word(enum nat_too_big v);
const char *nat_security_word(enum nat_security v);
const char *nat_rfc3489_word(enum nat_rfc3489 v);

#endif
