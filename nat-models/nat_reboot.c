/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What befalls a NAT as a whole: it loses its state, or its addresses. */
#include <errno.h>
#include <string.h>

#include "ftp_alg.h"
#include "nat_state.h"

void nat_reboot(struct nat *nat, uint64_t now)
{
	nat->now = now > nat->now ? now : nat->now;
	while (nat->mappings.oldest)
		mapping_end(nat, nat->mappings.oldest);
	for (int i = 0; i < NAT_PROTOCOLS; i++) {
		struct port_space *space = &nat->ports[i];

		port_wake(space, UINT64_MAX); /* Nobody remembers who had them. */
		memset(space->last, 0, nat->pool_len * sizeof(*space->last));
	}
	memset(nat->bound, 0, nat->pool_len * sizeof(*nat->bound));
	if (nat->has_dmz)
		nat->bound[0] = nat->dmz;
	fragment_table_clear(&nat->fragments);
	shortcuts_forget(&nat->shortcuts);
	ftp_table_free(nat->ftp);
	nat->ftp = NULL;
	held_clear(&nat->held);
	permission_clock_clear(&nat->permission_clock);
	transport_records_clear(&nat->transports);
}

int nat_set_pool(struct nat *nat, const struct ip_addr *pool, size_t len, uint64_t now)
{
	if (len != nat->pool_len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (ip_addr_is_unset(pool[i]) || ip_addr_is_multicast(pool[i]) ||
		    ip_addr_is_v4(pool[i]) != ip_addr_is_v4(nat->pool[i]))
			return -EINVAL;
		for (size_t j = 0; j < i; j++)
			if (ip_addr_equal(pool[i], pool[j]))
				return -EINVAL;
	}
	nat_reboot(nat, now);
	memcpy(nat->pool, pool, len * sizeof(*pool));
	nat_index_pool(nat);
	return 0;
}
