/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 5508: each requirement with an engine that meets it and one that does not, to the nanosecond;
 * from outside they are told apart by probes/behave.  Translation itself is test_nat_icmp.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat_script.h"

#define OUT "UDP 192.168.1.2:4000 > 11.1.1.2:7"
#define SENT "UDP 11.2.0.1:4000 > 11.1.1.2:7"
#define IN "UDP 11.1.1.2:7 > 11.2.0.1:4000"
#define GOT "UDP 11.1.1.2:7 > 192.168.1.2:4000"
#define GONE "dropped: no mapping"

static void unchecked(struct script_config *c)
{
	c->model.icmp.verify = false;
}

static void quote_kept(struct script_config *c)
{
	c->model.icmp.quote = NAT_QUOTE_KEPT;
}

static void quote_checksum(struct script_config *c)
{
	c->model.icmp.quote = NAT_QUOTE_CHECKSUM;
}

static void ends(struct script_config *c)
{
	c->model.icmp.on_error = NAT_ERROR_END;
}

static void refreshes(struct script_config *c)
{
	c->model.icmp.on_error = NAT_ERROR_REFRESH;
}

static void open_filters(struct script_config *c)
{
	c->model.udp.filtering = c->model.tcp.filtering = c->model.icmp.filtering = NAT_EI;
	c->model.icmp.ping_answered = false;
}

static void no_tcp_hairpin(struct script_config *c)
{
	open_filters(c);
	c->model.tcp.hairpin = false;
}

static void no_udp_hairpin(struct script_config *c)
{
	open_filters(c);
	c->model.udp.hairpin = false;
}

static void no_icmp_hairpin(struct script_config *c)
{
	open_filters(c);
	c->model.icmp.hairpin = false;
}

static void no_hairpinned_errors(struct script_config *c)
{
	open_filters(c);
	c->model.icmp.hairpinned_errors = false;
}

static void one_mapping(struct script_config *c)
{
	c->model.max_mappings = 1;
}

static void one_mapping_told(struct script_config *c)
{
	one_mapping(c);
	c->model.refusal = NAT_REFUSAL_PROHIBITED;
}

static void blocked_told(struct script_config *c)
{
	c->model.udp.blocked = true;
	c->model.refusal = NAT_REFUSAL_PROHIBITED;
}

static const struct script scripts[] = {
	{ "REQ-8: exhausted, and told so: code 13",
	  one_mapping_told,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7",
	      "ICMP 192.168.1.1 > 192.168.1.3 administratively prohibited, about UDP 192.168.1.3:4000 > "
	      "11.1.1.2:7" } } },
	{ "REQ-8: prohibited, and told so",
	  blocked_told,
	  { { 0, 'i', OUT,
	      "ICMP 192.168.1.1 > 192.168.1.2 administratively prohibited, about UDP 192.168.1.2:4000 > "
	      "11.1.1.2:7" },
	    { 0, 'o', IN, "dropped: protocol blocked" } } },
	{ "REQ-8 broken: silence",
	  one_mapping,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:7", "dropped: mapping table full" } } },
	{ "hairpinned: TCP",
	  open_filters,
	  { { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN", "TCP 11.2.0.1:4000" },
	    { 0, 'i', "TCP 192.168.1.3:5000 > 11.2.0.1:4000 SYN",
	      "TCP 11.2.0.1:5000 > 192.168.1.2:4000 SYN" } } },
	{ "hairpinned: all but TCP",
	  no_tcp_hairpin,
	  { { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN", "TCP 11.2.0.1:4000" },
	    { 0, 'i', "TCP 192.168.1.3:5000 > 11.2.0.1:4000 SYN", "dropped: no hairpinning" },
	    { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000",
	      "UDP 11.2.0.1:5000 > 192.168.1.2:4000" } } },
	{ "hairpinned: all but UDP",
	  no_udp_hairpin,
	  { { 0, 'i', OUT, SENT },
	    { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000", "dropped: no hairpinning" },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN", "TCP 11.2.0.1:4000" },
	    { 0, 'i', "TCP 192.168.1.3:5000 > 11.2.0.1:4000 SYN",
	      "TCP 11.2.0.1:5000 > 192.168.1.2:4000 SYN" } } },
	{ "hairpinned: ICMP queries go as far as a mapping that serves them",
	  open_filters,
	  { { 0, 'i', "ICMP 192.168.1.2 > 11.1.1.2 echo id 7", "ICMP 11.2.0.1" },
	    { 0, 'i', "ICMP 192.168.1.3 > 11.2.0.1 echo id 7", "dropped: filtered" } } },
	{ "hairpinned: all but ICMP",
	  no_icmp_hairpin,
	  { { 0, 'i', "ICMP 192.168.1.3 > 11.2.0.1 echo id 7", "dropped: no hairpinning" } } },
};

/* An error about OUT from outside 1 s later, and whether OUT's mapping lives at a later time. */
static const struct life {
	const char *name;
	void (*tune)(struct script_config *config);
	uint64_t at;
	const char *want;
} lives[] = {
	{ "REQ-6: an error ends nothing", NULL, 300 * SEC - 1, GOT },
	{ "REQ-6: an error refreshes nothing", NULL, 300 * SEC, GONE },
	{ "REQ-6 broken: it ends the mapping", ends, SEC + 1, GONE },
	{ "REQ-6 broken: it refreshes the mapping", refreshes, 301 * SEC - 1, GOT },
	{ "REQ-6 broken: for no longer than that", refreshes, 301 * SEC, GONE },
};

static enum nat_reason complain(struct nat *nat, struct packet *pkt, const char *about,
				enum nat_side side, bool spoilt)
{
	script_write_error(pkt, about, NULL, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE);
	pkt->data[22] ^= spoilt; /* the ICMP checksum */
	return nat_process(nat, side, pkt, SEC).reason;
}

static struct nat *begin(void (*tune)(struct script_config *config))
{
	static const struct script_step out = { 0, 'i', OUT, SENT };
	struct script_config config;
	struct nat *nat;

	script_defaults(&config);
	if (tune)
		tune(&config);
	nat = script_nat(&config);
	script_step(nat, &out, "beginning");
	return nat;
}

static void life(void **state)
{
	const struct life *row = *state;
	struct script_step after = { row->at, 'o', IN, row->want };
	struct nat *nat = begin(row->tune);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	assert_int_equal(complain(nat, &pkt, SENT, NAT_OUTSIDE, false), NAT_REASON_ICMP_ERROR);
	script_expect_packet(&pkt, "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about " OUT,
			     row->name);
	script_step(nat, &after, row->name);
	nat_free(nat);
}

static void wrong_checksums(void **state)
{
	struct nat *nat = begin(NULL), *careless = begin(unchecked);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	(void)state;
	assert_int_equal(complain(nat, &pkt, SENT, NAT_OUTSIDE, true), NAT_REASON_MALFORMED);
	assert_int_equal(complain(careless, &pkt, SENT, NAT_OUTSIDE, true), NAT_REASON_ICMP_ERROR);
	assert_false(packet_checksums_ok(&pkt)); /* A wrong one is not made right. */
	nat_free(nat);
	nat_free(careless);
}

/* The quoted packet as the sender of OUT gets it: does it know it again, is its header right? */
static void quote_of(void (*tune)(struct script_config *config), const char *about, bool sound)
{
	struct nat *nat = begin(tune);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct packet_info info;
	char want[160] = "ICMP 11.1.1.2 > 192.168.1.2 port unreachable, about ";

	assert_int_equal(complain(nat, &pkt, SENT, NAT_OUTSIDE, false), NAT_REASON_ICMP_ERROR);
	strncat(want, about, sizeof(want) - strlen(want) - 1);
	script_expect_packet(&pkt, want, about);
	assert_int_equal(packet_parse(&pkt, &info), PACKET_OK);
	assert_int_equal(checksum_fold(bytes + info.payload_offset, 20, 0) == 0xffff, sound);
	nat_free(nat);
}

static void quotes(void **state)
{
	(void)state;
	quote_of(NULL, OUT, true);
	quote_of(quote_kept, SENT, true);
	quote_of(quote_checksum, OUT, false);
}

static void hairpinned_errors(void **state)
{
	static const struct script_step across = { 0, 'i', "UDP 192.168.1.3:5000 > 11.2.0.1:4000",
						   "UDP 11.2.0.1:5000 > 192.168.1.2:4000" };
	struct nat *nat = begin(open_filters), *other = begin(no_hairpinned_errors);
	uint8_t bytes[256];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };

	(void)state;
	script_step(nat, &across, "REQ-7");
	script_step(other, &across, "REQ-7 broken");
	assert_int_equal(complain(nat, &pkt, across.want, NAT_INSIDE, false),
			 NAT_REASON_ICMP_ERROR);
	script_expect_packet(&pkt,
			     "ICMP 11.2.0.1 > 192.168.1.3 port unreachable, about UDP "
			     "192.168.1.3:5000 > 11.2.0.1:4000",
			     "REQ-7");
	assert_int_equal(complain(other, &pkt, across.want, NAT_INSIDE, false),
			 NAT_REASON_NO_HAIRPIN);
	nat_free(nat);
	nat_free(other);
}

int main(void)
{
	enum { ROWS = sizeof(lives) / sizeof(lives[0]) };
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(wrong_checksums),
		cmocka_unit_test(quotes),
		cmocka_unit_test(hairpinned_errors),
	};
	struct CMUnitTest tests[ROWS];
	int failed;

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = lives[i].name,
						.test_func = life,
						.initial_state = (void *)(uintptr_t)&lives[i] };
	failed = _cmocka_run_group_tests("conformance, ICMP", tests, ROWS, NULL, NULL);
	failed += cmocka_run_group_tests_name("conformance, ICMP", others, NULL, NULL);
	return failed +
	       script_run_all("conformance, ICMP", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
