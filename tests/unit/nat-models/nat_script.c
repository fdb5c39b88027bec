/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/checksum.h"
#include "nat-models/header_fields.h"

enum { BYTES = 2048, TEXT = 256 };

struct ip_addr script_addr(const char *text)
{
	struct ip_addr a;

	if (ip_addr_parse(text, &a))
		fail_msg("no address: %s", text);
	return a;
}

struct endpoint script_endpoint(const char *text)
{
	struct endpoint e;

	if (endpoint_parse(text, &e))
		fail_msg("no endpoint: %s", text);
	return e;
}

void script_defaults(struct script_config *config)
{
	memset(config, 0, sizeof(*config));
	nat_model_defaults(&config->model);
	for (uint32_t i = 0; i < SCRIPT_POOL; i++)
		config->pool[i] = ip_addr_v4(0x0b020001 + i);
	config->nat.pool_len = 1;
	config->nat.inside_addr = script_addr("192.168.1.1");
	config->nat.seed = 1;
	assert_int_equal(ip_prefix_parse("192.168.1.0/24", &config->nat.inside), 0);
}

void script_ip6(struct script_config *c)
{
	assert_int_equal(ip_prefix_parse("fd00:0:1::/48", &c->nat.inside), 0);
	c->nat.inside_addr = script_addr("fd00:0:1::1");
	for (size_t i = 0; i < SCRIPT_POOL; i++) {
		c->pool[i] = script_addr("2b00:2:1::2");
		c->pool[i].lo += i;
	}
	c->nat.dmz = (struct ip_addr){ 0, 0 };
}

struct nat *script_nat(const struct script_config *config)
{
	struct nat_config nat = config->nat;
	struct nat *ret = NULL;

	nat.pool = config->pool;
	nat.forwards = config->forwards;
	assert_int_equal(nat_new(&config->model, &nat, &ret), 0);
	return ret;
}

static uint32_t number_after(const char *text, const char *word, uint32_t otherwise)
{
	const char *at = strstr(text, word);

	return at ? (uint32_t)strtoul(at + strlen(word), NULL, 10) : otherwise;
}

static uint8_t flags_of(const char *text)
{
	uint8_t flags = 0;

	if (strstr(text, "SYN"))
		flags |= TCP_SYN;
	if (strstr(text, "RST"))
		flags |= TCP_RST;
	if (strstr(text, "FIN"))
		flags |= TCP_FIN | TCP_ACK;
	if (strstr(text, "ACK") || !flags)
		flags |= TCP_ACK;
	return flags;
}

/* The payload of a segment, four bytes, is to be options. */
static void payload_to_options(struct packet *pkt)
{
	uint8_t *tcp = pkt->data + pkt->len - 4 - TCP_HEADER;
	uint16_t before = get_be16(tcp + TCP_OFFSET), change;

	tcp[TCP_OFFSET] = (TCP_HEADER + 4) / 4 << 4;
	change = checksum_change(before, get_be16(tcp + TCP_OFFSET));
	put_be16(tcp + TCP_CHECKSUM, checksum_updated(get_be16(tcp + TCP_CHECKSUM), change));
}

static void write_tcp(struct packet *pkt, const char *src, const char *dst, const char *flags)
{
	const struct tcp_says says = {
		.seq = number_after(flags, "seq ", 1000),
		.ack = number_after(flags, "ack ", 0),
		.flags = flags_of(flags),
		.window = (uint16_t)number_after(flags, "win ", 1000),
	};
	/* RFC 7323, 2.2: kind, length, shift; and an end of options. */
	const uint8_t scale[4] = { 3, 3, (uint8_t)number_after(flags, "scale ", 0), 0 };
	bool scales = strstr(flags, "scale ");

	assert_int_equal(packet_make_tcp(pkt, script_endpoint(src), script_endpoint(dst), 64, &says,
					 scales ? scale : NULL, scales ? sizeof(scale) : 0),
			 0);
	if (scales)
		payload_to_options(pkt);
}

static void write_echo(struct packet *pkt, const char *src, const char *dst, bool reply,
		       unsigned id)
{
	struct endpoint from = { script_addr(src), (uint16_t)id }, to = { script_addr(dst), 1 };

	assert_int_equal(packet_make_echo(pkt, from, to, 64, reply, "knothole", 8), 0);
}

void script_write(struct packet *pkt, const char *text)
{
	char protocol[8], src[ENDPOINT_TEXT], dst[ENDPOINT_TEXT], rest[64] = "";
	const char *id = strstr(text, " id ");

	if (sscanf(text, "%7s %53s > %53s %63[^\n]", protocol, src, dst, rest) < 3)
		fail_msg("no packet: %s", text);
	if (strcmp(protocol, "TCP") == 0)
		write_tcp(pkt, src, dst, rest);
	else if (strcmp(protocol, "ICMP") == 0)
		write_echo(pkt, src, dst, strstr(rest, "reply") != NULL,
			   id ? (unsigned)atoi(id + 4) : 0);
	else
		assert_int_equal(packet_make_udp(pkt, script_endpoint(src), script_endpoint(dst),
						 64, "knothole", 8),
				 0);
}

void script_write_error(struct packet *pkt, const char *about, const char *sender, uint8_t type,
			uint8_t code)
{
	struct packet_info info;

	script_write(pkt, about);
	assert_int_equal(packet_parse(pkt, &info), PACKET_OK);
	assert_int_equal(packet_make_icmp_error(pkt, sender ? script_addr(sender) : info.dst.addr,
						type, code, 0),
			 0);
}

/* Does @text begin with @want, up to the end of a word? */
static bool begins(const char *text, const char *want)
{
	size_t len = strlen(want);

	return strncmp(text, want, len) == 0 && (!text[len] || strchr(", ", text[len]));
}

void script_expect_packet(const struct packet *pkt, const char *want, const char *where)
{
	char text[TEXT];

	packet_describe(pkt, text, sizeof(text));
	if (!begins(text, want))
		fail_msg("%s:\n  want %s\n  got  %s", where, want, text);
	if (!packet_checksums_ok(pkt))
		fail_msg("%s: wrong checksum in %s", where, text);
}

/* What the NAT sends by itself: a packet, or "nothing". */
static void poll_step(struct nat *nat, const struct script_step *step, const char *where)
{
	uint8_t bytes[NAT_ANSWER_MAX];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	enum nat_side to;

	if (nat_poll(nat, step->at, &pkt, &to) != NAT_HOLD) {
		script_expect_packet(&pkt, step->want, where);
		assert_true(nat_next_answer(nat) > step->at);
		return;
	}
	if (strcmp(step->want, "nothing"))
		fail_msg("%s: nothing came of the NAT itself, not %s", where, step->want);
}

void script_step(struct nat *nat, const struct script_step *step, const char *where)
{
	uint8_t bytes[BYTES];
	struct packet pkt = { .data = bytes, .room = sizeof(bytes) };
	struct nat_decision decision;
	char text[TEXT], why[2 * TEXT];

	if (step->from == 'p') {
		poll_step(nat, step, where);
		return;
	}
	script_write(&pkt, step->packet);
	decision = nat_process(nat, step->from == 'i' ? NAT_INSIDE : NAT_OUTSIDE, &pkt, step->at);
	nat_explain(nat, &decision, text, sizeof(text));
	snprintf(why, sizeof(why), "%s: %s (%s)", where, step->packet, text);
	if (strncmp(step->want, "UDP", 3) && strncmp(step->want, "TCP", 3) &&
	    strncmp(step->want, "ICMP", 4)) {
		if (!begins(text, step->want))
			fail_msg("%s:\n  want %s", why, step->want);
		return;
	}
	if (decision.outcome != NAT_FORWARD && decision.outcome != NAT_ANSWER)
		fail_msg("%s:\n  want %s", why, step->want);
	script_expect_packet(&pkt, step->want, why);
}

static void run(void **state)
{
	const struct script *script = *state;
	struct script_config config;
	struct nat *nat;

	script_defaults(&config);
	if (script->tune)
		script->tune(&config);
	nat = script_nat(&config);
	for (size_t i = 0; i < SCRIPT_STEPS && script->steps[i].packet; i++) {
		char where[TEXT];

		snprintf(where, sizeof(where), "%s, step %zu", script->name, i + 1);
		script_step(nat, &script->steps[i], where);
	}
	nat_free(nat);
}

int script_run_all(const char *name, const struct script *scripts, size_t len)
{
	struct CMUnitTest *tests = calloc(len, sizeof(*tests));
	int failed;

	if (!tests)
		return 1;
	for (size_t i = 0; i < len; i++)
		tests[i] = (struct CMUnitTest){ .name = scripts[i].name,
						.test_func = run,
						.initial_state = (void *)(uintptr_t)&scripts[i] };
	failed = _cmocka_run_group_tests(name, tests, len, NULL, NULL);
	free(tests);
	return failed;
}
