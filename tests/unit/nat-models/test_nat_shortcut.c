/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shortcuts change no decision: of two NATs that get the same traffic one forgets its shortcuts
 * before every packet; both decide the same, byte by byte, whatever the model is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/chance.h"
#include "nat_script.h"

enum { PACKETS = 6000, HOSTS = 4, PORTS_EACH = 6, REMOTES = 3, ROOM = 128, BATCH_MAX = 70 };

static void cone(struct script_config *c)
{
	c->model.udp.timeout_two_way_ns = c->model.udp.timeout_ns * 2;
	c->model.udp.two_way_after_ns = 2 * SEC;
}

static void full_cone(struct script_config *c)
{
	c->model.udp.filtering = c->model.tcp.filtering = NAT_EI;
}

static void symmetric(struct script_config *c)
{
	c->model.udp.mapping = c->model.tcp.mapping = NAT_APD;
	c->model.udp.filtering = c->model.tcp.filtering = NAT_AD;
}

static void address_dependent(struct script_config *c)
{
	c->model.udp.mapping = c->model.udp.filtering = NAT_AD;
}

static void linux_like(struct script_config *c)
{
	symmetric(c);
	c->model.udp.filtering = c->model.tcp.filtering = NAT_APD;
	c->model.udp.collision = c->model.tcp.collision = NAT_COLLISION_OVERLOAD;
	c->model.udp.unsolicited = NAT_UNSOLICITED_POISON;
}

static void shared_ports(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_OVERLOAD;
	c->model.udp.filtering = NAT_AD;
}

static void dmz(struct script_config *c)
{
	c->nat.dmz = script_addr("192.168.1.3");
}

static void stealing(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_STEAL;
}

static void dependent(struct script_config *c)
{
	c->model.udp.collision = NAT_COLLISION_DEPENDENT;
}

static void forgetful(struct script_config *c)
{
	c->model.udp.permission_ns = SEC;
}

static void crowded(struct script_config *c)
{
	c->model.max_mappings = 8;
	c->model.eviction = NAT_EVICT_OLDEST;
}

static void tracked(struct script_config *c)
{
	c->model.tcp.tracking = NAT_TRACKING_STRICT;
	c->model.tcp.rst = NAT_RST_END;
}

static void firewall(struct script_config *c)
{
	c->model.kind = NAT_KIND_FIREWALL;
}

static void identified(struct script_config *c)
{
	c->model.ip_id = true;
}

static void shared_filters(struct script_config *c)
{
	c->model.shared_filters = true;
}

static void shared_mappings(struct script_config *c)
{
	c->model.shared_mappings = true;
}

static void exempt(struct script_config *c)
{
	c->model.exempt[0] = (struct ip_prefix){ script_addr("11.1.1.3"), 128 };
}

static const struct row {
	const char *name;
	void (*tune)(struct script_config *config);
} rows[] = {
	{ "RFC 4787's cone", cone },
	{ "a full cone", full_cone },
	{ "symmetric", symmetric },
	{ "address-dependent", address_dependent },
	{ "ports shared by remote endpoint", linux_like },
	{ "ports shared by cones", shared_ports },
	{ "a DMZ host", dmz },
	{ "ports stolen", stealing },
	{ "mappings that collisions make narrow", dependent },
	{ "permissions that end before mappings", forgetful },
	{ "mappings evicted", crowded },
	{ "TCP tracked", tracked },
	{ "a firewall", firewall },
	{ "identifications of the NAT's", identified },
	{ "filters shared by UDP and TCP", shared_filters },
	{ "mappings shared by UDP and TCP", shared_mappings },
	{ "a destination exempt", exempt },
};

/* Clear "don't fragment". */
static void allow_cutting(uint8_t *bytes)
{
	uint16_t sum;

	bytes[6] &= 0xbf;
	bytes[10] = bytes[11] = 0;
	sum = (uint16_t)~checksum_fold(bytes, 20, 0);
	bytes[10] = (uint8_t)(sum >> 8);
	bytes[11] = (uint8_t)sum;
}

/* The next packet of the traffic: @from inside or not, UDP or TCP, among few endpoints. */
static void write_next(struct chance *chance, bool inside, struct packet *pkt, bool translates)
{
	struct endpoint host = { ip_addr_v4(0xc0a80102 + chance_below(chance, HOSTS)),
				 (uint16_t)(4000 + chance_below(chance, PORTS_EACH)) };
	struct endpoint remote = { ip_addr_v4(0x0b010102 + chance_below(chance, REMOTES)),
				   (uint16_t)(7 + chance_below(chance, 2)) };
	static const uint8_t flags[] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK,
					 TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, TCP_ACK };
	uint8_t *bytes = pkt->data;

	if (!inside && translates)
		host.addr = ip_addr_v4(0x0b020001);
	assert_int_equal(packet_make_udp(pkt, inside ? host : remote, inside ? remote : host, 64,
					 "what is said to whom", 20),
			 0);
	/* Of what may be cut a NAT may set the identification. */
	if (chance_below(chance, 2))
		allow_cutting(bytes);
	if (chance_below(chance, 3))
		return;
	bytes[9] = IP_PROTO_TCP; /* its 20 bytes of payload and the UDP header make a TCP header */
	memset(bytes + 24, 0, pkt->len - 24);
	bytes[32] = 0x50;
	bytes[33] = flags[chance_below(chance, sizeof(flags))];
	pkt->offload = (struct packet_offload){ .needs_checksum = true,
						.checksum_start = 20,
						.checksum_offset = 16 };
	bytes[10] = bytes[11] = 0;
	bytes[36] = bytes[37] = 0;
	uint16_t header = (uint16_t)~checksum_fold(bytes, 20, 0);
	uint16_t pseudo = checksum_fold(bytes + 12, 8, IP_PROTO_TCP + pkt->len - 20);

	bytes[10] = (uint8_t)(header >> 8);
	bytes[11] = (uint8_t)header;
	bytes[36] = (uint8_t)(pseudo >> 8);
	bytes[37] = (uint8_t)pseudo;
	packet_finish_checksums(pkt);
}

/* The same packets, as each of the NATs has them. */
struct batch {
	uint8_t bytes[BATCH_MAX][ROOM];
	struct packet packets[BATCH_MAX];
	enum nat_side sides[BATCH_MAX];
	struct nat_decision decisions[BATCH_MAX];
};

static void copy_batch(struct batch *to, const struct batch *from, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		memcpy(to->bytes[i], from->bytes[i], ROOM);
		to->packets[i] = from->packets[i];
		to->packets[i].data = to->bytes[i];
		to->sides[i] = from->sides[i];
	}
}

static void expect_same(const struct batch *a, const struct batch *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct nat_decision *d = &a->decisions[i], *e = &b->decisions[i];

		assert_int_equal(d->outcome, e->outcome);
		assert_int_equal(d->reason, e->reason);
		assert_int_equal(d->to, e->to);
		assert_int_equal(d->protocol, e->protocol);
		assert_true(endpoint_equal(d->remote, e->remote));
		assert_int_equal(d->mapping != NULL, e->mapping != NULL);
		assert_int_equal(a->packets[i].len, b->packets[i].len);
		assert_memory_equal(a->bytes[i], b->bytes[i], a->packets[i].len);
	}
}

static void one_by_one(struct nat *nat, struct batch *batch, size_t len, uint64_t now, bool forgets)
{
	for (size_t i = 0; i < len; i++) {
		if (forgets)
			nat_forget_shortcuts(nat);
		batch->decisions[i] = nat_process(nat, batch->sides[i], &batch->packets[i], now);
	}
}

static size_t count_known(const struct batch *batch, size_t len)
{
	size_t known = 0;

	for (size_t i = 0; i < len; i++)
		known += batch->decisions[i].reason == NAT_REASON_MAPPING;
	return known;
}

static void same_decisions(void **state)
{
	static struct batch quick, plain;
	const struct row *row = *state;
	struct chance chance = { 1 };
	struct script_config config;
	struct nat *nats[2];
	uint64_t now = 0;
	size_t len, known = 0;

	script_defaults(&config);
	row->tune(&config);
	for (int i = 0; i < 2; i++)
		nats[i] = script_nat(&config);
	for (size_t done = 0; done < PACKETS; done += len) {
		len = 1 + chance_below(&chance, BATCH_MAX);
		for (size_t i = 0; i < len; i++) {
			bool inside = chance_below(&chance, 2);

			quick.packets[i] = (struct packet){ .data = quick.bytes[i], .room = ROOM };
			quick.sides[i] = inside ? NAT_INSIDE : NAT_OUTSIDE;
			write_next(&chance, inside, &quick.packets[i],
				   config.model.kind == NAT_KIND_NAPT);
		}
		copy_batch(&plain, &quick, len);
		now += chance_below(&chance, 20) ? SEC : 100 * SEC;
		one_by_one(nats[0], &quick, len, now, false);
		one_by_one(nats[1], &plain, len, now, true);
		expect_same(&quick, &plain, len);
		assert_int_equal(nat_next_wake(nats[0]), nat_next_wake(nats[1]));
		known += count_known(&quick, len);
	}
	/* Else there was nothing to take a shortcut for. */
	assert_true(known > PACKETS / 20);
	for (int i = 0; i < 2; i++)
		nat_free(nats[i]);
}

/* One outside port of two hosts: the second server port leads to the host that the address lets in,
 * until the other opens a session to just that one. */
static const struct script_step first_host = { 0, 'i', "UDP 192.168.1.2:4000 > 11.1.1.2:7",
					       "UDP 11.2.0.1:4000 > 11.1.1.2:7" };
static const struct script_step other_host = { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.3:7",
					       "UDP 11.2.0.1:4000 > 11.1.1.3:7" };
static const struct script_step to_first = { 0, 'o', "UDP 11.1.1.2:8 > 11.2.0.1:4000",
					     "UDP 11.1.1.2:8 > 192.168.1.2:4000" };
static const struct script_step opening = { 0, 'i', "UDP 192.168.1.3:4000 > 11.1.1.2:8",
					    "UDP 11.2.0.1:4000 > 11.1.1.2:8" };
static const struct script_step to_other = { 0, 'o', "UDP 11.1.1.2:8 > 11.2.0.1:4000",
					     "UDP 11.1.1.2:8 > 192.168.1.3:4000" };

static struct nat *nat_of_shared_ports(void)
{
	struct script_config config;

	script_defaults(&config);
	shared_ports(&config);
	return script_nat(&config);
}

static void new_mapping_takes_over(void **state)
{
	struct nat *nat = nat_of_shared_ports();

	(void)state;
	script_step(nat, &first_host, "first host");
	script_step(nat, &to_first, "noted");
	script_step(nat, &opening, "other host's mapping");
	script_step(nat, &to_other, "taken over");
	nat_free(nat);
}

static void new_session_takes_over(void **state)
{
	struct nat *nat = nat_of_shared_ports();

	(void)state;
	script_step(nat, &first_host, "first host");
	script_step(nat, &other_host, "other host");
	script_step(nat, &to_first, "noted");
	script_step(nat, &opening, "other host's session");
	script_step(nat, &to_other, "taken over");
	nat_free(nat);
}

/* The opening is what brings the number back under which the shortcut was noted. */
static void epoch_comes_round(void **state)
{
	struct nat *nat = nat_of_shared_ports();

	(void)state;
	script_step(nat, &first_host, "first host");
	script_step(nat, &other_host, "other host");
	script_step(nat, &to_first, "noted");
	for (int i = 0; i < UINT16_MAX; i++)
		nat_forget_shortcuts(nat);
	script_step(nat, &opening, "other host's session");
	script_step(nat, &to_other, "taken over");
	nat_free(nat);
}

static struct nat_decision say(struct nat *nat, enum nat_side side, uint16_t host_port,
			       uint64_t now)
{
	uint8_t bytes[ROOM];
	struct packet pkt = { .data = bytes, .room = ROOM };
	struct endpoint remote = script_endpoint("11.1.1.2:7");
	struct endpoint host = script_endpoint(side == NAT_INSIDE ? "192.168.1.2:0" : "11.2.0.1:0");

	host.port = host_port;
	assert_int_equal(packet_make_udp(&pkt, side == NAT_INSIDE ? host : remote,
					 side == NAT_INSIDE ? remote : host, 64, "", 0),
			 0);
	return nat_process(nat, side, &pkt, now);
}

/* Where more end at a time than one packet sees to, what has ended may still stand in the tables. */
static void ended_but_there(void **state)
{
	const uint16_t first = 4000, end = 5000;

	(void)state;
	for (uint16_t port = first; port < end; port += 111) {
		struct script_config config;
		struct nat *nat;

		script_defaults(&config);
		nat = script_nat(&config);
		for (uint16_t one = first; one < end; one++)
			say(nat, NAT_INSIDE, one, 0);
		assert_int_equal(say(nat, NAT_OUTSIDE, port, 0).reason, NAT_REASON_MAPPING);
		assert_int_equal(say(nat, NAT_OUTSIDE, port, 0).reason, NAT_REASON_MAPPING);
		assert_int_not_equal(
			say(nat, NAT_OUTSIDE, port, config.model.udp.timeout_ns).reason,
			NAT_REASON_MAPPING);
		nat_free(nat);
	}
}

int main(void)
{
	static const struct CMUnitTest forgotten[] = {
		cmocka_unit_test(new_mapping_takes_over),
		cmocka_unit_test(new_session_takes_over),
		cmocka_unit_test(epoch_comes_round),
		cmocka_unit_test(ended_but_there),
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = same_decisions,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("shortcuts", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("shortcuts forgotten", forgotten, NULL, NULL);
}
