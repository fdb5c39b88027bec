/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model files: what they set, and the one line that a bad one gets.
 */
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"
#include "nat-models/duration.h"
#include "nat-models/knobs.h"

/* Deeper than Lua goes, which then names no line. */
#define DEEP "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{"

static const struct row {
	const char *name;
	const char *text;
	const char *want; /* the whole line */
} rows[] = {
	{ "a wrong word",
	  "return {\n title = \"x\",\n udp = {\n  filtering = \"adress-dependent\" } }",
	  "my.lua:4: udp.filtering: expected one of endpoint-independent, address-dependent, "
	  "address-and-port-dependent; got \"adress-dependent\"; did you mean "
	  "\"address-dependent\"?" },
	{ "a word like none", "return { hairpin = \"perhaps\" }",
	  "my.lua:1: hairpin: expected one of none, internal-source, external-source; got "
	  "\"perhaps\"" },
	{ "no word at all", "return {\n hairpin = {} }",
	  "my.lua:2: hairpin: expected one of none, internal-source, external-source; got a table" },
	{ "an unknown key", "return {\n\n harpin = \"none\" }",
	  "my.lua:3: harpin: unknown key; did you mean \"hairpin\"?" },
	{ "an unknown nested key", "return { udp = {\n  time_out = \"1s\" } }",
	  "my.lua:2: udp.time_out: unknown key; did you mean \"timeout\"?" },
	{ "an unknown key like none", "return { icmp = { xyzzy = 1 } }",
	  "my.lua:1: icmp.xyzzy: unknown key; expected one of blocked, mapping, filtering, "
	  "identifiers, timeout, errors, verify, quoted_options, quoted_checksum, error_types, "
	  "quote, on_error, hairpin, "
	  "hairpinned_errors, any_source, code_kept, sender_hidden, strays, time_exceeded, "
	  "ping_answered" },
	{ "the first of two by the alphabet", "return { zz = 1,\n yy = 1 }",
	  "my.lua:2: yy: unknown key; expected one of title, source, kind, family, rfc3489, "
	  "hairpin, pooling, pool, limit, limit_host, rate_host, evict, refusal, too_big, overlap, exempt, "
	  "shared_mappings, shared_filters, ip_id, simple_security, checksum_neutral, others, ipsec, alg, fragments, "
	  "fragments_held, fragment_time, fragments_yield, kernel, base, udp, "
	  "tcp, icmp" },
	{ "IPv6 kinds for IPv4", "return { kind = \"nat64\", family = \"ipv4\" }",
	  "my.lua:1: family: kind \"nat64\" is for IPv6: expected \"ipv6\"" },
	{ "shut ports without state",
	  "local open = \"endpoint-independent\"\n"
	  "return { kind = \"nptv6\", udp = { filtering = open, outbound_ports = { 53 } },\n"
	  "  tcp = { filtering = open }, icmp = { filtering = open } }",
	  "my.lua:2: udp.outbound_ports: kind \"nptv6\" forwards everything; a \"firewall\" need not" },
	{ "a filter without state", "return { kind = \"nptv6\" }",
	  "my.lua: udp.filtering: kind \"nptv6\" keeps no state: expected \"endpoint-independent\"" },
	{ "a key that is no name", "return { \"none\" }", "my.lua: expected names as keys; got 1" },
	{ "a prefix without bits", "return { exempt = \"11.1.0.0\" }",
	  "my.lua:1: exempt: expected a prefix, such as \"11.1.0.0/16\"; got \"11.1.0.0\"" },
	{ "a prefix of all there is", "return { exempt = \"0.0.0.0/0\" }",
	  "my.lua:1: exempt: expected a prefix, such as \"11.1.0.0/16\"; got \"0.0.0.0/0\"" },
	{ "a prefix of IPv6 for IPv4", "return { exempt = \"2001:db8::/32\" }",
	  "my.lua:1: exempt: the model's family is \"ipv4\", and 2001:db8::/32 is of the other" },
	{ "a second prefix of the other family",
	  "return { family = \"ipv6\", exempt = { \"2001:db8::/32\", \"11.1.0.0/16\" } }",
	  "my.lua:1: exempt: the model's family is \"ipv6\", and 11.1.0.0/16 is of the other" },
	{ "a prefix where all are treated alike",
	  "return { kind = \"router\", exempt = \"11.1.0.0/16\" }",
	  "my.lua:1: exempt: kind \"router\" does the same to all: 11.1.0.0/16 means nothing" },
	{ "a list with what is none", "return { exempt = { \"11.1.0.0/16\", \"\" } }",
	  "my.lua:1: exempt: expected a prefix, such as \"11.1.0.0/16\"; got \"\"" },
	{ "too many prefixes", "local p = \"11.1.0.0/16\"\nreturn { exempt = { p, p, p, p, p } }",
	  "my.lua:2: exempt: expected a list of at most 4 prefixes; got 5" },
	{ "a prefix that is a number", "return { exempt = 11 }",
	  "my.lua:1: exempt: expected a prefix, such as \"11.1.0.0/16\"; got 11" },
	{ "a time without a unit", "return { udp = { timeout = 180 } }",
	  "my.lua:1: udp.timeout: expected a time with its unit, such as \"180s\"; got 180" },
	{ "a time of nothing", "return { udp = { timeout = \"0s\" } }",
	  "my.lua:1: udp.timeout: expected a time from 1ns to 8760h; got \"0s\"" },
	{ "a time too long", "return { udp = { timeout = \"366d\" } }",
	  "my.lua:1: udp.timeout: expected a time from 1ns to 8760h; got \"366d\"" },
	{ "a number out of range", "return { pool = 256 }",
	  "my.lua:1: pool: expected a whole number from 1 to 255; got 256" },
	{ "a number below it", "return { udp = { port_min = 0 } }",
	  "my.lua:1: udp.port_min: expected a whole number from 1 to 65535; got 0" },
	{ "a broken number", "return { pool = 1.5 }",
	  "my.lua:1: pool: expected a whole number from 1 to 255; got 1.5" },
	{ "a number as text", "return { pool = \"2\" }",
	  "my.lua:1: pool: expected a whole number from 1 to 255; got \"2\"" },
	{ "neither true nor false", "return { udp = { blocked = 1 } }",
	  "my.lua:1: udp.blocked: expected true or false; got 1" },
	{ "a table that is none", "return { udp = \"blocked\" }",
	  "my.lua:1: udp: expected a table; got \"blocked\"" },
	{ "a text of two lines", "return { title = \"a\\nb\" }",
	  "my.lua:1: title: expected one line of at most 95 bytes; got 3 bytes" },
	{ "an unknown base", "return {\n base = \"ful-cone\" }",
	  "my.lua:2: base: unknown model \"ful-cone\"; did you mean \"full-cone\"?" },
	{ "a base that is none", "return { base = 3 }",
	  "my.lua:1: base: expected the name of a model; got 3" },
	{ "an unknown ruleset", "return { kernel = \"full-cones\" }",
	  "my.lua:1: kernel: expected one of \"\", router, masquerade, masquerade-input-accept, "
	  "masquerade-random, full-cone, restricted-cone, port-restricted-cone, symmetric, "
	  "udp-blocked, firewall, one-to-one; got \"full-cones\"; did you mean \"full-cone\"?" },

	{ "a gateway that there is not", "return { alg = { \"sip\", \"sipp\" } }",
	  "my.lua:1: alg: expected one of address-rewriter, sip, ftp; got \"sipp\"; did you mean "
	  "\"sip\"?" },
	{ "a port that there is not", "return { tcp = { outbound_ports = { 80, 65536 } } }",
	  "my.lua:1: tcp.outbound_ports: expected a whole number from 1 to 65535; got 65536" },
	{ "too many ports", "return { udp = { outbound_ports = { 1, 2, 3, 4, 5 } } }",
	  "my.lua:1: udp.outbound_ports: expected a list of at most 4 ports; got more" },
	{ "no list of ports", "return { udp = { outbound_ports = 80 } }",
	  "my.lua:1: udp.outbound_ports: expected a list of at most 4 ports; got 80" },
	{ "no list", "return { alg = \"sip\" }",
	  "my.lua:1: alg: expected a list of words; got \"sip\"" },

	{ "range upside down", "return { tcp = {\n port_min = 5000,\n port_max = 4999 } }",
	  "my.lua:2: tcp.port_min: 5000 is above port_max, 4999" },
	{ "range above the default's end", "return { udp = { port_max = 1023 } }",
	  "my.lua:1: udp.port_min: 1024 is above port_max, 1023" },
	{ "no step", "return { udp = { ports = \"sequential\", step = 0 } }",
	  "my.lua:1: udp.step: sequential ports need a step that is not 0" },
	{ "a step over everything",
	  "return { udp = { ports = \"sequential\", port_min = 2000, port_max = 2009, step = -10 } }",
	  "my.lua:1: udp.step: -10 steps over the whole range of 10 ports" },
	{ "a block too large",
	  "return { udp = { ports = \"block\", port_min = 2000, port_max = 2009, block_size = 11 } }",
	  "my.lua:1: udp.block_size: a block of 11 does not fit into the range of 10 ports" },
	{ "parity of one port", "return { udp = { parity = true, port_min = 9, port_max = 9 } }",
	  "my.lua:1: udp.parity: a range of one port, 9, has no odd and even ones" },
	{ "random neighbours", "return { udp = { contiguity = true, ports = \"random\" } }",
	  "my.lua:1: udp.contiguity: random ports are no neighbours" },
	{ "two ways after no time", "return { udp = { two_way_after = \"2s\" } }",
	  "my.lua:1: udp.two_way_after: means nothing without timeout_two_way" },
	{ "ICMP by port", "return { icmp = { mapping = \"address-and-port-dependent\" } }",
	  "my.lua:1: icmp.mapping: ICMP has no ports: \"address-and-port-dependent\" means nothing" },
	{ "ICMP in blocks", "return { icmp = { identifiers = \"block\" } }",
	  "my.lua:1: icmp.identifiers: ICMP has no ports: \"block\" means nothing" },
	{ "a firewall that maps",
	  "return { kind = \"firewall\", udp = { mapping = \"address-dependent\" } }",
	  "my.lua:1: udp.mapping: kind \"firewall\" leaves ports alone: expected "
	  "\"endpoint-independent\"" },
	{ "a port without translation where there is none",
	  "return { kind = \"router\", tcp = { exempt_ports = { 80 } } }",
	  "my.lua:1: tcp.exempt_ports: kind \"router\" does the same to all ports" },
	{ "a firewall that exempts", "return { kind = \"firewall\", exempt = \"11.1.0.0/16\" }",
	  "my.lua:1: exempt: kind \"firewall\" does the same to all: 11.1.0.0/16 means nothing" },
	{ "shared filters of a firewall", "return { kind = \"firewall\", shared_filters = true }",
	  "my.lua:1: shared_filters: kind \"firewall\" gives no ports whose filters could be "
	  "shared" },
	{ "shared filters where ports stay",
	  "return { kind = \"one-to-one\", shared_filters = true }",
	  "my.lua:1: shared_filters: kind \"one-to-one\" gives no ports whose filters could be "
	  "shared" },
	{ "a host's share above the whole", "return { limit = 10, limit_host = 11 }",
	  "my.lua:1: limit_host: 11 is above limit, 10" },
	{ "the wrong old name", "return { rfc3489 = \"symmetric\" }",
	  "my.lua:1: rfc3489: \"symmetric\" contradicts the rest of the model, which makes it "
	  "\"port-restricted-cone\"" },

	{ "no Lua", "return {\n title = }", "my.lua:2: unexpected symbol near '}'" },
	{ "unfinished", "return {\n a = 1",
	  "my.lua:2: '}' expected (to close '{' at line 1) near <eof>" },
	{ "nested too deep", "return " DEEP DEEP DEEP DEEP, "my.lua: C stack overflow" },
	{ "not a table", "return 3", "my.lua: expected the file to return a table; got number" },
	{ "nothing", "", "my.lua: expected the file to return a table; got nil" },
	{ "a loop without end", "\nwhile true do end",
	  "my.lua:2: stopped after 1000000 instructions: a loop without end?" },
	{ "a greedy one", "local s = \"x\" while true do s = s .. s end",
	  "my.lua: stopped at 8 MiB of memory, or 64 MiB in all" },
	{ "a slow one", "local s = \"x\" while true do s = s .. #s end",
	  "my.lua: stopped at 8 MiB of memory, or 64 MiB in all" },
	{ "no libraries", "return { title = os.getenv(\"HOME\") }",
	  "my.lua:1: attempt to index a nil value (global 'os')" },
	{ "no printing", "print(1)", "my.lua:1: attempt to call a nil value (global 'print')" },
	{ "no bytecode", "\033Lua", "my.lua: expected a Lua text; got a compiled one" },
};

static void a_bad_file(void **state)
{
	const struct row *row = *state;
	struct nat_model model, untouched;
	struct model_error error = { "" };

	memset(&model, 0x5a, sizeof(model));
	untouched = model;
	assert_int_equal(nat_model_load("my.lua", row->text, strlen(row->text), &model, &error),
			 -EINVAL);
	assert_string_equal(error.text, row->want);
	assert_memory_equal(&model, &untouched, sizeof(model));
}

static void load(const char *text, struct nat_model *ret)
{
	struct model_error error;

	if (nat_model_load("dir/my.model.lua", text, strlen(text), ret, &error) != 0)
		fail_msg("%s", error.text);
}

static void an_empty_table_is_the_defaults(void **state)
{
	struct nat_model model, defaults;

	(void)state;
	load("return {}", &model);
	assert_string_equal(model.name, "my.model");
	nat_model_defaults(&defaults);
	memcpy(defaults.name, model.name, sizeof(defaults.name));
	assert_memory_equal(&model, &defaults, sizeof(model));
}

static void every_kind_of_value(void **state)
{
	struct nat_model model;

	(void)state;
	load("local half = 32768\n"
	     "return { title = \"T\", source = \"S\", kind = \"napt\", hairpin = \"internal-source\",\n"
	     "  pooling = \"arbitrary\", pool = 3, limit = 4294967295, limit_host = 7,\n"
	     "  evict = \"oldest\", kernel = \"masquerade\", rfc3489 = \"none\",\n"
	     "  udp = { mapping = \"address-dependent\", filtering = \"endpoint-independent\",\n"
	     "    ports = \"sequential\", step = -2, parity = true, contiguity = true,\n"
	     "    keep_well_known = false, port_min = half, port_max = 65535.0, block_size = 9,\n"
	     "    collision = \"steal\", refresh = \"none\", unsolicited = \"icmp\",\n"
	     "    timeout = \"1.5s\", timeout_two_way = \"2m\", two_way_after = \"2s\" },\n"
	     "  tcp = { blocked = true, transitory = \"1s\", established = \"2h4m\" },\n"
	     "  icmp = { blocked = true, mapping = \"address-dependent\", errors = false,\n"
	     "    filtering = \"endpoint-independent\", identifiers = \"random\", timeout = \"9s\",\n"
	     "    ping_answered = false } }",
	     &model);
	assert_string_equal(model.title, "T");
	assert_string_equal(model.source, "S");
	assert_string_equal(model.kernel, "masquerade");
	assert_int_equal(model.hairpin, NAT_HAIRPIN_INTERNAL);
	assert_int_equal(model.pooling, NAT_POOLING_ARBITRARY);
	assert_int_equal(model.pool_size, 3);
	assert_int_equal(model.max_mappings, UINT32_MAX);
	assert_int_equal(model.max_mappings_host, 7);
	assert_int_equal(model.eviction, NAT_EVICT_OLDEST);
	assert_int_equal(model.udp.mapping, NAT_AD);
	assert_int_equal(model.udp.filtering, NAT_EI);
	assert_int_equal(model.udp.ports, NAT_PORTS_SEQUENTIAL);
	assert_int_equal(model.udp.step, -2);
	assert_true(model.udp.parity && model.udp.contiguity && !model.udp.keep_well_known);
	assert_int_equal(model.udp.port_min, 32768);
	assert_int_equal(model.udp.port_max, 65535);
	assert_int_equal(model.udp.block_size, 9);
	assert_int_equal(model.udp.collision, NAT_COLLISION_STEAL);
	assert_int_equal(model.udp.refresh, NAT_REFRESH_NONE);
	assert_int_equal(model.udp.unsolicited, NAT_UNSOLICITED_ICMP);
	assert_int_equal(model.udp.timeout_ns, 1500 * NS_PER_MS);
	assert_int_equal(model.udp.timeout_two_way_ns, 120 * NS_PER_S);
	assert_int_equal(model.udp.two_way_after_ns, 2 * NS_PER_S);
	assert_true(model.tcp.blocked);
	assert_int_equal(model.tcp.timeout_ns, NS_PER_S);
	assert_int_equal(model.tcp.timeout_two_way_ns, 7440 * NS_PER_S);
	assert_true(model.icmp.blocked && !model.icmp.errors && !model.icmp.ping_answered);
	assert_int_equal(model.icmp.mapping, NAT_AD);
	assert_int_equal(model.icmp.filtering, NAT_EI);
	assert_int_equal(model.icmp.identifiers, NAT_PORTS_RANDOM);
	assert_int_equal(model.icmp.timeout_ns, 9 * NS_PER_S);
}

static void a_base_and_its_ruleset(void **state)
{
	struct nat_model model;

	(void)state;
	/* Another timer: the kernel still does it. */
	load("return { base = \"full-cone\", udp = { timeout = \"20s\" } }", &model);
	assert_int_equal(model.udp.timeout_ns, 20 * NS_PER_S);
	assert_int_equal(model.udp.filtering, NAT_EI);
	assert_int_equal(model.rfc3489, NAT_3489_FULL_CONE);
	assert_string_equal(model.kernel, "full-cone");
	/* Another filter: it is neither that ruleset's nor a full cone any more. */
	load("return { base = \"full-cone\", udp = { filtering = \"address-dependent\" } }",
	     &model);
	assert_string_equal(model.kernel, "");
	assert_int_equal(model.rfc3489, NAT_3489_RESTRICTED);
	/* Unless it says so itself. */
	load("return { base = \"full-cone\", hairpin = \"none\", kernel = \"full-cone\" }", &model);
	assert_string_equal(model.kernel, "full-cone");
}

/* A scenario's `nat = …`: what the Lua expression @text gives. */
static int inline_model(const char *text, struct nat_model *ret, struct model_error *error)
{
	lua_State *lua = luaL_newstate();
	char chunk[256];
	int r;

	snprintf(chunk, sizeof(chunk), "return %s", text);
	assert_non_null(lua);
	assert_int_equal(luaL_dostring(lua, chunk), LUA_OK);
	r = nat_model_from_lua(lua, -1, "s.lua:12", ret, error);
	assert_int_equal(lua_gettop(lua), 1);
	lua_close(lua);
	return r;
}

static void exemptions(void **state)
{
	static const struct {
		const char *text, *formatted;
		size_t len;
	} lists[] = {
		{ "{}", "none", 0 },
		{ "{ exempt = \"\" }", "none", 0 },
		{ "{ exempt = {} }", "none", 0 },
		{ "{ exempt = \"11.1.0.0/16\" }", "11.1.0.0/16", 1 },
		{ "{ exempt = { \"11.1.0.0/16\", \"11.2.0.0/24\" } }", "11.1.0.0/16, 11.2.0.0/24",
		  2 },
		{ "{ family = \"both\", exempt = { \"11.1.0.0/16\", \"2001:db8::/32\" } }",
		  "11.1.0.0/16, 2001:db8::/32", 2 },
	};
	struct nat_model model, defaults;
	struct model_error error;
	char text[KNOB_TEXT_MAX];

	(void)state;
	nat_model_defaults(&defaults);
	defaults.family = NAT_FAMILY_IPV4;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct knob *knob = knob_sections[0].knobs;

		while (strcmp(knob->key, "exempt") != 0)
			knob++;
		assert_int_equal(inline_model(lists[i].text, &model, &error), 0);
		assert_int_equal(nat_model_exempt_len(&model), lists[i].len);
		assert_string_equal(
			knob_format(&model, &knob_sections[0], knob, text, sizeof(text)),
			lists[i].formatted);
		assert_int_equal(knobs_same_behaviour(&model, &defaults), lists[i].len == 0);
	}
}

static void inside_a_scenario(void **state)
{
	struct nat_model model;
	struct model_error error;

	(void)state;
	assert_int_equal(inline_model("\"symmetric\"", &model, &error), 0);
	assert_string_equal(model.name, "symmetric");
	assert_int_equal(inline_model("{ base = \"full-cone\", udp = { timeout = \"20s\" } }",
				      &model, &error),
			 0);
	assert_string_equal(model.name, "full-cone*");
	assert_int_equal(model.udp.timeout_ns, 20 * NS_PER_S);
	assert_int_equal(inline_model("{ base = \"full-cone\" }", &model, &error), 0);
	assert_string_equal(model.name, "full-cone");
	assert_int_equal(inline_model("{}", &model, &error), 0);
	assert_string_equal(model.name, "custom");
}

static void inside_a_scenario_wrongly(void **state)
{
	struct nat_model model;
	struct model_error error;

	(void)state;
	assert_int_equal(inline_model("\"symetric\"", &model, &error), -ENOENT);
	assert_string_equal(error.text,
			    "s.lua:12: unknown model \"symetric\"; did you mean \"symmetric\"?");
	assert_int_equal(inline_model("{ udp = { timeout = 3 } }", &model, &error), -EINVAL);
	assert_string_equal(error.text, "s.lua:12: udp.timeout: expected a time with its unit, "
					"such as \"180s\"; got 3");
	assert_int_equal(inline_model("3", &model, &error), -EINVAL);
	assert_string_equal(error.text, "s.lua:12: expected a model's name or table; got a number");
}

/* Nothing that a table of a scenario may carry is run. */
static void metamethods_are_not_called(void **state)
{
	lua_State *lua = luaL_newstate();
	struct nat_model model;
	struct model_error error;

	(void)state;
	luaL_openlibs(lua);
	assert_int_equal(luaL_dostring(lua, "called = 0\n"
					    "return setmetatable({}, { __index = function ()\n"
					    "  called = called + 1 return \"none\" end })"),
			 LUA_OK);
	assert_int_equal(nat_model_from_lua(lua, -1, "s.lua:1", &model, &error), 0);
	lua_getglobal(lua, "called");
	assert_int_equal(lua_tointeger(lua, -1), 0);
	lua_close(lua);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest row_tests[ROWS];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_is_the_defaults),
		cmocka_unit_test(every_kind_of_value),
		cmocka_unit_test(a_base_and_its_ruleset),
		cmocka_unit_test(exemptions),
		cmocka_unit_test(inside_a_scenario),
		cmocka_unit_test(inside_a_scenario_wrongly),
		cmocka_unit_test(metamethods_are_not_called),
	};
	int failed = cmocka_run_group_tests_name("load", tests, NULL, NULL);

	for (size_t i = 0; i < ROWS; i++)
		row_tests[i] = (struct CMUnitTest){ rows[i].name, a_bad_file, NULL, NULL,
						    (void *)&rows[i] };
	return failed + cmocka_run_group_tests_name("load rows", row_tests, NULL, NULL);
}
