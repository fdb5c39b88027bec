/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of RFC 959 and RFC 2428 that name an endpoint: read, and written with another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nat-models/ftp_line.h"

static const struct row {
	const char *name, *line;
	bool reply;
	const char *named; /* what names the endpoint; NULL = nothing does */
	const char *data;
	const char *other; /* the same with 11.2.0.1:4000 */
} rows[] = {
	{ "PORT", "PORT 192,168,1,2,15,160\r\n", false, "192,168,1,2,15,160", "192.168.1.2:4000",
	  "11,2,0,1,15,160" },
	{ "small letters, more room, a bare newline", "port   10,0,0,1,0,7 \n", false,
	  "10,0,0,1,0,7", "10.0.0.1:7", "11,2,0,1,15,160" },
	{ "EPRT", "EPRT |1|192.168.1.2|6275|\r\n", false, "|1|192.168.1.2|6275|",
	  "192.168.1.2:6275", "|1|11.2.0.1|4000|" },
	{ "EPRT with other marks", "EPRT !1!10.0.0.1!65535!\r\n", false, "!1!10.0.0.1!65535!",
	  "10.0.0.1:65535", "!1!11.2.0.1!4000!" },
	{ "227", "227 Entering Passive Mode (192,168,1,2,15,160).\r\n", true, "192,168,1,2,15,160",
	  "192.168.1.2:4000", "11,2,0,1,15,160" },
	{ "227 without brackets", "227 =192,168,1,2,15,160\r\n", true, "192,168,1,2,15,160",
	  "192.168.1.2:4000", "11,2,0,1,15,160" },
	{ "229", "229 Entering Extended Passive Mode (|||6446|)\r\n", true, "|||6446|", "[::]:6446",
	  "|||4000|" },
	{ "no number of an address", "PORT 192,168,1,256,15,160\r\n", false, NULL, NULL, NULL },
	{ "five numbers", "PORT 192,168,1,2,15\r\n", false, NULL, NULL, NULL },
	{ "port 0", "PORT 192,168,1,2,0,0\r\n", false, NULL, NULL, NULL },
	{ "no room before them", "PORT192,168,1,2,15,160\r\n", false, NULL, NULL, NULL },
	{ "IPv6", "EPRT |2|1080::8:800:200C:417A|5282|\r\n", false, NULL, NULL, NULL },
	{ "two marks", "EPRT |1|10.0.0.1!7|\r\n", false, NULL, NULL, NULL },
	{ "a port too high", "EPRT |1|10.0.0.1|65536|\r\n", false, NULL, NULL, NULL },
	{ "229 without its end", "229 Fine (|||6446|\r\n", true, NULL, NULL, NULL },
	{ "229 with an address", "229 Fine (|1|10.0.0.1|6446|)\r\n", true, NULL, NULL, NULL },
	{ "a command in an answer", "PORT 192,168,1,2,15,160\r\n", true, NULL, NULL, NULL },
	{ "an answer in a command", "227 (192,168,1,2,15,160)\r\n", false, NULL, NULL, NULL },
	{ "another command", "RETR 192,168,1,2,15,160\r\n", false, NULL, NULL, NULL },
	{ "nothing", "", false, NULL, NULL, NULL },
};

static void line(void **state)
{
	const struct row *row = *state;
	struct endpoint other = { ip_addr_v4(0x0b020001), 4000 };
	char text[ENDPOINT_TEXT], written[FTP_TEXT];
	struct ftp_line read;
	size_t len;

	assert_int_equal(ftp_line_read(row->line, strlen(row->line), row->reply, &read),
			 row->named != NULL);
	if (!row->named)
		return;
	assert_int_equal(read.len, strlen(row->named));
	assert_memory_equal(row->line + read.at, row->named, read.len);
	assert_string_equal(endpoint_format(read.data, text), row->data);
	len = ftp_line_write(&read, other, written);
	assert_int_equal(len, strlen(row->other));
	assert_memory_equal(written, row->other, len);
	/* Cut anywhere, it might still become one; and nothing is read of it. */
	for (len = 1; len < read.at + read.len; len++) {
		assert_true(ftp_line_may_become(row->line, len, row->reply));
		if (len < read.at)
			assert_false(ftp_line_read(row->line, len, row->reply, &read));
	}
}

static void what_cannot_become_one(void **state)
{
	char longest[FTP_LINE_MAX] = "PORT ";

	(void)state;
	memset(longest + 5, ' ', sizeof(longest) - 5);
	assert_true(ftp_line_may_become(longest, sizeof(longest) - 1, false));
	assert_false(ftp_line_may_become(longest, sizeof(longest), false));
	assert_false(ftp_line_may_become("RETR a", 6, false));
	assert_false(ftp_line_may_become("22", 2, false));
	assert_true(ftp_line_may_become("22", 2, true));
	assert_false(ftp_line_may_become("220 ", 4, true));
	assert_false(ftp_line_may_become("", 0, true));
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	static const struct CMUnitTest others[] = { cmocka_unit_test(what_cannot_become_one) };
	struct CMUnitTest tests[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = line,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	return _cmocka_run_group_tests("FTP lines", tests, ROWS, NULL, NULL) +
	       cmocka_run_group_tests_name("FTP lines", others, NULL, NULL);
}
