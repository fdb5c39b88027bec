/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outside ports (and ICMP identifiers) of every pool address: which are in use, by which
 * mappings, and the choice of one for a new mapping (RFC 4787, 4.2).
 *
 * The owner of a port is looked up by number, without hashing: in pages of 256 ports for each
 * protocol and pool address, which are made when the first of their ports is used.  So a small NAT
 * costs little, and a large one little more than its ports.
 */
#ifndef KNOTHOLE_PORTS_H
#define KNOTHOLE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mapping.h"
#include "nat.h"

struct nat;

enum {
	PORTS = 65536,
	PORT_WORDS = PORTS / 64,
	PORT_PAGE = 256, /* ports */
	PORT_PAGES = PORTS / PORT_PAGE,
};

struct port_page {
	struct port_page *next; /* in the list of all */
	uint64_t used[PORT_PAGE / 64]; /* in use, or reserved for a static forward */
	uint32_t owners[PORT_PAGE]; /* the first mapping there, head of a ring */
};

struct port_rest {
	uint64_t until;
	uint16_t pool, port;
};

enum { REST_BLOCK = 63 };

/* Some of those that rest, in order of time. */
struct rest_block {
	struct rest_block *next;
	uint32_t first, len; /* those from first up to, not including, len still rest */
	struct port_rest rests[REST_BLOCK];
};

struct port_space {
	struct port_page **pages; /* [pool][page]: NULL = none in use; no table = none at all */
	struct port_page *all;
	uint32_t pool_len;
	uint64_t *blocks; /* [pool][word]: blocks that hosts own */
	uint32_t *last; /* [pool]: the port given last, plus 1; 0 = none was.  The NAT's own */
	struct rest_block *rests, *rests_last; /* ports that rest, in order of time */
};

int port_space_init(struct port_space *space, size_t pool_len, bool blocks); /* 0 or -ENOMEM */
void port_space_clear(struct port_space *space, const struct nat_memory *memory);

/* The page that @port is in, or NULL where none of its ports was ever used. */
static inline struct port_page *port_page(const struct port_space *space, uint16_t pool,
					  uint32_t port)
{
	return space->pages ? space->pages[(size_t)pool * PORT_PAGES + port / PORT_PAGE] : NULL;
}

/* Where it is told which mapping is the oldest at a port; NULL: none ever was near it. */
static inline const uint32_t *port_entry(const struct port_space *space, uint16_t pool,
					 uint16_t port)
{
	const struct port_page *page = port_page(space, pool, port);

	return page ? &page->owners[port % PORT_PAGE] : NULL;
}

/* The oldest mapping at a port, or 0.  It may be over. */
static inline uint32_t port_owner(const struct port_space *space, uint16_t pool, uint16_t port)
{
	const uint32_t *owner = port_entry(space, pool, port);

	return owner ? *owner : 0;
}

bool port_is_used(const struct port_space *space, uint16_t pool, uint16_t port);

/* Make the page that @port is in, where there is none.  0 or -ENOMEM. */
int port_prepare(struct port_space *space, const struct nat_memory *memory, uint16_t pool,
		 uint16_t port);

/* Keep a port from ever being given: a static forward has it.  0 or -ENOMEM. */
int port_reserve(struct port_space *space, const struct nat_memory *memory, uint16_t pool,
		 uint16_t port);

/* A mapping takes its place in the ring of its port, which is prepared, or leaves it. */
void port_take(struct nat *nat, uint32_t mapping);
void port_leave(struct nat *nat, uint32_t mapping);

/* Ports whose rest is over at @now may be given again (RFC 6888, REQ-8). */
void port_wake(struct port_space *space, uint64_t now);

/* The oldest that is not over, or 0. */
uint32_t port_user(const struct nat *nat, enum nat_protocol protocol, uint16_t pool, uint16_t port);

/* Where ends are late, whoever wants just this port gets it as if they were not. */
void port_end_late(struct nat *nat, enum nat_protocol protocol, uint16_t pool, uint16_t port);

/* Is the port that a new mapping of @inside would keep in use? */
bool port_collides(struct nat *nat, enum nat_protocol protocol, struct endpoint inside);

/* Take the lowest of the first @blocks blocks that no host owns, or -1; and give it back. */
int port_take_block(struct port_space *space, uint16_t pool, uint32_t blocks);
void port_free_block(struct port_space *space, uint16_t pool, uint32_t block);

/* May a new session with @remote begin at this port, next to what is there? */
bool port_is_free_for(const struct nat *nat, enum nat_protocol protocol, uint16_t pool,
		      uint16_t port, struct endpoint remote);

/*
 * The lowest free port from @from up to @last, both included, or -1.  @parity: 0 or 1 for even
 * or odd ones, -1 for either.
 */
int port_find_free(const struct port_space *space, uint16_t pool, uint16_t from, uint16_t last,
		   int parity);

/*
 * Choose an outside address and port for a new mapping of @key, for the inside host @host (0
 * where hosts are not known).  NAT_REASON_NEW_MAPPING with *ret_pool and *ret_port, or why
 * not: NAT_REASON_NO_PORT, NAT_REASON_COLLISION.  May end mappings, where collision is "steal".
 */
enum nat_reason port_choose(struct nat *nat, const struct mapping_key *key, uint32_t host,
			    uint16_t *ret_pool, uint16_t *ret_port);

#endif
