/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does fuzz_nat see a wrong timer?  Its corpus is replayed with NATs one of whose times is eight times as
 * long as their models say, or an eighth of it, or whose mappings something else refreshes or ends;
 * and each time an input must tell.
 *
 *	self_nat DIRECTORY
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay.h"

#include "nat-models/model.h"

extern void (*fuzz_nat_spoil)(struct nat_model *model);

#define TIMES(X)                                                                                   \
	X(udp_timeout, udp.timeout_ns)                                                             \
	X(udp_two_way, udp.timeout_two_way_ns)                                                     \
	X(udp_two_way_after, udp.two_way_after_ns)                                                 \
	X(tcp_transitory, tcp.timeout_ns)                                                          \
	X(tcp_established, tcp.timeout_two_way_ns)                                                 \
	X(tcp_closing, tcp.closing_ns)                                                             \
	X(tcp_reset, tcp.reset_ns)                                                                 \
	X(icmp_timeout, icmp.timeout_ns)

/* A time of 0 is none, and stays. */
#define SPOIL(name, member)                                                                        \
	static void longer_##name(struct nat_model *m)                                             \
	{                                                                                          \
		m->member *= 8;                                                                    \
	}                                                                                          \
	static void shorter_##name(struct nat_model *m)                                            \
	{                                                                                          \
		m->member = (m->member + 7) / 8;                                                   \
	}
TIMES(SPOIL)
#undef SPOIL

static enum nat_refresh other_way(enum nat_refresh refresh)
{
	return refresh == NAT_REFRESH_OUTBOUND ? NAT_REFRESH_INBOUND : NAT_REFRESH_OUTBOUND;
}

static void refreshed_otherwise(struct nat_model *m)
{
	m->udp.refresh = other_way(m->udp.refresh);
	m->tcp.refresh = other_way(m->tcp.refresh);
}

static void refreshed_by_errors(struct nat_model *m)
{
	m->icmp.on_error = NAT_ERROR_REFRESH;
}

static void ended_by_errors(struct nat_model *m)
{
	m->icmp.on_error = NAT_ERROR_END;
}

static void deaf_to_resets(struct nat_model *m)
{
	m->tcp.rst = NAT_RST_IGNORE;
}

static void ended_by_resets(struct nat_model *m)
{
	m->tcp.rst = NAT_RST_END;
}

static const struct row {
	const char *name;
	void (*spoil)(struct nat_model *model);
} rows[] = { { "no time changed", NULL },
	     { "refreshed by packets of the other direction", refreshed_otherwise },
	     { "refreshed by ICMP errors", refreshed_by_errors },
	     { "ended by ICMP errors", ended_by_errors },
	     { "RSTs change nothing", deaf_to_resets },
	     { "RSTs end at once", ended_by_resets },
#define ROW(name, member) { #member " * 8", longer_##name }, { #member " / 8", shorter_##name },
	     TIMES(ROW)
#undef ROW
};

/* The corpus, in a child which is to abort where it finds anything. */
static int replay_spoilt(const char *corpus, const struct row *row)
{
	const struct rlimit no_core = { 0, 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		fuzz_nat_spoil = row->spoil;
		_exit(replay_all(corpus) > 0 ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

int main(int argc, char **argv)
{
	int wrong = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = replay_spoilt(argv[1], &rows[i]);
		bool found = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
		bool right = rows[i].spoil ? found : status == 0;

		printf("%s: %s\n", rows[i].name, right ? "as it should be" : "WRONG");
		wrong += !right;
	}
	return wrong != 0;
}
