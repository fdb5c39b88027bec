/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forge.h"

#include <errno.h>

/* The first packet of what was forged; the reader stays open in *ret_reader. */
static struct pcapng_packet first_packet(struct forge *forge, struct pcapng **ret_reader)
{
	struct pcapng_packet packet;
	char error[256] = "";

	assert_int_equal(pcapng_open(forge_write(forge), ret_reader, error, sizeof(error)), 0);
	assert_int_equal(pcapng_next(*ret_reader, &packet), 1);
	return packet;
}

static void read_whole(bool big_endian)
{
	struct forge *forge = calloc(1, sizeof(*forge));
	struct pcapng_packet packet;
	struct pcapng *reader;

	assert_non_null(forge);
	forge->big_endian = big_endian;
	forge->now = UINT64_C(1700000000123456789);
	forge_section(forge, "about");
	forge_tap(forge, "home_a wan", "{}", LINK_RAW_IP, 9);
	forge_bytes(forge, 0, PCAPNG_OUTBOUND, "hello", 5, "dropped: filtered");
	packet = first_packet(forge, &reader);
	assert_string_equal(pcapng_about(reader), "about");
	assert_string_equal(packet.interface->name, "home_a wan");
	assert_string_equal(packet.interface->description, "{}");
	assert_int_equal(packet.interface->link_type, LINK_RAW_IP);
	assert_int_equal(packet.time, UINT64_C(1700000000123456789));
	assert_int_equal(packet.direction, PCAPNG_OUTBOUND);
	assert_int_equal(packet.len, 5);
	assert_memory_equal(packet.data, "hello", 5);
	assert_string_equal(packet.comment, "dropped: filtered");
	assert_int_equal(pcapng_next(reader, &packet), 0);
	pcapng_close(reader);
	forge_free(forge);
}

static void test_little_endian(void **state)
{
	(void)state;
	read_whole(false);
}

static void test_big_endian(void **state)
{
	(void)state;
	read_whole(true);
}

/* if_tsresol: 10^-6 where absent, powers of ten, powers of two. */
static void test_resolutions(void **state)
{
	static const struct {
		int code;
		uint64_t ticks, ns;
	} rows[] = {
		{ -1, 1500000, 1500000000 }, { 6, 1500000, 1500000000 },
		{ 3, 1500, 1500000000 },     { 9, 1500000000, 1500000000 },
		{ 12, 1500000, 1500 },	     { 0, 2, 2000000000 },
		{ 0x80 | 1, 3, 1500000000 }, { 0x80 | 10, 1536, 1500000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct forge *forge = calloc(1, sizeof(*forge));
		struct pcapng *reader;

		assert_non_null(forge);
		forge_section(forge, NULL);
		forge_tap(forge, "x", NULL, LINK_RAW_IP, rows[i].code);
		forge->now = rows[i].ticks;
		forge_bytes(forge, 0, PCAPNG_UNKNOWN, "x", 1, NULL);
		assert_int_equal(first_packet(forge, &reader).time, rows[i].ns);
		pcapng_close(reader);
		forge_free(forge);
	}
}

/* Interfaces are numbered anew in each section, which may have another byte order. */
static void test_sections(void **state)
{
	struct forge *forge = calloc(1, sizeof(*forge));
	struct pcapng_packet packet;
	struct pcapng *reader;
	size_t at;

	(void)state;
	assert_non_null(forge);
	forge_section(forge, NULL);
	forge_tap(forge, "first", NULL, LINK_RAW_IP, 9);
	forge_bytes(forge, 0, PCAPNG_INBOUND, "one", 3, NULL);
	at = forge_begin(forge, 4); /* name resolution: stepped over */
	forge_end(forge, at);
	at = forge_begin(forge, 0xbadcafe); /* nobody's */
	forge_number(forge, 7, 4);
	forge_end(forge, at);
	forge->big_endian = true;
	forge_section(forge, NULL);
	forge_tap(forge, "second", NULL, LINK_RAW_IP, 9);
	forge_bytes(forge, 0, PCAPNG_INBOUND, "two", 3, NULL);
	packet = first_packet(forge, &reader);
	assert_string_equal(packet.interface->name, "first");
	assert_string_equal(packet.comment, "");
	assert_int_equal(pcapng_next(reader, &packet), 1);
	assert_string_equal(packet.interface->name, "second");
	assert_int_equal(packet.interface->number, 1);
	assert_memory_equal(packet.data, "two", 3);
	assert_int_equal(pcapng_next(reader, &packet), 0);
	assert_null(pcapng_interface_at(reader, 2));
	pcapng_close(reader);
	forge_free(forge);
}

static void test_several_comments(void **state)
{
	struct forge *forge = calloc(1, sizeof(*forge));
	struct pcapng *reader;
	size_t at;

	(void)state;
	assert_non_null(forge);
	forge_section(forge, NULL);
	forge_tap(forge, "x", NULL, LINK_RAW_IP, 9);
	at = forge_begin(forge, 6);
	for (int i = 0; i < 5; i++)
		forge_number(forge, 0, 4);
	forge_option(forge, 1, "one", 3);
	forge_option(forge, 1, "two", 3);
	forge_end(forge, at);
	assert_string_equal(first_packet(forge, &reader).comment, "one; two");
	pcapng_close(reader);
	forge_free(forge);
}

static void test_classic(void **state)
{
	struct forge *forge = calloc(1, sizeof(*forge));
	struct pcapng_packet packet;
	struct pcapng *reader;

	(void)state;
	assert_non_null(forge);
	forge->big_endian = true;
	forge_number(forge, 0xa1b2c3d4, 4);
	forge_number(forge, 2, 2);
	forge_number(forge, 4, 2);
	for (int i = 0; i < 3; i++)
		forge_number(forge, 65535, 4);
	forge_number(forge, 1, 4);
	forge_number(forge, 3, 4); /* seconds, microseconds */
	forge_number(forge, 5, 4);
	forge_number(forge, 2, 4);
	forge_number(forge, 60, 4);
	forge_put(forge, "ab", 2);
	packet = first_packet(forge, &reader);
	assert_int_equal(packet.time, UINT64_C(3000005000));
	assert_int_equal(packet.len, 2);
	assert_int_equal(packet.original_len, 60);
	assert_int_equal(packet.interface->link_type, 1);
	assert_string_equal(packet.interface->name, "");
	assert_int_equal(pcapng_next(reader, &packet), 0);
	pcapng_close(reader);
	forge_free(forge);
}

/* A file with one fault: what the error says after the file's name. */
struct fault {
	const char *name;
	void (*forge)(struct forge *forge);
	const char *error;
};

static void good(struct forge *forge)
{
	forge_section(forge, NULL); /* 28 bytes */
	forge_tap(forge, NULL, NULL, LINK_RAW_IP, -1); /* 24 more */
	forge_bytes(forge, 0, PCAPNG_UNKNOWN, "abcd", 4, NULL); /* at 52, 36 long */
}

static void cut_in_packet(struct forge *forge)
{
	good(forge);
	forge->len -= 1;
}

static void cut_in_header(struct forge *forge)
{
	good(forge);
	forge->len = 52 + 7;
}

static void change(struct forge *forge, size_t at, uint8_t value)
{
	good(forge);
	forge->bytes[at] = value;
}

static void odd_length(struct forge *forge)
{
	change(forge, 56, 37);
}

static void tiny_length(struct forge *forge)
{
	change(forge, 56, 8);
}

static void huge_length(struct forge *forge)
{
	change(forge, 59, 0x7f);
}

static void long_length(struct forge *forge)
{
	change(forge, 57, 1);
}

static void lengths_differ(struct forge *forge)
{
	change(forge, 84, 40);
}

static void unknown_interface(struct forge *forge)
{
	change(forge, 60, 1);
}

static void packet_too_long(struct forge *forge)
{
	change(forge, 72, 5);
}

static void packet_far_too_long(struct forge *forge)
{
	change(forge, 75, 0xff);
}

static void option_too_long(struct forge *forge)
{
	size_t at;

	good(forge);
	at = forge_begin(forge, 1);
	forge_number(forge, LINK_RAW_IP, 4);
	forge_number(forge, 0, 4);
	forge_number(forge, 2, 2);
	forge_number(forge, 9, 2);
	forge_number(forge, 0, 4);
	forge_end(forge, at);
}

static void bad_resolution(struct forge *forge)
{
	forge_section(forge, NULL);
	forge_tap(forge, NULL, NULL, LINK_RAW_IP, 20);
}

static void bad_magic(struct forge *forge)
{
	change(forge, 8, 0);
}

static void bad_version(struct forge *forge)
{
	change(forge, 12, 2);
}

static void no_capture(struct forge *forge)
{
	forge_put(forge, "#!/bin/sh\n", 10);
}

static void three_bytes(struct forge *forge)
{
	forge_put(forge, "abc", 3);
}

static void nothing(struct forge *forge)
{
	(void)forge;
}

static const struct fault faults[] = {
	{ "cut by one byte", cut_in_packet,
	  "cut short at byte 52: a block of 36 bytes was promised, 35 are left" },
	{ "cut in a block's header", cut_in_header,
	  "cut short at byte 52: a block's header of 8 bytes was promised, 7 are left" },
	{ "length no multiple of 4", odd_length,
	  "damaged at byte 52: expected a block's length, a multiple of 4 from 12 on, found 37" },
	{ "length too small", tiny_length,
	  "damaged at byte 52: expected a block's length, a multiple of 4 from 12 on, found 8" },
	{ "length absurd", huge_length,
	  "damaged at byte 52: expected a block of at most 16 MiB, found 2130706468" },
	{ "length beyond the file", long_length,
	  "cut short at byte 52: a block of 292 bytes was promised, 36 are left" },
	{ "lengths differ", lengths_differ,
	  "damaged at byte 84: expected the block's length 36 again at its end, found 40" },
	{ "unknown interface", unknown_interface,
	  "damaged at byte 52: expected the number of an interface described before, found 1" },
	{ "packet longer than its block by one", packet_too_long,
	  "damaged at byte 52: expected a packet that fits its block, found 5" },
	{ "packet of 4 GB", packet_far_too_long,
	  "damaged at byte 52: expected a packet that fits its block, found 4278190084" },
	{ "option longer than its block", option_too_long,
	  "damaged at byte 104: an option of 9 bytes was promised, 4 are left of its block" },
	{ "resolution beyond 64 bits", bad_resolution,
	  "damaged at byte 28: expected a timestamp resolution that fits 64 bits, found 20" },
	{ "no byte order", bad_magic,
	  "damaged at byte 8: expected the byte-order magic 0x1a2b3c4d, found 0x003c2b1a" },
	{ "another version", bad_version, "damaged at byte 0: expected pcapng version 1, found 2" },
	{ "not a capture", no_capture,
	  "expected a capture (pcapng or pcap), found a file that begins 23 21 2f 62" },
	{ "three bytes", three_bytes,
	  "cut short at byte 0: a file's magic number of 4 bytes was promised, 3 are left" },
	{ "empty", nothing, "expected a capture (pcapng or pcap), found an empty file" },
};

static void test_fault(void **state)
{
	const struct fault *fault = *state;
	struct forge *forge = calloc(1, sizeof(*forge));
	struct pcapng *reader = NULL;
	struct pcapng_packet packet;
	char error[256] = "", expected[512];
	int r;

	assert_non_null(forge);
	fault->forge(forge);
	r = pcapng_open(forge_write(forge), &reader, error, sizeof(error));
	while (reader && (r = pcapng_next(reader, &packet)) > 0)
		;
	assert_int_equal(r, -EBADMSG);
	snprintf(expected, sizeof(expected), "%s: %s", forge->path, fault->error);
	assert_string_equal(reader ? pcapng_error(reader) : error, expected);
	pcapng_close(reader);
	forge_free(forge);
}

static void test_missing(void **state)
{
	struct pcapng *reader;
	char error[256];

	(void)state;
	assert_int_equal(pcapng_open("/nowhere/x.pcapng", &reader, error, sizeof(error)), -ENOENT);
	assert_string_equal(error, "/nowhere/x.pcapng: No such file or directory");
	assert_int_equal(pcapng_open("/tmp", &reader, error, sizeof(error)), -EIO);
	assert_string_equal(error, "/tmp: cannot be read at byte 0: Is a directory");
}

int main(void)
{
	enum { FIXED = 7, FAULTS = sizeof(faults) / sizeof(faults[0]) };
	struct CMUnitTest tests[FIXED + FAULTS] = {
		cmocka_unit_test(test_little_endian),	 cmocka_unit_test(test_big_endian),
		cmocka_unit_test(test_resolutions),	 cmocka_unit_test(test_sections),
		cmocka_unit_test(test_several_comments), cmocka_unit_test(test_classic),
		cmocka_unit_test(test_missing),
	};

	for (size_t i = 0; i < FAULTS; i++)
		tests[FIXED + i] = (struct CMUnitTest){ .name = faults[i].name,
							.test_func = test_fault,
							.initial_state = (void *)&faults[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
