/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guessing ports: one side, behind a NAT that gives each destination a port that nobody can
 * foretell, holds many ports open toward the other; the other tries ports at random until one
 * of its probes comes through.  Where both have such a NAT, a probe's own port is chance, too, and
 * only the one that was spoken to is let in.
 *
 * Straight on two NAT engines, packet by packet, with no hosts and no time between: what is
 * counted is chance alone.
 */
#ifndef KNOTHOLE_GUESS_H
#define KNOTHOLE_GUESS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../nat-models/model.h"

/*
 * Let @hard hold @open ports open, and probe up to @probes ports of the range that it gives out,
 * at random.  They come from one port behind an endpoint-independent NAT; or, where @both, from
 * many behind a NAT of the same model, at whose ports the first side has guessed in opening its
 * own.  *ret: which probe came through first, from 1; 0 where none did.  Each side knows the
 * other's address and range of ports.  0 or nat_new()'s.
 */
int guess_ports(const struct nat_model *hard, bool both, uint32_t open, uint32_t probes,
		uint64_t seed, uint32_t *ret);

#endif
