/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NATs and firewalls that let some ports out only: the engine, and what the oracle makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/predict.h"
#include "nat_script.h"

#define SHUT "dropped: nothing goes out to this port"

static void web_only(struct script_config *c)
{
	c->model.tcp.outbound_ports[0] = 80;
	c->model.tcp.outbound_ports[1] = 443;
}

static void told(struct script_config *c)
{
	web_only(c);
	c->model.refusal = NAT_REFUSAL_PROHIBITED;
}

static void firewall(struct script_config *c)
{
	web_only(c);
	c->model.kind = NAT_KIND_FIREWALL;
}

static void dns_only(struct script_config *c)
{
	c->model.udp.outbound_ports[0] = 53;
}

static void with_a_forward(struct script_config *c)
{
	web_only(c);
	c->forwards[0] =
		(struct nat_forward){ IP_PROTO_TCP, 22, 22, script_endpoint("192.168.1.2:22") };
	c->nat.forwards = c->forwards;
	c->nat.forwards_len = 1;
}

static void with_a_dmz(struct script_config *c)
{
	web_only(c);
	c->nat.dmz = script_addr("192.168.1.2");
}

static const struct script scripts[] = {
	{ "listed ports pass, and others do not",
	  web_only,
	  { { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:80 SYN", "TCP 11.2.0.1:4000 > 11.1.1.2:80" },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:443 SYN",
	      "TCP 11.2.0.1:4000 > 11.1.1.2:443" },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:81 SYN", SHUT },
	    { 0, 'i', "TCP 192.168.1.2:4001 > 11.1.1.2:7 SYN", SHUT },
	    { 0, 'o', "TCP 11.1.1.2:80 > 11.2.0.1:4000 SYN ACK",
	      "TCP 11.1.1.2:80 > 192.168.1.2:4000" } } },
	{ "the other protocol goes where it likes",
	  web_only,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:7", "UDP 11.2.0.1:4000 > 11.1.1.2:7" } } },
	{ "UDP has a list of its own",
	  dns_only,
	  { { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:53", "UDP 11.2.0.1:4000 > 11.1.1.2:53" },
	    { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:54", SHUT },
	    { 0, 'i', "ICMP 192.168.1.2 > 11.1.1.2 echo id 7", "ICMP 11.2.0.1 > 11.1.1.2" } } },
	{ "RFC 5508 REQ-8: the sender may hear of it",
	  told,
	  { { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN",
	      "answered: nothing goes out to this port" } } },
	{ "a firewall does the same",
	  firewall,
	  { { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:80 SYN",
	      "TCP 192.168.1.2:4000 > 11.1.1.2:80" },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.1.1.2:7 SYN", SHUT } } },
	{ "a hairpin is no way round",
	  web_only,
	  { { 0, 'i', "TCP 192.168.1.3:80 > 11.1.1.2:80 SYN", "TCP 11.2.0.1:80 > 11.1.1.2:80" },
	    { 0, 'i', "TCP 192.168.1.2:4000 > 11.2.0.1:4001 SYN", SHUT } } },
	{ "who serves by a forward may answer",
	  with_a_forward,
	  { { 0, 'o', "TCP 11.1.1.2:5000 > 11.2.0.1:22 SYN", "TCP 11.1.1.2:5000 > 192.168.1.2:22" },
	    { 0, 'i', "TCP 192.168.1.2:22 > 11.1.1.2:5000 SYN ACK",
	      "TCP 11.2.0.1:22 > 11.1.1.2:5000" },
	    { 0, 'i', "TCP 192.168.1.2:23 > 11.1.1.2:5000 SYN ACK", SHUT } } },
	{ "and so may a DMZ host",
	  with_a_dmz,
	  { { 0, 'o', "TCP 11.1.1.2:5000 > 11.2.0.1:22 SYN", "TCP 11.1.1.2:5000 > 192.168.1.2:22" },
	    { 0, 'i', "TCP 192.168.1.2:22 > 11.1.1.2:5000 SYN ACK",
	      "TCP 11.2.0.1:22 > 11.1.1.2:5000" } } },
};

/* What each method is foretold, where the caller's NAT lets out @tcp and @udp only (0 = all). */
static const struct row {
	uint16_t tcp, udp;
	uint16_t listens; /* the rendezvous, for TCP; for UDP at 3478 */
	uint16_t local; /* both peers' port */
	const char *want;
	const char *why; /* of punching, where it must not */
} rows[] = {
	{ 0, 0, 33033, 0, "nnYY", NULL },
	{ 443, 0, 443, 0, "nnYY", NULL },
	{ 443, 0, 33033, 0, "nnnn", "caller's custom lets no TCP through to the rendezvous" },
	{ 443, 0, 0, 0, "nnnn", "caller's custom lets no TCP through to the rendezvous" },
	{ 443, 53, 443, 0, "nnnY", "caller's custom lets UDP out to some ports only" },
	{ 443, 3478, 443, 0, "nnnY", "caller's custom lets UDP out to some ports only" },
	{ 443, 3478, 443, 3478, "nn?Y", NULL },
};

static void what_is_foretold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct nat_model models[2];
		struct predict_nat nats[2] = { { .model = &models[0] }, { .model = &models[1] } };
		struct predict_question question = { .caller = { &nats[0], 1 },
						     .callee = { &nats[1], 1 },
						     .rendezvous_tcp = &row->listens,
						     .rendezvous_tcp_len = row->listens != 0,
						     .rendezvous_udp = 3478,
						     .local_port = row->local };
		struct predict_answer answer;
		static const enum method order[] = { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH,
						     METHOD_RELAY };
		char letters[METHOD_COUNT + 1] = "";

		for (int m = 0; m < 2; m++) {
			nat_model_defaults(&models[m]);
			strcpy(models[m].name, "custom");
		}
		models[0].tcp.outbound_ports[0] = row->tcp;
		models[0].udp.outbound_ports[0] = row->udp;
		predict(&question, &answer);
		for (int m = 0; m < 4; m++)
			letters[m] = answer.udp[order[m]] == PREDICT_MUST	? 'Y'
				     : answer.udp[order[m]] == PREDICT_MUST_NOT ? 'n'
										: '?';
		assert_string_equal(letters, row->want);
		if (row->why)
			assert_string_equal(answer.why[METHOD_PUNCH], row->why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_foretold) };

	return script_run_all("outbound ports", scripts, sizeof(scripts) / sizeof(scripts[0])) +
	       cmocka_run_group_tests(tests, NULL, NULL);
}
