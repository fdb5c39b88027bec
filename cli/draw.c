/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a model is drawn from nat_model_defaults(), or from one of the catalog, by
 * setting each knob with some probability to a value of its own; what makes the model contradict itself
 * is left out.  How bold a model is differs from draw to draw: where every knob is turned, one
 * behaviour hides the others; where few are, few meet.
 */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "../nat-models/catalog.h"
#include "../nat-models/check.h"
#include "../nat-models/duration.h"
#include "../sim/stream.h"
#include "options.h"

#define X(id, word) word,
static const char *const layout_words[] = { DRAW_LAYOUTS(X) };
static const char *const family_words[] = { DRAW_FAMILIES(X) };
#undef X

const char *draw_layout_word(enum draw_layout layout)
{
	return layout_words[layout];
}

const char *draw_family_word(enum draw_family family)
{
	return family_words[family];
}

bool draw_has(enum draw_layout layout, unsigned i)
{
	switch (i) {
	case 0:
		return true;
	case 1:
		return layout != DRAW_ONE_HOME && layout != DRAW_OPEN_CALLEE;
	default:
		return layout == DRAW_NESTED_CALLER || layout == DRAW_NESTED_CALLEE ||
		       layout == DRAW_SHARED;
	}
}

#define MS(n) ((int64_t)((n)*NS_PER_MS))
#define SECONDS(n) ((int64_t)((n)*NS_PER_S))
#define PREFIX(a, b, c, d, bits) (((int64_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)) << 8 | (bits))

enum { VALUES = 6 };

/*
 * What numbers and times are drawn from, for which any of their range would mostly mean nothing; one
 * that is not here stays.  A 0 is a value only as the first one.
 */
static const struct choice {
	const char *section; /* NULL = UDP's and TCP's */
	const char *key;
	int64_t values[VALUES];
} choices[] = {
	{ "", "pool", { 1, 2, 3 } },
	{ "", "limit", { 0, 6, 12, 600 } },
	{ "", "limit_host", { 0, 6, 12, 600 } },
	{ "", "fragments_held", { 1, 4, 64 } },
	{ "", "fragment_time", { MS(100), SECONDS(5) } },
	{ NULL, "step", { 1, 2, -1, 7, -3 } },
	{ NULL, "port_min", { 1024, 1, 20000, 32768, 49152 } },
	{ NULL, "port_max", { 65535, 32767, 40000, 49151, 20499 } },
	{ NULL, "block_size", { 64, 512, 1024, 4096 } },
	{ NULL, "blocks_max", { 1, 2, 8 } },
	{ NULL, "reuse_after", { 0, SECONDS(1), SECONDS(120) } },
	{ "udp", "permission_time", { 0, MS(300), SECONDS(2), SECONDS(300) } },
	{ "tcp", "permission_time", { 0, SECONDS(100), SECONDS(300) } },
	{ "udp", "timeout", { MS(200), MS(900), SECONDS(2), SECONDS(30), SECONDS(300) } },
	{ "udp", "timeout_two_way", { 0, SECONDS(1), SECONDS(120) } },
	{ "udp", "two_way_after", { 0, MS(10), SECONDS(2) } },
	{ "tcp", "transitory", { SECONDS(100), SECONDS(240) } },
	{ "tcp", "established", { 0, SECONDS(120), SECONDS(7440) } },
	{ "tcp", "closing", { 0, MS(500), SECONDS(10) } },
	{ "tcp", "reset", { 0, MS(500), SECONDS(10) } },
	{ "tcp", "hold", { MS(100), SECONDS(1), SECONDS(6) } },
	{ "icmp", "timeout", { MS(500), SECONDS(60) } },
	{ NULL, "outbound_ports", { 0, 443, 443 | 80 << 16, 443 | 3478 << 16 } },
};

/* Mapping and filtering, and whatever else decides most of what happens. */
static const char *const core_keys[] = {
	"mapping", "filtering", "ports", "collision", "unsolicited", "hairpin",
};

static bool is_transport(const struct knob_section *section)
{
	return strcmp(section->name, "udp") == 0 || strcmp(section->name, "tcp") == 0;
}

static const struct choice *choice_of(const struct knob_section *section, const struct knob *knob)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		const struct choice *choice = &choices[i];

		if (strcmp(choice->key, knob->key) == 0 &&
		    (choice->section ? strcmp(choice->section, section->name) == 0
				     : is_transport(section)))
			return choice;
	}
	return NULL;
}

static int64_t draw_of(const struct choice *choice, uint64_t *stream)
{
	size_t len = 1;

	while (len < VALUES && choice->values[len])
		len++;
	return choice->values[stream_below(stream, len)];
}

static size_t words_len(const struct knob *knob)
{
	size_t n = 0;

	while (knob->words[n].word)
		n++;
	return n;
}

/* What no method meets, or what the oracle says no more of than that it may be. */
static const char *const undrawn_keys[] = {
	"rate_host", "exempt_ports",  "refresh_refused", "any_source",
	"code_kept", "sender_hidden", "strays",
};

static bool is_undrawn(const struct knob *knob)
{
	for (size_t i = 0; i < ARRAY_LEN(undrawn_keys); i++)
		if (strcmp(undrawn_keys[i], knob->key) == 0)
			return true;
	return false;
}

/* Without TCP to the rendezvous no method can begin; and a kind or a family is another NAT. */
static bool is_fixed(const struct knob_section *section, const struct knob *knob)
{
	if (is_undrawn(knob))
		return true;
	if (strcmp(knob->key, "blocked") == 0)
		return strcmp(section->name, "tcp") == 0;
	return strcmp(knob->key, "kind") == 0 || strcmp(knob->key, "family") == 0 ||
	       strcmp(knob->key, "rfc3489") == 0 || !knob_is_number(knob->type);
}

static int64_t draw_value(const struct nat_model *model, const struct knob_section *section,
			  const struct knob *knob, uint64_t *stream)
{
	const struct choice *choice = choice_of(section, knob);
	const size_t words = knob->type == KNOB_WORD ? words_len(knob) : 0;

	switch (knob->type) {
	case KNOB_WORD:
		return words ? (int64_t)stream_below(stream, words) : 0;
	case KNOB_BOOL:
		return (int64_t)stream_below(stream, 2);
	case KNOB_SET:
		return (int64_t)stream_below(stream, UINT64_C(1) << words_len(knob));
	default:
		return choice ? draw_of(choice, stream) : knob_value(model, section, knob);
	}
}

/* True where @model may have it. */
static bool set_if_fit(struct nat_model *model, const struct knob_section *section,
		       const struct knob *knob, int64_t value)
{
	const struct nat_model before = *model;
	char text[200];

	knob_set(model, section, knob, value);
	model->rfc3489 = model_rfc3489(model);
	if (!model_check(model, text, sizeof(text)))
		return true;
	*model = before;
	return false;
}

static bool is_core(const struct knob *knob)
{
	for (size_t i = 0; i < ARRAY_LEN(core_keys); i++)
		if (strcmp(core_keys[i], knob->key) == 0)
			return true;
	return false;
}

/* Most are rare: UDP is seldom blocked. */
static bool is_rare(const struct knob *knob)
{
	return strcmp(knob->key, "blocked") == 0 || strcmp(knob->key, "outbound_ports") == 0 ||
	       strncmp(knob->key, "limit", 5) == 0;
}

static void turn_knobs(struct nat_model *model, unsigned percent, uint64_t *stream)
{
	for (size_t s = 0; s < KNOB_SECTIONS; s++) {
		const struct knob_section *section = &knob_sections[s];

		for (size_t i = 0; i < section->len; i++) {
			const struct knob *knob = &section->knobs[i];
			uint64_t odds = is_core(knob)	? percent + 40
					: is_rare(knob) ? percent / 4
							: percent;

			if (!is_fixed(section, knob) && stream_below(stream, 100) < odds)
				set_if_fit(model, section, knob,
					   draw_value(model, section, knob, stream));
		}
	}
}

static enum nat_kind draw_kind(uint64_t *stream)
{
	static const enum nat_kind kinds[] = {
		NAT_KIND_NAPT,	   NAT_KIND_NAPT,     NAT_KIND_NAPT,   NAT_KIND_NAPT,
		NAT_KIND_NAPT,	   NAT_KIND_NAPT,     NAT_KIND_NAPT,   NAT_KIND_NAPT,
		NAT_KIND_FIREWALL, NAT_KIND_FIREWALL, NAT_KIND_ROUTER, NAT_KIND_ONE_TO_ONE,
	};

	return kinds[stream_below(stream, ARRAY_LEN(kinds))];
}

/* One of the catalog's that is for IPv4, and lets its hosts join a rendezvous. */
static void draw_from_catalog(uint64_t *stream, struct nat_model *ret)
{
	size_t len;
	const char *const *names = nat_model_names(&len);
	struct nat_model model;
	struct model_error error;

	do {
		if (nat_model_find(names[stream_below(stream, len)], &model, &error))
			return;
	} while (!nat_model_serves(&model, 4) || model.tcp.blocked || model.tcp.outbound_ports[0]);
	*ret = model;
	memset(ret->kernel, 0, sizeof(ret->kernel));
}

/* Many do to TCP what they do to UDP. */
static void treat_alike(struct nat_model *model)
{
	const struct knob_section *udp = &knob_sections[1], *tcp = &knob_sections[2];

	for (size_t i = 0; i < udp->len && i < tcp->len; i++)
		if (is_core(&udp->knobs[i]))
			set_if_fit(model, tcp, &tcp->knobs[i],
				   knob_value(model, udp, &udp->knobs[i]));
}

static void draw_model(uint64_t *stream, struct nat_model *ret)
{
	static const unsigned boldness[] = { 0, 4, 12, 30 };
	const unsigned percent = boldness[stream_below(stream, ARRAY_LEN(boldness))];

	nat_model_defaults(ret);
	if (stream_below(stream, 3) == 0) {
		draw_from_catalog(stream, ret);
		memset(ret->source, 0, sizeof(ret->source));
	} else {
		ret->kind = draw_kind(stream);
		ret->family = nat_kind_family(ret->kind);
		ret->rfc3489 = model_rfc3489(ret);
	}
	turn_knobs(ret, percent, stream);
	if (stream_below(stream, 2))
		treat_alike(ret);
}

/* What is IPv6 inside, of @kind: one address outside, and no host's address determines ports. */
static void draw_model6(uint64_t *stream, enum nat_kind kind, struct nat_model *ret)
{
	static const unsigned boldness[] = { 0, 4, 12 };

	nat_model_defaults(ret);
	ret->kind = kind;
	ret->family = NAT_FAMILY_IPV6;
	if (kind == NAT_KIND_NPTV6 || kind == NAT_KIND_ROUTER)
		ret->udp.filtering = ret->tcp.filtering = ret->icmp.filtering = NAT_EI;
	ret->rfc3489 = model_rfc3489(ret);
	turn_knobs(ret, boldness[stream_below(stream, ARRAY_LEN(boldness))], stream);
	ret->pool_size = 1;
	if (ret->udp.ports == NAT_PORTS_DETERMINISTIC)
		ret->udp.ports = NAT_PORTS_BLOCK;
	if (ret->tcp.ports == NAT_PORTS_DETERMINISTIC)
		ret->tcp.ports = NAT_PORTS_BLOCK;
}

/* One in eight has IPv6 throughout, and one in eight a NAT64 before the caller, whose way to the other is
 * IPv4 then.  By a stream of its own: what else a seed draws hangs on none of it. */
static void draw_family(uint64_t seed, struct draw *ret)
{
	static const enum nat_kind kinds[] = {
		NAT_KIND_FIREWALL, NAT_KIND_FIREWALL, NAT_KIND_FIREWALL, NAT_KIND_NAPT,
		NAT_KIND_NAPT,	   NAT_KIND_NPTV6,    NAT_KIND_ROUTER,
	};
	uint64_t stream = stream_seed(seed, "draw", "family");
	uint64_t which = stream_below(&stream, 8);

	if (which > 1)
		return;
	ret->family = which ? DRAW_NAT64 : DRAW_IPV6;
	ret->dmz[0] = false;
	if (ret->family == DRAW_NAT64) {
		if (ret->layout != DRAW_NESTED_CALLEE && ret->layout != DRAW_OPEN_CALLEE)
			ret->layout = DRAW_HOMES;
		draw_model6(&stream, NAT_KIND_NAT64, &ret->models[0]);
		return;
	}
	ret->dmz[1] = false;
	for (unsigned i = 0; i < DRAW_MODELS; i++) {
		draw_model6(&stream, kinds[stream_below(&stream, ARRAY_LEN(kinds))],
			    &ret->models[i]);
		/* Behind one that hides addresses, those of a home are of no use elsewhere (RFC 4193). */
		if (draw_has(ret->layout, 2))
			ret->models[i].simple_security = false;
	}
}

/* By a stream of its own: what else a seed draws hangs on it. */
static void draw_forwards(uint64_t seed, struct draw *ret)
{
	uint64_t stream = stream_seed(seed, "draw", "forwards");

	for (unsigned i = 0; i < 2; i++)
		ret->forward[i] = stream_below(&stream, 8) == 0 && !ret->dmz[i] &&
				  nat_model_serves(&ret->models[i], 4) &&
				  draw_has(ret->layout, i) && ret->layout != DRAW_ONE_HOME;
}

/* The network of the homes' outsides, those of what is inside, and some where nobody is.  Who exempts the
 * servers lets nobody join. */
static const char *const exempted[] = { "11.2.0.0/16",	   "192.168.0.0/16", "100.64.0.0/10",
					"198.51.100.0/24", "203.0.113.0/24", "198.51.100.0/25",
					"11.9.0.0/16",	   "198.18.0.0/15" };

/* RFC 6888, REQ-6, seldom; by a stream of its own, too. */
static void draw_exempt(uint64_t seed, struct draw *ret)
{
	uint64_t stream = stream_seed(seed, "draw", "exempt");
	char text[200];

	for (unsigned i = 0; i < DRAW_MODELS; i++) {
		struct nat_model model = ret->models[i];

		if (stream_below(&stream, 32) ||
		    ip_prefix_parse(exempted[stream_below(&stream, ARRAY_LEN(exempted))],
				    &model.exempt[0]))
			continue;
		if (!model_check(&model, text, sizeof(text)))
			ret->models[i] = model;
	}
}

/* Where a host's address determines its ports, one of another network has none, nor one of too high an
 * address: neither could join a rendezvous. */
static void give_all_their_share(struct nat_transport *tcp, bool others)
{
	const uint32_t range = (uint32_t)tcp->port_max - tcp->port_min + 1;

	if (tcp->ports == NAT_PORTS_DETERMINISTIC && (others || range / tcp->block_size < 8))
		tcp->ports = NAT_PORTS_BLOCK;
}

void draw_case(uint64_t seed, struct draw *ret)
{
	uint64_t stream = stream_seed(seed, "draw", "case");

	memset(ret, 0, sizeof(*ret));
	/* Most pairs are two homes. */
	ret->layout = stream_below(&stream, 2)
			      ? DRAW_HOMES
			      : (enum draw_layout)stream_below(&stream, DRAW_LAYOUT_COUNT);
	ret->host_addresses = stream_below(&stream, 4) == 0;
	for (int i = 0; i < 2; i++)
		ret->dmz[i] = stream_below(&stream, 8) == 0;
	/* One home has one such host. */
	if (ret->layout == DRAW_ONE_HOME || ret->layout == DRAW_OPEN_CALLEE)
		ret->dmz[1] = false;
	for (unsigned i = 0; i < DRAW_MODELS; i++) {
		draw_model(&stream, &ret->models[i]);
		/* Two hosts need two addresses, to join the rendezvous at all. */
		if (ret->models[i].kind == NAT_KIND_ONE_TO_ONE && ret->models[i].pool_size < 2)
			ret->models[i].pool_size = 2;
	}
	draw_family(seed, ret);
	draw_forwards(seed, ret);
	draw_exempt(seed, ret);
	for (unsigned i = 0; i < DRAW_MODELS; i++)
		give_all_their_share(&ret->models[i].tcp, i == 2);
}

bool draw_reset(struct nat_model *model, int *at)
{
	struct nat_model defaults;
	size_t n = (size_t)*at;

	nat_model_defaults(&defaults);
	for (size_t s = 0; s < KNOB_SECTIONS; s++) {
		const struct knob_section *section = &knob_sections[s];
		const struct knob *knob;

		if (n >= section->len) {
			n -= section->len;
			continue;
		}
		knob = &section->knobs[n];
		if (knob->type == KNOB_PREFIXES && nat_model_exempt_len(model)) {
			memset(model->exempt, 0, sizeof(model->exempt));
			return true;
		}
		if (!knob_is_number(knob->type) || strcmp(knob->key, "family") == 0 ||
		    strcmp(knob->key, "rfc3489") == 0 || strcmp(knob->key, "kind") == 0 ||
		    knob_value(model, section, knob) == knob_value(&defaults, section, knob))
			return false;
		return set_if_fit(model, section, knob, knob_value(&defaults, section, knob));
	}
	*at = -1;
	return false;
}
