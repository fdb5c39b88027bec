/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whence TLS has its randomness: in a virtual world from the world's seed, so that the same seed gives
 * the same keys and the same bytes; in any other from the machine, as it should be.
 *
 * For GnuTLS has no way to be given a generator, what it seeds its own with is replaced: getrandom() and
 * clock_gettime(), which this program defines for itself and for all libraries in it.
 */
#ifndef KNOTHOLE_TLS_CHANCE_H
#define KNOTHOLE_TLS_CHANCE_H

#include "../../sim/host.h"

/*
 * Call before GnuTLS first draws on behalf of @host.  Where its world is virtual, and the first that
 * draws in this process, what the process draws from here on follows from the world's seed: it is fit
 * for nothing that must be kept secret.
 */
void tls_chance(struct host *host);

#endif
