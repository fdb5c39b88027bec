/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, endpoints, prefixes and shards as text: what was read is written so that it reads as
 * the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/shard.h"
#include "nat-models/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

static void check_prefix(const char *text)
{
	char written[IP_PREFIX_TEXT];
	struct ip_prefix prefix, again;

	if (ip_prefix_parse(text, &prefix))
		return;
	require(ip_prefix_parse(ip_prefix_format(prefix, written), &again) == 0);
	require(ip_addr_equal(prefix.addr, again.addr) && prefix.bits == again.bits);
	ip_prefix_contains(prefix, prefix.addr);
}

static void check_shard(const char *text)
{
	struct shard shard;
	uint64_t first, end;

	if (shard_parse(text, &shard))
		return;
	require(shard.index < shard.count);
	shard_range(&shard, 1000, &first, &end);
	require(first <= end && end <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), address[IP_ADDR_TEXT], point[ENDPOINT_TEXT];
	struct endpoint endpoint, endpoint_again;
	struct ip_addr addr, addr_again;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (ip_addr_parse(text, &addr) == 0)
		require(ip_addr_parse(ip_addr_format(addr, address), &addr_again) == 0 &&
			ip_addr_equal(addr, addr_again));
	if (endpoint_parse(text, &endpoint) == 0)
		require(endpoint_parse(endpoint_format(endpoint, point), &endpoint_again) == 0 &&
			endpoint_equal(endpoint, endpoint_again));
	check_prefix(text);
	check_shard(text);
	free(text);
	return 0;
}
