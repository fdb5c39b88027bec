/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a population file holds, it is a population that can be drawn from or a one-line error.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat-models/catalog.h"
#include "nat-models/chance.h"
#include "nat-models/population.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct population population;
	struct model_error error = { "" };
	char digest[POPULATION_DIGEST];
	struct chance chance = { size };

	if (population_load("fuzz.lua", (const char *)data, size, &population, &error)) {
		require(strncmp(error.text, "fuzz.lua", 8) == 0 && !strchr(error.text, '\n'));
		return 0;
	}
	require(population.members_len > 0 && population.weight > 0);
	population_digest(&population, digest);
	require(digest[0] != '\0');
	for (int i = 0; i < 8; i++) {
		size_t drawn = population_draw(&population, &chance);

		require(drawn < population.members_len && population.members[drawn].weight > 0);
	}
	return 0;
}
