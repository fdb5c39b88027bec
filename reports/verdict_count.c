/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "link_layer.h"
#include "pcapng.h"
#include "tap.h"
#include "verdict.h"

/* Filters are compiled for bare IP packets, which is what every frame is reduced to. */
static int compile(const char *filter, struct bpf_program *ret, char *ret_error, size_t size)
{
	pcap_t *dead = pcap_open_dead(DLT_RAW, 65535);
	int r = 0;

	if (!dead)
		return -ENOMEM;
	if (pcap_compile(dead, ret, filter, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		snprintf(ret_error, size, "filter \"%.100s\": %s", filter, pcap_geterr(dead));
		r = -EINVAL;
	}
	pcap_close(dead);
	return r;
}

static bool matches(const struct bpf_program *program, const struct pcapng_packet *packet)
{
	struct pcap_pkthdr header = { 0 };
	struct packet ip;

	if (!link_layer_ip(packet, &ip))
		return false;
	header.caplen = ip.len;
	header.len = ip.len;
	return pcap_offline_filter(program, &header, ip.data) > 0;
}

/* Taps at which nothing was seen exist too: the reader knows them once it has come to the
 * end. */
static bool tap_exists(const struct pcapng *reader, const char *tap)
{
	struct tap_list list = { 0 };
	size_t last = 0;
	bool found = false;

	while (pcapng_interface_at(reader, last))
		last++;
	if (last > 0 && tap_list_reach(&list, reader, last - 1) == 0) {
		for (size_t i = 0; i < list.len; i++)
			found = found || strcmp(list.taps[i].name, tap) == 0;
	}
	tap_list_clear(&list);
	return found;
}

static long count(struct pcapng *reader, const struct bpf_program *program, const char *tap,
		  int direction)
{
	struct tap_list taps = { 0 };
	struct pcapng_packet packet;
	long n = 0;
	int r;

	while ((r = pcapng_next(reader, &packet)) > 0) {
		size_t number = packet.interface->number;

		r = tap_list_reach(&taps, reader, number);
		if (r < 0)
			break;
		if (tap && strcmp(taps.taps[number].name, tap) != 0)
			continue;
		if (direction && (int)packet.direction != direction)
			continue;
		n += matches(program, &packet);
	}
	tap_list_clear(&taps);
	return r < 0 ? r : n;
}

long verdict_count(const char *path, const char *tap, const char *filter, int direction,
		   char *ret_error, size_t size)
{
	struct bpf_program program;
	struct pcapng *reader;
	long n = compile(filter, &program, ret_error, size);

	if (n < 0)
		return n;
	n = pcapng_open(path, &reader, ret_error, size);
	if (n < 0)
		goto free_program;
	n = count(reader, &program, tap, direction);
	if (n < 0) {
		snprintf(ret_error, size, "%s", pcapng_error(reader));
	} else if (tap && n == 0 && !tap_exists(reader, tap)) {
		snprintf(ret_error, size, "%.120s has no tap called \"%.60s\"", path, tap);
		n = -ENOENT;
	}
	pcapng_close(reader);
free_program:
	pcap_freecode(&program);
	return n;
}
