/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test of the NAT engine as a script: a model, then packets in and what became of each.
 *
 * The NAT has 192.168.1.1 on its LAN, 192.168.1.0/24, and outside addresses from 11.2.0.1 on.
 * Packets are written and read in the notation of packet_describe(), as far as they are
 * given: "UDP 192.168.1.2:4000 > 11.1.1.2:7", "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN",
 * "ICMP 192.168.1.2 > 11.1.1.2 echo id 7", and the same with "echo reply"; IPv6 endpoints are
 * "[2001:db8::1]:7".  TCP flags are SYN,
 * ACK, FIN and RST; "seq 5", "ack 5", "win 5" and "scale 5" may follow.
 *
 * What is wanted is either such a packet, where it is forwarded, or how nat_explain()'s
 * sentence begins.  After every packet that is forwarded the checksums must be right.
 */
#ifndef KNOTHOLE_NAT_SCRIPT_H
#define KNOTHOLE_NAT_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "nat-models/nat.h"

#define SEC UINT64_C(1000000000)

enum { SCRIPT_STEPS = 16, SCRIPT_POOL = 4 };

struct script_config {
	struct nat_model model;
	struct nat_config nat;
	struct ip_addr pool[SCRIPT_POOL];
	struct nat_forward forwards[4];
};

struct script_step {
	uint64_t at;
	char from; /* 'i' = inside, 'o' = outside, 'p' = the NAT's own, by nat_poll() */
	const char *packet;
	const char *want;
};

struct script {
	const char *name;
	void (*tune)(struct script_config *config); /* may be NULL: the defaults */
	struct script_step steps[SCRIPT_STEPS]; /* ends at one without a packet */
};

/* Addresses for tests that do more than scripts. */
struct ip_addr script_addr(const char *text);
struct endpoint script_endpoint(const char *text);

/* The configuration that scripts start from: the model's defaults, one outside address. */
void script_defaults(struct script_config *config);

/* The same in IPv6: fd00:0:1::/48 inside, 2b00:2:1::2 and what follows outside. */
void script_ip6(struct script_config *config);

/* A NAT of it; fails the test where there can be none. */
struct nat *script_nat(const struct script_config *config);

/* Write the packet that @text describes into @pkt, whose data and room are set. */
void script_write(struct packet *pkt, const char *text);

/* Write into @pkt the ICMP error that @sender (NULL: whoever it is for) would send about the packet
 * that @about describes. */
void script_write_error(struct packet *pkt, const char *about, const char *sender, uint8_t type,
			uint8_t code);

/* Send one packet through @nat, and hold what came of it against @step. */
void script_step(struct nat *nat, const struct script_step *step, const char *where);

/* The packet as it is now must be as @want describes it. */
void script_expect_packet(const struct packet *pkt, const char *want, const char *where);

/* Run @len scripts, each as a test of its own name; returns the number that failed. */
int script_run_all(const char *name, const struct script *scripts, size_t len);

#endif
