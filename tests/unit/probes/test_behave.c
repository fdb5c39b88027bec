/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each probe of probes/behave tells a NAT that meets its requirement from one that breaks it; on
 * links that lose, too, it says no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probes/behave/model.h"

enum { LOSS_SEEDS = 4, LOSS = 50000 /* ppm: 5 % of packets on each of four links */ };

static void exempt(struct nat_model *m, int i, uint32_t host)
{
	m->exempt[i] = (struct ip_prefix){ ip_addr_v4(host), 128 };
}

#define TUNE(name, statements)                                                                     \
	static void name(struct nat_model *m)                                                      \
	{                                                                                          \
		statements;                                                                        \
	}

TUNE(as_is, (void)m)
TUNE(udp_apd, m->udp.mapping = NAT_APD)
TUNE(tcp_ad, m->tcp.mapping = NAT_AD; m->tcp.ports = NAT_PORTS_RANDOM)
TUNE(icmp_ad, m->icmp.mapping = NAT_AD; m->icmp.identifiers = NAT_PORTS_SEQUENTIAL)
TUNE(paired, m->pool_size = 4)
TUNE(arbitrary, m->pool_size = 4; m->pooling = NAT_POOLING_ARBITRARY)
TUNE(udp_overload, m->udp.collision = NAT_COLLISION_OVERLOAD)
TUNE(tcp_overload, m->tcp.collision = NAT_COLLISION_OVERLOAD)
TUNE(high_ports, m->udp.keep_well_known = false)
TUNE(parity, m->udp.parity = true)
TUNE(two_minutes, m->udp.timeout_ns = 120 * SEC)
TUNE(short_udp, m->udp.timeout_ns = 100 * SEC)
TUNE(udp_mayfly, m->udp.refresh = NAT_REFRESH_NONE)
TUNE(udp_inbound, m->udp.refresh = NAT_REFRESH_INBOUND)
TUNE(overlap, m->overlap = true)
TUNE(udp_filter_ad, m->udp.filtering = NAT_AD)
TUNE(udp_filter_ei, m->udp.filtering = NAT_EI)
TUNE(tcp_filter_ad, m->tcp.filtering = NAT_AD)
TUNE(tcp_filter_ei, m->tcp.filtering = NAT_EI)
TUNE(no_hairpin, m->hairpin = NAT_HAIRPIN_NONE)
TUNE(hairpin_inside, m->hairpin = NAT_HAIRPIN_INTERNAL; m->udp.filtering = NAT_EI)
TUNE(tcp_hairpin_inside, m->hairpin = NAT_HAIRPIN_INTERNAL; m->tcp.filtering = NAT_EI)
TUNE(no_tcp_hairpin, m->tcp.hairpin = false)
TUNE(rewriter, m->algs = 1 << NAT_ALG_ADDRESS_REWRITER)
TUNE(sip, m->algs = 1 << NAT_ALG_SIP)
TUNE(dependent, m->udp.collision = NAT_COLLISION_DEPENDENT)
TUNE(error_ends, m->icmp.on_error = NAT_ERROR_END)
TUNE(error_refreshes, m->icmp.on_error = NAT_ERROR_REFRESH)
TUNE(cuts, m->too_big = NAT_TOO_BIG_CUT)
TUNE(black_hole, m->too_big = NAT_TOO_BIG_DROPPED)
TUNE(no_fragments, m->fragments = NAT_FRAGMENTS_DROP)
TUNE(fragments_stay, m->fragments_yield = false)
TUNE(exempts, exempt(m, 0, 0x0b010104))
TUNE(exempts_others, exempt(m, 0, 0x0b010105))
TUNE(exempts_second, exempts_others(m); exempt(m, 1, 0x0b010104))
TUNE(shares_mappings, m->shared_mappings = true)
TUNE(shares_filters, m->shared_filters = true)
TUNE(fragments_in_order, m->fragments = NAT_FRAGMENTS_IN_ORDER)
TUNE(one_syn, m->tcp.simultaneous_open = false)
TUNE(tcp_rst, m->tcp.unsolicited = NAT_UNSOLICITED_RST)
TUNE(tcp_icmp, m->tcp.unsolicited = NAT_UNSOLICITED_ICMP)
TUNE(hold, m->tcp.unsolicited = NAT_UNSOLICITED_HOLD)
TUNE(short_tcp, m->tcp.timeout_two_way_ns = 7200 * SEC)
TUNE(short_syn, m->tcp.timeout_ns = 120 * SEC)
TUNE(short_closing, m->tcp.closing_ns = 120 * SEC)
TUNE(quotes_checked, m->icmp.quoted_checksum = NAT_QUOTED_CHECKED)
TUNE(quotes_checked_all, m->icmp.quoted_checksum = NAT_QUOTED_CHECKED_ALL)
TUNE(unreachable_alone, m->icmp.error_types = 1 << NAT_ERROR_TYPE_UNREACHABLE)
TUNE(no_errors, m->icmp.errors = false)
TUNE(no_icmp, m->icmp.blocked = true)
TUNE(short_icmp, m->icmp.timeout_ns = 30 * SEC)
TUNE(careless, m->icmp.verify = false)
TUNE(no_options, m->icmp.quoted_options = false)
TUNE(quote_kept, m->icmp.quote = NAT_QUOTE_KEPT)
TUNE(quote_checksum, m->icmp.quote = NAT_QUOTE_CHECKSUM)
TUNE(no_hairpinned_errors, m->icmp.hairpinned_errors = false)
TUNE(limited, m->max_mappings = 900)
TUNE(limited_told, limited(m); m->refusal = NAT_REFUSAL_PROHIBITED)
TUNE(limited_unreachable, limited(m); m->refusal = NAT_REFUSAL_UNREACHABLE)
TUNE(host_limit, m->max_mappings_host = 700)
TUNE(evicts, limited(m); m->eviction = NAT_EVICT_OLDEST)
TUNE(ttl_silent, m->icmp.time_exceeded = false)
TUNE(reuses, m->udp.filtering = NAT_EI; m->udp.timeout_ns = 60 * SEC)
TUNE(rests, reuses(m); m->udp.reuse_ns = 120 * SEC)
TUNE(rest_excepted, rests(m); m->udp.reuse_exceptions = true; m->udp.filtering = NAT_AD)
TUNE(random_ports, m->udp.ports = NAT_PORTS_RANDOM)
TUNE(sequential, m->udp.ports = NAT_PORTS_SEQUENTIAL)
TUNE(rst_dropped, m->tcp.rst = NAT_RST_DROP)
TUNE(rst_ignored, m->tcp.rst = NAT_RST_IGNORE)
TUNE(tcp_untracked, m->tcp.tracking = NAT_TRACKING_NONE)
TUNE(rst_ends, m->tcp.rst = NAT_RST_END)
TUNE(ip_id, m->ip_id = true)
TUNE(ping_silent, m->icmp.ping_answered = false; m->icmp.hairpin = false)
TUNE(blocks_tcp_data, m->tcp.tracking = NAT_TRACKING_STRICT; m->tcp.rst = NAT_RST_END;
     m->tcp.timeout_two_way_ns = 1 * MSEC)
TUNE(blocked, m->udp.blocked = true)

enum { MEETS = BEHAVE_AS_REQUIRED, BREAKS = BEHAVE_NOT_AS_REQUIRED, UNKNOWN = BEHAVE_INCONCLUSIVE };

/* Every pair of a requirement and a model that is told apart by it. */
static const struct row {
	const char *rfc, *req, *title; /* the title, as far as it takes to tell probes apart */
	void (*tune)(struct nat_model *model);
	int want;
} rows[] = {
	{ "4787", "REQ-1", "", as_is, MEETS },
	{ "4787", "REQ-1", "", udp_apd, BREAKS },
	{ "4787", "REQ-2", "", paired, MEETS },
	{ "4787", "REQ-2", "", arbitrary, BREAKS },
	{ "4787", "REQ-3", "", as_is, MEETS },
	{ "4787", "REQ-3", "", udp_overload, BREAKS },
	{ "4787", "REQ-3a", "", as_is, MEETS },
	{ "4787", "REQ-3a", "", high_ports, BREAKS },
	{ "4787", "REQ-4", "", parity, MEETS },
	{ "4787", "REQ-4", "", as_is, BREAKS },
	{ "4787", "REQ-5", "", two_minutes, MEETS },
	{ "4787", "REQ-5", "", short_udp, BREAKS },
	{ "4787", "REQ-5c", "", as_is, MEETS },
	{ "4787", "REQ-5c", "", two_minutes, BREAKS },
	{ "4787", "REQ-6", "", as_is, MEETS },
	{ "4787", "REQ-6", "", udp_inbound, BREAKS },
	{ "4787", "REQ-6", "", udp_mayfly, BREAKS },
	{ "4787", "REQ-7", "", overlap, MEETS },
	{ "4787", "REQ-7", "", as_is, BREAKS },
	{ "4787", "REQ-8", "", udp_filter_ei, MEETS },
	{ "4787", "REQ-8", "", udp_filter_ad, MEETS },
	{ "4787", "REQ-8", "", as_is, BREAKS },
	{ "4787", "REQ-9", "", as_is, MEETS },
	{ "4787", "REQ-9", "", no_hairpin, BREAKS },
	{ "4787", "REQ-9a", "", as_is, MEETS },
	{ "4787", "REQ-9a", "", hairpin_inside, BREAKS },
	{ "4787", "REQ-9a", "", no_hairpin, UNKNOWN },
	{ "4787", "REQ-10", "", as_is, MEETS },
	{ "4787", "REQ-10", "", rewriter, BREAKS },
	{ "4787", "REQ-10", "", sip, BREAKS },
	{ "4787", "REQ-11", "", as_is, MEETS },
	{ "4787", "REQ-11", "", dependent, BREAKS },
	{ "4787", "REQ-12", "", as_is, MEETS },
	{ "4787", "REQ-12", "", error_ends, BREAKS },
	{ "4787", "REQ-13", "", as_is, MEETS },
	{ "4787", "REQ-13", "", cuts, BREAKS },
	{ "4787", "REQ-13", "", black_hole, BREAKS },
	{ "4787", "REQ-13a", "", as_is, MEETS },
	{ "4787", "REQ-13a", "", black_hole, BREAKS },
	{ "4787", "REQ-14", "fragments in order", fragments_in_order, MEETS },
	{ "4787", "REQ-14", "fragments in order", no_fragments, BREAKS },
	{ "4787", "REQ-14", "fragments out of order", as_is, MEETS },
	{ "4787", "REQ-14", "fragments out of order", fragments_in_order, BREAKS },
	{ "4787", "REQ-14a", "lone fragments", as_is, MEETS },
	{ "4787", "REQ-14a", "lone fragments", no_fragments, BREAKS },
	{ "4787", "REQ-14a", "lone first", as_is, MEETS },
	{ "4787", "REQ-14a", "lone first", fragments_in_order, MEETS },
	{ "4787", "REQ-14a", "lone first", no_fragments, BREAKS },
	{ "4787", "REQ-14a", "lone first", fragments_stay, BREAKS },
	{ "4787", "REQ-14a", "lone fragments", fragments_stay, MEETS },
	{ "4787", "REQ-1", "", blocked, UNKNOWN },
	{ "5382", "REQ-1", "", as_is, MEETS },
	{ "5382", "REQ-1", "", tcp_ad, BREAKS },
	{ "5382", "REQ-2", "", as_is, MEETS },
	{ "5382", "REQ-2", "", blocks_tcp_data, BREAKS },
	{ "5382", "REQ-2a", "", as_is, MEETS },
	{ "5382", "REQ-2a", "", one_syn, BREAKS },
	{ "5382", "REQ-3", "", tcp_filter_ad, MEETS },
	{ "5382", "REQ-3", "", as_is, BREAKS },
	{ "5382", "REQ-4", "6 s of silence", as_is, MEETS },
	{ "5382", "REQ-4", "6 s of silence", hold, MEETS },
	{ "5382", "REQ-4", "6 s of silence", tcp_rst, BREAKS },
	{ "5382", "REQ-4", "6 s of silence", tcp_icmp, BREAKS },
	{ "5382", "REQ-4", "6 s of silence", tcp_filter_ei, UNKNOWN },
	{ "5382", "REQ-4", "after 6 s", tcp_filter_ei, UNKNOWN },
	{ "5382", "REQ-4", "an unsolicited SYN does", hold, MEETS },
	{ "5382", "REQ-4", "an unsolicited SYN does", tcp_rst, BREAKS },
	{ "5382", "REQ-4", "after 6 s", hold, MEETS },
	{ "5382", "REQ-4", "after 6 s", as_is, BREAKS },
	{ "5382", "REQ-4", "after 6 s", tcp_icmp, BREAKS },
	{ "5382", "REQ-5", "an idle", as_is, MEETS },
	{ "5382", "REQ-5", "an idle", short_tcp, BREAKS },
	{ "5382", "REQ-5", "a half-open", as_is, MEETS },
	{ "5382", "REQ-5", "a half-open", short_syn, BREAKS },
	{ "5382", "REQ-5", "a closing", as_is, MEETS },
	{ "5382", "REQ-5", "a closing", short_closing, BREAKS },
	{ "5382", "REQ-5", "a closing", tcp_untracked, MEETS },
	{ "5382", "REQ-6", "", as_is, MEETS },
	{ "5382", "REQ-6", "", rewriter, BREAKS },
	{ "5382", "REQ-7", "", as_is, MEETS },
	{ "5382", "REQ-7", "", tcp_overload, BREAKS },
	{ "5382", "REQ-8", "", as_is, MEETS },
	{ "5382", "REQ-8", "", no_tcp_hairpin, BREAKS },
	{ "5382", "REQ-8a", "", as_is, MEETS },
	{ "5382", "REQ-8a", "", tcp_hairpin_inside, BREAKS },
	{ "5382", "REQ-9", "", as_is, MEETS },
	{ "5382", "REQ-9", "", no_errors, BREAKS },
	{ "5382", "REQ-10", "", as_is, MEETS },
	{ "5382", "REQ-10", "", error_ends, BREAKS },
	{ "5508", "REQ-1", "", as_is, MEETS },
	{ "5508", "REQ-1", "", no_icmp, BREAKS },
	{ "5508", "REQ-1a", "", as_is, MEETS },
	{ "5508", "REQ-1a", "", icmp_ad, BREAKS },
	{ "5508", "REQ-2", "", as_is, MEETS },
	{ "5508", "REQ-2", "", short_icmp, BREAKS },
	{ "5508", "REQ-3", "", as_is, MEETS },
	{ "5508", "REQ-3", "", careless, BREAKS },
	{ "5508", "REQ-3", "", no_errors, UNKNOWN },
	{ "5508", "REQ-3a", "", as_is, MEETS },
	{ "5508", "REQ-3a", "", careless, BREAKS },
	{ "5508", "REQ-3b", "", as_is, MEETS },
	{ "5508", "REQ-3b", "", no_options, BREAKS },
	{ "5508", "REQ-3b", "", no_errors, UNKNOWN },
	{ "5508", "REQ-3c", "", as_is, MEETS },
	{ "5508", "REQ-3c", "", quotes_checked, BREAKS },
	{ "5508", "REQ-3c", "", no_errors, UNKNOWN },
	{ "5508", "REQ-3d", "", as_is, MEETS },
	{ "5508", "REQ-3d", "", quotes_checked, MEETS },
	{ "5508", "REQ-3d", "", quotes_checked_all, BREAKS },
	{ "5508", "REQ-4", "", as_is, MEETS },
	{ "5508", "REQ-4", "", quote_kept, BREAKS },
	{ "5508", "REQ-4", "", quote_checksum, BREAKS },
	{ "5508", "REQ-4", "", no_errors, BREAKS },
	{ "5508", "REQ-5", "", as_is, MEETS },
	{ "5508", "REQ-5", "", quote_kept, BREAKS },
	{ "5508", "REQ-5", "", no_errors, BREAKS },
	{ "5508", "REQ-6", "an error refreshes", as_is, MEETS },
	{ "5508", "REQ-6", "an error refreshes", error_refreshes, BREAKS },
	{ "5508", "REQ-6", "an error ends", as_is, MEETS },
	{ "5508", "REQ-6", "an error ends", error_ends, BREAKS },
	{ "5508", "REQ-7", "", as_is, MEETS },
	{ "5508", "REQ-7", "", no_hairpinned_errors, BREAKS },
	{ "5508", "REQ-7", "", no_hairpin, UNKNOWN },
	{ "5508", "REQ-8", "", limited_told, MEETS },
	{ "5508", "REQ-8", "", limited, BREAKS },
	{ "5508", "REQ-8", "", limited_unreachable, BREAKS },
	{ "5508", "REQ-10a", "a packet", as_is, MEETS },
	{ "5508", "REQ-10a", "a packet", ttl_silent, BREAKS },
	{ "5508", "REQ-10a", "errors", as_is, MEETS },
	{ "5508", "REQ-10a", "errors", unreachable_alone, BREAKS },
	{ "5508", "REQ-10a", "errors", no_errors, UNKNOWN },
	{ "5508", "REQ-10c", "", unreachable_alone, MEETS },
	{ "5508", "REQ-10c", "", as_is, BREAKS },
	{ "5508", "REQ-10c", "", no_errors, UNKNOWN },
	{ "6888", "REQ-2", "", paired, MEETS },
	{ "6888", "REQ-2", "", arbitrary, BREAKS },
	{ "6888", "REQ-4", "", host_limit, MEETS },
	{ "6888", "REQ-4", "", as_is, BREAKS },
	{ "6888", "REQ-4", "", limited, BREAKS },
	{ "6888", "REQ-6", "", exempts, MEETS },
	{ "6888", "REQ-6", "", exempts_others, BREAKS },
	{ "6888", "REQ-6", "", exempts_second, MEETS },
	{ "6888", "REQ-6", "", as_is, BREAKS },
	{ "6888", "REQ-7", "", udp_filter_ei, MEETS },
	{ "6888", "REQ-7", "", udp_filter_ad, BREAKS },
	{ "6888", "REQ-8", "", rests, MEETS },
	{ "6888", "REQ-8", "", rest_excepted, MEETS },
	{ "6888", "REQ-8", "", reuses, BREAKS },
	{ "6888", "REQ-11b", "", limited_unreachable, MEETS },
	{ "6888", "REQ-11b", "", limited, BREAKS },
	{ "6888", "REQ-11b", "", limited_told, BREAKS },
	{ "6888", "REQ-11d", "", limited, MEETS },
	{ "6888", "REQ-11d", "", evicts, BREAKS },
	{ "6888", "REQ-15", "", random_ports, MEETS },
	{ "6888", "REQ-15", "", sequential, BREAKS },
	{ "7857", "2.2", "a RST", as_is, MEETS },
	{ "7857", "2.2", "a RST", rst_dropped, BREAKS },
	{ "7857", "2.2", "a connection", as_is, MEETS },
	{ "7857", "2.2", "a connection", rst_ends, BREAKS },
	{ "7857", "5", "", as_is, MEETS },
	{ "7857", "5", "", shares_mappings, BREAKS },
	{ "7857", "5", "", udp_apd, UNKNOWN },
	{ "7857", "6", "", as_is, MEETS },
	{ "7857", "6", "", shares_filters, BREAKS },
	{ "7857", "7.1", "an ICMP error", as_is, MEETS },
	{ "7857", "7.1", "an ICMP error", error_refreshes, BREAKS },
	{ "7857", "7.1", "a RST", as_is, MEETS },
	{ "7857", "7.1", "a RST", rst_ends, MEETS },
	{ "7857", "7.1", "a RST", rst_ignored, BREAKS },
	{ "7857", "7.1", "a RST", tcp_untracked, BREAKS },
	{ "7857", "8", "", random_ports, MEETS },
	{ "7857", "8", "", parity, BREAKS },
	{ "7857", "9", "", as_is, MEETS },
	{ "7857", "9", "", sequential, BREAKS },
	{ "7857", "10", "", ip_id, MEETS },
	{ "7857", "10", "", as_is, BREAKS },
	{ "7857", "12", "", as_is, MEETS },
	{ "7857", "12", "", ping_silent, BREAKS },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

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

static void probe(const struct row *row, size_t number, uint64_t seed, uint32_t loss_ppm,
		  struct behave_finding *ret)
{
	const struct behave_probe *asked = probe_of(row);
	struct behave_trial trial = { .seed = seed, .loss_ppm = loss_ppm };
	struct nat_model model;

	nat_model_defaults(&model);
	row->tune(&model);
	trial.model = &model;
	assert_int_equal(behave_model(asked, &trial, ret), 0);
	if (ret->outcome != (enum behave_outcome)row->want)
		fail_msg("row %zu, seed %llu: RFC %s %s, %s: %s, not %s: %s", number,
			 (unsigned long long)seed, asked->rfc, asked->req, asked->title,
			 behave_outcome_word(ret->outcome),
			 behave_outcome_word((enum behave_outcome)row->want), ret->reason);
	assert_true(ret->reason[0] != '\0');
}

static void told_apart(void **state)
{
	struct behave_finding finding;

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		probe(&rows[i], i, 1, 0, &finding);
}

static void told_apart_under_loss(void **state)
{
	struct behave_finding finding;

	(void)state;
	for (uint64_t seed = 1; seed <= LOSS_SEEDS; seed++)
		for (size_t i = 0; i < ROWS; i++)
			probe(&rows[i], i, seed, LOSS, &finding);
}

/* No probe goes untested: each has a NAT that meets it and one that breaks it. */
static void each_has_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < behave_probes_len; i++) {
		unsigned seen = 0;

		for (size_t k = 0; k < ROWS; k++)
			if (is_of(&rows[k], &behave_probes[i]))
				seen |= 1U << rows[k].want;
		if ((seen & 3U) != 3U)
			fail_msg("RFC %s %s, %s: is not told apart by any two models",
				 behave_probes[i].rfc, behave_probes[i].req,
				 behave_probes[i].title);
	}
}

/* The same seed, the same findings; and what takes time says so. */
static void repeats_itself(void **state)
{
	static const struct row half_open = { "5382", "REQ-5", "a half-open", as_is, MEETS };
	struct behave_finding first, second;

	(void)state;
	probe(&half_open, 0, 7, LOSS, &first);
	probe(&half_open, 0, 7, LOSS, &second);
	assert_string_equal(first.reason, second.reason);
	assert_true(first.took_ns == second.took_ns);
	assert_true(first.took_ns >= 239 * SEC && first.took_ns < 242 * SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_both),
		cmocka_unit_test(told_apart),
		cmocka_unit_test(told_apart_under_loss),
		cmocka_unit_test(repeats_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
