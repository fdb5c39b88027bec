/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probes/wire/dns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/stream.h"

/* Names */

static const struct {
	const char *text;
	const char *back; /* NULL = it is no name */
} texts[] = {
	{ ".", "." },
	{ "alice", "alice" },
	{ "Alice.Home_a.lab.", "Alice.Home_a.lab" },
	{ "a\\.b.c", "a\\.b.c" },
	{ "a\\\\b", "a\\\\b" },
	{ "\\065\\000\\255", "A\\000\\255" },
	{ "a b", "a\\032b" },
	{ "", NULL },
	{ "..", NULL },
	{ ".a", NULL },
	{ "a..b", NULL },
	{ "a\\", NULL },
	{ "a\\25", NULL },
	{ "a\\256", NULL },
};

static void test_texts(void **state)
{
	char buf[DNS_NAME_TEXT];
	struct dns_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(dns_name_parse(texts[i].text, &name), texts[i].back ? 0 : -EINVAL);
		if (texts[i].back)
			assert_string_equal(dns_name_format(&name, buf), texts[i].back);
	}
}

/* A label of 63 and a name of 255 are the longest; each byte may need four to be written. */
static void test_longest(void **state)
{
	char text[DNS_NAME_TEXT] = "", label[65];
	struct dns_name name, again;
	char buf[DNS_NAME_TEXT];

	(void)state;
	memset(label, 'x', 64);
	label[64] = '\0';
	assert_int_equal(dns_name_parse(label, &name), -EINVAL);
	for (int i = 0; i < 4; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s.", i < 3 ? 63 : 61,
			 label);
	assert_int_equal(dns_name_parse(text, &name), 0);
	assert_int_equal(name.len, DNS_NAME_MAX);
	text[strlen(text) - 1] = '\0';
	assert_string_equal(dns_name_format(&name, buf), text);
	snprintf(text + strlen(text), 3, "x");
	assert_int_equal(dns_name_parse(text, &name), -EINVAL);
	for (int i = 1; i < DNS_NAME_MAX - 1; i++)
		name.bytes[i] = i % 64 ? 0xff : name.bytes[i];
	assert_int_equal(strlen(dns_name_format(&name, buf)), 4 * 250 + 3);
	assert_int_equal(dns_name_parse(buf, &again), 0);
	assert_memory_equal(again.bytes, name.bytes, DNS_NAME_MAX);
}

static struct dns_name name_of(const char *text)
{
	struct dns_name name = { 0 };

	assert_int_equal(dns_name_parse(text, &name), 0);
	return name;
}

static void test_comparisons(void **state)
{
	struct dns_name a = name_of("Alice.LAB"), b = name_of("alice.lab"), lab = name_of("lab");
	struct dns_name other = name_of("alice.labs"), joined = name_of("alice\\003lab");

	(void)state;
	assert_true(dns_name_equal(&a, &b));
	assert_false(dns_name_equal(&b, &other));
	assert_false(dns_name_equal(&b, &joined));
	assert_true(dns_name_is_under(&a, &lab));
	assert_true(dns_name_is_under(&lab, &lab));
	assert_false(dns_name_is_under(&lab, &a));
	assert_false(dns_name_is_under(&other, &lab));
	assert_int_equal(dns_name_labels(&a), 2);
	assert_true(dns_label_is(dns_name_label(&a, 1), "lab"));
	assert_false(dns_label_is(dns_name_label(&a, 1), "la"));
}

static const struct {
	const char *name;
	const char *addr; /* NULL = it is no reverse name */
} reverses[] = {
	{ "2.1.1.11.in-addr.arpa", "11.1.1.2" },
	{ "255.0.255.0.IN-ADDR.arpa", "0.255.0.255" },
	{ "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.1.0.0.0.0.0.b.2.ip6.arpa",
	  "2b00:1:1::2" },
	{ "1.1.11.in-addr.arpa", NULL },
	{ "2.2.1.1.11.in-addr.arpa", NULL },
	{ "256.1.1.11.in-addr.arpa", NULL },
	{ "02.1.1.11.in-addr.arpa", NULL },
	{ "-2.1.1.11.in-addr.arpa", NULL },
	{ "2.1.1.11.in-addr.lab", NULL },
	{ "10.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.1.0.0.0.0.0.b.2.ip6.arpa", NULL },
	{ "arpa", NULL },
	{ ".", NULL },
};

static void test_reverse(void **state)
{
	char text[IP_ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(reverses) / sizeof(reverses[0]); i++) {
		struct dns_name name = name_of(reverses[i].name), back;
		struct ip_addr addr;
		bool is = dns_name_to_addr(&name, &addr);

		assert_int_equal(is, reverses[i].addr != NULL);
		if (!is)
			continue;
		assert_string_equal(ip_addr_format(addr, text), reverses[i].addr);
		dns_name_of_addr(addr, &back);
		assert_true(dns_name_equal(&name, &back));
	}
}

/* Messages, byte by byte */

#define HEAD "\x12\x34\x85\x80\0\1\0\1\0\0\0\0"
#define ASKED "\5alice\3lab\0\0\1\0\1" /* at 12, "lab" at 18 */
#define A(name, len, data) name "\0\1\0\1\0\0\0\x0a\0" len data
#define OPT "\0\0\x29\4\xd0\0\0\x80\0\0\0"

static const struct message {
	const char *name;
	const char *bytes;
	size_t len;
	int want;
} messages[] = {
#define M(name, bytes, want)                                                                       \
	{                                                                                          \
		name, bytes, sizeof(bytes) - 1, want                                               \
	}
	M("an answer", HEAD ASKED A("\xc0\x0c", "\4", "\x0b\1\1\2"), 0),
	M("no record", "\x12\x34\1\0\0\1\0\0\0\0\0\0" ASKED, 0),
	M("EDNS", "\x12\x34\1\0\0\1\0\0\0\0\0\1" ASKED OPT, 0),
	M("no question", "\x12\x34\1\0\0\0\0\0\0\0\0\0", -EPROTO),
	M("two questions", "\x12\x34\1\0\0\2\0\0\0\0\0\0" ASKED ASKED, -EPROTO),
	M("a byte too many", "\x12\x34\1\0\0\1\0\0\0\0\0\0" ASKED "x", -EPROTO),
	M("a record too few", HEAD ASKED, -EPROTO),
	M("two OPTs", "\x12\x34\1\0\0\1\0\0\0\0\0\2" ASKED OPT OPT, -EPROTO),
	M("OPT as an answer", "\x12\x34\1\0\0\1\0\1\0\0\0\0" ASKED OPT, -EPROTO),
	M("OPT with a name", "\x12\x34\1\0\0\1\0\0\0\0\0\1" ASKED "\1a" OPT, -EPROTO),
	M("A of three bytes", HEAD ASKED A("\xc0\x0c", "\3", "\x0b\1\1"), -EPROTO),
	M("a pointer to itself", HEAD ASKED A("\xc0\x1b", "\4", "\x0b\1\1\2"), -EPROTO),
	M("a pointer ahead", HEAD ASKED A("\xc0\x1d", "\4", "\x0b\1\1\2"), -EPROTO),
	M("a pointer into the header", HEAD ASKED A("\xc0\x0b", "\4", "\x0b\1\1\2"), -EPROTO),
	M("a name of a kind that there is not", HEAD ASKED A("\x40\x0c", "\4", "\x0b\1\1\2"),
	  -EPROTO),
	/* At 27: "a", and then back to 27. */
	M("a loop", HEAD ASKED A("\1a\xc0\x1b", "\4", "\x0b\1\1\2"), -EPROTO),
	M("PTR that ends before its data does",
	  HEAD ASKED "\xc0\x0c\0\x0c\0\1\0\0\0\x0a\0\3\xc0\x0cx", -EPROTO),
	M("PTR that ends behind its data", HEAD ASKED "\xc0\x0c\0\x0c\0\1\0\0\0\x0a\0\2\2ab\0",
	  -EPROTO),
#undef M
};

static void test_message(void **state)
{
	const struct message *m = *state;
	struct dns_message msg = { .len = 77 };

	assert_int_equal(dns_decode((const uint8_t *)m->bytes, m->len, &msg), m->want);
	if (m->want)
		assert_int_equal(msg.len, 77);
}

static void test_what_it_says(void **state)
{
	const struct message *m = &messages[0];
	struct dns_record record = { 0 };
	struct dns_header header;
	struct dns_message msg;
	struct dns_name name;
	struct ip_addr addr;

	(void)state;
	assert_int_equal(dns_decode((const uint8_t *)m->bytes, m->len, &msg), 0);
	assert_int_equal(msg.header.id, 0x1234);
	assert_true(msg.header.response && msg.header.authoritative &&
		    msg.header.recursion_desired && msg.header.recursion_available);
	assert_false(msg.header.truncated || msg.edns.present);
	name = name_of("alice.lab");
	assert_true(dns_next(&msg, &record) && dns_name_equal(&record.name, &name));
	assert_true(dns_get_addr(&record, &addr));
	assert_int_equal(ip_addr_to_v4(addr), 0x0b010102);
	assert_int_equal(record.ttl, 10);
	assert_false(dns_get_name(&msg, &record, &name));
	assert_false(dns_next(&msg, &record));
	m = &messages[2];
	assert_int_equal(dns_decode((const uint8_t *)m->bytes, m->len, &msg), 0);
	assert_true(msg.edns.present && msg.edns.dnssec_ok);
	assert_int_equal(msg.edns.udp_size, 1232);
	assert_int_equal(dns_decode_header((const uint8_t *)m->bytes, 11, &header), -EPROTO);
	assert_string_equal(dns_rcode_text(3), "no such name");
	assert_string_equal(dns_rcode_text(9), "unknown rcode");
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t len = 0; len < messages[i].len; len++) {
			uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees more */
			struct dns_message msg;

			memcpy(exact, messages[i].bytes, len);
			assert_int_equal(dns_decode(exact, len, &msg), -EPROTO);
			free(exact);
		}
	}
}

/* Round trips */

static struct dns_name some_name(uint64_t *chance)
{
	static const char *const parts[] = { "alice", "bob", "home_a", "lab", "LAB", "x", "arpa" };
	char text[256] = "";

	for (uint64_t n = stream_below(chance, 5); n > 0; n--)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s.",
			 parts[stream_below(chance, 7)]);
	return name_of(text[0] ? text : ".");
}

enum { RECORDS = 12 };

struct said {
	enum dns_section section;
	uint16_t type;
	uint32_t ttl;
	struct dns_name name, target;
	struct dns_soa soa;
	struct ip_addr addr;
	uint8_t raw[9];
};

static struct said some_record(uint64_t *chance, enum dns_section section)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_PTR, DNS_CNAME, DNS_SOA, 99 };
	struct said r = { .section = section,
			  .type = types[stream_below(chance, 6)],
			  .ttl = (uint32_t)stream_next(chance),
			  .name = some_name(chance),
			  .target = some_name(chance) };

	r.addr = ip_addr_v4((uint32_t)stream_next(chance));
	if (r.type == DNS_AAAA)
		r.addr = (struct ip_addr){ stream_next(chance) | 1, stream_next(chance) };
	r.soa = (struct dns_soa){ r.target, some_name(chance), 1, 2, 3, 4, (uint32_t)r.addr.lo };
	memcpy(r.raw, &r.addr.lo, 8);
	return r;
}

static bool say(struct dns_writer *w, const struct said *r)
{
	if (r->type == DNS_A || r->type == DNS_AAAA)
		return dns_add_addr(w, r->section, &r->name, r->ttl, r->addr);
	if (r->type == DNS_SOA)
		return dns_add_soa(w, r->section, &r->name, r->ttl, &r->soa);
	if (r->type == 99)
		return dns_add(w, r->section, &r->name, 99, r->ttl, r->raw, sizeof(r->raw));
	return dns_add_name(w, r->section, &r->name, r->type, r->ttl, &r->target);
}

static void assert_same_name(const struct dns_name *a, const struct dns_name *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->bytes, b->bytes, a->len); /* in the same letters */
}

static void check_record(const struct dns_message *msg, const struct dns_record *got,
			 const struct said *want)
{
	struct dns_name name;
	struct dns_soa soa;
	struct ip_addr addr;

	assert_int_equal(got->section, want->section);
	assert_int_equal(got->type, want->type);
	assert_int_equal(got->class, DNS_IN);
	assert_int_equal(got->ttl, want->ttl);
	assert_same_name(&got->name, &want->name);
	if (dns_get_addr(got, &addr)) {
		assert_true(ip_addr_equal(addr, want->addr));
	} else if (dns_get_soa(msg, got, &soa)) {
		assert_same_name(&soa.primary, &want->soa.primary);
		assert_same_name(&soa.mailbox, &want->soa.mailbox);
		assert_int_equal(soa.minimum, want->soa.minimum);
	} else if (dns_get_name(msg, got, &name)) {
		assert_same_name(&name, &want->target);
	} else {
		assert_int_equal(got->len, sizeof(want->raw));
		assert_memory_equal(got->data, want->raw, sizeof(want->raw));
	}
}

/* Write @said into @room, read it back: as many as had room, and TC where some had none. */
static size_t there_and_back(const struct said *said, const struct dns_question *question,
			     const struct dns_edns *edns, size_t room)
{
	struct dns_header header = { .id = 7, .response = true, .rcode = edns ? 0x123 : 3 };
	uint8_t *bytes = malloc(room ? room : 1);
	struct dns_record record = { 0 };
	struct dns_message msg;
	struct dns_writer w;
	size_t fitted = 0, len;

	dns_begin(&w, bytes, room, &header, question, edns);
	while (fitted < RECORDS && say(&w, &said[fitted]))
		fitted++;
	/* Once one has not fitted, none does. */
	if (fitted < RECORDS)
		assert_false(say(&w, &said[RECORDS - 1]));
	len = dns_end(&w);
	assert_true(len <= room);
	if (len) {
		assert_int_equal(dns_decode(bytes, len, &msg), 0);
		assert_int_equal(msg.header.truncated, fitted < RECORDS);
		assert_int_equal(msg.header.rcode, header.rcode);
		assert_int_equal(msg.edns.present, edns != NULL);
		assert_same_name(&msg.question.name, &question->name);
		for (size_t i = 0; i < fitted; i++) {
			assert_true(dns_next(&msg, &record));
			check_record(&msg, &record, &said[i]);
		}
		assert_int_equal(dns_next(&msg, &record), edns != NULL);
	}
	free(bytes);
	return len;
}

static void test_round_trip(void **state)
{
	struct dns_edns edns = { .present = true, .udp_size = 1232, .dnssec_ok = true };
	struct said *said = calloc(RECORDS, sizeof(*said));
	uint64_t chance = 1;

	(void)state;
	for (int run = 0; run < 300; run++) {
		struct dns_question question = { some_name(&chance), DNS_A, DNS_IN };
		const struct dns_edns *with = run % 2 ? &edns : NULL;
		size_t len, last = 0;

		for (int i = 0; i < RECORDS; i++)
			said[i] = some_record(&chance, (enum dns_section)(i / 4));
		len = there_and_back(said, &question, with, 4096);
		assert_true(len > 0);
		if (run >= 8)
			continue;
		for (size_t room = 0; room <= len; room++) {
			size_t now = there_and_back(said, &question, with, room);

			assert_true(now >= last); /* more room never says less */
			last = now;
		}
		assert_int_equal(last, len);
	}
	free(said);
}

/* What was said once is pointed to. */
static void test_compression(void **state)
{
	struct dns_question question = { name_of("alice.home_a.lab"), DNS_ANY, DNS_IN };
	struct dns_name bob = name_of("bob.home_a.lab");
	struct dns_header header = { 0 };
	uint8_t bytes[512];
	struct dns_writer w;

	(void)state;
	dns_begin(&w, bytes, sizeof(bytes), &header, &question, NULL);
	assert_int_equal(w.c.at, DNS_HEADER + 18 + 4);
	dns_add_addr(&w, DNS_ANSWER, &question.name, 10, ip_addr_v4(1));
	assert_int_equal(w.c.at, DNS_HEADER + 18 + 4 + 2 + 10 + 4);
	dns_add_name(&w, DNS_ANSWER, &question.name, DNS_PTR, 10, &bob); /* "bob", and back */
	assert_int_equal(dns_end(&w), DNS_HEADER + 18 + 4 + 2 + 10 + 4 + 2 + 10 + 4 + 2);
	assert_memory_equal(bytes + DNS_HEADER + 50, "\3bob\xc0\x12", 6);
}

int main(void)
{
	enum { MESSAGES = sizeof(messages) / sizeof(messages[0]) };
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_texts),	     cmocka_unit_test(test_longest),
		cmocka_unit_test(test_comparisons),  cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_what_it_says), cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_compression),
	};
	enum { OTHERS = sizeof(others) / sizeof(others[0]) };
	struct CMUnitTest tests[MESSAGES + OTHERS];

	for (int i = 0; i < MESSAGES; i++)
		tests[i] = (struct CMUnitTest){ .name = messages[i].name,
						.test_func = test_message,
						.initial_state = (void *)(uintptr_t)&messages[i] };
	memcpy(tests + MESSAGES, others, sizeof(others));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
