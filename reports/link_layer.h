/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IP packet inside a captured frame.
 */
#ifndef KNOTHOLE_LINK_LAYER_H
#define KNOTHOLE_LINK_LAYER_H

#include <stdbool.h>

#include "../nat-models/packet.h"
#include "pcapng.h"

/*
 * Point *ret at the IP packet in @packet's bytes, which stay the reader's and must not be
 * written.  True; false for anything else: ARP, a link type that is not known, a frame cut
 * before the IP header.  Link-layer padding (Ethernet's 60 bytes) is cut off.
 */
bool link_layer_ip(const struct pcapng_packet *packet, struct packet *ret);

#endif
