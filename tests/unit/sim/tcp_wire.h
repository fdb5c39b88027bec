/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two TCP machines joined by a wire with seeded ill luck, in virtual time.  Segments cross it as
 * packets, through the codec.  A side without a connection is a closed port, or a listener.
 */
#ifndef KNOTHOLE_TESTS_TCP_WIRE_H
#define KNOTHOLE_TESTS_TCP_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/virtual/tcp.h"

#define MSEC UINT64_C(1000000)
#define SEC UINT64_C(1000000000)
#define NEVER UINT64_MAX

enum { WIRE_LOG = 4096, WIRE_MTU = 1500 };

/* A segment that one side has sent; its payload is not kept. */
struct wire_sent {
	uint64_t at;
	int side;
	struct tcp_segment seg;
};

struct flying;

struct wire {
	uint64_t now;
	uint64_t seed;
	uint64_t delay_ns; /* one way */
	uint64_t jitter_ns; /* added, up to: reorders */
	uint32_t loss_ppm;
	uint32_t duplicate_ppm;
	uint16_t mtu[2]; /* larger packets from that side are lost, with an ICMP error; 0 = none */
	bool cut[2]; /* everything from that side is lost */
	bool listening[2];
	struct tcp_config config[2];
	struct endpoint at[2];
	struct tcp *tcp[2];
	uint64_t sequence;
	struct flying *flying; /* in the order of arrival */
	size_t sent; /* segments, both sides together; the last WIRE_LOG are in log[] */
	struct wire_sent log[WIRE_LOG];
};

/* A perfect wire of 10 ms each way, both sides with tcp_default_config. */
void wire_open(struct wire *wire);
void wire_close(struct wire *wire);

void wire_connect(struct wire *wire, int side);
void wire_handshake(struct wire *wire); /* side 0 connects to side 1: both ESTABLISHED */

/* Send what @side has to send. */
void wire_pump(struct wire *wire, int side);

/* Do the next thing that happens, an arrival or a timer; false where there is none before or at
 * @until. */
bool wire_step(struct wire *wire, uint64_t until);
void wire_run(struct wire *wire, uint64_t until); /* all of it; now = @until */
void wire_run_for(struct wire *wire, uint64_t time);

/* What flies is lost. */
void wire_drop_flying(struct wire *wire);

/* Give @side a forged segment, from its peer's endpoint. */
enum tcp_taken wire_forge(struct wire *wire, int side, struct tcp_segment seg);

/* Of @side: the n-th last segment that it sent, 0 being the last. */
const struct wire_sent *wire_last(const struct wire *wire, int side, size_t n);
size_t wire_count(const struct wire *wire, int side); /* how many it sent */

/* User calls, pumped. */
long wire_send(struct wire *wire, int side, const void *bytes, size_t len);
long wire_recv(struct wire *wire, int side, void *bytes, size_t room);
void wire_shutdown(struct wire *wire, int side);
void wire_user_close(struct wire *wire, int side);
void wire_abort(struct wire *wire, int side);

/* The byte at @place of the stream that @side sends: no two stretches of it are alike. */
uint8_t wire_byte(int side, uint64_t place);

/* The same for @len bytes from @place on; and are @bytes those? */
void wire_bytes(int side, uint64_t place, uint8_t *bytes, size_t len);
bool wire_bytes_ok(int side, uint64_t place, const uint8_t *bytes, size_t len);

#define assert_state(wire, side, want)                                                             \
	assert_string_equal(tcp_state_text(tcp_state((wire)->tcp[side])), tcp_state_text(want))

#endif
