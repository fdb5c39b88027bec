/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probes, by the file that has them, and what they share.  table.c says what each is for. */
#ifndef KNOTHOLE_BEHAVE_PROBES_H
#define KNOTHOLE_BEHAVE_PROBES_H

#include "../../sim/fiber.h"
#include "bench.h"

/* mapping.c */
enum behave_outcome probe_mapping_udp(struct behave *b);
enum behave_outcome probe_mapping_tcp(struct behave *b);
enum behave_outcome probe_mapping_icmp(struct behave *b);
enum behave_outcome probe_pooling(struct behave *b);
enum behave_outcome probe_overloading_udp(struct behave *b);
enum behave_outcome probe_overloading_tcp(struct behave *b);
enum behave_outcome probe_well_known(struct behave *b);
enum behave_outcome probe_parity(struct behave *b);
enum behave_outcome probe_deterministic(struct behave *b);
enum behave_outcome probe_guessable(struct behave *b);
enum behave_outcome probe_shared_mapping(struct behave *b);
enum behave_outcome probe_ip_id(struct behave *b);

/* filtering.c */
enum behave_outcome probe_filtering_udp(struct behave *b);
enum behave_outcome probe_filtering_tcp(struct behave *b);
enum behave_outcome probe_filtering_carrier(struct behave *b);
enum behave_outcome probe_shared_filter(struct behave *b);
enum behave_outcome probe_hairpin_udp(struct behave *b);
enum behave_outcome probe_hairpin_source_udp(struct behave *b);
enum behave_outcome probe_hairpin_tcp(struct behave *b);
enum behave_outcome probe_hairpin_source_tcp(struct behave *b);
enum behave_outcome probe_hairpin_icmp(struct behave *b);
enum behave_outcome probe_alg_udp(struct behave *b);
enum behave_outcome probe_alg_tcp(struct behave *b);
enum behave_outcome probe_overlap(struct behave *b);

/* timers.c */
enum behave_outcome probe_timeout_udp(struct behave *b);
enum behave_outcome probe_timeout_udp_default(struct behave *b);
enum behave_outcome probe_timeout_icmp(struct behave *b);
enum behave_outcome probe_refresh_outbound(struct behave *b);
enum behave_outcome probe_reuse(struct behave *b);

/* fragments.c */
enum behave_outcome probe_too_big(struct behave *b);
enum behave_outcome probe_fragments_out(struct behave *b);
enum behave_outcome probe_fragments_order(struct behave *b);
enum behave_outcome probe_fragments_in_order(struct behave *b);
enum behave_outcome probe_fragments_swapped(struct behave *b);
enum behave_outcome probe_fragments_flooded(struct behave *b);
enum behave_outcome probe_first_fragments_flooded(struct behave *b);

/* errors.c */
enum behave_outcome probe_error_checksum(struct behave *b);
enum behave_outcome probe_quoted_checksum(struct behave *b);
enum behave_outcome probe_quoted_options(struct behave *b);
enum behave_outcome probe_quoted_transport(struct behave *b);
enum behave_outcome probe_extensions(struct behave *b);
enum behave_outcome probe_exceeded_in(struct behave *b);
enum behave_outcome probe_unreachable_in(struct behave *b);
enum behave_outcome probe_quench(struct behave *b);
enum behave_outcome probe_error_ends_udp(struct behave *b);
enum behave_outcome probe_error_ends_tcp(struct behave *b);
enum behave_outcome probe_error_refreshes(struct behave *b);
enum behave_outcome probe_error_out_refreshes(struct behave *b);
enum behave_outcome probe_error_ends_icmp(struct behave *b);
enum behave_outcome probe_queries(struct behave *b);
enum behave_outcome probe_time_exceeded(struct behave *b);

/* quotes.c */
enum behave_outcome probe_error_in(struct behave *b);
enum behave_outcome probe_error_in_quote(struct behave *b);
enum behave_outcome probe_error_in_type(struct behave *b);
enum behave_outcome probe_error_in_tcp(struct behave *b);
enum behave_outcome probe_error_out(struct behave *b);
enum behave_outcome probe_error_out_quote(struct behave *b);
enum behave_outcome probe_error_out_type(struct behave *b);
enum behave_outcome probe_error_out_sender(struct behave *b);
enum behave_outcome probe_error_third_party(struct behave *b);
enum behave_outcome probe_stray_in(struct behave *b);
enum behave_outcome probe_stray_out(struct behave *b);
enum behave_outcome probe_error_hairpin(struct behave *b);
enum behave_outcome probe_error_hairpin_quote(struct behave *b);

/* A packet from inside, as it arrived, and the error that its receiver would send about it. */
struct complaint {
	struct endpoint in, out;
	struct arrival about, error;
};

bool complaint_begin(struct behave *b, uint8_t protocol, struct complaint *ret);

/* An error has arrived: are its checksums right, and does it quote @want, as the quote's source or else its
 * destination, and is it of the type and code that @error has? */
enum behave_outcome complaint_weigh(struct behave *b, const struct arrival *seen,
				    struct endpoint want, bool want_src, enum packet_error error);

/* tcp.c */
enum behave_outcome probe_tcp_sequences(struct behave *b);
enum behave_outcome probe_simultaneous_open(struct behave *b);
enum behave_outcome probe_unsolicited_syn(struct behave *b);
enum behave_outcome probe_crossed_syn(struct behave *b);
enum behave_outcome probe_refused_syn(struct behave *b);
enum behave_outcome probe_prohibited_syn(struct behave *b);
enum behave_outcome probe_unknown_window(struct behave *b);
enum behave_outcome probe_established(struct behave *b);
enum behave_outcome probe_transitory(struct behave *b);
enum behave_outcome probe_closing(struct behave *b);
enum behave_outcome probe_rst_translated(struct behave *b);
enum behave_outcome probe_rst_state(struct behave *b);
enum behave_outcome probe_rst_refreshes(struct behave *b);

/* firewall6.c */
enum behave_outcome probe_multicast_sources(struct behave *b);
enum behave_outcome probe_bogons(struct behave *b);
enum behave_outcome probe_foreign_sources(struct behave *b);
enum behave_outcome probe_inside_sources(struct behave *b);
enum behave_outcome probe_unique_local(struct behave *b);
enum behave_outcome probe_deprecated_routes(struct behave *b);
enum behave_outcome probe_mobile_routes(struct behave *b);
enum behave_outcome probe_other_transports(struct behave *b);
enum behave_outcome probe_mobility(struct behave *b);
enum behave_outcome probe_sctp(struct behave *b);
enum behave_outcome probe_dccp(struct behave *b);
enum behave_outcome probe_shim6(struct behave *b);
enum behave_outcome probe_other_timeout(struct behave *b);
enum behave_outcome probe_other_timeout_default(struct behave *b);
enum behave_outcome probe_sctp_timeout(struct behave *b);
enum behave_outcome probe_dccp_timeout(struct behave *b);
enum behave_outcome probe_udp_lite(struct behave *b);
enum behave_outcome probe_authentication(struct behave *b);
enum behave_outcome probe_esp(struct behave *b);
enum behave_outcome probe_ike(struct behave *b);
enum behave_outcome probe_hip(struct behave *b);
enum behave_outcome probe_errors_udp(struct behave *b);
enum behave_outcome probe_errors_tcp(struct behave *b);
enum behave_outcome probe_errors_esp(struct behave *b);
enum behave_outcome probe_errors_mobility(struct behave *b);
enum behave_outcome probe_errors_sctp(struct behave *b);
enum behave_outcome probe_errors_dccp(struct behave *b);
enum behave_outcome probe_errors_unknown(struct behave *b);

/* prefix.c */
enum behave_outcome probe_checksum_neutral(struct behave *b);
enum behave_outcome probe_one_to_one(struct behave *b);
enum behave_outcome probe_stateless(struct behave *b);
enum behave_outcome probe_unmappable(struct behave *b);
enum behave_outcome probe_unmappable_told(struct behave *b);

/* carrier.c */
enum behave_outcome probe_limit(struct behave *b);
enum behave_outcome probe_refused_prohibited(struct behave *b);
enum behave_outcome probe_refused_unreachable(struct behave *b);
enum behave_outcome probe_refused_dropped(struct behave *b);
enum behave_outcome probe_evicted(struct behave *b);
enum behave_outcome probe_crowded(struct behave *b);

/* subscriber.c */
enum behave_outcome probe_rate(struct behave *b);
enum behave_outcome probe_exempt(struct behave *b);

/* followed.c */
enum behave_outcome probe_tcp_from_outside(struct behave *b);
enum behave_outcome probe_tcp_followed(struct behave *b);
enum behave_outcome probe_refused_refreshes(struct behave *b);
enum behave_outcome probe_changed_ports(struct behave *b);

/* A mapping of a fresh port, which a host outside has been sent to from. */
struct opened {
	uint8_t protocol;
	struct endpoint in, out, outside;
	uint64_t at; /* when the last packet passed */
};

/* Open one; @both_ways: and have it answered.  Is it open, to an answer? */
bool open_mapping(struct behave *b, uint8_t protocol, bool both_ways, struct opened *ret);
bool is_open(struct behave *b, const struct opened *opened);

/* How long mappings live: those of alive_ns were alive, those of gone_ns gone, which is at most
 * half as much again.  False where they live too short or too long: then no_life() says so. */
struct life {
	uint64_t alive_ns, gone_ns;
};
bool measure_life(struct behave *b, uint8_t protocol, bool both_ways, struct life *ret);
enum behave_outcome no_life(struct behave *b);

/* Is a mapping alive @seconds after its only packet? */
enum behave_outcome alive_after(struct behave *b, uint8_t protocol, uint64_t seconds);

/* A port of each inside host, and how they look outside. */
struct hairpin {
	struct endpoint in[2], outside[2];
};

/* Open both; send from each to the other's outside, so that either's filter is open.  What came
 * from the second is in *ret_at_inside; false where nothing did. */
bool hairpin_meet(struct behave *b, uint8_t protocol, struct hairpin *ret);
bool hairpin_cross(struct behave *b, uint8_t protocol, const struct hairpin *h,
		   struct arrival *ret_at_inside);

#endif
