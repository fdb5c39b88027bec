/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP for IPv4 on Ethernet (RFC 826), as far as answering for everybody needs it. */
#ifndef KNOTHOLE_LIVE_ARP_H
#define KNOTHOLE_LIVE_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../nat-models/addr.h"

enum { ARP_LEN = 28 };

/*
 * Do @bytes (the ARP packet, without its Ethernet header) ask for an address that is not one
 * of @own, the asker's?  Announcements and duplicate address probes (RFC 5227), which ask for
 * the asker's own, get no answer: one would be taken for a conflict.
 */
bool arp_wants_answer(const uint8_t *bytes, size_t len, const struct ip_addr *own, size_t own_len);

/* Write the answer to @request, "it is at @mac", into @ret. */
void arp_answer(const uint8_t request[ARP_LEN], const uint8_t mac[6], uint8_t ret[ARP_LEN]);

#endif
