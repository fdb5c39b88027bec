/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mapping_use.h"

enum nat_reason mapping_use(struct passage *p, uint32_t ref, bool inbound,
			    const struct endpoint *remote)
{
	if (p->protocol != NAT_TCP || !nat_tracks_tcp(p->nat)) {
		mapping_touch(p->nat, ref, inbound, p->now);
		return NAT_REASON_MAPPING;
	}
	switch (tcp_track(p->nat, ref, inbound, *remote, p->pkt, &p->info, p->now)) {
	case TCP_OUT_OF_TURN:
		return NAT_REASON_OUT_OF_STATE;
	case TCP_NO_ROOM:
		return NAT_REASON_TABLE_FULL;
	default:
		return NAT_REASON_MAPPING;
	}
}
