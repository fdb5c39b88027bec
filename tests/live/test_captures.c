/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tshark over the captures of a run: no malformed packet, no wrong checksum.
 *
 *	test_captures [DIRECTORY …]    the captures there; without, those of scenarios/basics
 */
#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver.h"

#define BAD                                                                                        \
	"_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 || "                 \
	"tcp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0"
#define GOOD "ip.checksum.status == 1 && (udp.checksum.status == 1 || tcp.checksum.status == 1)"

enum { CAPTURES_MAX = 1024 };

static char *captures[CAPTURES_MAX];
static size_t captures_len;
static char own[DRIVEN_PATH]; /* the directory of the run that we made; "" = none */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int note_capture(const char *path, const struct stat *about, int kind, struct FTW *at)
{
	const char *dot = strrchr(path, '.');

	(void)about;
	(void)at;
	if (kind == FTW_F && dot && strcmp(dot, ".pcapng") == 0 && captures_len < CAPTURES_MAX)
		captures[captures_len++] = strdup(path);
	return 0;
}

/*
 * What tshark shows of @path's packets that match @filter: number, protocols, what is wrong.
 *
 * A NAT's random port may be the one that some protocol is at home on (5683 is CoAP's), and
 * a dissector would take our payload for that protocol, and call it malformed.  So payloads are
 * bytes to it, but for STUN, which captures do hold, and whose dissector refuses what is none.
 */
static void look(const char *path, const char *filter, struct driven *driven)
{
	const char *const argv[] = { "tshark", "-n",
				     "-r",     path,
				     "-o",     "ip.check_checksum:TRUE",
				     "-o",     "udp.check_checksum:TRUE",
				     "-o",     "tcp.check_checksum:TRUE",
				     "-d",     "udp.port==1-65535,data",
				     "-d",     "tcp.port==1-65535,data",
				     "-d",     "udp.port==3478-3479,stun",
				     "-Y",     filter,
				     "-T",     "fields",
				     "-e",     "frame.number",
				     "-e",     "frame.protocols",
				     "-e",     "_ws.col.Info",
				     NULL };

	drive(&(struct drive){ .argv = argv }, driven);
}

static void tshark(const char *path, const char *filter, struct driven *driven)
{
	look(path, filter, driven);
	if (driven->status != 0)
		fail_msg("tshark -r %s: status %d: %s", path, driven->status, driven->err);
}

/* Every other capture, until one has a fault: to begin takes tshark longer than to read. */
enum { READERS = 2 };

struct reader {
	size_t at;
	bool faulty; /* the one at @at */
	struct driven driven;
};

static void *read_share(void *arg)
{
	struct reader *reader = arg;

	for (; reader->at < captures_len; reader->at += READERS) {
		look(captures[reader->at], BAD, &reader->driven);
		reader->faulty = reader->driven.status || *reader->driven.out;
		if (reader->faulty)
			break;
	}
	return NULL;
}

static void no_fault(void **state)
{
	static struct reader readers[READERS];
	static struct driven driven;
	pthread_t threads[READERS];

	(void)state;
	assert_true(captures_len > 0);
	for (size_t i = 0; i < READERS; i++) {
		readers[i].at = i;
		assert_int_equal(pthread_create(&threads[i], NULL, read_share, &readers[i]), 0);
	}
	for (size_t i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < READERS; i++)
		if (readers[i].faulty)
			fail_msg("%s: tshark's status %d: %s%s", captures[readers[i].at],
				 readers[i].driven.status, readers[i].driven.out,
				 readers[i].driven.err);
	print_message("%zu captures\n", captures_len);
	/* Or had tshark looked at no checksum? */
	tshark(captures[0], GOOD, &driven);
	assert_string_not_equal(driven.out, "");
}

/* The scenarios have IPv6, by itself and translated, and tshark looked at its checksums. */
static void ipv6_is_there(void **state)
{
	static const char *const filters[] = {
		"ipv6 && udp.checksum.status == 1",
		"ipv6 && tcp.checksum.status == 1",
		"icmpv6.type == 129 && icmpv6.checksum.status == 1",
		"ipv6.dst == 64:ff9b::/96 && udp.checksum.status == 1",
		"ipv6.fraghdr.more == 1",
	};
	static struct driven driven;

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		bool seen = false;

		for (size_t k = 0; k < captures_len && !seen; k++) {
			if (!strstr(captures[k], "ipv6") && !strstr(captures[k], "nat64"))
				continue;
			tshark(captures[k], filters[i], &driven);
			seen = *driven.out;
		}
		if (!seen)
			fail_msg("no packet is as %s", filters[i]);
	}
}

/* 11.1 becomes 11.9 in one packet of the second half; 11.… addresses stand in headers only. */
static bool spoil(unsigned char *bytes, size_t len)
{
	for (size_t i = len / 2 > 12 ? len / 2 : 12; i + 1 < len; i++) {
		if (bytes[i] == 11 && bytes[i + 1] == 1 && bytes[i - 12] == 0x45) {
			bytes[i + 1] = 9;
			return true;
		}
	}
	return false;
}

/* The test itself must see a wrong checksum: a packet's bytes are spoilt in a copy of the first
 * capture that has one for it. */
static void sees_a_fault(void **state)
{
	static struct driven driven;
	static unsigned char bytes[1 << 22];
	char directory[DRIVEN_PATH], path[DRIVEN_PATH + 16];
	bool spoilt = false;
	size_t len = 0;
	FILE *file;

	(void)state;
	for (size_t i = 0; i < captures_len && !spoilt; i++) {
		file = fopen(captures[i], "rb");
		assert_non_null(file);
		len = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		spoilt = len < sizeof(bytes) && spoil(bytes, len);
	}
	assert_true(spoilt);
	drive_directory(directory);
	snprintf(path, sizeof(path), "%s/spoilt.pcapng", directory);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	tshark(path, BAD, &driven);
	drive_remove(directory);
	assert_string_not_equal(driven.out, "");
}

/* Ten bytes of voice to CoAP's port: to CoAP, a token of nine bytes, where eight are the most. */
static void a_port_is_no_fault(void **state)
{
	static const unsigned char capture[] = {
		/* A pcap file of raw IP (link type 101), and the head of its one packet of 38 bytes. */
		0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 38, 0, 0, 0, 38, 0, 0, 0,
		/* IPv4, then UDP from 4000 to 5683 without a checksum. */
		0x45, 0, 0, 38, 0, 1, 0, 0, 64, 17, 0x61, 0xc1, 11, 1, 1, 2, 11, 1, 2, 2, 0x0f,
		0xa0, 0x16, 0x33, 0, 18, 0, 0, 0x49, 1, 2, 3, 4, 5, 6, 7, 8, 9
	};
	static struct driven driven;
	char directory[DRIVEN_PATH], path[DRIVEN_PATH + 16];
	FILE *file;

	(void)state;
	drive_directory(directory);
	snprintf(path, sizeof(path), "%s/coap.pcap", directory);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(capture, 1, sizeof(capture), file), sizeof(capture));
	assert_int_equal(fclose(file), 0);
	tshark(path, "udp.dstport == 5683 && ip.checksum.status == 1", &driven);
	assert_string_not_equal(driven.out, "");
	tshark(path, BAD, &driven);
	drive_remove(directory);
	assert_string_equal(driven.out, "");
}

/* Run the scenarios whose captures are to be read.  Whether they pass is another test's. */
static void run_scenarios(void)
{
	static struct driven driven;
	char path[DRIVEN_PATH];
	const char *const argv[] = { "knothole", "run", "-o", own, path, NULL };

	drive_file("scenarios/basics", path);
	drive_directory(own);
	drive(&(struct drive){ .argv = argv }, &driven);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_fault),
		cmocka_unit_test(sees_a_fault),
		cmocka_unit_test(a_port_is_no_fault),
	};
	static const struct CMUnitTest of_basics[] = {
		cmocka_unit_test(ipv6_is_there),
	};
	int failed;

	if (!drive_possible())
		return 77;
	if (argc == 1)
		run_scenarios();
	if (*own)
		nftw(own, note_capture, 16, FTW_PHYS);
	for (int i = 1; i < argc; i++)
		nftw(argv[i], note_capture, 16, FTW_PHYS);
	qsort(captures, captures_len, sizeof(*captures), by_name);
	/* What somebody else ran need have no IPv6. */
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (*own)
		failed += cmocka_run_group_tests(of_basics, NULL, NULL);
	for (size_t i = 0; i < captures_len; i++)
		free(captures[i]);
	if (*own)
		drive_remove(own);
	return failed;
}
