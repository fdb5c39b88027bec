/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers and the ladder: two hosts that know a rendezvous try one method after another until
 * voice can pass.
 *
 * What is reported here is the probe's own opinion; whether it is true, the capture says
 * (reports/verdict.h).  Everything parks; use it inside fibers only.
 */
#ifndef KNOTHOLE_CONNECT_H
#define KNOTHOLE_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../nat-models/predict.h"
#include "../../sim/host.h"
#include "../wire/ice_sdp.h"

/* A host that holds its TCP connection to a rendezvous, under its host's name, and answers
 * what comes through it: it is every callee's half. */
struct peer;

/* Join, by TCP to @tcp_port; to @rendezvous itself goes what is UDP.  The connection is made
 * before this returns.  0; -EEXIST where somebody else has joined
 * under this host's name; or -errno: the rendezvous could not be reached. */
int peer_join(struct host *host, struct endpoint rendezvous, uint16_t tcp_port, uint64_t deadline,
	      struct peer **ret);
/* The same rendezvous is at @rendezvous, too, an address of the other family: what is UDP of
 * attempts in that family goes there.  Nothing where it is unset. */
void peer_know(struct peer *peer, struct endpoint rendezvous);

/* Can @peer try a way in @family?  It needs an address of its own, or for IPv4 a NAT64 before it
 * (RFC 6052), and the rendezvous' address. */
bool peer_speaks(const struct peer *peer, enum family family);

/* And end its calls, which are still to be freed.  NULL is fine.  It, like call_free(), may also
 * be called outside of fibers, but only once the loop has stopped for good. */
void peer_leave(struct peer *peer);
struct host *peer_host(const struct peer *peer);

/* Where its calls by METHOD_TURN have their relayed addresses, and who it is there: copied, but for
 * the texts, which must outlive it. */
struct turn_client_spec;
void peer_use_turn(struct peer *peer, const struct turn_client_spec *spec);

/* What tells its METHOD_ICE how it is seen from outside, in each family; unset = nothing does. */
void peer_use_stun(struct peer *peer, const struct endpoint stun[FAMILY_COUNT]);

/* May its METHOD_ICE have candidates over TCP, too (RFC 6544)?  Not unless it is said. */
void peer_use_ice_tcp(struct peer *peer, bool tcp);

/* How far a packet goes that is to pass this peer's own NATs and no router after them: their number
 * and one.  It is the TTL of all that is to die on its way, over UDP and TCP, unless a call asks for
 * another; 0 = as behind one NAT. */
void peer_use_low_ttl(struct peer *peer, uint8_t ttl);

enum { LADDER_MAX = 16, ATTEMPTS_MAX = LADDER_MAX * FAMILY_COUNT };

/*
 * Each rung is tried in each family that both peers have, in the order of @families.  IPv6 comes
 * first unless it says otherwise: RFC 6724, 2.1 prefers it by default (the precedence of ::/0 is above
 * that of ::ffff:0:0/96), and RFC 8421, 4 and RFC 8305, 4 want addresses sorted so.  The two
 * overlap their attempts, though (8305, 5: after 250 ms), where here the second begins when the
 * first is over: each is to be judged on its own.  Relays are tried once, whatever the peers
 * reach them by: the rendezvous, or a TURN server for addresses of IPv4; and ICE, which tries all
 * families at once.
 */
struct call_spec {
	enum method ladder[LADDER_MAX]; /* in the order of trying */
	unsigned ladder_len;
	enum family families[FAMILY_COUNT];
	unsigned families_len; /* 0 = IPv6, IPv4 */
	uint64_t attempt_ns; /* for each rung; 0 = 2 s, of ICE 8 s */
	uint64_t pace_ns; /* first gap between hellos; doubles up to 8 times this; 0 = 20 ms */
	bool host_addresses; /* both also try each other's own (private) addresses, as ICE does */
	uint16_t local_port; /* of both; 0 = a fresh one for each attempt */
	uint64_t token; /* 0 = drawn from the caller's stream */
	struct method_budget budget; /* each of them 0 = METHOD_BUDGET's */
};

struct attempt {
	enum method method;
	enum family family; /* IPv4 of a relay, whatever it is reached by, and of ICE */
	bool connected;
	uint64_t began, took; /* ns */
	struct endpoint caller_mapped; /* as the rendezvous saw them */
	struct endpoint callee_mapped;
	/* Of ICE's that connected: the types of the pair in use, as the caller sees it. */
	enum ice_type here, there;
	uint32_t proof; /* the hello that proved the path: of this number of its side's, from 1 */
	uint64_t
		lead; /* predict: between the caller's last sample of its ports and its first hello */
};

/* A call: the outcome of a ladder, and the path on which voice can go. */
struct call;

/* Try to connect @caller to @callee, both joined to the same rendezvous.  0 with *ret (whether
 * anything connected, call_connected() says), or -errno where the rendezvous failed; -ENOENT
 * where it knows no such callee; -EINVAL for a ladder or a budget out of bounds; -EADDRINUSE and
 * the like where no socket could be opened. */
int call_connect(struct peer *caller, struct peer *callee, const struct call_spec *spec,
		 struct call **ret);
void call_free(struct call *call);

bool call_connected(const struct call *call);
enum method call_method(const struct call *call); /* where connected */
enum family call_family(const struct call *call); /* the same; IPv4 of a relay */
uint64_t call_token(const struct call *call);
unsigned call_attempts(const struct call *call, const struct attempt **ret);

struct talk_spec {
	unsigned frames; /* each way */
	uint64_t every_ns; /* between two frames */
	uint16_t size; /* bytes of a frame; 0 = 160, as 20 ms of G.711 */
};

struct talk_stats { /* 0 = caller to callee, 1 = back */
	unsigned sent[2];
	unsigned received[2];
	uint64_t delay_sum_ns[2]; /* over the received */
};

/* Send voice both ways along the call's path and count what arrives, until all has or nothing
 * did for 1 s.  0; -ENOTCONN; -EMSGSIZE for frames of more than TALK_MAX bytes. */
int call_talk(struct call *call, const struct talk_spec *spec, struct talk_stats *ret);

/* Send no voice, but one hello-sized keepalive from each side every @every_ns, for @for_ns.
 * @every_ns = 0: be silent. */
int call_hold(struct call *call, uint64_t for_ns, uint64_t every_ns);

#endif
