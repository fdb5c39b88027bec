/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What chance alone decided: the computed share beside the measured one, in text. */
#include "golden.h"

#include "reports/record.h"

#define CHANCE(x) "{\"birthday\": {\"prediction\": \"may\", \"chance\": " x "}}"
#define RUN(params, oracle, connected)                                                             \
	"{\"scenario\": \"beyond/birthday\", \"params\": {" params "}, \"ended\": \"pass\", "      \
	"\"calls\": [{\"oracle\": " oracle ", \"capture\": {\"connected\": " connected             \
	", \"attempts\": [{\"method\": \"birthday\", \"connected\": " connected "}]}}]}"

static const struct row {
	const char *name, *records, *says;
} rows[] = {
	{ "nothing by chance",
	  "[" RUN("", "{\"birthday\": {\"prediction\": \"must\", \"chance\": 1}}", "true") "]",
	  "" },
	{ "chance that nobody can compute",
	  "[" RUN("", "{\"birthday\": {\"prediction\": \"may\"}}", "true") "]", "" },
	{ "hardly ever, and nearly always",
	  "[" RUN("\"n\": 1", CHANCE("0.0000001"), "false") ", " //
	  RUN("\"n\": 2", CHANCE("0.99999999"), "true") "]",
	  "Decided by chance alone:\n"
	  "  beyond/birthday (n=1)  birthday  computed less than 0.0001 %, measured 0 of 1 "
	  "(95 %: 0.00 .. 79.35)\n"
	  "  beyond/birthday (n=2)  birthday  computed more than 99.9999 %, measured 1 of 1 "
	  "(95 %: 20.65 .. 100.00)\n" },
	{ "runs of one name together, in order",
	  "[" RUN("\"hard\": \"caller\"", CHANCE("0.25"),
		  "true") ", " RUN("\"hard\": \"callee\"", CHANCE("0.00123456"), "false") ", " //
	  RUN("\"hard\": \"caller\"", CHANCE("0.25"), "false") "]",
	  "Decided by chance alone:\n"
	  "  beyond/birthday (hard=caller)  birthday  computed 25.0000 %, measured 1 of 2 "
	  "(95 %: 9.45 .. 90.55)\n"
	  "  beyond/birthday (hard=callee)  birthday  computed 0.1235 %, measured 0 of 1 "
	  "(95 %: 0.00 .. 79.35)\n" },
};

static void a_row(void **state)
{
	const struct row *row = *state;
	json_t *records = json_loads(row->records, 0, NULL);
	FILE *file = tmpfile();
	char *text;

	assert_non_null(records);
	assert_non_null(file);
	report_luck(records, file);
	text = golden_slurp(file);
	assert_string_equal(text, row->says);
	free(text);
	fclose(file);
	json_decref(records);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[ROWS] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = a_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
