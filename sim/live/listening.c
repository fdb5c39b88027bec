/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listening.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "netns.h"

/* States in the tables of proc(5), /proc/net/tcp: the kernel's TCP_LISTEN, and TCP_CLOSE, which
 * is what it calls a UDP socket that has no peer. */
enum { LISTENS = 0x0a, UNCONNECTED = 0x07 };

static int find(const char *path, unsigned state, uint16_t port)
{
	FILE *file = fopen(path, "re");
	char line[512];
	int found = 0;

	if (!file)
		return errno == ENOENT ? 0 : -errno; /* a kernel without IPv6 has no table of it */
	while (!found && fgets(line, sizeof(line), file)) {
		unsigned its_port, its_state;

		/* "  1: 00000000:1F90 00000000:0000 0A …": local, remote, state */
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &its_port,
			   &its_state) == 2)
			found = its_port == port && its_state == state;
	}
	fclose(file);
	return found;
}

int listening(int home, int ns, uint16_t port)
{
	static const struct {
		const char *path;
		unsigned state;
	} tables[] = {
		{ "/proc/thread-self/net/tcp", LISTENS },
		{ "/proc/thread-self/net/tcp6", LISTENS },
		{ "/proc/thread-self/net/udp", UNCONNECTED },
		{ "/proc/thread-self/net/udp6", UNCONNECTED },
	};
	int found = netns_enter(ns);

	if (found)
		return found;
	for (size_t i = 0; !found && i < sizeof(tables) / sizeof(*tables); i++)
		found = find(tables[i].path, tables[i].state, port);
	netns_return(home);
	return found;
}
