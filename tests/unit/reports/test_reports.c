/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writers, against golden files; and the list of claims.
 */
#include "golden.h"

#include <ctype.h>
#include <errno.h>
#include <libxml/parser.h>
#include <unistd.h>

#include "reports/grid.h"
#include "reports/record.h"

static json_t *load(const char *relative)
{
	const char *home = getenv("KNOTHOLE_HOME");
	char path[GOLDEN_PATH];
	json_error_t error;
	json_t *json;

	snprintf(path, sizeof(path), "%s/%s", home ? home : ".", relative);
	json = json_load_file(path, 0, &error);
	if (!json)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return json;
}

static json_t *load_records(void)
{
	return load("tests/unit/reports/golden/records.json");
}

static void check_stream(const char *name, FILE *file)
{
	char *text = golden_slurp(file);

	golden_check(name, text);
	free(text);
	fclose(file);
}

static void test_terminal(void **state)
{
	json_t *records = load_records();
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_int_equal(report_terminal(records, file, false, true), 0);
	check_stream("terminal.txt", file);
	file = tmpfile();
	assert_non_null(file);
	assert_int_equal(report_terminal(records, file, false, false), 0);
	check_stream("terminal_brief.txt", file);
	json_decref(records);
}

/* Colour changes no character of the text. */
static void test_colour_is_only_added(void **state)
{
	json_t *records = load_records();
	FILE *plain = tmpfile(), *coloured = tmpfile();
	char *expected, *text, *to;

	(void)state;
	assert_int_equal(report_terminal(records, plain, false, true), 0);
	assert_int_equal(report_terminal(records, coloured, true, true), 0);
	expected = golden_slurp(plain);
	text = golden_slurp(coloured);
	assert_non_null(strstr(text, "\033[32mpass\033[0m"));
	to = text;
	for (const char *from = text; *from; from++) {
		if (from[0] == '\033' && from[1] == '[' &&
		    from[strspn(from + 2, "0123456789;") + 2] == 'm')
			from += strspn(from + 2, "0123456789;") + 2;
		else
			*to++ = *from;
	}
	*to = '\0';
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	fclose(plain);
	fclose(coloured);
	json_decref(records);
}

static void test_claims(void **state)
{
	static const char *const rows[][2] = { { "SKA-01", "A NAPT drops what nobody asked for." },
					       { "SKA-02", "Three cases." },
					       { "SKA-07", "Once both send, the ports open." },
					       { "SKB-06", "Voice prefers UDP." },
					       { "SKB-07", "Both public: direct UDP." },
					       { "SKB-10", "Both behind NAT." } };
	json_t *records = load_records();
	json_t *claims = json_array();
	FILE *file = tmpfile();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_array_append_new(claims, json_pack("{s:s, s:s, s:s}", "row", rows[i][0],
							"claim", rows[i][1], "document",
							rows[i][0][2] == 'A' ? "001" : "003"));
	assert_int_equal(report_claims(claims, records, file, false), 0);
	check_stream("claims.txt", file);
	json_decref(claims);
	json_decref(records);
}

static void temporary(char path[32])
{
	int fd;

	snprintf(path, 32, "/tmp/knothole-report-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
}

static void test_junit(void **state)
{
	json_t *records = load_records();
	char path[32];
	xmlDoc *doc;

	(void)state;
	temporary(path);
	assert_int_equal(report_junit(records, "all", path), 0);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	assert_non_null(doc); /* well formed, whatever a log said */
	xmlFreeDoc(doc);
	check_stream("junit.xml", fopen(path, "r"));
	unlink(path);
	assert_int_equal(report_junit(records, "all", "/nowhere/x.xml"), -ENOENT);
	json_decref(records);
}

/* How much the comparison of worlds left out is said, where that is anything. */
static void test_left_out(void **state)
{
	static const char line[] =
		"3 calls were not wholly compared: luck decides them, as the oracle says\n";
	json_t *records = json_loads("[{\"left_out\": 2}, {}, {\"left_out\": 1}]", 0, NULL);
	FILE *file = tmpfile();
	char *text;

	(void)state;
	assert_int_equal(record_left_out(records), 3);
	assert_int_equal(report_terminal(records, file, false, false), 0);
	text = golden_slurp(file);
	assert_non_null(strstr(text, line));
	free(text);
	fclose(file);
	file = tmpfile();
	assert_int_equal(report_matrix(records, file, false), 0);
	text = golden_slurp(file);
	assert_non_null(strstr(text, line));
	free(text);
	fclose(file);
	json_decref(records);
}

/* What of a cell was not tried, and why, stands below the table. */
static void test_in_part(void **state)
{
	json_t *records = json_loads(
		"[{\"ended\": \"pass\", \"params\": {\"a\": \"x\", \"b\": \"y\"}, \"not_tried\": "
		"[{\"method\": \"tcp-direct\", \"why\": \"no TCP\"}, {\"method\": \"tcp-punch\", "
		"\"why\": \"neither\"}]}, {\"ended\": \"pass\", \"params\": {\"a\": \"x\", "
		"\"b\": \"x\"}}]",
		0, NULL);
	FILE *file = tmpfile();
	char *text;

	(void)state;
	assert_non_null(records);
	assert_int_equal(report_matrix(records, file, false), 0);
	text = golden_slurp(file);
	assert_non_null(strstr(text, "part  x, y: not tried: tcp-direct, tcp-punch: no TCP\n"
				     "2 cells: 2 as the oracle says, 0 not, 0 skipped, 1 tried in "
				     "part\n"));
	free(text);
	fclose(file);
	json_decref(records);
}

static void test_json(void **state)
{
	json_t *records = load_records();
	json_t *whole, *expected;
	char path[32];

	(void)state;
	temporary(path);
	assert_int_equal(report_json(records, path), 0);
	whole = json_load_file(path, 0, NULL);
	expected = json_pack("{s:i, s:i, s:i, s:i, s:i}", "pass", 3, "fail", 2, "error", 2, "skip",
			     1, "left_out", 0);
	assert_int_equal(json_integer_value(json_object_get(whole, "version")), 1);
	assert_true(json_equal(json_object_get(whole, "records"), records));
	assert_true(json_equal(json_object_get(whole, "summary"), expected));
	json_decref(expected);
	json_decref(whole);
	unlink(path);
	assert_int_equal(report_json(records, "/nowhere/x.json"), -ENOENT);
	json_decref(records);
}

/* Two runs' reports are the same wherever they are written, and @records stay as they were. */
static void test_beside(void **state)
{
	static const char *const rows[][3] = {
		/* capture, the report's folder, as the report has it */
		{ "out/one/x.pcapng", "out/one", "x.pcapng" },
		{ "/tmp/x/y.pcapng", "/tmp/x", "y.pcapng" },
		{ "out//x.pcapng", "out/", "x.pcapng" },
		{ "out/x.pcapng", "ou", "out/x.pcapng" },
		{ "out/x.pcapng", "elsewhere", "out/x.pcapng" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *records = json_pack("[{s:s, s:s}, {s:s}]", "capture_file", rows[i][0],
					    "ended", "pass", "ended", "error");
		json_t *expected = json_pack("[{s:s, s:s}, {s:s}]", "capture_file", rows[i][2],
					     "ended", "pass", "ended", "error");
		json_t *before = json_deep_copy(records);
		json_t *beside = record_beside(records, rows[i][1]);

		if (!json_equal(beside, expected))
			fail_msg("%s from %s: got %s", rows[i][0], rows[i][1],
				 record_text(json_array_get(beside, 0), "capture_file"));
		assert_true(json_equal(records, before));
		json_decref(beside);
		json_decref(before);
		json_decref(expected);
		json_decref(records);
	}
}

/* A full disk is an error, not a report. */
static void test_full_disk(void **state)
{
	json_t *records = load_records();
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(report_terminal(records, full, false, true), -EIO);
	assert_int_equal(report_junit(records, "all", "/dev/full"), -ENOSPC);
	fclose(full);
	json_decref(records);
}

/* A cell of a matrix; @found connects, NULL for none; @expected is the oracle's. */
static json_t *cell(const char *a, const char *b, const char *realise, const char *ended,
		    const char *found, const char *expected)
{
	bool same = strcmp(found, expected) == 0;

	return json_pack("{s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:f, s:[{s:s, s:s, s:{s:b, s:s, "
			 "s:s, s:[{s:s, s:b, s:s}]}, s:{s:{s:s, s:s}, s:{s:s, s:s}}, s:b}]}",
			 "scenario", "matrix", "params", "a", a, "b", b, "realise", realise,
			 "ended", ended, "message", strcmp(ended, "skip") == 0 ? "no nftables" : "",
			 "capture_file", same ? "" : "results/cell.pcapng", "ms", 1.0, "calls",
			 "caller", "alice", "callee", "bob", "capture", "connected", true, "method",
			 found, "why", "it did", "attempts", "method", found, "connected", true,
			 "why", "both spoke first", "oracle", found, "prediction",
			 same ? "must" : "must-not", "why", "the ports differ", expected,
			 "prediction", "must", "why", "the ports differ", "agrees", same);
}

static json_t *cells(void)
{
	json_t *records = json_array();

	json_array_append_new(records,
			      cell("no-nat", "no-nat", "engine", "pass", "direct", "direct"));
	json_array_append_new(records, cell("no-nat", "port-restricted-cone", "engine", "pass",
					    "reversal", "reversal"));
	json_array_append_new(records, cell("port-restricted-cone", "no-nat", "engine", "fail",
					    "punch", "direct"));
	json_array_append_new(records, cell("port-restricted-cone", "port-restricted-cone",
					    "engine", "pass", "punch", "punch"));
	/* The same cell again, well this time: the failure stays. */
	json_array_append_new(records, cell("port-restricted-cone", "no-nat", "engine", "pass",
					    "direct", "direct"));
	json_array_append_new(records,
			      cell("no-nat", "no-nat", "kernel", "pass", "direct", "direct"));
	json_array_append_new(records,
			      cell("no-nat", "apd-ei", "kernel", "skip", "relay", "relay"));
	return records;
}

static void test_matrix(void **state)
{
	json_t *records = cells();
	FILE *file = tmpfile();

	(void)state;
	assert_int_equal(report_matrix(records, file, false), 0);
	check_stream("matrix.txt", file);
	json_decref(records);
}

static void test_grid(void **state)
{
	json_t *records = cells();
	struct grid grid;

	(void)state;
	assert_int_equal(grid_new(records, "engine", &grid), 0);
	assert_int_equal(grid.rows_len, 2);
	assert_int_equal(grid.columns_len, 2);
	assert_string_equal(grid.columns[1], "port-restricted-cone");
	assert_int_equal(grid_found(grid_cell(&grid, 1, 0)), METHOD_PUNCH);
	assert_int_equal(grid_expected(grid_cell(&grid, 1, 0)), METHOD_DIRECT);
	assert_false(grid_as_expected(grid_cell(&grid, 1, 0)));
	assert_true(grid_as_expected(grid_cell(&grid, 0, 1)));
	grid_clear(&grid);
	assert_int_equal(grid_new(records, "nobody", &grid), 0);
	assert_int_equal(grid.rows_len, 0);
	grid_clear(&grid);
	json_decref(records);
}

static void test_record(void **state)
{
	json_t *records = load_records();
	char text[128], brief[8];

	(void)state;
	assert_string_equal(record_name(json_array_get(records, 3), text, sizeof(text)),
			    "skype/stranger (nat=full-cone, n=3)");
	assert_string_equal(record_name(json_array_get(records, 3), brief, sizeof(brief)),
			    "skype/s");
	assert_int_equal(record_ended(json_array_get(records, 5)), RECORD_SKIP);
	assert_int_equal(record_ended(json_array_get(records, 7)), RECORD_ERROR);
	assert_int_equal(record_ended(NULL), RECORD_ERROR);
	assert_string_equal(record_text(json_array_get(records, 0), "nothing"), "");
	json_decref(records);
}

/* The list of claims that the project keeps: each row once, "XX-00" or longer, and complete. */
static void test_claims_data(void **state)
{
	json_t *claims = load("scenarios/claims.json");
	json_t *rows = json_object();
	json_t *claim;
	size_t i;

	(void)state;
	json_array_foreach(claims, i, claim)
	{
		const char *row = record_text(claim, "row");
		size_t len = strlen(row);

		assert_true(len >= 5 && row[len - 3] == '-' &&
			    isdigit((unsigned char)row[len - 1]));
		assert_true(strlen(record_text(claim, "claim")) > 10);
		assert_true(strlen(record_text(claim, "document")) > 3);
		assert_null(json_object_get(rows, row));
		json_object_set_new(rows, row, json_true());
	}
	assert_int_equal(json_array_size(claims), 84);
	json_decref(rows);
	json_decref(claims);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),    cmocka_unit_test(test_colour_is_only_added),
		cmocka_unit_test(test_claims),	    cmocka_unit_test(test_junit),
		cmocka_unit_test(test_left_out),    cmocka_unit_test(test_in_part),
		cmocka_unit_test(test_json),	    cmocka_unit_test(test_beside),
		cmocka_unit_test(test_full_disk),   cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_grid),	    cmocka_unit_test(test_record),
		cmocka_unit_test(test_claims_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
