/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the DNS's messages; dns_write.c writes them. */
#include "dns.h"

#include <errno.h>

enum {
	POINTER = 0xc0,
	POINTERS_MAX = DNS_LABELS_MAX, /* in one name: more would only be there to keep us busy */
};

const char *dns_rcode_text(unsigned rcode)
{
	switch (rcode) {
#define X(id, number, text)                                                                        \
	case id:                                                                                   \
		return text;
		DNS_RCODES(X)
#undef X
	default:
		return "unknown rcode";
	}
}

/*
 * Read the name at *at and move that behind it.  Each pointer has to lead before the place where the
 * one before it had led (RFC 1035, 4.1.4: to a prior occurrence), so there are no loops.
 */
static bool read_name(const uint8_t *bytes, size_t len, size_t *at, struct dns_name *ret)
{
	size_t here = *at, before = here, behind = 0;
	unsigned pointers = 0;

	ret->len = 0;
	for (;;) {
		size_t label;

		if (here >= len)
			return false;
		label = bytes[here];
		if ((label & POINTER) == POINTER) {
			size_t to = here + 1 < len ? (label & 0x3f) << 8 | bytes[here + 1] : len;

			if (!behind)
				behind = here + 2;
			if (to >= before || to < DNS_HEADER || ++pointers > POINTERS_MAX)
				return false;
			before = here = to;
			continue;
		}
		if (label & POINTER || len - here <= label || ret->len + label >= DNS_NAME_MAX)
			return false;
		memcpy(ret->bytes + ret->len, bytes + here, label + 1);
		ret->len = (uint8_t)(ret->len + label + 1);
		here += label + 1;
		if (!label)
			break;
	}
	*at = behind ? behind : here;
	return true;
}

static bool get_name(struct cursor *c, struct dns_name *ret)
{
	if (!c->failed && !read_name(c->bytes, c->room, &c->at, ret))
		c->failed = true;
	return !c->failed;
}

static struct dns_header get_header(struct cursor *c)
{
	struct dns_header header = { .id = (uint16_t)cursor_get(c, 2) };
	unsigned flags = (unsigned)cursor_get(c, 2);

	header.response = flags & 0x8000;
	header.opcode = flags >> 11 & 0xf;
	header.authoritative = flags & 0x0400;
	header.truncated = flags & 0x0200;
	header.recursion_desired = flags & 0x0100;
	header.recursion_available = flags & 0x0080;
	header.authentic = flags & 0x0020;
	header.checking_disabled = flags & 0x0010;
	header.rcode = flags & 0xf;
	return header;
}

int dns_decode_header(const uint8_t *bytes, size_t len, struct dns_header *ret)
{
	struct cursor c = cursor_to_read(bytes, len);

	if (len < DNS_HEADER)
		return -EPROTO;
	*ret = get_header(&c);
	return 0;
}

/* Records */

/* A cursor at the data of @record; what may stand behind it is out of reach, but not what may be
 * pointed to. */
static struct cursor data_of(const struct dns_message *msg, const struct dns_record *record)
{
	struct cursor c =
		cursor_to_read(msg->bytes, (size_t)(record->data - msg->bytes) + record->len);

	c.at = (size_t)(record->data - msg->bytes);
	return c;
}

bool dns_get_addr(const struct dns_record *record, struct ip_addr *ret)
{
	struct cursor c = cursor_to_read(record->data, record->len);

	if (record->type == DNS_A && record->len == 4)
		*ret = ip_addr_v4((uint32_t)cursor_get(&c, 4));
	else if (record->type == DNS_AAAA && record->len == 16)
		*ret = (struct ip_addr){ cursor_get(&c, 8), cursor_get(&c, 8) };
	else
		return false;
	return true;
}

bool dns_get_name(const struct dns_message *msg, const struct dns_record *record,
		  struct dns_name *ret)
{
	struct cursor c = data_of(msg, record);

	if (record->type != DNS_NS && record->type != DNS_CNAME && record->type != DNS_PTR)
		return false;
	return get_name(&c, ret) && c.at == c.room;
}

bool dns_get_soa(const struct dns_message *msg, const struct dns_record *record,
		 struct dns_soa *ret)
{
	struct cursor c = data_of(msg, record);

	if (record->type != DNS_SOA || !get_name(&c, &ret->primary) || !get_name(&c, &ret->mailbox))
		return false;
	ret->serial = (uint32_t)cursor_get(&c, 4);
	ret->refresh = (uint32_t)cursor_get(&c, 4);
	ret->retry = (uint32_t)cursor_get(&c, 4);
	ret->expire = (uint32_t)cursor_get(&c, 4);
	ret->minimum = (uint32_t)cursor_get(&c, 4);
	return !c.failed && c.at == c.room;
}

static bool data_is_sane(const struct dns_message *msg, const struct dns_record *record)
{
	struct dns_name name;
	struct ip_addr addr;
	struct dns_soa soa;

	switch (record->type) {
	case DNS_A:
	case DNS_AAAA:
		return dns_get_addr(record, &addr);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return dns_get_name(msg, record, &name);
	case DNS_SOA:
		return dns_get_soa(msg, record, &soa);
	default:
		return true;
	}
}

/* Which section the record of this @number is in; DNS_SECTIONS behind the last one. */
static enum dns_section section_of(const struct dns_message *msg, size_t number)
{
	enum dns_section section = DNS_ANSWER;

	while (section < DNS_SECTIONS && number >= msg->counts[section]) {
		number -= msg->counts[section];
		section++;
	}
	return section;
}

bool dns_next(const struct dns_message *msg, struct dns_record *record)
{
	struct cursor c = cursor_to_read(msg->bytes, msg->len);

	record->section = section_of(msg, record->number);
	if (record->section == DNS_SECTIONS)
		return false;
	c.at = record->next_at ? record->next_at : msg->records_at;
	get_name(&c, &record->name);
	record->type = (uint16_t)cursor_get(&c, 2);
	record->class = (uint16_t)cursor_get(&c, 2);
	record->ttl = (uint32_t)cursor_get(&c, 4);
	record->len = (uint16_t)cursor_get(&c, 2);
	record->data = cursor_take(&c, record->len);
	if (c.failed)
		return false;
	record->next_at = c.at;
	record->number++;
	return true;
}

/* RFC 6891, 6.1: one at most, among the additional records, at the root. */
static bool take_edns(struct dns_message *msg, const struct dns_record *record)
{
	if (record->section != DNS_ADDITIONAL || msg->edns.present || record->name.len != 1)
		return false;
	msg->edns = (struct dns_edns){
		.present = true,
		.version = record->ttl >> 16 & 0xff,
		.dnssec_ok = record->ttl & 0x8000,
		.udp_size = record->class,
	};
	msg->header.rcode |= (uint16_t)(record->ttl >> 24 << 4);
	return true;
}

static bool check_records(struct dns_message *msg)
{
	size_t count = (size_t)msg->counts[0] + msg->counts[1] + msg->counts[2];
	struct dns_record record = { 0 };

	while (dns_next(msg, &record)) {
		if (record.type == DNS_OPT ? !take_edns(msg, &record) : !data_is_sane(msg, &record))
			return false;
	}
	return record.number == count && (count ? record.next_at : msg->records_at) == msg->len;
}

int dns_decode(const uint8_t *bytes, size_t len, struct dns_message *ret)
{
	struct dns_message msg = { .bytes = bytes, .len = len };
	struct cursor c = cursor_to_read(bytes, len);
	uint16_t questions;

	msg.header = get_header(&c);
	questions = (uint16_t)cursor_get(&c, 2);
	for (int i = 0; i < DNS_SECTIONS; i++)
		msg.counts[i] = (uint16_t)cursor_get(&c, 2);
	if (questions != 1 || !get_name(&c, &msg.question.name))
		return -EPROTO;
	msg.question.type = (uint16_t)cursor_get(&c, 2);
	msg.question.class = (uint16_t)cursor_get(&c, 2);
	msg.records_at = c.at;
	if (c.failed || !check_records(&msg))
		return -EPROTO;
	*ret = msg;
	return 0;
}
