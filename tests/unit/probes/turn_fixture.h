/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TURN server, a client that speaks to it attribute by attribute, and a peer. */
#ifndef KNOTHOLE_TURN_FIXTURE_H
#define KNOTHOLE_TURN_FIXTURE_H

#include "fake_host.h"
#include "probes/methods/stun_login.h"
#include "probes/services/service.h"
#include "probes/services/turn_options.h"
#include "probes/wire/turn.h"

#define TURN_FIXTURE_SERVER UINT32_C(0x0b010102)
#define TURN_FIXTURE_PEER UINT32_C(0x0b010202)

struct turn_fixture {
	struct fake_net net;
	struct host *client, *server, *peer;
	struct service *service;
	struct turn_options options;
	struct sock *sock, *peer_sock;
	struct stun_login login;
	uint8_t transaction[STUN_TRANSACTION];
	uint8_t request[2048], response[2048];
	struct stun_writer w;
	struct stun_message msg;
	unsigned lines;
	char line[200];
	void (*test)(struct turn_fixture *f);
};

struct endpoint turn_at(uint32_t addr, uint16_t port);

/* Run @test with a server told @options (NULL = nothing). */
void turn_run(const struct turn_options *options, void (*test)(struct turn_fixture *f));

/* Begin a request to @method; what is added then goes to f->w. */
void turn_begin(struct turn_fixture *f, uint16_t method);

/* Send what was begun, as it is.  The code of the response, 0 = success; 999 = silence. */
unsigned turn_send_as_is(struct turn_fixture *f);

/* With credentials, whose first challenge turn_log_in() has asked for. */
unsigned turn_ask(struct turn_fixture *f);
void turn_log_in(struct turn_fixture *f);

/* Whole requests, as turn_ask(). */
unsigned turn_allocate_one(struct turn_fixture *f);
unsigned turn_permit_one(struct turn_fixture *f, uint32_t peer);
unsigned turn_bind_one(struct turn_fixture *f, uint16_t number, uint32_t peer, uint16_t port);

/* A connection of the client's to the server's @port, which is for the caller to close. */
struct sock *turn_dial(struct turn_fixture *f, uint16_t port);

/* The next message on it, in f->msg. */
void turn_hear_over(struct turn_fixture *f, struct sock *tcp);

/* As turn_ask(), over @tcp, passing over what is not the response. */
unsigned turn_ask_over(struct turn_fixture *f, struct sock *tcp);

/* Does the other side end @sock within @within?  What it says before is lost. */
bool turn_is_ended(struct sock *sock, uint64_t within);

/* A number in the response. */
uint32_t turn_u32_of(const struct turn_fixture *f, uint16_t type);

#endif
