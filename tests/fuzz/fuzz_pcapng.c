/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a file holds, its verdict is an error or a sentence: never a crash, a read beyond the
 * end, or a method that did not connect called connected.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reports/routes.h"
#include "reports/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

static void check_call(const struct verdict_call *call)
{
	json_t *json = verdict_call_json(call);
	bool opened = false;

	require(json != NULL);
	json_decref(json);
	require(call->why[0] != '\0');
	require(call->attempts_len <= METHOD_COUNT);
	for (size_t i = 0; i < call->attempts_len; i++) {
		const struct verdict_attempt *attempt = &call->attempts[i];

		require(!attempt->connected || (attempt->arrived[0] && attempt->arrived[1]));
		opened = opened || (attempt->connected && attempt->method == call->method);
	}
	require(!call->connected || opened);
	require(!call->connected || call->method == METHOD_ICE ||
		call->relayed == method_relays(call->method));
}

/* Every two taps, whether they are hosts' or not. */
static void check_routes(const struct flows *flows)
{
	char sentence[512];
	struct routes routes;
	json_t *json;

	for (size_t a = 0; a + 1 < flows->taps.len && a < 8; a++) {
		if (routes_between(flows, flows->taps.taps[a].node, flows->taps.taps[a + 1].node,
				   &routes))
			continue;
		require(routes.len == 0 || routes.end < routes.len);
		require(routes_sentence(&routes, sentence, sizeof(sentence))[0] != '\0');
		json = routes_json(&routes);
		require(json != NULL);
		json_decref(json);
		routes_clear(&routes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict verdict;
	struct flows flows;
	char path[64], error[256] = "";
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (verdict_read(path, &verdict, error, sizeof(error)) == 0) {
		for (size_t i = 0; i < verdict.calls_len; i++)
			check_call(&verdict.calls[i]);
		verdict_clear(&verdict);
	} else {
		require(error[0] != '\0' && !strchr(error, '\n'));
	}
	if (lseek(fd, 0, SEEK_SET) == 0 && flows_read(path, &flows, error, sizeof(error)) == 0) {
		check_routes(&flows);
		flows_clear(&flows);
	}
	close(fd);
	return 0;
}
