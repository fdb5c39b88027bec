/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of a run, which every report is written from: a jansson object, so that it goes
 * through a pipe from a world's process to its parent unchanged.
 *
 *   { "scenario": "skype/both-behind-nat", "title": "…", "file": "…", "claims": ["SKB-10"],
 *     "params": {"a": "full-cone"}, "world": "live", "realise": "engine", "seed": 1,
 *     "kernel_nats": true,            absent but where the kernel was to realise all that it can
 *     "left_out": 1,                  calls that were not wholly compared with another world's, for
 *                                     luck decides them; absent where none
 *     "ended": "pass" | "fail" | "error" | "skip",
 *     "message": "…",                 one line: the first thing that was not as expected
 *     "twin": "full-cone does let strangers in",   absent but for a run that must fail
 *     "repeat": "knothole run …",     the command that runs it again exactly (repeat.h)
 *     "expectations": [{"where": "f.lua:12", "what": "method of alice's call to bob",
 *                       "expected": "punch", "found": "relay", "ok": false}],
 *     "calls": [{"token": "9f…", "caller": "alice", "callee": "bob",
 *                "order": "ice",      of the rungs; absent where the scenario gave them itself
 *                "probe":   {"connected": true, "method": "punch",
 *                            "attempts": [{"method": "direct", "connected": false, "ms": 40.1}]},
 *                "capture": {"connected": true, "method": "punch", "why": "…", "relay": null,
 *                            "attempts": [{"method": "direct", "connected": false}],
 *                            "said": "predict",    where the packets prove less than the frames say;
 *                                                  an attempt's "shown" is then what they prove
 *                            "paths": [["alice", "home_a lan", …], […]],
 *                            "voice": [[50, 50], [50, 49]]},          sent, arrived; caller's first
 *                "oracle":  {"direct": {"prediction": "must-not", "why": "…"}, …,
 *                            "birthday": {"prediction": "may", "why": "…", "chance": 0.45},
 *                            "predict": {"prediction": "must", "why": "…", "seen_as": ["punch"]}},
 *                "agrees": true}],
 *     "not_tried": [{"caller": "alice", "callee": "bob", "method": "tcp-punch", "why": "…"}],
 *                                     rungs left out, for a NAT is not as modelled; absent where none
 *     "log": ["…"], "capture_file": "…/x.pcapng", "ms": 812.5 }
 *
 * "file" is the scenario's, as errors show it.  In a report's file, "capture_file" begins at that
 * file's own folder: reports do not differ by where they were written.
 */
#ifndef KNOTHOLE_RECORD_H
#define KNOTHOLE_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* (constant, word, exit status that it leads to) */
#define RECORD_ENDS(X)                                                                             \
	X(RECORD_PASS, "pass", 0)                                                                  \
	X(RECORD_FAIL, "fail", 1)                                                                  \
	X(RECORD_ERROR, "error", 1)                                                                \
	X(RECORD_SKIP, "skip", 77)

enum record_end {
#define X(id, word, status) id,
	RECORD_ENDS(X)
#undef X
};

enum record_end record_ended(const json_t *record); /* RECORD_ERROR where malformed */
const char *record_end_word(enum record_end end);
const char *record_text(const json_t *record, const char *key); /* "" where absent */

/* "basics/punch (a=full-cone, b=symmetric) [virtual]", or [kernel], cut to @size; returns @buf. */
const char *record_name(const json_t *record, char *buf, size_t size);

/* How the calls of a run ended, by its capture: "punch"; "punch, relay" where several did;
 * "no connection"; "" where there were none.  Cut to @size; returns @buf. */
const char *record_methods(const json_t *record, char *buf, size_t size);

/* The rungs that a call (of a record's "calls") tried, by its probe, and how long each took:
 * "direct failed in 2000 ms, punch connected in 41.2 ms"; "" for one of none.  Cut to @size;
 * returns @buf. */
const char *record_rungs(const json_t *call, char *buf, size_t size);

/* How many of @records ended how, indexed by enum record_end. */
enum { RECORD_END_COUNT = RECORD_SKIP + 1 };
struct record_counts {
	size_t ended[RECORD_END_COUNT];
};
struct record_counts record_count(const json_t *records);

/* @records as a report in @directory has them: captures below it are named from there on.  A new
 * array, the caller's; NULL without memory. */
json_t *record_beside(const json_t *records, const char *directory);

/* How many calls were not wholly compared between worlds or NATs, for luck decides them. */
size_t record_left_out(const json_t *records);

/* Writers: one file each in reports/.  @records is an array, in the order of the plan.  Each
 * returns 0, or -errno where the output could not be written: -EIO to a stream.  Files are there
 * whole or not at all (whole_file.h). */
int report_terminal(const json_t *records, FILE *out, bool colour,
		    bool verbose); /* a line a run, failures in one more or in full, a summary */
int report_junit(const json_t *records, const char *suite, const char *path);
int report_json(const json_t *records,
		const char *path); /* {"version": 1, "records": […], "summary": {…}} */

/* What chance alone decided, where the oracle could compute how often it does: that beside how often it
 * went so in @records, a line a run and method, those of one name together.  Nothing where there was
 * none such. */
void report_luck(const json_t *records, FILE *out);

/*
 * The NAT x NAT table: rows are parameter "a", columns "b"; a cell shows the first method of the
 * ladder that the capture showed to work, and is marked where it differs from the oracle.
 */
int report_matrix(const json_t *records, FILE *out, bool colour);

/* Claims against scenarios: @claims is tests' and docs' data, an array of {"row", "claim"}. */
int report_claims(const json_t *claims, const json_t *records, FILE *out, bool colour);

#endif
