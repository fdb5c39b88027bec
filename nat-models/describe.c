/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "describe.h"

#include <string.h>

#include "catalog.h"
#include "knobs.h"
#include "recipe.h"

static const char *const others[] = {
	"no-nat",
	"full-cone",
	"restricted-cone",
	"port-restricted-cone",
	"symmetric",
	"linux-masquerade-input-drop",
	"carrier-grade",
	"udp-blocked",
	NULL,
};

static const char *const others_of_ipv6[] = {
	"ipv6-router",
	"ipv6-firewall-open",
	"ipv6-firewall",
	"ipv6-firewall-strict",
	"nptv6",
	"nat66",
	NULL,
};

const char *const *describe_others(const struct nat_model *model)
{
	bool ip4_outside = model->kind == NAT_KIND_NAT64 || nat_model_serves(model, 4);

	return ip4_outside ? others : others_of_ipv6;
}

void describe_pair(const struct nat_model *caller, const struct nat_model *callee,
		   struct predict_answer *ret)
{
	struct predict_nat nats[] = { { .model = caller }, { .model = callee } };
	/* A rendezvous of the kind that means to be reached from behind corporate firewalls. */
	static const uint16_t web_ports[] = { 443, 80 };
	struct predict_question question = {
		.caller = { &nats[0], 1 },
		.callee = { &nats[1], 1 },
		.rendezvous_tcp = web_ports,
		.rendezvous_tcp_len = sizeof(web_ports) / sizeof(web_ports[0]),
		.turn = PREDICT_TURN_UDP,
		.stun_port = 3478, /* RFC 8489, 18.6 */
	};

	predict(&question, ret);
}

const char *describe_where(const char *text, size_t len, char *buf, size_t size)
{
	const char *at = text;
	const char *end = text + len;

	buf[0] = '\0';
	while (end - at > 2 && at[0] == '-' && at[1] == '-') {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		size_t used = strlen(buf);

		for (at += 2; at < stop && *at == ' '; at++)
			;
		snprintf(buf + used, size - used, "%s%.*s", used ? " " : "", (int)(stop - at), at);
		at = newline ? newline + 1 : end;
	}
	return buf;
}

/* Simple security is for firewalls, and for IPv6. */
static bool is_idle_security(const struct nat_model *model, const struct knob *knob)
{
	bool security = strcmp(knob->key, "simple_security") == 0 ||
			strcmp(knob->key, "others") == 0 || strcmp(knob->key, "ipsec") == 0;

	return security && (model->kind != NAT_KIND_FIREWALL || !nat_model_serves(model, 6));
}

/* Without state and without ports little is left to say of a protocol. */
static bool says_anything_of_nptv6(const struct knob *knob)
{
	static const char *const keys[] = { "blocked", "filtering", "errors", "verify" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(knob->key, keys[i]) == 0)
			return true;
	return false;
}

/* Knobs that say nothing about this model: those of a protocol that is blocked, of ports where
 * none are given, of allocations that it does not use. */
static bool is_idle(const struct nat_model *model, const struct knob_section *section,
		    const struct knob *knob)
{
	const struct nat_transport *t = NULL;

	if (strcmp(section->name, "udp") == 0)
		t = &model->udp;
	else if (strcmp(section->name, "tcp") == 0)
		t = &model->tcp;
	if (model->kind == NAT_KIND_NPTV6 && *section->name)
		return !says_anything_of_nptv6(knob);
	if (strcmp(knob->key, "checksum_neutral") == 0)
		return model->kind != NAT_KIND_NPTV6;
	if (!t)
		return knob->type == KNOB_TEXT || is_idle_security(model, knob);
	if (strcmp(knob->key, "step") == 0)
		return t->ports != NAT_PORTS_SEQUENTIAL;
	if (strcmp(knob->key, "block_size") == 0)
		return t->ports != NAT_PORTS_BLOCK && t->ports != NAT_PORTS_DETERMINISTIC;
	if (strcmp(knob->key, "blocks_max") == 0)
		return t->ports != NAT_PORTS_BLOCK;
	return t->blocked && strcmp(knob->key, "blocked") != 0;
}

/* "  mapping      address-dependent       whether …: one for each remote address (RFC …)" */
static void describe_knob(const struct nat_model *model, const struct knob_section *section,
			  const struct knob *knob, FILE *out)
{
	char value[KNOB_TEXT_MAX];
	const char *text = "";

	if (is_idle(model, section, knob))
		return;
	if (knob->type == KNOB_WORD)
		text = knob->words[knob_value(model, section, knob)].text;
	fprintf(out, "  %-16s %-27s %s%s%s", knob->key,
		knob_format(model, section, knob, value, sizeof(value)), knob->meaning,
		*text ? ": " : "", text);
	if (*knob->reference)
		fprintf(out, " (%s)", knob->reference);
	fputc('\n', out);
}

static void describe_section(const struct nat_model *model, const struct knob_section *section,
			     FILE *out)
{
	fprintf(out, "\n%s\n", *section->name ? section->name : "the whole");
	for (size_t i = 0; i < section->len; i++)
		describe_knob(model, section, &section->knobs[i], out);
}

static const char *prediction_mark(enum prediction prediction)
{
	return prediction == PREDICT_MUST ? "yes" : prediction == PREDICT_MAY ? "maybe" : "no";
}

static void describe_expectation(const struct nat_model *model, const struct nat_model *other,
				 FILE *out)
{
	struct predict_answer answer;

	describe_pair(model, other, &answer);
	fprintf(out, "  %-28s", other->name);
	for (int m = 0; m < METHOD_COUNT; m++)
		fprintf(out, " %-8s", prediction_mark(answer.udp[m]));
	fprintf(out, " %s\n", answer.why[METHOD_PUNCH]);
}

static void describe_expectations(const struct nat_model *model, FILE *out)
{
	fputs("\nwhat to expect, with the caller behind it and the callee behind\n", out);
	fprintf(out, "  %-28s", "");
	for (int m = 0; m < METHOD_COUNT; m++)
		fprintf(out, " %-8s", method_word((enum method)m));
	fputs(" why punching ends so\n", out);
	describe_expectation(model, model, out);
	for (const char *const *name = describe_others(model); *name; name++) {
		struct nat_model other;
		struct model_error error;

		if (strcmp(*name, model->name) != 0 && nat_model_find(*name, &other, &error) == 0)
			describe_expectation(model, &other, out);
	}
}

static void describe_recipe(const struct nat_model *model, FILE *out)
{
	const char *recipe = model_recipe(model);

	if (!recipe) {
		fputs("\nnftables cannot express it; knothole's own engine realises it\n", out);
		return;
	}
	fputs("\nin a Linux kernel (nft -f; \"lan\" and \"wan\" are interfaces)\n\n", out);
	for (const char *at = recipe; *at;) {
		size_t len = strcspn(at, "\n");

		fprintf(out, "\t%.*s\n", (int)len, at);
		at += len + (at[len] == '\n');
	}
}

void describe_model(const struct nat_model *model, const char *where, FILE *out)
{
	fprintf(out, "%s%s%s\n", model->name, *model->title ? ": " : "", model->title);
	if (*where)
		fprintf(out, "%s\n", where);
	if (*model->source)
		fprintf(out, "After: %s.\n", model->source);
	for (size_t s = 0; s < KNOB_SECTIONS; s++)
		describe_section(model, &knob_sections[s], out);
	describe_expectations(model, out);
	describe_recipe(model, out);
}
