/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_mtu.h"

#include <stddef.h>
#include <stdlib.h>

enum { PATHS_KEPT = 32, MTU_MIN = 552, MTU6_MIN = 1280 };

static struct path_mtu *find(const struct path_mtus *paths, struct ip_addr to)
{
	for (uint8_t i = 0; i < paths->len; i++)
		if (ip_addr_equal(paths->entries[i].to, to))
			return &paths->entries[i];
	return NULL;
}

/* A place for a new one; the oldest gives way. */
static struct path_mtu *place(struct path_mtus *paths)
{
	struct path_mtu *entry;

	if (!paths->entries)
		paths->entries = calloc(PATHS_KEPT, sizeof(*paths->entries));
	if (!paths->entries)
		return NULL;
	if (paths->len < PATHS_KEPT)
		return &paths->entries[paths->len++];
	entry = &paths->entries[paths->oldest];
	paths->oldest = (uint8_t)((paths->oldest + 1) % PATHS_KEPT);
	return entry;
}

void path_mtu_learn(struct path_mtus *paths, struct ip_addr to, uint16_t mtu, uint16_t before,
		    uint64_t now)
{
	struct path_mtu *entry = find(paths, to);

	/* No IPv6 link takes less, and routers cut nothing (RFC 8201, section 4). */
	if (!ip_addr_is_v4(to) && mtu < MTU6_MIN)
		mtu = MTU6_MIN;
	if (entry && now < entry->expires)
		before = entry->mtu;
	if (mtu >= before)
		return;
	if (!entry)
		entry = place(paths);
	if (!entry)
		return;
	*entry = (struct path_mtu){
		.to = to,
		.expires = now + PATH_MTU_KEPT_NS,
		.mtu = mtu,
	};
	if (mtu < MTU_MIN) {
		entry->mtu = before < MTU_MIN ? before : MTU_MIN;
		entry->fragmented = true;
	}
}

const struct path_mtu *path_mtu_find(const struct path_mtus *paths, struct ip_addr to, uint64_t now)
{
	const struct path_mtu *entry = paths->len ? find(paths, to) : NULL;

	return entry && now < entry->expires ? entry : NULL;
}

void path_mtu_clear(struct path_mtus *paths)
{
	free(paths->entries);
	*paths = (struct path_mtus){ 0 };
}
