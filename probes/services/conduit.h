/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conduit: the bytes of a TCP connection, in the clear or inside TLS.
 *
 * GnuTLS never waits: it reads from and writes to memory here, and the socket calls round it park,
 * so that TLS runs in virtual time as it does in real time.  Its randomness is tls_chance.h's.
 *
 * Any number of fibers may use a conduit at once, but only one may send and one receive.
 */
#ifndef KNOTHOLE_CONDUIT_H
#define KNOTHOLE_CONDUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../sim/host.h"

struct conduit;

/* The key and the certificate of a server on @host, made up on the spot and signed by itself. */
struct conduit_identity;

int conduit_identity_new(struct host *host, struct conduit_identity **ret); /* 0, -ENOMEM, -EIO */
void conduit_identity_free(struct conduit_identity *identity); /* NULL is fine */

/* The connected @sock in the clear, which is taken, also where it fails.  0 or -ENOMEM. */
int conduit_new(struct sock *sock, struct conduit **ret);

/*
 * Go on inside TLS: as its server with @identity, which must outlive it; as a client with NULL,
 * which takes whatever certificate it is shown, as a lab has nobody to vouch for one.  Parks
 * until the handshake is done.  0; -EPROTO where it fails, -ENOMEM, -EIO, or sock_recv()'s.
 */
int conduit_secure(struct conduit *conduit, struct conduit_identity *identity, uint64_t deadline);

/* As sock_send(), sock_recv() and sock_recv_exact() on the stream; -EPROTO for broken TLS. */
int conduit_send(struct conduit *conduit, const void *bytes, size_t len, uint64_t deadline);
long conduit_recv(struct conduit *conduit, void *bytes, size_t room, uint64_t deadline);
int conduit_recv_exact(struct conduit *conduit, void *bytes, size_t len, uint64_t deadline);

/* Say that nothing more will be sent, where there is a way to say it: in TLS.  0 or -errno. */
int conduit_end(struct conduit *conduit, uint64_t deadline);

struct endpoint conduit_local(const struct conduit *conduit);
struct endpoint conduit_remote(const struct conduit *conduit);
struct host *conduit_host(const struct conduit *conduit);

/* End the connection; whoever is inside of a call gets -ECANCELED.  May be called again. */
void conduit_close(struct conduit *conduit);

/* Close and free; nobody may be inside of a call any more.  NULL is fine. */
void conduit_free(struct conduit *conduit);

#endif
