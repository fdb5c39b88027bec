/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of struct nat, for the engine's own files.
 */
#ifndef KNOTHOLE_NAT_STATE_H
#define KNOTHOLE_NAT_STATE_H

#include <stddef.h>

#include "address_book.h"
#include "chance.h"
#include "expiry.h"
#include "fragment.h"
#include "held.h"
#include "inside_host.h"
#include "mapping.h"
#include "nat.h"
#include "permission_clock.h"
#include "ports.h"
#include "session.h"
#include "shortcut.h"
#include "source_chain.h"
#include "tcp_track.h"
#include "transport_record.h"

/*
 * What the engine needs to know of a protocol at every packet.  ICMP's is made from struct
 * nat_icmp, so that the rest of the code need not tell protocols apart.
 */
struct rules {
	struct nat_transport is;
	enum nat_scope scope; /* of mappings: the model's, or EI where nothing is translated */
	bool stateless; /* one-to-one without a filter: no mappings at all */
	bool overload;
	bool sessions; /* must be kept: filtering looks at them, or mappings share ports */
	enum nat_scope grain; /* how finely sessions are told apart */
	bool repeats; /* what is decided of a packet is of the next one of its flow (shortcut.h) */
};

struct ftp_table;

/* All zero at first, up to the tables: those are made by functions of their own, which do not touch
 * what a small NAT never comes to use. */
struct nat {
	struct nat_memory memory;
	size_t size; /* of this, with what lies behind it */
	struct ip_prefix inside;
	struct ip_addr inside_addr;
	struct ip_addr inside_broadcast; /* where there is none, one that is for everybody anyway */
	struct ip_prefix outside_prefix; /* NPTv6 */
	struct ip_prefix nat64_prefix;
	uint16_t npt_adjustment;
	bool expects; /* packets of whom there is foresight */
	bool crosses_families; /* NAT64: IPv4 needs a look of its own, as IPv6 always does */
	struct ip_addr *pool;
	struct ip_addr *bound; /* one-to-one: which inside host has each pool address */
	uint32_t pool_len;
	uint16_t *pool_index; /* hash table of positions + 1 in pool */
	uint32_t pool_mask;
	struct nat_forward *forwards;
	size_t forwards_len;
	struct ip_addr dmz;
	bool has_dmz;
	struct ip_prefix *exempt;
	size_t exempt_len;
	bool exempts; /* any destination or port */
	bool counts_hosts;
	bool keeps_order_of_use; /* for eviction of the oldest */
	uint32_t mappings_max;
	uint64_t hash_seed;
	uint64_t now;
	uint16_t ip_id; /* the last that a datagram was given */
	struct chance chance;
	struct held_table held;
	struct transport_records transports; /* IPv6 firewalls only */
	struct port_space ports[NAT_PROTOCOLS];
	struct fragment_table fragments;
	struct shortcut_table shortcuts;
	struct foresight *foresight; /* NULL until there is something to foresee */
	struct ftp_table *ftp; /* NULL until there is something to follow */
	struct mapping shown; /* stands in for what has no mapping of its own: static ones */
	struct endpoint shown_inside; /* its inside endpoint */
	struct nat_model model;
	struct rules rules[NAT_PROTOCOLS];
	struct mapping_table mappings;
	struct expiry expiry;
	struct address_book addresses; /* that mappings, sessions and connections keep */
	struct session_table sessions;
	struct source_table sources; /* empty where the model has no use for it */
	struct tcp_table tcp; /* empty where connections are not followed */
	struct permission_clock permission_clock;
	struct inside_host_table hosts;
};

/* From where on it need not be zero. */
enum { NAT_ZERO = offsetof(struct nat, model) };

static inline struct mapping *nat_mapping(const struct nat *nat, uint32_t ref)
{
	return mapping_at(&nat->mappings, ref);
}

static inline struct mapping_links *nat_links(const struct nat *nat, uint32_t ref)
{
	return mapping_links_at(&nat->mappings, ref);
}

/* The endpoints of a mapping, put together. */
static inline struct endpoint mapping_inside(const struct nat *nat, const struct mapping *m)
{
	return address_book_read(&nat->addresses, mapping_kept_inside(m));
}

static inline struct endpoint mapping_remote(const struct nat *nat, const struct mapping *m)
{
	return address_book_read(&nat->addresses, mapping_kept_remote(m));
}

static inline bool nat_translates_ports(const struct nat *nat)
{
	return nat_kind_gives_ports(nat->model.kind);
}

/* Are TCP connections followed? */
static inline bool nat_tracks_tcp(const struct nat *nat)
{
	return nat->rules[NAT_TCP].is.tracking != NAT_TRACKING_NONE;
}

/* @inside sends to @remote now: nearly every model keeps that by itself. */
static inline void nat_note_permission(struct nat *nat, enum nat_protocol protocol,
				       struct endpoint inside, struct endpoint remote)
{
	const struct nat_transport *is = &nat->rules[protocol].is;

	if (is->permission_ns && is->filtering != NAT_EI)
		permission_clock_note(nat, protocol, inside, remote);
}

/* Enter the pool's addresses, which have changed, into its index. */
void nat_index_pool(struct nat *nat);

/* The position of @addr in the pool, or -1.  Most pools are one address. */
int nat_pool_find_many(const struct nat *nat, struct ip_addr addr);

static inline int nat_pool_find(const struct nat *nat, struct ip_addr addr)
{
	if (nat->pool_len == 1)
		return ip_addr_equal(nat->pool[0], addr) ? 0 : -1;
	return nat_pool_find_many(nat, addr);
}

#endif
