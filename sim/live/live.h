/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live world's own: namespaces, veth pairs, kernel sockets, kernel NATs and programs.
 *
 * Everything belongs to one process, pid 1 of its own PID namespace; when that dies, by
 * kill -9 too, the kernel takes every namespace, interface and program back.
 */
#ifndef KNOTHOLE_LIVE_H
#define KNOTHOLE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../host.h"
#include "../plan.h"
#include "../port.h"

struct live; /* one a world: netlink sockets, the fabric's own namespace */

/*
 * Fork a child into new user, network, mount and PID namespaces, run @main(@arg) there, and
 * give back its pid.  The child dies with its parent (PR_SET_PDEATHSIG), and everything in it
 * with the child.  The child's exit status is @main's result.
 * Returns the pid, or -errno: -EPERM or -ENOSPC where the kernel allows no user namespaces;
 * live_possible() then says why and what to do about it.
 */
pid_t live_fork(int (*main)(void *arg), void *arg);

/* Can live worlds be made here?  True, or false with one sentence why not ("the kernel's
 * user.max_user_namespaces is 0", …). */
bool live_possible(char *why, size_t size);

/* Inside a live_fork() child: the world's netlink handles and its emptied network namespace. */
int live_new(struct loop *loop, struct pool *pool, struct live **ret);
void live_free(struct live *live);

/* Programs know the hosts of @plan, which must outlive the world, by their names. */
void live_name_hosts(struct live *live, const struct plan *plan);

/*
 * A host: a network namespace with `lo` and `eth0`, @addr/@prefix_bits on it, a default route
 * by @gateway (where @addr is set), and the same of IPv6.  *ret_port is the far end of its veth, an AF_PACKET edge that answers ARP for
 * every address but the host's own, ready for link_new().  @name is also its UTS hostname.
 */
struct live_host_spec {
	const char *name;
	struct ip_addr addr;
	const struct ip_addr *extra; /* further addresses on eth0, extra_len of them */
	size_t extra_len;
	uint8_t prefix_bits; /* 0..32, IPv4's own counting */
	struct ip_addr gateway;
	struct ip_addr addr6; /* unset = no IPv6 */
	uint8_t prefix6_bits;
	struct ip_addr gateway6;
	uint16_t mtu;
	uint64_t seed;
};
int live_host_new(struct live *live, const struct live_host_spec *spec, struct host **ret,
		  struct port **ret_port);

/*
 * A NAT that the kernel realises: a namespace with forwarding, nftables rules by
 * model->kernel (where that is empty, by the model's knobs alone), and two veth pairs whose far
 * ends are *ret_lan and *ret_wan.
 * -EOPNOTSUPP with one line in *ret_error where nftables cannot express the model.
 */
struct live_nat_spec {
	const char *name;
	const struct nat_model *model;
	const struct nat_model *model6; /* of IPv6; NULL = none */
	struct ip_prefix inside;
	struct ip_addr inside_addr;
	const struct ip_addr *pool;
	size_t pool_len;
	uint8_t outside_bits; /* the outside segment's prefix length, IPv4's own counting */
	struct ip_addr outside_gateway;
	const struct nat_forward *forwards;
	size_t forwards_len;
	struct ip_addr dmz;
	uint16_t lan_mtu, wan_mtu;
};
struct live_nat;
int live_nat_new(struct live *live, const struct live_nat_spec *spec, struct live_nat **ret,
		 struct port **ret_lan, struct port **ret_wan, struct plan_error *ret_error);
/* The file descriptor of its network namespace, which stays its own: for who wants to look at its state. */
int live_nat_namespace(const struct live_nat *nat);

void live_nat_free(struct live_nat *nat);

/* It forgets all connections and mappings, and begins again by the rules of @spec, the one that it
 * was made by.  0, or -errno with *ret_error. */
int live_nat_reboot(struct live *live, struct live_nat *nat, const struct live_nat_spec *spec,
		    struct plan_error *ret_error);

/* Can nftables express @model?  True, or false with a clause why not. */
bool live_nat_expressible(const struct nat_model *model, char *why, size_t size);

/* Does a kernel's NAT that has @model let strangers connect over TCP as the model says?  True, or
 * false with a clause why not; everything else it then does as live_nat_expressible() says. */
bool live_nat_connects(const struct nat_model *model, char *why, size_t size);

/* The same for the model that such a NAT has for IPv6; NULL = none, which it can always have. */
bool live_nat6_expressible(const struct nat_model *model, char *why, size_t size);

/*
 * Programs in a host.  Each leads a session of its own in a clean environment (PATH, HOME=/tmp,
 * LC_ALL=C and what the spec adds), with the host's name, its /sys, and a view of the machine's
 * files in which /etc/hosts, /etc/resolv.conf, /tmp and /run are the host's own (home.h).  All
 * must be freed before the world is; those that still run die with it.
 */
struct process;
enum process_stream { PROCESS_OUT, PROCESS_ERR, PROCESS_BOTH };
struct process_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env; /* "NAME=value", added to a clean environment; may be NULL */
	const char *out_path; /* stdout goes there, too; NULL = only to memory */
	const char *err_path; /* the same of stderr */
	int terminal; /* becomes its stdin, stdout and stderr, and controls it; 0 = it has none */
};
/* Parks until the host's interface runs, before its first program is started.  0, -ENOENT where there
 * is no such program, -ENETDOWN where the interface does not run for seconds, -errno. */
int process_start(struct host *host, const struct process_spec *spec, struct process **ret);
/* Park until it ends: 0, or -ETIMEDOUT.  *ret_status as of waitpid(). */
int process_wait(struct process *process, uint64_t deadline, int *ret_status);
/* Park until its output (stdout and stderr together) holds @text: 0, -ETIMEDOUT, or -EPIPE
 * where it ended without. */
int process_wait_output(struct process *process, const char *text, uint64_t deadline);
/* Park until somebody in its host listens at @port, TCP or UDP: the same. */
int process_wait_port(struct process *process, uint16_t port, uint64_t deadline);
bool process_ended(const struct process *process);
/* Its output so far (at most the last 1 MiB), NUL-terminated, valid until the next call.
 * PROCESS_BOTH has the streams' bytes in the order in which they were seen, which between the two
 * is not quite that in which they were written. */
const char *process_output(const struct process *process, enum process_stream stream,
			   size_t *ret_len);
/* Is there such a program, here or in a host?  0; -ENOENT; -EACCES where it cannot be executed. */
int live_find_program(const char *name);

/* The terminal that a program with `terminal` gets, lent before the world is forked; of the whole
 * process, for it has one only.  live_terminal() gives it back; 0 = none. */
void live_lend_terminal(int fd);
int live_terminal(void);

void process_kill(struct process *process, int signal); /* its whole process group */
void process_free(struct process *process); /* kills it where it still runs */

#endif
