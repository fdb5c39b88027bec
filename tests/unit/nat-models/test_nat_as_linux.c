/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the models of Linux's masquerade do with a connection that begins where another has been, as
 * nf_conntrack does: sometimes with another entry, for which a port is chosen anew, and sometimes with
 * the old one, whose time then runs on until somebody answers.  Live, sim's masquerade tests hold the same
 * against a kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat_script.h"

#define OUT "TCP 192.168.1.2:4000 > 11.1.1.2:7 "
#define OUT_SENT "TCP 11.2.0.1:4000 > 11.1.1.2:7"
#define IN "TCP 11.1.1.2:7 > 11.2.0.1:4000 "
#define IN_GOT "TCP 11.1.1.2:7 > 192.168.1.2:4000"
#define GONE "dropped: no mapping"
#define NEW "forwarded: new mapping"
#define SAME "forwarded: known mapping"
#define RESET_S 10
#define STANDING_S (120 * 3600)

#define HANDSHAKE                                                                                  \
	{ 0, 'i', OUT "SYN seq 1000", OUT_SENT },                                                  \
		{ 0, 'o', IN "SYN ACK seq 5000 ack 1001", IN_GOT },                                \
	{                                                                                          \
		0, 'i', OUT "ACK seq 1001 ack 5001", OUT_SENT                                      \
	}
#define FIN_OUT                                                                                    \
	{                                                                                          \
		SEC, 'i', OUT "FIN ACK seq 1001 ack 5001", OUT_SENT                                \
	}
#define FIN_IN                                                                                     \
	{                                                                                          \
		SEC, 'o', IN "FIN ACK seq 5001 ack 1002", IN_GOT                                   \
	}
#define RST_OUT                                                                                    \
	{                                                                                          \
		SEC, 'i', OUT "RST ACK seq 1001 ack 5001", OUT_SENT                                \
	}
#define RST_IN                                                                                     \
	{                                                                                          \
		SEC, 'o', IN "RST ACK seq 5001 ack 1001", IN_GOT                                   \
	}

static void linux_masquerade(struct script_config *c)
{
	struct model_error error;

	assert_int_equal(nat_model_find("linux-masquerade-input-drop", &c->model, &error), 0);
}

static void another_rst(struct script_config *c)
{
	linux_masquerade(c);
	c->model.tcp.rst = NAT_RST_KEEP;
}

static const struct script scripts[] = {
	{ "reset from outside: the same entry",
	  linux_masquerade,
	  { HANDSHAKE, RST_IN, { 2 * SEC, 'i', OUT "SYN seq 9000", SAME } } },
	{ "reset from inside: another",
	  linux_masquerade,
	  { HANDSHAKE, RST_OUT, { 2 * SEC, 'i', OUT "SYN seq 9000", NEW } } },
	{ "reset from either side, by the last word",
	  linux_masquerade,
	  { HANDSHAKE, RST_OUT, RST_IN, { 2 * SEC, 'i', OUT "SYN seq 9000", SAME } } },
	{ "reset from outside after a FIN: another",
	  linux_masquerade,
	  { HANDSHAKE, FIN_OUT, RST_IN, { 2 * SEC, 'i', OUT "SYN seq 9000", NEW } } },
	{ "closed, and the last FIN not confirmed: the same",
	  linux_masquerade,
	  { HANDSHAKE, FIN_OUT, FIN_IN, { 2 * SEC, 'i', OUT "SYN seq 9000", SAME } } },
	{ "closed, and the last FIN confirmed: another",
	  linux_masquerade,
	  { HANDSHAKE,
	    FIN_OUT,
	    FIN_IN,
	    { SEC, 'i', OUT "ACK seq 1002 ack 5002", OUT_SENT },
	    { 2 * SEC, 'i', OUT "SYN seq 9000", NEW } } },
	{ "reset from inside, elsewhere than in Linux: the same",
	  another_rst,
	  { HANDSHAKE, RST_OUT, { 2 * SEC, 'i', OUT "SYN seq 9000", SAME } } },
	{ "the SYN prolongs nothing",
	  linux_masquerade,
	  { HANDSHAKE,
	    RST_IN,
	    { (1 + RESET_S) * SEC - 1, 'i', OUT "SYN seq 9000", SAME },
	    { (1 + RESET_S) * SEC, 'o', IN "SYN ACK seq 1 ack 9001", GONE } } },
	{ "nor does it when it comes again",
	  linux_masquerade,
	  { HANDSHAKE,
	    RST_IN,
	    { 2 * SEC, 'i', OUT "SYN seq 9000", SAME },
	    { 3 * SEC, 'i', OUT "SYN seq 9000", SAME },
	    { (1 + RESET_S) * SEC, 'o', IN "SYN ACK seq 1 ack 9001", GONE } } },
	{ "its answer does",
	  linux_masquerade,
	  { HANDSHAKE,
	    RST_IN,
	    { 2 * SEC, 'i', OUT "SYN seq 9000", SAME },
	    { (1 + RESET_S) * SEC - 1, 'o', IN "SYN ACK seq 1 ack 9001", IN_GOT },
	    { (1 + RESET_S) * SEC, 'i', OUT "ACK seq 9001 ack 2", SAME } } },
	{ "unanswered, a RST ends the entry",
	  linux_masquerade,
	  { { 0, 'i', OUT "SYN seq 1000", OUT_SENT },
	    { SEC, 'o', IN "RST ACK seq 0 ack 1001", IN_GOT },
	    { 2 * SEC, 'i', OUT "SYN seq 9000", NEW } } },
	{ "once answered, no second RST does",
	  linux_masquerade,
	  { HANDSHAKE,
	    RST_IN,
	    { 2 * SEC, 'i', OUT "SYN seq 9000", SAME },
	    { 2 * SEC, 'o', IN "RST ACK seq 0 ack 9001", IN_GOT },
	    { 3 * SEC, 'i', OUT "SYN seq 9500", SAME } } },
	{ "a RST at the end of an idle life begins a time of its own",
	  linux_masquerade,
	  { HANDSHAKE,
	    { STANDING_S * SEC - 1, 'o', IN "RST ACK seq 5001 ack 1001", IN_GOT },
	    { (STANDING_S + RESET_S) * SEC - 2, 'i', OUT "SYN seq 9000", SAME } } },
	{ "… and no longer",
	  linux_masquerade,
	  { HANDSHAKE,
	    { STANDING_S * SEC - 1, 'o', IN "RST ACK seq 5001 ack 1001", IN_GOT },
	    { (STANDING_S + RESET_S) * SEC - 1, 'i', OUT "SYN seq 9000", NEW } } },
	{ "RFC 7857: elsewhere it begins none",
	  another_rst,
	  { HANDSHAKE,
	    { STANDING_S * SEC - 1, 'o', IN "RST ACK seq 5001 ack 1001", IN_GOT },
	    { STANDING_S * SEC, 'i', OUT "SYN seq 9000", NEW } } },
};

int main(void)
{
	return script_run_all("as Linux", scripts, sizeof(scripts) / sizeof(scripts[0]));
}
