/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tap: one interface of a capture, and what it says of itself (sim/plan.h).
 *
 * A capture made by another program says nothing of its interfaces; each is then taken for
 * a host of its own.
 */
#ifndef KNOTHOLE_TAP_H
#define KNOTHOLE_TAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "pcapng.h"

enum { TAP_NAME = 64 };

enum tap_side { TAP_HOST, TAP_LAN, TAP_WAN };

struct tap {
	char name[TAP_NAME]; /* "home_a wan"; "interface 3" where it has none */
	char node[TAP_NAME]; /* "home_a" */
	enum tap_side side;
};

struct tap_list {
	struct tap *taps; /* by the interface's number */
	size_t len;
};

/* Have every tap up to and with @interface in the list; the reader knows the others.
 * 0 or -ENOMEM. */
int tap_list_reach(struct tap_list *list, const struct pcapng *reader, size_t interface);
/* Names and comments are printed to terminals, and a capture may say anything: control
 * characters become '?', in place. */
void tap_clean_text(char *text);

/* @text, of a capture, as JSON, which is UTF-8: what is not loses its other bytes than ASCII.  NULL
 * without memory; the caller's. */
json_t *tap_text_json(const char *text);

void tap_list_clear(struct tap_list *list);

#endif
