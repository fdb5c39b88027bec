/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counts that knothole merge reads: counts or a one-line error; counts are written as what
 * reads the same, and are never counted twice.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reports/tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

static void check(struct tally *tally)
{
	struct tally_error error = { "" };
	json_t *json = tally_to_json(tally), *other;
	struct tally again;

	require(json != NULL);
	require(tally_from_json(json, &again, &error) == 0);
	other = tally_to_json(&again);
	require(json_equal(json, other));
	if (tally_pairs(tally))
		require(tally_add(&again, tally, &error) == -EEXIST && error.text[0]);
	tally_clear(&again);
	json_decref(other);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tally tally;
	struct tally_error error = { "" };
	json_t *json = json_loadb((const char *)data, size, 0, NULL);

	if (!json)
		return 0;
	if (tally_from_json(json, &tally, &error) == 0) {
		check(&tally);
		tally_clear(&tally);
	} else {
		require(error.text[0] && !strchr(error.text, '\n'));
	}
	json_decref(json);
	return 0;
}
