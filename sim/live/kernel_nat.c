/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NAT that the kernel realises: a box with two wires, forwarding between them, and a ruleset
 * that libnftables loads in-process while this thread stands in the box.
 */
#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"
#include "conntrack.h"
#include "live.h"
#include "nat_rules.h"
#include "netns.h"

struct live_nat {
	int ns;
};

enum { LAN_INDEX = 2, WAN_INDEX = 3 };

__attribute__((format(printf, 2, 3))) static void explain(struct plan_error *ret,
							  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret->text, sizeof(ret->text), format, args);
	va_end(args);
}

static int refuse(const struct live_nat_spec *spec, struct plan_error *ret_error)
{
	const struct nat_model *refused = NULL;
	char why[160];

	if (!live_nat_expressible(spec->model, why, sizeof(why)))
		refused = spec->model;
	else if (!live_nat6_expressible(spec->model6, why, sizeof(why)))
		refused = spec->model6;
	if (!refused)
		return 0;
	explain(ret_error, "%s: %s cannot be realised by the kernel: %s", spec->name, refused->name,
		why);
	return -EOPNOTSUPP;
}

static int wire(struct live *live, struct box *box, const struct live_nat_spec *spec,
		struct port *ret_ports[2])
{
	const struct wire wires[2] = {
		{
			.name = NAT_LAN,
			.index = LAN_INDEX,
			.mtu = spec->lan_mtu,
			.addrs = &spec->inside_addr,
			.addrs_len = 1,
			.bits = (uint8_t)(spec->inside.bits - 96),
			.forward = 1,
		},
		{
			.name = NAT_WAN,
			.index = WAN_INDEX,
			.mtu = spec->wan_mtu,
			.addrs = spec->pool,
			.addrs_len = spec->pool_len,
			.bits = spec->outside_bits,
			.gateway = spec->outside_gateway,
			.forward = 1,
		},
	};

	return box_wire(live, box, wires, 2, ret_ports);
}

/* The first line of nft's complaint, which may go on with the offending rule. */
static void explain_nft(const struct live_nat_spec *spec, const char *text, struct plan_error *ret)
{
	char line[160];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	explain(ret, "%s: nftables refused the rules of %s: %s", spec->name, spec->model->name,
		line);
}

/* In the box.  Maps that the old ruleset had filled go with it. */
static int load(const struct live_nat_spec *spec, struct plan_error *ret_error)
{
	struct script script = { 0 };
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int err = 0;

	script_add(&script, "flush ruleset\n");
	nat_rules(spec, &script);
	if (!nft || script.failed) {
		err = -ENOMEM;
	} else {
		nft_ctx_buffer_output(nft);
		nft_ctx_buffer_error(nft);
		if (nft_run_cmd_from_buffer(nft, script.text)) {
			explain_nft(spec, nft_ctx_get_error_buffer(nft), ret_error);
			err = -EINVAL;
		}
	}
	if (nft)
		nft_ctx_free(nft);
	script_free(&script);
	return err;
}

static int write_sysctl(const char *name, uint64_t value)
{
	char path[96], text[24];
	int len = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
	int err = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/nf_conntrack_%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len)
		err = -errno;
	close(fd);
	return err;
}

static uint64_t in_seconds(uint64_t ns)
{
	return (ns + 999999999) / 1000000000;
}

/* In the box: /proc/sys/net shows the namespace of who opens it.  Where maps hold the timers,
 * conntrack's must not end before them.  Left to itself it drops what no window allows. */
static int set_conntrack(const struct nat_model *model)
{
	const struct nat_transport *udp = &model->udp;
	const struct nat_transport *tcp = &model->tcp;
	const struct {
		const char *name;
		uint64_t ns;
	} timers[] = {
		{ "udp_timeout", udp->timeout_ns },
		{ "udp_timeout_stream",
		  udp->timeout_two_way_ns ? udp->timeout_two_way_ns : udp->timeout_ns },
		{ "tcp_timeout_established",
		  tcp->timeout_two_way_ns ? tcp->timeout_two_way_ns : tcp->timeout_ns },
		{ "icmp_timeout", model->icmp.timeout_ns },
	};

	for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++) {
		int err = timers[i].ns ? write_sysctl(timers[i].name, in_seconds(timers[i].ns)) : 0;

		if (err)
			return err;
	}
	return write_sysctl("tcp_be_liberal", tcp->out_of_window);
}

static int furnish(const struct live_nat_spec *spec, struct plan_error *ret_error)
{
	int err = load(spec, ret_error);

	if (err || nat_ruleset_of(spec->model) == NAT_RULES_ROUTER)
		return err;
	err = set_conntrack(spec->model);
	if (err)
		explain(ret_error,
			"%s: the conntrack of %s cannot be set up in /proc/sys/net/netfilter: %s",
			spec->name, spec->model->name, strerror(-err));
	return err;
}

static int build(struct live *live, struct box *box, const struct live_nat_spec *spec,
		 struct port *ret_ports[2], struct plan_error *ret_error)
{
	int err = wire(live, box, spec, ret_ports);

	if (!err)
		err = netns_enter(box->ns);
	if (err)
		return err;
	err = furnish(spec, ret_error);
	netns_return(live->home);
	return err;
}

int live_nat_new(struct live *live, const struct live_nat_spec *spec, struct live_nat **ret,
		 struct port **ret_lan, struct port **ret_wan, struct plan_error *ret_error)
{
	struct port *ports[2];
	struct live_nat *nat;
	struct box box;
	int err = refuse(spec, ret_error);

	if (err)
		return err;
	nat = calloc(1, sizeof(*nat));
	if (!nat)
		return -ENOMEM;
	err = box_new(live, &box);
	if (!err) {
		err = build(live, &box, spec, ports, ret_error);
		if (err)
			box_abandon(&box);
	}
	if (err) {
		free(nat);
		return err;
	}
	nat->ns = box_done(&box);
	*ret_lan = ports[0];
	*ret_wan = ports[1];
	*ret = nat;
	return 0;
}

int live_nat_reboot(struct live *live, struct live_nat *nat, const struct live_nat_spec *spec,
		    struct plan_error *ret_error)
{
	int err = netns_enter(nat->ns);

	if (err)
		return err;
	err = load(spec, ret_error);
	if (!err)
		err = conntrack_flush();
	netns_return(live->home);
	return err;
}

int live_nat_namespace(const struct live_nat *nat)
{
	return nat->ns;
}

void live_nat_free(struct live_nat *nat)
{
	if (!nat)
		return;
	close(nat->ns);
	free(nat);
}
