/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conduit.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls_chance.h"

/* A TLS record and its header (RFC 8446, 5.1), with room for what a cipher adds. */
enum { INCOMING = 16384 + 2048 };

struct conduit {
	struct host *host;
	struct sock *sock; /* NULL once closed */
	struct endpoint local, remote;
	gnutls_session_t tls; /* NULL in the clear */
	gnutls_certificate_credentials_t client; /* a client's, which are empty */
	uint8_t *incoming; /* what GnuTLS has not read yet: at … len */
	size_t incoming_at, incoming_len;
	bool ended; /* the other side sends no more */
	uint8_t *outgoing; /* what it has written */
	size_t outgoing_len, outgoing_room;
	bool flushing; /* somebody sends it right now */
};

struct conduit_identity {
	gnutls_certificate_credentials_t credentials;
};

/* Identities */

static int fill_certificate(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key)
{
	static const char name[] = "knothole";
	static const uint8_t serial[] = { 1 };
	const time_t begins = 0, ends = 4102444800; /* whatever the date is, up to 2100 */
	int err = gnutls_x509_crt_set_version(cert, 3);

	if (!err)
		err = gnutls_x509_crt_set_serial(cert, serial, sizeof(serial));
	if (!err)
		err = gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, name,
						    sizeof(name) - 1);
	if (!err)
		err = gnutls_x509_crt_set_activation_time(cert, begins);
	if (!err)
		err = gnutls_x509_crt_set_expiration_time(cert, ends);
	if (!err)
		err = gnutls_x509_crt_set_key(cert, key);
	return err ? err : gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA512, 0);
}

/* Ed25519, whose signatures all have the same length: a handshake then has, too. */
static int make_certificate(gnutls_certificate_credentials_t credentials)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t cert = NULL;
	int err = gnutls_x509_privkey_init(&key);

	if (!err)
		err = gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519,
						   GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519),
						   0);
	if (!err)
		err = gnutls_x509_crt_init(&cert);
	if (!err)
		err = fill_certificate(cert, key);
	if (!err)
		err = gnutls_certificate_set_x509_key(credentials, &cert, 1, key);
	if (cert)
		gnutls_x509_crt_deinit(cert);
	if (key)
		gnutls_x509_privkey_deinit(key);
	return err < 0 ? -EIO : 0;
}

int conduit_identity_new(struct host *host, struct conduit_identity **ret)
{
	struct conduit_identity *identity = calloc(1, sizeof(*identity));
	int err = -ENOMEM;

	if (!identity)
		return -ENOMEM;
	tls_chance(host);
	if (!gnutls_certificate_allocate_credentials(&identity->credentials))
		err = make_certificate(identity->credentials);
	if (err) {
		conduit_identity_free(identity);
		return err;
	}
	*ret = identity;
	return 0;
}

void conduit_identity_free(struct conduit_identity *identity)
{
	if (!identity)
		return;
	if (identity->credentials)
		gnutls_certificate_free_credentials(identity->credentials);
	free(identity);
}

/* Between GnuTLS and the socket */

static ssize_t push(gnutls_transport_ptr_t arg, const void *bytes, size_t len)
{
	struct conduit *conduit = arg;
	size_t need = conduit->outgoing_len + len;

	if (need > conduit->outgoing_room) {
		uint8_t *grown = realloc(conduit->outgoing, 2 * need);

		if (!grown) {
			gnutls_transport_set_errno(conduit->tls, ENOMEM);
			return -1;
		}
		conduit->outgoing = grown;
		conduit->outgoing_room = 2 * need;
	}
	memcpy(conduit->outgoing + conduit->outgoing_len, bytes, len);
	conduit->outgoing_len = need;
	return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *bytes, size_t room)
{
	struct conduit *conduit = arg;
	size_t len = conduit->incoming_len - conduit->incoming_at;

	if (!len && conduit->ended)
		return 0;
	if (!len) {
		gnutls_transport_set_errno(conduit->tls, EAGAIN);
		return -1;
	}
	if (len > room)
		len = room;
	memcpy(bytes, conduit->incoming + conduit->incoming_at, len);
	conduit->incoming_at += len;
	return (ssize_t)len;
}

/* Send what GnuTLS has written; where a fiber already does, that one sends this too. */
static int flush(struct conduit *conduit, uint64_t deadline)
{
	int err = 0;

	if (conduit->flushing)
		return 0;
	conduit->flushing = true;
	while (!err && conduit->outgoing_len) {
		uint8_t *bytes = conduit->outgoing;
		size_t len = conduit->outgoing_len;

		conduit->outgoing = NULL;
		conduit->outgoing_len = conduit->outgoing_room = 0;
		err = conduit->sock ? sock_send(conduit->sock, NULL, bytes, len, deadline)
				    : -ECANCELED;
		free(bytes);
	}
	conduit->flushing = false;
	return err;
}

/* Have more bytes for GnuTLS to read. */
static int fill(struct conduit *conduit, uint64_t deadline)
{
	long n;

	if (!conduit->sock)
		return -ECANCELED;
	n = sock_recv(conduit->sock, NULL, conduit->incoming, INCOMING, deadline);
	if (n < 0)
		return (int)n;
	conduit->incoming_at = 0;
	conduit->incoming_len = (size_t)n;
	conduit->ended = n == 0;
	return 0;
}

/* GnuTLS could not go on with what there was. */
static int supply(struct conduit *conduit, int tls_error, uint64_t deadline)
{
	int err;

	if (gnutls_error_is_fatal(tls_error)) {
		gnutls_alert_send_appropriate(conduit->tls, tls_error);
		flush(conduit, deadline);
		return -EPROTO;
	}
	err = flush(conduit, deadline);
	if (!err && tls_error == GNUTLS_E_AGAIN)
		err = fill(conduit, deadline);
	return err;
}

static int start_tls(struct conduit *conduit, struct conduit_identity *identity)
{
	unsigned flags = (identity ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK;

	conduit->incoming = malloc(INCOMING);
	if (!conduit->incoming || gnutls_init(&conduit->tls, flags))
		return -ENOMEM;
	if (!identity && gnutls_certificate_allocate_credentials(&conduit->client))
		return -ENOMEM;
	gnutls_transport_set_ptr(conduit->tls, conduit);
	gnutls_transport_set_push_function(conduit->tls, push);
	gnutls_transport_set_pull_function(conduit->tls, pull);
	if (gnutls_set_default_priority(conduit->tls) ||
	    gnutls_credentials_set(conduit->tls, GNUTLS_CRD_CERTIFICATE,
				   identity ? identity->credentials : conduit->client))
		return -EIO;
	return 0;
}

static int shake_hands(struct conduit *conduit, uint64_t deadline)
{
	for (;;) {
		int r = gnutls_handshake(conduit->tls);
		int err = r ? supply(conduit, r, deadline) : flush(conduit, deadline);

		if (!r || err)
			return err;
	}
}

/* The conduit's own face */

int conduit_new(struct sock *sock, struct conduit **ret)
{
	struct conduit *conduit = calloc(1, sizeof(*conduit));

	if (!conduit) {
		sock_close(sock);
		return -ENOMEM;
	}
	conduit->host = sock_host(sock);
	conduit->sock = sock;
	conduit->local = sock_local(sock);
	conduit->remote = sock_remote(sock);
	*ret = conduit;
	return 0;
}

int conduit_secure(struct conduit *conduit, struct conduit_identity *identity, uint64_t deadline)
{
	int err;

	tls_chance(conduit->host);
	err = start_tls(conduit, identity);
	return err ? err : shake_hands(conduit, deadline);
}

int conduit_send(struct conduit *conduit, const void *bytes, size_t len, uint64_t deadline)
{
	const uint8_t *at = bytes;

	if (!conduit->sock)
		return -ECANCELED;
	if (!conduit->tls)
		return sock_send(conduit->sock, NULL, bytes, len, deadline);
	while (len) {
		ssize_t n = gnutls_record_send(conduit->tls, at, len);

		if (n < 0 && n != GNUTLS_E_INTERRUPTED)
			return -EPROTO;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return flush(conduit, deadline);
}

long conduit_recv(struct conduit *conduit, void *bytes, size_t room, uint64_t deadline)
{
	if (!conduit->sock)
		return -ECANCELED;
	if (!conduit->tls)
		return sock_recv(conduit->sock, NULL, bytes, room, deadline);
	for (;;) {
		ssize_t n = gnutls_record_recv(conduit->tls, bytes, room);
		int err;

		if (n >= 0)
			return n;
		if (n == GNUTLS_E_PREMATURE_TERMINATION)
			return -ECONNRESET;
		err = supply(conduit, (int)n, deadline);
		if (err)
			return err;
	}
}

int conduit_recv_exact(struct conduit *conduit, void *bytes, size_t len, uint64_t deadline)
{
	uint8_t *at = bytes;

	while (len) {
		long n = conduit_recv(conduit, at, len, deadline);

		if (n <= 0)
			return n ? (int)n : -ECONNRESET;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int conduit_end(struct conduit *conduit, uint64_t deadline)
{
	if (!conduit->tls || !conduit->sock)
		return 0;
	gnutls_bye(conduit->tls, GNUTLS_SHUT_WR);
	return flush(conduit, deadline);
}

struct endpoint conduit_local(const struct conduit *conduit)
{
	return conduit->local;
}

struct endpoint conduit_remote(const struct conduit *conduit)
{
	return conduit->remote;
}

struct host *conduit_host(const struct conduit *conduit)
{
	return conduit->host;
}

void conduit_close(struct conduit *conduit)
{
	struct sock *sock = conduit->sock;

	conduit->sock = NULL;
	sock_close(sock);
}

void conduit_free(struct conduit *conduit)
{
	if (!conduit)
		return;
	conduit_close(conduit);
	if (conduit->tls)
		gnutls_deinit(conduit->tls);
	if (conduit->client)
		gnutls_certificate_free_credentials(conduit->client);
	free(conduit->incoming);
	free(conduit->outgoing);
	free(conduit);
}
