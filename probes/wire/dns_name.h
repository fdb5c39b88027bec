/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the DNS (RFC 1035, 3.1): labels of any bytes, as they stand on the wire, and their text.
 * Compression is dns.h's concern.
 */
#ifndef KNOTHOLE_DNS_NAME_H
#define KNOTHOLE_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

enum {
	DNS_LABEL_MAX = 63,
	DNS_NAME_MAX = 255, /* on the wire, with the root's zero */
	DNS_LABELS_MAX = 127,
	DNS_NAME_TEXT = 1024, /* room for the longest text, each byte being \DDD */
};

/* Labels, each after its length, and the root's zero: "\5alice\3lab\0". */
struct dns_name {
	uint8_t len;
	uint8_t bytes[DNS_NAME_MAX];
};

/* "alice.lab", with or without a final dot; "." is the root.  \. and \065 are understood (RFC 1035,
 * 5.1).  0, or -EINVAL with *ret untouched. */
int dns_name_parse(const char *text, struct dns_name *ret);

/* Without a final dot, into @buf, which it returns. */
const char *dns_name_format(const struct dns_name *name, char buf[DNS_NAME_TEXT]);

/* Whatever the letters' case is (RFC 4343). */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* How many labels it has beside the root's; where the @i-th of them, from 0 on, stands with its
 * length in front. */
size_t dns_name_labels(const struct dns_name *name);
const uint8_t *dns_name_label(const struct dns_name *name, size_t i);

/* Is the label at @label the word @text, in any case? */
bool dns_label_is(const uint8_t *label, const char *text);

/* Is @name what stands under @zone, or @zone itself? */
bool dns_name_is_under(const struct dns_name *name, const struct dns_name *zone);

/* The name that leads back from @addr: "2.1.1.11.in-addr.arpa" (RFC 1035, 3.5), or under "ip6.arpa"
 * (RFC 3596, 2.5). */
void dns_name_of_addr(struct ip_addr addr, struct dns_name *ret);

/* The address that such a name is of; false, and *ret untouched, where it is none. */
bool dns_name_to_addr(const struct dns_name *name, struct ip_addr *ret);

#endif
