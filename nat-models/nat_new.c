/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a NAT out of its model and configuration, and what of it lives as long. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "foresight.h"
#include "ftp_alg.h"
#include "nat64_address.h"
#include "nat_ip6.h"
#include "nat_state.h"
#include "static_forward.h"

enum {
	POOL_MAX = 4096,
	/* Where neither the model nor the number of ports sets a limit. */
	MAPPINGS_UNLIMITED = 1 << 21,
};

static bool transport_is_sane(const struct nat_transport *is)
{
	uint32_t range = is->port_max - is->port_min + 1U;

	if (is->blocked)
		return true;
	if (is->timeout_ns == 0 || is->port_max == 0 || is->port_min > is->port_max)
		return false;
	if (is->ports == NAT_PORTS_SEQUENTIAL && is->step == 0)
		return false;
	return (is->ports != NAT_PORTS_BLOCK && is->ports != NAT_PORTS_DETERMINISTIC) ||
	       (is->block_size && is->block_size <= range);
}

static bool model_is_sane(const struct nat_model *model)
{
	if (model->kind == NAT_KIND_ROUTER)
		return true;
	return transport_is_sane(&model->udp) && transport_is_sane(&model->tcp) &&
	       (model->icmp.blocked || model->icmp.timeout_ns);
}

static bool translates(const struct nat_model *model)
{
	return nat_kind_gives_ports(model->kind) || model->kind == NAT_KIND_ONE_TO_ONE;
}

static bool nat64_config_is_sane(const struct nat_config *config)
{
	for (size_t i = 0; i < config->pool_len; i++)
		if (!ip_addr_is_v4(config->pool[i]))
			return false;
	return config->nat64_prefix.bits == 0 || nat64_prefix_is_sane(config->nat64_prefix);
}

static int check(const struct nat_model *model, const struct nat_config *config)
{
	if (!model_is_sane(model) || config->pool_len > POOL_MAX)
		return -EINVAL;
	if (translates(model) && (config->pool_len < 1 || config->pool_len < model->pool_size))
		return -EINVAL;
	for (size_t i = 0; i < config->pool_len; i++) {
		if (ip_addr_is_unset(config->pool[i]) || ip_addr_is_multicast(config->pool[i]))
			return -EINVAL;
		for (size_t j = 0; j < i; j++)
			if (ip_addr_equal(config->pool[i], config->pool[j]))
				return -EINVAL;
	}
	if (model->kind == NAT_KIND_NPTV6 && !nptv6_config_is_sane(config))
		return -EINVAL;
	if (model->kind == NAT_KIND_NAT64 && !nat64_config_is_sane(config))
		return -EINVAL;
	return static_forwards_check(config->forwards, config->forwards_len);
}

/* ICMP in the words of the others.  Identifiers have no range, no parity and no owner's range;
 * what Linux does about colliding ports it does about identifiers too. */
static struct nat_transport icmp_transport(const struct nat_model *model)
{
	const struct nat_icmp *icmp = &model->icmp;

	return (struct nat_transport){
		.blocked = icmp->blocked,
		.mapping = icmp->mapping,
		.filtering = icmp->filtering,
		.ports = icmp->identifiers,
		.step = model->udp.step ? model->udp.step : 1,
		.port_min = 0,
		.port_max = UINT16_MAX,
		.block_size = model->udp.block_size ? model->udp.block_size : 1,
		.collision = model->udp.collision,
		.refresh = NAT_REFRESH_BOTH,
		.timeout_ns = icmp->timeout_ns,
		.unsolicited = NAT_UNSOLICITED_DROP,
		.hairpin = icmp->hairpin,
	};
}

static void set_rules(struct rules *rules, const struct nat_model *model,
		      const struct nat_transport *is)
{
	bool napt = nat_kind_gives_ports(model->kind);

	rules->is = *is;
	rules->scope = napt ? is->mapping : NAT_EI;
	/* A firewall lets anyone in to an endpoint that has spoken, and nobody to one that has not. */
	rules->stateless = !napt && model->kind != NAT_KIND_FIREWALL && is->filtering == NAT_EI;
	rules->overload = napt && is->collision == NAT_COLLISION_OVERLOAD;
	/* Where mappings may turn narrower than the model's, so may what they say of permissions. */
	rules->sessions =
		rules->overload || (is->filtering != NAT_EI && is->filtering != rules->scope) ||
		(napt && is->collision == NAT_COLLISION_DEPENDENT && is->filtering == NAT_AD);
	rules->grain = rules->overload ? NAT_APD : is->filtering;
	/* With shared filters the other protocol's mapping has a say, which may end first. */
	rules->repeats = !is->permission_ns && !model->algs && !model->ip_id &&
			 !model->shared_filters;
}

/* Do inside hosts own blocks of ports? */
static bool gives_blocks(const struct nat *nat)
{
	for (int i = 0; i < NAT_PROTOCOLS; i++)
		if (nat_translates_ports(nat) && nat->rules[i].is.ports == NAT_PORTS_BLOCK)
			return true;
	return false;
}

static void set_all_rules(struct nat *nat)
{
	const struct nat_model *model = &nat->model;
	struct nat_transport icmp = icmp_transport(model);

	set_rules(&nat->rules[NAT_UDP], model, &model->udp);
	set_rules(&nat->rules[NAT_TCP], model, &model->tcp);
	set_rules(&nat->rules[NAT_ICMP], model, &icmp);
	nat->counts_hosts = model->max_mappings_host || model->rate_host || gives_blocks(nat);
	nat->keeps_order_of_use = model->eviction == NAT_EVICT_OLDEST &&
				  (model->max_mappings || model->max_mappings_host);
	nat->mappings_max = model->max_mappings && model->max_mappings < MAPPINGS_MAX / 2
				    ? model->max_mappings
				    : MAPPINGS_UNLIMITED;
}

static uint32_t pool_slot(const struct nat *nat, struct ip_addr addr)
{
	uint64_t hash = hash_mix(hash_mix(nat->hash_seed, addr.lo), addr.hi);

	return (uint32_t)(hash >> 16) & nat->pool_mask;
}

/* An open-addressing table, at most half full, of positions in the pool. */
static uint32_t pool_index_len(size_t pool_len)
{
	uint32_t len = 2;

	while (len < 2 * pool_len)
		len *= 2;
	return len;
}

void nat_index_pool(struct nat *nat)
{
	memset(nat->pool_index, 0, (nat->pool_mask + 1) * sizeof(*nat->pool_index));
	for (uint32_t i = 0; i < nat->pool_len; i++) {
		uint32_t slot = pool_slot(nat, nat->pool[i]);

		while (nat->pool_index[slot])
			slot = (slot + 1) & nat->pool_mask;
		nat->pool_index[slot] = (uint16_t)(i + 1);
	}
}

int nat_pool_find_many(const struct nat *nat, struct ip_addr addr)
{
	uint32_t slot;

	for (slot = pool_slot(nat, addr); nat->pool_index[slot]; slot = (slot + 1) & nat->pool_mask)
		if (ip_addr_equal(nat->pool[nat->pool_index[slot] - 1], addr))
			return nat->pool_index[slot] - 1;
	return -1;
}

/*
 * What the configuration tells the size of lies behind the struct nat, in the same block: where NATs
 * live for a few packets only, an allocation for each array would be most of their cost.
 */

static size_t room_for(size_t len, size_t size)
{
	const size_t grain = _Alignof(max_align_t);

	return (len * size + grain - 1) / grain * grain;
}

static size_t size_of(const struct nat_model *model, const struct nat_config *config)
{
	const size_t exempt_len = config->exempt_len + nat_model_exempt_len(model);

	return room_for(1, sizeof(struct nat)) +
	       room_for(config->pool_len, sizeof(struct ip_addr)) +
	       room_for(config->pool_len + 1, sizeof(struct ip_addr)) +
	       room_for(pool_index_len(config->pool_len), sizeof(uint16_t)) +
	       room_for(config->forwards_len, sizeof(*config->forwards)) +
	       room_for(exempt_len, sizeof(*config->exempt)) +
	       room_for(NAT_PROTOCOLS * config->pool_len, sizeof(uint32_t));
}

/* Room for @len things of @size bytes at *@at, which moves behind it; copies of @from, unless that
 * is NULL. */
static void *lay(char **at, const void *from, size_t len, size_t size)
{
	void *array = *at;

	*at += room_for(len, size);
	if (from && len)
		memcpy(array, from, len * size);
	return array;
}

/* The model's own stand behind the configuration's. */
static void copy_exempt(struct nat *nat, const struct nat_config *config, char **at)
{
	const size_t own = nat_model_exempt_len(&nat->model);

	nat->exempt = lay(at, NULL, config->exempt_len + own, sizeof(*nat->exempt));
	for (size_t i = 0; i < config->exempt_len; i++)
		nat->exempt[i] = config->exempt[i];
	for (size_t i = 0; i < own; i++)
		nat->exempt[config->exempt_len + i] = nat->model.exempt[i];
	nat->exempt_len = config->exempt_len + own;
	/* From a firewall's filter nobody is exempt, and it translates nothing. */
	nat->exempts = nat->model.kind != NAT_KIND_FIREWALL &&
		       (nat->exempt_len || nat_model_exempts(&nat->model));
}

/* RFC 919, section 7; where there is none, what is for everybody anyway. */
static struct ip_addr broadcast_of(struct ip_prefix inside)
{
	if (!ip_addr_is_v4(inside.addr) || inside.bits < 96 || inside.bits >= 127)
		return (struct ip_addr){ UINT64_MAX, UINT64_MAX };
	return (struct ip_addr){ 0, inside.addr.lo | UINT64_MAX >> (inside.bits - 64) };
}

static void copy_config(struct nat *nat, const struct nat_config *config)
{
	const uint32_t index_len = pool_index_len(config->pool_len);
	char *at = (char *)nat + room_for(1, sizeof(*nat));
	uint32_t *last;

	nat->inside = config->inside;
	nat->inside_addr = config->inside_addr;
	nat->inside_broadcast = broadcast_of(config->inside);
	nat->pool_len = (uint32_t)config->pool_len;
	nat->pool = lay(&at, config->pool, config->pool_len, sizeof(*nat->pool));
	nat->bound = lay(&at, NULL, config->pool_len + 1, sizeof(*nat->bound));
	nat->pool_index = lay(&at, NULL, index_len, sizeof(*nat->pool_index));
	nat->pool_mask = index_len - 1;
	nat->forwards_len = config->forwards_len;
	nat->forwards = lay(&at, config->forwards, config->forwards_len, sizeof(*nat->forwards));
	nat->outside_prefix = config->outside_prefix;
	if (nat->model.kind == NAT_KIND_NPTV6)
		nat->npt_adjustment = nptv6_adjustment(config->inside, config->outside_prefix);
	nat->nat64_prefix = config->nat64_prefix.bits ? config->nat64_prefix : nat64_well_known();
	nat->crosses_families = nat->model.kind == NAT_KIND_NAT64;
	copy_exempt(nat, config, &at);
	last = lay(&at, NULL, NAT_PROTOCOLS * config->pool_len, sizeof(*last));
	for (size_t i = 0; i < NAT_PROTOCOLS; i++)
		nat->ports[i].last = last + i * config->pool_len;
	nat->dmz = config->dmz;
	nat->has_dmz = !ip_addr_is_unset(config->dmz);
	if (nat->has_dmz) /* One-to-one: its address is spoken for from the start. */
		nat->bound[0] = config->dmz;
	nat_index_pool(nat);
}

static int reserve_forwards(struct nat *nat)
{
	int err = 0;

	for (size_t i = 0; i < nat->forwards_len && !err; i++) {
		const struct nat_forward *f = &nat->forwards[i];
		enum nat_protocol protocol = f->protocol == IP_PROTO_UDP ? NAT_UDP : NAT_TCP;

		for (uint32_t port = f->port_first; port <= f->port_last && !err; port++)
			err = port_reserve(&nat->ports[protocol], &nat->memory, 0, (uint16_t)port);
	}
	return err;
}

static int make_tables(struct nat *nat)
{
	bool has_sources = false;
	int err;

	for (int i = 0; i < NAT_PROTOCOLS; i++)
		has_sources = has_sources || source_chain_is_kept(&nat->rules[i]);
	mapping_table_init(&nat->mappings, nat->counts_hosts, has_sources);
	expiry_init(&nat->expiry);
	source_table_init(&nat->sources);
	address_book_init(&nat->addresses, &nat->memory);
	session_table_init(&nat->sessions, &nat->memory);
	inside_host_table_init(&nat->hosts, gives_blocks(nat) || nat->model.rate_host,
			       &nat->memory);
	tcp_table_init(&nat->tcp, &nat->memory);
	permission_clock_init(&nat->permission_clock, &nat->memory);
	if (!nat_translates_ports(nat))
		return 0;
	for (int i = 0; i < NAT_PROTOCOLS; i++) {
		err = port_space_init(&nat->ports[i], nat->pool_len,
				      nat->rules[i].is.ports == NAT_PORTS_BLOCK);
		if (err)
			return err;
	}
	return reserve_forwards(nat);
}

int nat_new(const struct nat_model *model, const struct nat_config *config, struct nat **ret)
{
	struct nat *nat;
	size_t size;
	int err = check(model, config);

	if (err)
		return err;
	size = size_of(model, config);
	nat = nat_memory_take_partly(&config->memory, size, NAT_ZERO);
	if (!nat)
		return -ENOMEM;
	memset(nat + 1, 0, size - sizeof(*nat));
	nat->memory = config->memory;
	nat->size = size;
	nat->model = *model;
	nat->chance.state = config->seed;
	nat->hash_seed = chance_next(&nat->chance);
	set_all_rules(nat);
	copy_config(nat, config);
	err = make_tables(nat);
	if (err) {
		nat_free(nat);
		return err;
	}
	*ret = nat;
	return 0;
}

void nat_free(struct nat *nat)
{
	struct nat_memory memory;

	if (!nat)
		return;
	memory = nat->memory;
	for (int i = 0; i < NAT_PROTOCOLS; i++)
		port_space_clear(&nat->ports[i], &memory);
	fragment_table_clear(&nat->fragments);
	shortcut_table_clear(&nat->shortcuts, &memory);
	ftp_table_free(nat->ftp);
	foresight_free(nat);
	inside_host_table_clear(&nat->hosts);
	held_clear(&nat->held);
	expiry_clear(&nat->expiry, &memory);
	tcp_table_clear(&nat->tcp);
	session_table_clear(&nat->sessions);
	source_table_clear(&nat->sources, &memory);
	mapping_table_clear(&nat->mappings, &memory);
	address_book_clear(&nat->addresses);
	permission_clock_clear(&nat->permission_clock);
	transport_records_clear(&nat->transports);
	nat_memory_give(&memory, nat, nat->size);
}
