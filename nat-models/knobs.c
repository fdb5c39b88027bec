/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knobs.h"

#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "duration.h"

#define DAY_NS ((int64_t)(86400 * NS_PER_S))

enum { TIME_MAX_DAYS = 365 };

/* A row: KNOB(struct, member, key, type, words, min, max, meaning, reference). */
#define KNOB(type_, member_, key_, kind_, words_, min_, max_, meaning_, reference_)                \
	{                                                                                          \
		.key = (key_), .type = (kind_), .offset = offsetof(struct type_, member_),         \
		.size = sizeof(((struct type_ *)0)->member_), .words = (words_), .min = (min_),    \
		.max = (max_), .meaning = (meaning_), .reference = (reference_)                    \
	}
#define WORD_KNOB(type_, member_, key_, words_, meaning_, reference_)                              \
	KNOB(type_, member_, key_, KNOB_WORD, words_, 0, 0, meaning_, reference_)
#define BOOL_KNOB(type_, member_, key_, meaning_, reference_)                                      \
	KNOB(type_, member_, key_, KNOB_BOOL, NULL, 0, 1, meaning_, reference_)
#define NUMBER_KNOB(type_, member_, key_, min_, max_, meaning_, reference_)                        \
	KNOB(type_, member_, key_, KNOB_NUMBER, NULL, min_, max_, meaning_, reference_)
#define TIME_KNOB(type_, member_, key_, min_, meaning_, reference_)                                \
	KNOB(type_, member_, key_, KNOB_TIME, NULL, min_, TIME_MAX_DAYS *DAY_NS, meaning_,         \
	     reference_)
#define TEXT_KNOB(type_, member_, key_, words_, meaning_)                                          \
	KNOB(type_, member_, key_, KNOB_TEXT, words_, 0, 0, meaning_, "")

/* The rulesets that a live world can make of nftables (sim/live/). */
static const struct nat_word kernel_words[] = {
	{ "", "nftables cannot express it" },
	{ "router", "forwarding without rules" },
	{ "masquerade", "masquerade, and INPUT drops" },
	{ "masquerade-input-accept", "masquerade, and INPUT accepts" },
	{ "masquerade-random", "masquerade fully-random" },
	{ "full-cone", "a map filled on the packet's path leads strangers in" },
	{ "restricted-cone", "the same map, and a set of the addresses spoken to" },
	{ "port-restricted-cone", "the same map, and a set of the endpoints spoken to" },
	{ "symmetric", "masquerade fully-random, and INPUT drops" },
	{ "udp-blocked", "a forward chain that drops UDP" },
	{ "firewall", "a forward chain that lets established traffic in" },
	{ "one-to-one", "a prefix of addresses translated both ways" },
	{ NULL, NULL },
};

static const struct knob model_knobs[] = {
	TEXT_KNOB(nat_model, title, "title", NULL, "what people call it"),
	TEXT_KNOB(nat_model, source, "source", NULL, "where it was seen or defined"),
	WORD_KNOB(nat_model, kind, "kind", nat_kind_words, "what it does to packets at all", ""),
	WORD_KNOB(nat_model, family, "family", nat_family_words,
		  "which of a net's two NATs it can be: `nat`, `nat6`", ""),
	WORD_KNOB(nat_model, rfc3489, "rfc3489", nat_rfc3489_words,
		  "its old name, where it has one", "RFC 3489, 5"),
	WORD_KNOB(nat_model, hairpin, "hairpin", nat_hairpin_words,
		  "what an inside host meets that sends to another's outside endpoint",
		  "RFC 4787, 6"),
	WORD_KNOB(nat_model, pooling, "pooling", nat_pooling_words,
		  "which outside address a new mapping gets", "RFC 4787, 4.1"),
	NUMBER_KNOB(nat_model, pool_size, "pool", 1, 255, "how many outside addresses it has",
		    "RFC 4787, 4.1"),
	NUMBER_KNOB(nat_model, max_mappings, "limit", 0, UINT32_MAX,
		    "mappings at a time; 0 = as many as there are ports", ""),
	NUMBER_KNOB(nat_model, max_mappings_host, "limit_host", 0, UINT32_MAX,
		    "mappings at a time of one inside host; 0 = no limit", "RFC 6888, REQ-4"),
	NUMBER_KNOB(nat_model, rate_host, "rate_host", 0, UINT32_MAX,
		    "new mappings a second of one inside host; 0 = no limit", "RFC 6888, REQ-4C"),
	WORD_KNOB(nat_model, eviction, "evict", nat_eviction_words,
		  "what gives way when a limit is reached", ""),
	WORD_KNOB(nat_model, refusal, "refusal", nat_refusal_words,
		  "what an inside host is told that gets no mapping",
		  "RFC 5508, REQ-8; RFC 6888, REQ-11"),
	WORD_KNOB(nat_model, too_big, "too_big", nat_too_big_words,
		  "what becomes of packets that are longer than the next link's MTU",
		  "RFC 4787, REQ-13"),
	BOOL_KNOB(nat_model, overlap, "overlap",
		  "outside hosts are reached whose addresses are of the inside network",
		  "RFC 4787, REQ-7"),
	KNOB(nat_model, exempt, "exempt", KNOB_PREFIXES, NULL, 0, 0,
	     "prefixes of destinations that nothing is translated for, as a list",
	     "RFC 6888, REQ-6"),
	BOOL_KNOB(nat_model, shared_mappings, "shared_mappings",
		  "TCP and UDP from one inside endpoint get one outside port", "RFC 7857, 5"),
	BOOL_KNOB(nat_model, shared_filters, "shared_filters",
		  "what TCP has opened lets UDP in, and the reverse", "RFC 7857, 6"),
	BOOL_KNOB(nat_model, ip_id, "ip_id",
		  "datagrams that may be cut get an identification of the NAT's own",
		  "RFC 7857, 10"),
	KNOB(nat_model, simple_security, "simple_security", KNOB_SET, nat_security_words, 0, 0,
	     "what an IPv6 firewall stops in any case, as a list", "RFC 6092, REC-1 to REC-7"),
	BOOL_KNOB(
		nat_model, checksum_neutral, "checksum_neutral",
		"NPTv6 leaves transports and their checksums alone; else it swaps prefixes only, and "
		"mends the checksums that it knows",
		"RFC 6296, 3.1"),
	BOOL_KNOB(nat_model, others, "others",
		  "an IPv6 firewall keeps records of transports that it does not know",
		  "RFC 6092, REC-11, REC-12"),
	BOOL_KNOB(nat_model, ipsec, "ipsec", "an IPv6 firewall lets AH, ESP, IKE and HIP in",
		  "RFC 6092, REC-21 to REC-26"),
	KNOB(nat_model, algs, "alg", KNOB_SET, nat_alg_words, 0, 0,
	     "what changes payloads, as a list", "RFC 4787, REQ-10"),
	WORD_KNOB(nat_model, fragments, "fragments", nat_fragments_words, "which fragments pass",
		  "RFC 4787, REQ-14"),
	NUMBER_KNOB(nat_model, fragments_held, "fragments_held", 1, 64,
		    "fragments at a time that wait for their first", "RFC 4787, REQ-14"),
	TIME_KNOB(nat_model, fragment_ns, "fragment_time", 1,
		  "how long a first fragment is remembered, and waited for", "RFC 4787, REQ-14"),
	BOOL_KNOB(nat_model, fragments_yield, "fragments_yield",
		  "of too many first fragments the oldest is forgotten, not the newest",
		  "RFC 4787, REQ-14a"),
	TEXT_KNOB(nat_model, kernel, "kernel", kernel_words,
		  "which ruleset realises it in a Linux kernel"),
};

#define TRANSPORT_WORD(member_, words_, meaning_, reference_)                                      \
	WORD_KNOB(nat_transport, member_, #member_, nat_##words_##_words, meaning_, reference_)
#define TRANSPORT_BOOL(member_, meaning_, reference_)                                              \
	BOOL_KNOB(nat_transport, member_, #member_, meaning_, reference_)
#define TRANSPORT_NUMBER(member_, min_, max_, meaning_, reference_)                                \
	NUMBER_KNOB(nat_transport, member_, #member_, min_, max_, meaning_, reference_)

#define TRANSPORT_KNOBS                                                                            \
	TRANSPORT_BOOL(blocked, "nothing of this protocol passes, either way", ""),                \
		KNOB(nat_transport, outbound_ports, "outbound_ports", KNOB_PORTS, NULL, 1, 65535,  \
		     "the remote ports that inside hosts may send to, as a list", ""),             \
		KNOB(nat_transport, exempt_ports, "exempt_ports", KNOB_PORTS, NULL, 1, 65535,      \
		     "the remote ports that nothing is translated for, as a list",                 \
		     "RFC 6888, REQ-6"),                                                           \
		TRANSPORT_WORD(mapping, scope, "whether an inside endpoint keeps its mapping",     \
			       "RFC 4787, 4.1"),                                                   \
		TRANSPORT_WORD(filtering, scope, "who may send in through a mapping",              \
			       "RFC 4787, 5"),                                                     \
		TRANSPORT_WORD(ports, ports, "the outside port of a new mapping",                  \
			       "RFC 4787, 4.2.1"),                                                 \
		TRANSPORT_NUMBER(step, -65535, 65535,                                              \
				 "from one sequential port to the next; not 0", ""),               \
		TRANSPORT_BOOL(parity, "odd ports stay odd, even ones even", "RFC 4787, 4.2.2"),   \
		TRANSPORT_BOOL(contiguity, "neighbouring ports stay neighbours",                   \
			       "RFC 4787, 4.2.3"),                                                 \
		TRANSPORT_BOOL(keep_well_known, "ports below 1024 stay below 1024",                \
			       "RFC 4787, REQ-3a"),                                                \
		TRANSPORT_BOOL(keep_low,                                                           \
			       "ports below 512 stay below 512, and the others below 1024 from "   \
			       "600 on, as Linux has it",                                          \
			       ""),                                                                \
		TRANSPORT_NUMBER(port_min, 1, 65535, "the lowest port that is given", ""),         \
		TRANSPORT_NUMBER(port_max, 1, 65535, "the highest port that is given", ""),        \
		TRANSPORT_NUMBER(block_size, 1, 65535,                                             \
				 "ports of a block, or of a determined range", "RFC 6888, 5"),     \
		TRANSPORT_NUMBER(blocks_max, 1, 8, "blocks that an inside host may own",           \
				 "RFC 6888, REQ-4"),                                               \
		TIME_KNOB(nat_transport, reuse_ns, "reuse_after", 0,                               \
			  "how long a port rests that was given back", "RFC 6888, REQ-8"),         \
		TRANSPORT_BOOL(reuse_exceptions,                                                   \
			       "it need not, where the RFC says so: TCP that is followed, ports "  \
			       "that the inside address determines, dependent filtering",          \
			       "RFC 6888, REQ-8"),                                                 \
		TIME_KNOB(nat_transport, permission_ns, "permission_time", 0,                      \
			  "how long filtering remembers who was spoken to; 0 = with the mapping",  \
			  "RFC 4787, 5"),                                                          \
		TRANSPORT_WORD(collision, collision, "what happens when that port is in use",      \
			       "RFC 4787, REQ-3"),                                                 \
		TRANSPORT_BOOL(hairpin, "this protocol is hairpinned, where any is",               \
			       "RFC 4787, REQ-9"),                                                 \
		TRANSPORT_WORD(refresh, refresh, "which packets restart the timer",                \
			       "RFC 4787, REQ-6"),                                                 \
		TRANSPORT_BOOL(refresh_refused,                                                    \
			       "a packet that the filter keeps out refreshes, where one that it "  \
			       "lets in does",                                                     \
			       "RFC 7857, 7"),                                                     \
		TRANSPORT_WORD(unsolicited, unsolicited, "what a packet meets that is not let in", \
			       "RFC 5382, REQ-4")

static const struct knob udp_knobs[] = {
	TRANSPORT_KNOBS,
	TIME_KNOB(nat_transport, timeout_ns, "timeout", 1, "a mapping's idle life",
		  "RFC 4787, REQ-5"),
	TIME_KNOB(nat_transport, timeout_two_way_ns, "timeout_two_way", 0,
		  "its idle life once traffic has gone both ways; 0 = the same", ""),
	TIME_KNOB(nat_transport, two_way_after_ns, "two_way_after", 0,
		  "for how long it must have gone both ways", ""),
};

static const struct knob tcp_knobs[] = {
	TRANSPORT_KNOBS,
	TIME_KNOB(nat_transport, timeout_ns, "transitory", 1,
		  "idle life of a connection that is opening or closing", "RFC 5382, REQ-5"),
	TIME_KNOB(nat_transport, timeout_two_way_ns, "established", 0,
		  "idle life of a connection that stands", "RFC 5382, REQ-5"),
	TIME_KNOB(nat_transport, closing_ns, "closing", 0,
		  "idle life of a connection that both sides have closed; 0 = transitory",
		  "RFC 7857, 2.1"),
	TIME_KNOB(nat_transport, reset_ns, "reset", 0,
		  "life of a connection after a RST, at most; 0 = transitory", "RFC 7857, 2.2"),
	TIME_KNOB(nat_transport, hold_ns, "hold", 1, "how long an unsolicited SYN is held",
		  "RFC 5382, REQ-4"),
	TRANSPORT_WORD(tracking, tracking, "how closely connections are followed", "RFC 7857, 2"),
	TRANSPORT_BOOL(syn_refreshes, "a SYN that is sent again restarts the timer", ""),
	TRANSPORT_BOOL(simultaneous_open, "a SYN that crosses another one passes",
		       "RFC 5382, REQ-2"),
	TRANSPORT_BOOL(out_of_window, "segments that no window allows pass", ""),
	TRANSPORT_WORD(rst, rst, "what a RST does", "RFC 7857, 2.2"),
};

static const struct knob icmp_knobs[] = {
	BOOL_KNOB(nat_icmp, blocked, "blocked", "neither queries nor errors pass", "RFC 5508, 3"),
	WORD_KNOB(nat_icmp, mapping, "mapping", nat_scope_words,
		  "whether a query's identifier keeps its mapping", "RFC 5508, REQ-1"),
	WORD_KNOB(nat_icmp, filtering, "filtering", nat_scope_words,
		  "who may answer through a mapping", "RFC 5508, 3.1"),
	WORD_KNOB(nat_icmp, identifiers, "identifiers", nat_ports_words,
		  "the outside identifier of a new mapping", "RFC 5508, 3.1"),
	TIME_KNOB(nat_icmp, timeout_ns, "timeout", 1, "a query mapping's idle life",
		  "RFC 5508, REQ-2"),
	BOOL_KNOB(nat_icmp, errors, "errors", "errors pass, with the packet that they quote",
		  "RFC 5508, REQ-3 to REQ-5"),
	BOOL_KNOB(nat_icmp, verify, "verify",
		  "errors with a wrong checksum, or a wrong quoted header, are dropped",
		  "RFC 5508, REQ-3"),
	BOOL_KNOB(nat_icmp, quoted_options, "quoted_options",
		  "errors pass about packets with IP options", "RFC 5508, REQ-3b"),
	WORD_KNOB(nat_icmp, quoted_checksum, "quoted_checksum", nat_quoted_checksum_words,
		  "the transport checksum of the packet that an error quotes",
		  "RFC 5508, REQ-3c, REQ-3d"),
	KNOB(nat_icmp, error_types, "error_types", KNOB_SET, nat_error_type_words, 0, 0,
	     "which errors pass, where any do, as a list", "RFC 5508, REQ-10"),
	WORD_KNOB(nat_icmp, quote, "quote", nat_quote_words,
		  "what becomes of the packet that an error quotes", "RFC 5508, REQ-4"),
	WORD_KNOB(nat_icmp, on_error, "on_error", nat_error_effect_words,
		  "what an error does to the mapping that it is about", "RFC 5508, REQ-6"),
	BOOL_KNOB(nat_icmp, hairpin, "hairpin", "queries are hairpinned, where anything is",
		  "RFC 7857, 12"),
	BOOL_KNOB(nat_icmp, hairpinned_errors, "hairpinned_errors",
		  "errors about hairpinned packets pass", "RFC 5508, REQ-7"),
	BOOL_KNOB(nat_icmp, any_source, "any_source",
		  "errors come in from anybody, not only from whom the quoted packet went to",
		  "RFC 4787, REQ-12a"),
	BOOL_KNOB(nat_icmp, code_kept, "code_kept", "errors keep their code, which else becomes 0",
		  "RFC 5508, REQ-4, REQ-5"),
	BOOL_KNOB(nat_icmp, sender_hidden, "sender_hidden",
		  "errors from inside get an outside address as their source", "RFC 5508, REQ-5"),
	BOOL_KNOB(nat_icmp, strays, "strays",
		  "errors about packets of no known mapping pass, where an address is known",
		  "RFC 5508, REQ-4, REQ-5"),
	BOOL_KNOB(nat_icmp, time_exceeded, "time_exceeded",
		  "a packet whose TTL ends here is answered for", "RFC 5508, REQ-10a"),
	BOOL_KNOB(nat_icmp, ping_answered, "ping_answered",
		  "the outside address itself answers an echo", ""),
};

#define SECTION(name_, offset_, knobs_)                                                            \
	{                                                                                          \
		(name_), (offset_), (knobs_), sizeof(knobs_) / sizeof((knobs_)[0])                 \
	}

const struct knob_section knob_sections[KNOB_SECTIONS] = {
	SECTION("", 0, model_knobs),
	SECTION("udp", offsetof(struct nat_model, udp), udp_knobs),
	SECTION("tcp", offsetof(struct nat_model, tcp), tcp_knobs),
	SECTION("icmp", offsetof(struct nat_model, icmp), icmp_knobs),
};

char *knob_text(struct nat_model *model, const struct knob_section *section,
		const struct knob *knob)
{
	return (char *)model + section->offset + knob->offset;
}

static const struct ip_prefix *prefixes_of(const struct nat_model *model,
					   const struct knob_section *section,
					   const struct knob *knob)
{
	const char *at = (const char *)model + section->offset + knob->offset;

	return (const struct ip_prefix *)(const void *)at;
}

struct ip_prefix *knob_prefixes(struct nat_model *model, const struct knob_section *section,
				const struct knob *knob)
{
	return (struct ip_prefix *)(void *)knob_text(model, section, knob);
}

size_t knob_prefixes_max(const struct knob *knob)
{
	return knob->size / sizeof(struct ip_prefix);
}

int64_t knob_value(const struct nat_model *model, const struct knob_section *section,
		   const struct knob *knob)
{
	const char *at = (const char *)model + section->offset + knob->offset;
	uint64_t value = 0;

	if (knob->type == KNOB_BOOL)
		return *(const bool *)at;
	if (knob->type == KNOB_WORD)
		return *(const int *)at;
	if (knob->type == KNOB_PORTS) {
		for (int i = NAT_OUTBOUND_PORTS; i-- > 0;)
			value = value << 16 | ((const uint16_t *)at)[i];
		return (int64_t)value;
	}
	switch (knob->size) {
	case 1:
		return *(const uint8_t *)at;
	case 2:
		return *(const uint16_t *)at;
	case 4:
		if (knob->min < 0)
			return *(const int32_t *)at;
		return *(const uint32_t *)at;
	default:
		memcpy(&value, at, sizeof(value));
		return (int64_t)value;
	}
}

void knob_set(struct nat_model *model, const struct knob_section *section, const struct knob *knob,
	      int64_t value)
{
	char *at = knob_text(model, section, knob);

	if (knob->type == KNOB_BOOL) {
		*(bool *)at = value != 0;
		return;
	}
	if (knob->type == KNOB_PORTS) {
		for (int i = 0; i < NAT_OUTBOUND_PORTS; i++)
			((uint16_t *)at)[i] = (uint16_t)((uint64_t)value >> 16 * i);
		return;
	}
	switch (knob->size) {
	case 1:
		*(uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)at = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(uint64_t *)at = (uint64_t)value;
	}
}

/* "a, b"; "none" for the empty set. */
static const char *format_set(const struct knob *knob, int64_t value, char *buf, size_t size)
{
	snprintf(buf, size, "%s", value ? "" : "none");
	for (int i = 0; knob->words[i].word; i++) {
		size_t used = strlen(buf);

		if (value >> i & 1)
			snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
				 knob->words[i].word);
	}
	return buf;
}

/* "80, 443"; "any" or "none" where there are none. */
static const char *format_ports(const struct knob *knob, int64_t value, char *buf, size_t size)
{
	const char *without = strcmp(knob->key, "exempt_ports") == 0 ? "none" : "any";

	snprintf(buf, size, "%s", value ? "" : without);
	for (uint64_t ports = (uint64_t)value; ports; ports >>= 16) {
		size_t used = strlen(buf);

		snprintf(buf + used, size - used, "%s%u", used ? ", " : "",
			 (unsigned)(ports & UINT16_MAX));
	}
	return buf;
}

/* "11.1.0.0/16, 11.2.0.0/16"; "none" where there are none. */
static const char *format_prefixes(const struct ip_prefix *prefixes, size_t max, char *buf,
				   size_t size)
{
	char text[IP_PREFIX_TEXT];

	snprintf(buf, size, "%s", max && prefixes[0].bits ? "" : "none");
	for (size_t i = 0; i < max && prefixes[i].bits; i++) {
		size_t used = strlen(buf);

		snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
			 ip_prefix_format(prefixes[i], text));
	}
	return buf;
}

const char *knob_format(const struct nat_model *model, const struct knob_section *section,
			const struct knob *knob, char *buf, size_t size)
{
	char time[DURATION_TEXT];
	int64_t value;

	if (knob->type == KNOB_TEXT) {
		snprintf(buf, size, "%s", (const char *)model + section->offset + knob->offset);
		return buf;
	}
	if (knob->type == KNOB_PREFIXES)
		return format_prefixes(prefixes_of(model, section, knob), knob_prefixes_max(knob),
				       buf, size);
	value = knob_value(model, section, knob);
	if (knob->type == KNOB_SET)
		return format_set(knob, value, buf, size);
	if (knob->type == KNOB_PORTS)
		return format_ports(knob, value, buf, size);
	if (knob->type == KNOB_WORD)
		snprintf(buf, size, "%s", knob->words[value].word);
	else if (knob->type == KNOB_BOOL)
		snprintf(buf, size, "%s", value ? "true" : "false");
	else if (knob->type == KNOB_TIME)
		snprintf(buf, size, "%s", duration_format((uint64_t)value, time));
	else
		snprintf(buf, size, "%lld", (long long)value);
	return buf;
}

static bool same_prefixes(const struct ip_prefix *a, const struct ip_prefix *b, size_t max)
{
	for (size_t i = 0; i < max && (a[i].bits || b[i].bits); i++)
		if (a[i].bits != b[i].bits || !ip_addr_equal(a[i].addr, b[i].addr))
			return false;
	return true;
}

bool knob_same(const struct nat_model *a, const struct nat_model *b,
	       const struct knob_section *section, const struct knob *knob)
{
	size_t at = section->offset + knob->offset;

	if (knob->type == KNOB_TEXT)
		return strcmp((const char *)a + at, (const char *)b + at) == 0;
	if (knob->type == KNOB_PREFIXES)
		return same_prefixes(prefixes_of(a, section, knob), prefixes_of(b, section, knob),
				     knob_prefixes_max(knob));
	return knob_value(a, section, knob) == knob_value(b, section, knob);
}

static bool compare(const struct nat_model *a, const struct nat_model *b, bool behaviour_only)
{
	for (size_t s = 0; s < KNOB_SECTIONS; s++) {
		const struct knob_section *section = &knob_sections[s];

		for (size_t k = 0; k < section->len; k++) {
			const struct knob *knob = &section->knobs[k];
			bool counts = knob->type != KNOB_TEXT && knob->type != KNOB_TIME;

			if ((counts || !behaviour_only) && !knob_same(a, b, section, knob))
				return false;
		}
	}
	return true;
}

bool knobs_same(const struct nat_model *a, const struct nat_model *b)
{
	return compare(a, b, false);
}

bool knobs_same_behaviour(const struct nat_model *a, const struct nat_model *b)
{
	return compare(a, b, true);
}
