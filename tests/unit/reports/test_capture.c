/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sim/capture.c writes, read back: nothing of it may be lost or changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/pcapng.h"
#include "sim/capture.h"

#define EPOCH UINT64_C(1003968000000000000)

static char path[64];
static uint8_t bytes[70000];
static struct packet packet;

static int setup(void **state)
{
	struct endpoint src = { ip_addr_v4(0xc0a80102), 4000 };
	struct endpoint dst = { ip_addr_v4(0x0b010102), 7 };
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/knothole-capture-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	packet = (struct packet){ .data = bytes, .room = sizeof(bytes) };
	return packet_make_udp(&packet, src, dst, 64, "hello", 5);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static struct capture *open_capture(void)
{
	struct capture *c;

	assert_int_equal(capture_open(path, "{\"seed\":1}", EPOCH, &c), 0);
	return c;
}

static struct pcapng *open_reader(void)
{
	struct pcapng *reader;
	char error[256];

	assert_int_equal(pcapng_open(path, &reader, error, sizeof(error)), 0);
	return reader;
}

static void assert_packet(struct pcapng *reader, const char *tap, enum pcapng_direction direction,
			  uint64_t time, const char *comment)
{
	struct pcapng_packet p;

	assert_int_equal(pcapng_next(reader, &p), 1);
	assert_string_equal(p.interface->name, tap);
	assert_int_equal(p.interface->link_type, 101);
	assert_int_equal(p.direction, direction);
	assert_int_equal(p.time, EPOCH + time);
	assert_string_equal(p.comment, comment);
	assert_int_equal(p.len, packet.len);
	assert_memory_equal(p.data, packet.data, packet.len);
}

static void taps_times_directions_and_comments(void **state)
{
	struct capture *c = open_capture();
	struct pcapng *reader;
	struct pcapng_packet p;
	int alice = capture_add_tap(c, "alice", "{\"node\":\"alice\"}");
	int home = capture_add_tap(c, "home_a wan", "{}");

	(void)state;
	capture_packet(c, alice, CAPTURE_OUTBOUND, &packet, 1, NULL);
	capture_packet(c, home, CAPTURE_INBOUND, &packet, 5000000000, "first");
	capture_annotate(c, "second");
	capture_annotate(c, "x");
	capture_packet(c, alice, CAPTURE_INBOUND, &packet, 5000000001, NULL);
	assert_int_equal(capture_close(c), 0);

	reader = open_reader();
	assert_packet(reader, "alice", PCAPNG_OUTBOUND, 1, "");
	assert_packet(reader, "home_a wan", PCAPNG_INBOUND, 5000000000, "first; second; x");
	assert_packet(reader, "alice", PCAPNG_INBOUND, 5000000001, "");
	assert_int_equal(pcapng_next(reader, &p), 0);
	assert_string_equal(pcapng_about(reader), "{\"seed\":1}");
	assert_string_equal(pcapng_interface_at(reader, 0)->description, "{\"node\":\"alice\"}");
	pcapng_close(reader);
}

/* A comment that comes when its packet's block is closed has nothing to stand beside. */
static void a_comment_after_a_flush_goes_nowhere(void **state)
{
	struct capture *c = open_capture();
	struct pcapng *reader;
	int tap = capture_add_tap(c, "alice", "{}");

	(void)state;
	capture_packet(c, tap, CAPTURE_OUTBOUND, &packet, 1, NULL);
	assert_int_equal(capture_flush(c), 0);
	capture_annotate(c, "too late");
	capture_packet(c, tap, CAPTURE_OUTBOUND, &packet, 2, NULL);
	assert_int_equal(capture_close(c), 0);
	reader = open_reader();
	assert_packet(reader, "alice", PCAPNG_OUTBOUND, 1, "");
	assert_packet(reader, "alice", PCAPNG_OUTBOUND, 2, "");
	pcapng_close(reader);
}

static void unfinished_checksums_are_finished(void **state)
{
	struct capture *c = open_capture();
	struct pcapng *reader;
	struct packet raw = packet;
	static uint8_t copy[100];
	int tap = capture_add_tap(c, "alice", "{}");

	(void)state;
	memcpy(copy, bytes, packet.len);
	raw.data = copy;
	/* As a kernel leaves it: the pseudo-header's sum only. */
	raw.offload.needs_checksum = true;
	raw.offload.checksum_start = 20;
	raw.offload.checksum_offset = 6;
	uint16_t sum = checksum_fold(copy + 12, 8, 17 + 13);
	copy[26] = (uint8_t)(sum >> 8);
	copy[27] = (uint8_t)sum;
	capture_packet(c, tap, CAPTURE_OUTBOUND, &raw, 1, NULL);
	assert_int_equal(capture_close(c), 0);
	assert_int_equal(copy[27], (uint8_t)sum); /* the packet itself is left as it was */
	reader = open_reader();
	assert_packet(reader, "alice", PCAPNG_OUTBOUND, 1, "");
	pcapng_close(reader);
}

/* More than the buffers hold, in every size there is. */
static void packets_of_all_sizes(void **state)
{
	struct capture *c = open_capture();
	struct pcapng *reader;
	struct pcapng_packet p;
	int tap = capture_add_tap(c, "alice", "{}");

	(void)state;
	for (uint32_t len = 0; len <= 65535; len += 257) {
		packet.len = len;
		capture_packet(c, tap, CAPTURE_OUTBOUND, &packet, len, len % 2 ? "odd" : NULL);
	}
	assert_int_equal(capture_close(c), 0);
	reader = open_reader();
	for (uint32_t len = 0; len <= 65535; len += 257) {
		packet.len = len;
		assert_packet(reader, "alice", PCAPNG_OUTBOUND, len, len % 2 ? "odd" : "");
	}
	assert_int_equal(pcapng_next(reader, &p), 0);
	pcapng_close(reader);
}

static void a_full_disk_is_told(void **state)
{
	struct capture *c;
	int tap;

	(void)state;
	assert_int_equal(capture_open("/dev/full", "{}", EPOCH, &c), 0);
	tap = capture_add_tap(c, "alice", "{}");
	capture_packet(c, tap, CAPTURE_OUTBOUND, &packet, 1, NULL);
	assert_int_equal(capture_close(c), -ENOSPC);
}

static void a_directory_that_is_not_there(void **state)
{
	struct capture *c;

	(void)state;
	assert_int_equal(capture_open("/nonexistent/x.pcapng", "{}", EPOCH, &c), -ENOENT);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(taps_times_directions_and_comments),
		TEST(a_comment_after_a_flush_goes_nowhere),
		TEST(unfinished_checksums_are_finished),
		TEST(packets_of_all_sizes),
		TEST(a_full_disk_is_told),
		TEST(a_directory_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
