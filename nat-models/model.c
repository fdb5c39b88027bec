/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <string.h>

#include "duration.h"

#define X(id, word, text) { word, text },
#define WORDS(name, LIST)                                                                          \
	const struct nat_word nat_##name##_words[] = { LIST(X){ NULL, NULL } };                    \
	const char *nat_##name##_word(enum nat_##name v)                                           \
	{                                                                                          \
		size_t n = sizeof(nat_##name##_words) / sizeof(nat_##name##_words[0]) - 1;         \
		return (size_t)v < n ? nat_##name##_words[v].word : "?";                           \
	}

WORDS(kind, NAT_KINDS)
WORDS(family, NAT_FAMILIES)
WORDS(scope, NAT_SCOPES)
WORDS(ports, NAT_PORTS)
WORDS(collision, NAT_COLLISIONS)
WORDS(refresh, NAT_REFRESHES)
WORDS(hairpin, NAT_HAIRPINS)
WORDS(pooling, NAT_POOLINGS)
WORDS(unsolicited, NAT_UNSOLICITED)
WORDS(tracking, NAT_TRACKINGS)
WORDS(rst, NAT_RSTS)
WORDS(alg, NAT_ALGS)
WORDS(fragments, NAT_FRAGMENTS)
WORDS(quote, NAT_QUOTES)
WORDS(quoted_checksum, NAT_QUOTED_CHECKSUMS)
WORDS(error_type, NAT_ERROR_TYPES)
WORDS(error_effect, NAT_ERROR_EFFECTS)
WORDS(eviction, NAT_EVICTIONS)
WORDS(refusal, NAT_REFUSALS)
WORDS(too_big, NAT_TOO_BIGS)
WORDS(security, NAT_SECURITIES)
WORDS(rfc3489, NAT_RFC3489)

/* What UDP and TCP have in common.  Filtering is the one place where the default is stricter
 * than RFC 4787's REQ-8 (endpoint-independent or address-dependent): what most NATs do. */
static struct nat_transport transport_defaults(void)
{
	return (struct nat_transport){
		.mapping = NAT_EI, /* RFC 4787 REQ-1, RFC 5382 REQ-1 */
		.filtering = NAT_APD,
		.ports = NAT_PORTS_PRESERVE,
		.step = 1,
		.keep_well_known = true, /* RFC 4787 REQ-3a */
		.port_min = 1024,
		.port_max = 65535,
		.block_size = 512,
		.blocks_max = 1,
		.collision =
			NAT_COLLISION_NEXT, /* RFC 4787 REQ-3, RFC 5382 REQ-7: no overloading */
		.unsolicited = NAT_UNSOLICITED_DROP,
		.hairpin = true, /* RFC 4787 REQ-9, RFC 5382 REQ-8 */
	};
}

static bool is_one_of(const uint16_t ports[NAT_OUTBOUND_PORTS], uint16_t port)
{
	for (int i = 0; i < NAT_OUTBOUND_PORTS && ports[i]; i++)
		if (ports[i] == port)
			return true;
	return false;
}

bool nat_transport_lets_out(const struct nat_transport *transport, uint16_t port)
{
	return !transport->outbound_ports[0] || is_one_of(transport->outbound_ports, port);
}

bool nat_transport_exempts(const struct nat_transport *transport, uint16_t port)
{
	return is_one_of(transport->exempt_ports, port);
}

bool nat_model_exempts(const struct nat_model *model)
{
	return model->exempt[0].bits || model->udp.exempt_ports[0] || model->tcp.exempt_ports[0];
}

size_t nat_model_exempt_len(const struct nat_model *model)
{
	size_t n = 0;

	while (n < NAT_EXEMPT && model->exempt[n].bits)
		n++;
	return n;
}

void nat_model_defaults(struct nat_model *model)
{
	memset(model, 0, sizeof(*model));
	model->kind = NAT_KIND_NAPT;
	model->family = NAT_FAMILY_IPV4;
	model->rfc3489 = NAT_3489_PORT_RESTRICTED;
	model->udp = transport_defaults();
	model->udp.timeout_ns = 300 * NS_PER_S; /* RFC 4787 REQ-5c */
	model->udp.refresh = NAT_REFRESH_OUTBOUND; /* RFC 4787 REQ-6 */
	model->tcp = transport_defaults();
	model->tcp.timeout_ns = 240 * NS_PER_S; /* RFC 5382 REQ-5: transitory connections */
	model->tcp.timeout_two_way_ns = 7440 * NS_PER_S; /* RFC 5382 REQ-5: established ones */
	model->tcp.refresh = NAT_REFRESH_BOTH;
	model->tcp.tracking = NAT_TRACKING_LENIENT;
	model->tcp.syn_refreshes = true;
	model->tcp.simultaneous_open = true; /* RFC 5382 REQ-2 */
	model->tcp.out_of_window = true;
	model->tcp.rst = NAT_RST_KEEP; /* RFC 7857, 2.2 */
	model->tcp.hold_ns = 6 * NS_PER_S; /* RFC 5382 REQ-4 */
	model->icmp = (struct nat_icmp){
		.mapping = NAT_EI, /* RFC 5508 REQ-1 */
		.filtering = NAT_AD,
		.identifiers = NAT_PORTS_PRESERVE,
		.timeout_ns = 60 * NS_PER_S, /* RFC 5508 REQ-2 */
		.hairpin = true, /* RFC 7857, 12 */
		.hairpinned_errors = true, /* RFC 5508 REQ-7 */
		.any_source = true, /* RFC 4787 REQ-12a */
		.code_kept = true, /* RFC 5508 REQ-4b, REQ-5b */
		.sender_hidden = true, /* RFC 5508 REQ-5c */
		.verify = true,
		.quoted_options = true, /* RFC 5508 REQ-3b */
		.quoted_checksum = NAT_QUOTED_UNCHECKED, /* RFC 5508 REQ-3c */
		/* REQ-10c would have source quench stopped; hardly any NAT does. */
		.error_types = 1 << NAT_ERROR_TYPE_UNREACHABLE | 1 << NAT_ERROR_TYPE_QUENCH |
			       1 << NAT_ERROR_TYPE_TIME | 1 << NAT_ERROR_TYPE_PARAMETER,
		.quote = NAT_QUOTE_REWRITTEN, /* RFC 5508 REQ-4, REQ-5 */
		.on_error = NAT_ERROR_NOTHING, /* RFC 5508 REQ-6 */
		.errors = true, /* RFC 5508 REQ-3 */
		.time_exceeded = true, /* RFC 5508 REQ-10a */
		.ping_answered = true,
	};
	model->hairpin = NAT_HAIRPIN_EXTERNAL; /* RFC 4787 REQ-9a */
	model->pooling = NAT_POOLING_PAIRED; /* RFC 4787 REQ-2 */
	model->pool_size = 1;
	model->eviction = NAT_EVICT_NONE;
	model->fragments = NAT_FRAGMENTS_ANY_ORDER; /* RFC 4787 REQ-14 */
	model->fragments_held = 16;
	model->fragments_yield = true;
	model->fragment_ns = 30 * NS_PER_S; /* RFC 791 says 15 s at first; Linux 30 s */
	model->refusal = NAT_REFUSAL_SILENT;
	model->too_big = NAT_TOO_BIG_TOLD; /* RFC 4787 REQ-13 */
	/* RFC 6092, 3.1 */
	model->simple_security = 1 << NAT_SECURITY_MULTICAST | 1 << NAT_SECURITY_BOGONS |
				 1 << NAT_SECURITY_ROUTES | 1 << NAT_SECURITY_FOREIGN |
				 1 << NAT_SECURITY_SPOOFED | 1 << NAT_SECURITY_LOCAL;
	model->others = true; /* RFC 6092, REC-11 */
	model->checksum_neutral = true; /* RFC 6296, 3.1 */
	model->ipsec = true; /* RFC 6092, REC-21 */
}

bool nat_model_serves(const struct nat_model *model, int version)
{
	return model->family == NAT_FAMILY_BOTH ||
	       (model->family == NAT_FAMILY_IPV6) == (version == 6);
}

enum nat_family nat_kind_family(enum nat_kind kind)
{
	switch (kind) {
	case NAT_KIND_NAPT:
	case NAT_KIND_ONE_TO_ONE:
		break;
	case NAT_KIND_FIREWALL:
	case NAT_KIND_ROUTER:
		return NAT_FAMILY_BOTH;
	case NAT_KIND_NPTV6:
	case NAT_KIND_NAT64:
		return NAT_FAMILY_IPV6;
	}
	return NAT_FAMILY_IPV4;
}
