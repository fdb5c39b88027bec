/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ice_sdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { UFRAG_MIN = 4, PWD_MIN = 22, COMPONENT_MAX = 256, WORD_MAX = 256 };

static const char *const type_words[] = {
#define X(id, word, preference) word,
	ICE_TYPES(X)
#undef X
};

static const struct {
	const char *name, *tcptype;
} transports[] = {
#define X(id, transport, tcptype) { transport, tcptype },
	ICE_TRANSPORTS(X)
#undef X
};

static const struct {
	const char *name;
	enum ice_line_kind kind;
	size_t min; /* characters of its value */
} texts[] = {
	{ "ice-ufrag:", ICE_LINE_UFRAG, UFRAG_MIN },
	{ "ice-pwd:", ICE_LINE_PWD, PWD_MIN },
};

const char *ice_type_word(enum ice_type type)
{
	return type_words[type];
}

const char *ice_transport_word(enum ice_transport transport)
{
	static const char *const words[] = {
		[ICE_UDP] = "udp",
		[ICE_TCP_ACTIVE] = "tcp active",
		[ICE_TCP_PASSIVE] = "tcp passive",
		[ICE_TCP_SIMULTANEOUS] = "tcp so",
	};

	return words[transport];
}

/* What follows @prefix in @text; NULL where it does not begin so. */
static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* ice-char of RFC 8839: ALPHA / DIGIT / "+" / "/". */
static bool all_ice_chars(const char *text)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";

	return text[strspn(text, allowed)] == '\0';
}

/* Take the next word of *@at, which single blanks part. */
static bool take(const char **at, char ret[WORD_MAX])
{
	size_t len = strcspn(*at, " ");

	if (!len || len >= WORD_MAX)
		return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len;
	if (**at == ' ' && *++*at == '\0')
		return false;
	return true;
}

static bool take_number(const char **at, uint32_t min, uint32_t max, uint32_t *ret)
{
	char word[WORD_MAX];
	uint64_t value = 0;

	if (!take(at, word) || strlen(word) > 10 || word[strspn(word, "0123456789")] != '\0')
		return false;
	for (const char *c = word; *c; c++)
		value = value * 10 + (uint64_t)(*c - '0');
	if (value < min || value > max)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* Is it of the form of an address at all?  A name, such as mDNS', is one to ignore. */
static int read_address(const char *word, struct ip_addr *ret)
{
	if (!ip_addr_parse(word, ret))
		return 0;
	return strpbrk(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ? -EAFNOSUPPORT
										     : -EINVAL;
}

/* What may stand behind the type: related address and port, then pairs of name and value. */
static int read_extensions(const char *at, struct ice_candidate *c, char tcptype[WORD_MAX])
{
	char name[WORD_MAX], value[WORD_MAX];
	struct ip_addr related;
	uint32_t number;

	while (*at) {
		const char *number_at;

		if (!take(&at, name))
			return -EINVAL;
		number_at = at;
		if (!take(&at, value))
			return -EINVAL;
		if (strcmp(name, "raddr") == 0 && !ip_addr_parse(value, &related)) {
			c->related.addr = related;
		} else if (strcmp(name, "rport") == 0) {
			if (!take_number(&number_at, 0, UINT16_MAX, &number))
				return -EINVAL;
			c->related.port = (uint16_t)number;
		} else if (strcmp(name, "tcptype") == 0) {
			memcpy(tcptype, value, WORD_MAX);
		}
	}
	return 0;
}

static int find_transport(const char *name, const char *tcptype, enum ice_transport *ret)
{
	for (int i = 0; i < ICE_TRANSPORT_COUNT; i++) {
		const char *wants = transports[i].tcptype;

		if (strcasecmp(transports[i].name, name) == 0 &&
		    (!wants || strcmp(wants, tcptype) == 0)) {
			*ret = (enum ice_transport)i;
			return 0;
		}
	}
	return -EAFNOSUPPORT;
}

static int find_type(const char *word, enum ice_type *ret)
{
	for (int i = 0; i < ICE_TYPE_COUNT; i++) {
		if (strcmp(type_words[i], word) == 0) {
			*ret = (enum ice_type)i;
			return 0;
		}
	}
	return -EAFNOSUPPORT;
}

static int parse_candidate(const char *at, struct ice_candidate *ret)
{
	char foundation[WORD_MAX], transport[WORD_MAX], address[WORD_MAX], typ[WORD_MAX],
		type[WORD_MAX], tcptype[WORD_MAX] = "";
	struct ice_candidate c = { 0 };
	uint32_t component, port;
	int err;

	if (!take(&at, foundation) || strlen(foundation) > ICE_FOUNDATION_MAX ||
	    !all_ice_chars(foundation) || !take_number(&at, 1, COMPONENT_MAX, &component) ||
	    !take(&at, transport) || !take_number(&at, 1, INT32_MAX, &c.priority) ||
	    !take(&at, address) || !take_number(&at, 0, UINT16_MAX, &port) || !take(&at, typ) ||
	    strcmp(typ, "typ") != 0 || !take(&at, type))
		return -EINVAL;
	memcpy(c.foundation, foundation, strlen(foundation) + 1);
	c.component = (uint16_t)component;
	c.at.port = (uint16_t)port;
	err = read_extensions(at, &c, tcptype);
	if (!err)
		err = read_address(address, &c.at.addr);
	if (!err)
		err = find_transport(transport, tcptype, &c.transport);
	if (!err)
		err = find_type(type, &c.type);
	/* A port without its address says nothing. */
	if (ip_addr_is_unset(c.related.addr))
		c.related = (struct endpoint){ 0 };
	if (!err)
		*ret = c;
	return err;
}

int ice_line_parse(const char *line, struct ice_line *ret)
{
	const char *body = after(line, "a="), *value;
	struct ice_candidate candidate;
	int err;

	if (!body)
		body = line;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len;

		value = after(body, texts[i].name);
		if (!value)
			continue;
		len = strlen(value);
		if (len < texts[i].min || len > ICE_TEXT_MAX || !all_ice_chars(value))
			return -EINVAL;
		*ret = (struct ice_line){ .kind = texts[i].kind };
		memcpy(ret->text, value, len + 1);
		return 0;
	}
	value = after(body, "candidate:");
	if (value) {
		err = parse_candidate(value, &candidate);
		if (!err)
			*ret = (struct ice_line){ .kind = ICE_LINE_CANDIDATE,
						  .candidate = candidate };
		return err;
	}
	*ret = (struct ice_line){ .kind = strcmp(body, "end-of-candidates") ? ICE_LINE_OTHER
									    : ICE_LINE_END };
	return 0;
}

static size_t format_candidate(const struct ice_candidate *c, char buf[ICE_LINE_MAX])
{
	char address[IP_ADDR_TEXT], raddr[IP_ADDR_TEXT], related[IP_ADDR_TEXT + 32] = "";
	const char *tcptype = transports[c->transport].tcptype;

	if (!ip_addr_is_unset(c->related.addr))
		snprintf(related, sizeof(related), " raddr %s rport %u",
			 ip_addr_format(c->related.addr, raddr), c->related.port);
	return (size_t)snprintf(buf, ICE_LINE_MAX, "candidate:%s %u %s %u %s %u typ %s%s%s%s",
				c->foundation, c->component, transports[c->transport].name,
				c->priority, ip_addr_format(c->at.addr, address), c->at.port,
				type_words[c->type], related, tcptype ? " tcptype " : "",
				tcptype ? tcptype : "");
}

size_t ice_line_format(const struct ice_line *line, char buf[ICE_LINE_MAX])
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].kind == line->kind)
			return (size_t)snprintf(buf, ICE_LINE_MAX, "%s%s", texts[i].name,
						line->text);
	if (line->kind == ICE_LINE_CANDIDATE)
		return format_candidate(&line->candidate, buf);
	if (line->kind == ICE_LINE_END)
		return (size_t)snprintf(buf, ICE_LINE_MAX, "end-of-candidates");
	return 0;
}
