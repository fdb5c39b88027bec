/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 5382 and RFC 7857, TCP: each requirement with an engine that meets it and one that does
 * not, to the nanosecond; from outside they are told apart by probes/behave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nat_script.h"

#define OUT "TCP 192.168.1.2:4000 > 11.1.1.2:7 "
#define OUT_SENT "TCP 11.2.0.1:4000 > 11.1.1.2:7"
#define IN "TCP 11.1.1.2:7 > 11.2.0.1:4000 "
#define IN_GOT "TCP 11.1.1.2:7 > 192.168.1.2:4000"
#define OUT_2 "TCP 192.168.1.2:4000 > 11.1.1.3:7 "
#define OUT_2_SENT "TCP 11.2.0.1:4000 > 11.1.1.3:7"
#define IN_2 "TCP 11.1.1.3:7 > 11.2.0.1:4000 "
#define IN_2_GOT "TCP 11.1.1.3:7 > 192.168.1.2:4000"
#define GONE "dropped: no mapping"
#define NOT_NOW "dropped: out of turn in its TCP connection"
#define REFUSED "ICMP 11.2.0.1 > 11.1.1.2 port unreachable, about TCP 11.1.1.2:7 > 11.2.0.1:4000"
#define NEW "forwarded: new mapping"

static void timers(struct script_config *c)
{
	c->model.tcp.timeout_ns = 240 * SEC;
	c->model.tcp.timeout_two_way_ns = 7440 * SEC;
	c->model.tcp.closing_ns = 100 * SEC;
	c->model.tcp.reset_ns = 50 * SEC;
}

static void untracked(struct script_config *c)
{
	timers(c);
	c->model.tcp.tracking = NAT_TRACKING_NONE;
}

static void strict(struct script_config *c)
{
	timers(c);
	c->model.tcp.tracking = NAT_TRACKING_STRICT;
}

static void strict_open(struct script_config *c)
{
	strict(c);
	c->model.tcp.filtering = NAT_EI;
}

static void one_syn_only(struct script_config *c)
{
	c->model.tcp.simultaneous_open = false;
}

static void windows(struct script_config *c)
{
	c->model.tcp.out_of_window = false;
}

static void rst_ends(struct script_config *c)
{
	timers(c);
	c->model.tcp.rst = NAT_RST_END;
}

static void rst_ignored(struct script_config *c)
{
	timers(c);
	c->model.tcp.rst = NAT_RST_IGNORE;
}

static void rst_dropped(struct script_config *c)
{
	c->model.tcp.rst = NAT_RST_DROP;
}

static void hold(struct script_config *c)
{
	c->model.tcp.unsolicited = NAT_UNSOLICITED_HOLD;
}

static void icmp_at_once(struct script_config *c)
{
	c->model.tcp.unsolicited = NAT_UNSOLICITED_ICMP;
}

static void rst_at_once(struct script_config *c)
{
	c->model.tcp.unsolicited = NAT_UNSOLICITED_RST;
}

static void outbound_only(struct script_config *c)
{
	timers(c);
	c->model.tcp.refresh = NAT_REFRESH_OUTBOUND;
}

/* Three segments make a connection. */
#define HANDSHAKE                                                                                  \
	{ 0, 'i', OUT "SYN seq 1000", OUT_SENT },                                                  \
		{ 0, 'o', IN "SYN ACK seq 5000 ack 1001", IN_GOT },                                \
	{                                                                                          \
		0, 'i', OUT "ACK seq 1001 ack 5001", OUT_SENT                                      \
	}

static const struct script scripts[] = {
	{ "REQ-5: half open, 4 min",
	  timers,
	  { { 0, 'i', OUT "SYN", OUT_SENT },
	    { 239 * SEC, 'i', OUT "SYN", OUT_SENT },
	    { 479 * SEC - 1, 'o', IN "SYN ACK", IN_GOT } } },
	{ "REQ-5: half open, and no longer",
	  timers,
	  { { 0, 'i', OUT "SYN", OUT_SENT }, { 240 * SEC, 'o', IN "SYN ACK", GONE } } },
	{ "REQ-5: established, 2 h 4 min",
	  timers,
	  { HANDSHAKE, { 7440 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "REQ-5: established, and no longer",
	  timers,
	  { HANDSHAKE, { 7440 * SEC, 'o', IN "ACK", GONE } } },
	{ "RFC 7857: closing",
	  timers,
	  { HANDSHAKE,
	    { SEC, 'i', OUT "FIN", OUT_SENT },
	    { SEC, 'o', IN "FIN", IN_GOT },
	    { 101 * SEC - 1, 'i', OUT "ACK", "forwarded: known mapping" },
	    { 201 * SEC - 1, 'i', OUT "ACK", NEW } } },
	{ "RFC 7857: one FIN closes half",
	  timers,
	  { HANDSHAKE,
	    { SEC, 'i', OUT "FIN", OUT_SENT },
	    { 7441 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "closing, where nobody looks at FINs",
	  untracked,
	  { HANDSHAKE,
	    { SEC, 'i', OUT "FIN", OUT_SENT },
	    { SEC, 'o', IN "FIN", IN_GOT },
	    { 7441 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "RFC 7857, 2.2: a RST leaves the state for a while",
	  timers,
	  { HANDSHAKE, { SEC, 'o', IN "RST", IN_GOT }, { 51 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "RFC 7857, 2.2: and no longer",
	  timers,
	  { HANDSHAKE, { SEC, 'o', IN "RST", IN_GOT }, { 51 * SEC, 'o', IN "ACK", GONE } } },
	{ "RFC 7857: RSTs refresh nothing",
	  timers,
	  { HANDSHAKE,
	    { SEC, 'i', OUT "RST", OUT_SENT },
	    { 40 * SEC, 'i', OUT "RST", OUT_SENT },
	    { 51 * SEC - 1, 'o', IN "RST", IN_GOT },
	    { 51 * SEC, 'o', IN "RST", GONE } } },
	{ "RFC 6146, 3.5.2.2: data after a RST shows that it was not believed",
	  timers,
	  { HANDSHAKE,
	    { SEC, 'o', IN "RST", IN_GOT },
	    { 2 * SEC, 'i', OUT "ACK", OUT_SENT },
	    { 7442 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "a RST that ends the state",
	  rst_ends,
	  { HANDSHAKE, { SEC, 'o', IN "RST", IN_GOT }, { SEC + 1, 'o', IN "ACK", GONE } } },
	{ "a RST that changes nothing",
	  rst_ignored,
	  { HANDSHAKE,
	    { SEC, 'o', IN "RST", IN_GOT },
	    { 7440 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "a RST that does not come through",
	  rst_dropped,
	  { HANDSHAKE, { SEC, 'o', IN "RST", NOT_NOW }, { SEC, 'i', OUT "RST", NOT_NOW } } },
	{ "a new connection in the place of one that was reset",
	  timers,
	  { HANDSHAKE,
	    { SEC, 'o', IN "RST", IN_GOT },
	    { 2 * SEC, 'i', OUT "SYN", OUT_SENT },
	    { 2 * SEC, 'o', IN "SYN ACK", IN_GOT },
	    { 7442 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "two connections of one mapping: the end of one is not the other's",
	  timers,
	  { HANDSHAKE,
	    { 0, 'i', OUT_2 "SYN", OUT_2_SENT },
	    { 0, 'o', IN_2 "SYN ACK", IN_2_GOT },
	    { SEC, 'o', IN_2 "RST", IN_2_GOT },
	    { 7440 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "two connections of one mapping: the last one's end is the mapping's",
	  timers,
	  { HANDSHAKE,
	    { 0, 'i', OUT_2 "SYN", OUT_2_SENT },
	    { 0, 'o', IN_2 "SYN ACK", IN_2_GOT },
	    { SEC, 'o', IN_2 "RST", IN_2_GOT },
	    { SEC, 'o', IN "RST", IN_GOT },
	    { 51 * SEC - 1, 'o', IN "RST", IN_GOT },
	    { 51 * SEC, 'o', IN "ACK", GONE } } },
	{ "refresh by outbound segments only",
	  outbound_only,
	  { HANDSHAKE,
	    { 7000 * SEC, 'o', IN "ACK", IN_GOT },
	    { 7440 * SEC, 'o', IN "ACK", GONE } } },

	{ "REQ-2: SYNs that cross",
	  timers,
	  { { 0, 'i', OUT "SYN seq 1000", OUT_SENT },
	    { SEC, 'o', IN "SYN seq 5000", IN_GOT },
	    { SEC, 'i', OUT "SYN ACK seq 1000 ack 5001", OUT_SENT },
	    { SEC, 'o', IN "SYN ACK seq 5000 ack 1001", IN_GOT },
	    { 7441 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "REQ-2: SYNs that cross, in a strict NAT",
	  strict,
	  { { 0, 'i', OUT "SYN seq 1000", OUT_SENT },
	    { SEC, 'o', IN "SYN seq 5000", IN_GOT },
	    { SEC, 'i', OUT "SYN ACK seq 1000 ack 5001", OUT_SENT },
	    { SEC, 'o', IN "SYN ACK seq 5000 ack 1001", IN_GOT } } },
	{ "REQ-2 broken: a second SYN is one too many",
	  one_syn_only,
	  { { 0, 'i', OUT "SYN", OUT_SENT },
	    { SEC, 'o', IN "SYN", NOT_NOW },
	    { SEC, 'o', IN "SYN ACK", IN_GOT } } },
	{ "strict: what is no SYN opens nothing",
	  strict,
	  { { 0, 'i', OUT "ACK", NOT_NOW },
	    { 0, 'i', OUT "SYN ACK", NOT_NOW },
	    { 0, 'i', OUT "SYN", OUT_SENT } } },
	{ "lenient: a connection that began before the NAT did",
	  timers,
	  { { 0, 'i', OUT "ACK", OUT_SENT },
	    { 0, 'o', IN "ACK", IN_GOT },
	    { 7440 * SEC - 1, 'o', IN "ACK", IN_GOT } } },
	{ "strict: data before the answer",
	  strict,
	  { { 0, 'i', OUT "SYN", OUT_SENT },
	    { 0, 'o', IN "ACK", NOT_NOW },
	    { 0, 'o', IN "RST", IN_GOT } } },
	{ "strict: a stranger must begin with a SYN",
	  strict_open,
	  { { 0, 'i', OUT "SYN", OUT_SENT },
	    { 0, 'o', IN_2 "ACK", NOT_NOW },
	    { 0, 'o', IN_2 "SYN ACK", NOT_NOW },
	    { 0, 'o', IN_2 "RST", NOT_NOW },
	    { 0, 'o', IN_2 "SYN", IN_2_GOT } } },
	{ "windows: up to the last byte that is allowed",
	  windows,
	  { HANDSHAKE,
	    { 0, 'o', IN "ACK seq 70536 ack 1001", IN_GOT },
	    { 0, 'o', IN "ACK seq 70537 ack 1001", NOT_NOW },
	    { 0, 'o', IN "RST seq 70537", NOT_NOW } } },
	{ "windows: a connection that another joins keeps its own",
	  windows,
	  { HANDSHAKE,
	    { 0, 'i', OUT_2 "SYN seq 9000", OUT_2_SENT },
	    { 0, 'o', IN "ACK seq 70537 ack 1001", NOT_NOW },
	    { 0, 'o', IN "ACK seq 70536 ack 1001", IN_GOT } } },
	{ "windows: what was never sent cannot be acknowledged",
	  windows,
	  { HANDSHAKE,
	    { 0, 'o', IN "ACK seq 5001 ack 1002", NOT_NOW },
	    { 0, 'o', IN "ACK seq 5001 ack 1001", IN_GOT } } },
	{ "windows: no more than one behind what was sent",
	  windows,
	  { HANDSHAKE,
	    { 0, 'o', IN "ACK seq 4294906761 ack 1001", NOT_NOW }, /* 5001 - 65536 */
	    { 0, 'o', IN "ACK seq 4294906762 ack 1001", IN_GOT } } },
	{ "windows: both scale theirs (RFC 7323, 2.2)",
	  windows,
	  { { 0, 'i', OUT "SYN seq 1000 scale 7", OUT_SENT },
	    { 0, 'o', IN "SYN ACK seq 5000 ack 1001 scale 2", IN_GOT },
	    { 0, 'i', OUT "ACK seq 1001 ack 5001", OUT_SENT },
	    { 0, 'o', IN "ACK seq 133002 ack 1001", NOT_NOW }, /* 5001 + (1000 << 7) + 1 */
	    { 0, 'o', IN "ACK seq 4294844296 ack 1001", NOT_NOW }, /* 5001 - (1000 << 7) - 1 */
	    { 0, 'o', IN "ACK seq 4294844297 ack 1001", IN_GOT },
	    { 0, 'o', IN "ACK seq 133001 ack 1001 win 60000", IN_GOT },
	    { 0, 'i', OUT "ACK seq 241002 ack 5001", NOT_NOW }, /* 1001 + (60000 << 2) + 1 */
	    { 0, 'i', OUT "ACK seq 241001 ack 5001", OUT_SENT } } },
	{ "windows: one that scales alone does not",
	  windows,
	  { { 0, 'i', OUT "SYN seq 1000 scale 7", OUT_SENT },
	    { 0, 'o', IN "SYN ACK seq 5000 ack 1001", IN_GOT },
	    { 0, 'i', OUT "ACK seq 1001 ack 5001", OUT_SENT },
	    { 0, 'o', IN "ACK seq 70537 ack 1001", NOT_NOW },
	    { 0, 'o', IN "ACK seq 70536 ack 1001", IN_GOT } } },
	/* One who knows nothing of the connection refuses a SYN by number 0, wherever the other's are. */
	{ "windows: SYNs that cross say from where, low",
	  windows,
	  { { 0, 'i', OUT "SYN seq 1000", OUT_SENT },
	    { 0, 'o', IN "SYN seq 70000", IN_GOT },
	    { 0, 'o', IN "RST ACK seq 0 ack 1001", NOT_NOW },
	    { 0, 'o', IN "ACK seq 70001 ack 1001", IN_GOT } } },
	{ "windows: SYNs that cross say from where, high",
	  windows,
	  { { 0, 'i', OUT "SYN seq 1000", OUT_SENT },
	    { 0, 'o', IN "SYN seq 2827936310", IN_GOT },
	    { 0, 'o', IN "RST ACK seq 0 ack 1001", NOT_NOW },
	    { 0, 'o', IN "ACK seq 2827936311 ack 1001", IN_GOT } } },
	{ "windows that nobody looks at",
	  timers,
	  { HANDSHAKE, { 0, 'o', IN "ACK seq 70537 ack 9999", IN_GOT } } },

	{ "what is stopped opens nothing",
	  rst_dropped,
	  { { 0, 'i', OUT "RST", NOT_NOW }, { 0, 'o', IN "SYN", GONE } } },

	{ "REQ-4: a SYN is answered after 6 s",
	  hold,
	  { { SEC, 'o', IN "SYN", "held: unsolicited SYN, answered later" },
	    { 7 * SEC - 1, 'p', "", "nothing" },
	    { 7 * SEC, 'p', "", REFUSED },
	    { 8 * SEC, 'p', "", "nothing" } } },
	{ "REQ-4: an outbound SYN 3 s later still connects",
	  hold,
	  { { 0, 'o', IN "SYN seq 5000", "held: unsolicited SYN" },
	    { 3 * SEC, 'i', OUT "SYN seq 1000", OUT_SENT },
	    { 3 * SEC, 'o', IN "SYN seq 5000", IN_GOT },
	    { 6 * SEC, 'p', "", "nothing" } } },
	{ "REQ-4: a SYN to another does not count",
	  hold,
	  { { 0, 'o', IN "SYN", "held: unsolicited SYN" },
	    { 3 * SEC, 'i', OUT_2 "SYN", OUT_2_SENT },
	    { 6 * SEC, 'p', "", REFUSED } } },
	{ "REQ-4: a repeated SYN does not put off the answer",
	  hold,
	  { { 0, 'o', IN "SYN", "held: unsolicited SYN" },
	    { 3 * SEC, 'o', IN "SYN", GONE },
	    { 6 * SEC, 'p', "", REFUSED },
	    { 20 * SEC, 'p', "", "nothing" } } },
	{ "REQ-4: only SYNs are held",
	  hold,
	  { { 0, 'o', IN "ACK", GONE },
	    { 0, 'o', IN "SYN ACK", GONE },
	    { 0, 'o', "UDP 11.1.1.2:7 > 11.2.0.1:4000", GONE },
	    { 6 * SEC, 'p', "", "nothing" } } },
	{ "REQ-4 broken: an error at once", icmp_at_once, { { 0, 'o', IN "SYN", REFUSED } } },
	{ "REQ-4 broken: a RST at once",
	  rst_at_once,
	  { { 0, 'o', IN "SYN", "TCP 11.2.0.1:4000 > 11.1.1.2:7 RST" } } },
	{ "silence", NULL, { { 0, 'o', IN "SYN", GONE }, { 60 * SEC, 'p', "", "nothing" } } },
};

/* A flood of SYNs costs no more than a table. */
static void only_so_many_are_held(void **state)
{
	struct script_step step = { 0, 'o', NULL, NULL };
	struct script_config config;
	struct nat *nat;
	char text[80];

	(void)state;
	script_defaults(&config);
	hold(&config);
	nat = script_nat(&config);
	step.packet = text;
	for (int i = 0; i < 65; i++) {
		snprintf(text, sizeof(text), "TCP 11.1.1.2:%d > 11.2.0.1:4000 SYN", 1000 + i);
		step.want = i < 64 ? "held: unsolicited SYN" : GONE;
		script_step(nat, &step, text);
	}
	assert_true(nat_next_wake(nat) == 6 * SEC);
	nat_free(nat);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(only_so_many_are_held) };

	return cmocka_run_group_tests_name("conformance, TCP", tests, NULL, NULL) +
	       script_run_all("conformance, TCP", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
