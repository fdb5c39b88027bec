/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ftp_line.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { WORD = 4, TUPLE = 6, IPV4_PROTOCOL = 1 };

/* A text with a place in it; nothing reads beyond its end. */
struct reader {
	const char *text;
	size_t len, at;
};

static bool take(struct reader *r, char c)
{
	if (r->at >= r->len || r->text[r->at] != c)
		return false;
	r->at++;
	return true;
}

/* A number of at most @max, which no digit follows. */
static bool take_number(struct reader *r, unsigned max, unsigned *ret)
{
	size_t first = r->at;

	for (*ret = 0; r->at < r->len && isdigit((unsigned char)r->text[r->at]); r->at++) {
		*ret = *ret * 10 + (unsigned)(r->text[r->at] - '0');
		if (*ret > max)
			return false;
	}
	return r->at > first;
}

/* "192,168,1,2,15,160" (RFC 959, 4.1.2). */
static bool take_tuple(struct reader *r, struct ftp_line *ret)
{
	unsigned n[TUPLE];

	ret->at = r->at;
	for (int i = 0; i < TUPLE; i++)
		if ((i && !take(r, ',')) || !take_number(r, UINT8_MAX, &n[i]))
			return false;
	ret->len = r->at - ret->at;
	ret->data.addr = ip_addr_v4(n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]);
	ret->data.port = (uint16_t)(n[4] << 8 | n[5]);
	return ret->data.port != 0;
}

static bool take_address(struct reader *r, struct ip_addr *ret)
{
	uint32_t addr = 0;

	for (int i = 0; i < 4; i++) {
		unsigned n;

		if ((i && !take(r, '.')) || !take_number(r, UINT8_MAX, &n))
			return false;
		addr = addr << 8 | n;
	}
	*ret = ip_addr_v4(addr);
	return true;
}

static bool take_mark(struct reader *r, char *ret)
{
	if (r->at >= r->len || r->text[r->at] <= ' ' || isdigit((unsigned char)r->text[r->at]))
		return false;
	*ret = r->text[r->at++];
	return true;
}

static bool take_port(struct reader *r, struct ftp_line *ret)
{
	unsigned port;

	if (!take_number(r, UINT16_MAX, &port) || !port)
		return false;
	ret->data.port = (uint16_t)port;
	return true;
}

/* "|1|192.168.1.2|4000|" (RFC 2428, 2). */
static bool take_extended(struct reader *r, struct ftp_line *ret)
{
	unsigned protocol;

	ret->at = r->at;
	if (!take_mark(r, &ret->mark) || !take_number(r, UINT8_MAX, &protocol) ||
	    protocol != IPV4_PROTOCOL || !take(r, ret->mark) || !take_address(r, &ret->data.addr) ||
	    !take(r, ret->mark) || !take_port(r, ret) || !take(r, ret->mark))
		return false;
	ret->len = r->at - ret->at;
	return true;
}

/* "(|||4000|)" (RFC 2428, 3). */
static bool take_extended_passive(struct reader *r, struct ftp_line *ret)
{
	ret->at = ++r->at;
	if (!take_mark(r, &ret->mark) || !take(r, ret->mark) || !take(r, ret->mark) ||
	    !take_port(r, ret) || !take(r, ret->mark))
		return false;
	ret->len = r->at - ret->at;
	return take(r, ')');
}

static void skip_to(struct reader *r, int (*is)(int))
{
	while (r->at < r->len && !is((unsigned char)r->text[r->at]))
		r->at++;
}

static int is_bracket(int c)
{
	return c == '(';
}

static int is_no_space(int c)
{
	return c != ' ';
}

static bool begins(const char *text, size_t len, const char *word)
{
	return strncasecmp(text, word, len < WORD ? len : WORD) == 0;
}

bool ftp_line_read(const char *line, size_t len, bool reply, struct ftp_line *ret)
{
	struct reader r = { line, len, WORD };

	*ret = (struct ftp_line){ .mark = '|' };
	if (len <= WORD || len > FTP_LINE_MAX)
		return false;
	if (reply && begins(line, len, "227 ")) {
		/* Servers differ in what stands before the numbers (RFC 1123, 4.1.2.6). */
		ret->kind = FTP_PASV;
		skip_to(&r, isdigit);
		return take_tuple(&r, ret);
	}
	if (reply && begins(line, len, "229 ")) {
		ret->kind = FTP_EPSV;
		skip_to(&r, is_bracket);
		return r.at < len && take_extended_passive(&r, ret);
	}
	if (reply || line[WORD] != ' ')
		return false;
	skip_to(&r, is_no_space);
	if (begins(line, len, "PORT")) {
		ret->kind = FTP_PORT;
		return take_tuple(&r, ret);
	}
	ret->kind = FTP_EPRT;
	return begins(line, len, "EPRT") && take_extended(&r, ret);
}

size_t ftp_line_write(const struct ftp_line *line, struct endpoint to, char ret[FTP_TEXT])
{
	uint32_t a = ip_addr_to_v4(to.addr);
	char address[IP_ADDR_TEXT], m = line->mark;
	int n;

	switch (line->kind) {
	case FTP_PORT:
	case FTP_PASV:
		n = snprintf(ret, FTP_TEXT, "%u,%u,%u,%u,%u,%u", a >> 24, a >> 16 & 255U,
			     a >> 8 & 255U, a & 255U, to.port / 256U, to.port % 256U);
		break;
	case FTP_EPRT:
		n = snprintf(ret, FTP_TEXT, "%c1%c%.15s%c%u%c", m, m,
			     ip_addr_format(to.addr, address), m, to.port, m);
		break;
	default:
		n = snprintf(ret, FTP_TEXT, "%c%c%c%u%c", m, m, m, to.port, m);
	}
	return (size_t)n;
}

bool ftp_line_may_become(const char *text, size_t len, bool reply)
{
	if (len == 0 || len >= FTP_LINE_MAX)
		return false;
	if (reply)
		return begins(text, len, "227 ") || begins(text, len, "229 ");
	return begins(text, len, "PORT") || begins(text, len, "EPRT");
}
