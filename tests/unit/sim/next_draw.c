/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "next_draw.h"

#include "nat-models/nat_state.h"

/* What chance_scramble() makes @v of: its steps backwards, with the inverses of its factors. */
static uint64_t unscramble(uint64_t v)
{
	v ^= v >> 31 ^ v >> 62;
	v *= UINT64_C(0x319642b2d24d8ec3);
	v ^= v >> 27 ^ v >> 54;
	v *= UINT64_C(0x96de1b173f119089);
	return v ^ v >> 30 ^ v >> 60;
}

uint64_t next_draw_is(struct nat *nat, uint32_t wanted, uint32_t n)
{
	uint64_t high = (((uint64_t)wanted << 32) + n - 1) / n;
	struct chance chance = { 0 };

	chance_next(&chance); /* by how much the state steps on */
	nat->chance.state = unscramble(high << 32) - chance.state;
	return nat->chance.state;
}

bool next_draw_was_had(const struct nat *nat, uint64_t token)
{
	return nat->chance.state != token;
}
