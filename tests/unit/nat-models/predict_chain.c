/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "predict_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/catalog.h"

static void chain_add(struct chain *chain, const char *name)
{
	struct model_error error;

	assert_true(chain->len < NATS_MAX);
	if (nat_model_find(name, &chain->models[chain->len], &error) != 0)
		fail_msg("%s", error.text);
	chain->nats[chain->len].model = &chain->models[chain->len];
	chain->len++;
}

void chain_build(struct chain *chain, const char *names)
{
	char copy[256];
	char *rest = copy;

	memset(chain, 0, sizeof(*chain));
	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " ")) {
		if (*name)
			chain_add(chain, name);
	}
}

struct predict_side chain_of(struct chain *chain, const char *const *names, size_t most)
{
	memset(chain, 0, sizeof(*chain));
	for (size_t i = 0; i < most && names[i]; i++)
		chain_add(chain, names[i]);
	return side(chain);
}

struct predict_side side(const struct chain *chain)
{
	return (struct predict_side){ chain->nats, chain->len };
}

void ask(const char *caller, const char *callee, const char *shared, bool host_addresses,
	 struct predict_answer *ret)
{
	struct chain a, b, s;
	struct predict_question question;

	chain_build(&a, caller);
	chain_build(&b, callee);
	chain_build(&s, shared);
	question = (struct predict_question){
		.caller = side(&a),
		.callee = side(&b),
		.shared = side(&s),
		.tries_host_addresses = host_addresses,
	};
	predict(&question, ret);
}

static char letter(enum prediction p)
{
	return p == PREDICT_MUST ? 'Y' : p == PREDICT_MUST_NOT ? 'n' : '?';
}

const char *letters(const struct predict_answer *answer, char buf[METHOD_COUNT + 1])
{
	static const enum method order[] = { METHOD_DIRECT, METHOD_REVERSAL, METHOD_PUNCH,
					     METHOD_RELAY };

	for (int i = 0; i < 4; i++)
		buf[i] = letter(answer->udp[order[i]]);
	buf[4] = '\0';
	return buf;
}

void ask_changed(const struct chain *callee, struct predict_answer *ret)
{
	struct chain caller;
	struct predict_question question = { .callee = side(callee) };

	chain_build(&caller, "port-restricted-cone");
	question.caller = side(&caller);
	predict(&question, ret);
}
