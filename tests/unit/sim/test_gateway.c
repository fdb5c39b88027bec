/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A home, its gateway, the Internet and a server, with ports of the test's own in the hosts'
 * places: what a packet meets on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "nat-models/byteorder.h"
#include "nat-models/nat_state.h"
#include "sim/gateway.h"
#include "sim/segment.h"

enum { ALICE, BOB, SERVER, HOSTS };

static struct loop *loop;
static struct pool *pool;
static struct segment *internet, *lan;
static struct gateway *gateway;
static struct port ports[HOSTS];
static struct link *links[HOSTS + 2];
static struct buffer *last[HOSTS]; /* what each got last */
static unsigned count[HOSTS];

static const char *const addrs[HOSTS] = { "192.168.1.2", "192.168.1.3", "11.1.1.2" };
#define HOME "11.2.1.2"

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	assert_int_equal(ip_addr_parse(text, &a), 0);
	return a;
}

static void collect(struct port *port, struct buffer *buffer)
{
	int i = (int)(port - ports);

	buffer_free(last[i]);
	last[i] = buffer;
	count[i]++;
}

static struct port *member(struct segment *segment, const char *address)
{
	struct port *port = segment_attach(segment);

	assert_non_null(port);
	assert_int_equal(segment_add_address(segment, port, addr(address)), 0);
	return port;
}

static void wire(int i, const char *name, uint16_t mtu, struct port *node, struct port *up)
{
	struct link_spec spec = { .name = name, .mtu = mtu };

	assert_int_equal(link_new(loop, &spec, node, up, &links[i]), 0);
}

static void build(const struct nat_model *model, uint16_t wan_mtu)
{
	struct ip_addr outside = addr(HOME);
	struct nat_config config = {
		.inside_addr = addr("192.168.1.1"), .pool = &outside, .pool_len = 1, .seed = 1
	};
	struct segment_spec net = { .loop = loop, .internet = true };
	struct port *up;

	assert_int_equal(ip_prefix_parse("192.168.1.0/24", &config.inside), 0);
	assert_int_equal(segment_new(&net, &internet), 0);
	net.internet = false;
	net.prefix = config.inside;
	assert_int_equal(segment_new(&net, &lan), 0);
	assert_int_equal(gateway_new(loop, model, &config, &gateway), 0);
	wire(ALICE, "alice", 0, &ports[ALICE], member(lan, addrs[ALICE]));
	wire(BOB, "bob", 0, &ports[BOB], member(lan, addrs[BOB]));
	wire(SERVER, "server", 0, &ports[SERVER], member(internet, addrs[SERVER]));
	up = member(lan, "192.168.1.1");
	segment_set_gateway(lan, up);
	wire(HOSTS, "home lan", 0, gateway_port(gateway, NAT_INSIDE), up);
	wire(HOSTS + 1, "home wan", wan_mtu, gateway_port(gateway, NAT_OUTSIDE),
	     member(internet, HOME));
}

static int setup(void **state)
{
	(void)state;
	memset(last, 0, sizeof(last));
	memset(count, 0, sizeof(count));
	for (int i = 0; i < HOSTS; i++)
		ports[i] = (struct port){ .receive = collect };
	pool = pool_new();
	assert_non_null(pool);
	return loop_new(LOOP_VIRTUAL, &loop);
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < HOSTS; i++)
		buffer_free(last[i]);
	for (int i = 0; i < HOSTS + 2; i++)
		link_free(links[i]);
	gateway_free(gateway);
	segment_free(lan);
	segment_free(internet);
	pool_free(pool);
	loop_free(loop);
	return 0;
}

static struct endpoint at(const char *address, uint16_t port)
{
	return (struct endpoint){ addr(address), port };
}

static void send(int host, struct endpoint src, struct endpoint dst, uint8_t ttl, size_t len)
{
	static const uint8_t payload[8000];
	struct buffer *buffer = buffer_new(pool, len + 28);

	assert_non_null(buffer);
	assert_int_equal(packet_make_udp(&buffer->packet, src, dst, ttl, payload, len), 0);
	port_send(&ports[host], buffer, NULL);
}

/* What @host got last; the test fails where that is nothing or has a wrong checksum. */
static struct packet_info info_of(int host)
{
	struct packet_info info;

	assert_non_null(last[host]);
	assert_true(packet_checksums_ok(&last[host]->packet));
	assert_int_equal(packet_parse(&last[host]->packet, &info), PACKET_OK);
	return info;
}

static void there_and_back_each_hop_takes_one_ttl(void **state)
{
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send(ALICE, at(addrs[ALICE], 4000), at(addrs[SERVER], 7), 64, 5);
	info = info_of(SERVER);
	assert_true(endpoint_equal(info.src, at(HOME, 4000)));
	assert_int_equal(info.ttl, 62); /* the home's gateway and the Internet */
	send(SERVER, at(addrs[SERVER], 7), info.src, 64, 5);
	info = info_of(ALICE);
	assert_true(endpoint_equal(info.dst, at(addrs[ALICE], 4000)));
	assert_int_equal(info.ttl, 62);
}

static void neighbours_need_no_router(void **state)
{
	struct nat_model model;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send(ALICE, at(addrs[ALICE], 1), at(addrs[BOB], 2), 1, 5);
	assert_int_equal(info_of(BOB).ttl, 1);
	assert_int_equal(count[SERVER], 0);
}

static void broadcast_reaches_the_lan_only(void **state)
{
	struct nat_model model;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send(ALICE, at(addrs[ALICE], 1), at("192.168.1.255", 2), 64, 5);
	send(ALICE, at(addrs[ALICE], 1), at("239.255.255.250", 1900), 4, 5);
	send(ALICE, at(addrs[ALICE], 1), at("255.255.255.255", 67), 64, 5);
	assert_int_equal(count[ALICE], 0);
	assert_int_equal(count[BOB], 3);
	assert_int_equal(count[SERVER], 0);
}

/* RFC 1812 4.2.2.9; a packet that dies in its own router must open no mapping. */
static void a_packet_that_dies_in_the_gateway(void **state)
{
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send(ALICE, at(addrs[ALICE], 4000), at(addrs[SERVER], 7), 1, 5);
	info = info_of(ALICE);
	assert_int_equal(info.icmp_type, ICMP_TIME_EXCEEDED);
	assert_true(ip_addr_equal(info.src.addr, addr("192.168.1.1")));
	assert_int_equal(nat_mappings(gateway_nat(gateway), 0, NULL, 0), 0);
	assert_int_equal(count[SERVER], 0);
}

/* It dies one hop later: the mapping stands, and the error comes back translated. */
static void a_packet_that_dies_on_the_internet(void **state)
{
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send(ALICE, at(addrs[ALICE], 4000), at(addrs[SERVER], 7), 2, 5);
	info = info_of(ALICE);
	assert_int_equal(info.icmp_type, ICMP_TIME_EXCEEDED);
	assert_true(ip_addr_equal(info.src.addr, addr("11.2.1.1")));
	assert_int_equal(packet_parse_quoted(last[ALICE]->packet.data + info.payload_offset,
					     info.payload_len, &info),
			 PACKET_OK);
	assert_true(endpoint_equal(info.src, at(addrs[ALICE], 4000)));
	assert_int_equal(nat_mappings(gateway_nat(gateway), 0, NULL, 0), 1);
}

static void private_addresses_have_no_way_on_the_internet(void **state)
{
	struct nat_model model;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send(SERVER, at(addrs[SERVER], 7), at(addrs[ALICE], 4000), 64, 5);
	assert_int_equal(count[ALICE] + count[BOB] + count[SERVER], 0);
}

static void set_dont_fragment(struct buffer *buffer, bool dont)
{
	uint8_t *ip = buffer->packet.data;
	uint16_t sum;

	ip[6] = dont ? 0x40 : 0;
	ip[10] = ip[11] = 0;
	sum = (uint16_t)~checksum_fold(ip, 20, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void send_big(bool dont_fragment)
{
	static const uint8_t payload[1400];
	struct buffer *buffer = buffer_new(pool, sizeof(payload) + 28);

	assert_non_null(buffer);
	assert_int_equal(packet_make_udp(&buffer->packet, at(addrs[ALICE], 4000),
					 at(addrs[SERVER], 7), 64, payload, sizeof(payload)),
			 0);
	set_dont_fragment(buffer, dont_fragment);
	port_send(&ports[ALICE], buffer, NULL);
}

/* RFC 4787 REQ-13: with DF set the inside host hears of the MTU, about its own packet. */
static void too_big_for_the_wan(void **state)
{
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 1000);
	send_big(true);
	assert_int_equal(count[SERVER], 0);
	info = info_of(ALICE);
	assert_int_equal(info.icmp_type, ICMP_UNREACHABLE);
	assert_int_equal(info.icmp_code, ICMP_FRAGMENTATION_NEEDED);
	assert_int_equal(last[ALICE]->packet.data[26] << 8 | last[ALICE]->packet.data[27], 1000);
	assert_int_equal(packet_parse_quoted(last[ALICE]->packet.data + info.payload_offset,
					     info.payload_len, &info),
			 PACKET_OK);
	assert_true(endpoint_equal(info.src, at(addrs[ALICE], 4000)));
}

/* Without DF the packet goes on in two pieces, whose lengths add up. */
static void fragments_for_the_wan(void **state)
{
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 1000);
	send_big(false);
	assert_int_equal(count[SERVER], 2);
	info = info_of(SERVER);
	assert_int_equal(info.fragment_offset, 976);
	assert_false(info.more_fragments);
	assert_int_equal(last[SERVER]->packet.len, 20 + 1408 - 976);
}

static void an_inside_host_may_talk_to_the_gateway(void **state)
{
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send(ALICE, at(addrs[ALICE], 4000), at("192.168.1.1", 53), 1, 5);
	info = info_of(ALICE);
	assert_int_equal(info.icmp_type, ICMP_UNREACHABLE);
	assert_int_equal(info.icmp_code, ICMP_PORT_UNREACHABLE);
	assert_true(ip_addr_equal(info.src.addr, addr("192.168.1.1")));
}

static void a_hairpin_turns_round_in_the_gateway(void **state)
{
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	model.udp.filtering = NAT_EI;
	model.hairpin = NAT_HAIRPIN_EXTERNAL;
	build(&model, 0);
	send(BOB, at(addrs[BOB], 5000), at(addrs[SERVER], 7), 64, 5);
	send(ALICE, at(addrs[ALICE], 4000), at(HOME, 5000), 64, 5);
	info = info_of(BOB);
	assert_true(endpoint_equal(info.src, at(HOME, 4000)));
	assert_int_equal(info.ttl, 63);
	assert_int_equal(count[SERVER], 1);
}

/* Change the packet's IP header, and make it whole again. */
static void send_as(int host, struct buffer *buffer, uint8_t protocol, uint16_t fragment)
{
	uint8_t *ip = buffer->packet.data;

	ip[9] = protocol;
	put_be16(ip + 6, fragment);
	put_be16(ip + 10, 0);
	put_be16(ip + 10, (uint16_t)~checksum_fold(ip, 20, 0));
	port_send(&ports[host], buffer, NULL);
}

static struct buffer *datagram(struct endpoint src, struct endpoint dst, size_t len)
{
	static const uint8_t payload[64];
	struct buffer *buffer = buffer_new(pool, len + 28);

	assert_non_null(buffer);
	assert_int_equal(packet_make_udp(&buffer->packet, src, dst, 64, payload, len), 0);
	return buffer;
}

static bool over;
static int answers_before;

static void just_before(struct event *event)
{
	(void)event;
	answers_before = count[SERVER];
}

static void afterwards(struct event *event)
{
	(void)event;
	over = true;
}

/* RFC 5382, REQ-4: 6 s after an unsolicited SYN, and not a moment before. */
static void a_held_syn_is_answered_in_time(void **state)
{
	struct event before = { .fire = just_before }, end = { .fire = afterwards };
	struct nat_model model;
	struct buffer *syn;
	uint8_t *tcp;

	(void)state;
	nat_model_defaults(&model);
	model.tcp.unsolicited = NAT_UNSOLICITED_HOLD;
	build(&model, 0);
	syn = datagram(at(addrs[SERVER], 9), at(HOME, 4000), 12);
	tcp = syn->packet.data + 20;
	memset(tcp + 4, 0, 16);
	tcp[12] = 5 << 4;
	tcp[13] = TCP_SYN;
	put_be16(tcp + 16,
		 (uint16_t)~checksum_fold(
			 tcp, 20, checksum_fold(syn->packet.data + 12, 8, IP_PROTO_TCP + 20)));
	send_as(SERVER, syn, IP_PROTO_TCP, 0);
	over = false;
	assert_int_equal(loop_schedule(loop, &before, 6 * SEC - 1), 0);
	assert_int_equal(loop_schedule(loop, &end, 6 * SEC + 1), 0);
	assert_int_equal(loop_run(loop, &over), 0);
	assert_int_equal(answers_before, 0);
	assert_int_equal(count[SERVER], 1);
	assert_int_equal(info_of(SERVER).icmp_type, ICMP_UNREACHABLE);
	assert_true(ip_addr_equal(info_of(SERVER).src.addr, addr(HOME)));
}

/* RFC 4787, REQ-14: the one that came first leaves last, and loses its hops like any other. */
static void a_held_fragment_follows_its_first_part(void **state)
{
	struct endpoint src = at(addrs[ALICE], 4000), dst = at(addrs[SERVER], 7);
	struct nat_model model;
	struct packet_info info;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	send_as(ALICE, datagram(src, dst, 8), IP_PROTO_UDP, 16 / 8);
	assert_int_equal(count[SERVER], 0);
	send_as(ALICE, datagram(src, dst, 8), IP_PROTO_UDP, 0x2000);
	assert_int_equal(count[SERVER], 2);
	info = info_of(SERVER);
	assert_int_equal(info.fragment_offset, 16);
	assert_int_equal(info.ttl, 62);
	assert_true(ip_addr_equal(info.src.addr, addr(HOME)));
}

enum { CROWD = 5000 }; /* mappings: foresight begins below that */

static void announce(int host, struct endpoint src, struct endpoint dst, uint64_t burst)
{
	struct buffer *buffer = buffer_new(pool, 40);

	assert_non_null(buffer);
	assert_int_equal(packet_make_udp(&buffer->packet, src, dst, 64, "hello", 5), 0);
	port_expect(&ports[host], buffer, burst);
	buffer_free(buffer);
}

/* What is announced on any host's port gets to the NAT that it will cross, and to no other place; once
 * that many packets have passed nothing is expected. */
static void a_burst_is_foreseen_by_the_nat_on_its_way(void **state)
{
	const struct endpoint server = at(addrs[SERVER], 7);
	struct nat_model model;
	struct nat *nat;

	(void)state;
	nat_model_defaults(&model);
	build(&model, 0);
	nat = gateway_nat(gateway);
	announce(ALICE, at(addrs[ALICE], 2000), server, 1);
	assert_null(nat->foresight); /* so few mappings need none */
	for (int i = 0; i < CROWD; i++)
		send(ALICE, at(addrs[ALICE], (uint16_t)(2000 + i)), server, 64, 5);
	announce(ALICE, at(addrs[ALICE], 1), at(addrs[BOB], 2), 2);
	announce(ALICE, at(addrs[ALICE], 1), at("192.168.1.255", 2), 2);
	announce(SERVER, server, at("11.7.7.7", 2), 2);
	assert_false(nat->expects);
	announce(ALICE, at(addrs[ALICE], 2000), server, 3);
	announce(SERVER, server, at(HOME, 2001), 3);
	announce(ALICE, at(addrs[ALICE], 2002), server, 3);
	assert_true(nat->expects);
	send(ALICE, at(addrs[ALICE], 2000), server, 64, 5);
	send(SERVER, server, at(HOME, 2001), 64, 5);
	assert_true(nat->expects);
	assert_int_equal(info_of(ALICE).dst.port, 2001);
	send(ALICE, at(addrs[ALICE], 2002), server, 64, 5);
	assert_false(nat->expects);
	assert_int_equal(count[SERVER], CROWD + 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(there_and_back_each_hop_takes_one_ttl),
		TEST(neighbours_need_no_router),
		TEST(broadcast_reaches_the_lan_only),
		TEST(a_packet_that_dies_in_the_gateway),
		TEST(a_packet_that_dies_on_the_internet),
		TEST(private_addresses_have_no_way_on_the_internet),
		TEST(too_big_for_the_wan),
		TEST(fragments_for_the_wan),
		TEST(an_inside_host_may_talk_to_the_gateway),
		TEST(a_hairpin_turns_round_in_the_gateway),
		TEST(a_held_syn_is_answered_in_time),
		TEST(a_held_fragment_follows_its_first_part),
		TEST(a_burst_is_foreseen_by_the_nat_on_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
