/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STUN: whatever is read, its getters stay inside it; and what was read, written again
 * attribute by attribute, reads the same.
 */
#include <stdlib.h>
#include <string.h>

#include "probes/wire/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void read_all(const struct stun_message *msg)
{
	struct stun_value v = { 0 };
	struct endpoint e;
	uint16_t unknown[4];
	uint32_t word;
	uint16_t port;
	unsigned code;

	while (stun_next(msg, &v)) {
		check(v.bytes >= msg->bytes && v.bytes + v.len <= msg->bytes + msg->len);
		stun_get_address(msg, v.type, &e);
		stun_get_u32(msg, v.type, &word);
		check(stun_attribute_name(v.type) != NULL);
	}
	if (stun_get_error(msg, &code, &v))
		check(code >= 300 && code < 700);
	stun_get_response_port(msg, &port);
	stun_unknown(msg, unknown, 4);
	stun_integrity_ok(msg, "key", 3);
	stun_integrity_sha256_ok(msg, "key", 3);
}

static void write_again(const struct stun_message *msg)
{
	static uint8_t out[65536 + STUN_HEADER];
	struct stun_value v = { 0 }, again = { 0 };
	struct stun_message back;
	struct stun_writer w;

	stun_begin(&w, out, sizeof(out), msg->class, msg->method, msg->transaction);
	while (stun_next(msg, &v))
		if (v.type != STUN_FINGERPRINT)
			stun_add(&w, v.type, v.bytes, v.len);
	if (!msg->classic)
		stun_add_fingerprint(&w);
	if (!stun_end(&w))
		return; /* one that the FINGERPRINT did not fit into */
	check(stun_decode(out, stun_end(&w), &back) == 0);
	check(back.class == msg->class && back.method == msg->method &&
	      back.classic == msg->classic);
	v = (struct stun_value){ 0 };
	while (stun_next(msg, &v)) {
		if (v.type == STUN_FINGERPRINT)
			continue;
		check(stun_next(&back, &again) && again.type == v.type && again.len == v.len);
		check(memcmp(again.bytes, v.bytes, v.len) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stun_message msg;

	if (stun_decode(data, size, &msg))
		return 0;
	read_all(&msg);
	write_again(&msg);
	return 0;
}
