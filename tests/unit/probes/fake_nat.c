/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"

static struct endpoint scoped(struct endpoint e, enum nat_scope scope)
{
	if (scope == NAT_EI)
		return (struct endpoint){ 0 };
	if (scope == NAT_AD)
		e.port = 0;
	return e;
}

struct endpoint fake_nat_out(struct fake_nat *nat, struct endpoint from, struct endpoint to)
{
	struct endpoint remote = scoped(to, nat->mapping);
	struct fake_mapping *m = NULL;

	for (unsigned i = 0; i < nat->mappings_len; i++)
		if (endpoint_equal(nat->mappings[i].inside, from) &&
		    endpoint_equal(nat->mappings[i].remote, remote))
			m = &nat->mappings[i];
	if (!m) {
		assert_true(nat->mappings_len < FAKE_MAPPINGS);
		m = &nat->mappings[nat->mappings_len];
		*m = (struct fake_mapping){ .inside = from, .remote = remote };
		m->outside.addr = nat->outside;
		m->outside.port = (uint16_t)(20000 + nat->mappings_len++);
	}
	if (m->permitted_len < FAKE_PERMISSIONS)
		m->permitted[m->permitted_len++] = scoped(to, nat->filtering);
	return m->outside;
}

bool fake_nat_in(struct fake_nat *nat, struct endpoint from, struct endpoint *to)
{
	struct endpoint who = scoped(from, nat->filtering);

	for (unsigned i = 0; i < nat->mappings_len; i++) {
		const struct fake_mapping *m = &nat->mappings[i];

		for (unsigned k = 0; endpoint_equal(m->outside, *to) && k < m->permitted_len; k++) {
			if (endpoint_equal(m->permitted[k], who)) {
				*to = m->inside;
				return true;
			}
		}
	}
	return false;
}
