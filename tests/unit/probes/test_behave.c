/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each probe of probes/behave tells its own two models apart, which meet and break its requirement; on
 * links that lose, too, it says no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probes/behave/model.h"

enum { LOSS_SEEDS = 2, LOSS = 50000 /* ppm: 5 % of packets on each of four links */ };

enum { MEETS = BEHAVE_AS_REQUIRED, BREAKS = BEHAVE_NOT_AS_REQUIRED, UNKNOWN = BEHAVE_INCONCLUSIVE };

/* Beside the two models of each probe's own (table.c): others that show where it draws the line. */
static const struct row {
	const char *rfc, *req, *title; /* the title, as far as it takes to tell probes apart */
	const char *knobs;
	int want;
} rows[] = {
	{ "4787", "REQ-6", "", "udp = { refresh = 'none' }", BREAKS },
	{ "4787", "REQ-8", "", "udp = { filtering = 'endpoint-independent' }", MEETS },
	{ "4787", "REQ-9a", "", "", MEETS },
	{ "4787", "REQ-9a", "", "hairpin = 'none'", UNKNOWN },
	{ "4787", "REQ-11", "the same behaviour where ports run", "", MEETS },
	{ "4787", "REQ-11", "the same behaviour where ports run",
	  "tcp = { collision = 'overload' }, udp = { mapping = 'address-dependent', collision = 'overload' }",
	  UNKNOWN },
	{ "4787", "REQ-13", "", "too_big = 'dropped'", BREAKS },
	{ "4787", "REQ-14a", "lone first", "fragments = 'in-order'", MEETS },
	{ "4787", "REQ-14a", "lone first", "fragments = 'drop'", BREAKS },
	{ "4787", "REQ-14a", "lone fragments", "fragments_yield = false", MEETS },
	{ "4787", "REQ-1", "", "udp = { blocked = true }", UNKNOWN },
	{ "5382", "REQ-4", "6 s of silence", "tcp = { unsolicited = 'hold' }", MEETS },
	{ "5382", "REQ-4", "6 s of silence", "tcp = { unsolicited = 'icmp' }", BREAKS },
	{ "5382", "REQ-4", "6 s of silence", "tcp = { filtering = 'endpoint-independent' }",
	  UNKNOWN },
	{ "5382", "REQ-4", "after 6 s", "tcp = { filtering = 'endpoint-independent' }", UNKNOWN },
	{ "5382", "REQ-4", "after 6 s", "tcp = { unsolicited = 'icmp' }", BREAKS },
	{ "5382", "REQ-5", "a closing", "tcp = { tracking = 'none' }", MEETS },
	{ "5382", "REQ-8a", "", "", MEETS },
	{ "5508", "REQ-3", "", "icmp = { errors = false }", UNKNOWN },
	{ "5508", "REQ-3b", "", "icmp = { errors = false }", UNKNOWN },
	{ "5508", "REQ-3c", "", "icmp = { errors = false }", UNKNOWN },
	{ "5508", "REQ-3d", "", "", MEETS },
	{ "5508", "REQ-5c", "", "icmp = { errors = false }", UNKNOWN },
	{ "5508", "REQ-7", "", "hairpin = 'none'", UNKNOWN },
	{ "5508", "REQ-8", "", "limit = 900, refusal = 'unreachable'", BREAKS },
	{ "5508", "REQ-10a", "errors of type time", "icmp = { errors = false }", UNKNOWN },
	{ "5508", "REQ-10c", "", "icmp = { errors = false }", UNKNOWN },
	{ "6888", "REQ-4", "", "limit = 900", BREAKS },
	{ "6888", "REQ-4c", "", "", BREAKS },
	{ "6888", "REQ-4c", "", "rate_host = 900", MEETS },
	{ "6888", "REQ-11a", "", "limit_host = 900, refusal = 'prohibited'", MEETS },
	{ "6888", "REQ-11a", "", "limit_host = 900, refusal = 'leaked'", BREAKS },
	{ "6888", "REQ-8", "",
	  "udp = { filtering = 'address-dependent', timeout = '60s', reuse_after = '120s', reuse_exceptions = true }",
	  MEETS },
	{ "6888", "REQ-11b", "", "limit = 900, refusal = 'prohibited'", BREAKS },
	{ "6092", "REC-11", "", "base = 'ipv6-firewall-open'", MEETS },
	{ "6092", "REC-17", "", "base = 'ipv6-firewall-open'", MEETS },
	{ "6092", "REC-33", "", "base = 'ipv6-firewall-open'", MEETS },
	{ "6092", "REC-18", "",
	  "base = 'ipv6-firewall', icmp = { error_types = { 'time-exceeded' } }", BREAKS },
	{ "6092", "REC-34", "", "base = 'ipv6-firewall', tcp = { unsolicited = 'icmp' }", BREAKS },
	{ "6092", "REC-34", "", "base = 'ipv6-firewall-open'", UNKNOWN },
	{ "6092", "REC-10", "", "base = 'ipv6-firewall', icmp = { errors = false }", UNKNOWN },
	{ "6092", "REC-4", "", "base = 'ipv6-router'", BREAKS },
	{ "6092", "REC-32", "", "base = 'ipv6-firewall', tcp = { tracking = 'strict' }", UNKNOWN },
	{ "6146", "3.5.1", "a UDP session lives for 2", "base = 'nat64', udp = { blocked = true }",
	  UNKNOWN },
	{ "6146", "3.8", "hairpinning of TCP", "base = 'nat64', tcp = { blocked = true }",
	  UNKNOWN },
	{ "6296", "3.1", "", "base = 'ipv6-router'", UNKNOWN },
	{ "6296", "3.3", "", "base = 'nptv6', checksum_neutral = false", MEETS },
	{ "6296", "4.3", "hairpinning", "base = 'nptv6', checksum_neutral = false", MEETS },
	{ "6296", "4.3", "errors from outside", "base = 'nptv6', checksum_neutral = false", MEETS },
	{ "6296", "4.3", "errors from inside", "base = 'nptv6', checksum_neutral = false", MEETS },
	{ "7857", "5", "", "udp = { mapping = 'address-and-port-dependent' }", UNKNOWN },
	{ "5382", "REQ-2", "connections from", "", UNKNOWN },
	{ "7857", "7", "", "", MEETS },
	{ "7857", "7", "", "udp = { filtering = 'endpoint-independent' }", UNKNOWN },
	{ "7857", "9", "", "udp = { ports = 'random' }", MEETS },
	{ "7857", "9", "", "udp = { ports = 'sequential' }", BREAKS },
	{ "7857", "7.1", "a RST", "tcp = { rst = 'end' }", MEETS },
	{ "7857", "7.1", "a RST", "tcp = { tracking = 'none' }", BREAKS },
};

/* The same of what IPv4 alone has. */
static const struct row rows4[] = {
	{ "4787", "REQ-10", "", "alg = { 'sip' }", BREAKS },
	{ "5508", "REQ-4", "errors from outside about",
	  "kind = 'one-to-one', pool = 2, icmp = { errors = false }", UNKNOWN },
	{ "4787", "REQ-13a", "its parts", "too_big = 'dropped'", UNKNOWN },
	{ "5508", "REQ-4a", "", "icmp = { quote = 'checksum-kept' }", BREAKS },
	{ "5508", "REQ-4a", "", "icmp = { errors = false }", UNKNOWN },
	{ "6888", "REQ-6", "", "exempt = '11.1.1.5/32'", BREAKS },
	{ "6888", "REQ-6", "", "exempt = { '11.1.1.5/32', '11.1.1.4/32' }", MEETS },
	{ "6888", "REQ-6", "", "udp = { exempt_ports = { 80, 7443 } }", MEETS },
	{ "7857", "9", "", "pool = 2", UNKNOWN },
	{ "6888", "REQ-6", "", "tcp = { exempt_ports = { 7443 } }", BREAKS },
};

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

enum { KIND_AS_IT_IS = -1, ANYWHERE = -1 };

/* What the probes stand before, and of which kind that is whatever the model says. */
static const struct box {
	enum behave_scene is;
	enum family family;
	int kind;
} boxes[] = {
	{ BEHAVE_NAT44, FAMILY_IPV4, NAT_KIND_NAPT },
	{ BEHAVE_NAT66, FAMILY_IPV6, NAT_KIND_NAPT },
	{ BEHAVE_NAT64, FAMILY_IPV6, NAT_KIND_NAT64 },
	{ BEHAVE_FIREWALL6, FAMILY_IPV6, KIND_AS_IT_IS },
	{ BEHAVE_NPTV6, FAMILY_IPV6, KIND_AS_IT_IS },
};

static bool is_of(const struct row *row, const struct behave_probe *probe)
{
	return strcmp(row->rfc, probe->rfc) == 0 && strcmp(row->req, probe->req) == 0 &&
	       strncmp(row->title, probe->title, strlen(row->title)) == 0;
}

static const struct behave_probe *probe_of(const struct row *row)
{
	for (size_t i = 0; i < behave_probes_len; i++)
		if (is_of(row, &behave_probes[i]))
			return &behave_probes[i];
	fail_msg("RFC %s %s %s: no such probe", row->rfc, row->req, row->title);
	return NULL;
}

static void ask(const struct behave_probe *asked, const struct box *box, const char *knobs,
		int want, uint64_t seed, uint32_t loss_ppm, struct behave_finding *ret)
{
	struct behave_trial trial = { .seed = seed, .loss_ppm = loss_ppm, .family = box->family };
	struct model_error error;
	struct nat_model model;

	if (behave_model_read(knobs, &model, &error))
		fail_msg("RFC %s %s: %s", asked->rfc, asked->req, error.text);
	if (box->kind != KIND_AS_IT_IS) {
		/* A model of another kind is so for a reason. */
		if (model.kind == NAT_KIND_NAPT)
			model.kind = (enum nat_kind)box->kind;
		model.family = box->family == FAMILY_IPV4 ? NAT_FAMILY_IPV4 : NAT_FAMILY_IPV6;
	}
	trial.model = &model;
	if (behave_model(asked, &trial, ret))
		fail_msg("RFC %s %s, %s: { %s } cannot be asked", asked->rfc, asked->req,
			 nat_kind_word(model.kind), knobs);
	assert_ptr_equal(ret->probe, asked);
	if ((int)ret->outcome != want)
		fail_msg("RFC %s %s, %s: %s { %s }, seed %llu: %s, not %s: %s", asked->rfc,
			 asked->req, asked->title, nat_kind_word(model.kind), knobs,
			 (unsigned long long)seed, behave_outcome_word(ret->outcome),
			 behave_outcome_word((enum behave_outcome)want), ret->reason);
	assert_true(ret->reason[0] != '\0');
}

static void ask_each(const struct behave_probe *asked, unsigned scenes, const char *knobs, int want,
		     uint64_t seed, uint32_t loss_ppm)
{
	struct behave_finding finding;

	for (size_t i = 0; i < LEN(boxes); i++)
		if (asked->scene & scenes & boxes[i].is)
			ask(asked, &boxes[i], knobs, want, seed, loss_ppm, &finding);
}

static void ask_all(uint64_t seed, uint32_t loss_ppm)
{
	for (size_t i = 0; i < behave_probes_len; i++) {
		const struct behave_probe *asked = &behave_probes[i];

		ask_each(asked, asked->scene, asked->meets, MEETS, seed, loss_ppm);
		ask_each(asked, asked->scene, asked->breaks, BREAKS, seed, loss_ppm);
	}
	for (size_t i = 0; i < LEN(rows); i++)
		ask_each(probe_of(&rows[i]), ANYWHERE, rows[i].knobs, rows[i].want, seed, loss_ppm);
	for (size_t i = 0; i < LEN(rows4); i++)
		ask_each(probe_of(&rows4[i]), BEHAVE_NAT44, rows4[i].knobs, rows4[i].want, seed,
			 loss_ppm);
}

static void told_apart(void **state)
{
	(void)state;
	ask_all(1, 0);
}

static void told_apart_under_loss(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= LOSS_SEEDS; seed++)
		ask_all(seed, LOSS);
}

/* The same seed, the same findings; and what takes time says so. */
static void repeats_itself(void **state)
{
	static const struct row half_open = { "5382", "REQ-5", "a half-open", "", MEETS };
	struct behave_finding first, second;

	(void)state;
	ask(probe_of(&half_open), &boxes[0], "", MEETS, 7, LOSS, &first);
	ask(probe_of(&half_open), &boxes[0], "", MEETS, 7, LOSS, &second);
	assert_string_equal(first.reason, second.reason);
	assert_true(first.took_ns == second.took_ns);
	assert_true(first.took_ns >= 239 * SEC && first.took_ns < 242 * SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_apart),
		cmocka_unit_test(told_apart_under_loss),
		cmocka_unit_test(repeats_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
