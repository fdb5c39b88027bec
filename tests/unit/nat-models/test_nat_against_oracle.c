/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine against the oracle: every pair of the catalog's models, every method.
 *
 * predict() reasons from RFC 4787's definitions and has never seen the engine; here two engines
 * are played with real packets, in every order in which the first ones can arrive.  What must
 * be has to happen in all of these, and what must not, in none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/nat64_address.h"
#include "nat-models/predict.h"
#include "nat_script.h"

enum { CALLER, CALLEE, PEERS };
enum { CALLER_FIRST, CALLEE_FIRST, CROSSING, ORDERS };
enum { HEARD = 8, ROUNDS = 6, BYTES = 128 };

struct flight {
	bool out; /* it has left its sender's side */
	uint8_t bytes[BYTES];
	struct packet pkt;
};

struct peer {
	struct nat *nat;
	struct ip_prefix lan;
	struct endpoint host;
	struct endpoint mapped; /* as the rendezvous saw it */
	bool registered;
	struct endpoint heard[HEARD];
	size_t heard_len;
};

static struct peer peers[PEERS];
static uint64_t now;

/* Which family do packets have outside, between the two? */
static bool outside_is_ip6;

/* As a host knows @to: one with IPv6 alone knows IPv4 by its NAT64's prefix. */
static struct endpoint known_as(const struct peer *peer, struct endpoint to)
{
	if (!ip_addr_is_v4(peer->host.addr) && ip_addr_is_v4(to.addr))
		to.addr = nat64_synthesise(nat64_well_known(), to.addr);
	return to;
}

/* One packet out through its sender's NAT. */
static void fly(struct peer *from, struct endpoint to, struct flight *flight)
{
	struct nat_decision decision;

	flight->pkt = (struct packet){ .data = flight->bytes, .room = BYTES };
	assert_int_equal(
		packet_make_udp(&flight->pkt, from->host, known_as(from, to), 64, "hello", 5), 0);
	decision = nat_process(from->nat, NAT_INSIDE, &flight->pkt, now += 1000000);
	flight->out = decision.outcome == NAT_FORWARD && decision.to == NAT_OUTSIDE;
	if (flight->out)
		assert_true(packet_checksums_ok(&flight->pkt));
}

static void hear(struct peer *peer, struct endpoint from)
{
	for (size_t i = 0; i < peer->heard_len; i++)
		if (endpoint_equal(peer->heard[i], from))
			return;
	if (peer->heard_len < HEARD)
		peer->heard[peer->heard_len++] = from;
}

/* … and in through the receiver's.  True where its program gets it. */
static bool land(struct flight *flight)
{
	struct packet_info info;

	if (!flight->out)
		return false;
	assert_int_equal(packet_parse(&flight->pkt, &info), PACKET_OK);
	for (int i = 0; i < PEERS; i++) {
		struct peer *peer = &peers[i];
		struct nat_decision decision;

		if (!nat_owns_outside(peer->nat, info.dst.addr) &&
		    !ip_prefix_contains(peer->lan, info.dst.addr))
			continue;
		decision = nat_process(peer->nat, NAT_OUTSIDE, &flight->pkt, now += 1000000);
		if (decision.outcome != NAT_FORWARD)
			return false;
		assert_true(packet_checksums_ok(&flight->pkt));
		assert_int_equal(packet_parse(&flight->pkt, &info), PACKET_OK);
		if (!endpoint_equal(info.dst, peer->host))
			return false;
		hear(peer, info.src);
		return true;
	}
	return false;
}

static bool speaks_first(enum method method, int who)
{
	return method == METHOD_PUNCH || (method == METHOD_DIRECT) == (who == CALLER);
}

static size_t speak(enum method method, int who, struct flight flights[HEARD + 1])
{
	struct peer *me = &peers[who], *other = &peers[!who];
	size_t n = 0;

	if (speaks_first(method, who) && other->registered)
		fly(me, other->mapped, &flights[n++]);
	for (size_t i = 0; i < me->heard_len; i++)
		fly(me, me->heard[i], &flights[n++]);
	return n;
}

static void land_all(struct flight *flights, size_t n)
{
	for (size_t i = 0; i < n; i++)
		land(&flights[i]);
}

static void play_round(enum method method, int order)
{
	static struct flight one[HEARD + 1], two[HEARD + 1];
	int first = order == CALLEE_FIRST ? CALLEE : CALLER;
	size_t ones = speak(method, first, one), twos;

	if (order != CROSSING)
		land_all(one, ones);
	twos = speak(method, !first, two);
	if (order == CROSSING)
		land_all(one, ones);
	land_all(two, twos);
}

static bool gets_through(int who)
{
	for (size_t i = 0; i < peers[who].heard_len; i++) {
		struct flight flight;

		fly(&peers[who], peers[who].heard[i], &flight);
		if (land(&flight))
			return true;
	}
	return false;
}

/* Inside and outside of @who's NAT, 11/8 and 2b00::/16 being global; what a NAT64 or a NAPT has outside is
 * its pool, and what translates has private addresses inside. */
static void place(int who, const struct nat_model *model, struct nat_config *config,
		  struct ip_addr pool[SCRIPT_POOL])
{
	uint64_t n = (uint64_t)who << 16;
	bool ip6 = outside_is_ip6 || model->kind == NAT_KIND_NAT64;
	bool hidden = model->kind != NAT_KIND_FIREWALL && model->kind != NAT_KIND_ROUTER;
	struct ip_addr public = { UINT64_C(0x2b000003) << 32 | n, 0 };

	for (uint32_t i = 0; i < SCRIPT_POOL; i++)
		pool[i] = outside_is_ip6 ? (struct ip_addr){ UINT64_C(0x2b000002) << 32 | n, i + 1 }
					 : ip_addr_v4(0x0b020001 + (uint32_t)who * 256 + i);
	config->inside = (struct ip_prefix){
		ip_addr_v4((hidden ? 0x0a000000 : 0x0b030000) + (uint32_t)who * 256), 120
	};
	if (ip6) {
		config->inside.addr = hidden ? (struct ip_addr){ UINT64_C(0xfd00) << 48 | n, 0 }
					     : public;
		config->inside.bits = 48;
	}
	config->outside_prefix = (struct ip_prefix){ public, 48 };
	config->inside_addr = config->inside.addr;
	config->inside_addr.lo += 1;
}

static void begin(int who, const struct nat_model *model)
{
	struct peer *peer = &peers[who];
	struct ip_addr pool[SCRIPT_POOL];
	struct nat_config config = { .pool = pool, .pool_len = SCRIPT_POOL, .seed = 7 };
	struct packet_info info;
	struct flight flight;

	*peer = (struct peer){ 0 };
	place(who, model, &config, pool);
	peer->lan = config.inside;
	peer->host = (struct endpoint){ config.inside.addr, 40000 };
	peer->host.addr.lo += 2;
	assert_int_equal(nat_new(model, &config, &peer->nat), 0);
	fly(peer, script_endpoint(outside_is_ip6 ? "[2b00:1:1::2]:3478" : "11.1.1.2:3478"),
	    &flight);
	if (!flight.out)
		return;
	assert_int_equal(packet_parse(&flight.pkt, &info), PACKET_OK);
	assert_int_equal(info.version, outside_is_ip6 ? 6 : 4);
	peer->mapped = info.src;
	peer->registered = true;
}

static bool connects(const struct nat_model *models[PEERS], enum method method, int order)
{
	bool connected;

	now = 0;
	begin(CALLER, models[CALLER]);
	begin(CALLEE, models[CALLEE]);
	for (int round = 0; round < ROUNDS; round++)
		play_round(method, order);
	connected = gets_through(CALLER) && gets_through(CALLEE);
	nat_free(peers[CALLER].nat);
	nat_free(peers[CALLEE].nat);
	return connected;
}

static void compare(const struct nat_model *models[PEERS], enum method method)
{
	struct predict_nat nats[PEERS] = { { .model = models[CALLER] },
					   { .model = models[CALLEE] } };
	struct predict_question question = { .caller = { &nats[CALLER], 1 },
					     .callee = { &nats[CALLEE], 1 } };
	struct predict_answer answer;

	predict(&question, &answer);
	for (int order = 0; order < ORDERS; order++) {
		bool connected = connects(models, method, order);

		if (answer.udp[method] == (connected ? PREDICT_MUST_NOT : PREDICT_MUST))
			fail_msg("%s to %s by %s, order %d: %s, against \"%s\"",
				 models[CALLER]->name, models[CALLEE]->name, method_word(method),
				 order, connected ? "connected" : "not connected",
				 answer.why[method]);
	}
}

static void find(const char *name, struct nat_model *ret)
{
	struct model_error error;

	if (nat_model_find(name, ret, &error))
		fail_msg("%s", error.text);
}

/* Can it be between IPv6, or IPv4, outside and anything inside? */
static bool serves_outside(const struct nat_model *model, bool ip6)
{
	if (model->kind == NAT_KIND_NAT64)
		return !ip6;
	return nat_model_serves(model, ip6 ? 6 : 4);
}

static unsigned compare_all(bool ip6)
{
	unsigned compared = 0;

	outside_is_ip6 = ip6;
	for (const char *const *i = nat_model_names(NULL); *i; i++) {
		for (const char *const *j = nat_model_names(NULL); *j; j++) {
			struct nat_model a, b;
			const struct nat_model *models[PEERS] = { &a, &b };

			find(*i, &a);
			find(*j, &b);
			if (!serves_outside(&a, ip6) || !serves_outside(&b, ip6))
				continue;
			for (enum method m = METHOD_DIRECT; m <= METHOD_PUNCH; m++, compared++)
				compare(models, m);
		}
	}
	return compared;
}

static void engine_and_oracle_agree_in_ipv4(void **state)
{
	(void)state;
	assert_in_range(compare_all(false), 3 * 25 * 25, 3 * 100 * 100);
}

static void engine_and_oracle_agree_in_ipv6(void **state)
{
	(void)state;
	assert_in_range(compare_all(true), 3 * 8 * 8, 3 * 100 * 100);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_and_oracle_agree_in_ipv4),
		cmocka_unit_test(engine_and_oracle_agree_in_ipv6),
	};

	return cmocka_run_group_tests_name("oracle", tests, NULL, NULL);
}
