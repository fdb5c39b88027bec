/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ice_fixture.h"

#include <stdio.h>
#include <string.h>

#include "probes/services/turn_options.h"
#include "probes/wire/turn.h"

static void note_request(struct pair *p, const struct stun_message *msg)
{
	for (unsigned i = 0; i < p->times_len; i++)
		if (memcmp(p->transactions[i], msg->transaction, STUN_TRANSACTION) == 0)
			return;
	assert_true(p->times_len < ICE_TIMES);
	memcpy(p->transactions[p->times_len], msg->transaction, STUN_TRANSACTION);
	p->times[p->times_len++] = host_now(p->hosts[0]);
}

static void note_relayed(struct pair *p, const uint8_t *bytes, size_t len)
{
	struct turn_channel_data data;
	struct stun_message msg;

	if (!turn_channel_decode(bytes, len, &data))
		p->in_channels++;
	else if (!stun_decode(bytes, len, &msg) && msg.method == TURN_SEND)
		p->indicated++;
}

/* Homes are apart, unless they share a LAN. */
static bool pass(struct fake_net *net, struct host *from, struct endpoint to, const uint8_t *bytes,
		 size_t len)
{
	struct pair *p = net->filter_arg;
	struct stun_message msg;
	struct stun_value v;

	if (from == p->hosts[0] && !stun_decode(bytes, len, &msg) && msg.class == STUN_REQUEST &&
	    stun_find(&msg, STUN_PRIORITY, &v))
		note_request(p, &msg);
	if (from != p->server)
		note_relayed(p, bytes, len);
	if (p->deaf && from != p->server && !ip_addr_equal(to.addr, host_addr(p->server)))
		return false;
	return p->one_lan || !ip_addr_is_private(to.addr);
}

static void set_nat(struct fake_nat *nat, int row, const char *outside)
{
	assert_int_equal(ip_addr_parse(outside, &nat->outside), 0);
	nat->blocks_udp = row == BLOCKED;
	if (row >= 0) {
		nat->mapping = (enum nat_scope)(row / 3);
		nat->filtering = (enum nat_scope)(row % 3);
	}
}

void prepare(struct pair *p, int a, int b)
{
	memset(p, 0, sizeof(*p));
	fake_net_init(&p->net);
	p->net.filter = pass;
	p->net.filter_arg = p;
	set_nat(&p->nats[0], a, "11.2.1.2");
	set_nat(&p->nats[1], b, "11.2.2.2");
	p->hosts[0] = fake_host_add(&p->net, "alice", a == OPEN ? "11.1.2.2" : "192.168.1.2",
				    a == OPEN ? NULL : &p->nats[0]);
	p->hosts[1] = fake_host_add(&p->net, "bob", b == OPEN ? "11.1.3.2" : "192.168.1.3",
				    b == OPEN ? NULL : &p->nats[1]);
	p->server = fake_host_add(&p->net, "server", "11.1.1.2", NULL);
	p->turn = (struct turn_client_spec){ .server = { host_addr(p->server), STUN_PORT },
					     .username = TURN_ANYBODY,
					     .password = TURN_ANYBODY,
					     .keep = true };
	p->specs[0].controlling = true;
	p->specs[0].stun[FAMILY_IPV4] = p->specs[1].stun[FAMILY_IPV4] = p->turn.server;
}

static void tell(struct ice_agent *to, const struct ice_line *line)
{
	assert_int_equal(ice_agent_told(to, line), 0);
}

void tell_credentials(const struct ice_agent *from, struct ice_agent *to)
{
	struct ice_line line = { .kind = ICE_LINE_UFRAG };

	snprintf(line.text, sizeof(line.text), "%s", ice_agent_ufrag(from));
	tell(to, &line);
	line.kind = ICE_LINE_PWD;
	snprintf(line.text, sizeof(line.text), "%s", ice_agent_password(from));
	tell(to, &line);
}

void tell_candidates(const struct ice_agent *from, struct ice_agent *to)
{
	struct ice_line line = { .kind = ICE_LINE_CANDIDATE };

	for (unsigned i = 0; ice_agent_candidate(from, i, &line.candidate); i++)
		tell(to, &line);
	line.kind = ICE_LINE_END;
	tell(to, &line);
}

void tell_all(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		tell_credentials(p->agents[i], p->agents[!i]);
		tell_candidates(p->agents[i], p->agents[!i]);
	}
}

static void run_agents(void *arg)
{
	struct pair *p = arg;
	struct service_spec spec = { .name = "turn", .host = p->server };

	assert_int_equal(service_start(&spec, &p->service), 0);
	for (int i = 0; i < 2; i++) {
		if (p->with_turn)
			p->specs[i].turn = &p->turn;
		assert_int_equal(ice_agent_new(p->hosts[i], &p->specs[i], &p->agents[i]), 0);
		assert_int_equal(ice_agent_gather(p->agents[i], host_now(p->hosts[i]) + 10 * SEC),
				 0);
	}
	p->test(p);
	ice_agent_free(p->agents[0]);
	ice_agent_free(p->agents[1]);
	service_stop(p->service);
	assert_int_equal(fake_host_open_socks(&p->net, p->hosts[0]), 0);
	assert_int_equal(fake_host_open_socks(&p->net, p->hosts[1]), 0);
}

void run_pair(struct pair *p, void (*test)(struct pair *p))
{
	p->test = test;
	fake_net_run(&p->net, run_agents, p);
	fake_net_free(&p->net);
}

void connect_both(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(ice_agent_connect(p->agents[i], host_now(p->hosts[i]) + 30 * SEC),
				 0);
	assert_true(ice_agent_controlling(p->agents[0]) != ice_agent_controlling(p->agents[1]));
}

void assert_agreed(struct pair *p)
{
	struct ice_candidate local[2], remote[2];

	for (int i = 0; i < 2; i++)
		assert_true(ice_agent_selected(p->agents[i], &local[i], &remote[i]));
	assert_true(endpoint_equal(local[0].at, remote[1].at));
	assert_true(endpoint_equal(local[1].at, remote[0].at));
}

void talk(struct pair *p)
{
	char bytes[16];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(ice_agent_send(p->agents[i], "across", 6), 0);
		assert_int_equal(ice_agent_recv(p->agents[!i], bytes, sizeof(bytes),
						host_now(p->hosts[i]) + SEC),
				 6);
		assert_memory_equal(bytes, "across", 6);
	}
}
