/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces without a name, each held by a file descriptor: when the last holder dies,
 * so does the namespace.  Sockets belong to the namespace that they were opened in, so one
 * thread visits a namespace only for as long as it opens something there.
 */
#ifndef KNOTHOLE_LIVE_NETNS_H
#define KNOTHOLE_LIVE_NETNS_H

/* The caller's own namespace; a descriptor that the caller closes, or -errno. */
int netns_current(void);

/* Make a namespace and step into it.  A descriptor of it that the caller closes, or -errno. */
int netns_new(void);

/* Step into @fd's. 0 or -errno. */
int netns_enter(int fd);

/* Step back into @home, which must have been this thread's own: it aborts where that fails,
 * since going on would open sockets in the wrong namespace. */
void netns_return(int home);

#endif
