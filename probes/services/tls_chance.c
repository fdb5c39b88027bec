/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  GnuTLS has a generator of its own, which it seeds when it is first drawn from:
 * with getrandom(), and with the time in seconds.  A world's process is forked for that world and has
 * drawn nothing before, so it is made to draw while both functions answer from the world; they are the
 * C library's again before anybody else can ask.  Where GnuTLS has drawn already, its old state stays
 * part of the new: such a world is played as correctly, but is not repeated to the byte.
 */
#include "tls_chance.h"

#include <dlfcn.h>
#include <gnutls/crypto.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../sim/stream.h"

static bool seeding;
static uint64_t stream;

/* In place of the C library's. */
ssize_t getrandom(void *bytes, size_t len, unsigned flags)
{
	uint8_t *at = bytes;

	if (!seeding)
		return syscall(SYS_getrandom, bytes, len, flags);
	for (size_t done = 0; done < len;) {
		uint64_t word = stream_next(&stream);
		size_t n = len - done < sizeof(word) ? len - done : sizeof(word);

		memcpy(at + done, &word, n);
		done += n;
	}
	return (ssize_t)len;
}

/* In place of the C library's, which is asked: it needs no system call. */
int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static int (*real)(clockid_t clock, struct timespec * ret);
	void *found;

	if (seeding) {
		*ret = (struct timespec){ 0 };
		return 0;
	}
	if (!real) {
		found = dlsym(RTLD_NEXT, "clock_gettime");
		memcpy(&real, &found, sizeof(real));
	}
	return real ? real(clock, ret) : (int)syscall(SYS_clock_gettime, clock, ret);
}

void tls_chance(struct host *host)
{
	static bool seeded;
	uint8_t drawn;

	if (seeded || loop_clock(host->loop) != LOOP_VIRTUAL)
		return;
	seeded = true;
	stream = host_random(host);
	gnutls_rnd_refresh();
	seeding = true;
	gnutls_rnd(GNUTLS_RND_RANDOM, &drawn, sizeof(drawn));
	gnutls_rnd(GNUTLS_RND_NONCE, &drawn, sizeof(drawn));
	seeding = false;
}
