/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the DNS's messages. */
#include "dns.h"

enum { OPT_LEN = 11, POINTER = 0xc000, POINTER_MAX = 0x3fff };

static size_t opt_len(const struct dns_writer *w)
{
	return w->edns.present ? OPT_LEN : 0;
}

static const uint8_t *follow(const uint8_t *bytes, const uint8_t *at)
{
	while ((*at & 0xc0) == 0xc0)
		at = bytes + ((size_t)(at[0] & 0x3f) << 8 | at[1]);
	return at;
}

/* Are the labels from @rest on, to the root, the name that was written at @offset?  To the letter:
 * what is asked in odd letters is answered in them. */
static bool stands_at(const struct dns_writer *w, size_t offset, const uint8_t *rest)
{
	const uint8_t *at = follow(w->c.bytes, w->c.bytes + offset);

	for (; *rest == *at && *rest; rest += *rest + 1) {
		if (memcmp(at, rest, *rest + 1) != 0)
			return false;
		at = follow(w->c.bytes, at + *at + 1);
	}
	return *rest == *at;
}

static bool put_pointer(struct dns_writer *w, const uint8_t *rest)
{
	for (size_t i = 0; i < w->suffixes_len; i++) {
		if (stands_at(w, w->suffixes[i], rest)) {
			cursor_put(&w->c, POINTER | w->suffixes[i], 2);
			return true;
		}
	}
	return false;
}

/* Places are noted only of what was written, so that a name cannot point into itself. */
static void put_name(struct dns_writer *w, const struct dns_name *name)
{
	size_t at = w->c.at, known = w->suffixes_len;
	const uint8_t *label;

	for (label = name->bytes; *label; label += *label + 1) {
		if (put_pointer(w, label))
			break;
		cursor_put_bytes(&w->c, label, *label + 1);
	}
	if (!*label)
		cursor_put(&w->c, 0, 1);
	if (w->c.failed)
		return;
	for (const uint8_t *one = name->bytes; one < label && known < DNS_SUFFIXES;
	     one += *one + 1) {
		size_t offset = at + (size_t)(one - name->bytes);

		if (offset <= POINTER_MAX)
			w->suffixes[known++] = (uint16_t)offset;
	}
	w->suffixes_len = known;
}

void dns_begin(struct dns_writer *w, uint8_t *bytes, size_t room, const struct dns_header *header,
	       const struct dns_question *question, const struct dns_edns *edns)
{
	*w = (struct dns_writer){ .header = *header, .questioned = question };
	if (edns)
		w->edns = *edns;
	w->c = cursor_to_write(bytes, room > opt_len(w) ? room - opt_len(w) : 0);
	cursor_put_zeroes(&w->c, DNS_HEADER);
	if (!question)
		return;
	put_name(w, &question->name);
	cursor_put(&w->c, question->type, 2);
	cursor_put(&w->c, question->class, 2);
}

/* What undoes a record that does not fit. */
struct mark {
	size_t at, suffixes_len, len_at;
	bool failed; /* before it: there is no question, even */
};

static struct mark record_begin(struct dns_writer *w, const struct dns_name *name, uint16_t type,
				uint32_t ttl)
{
	struct mark mark = { w->c.at, w->suffixes_len, 0, w->c.failed };

	put_name(w, name);
	cursor_put(&w->c, type, 2);
	cursor_put(&w->c, DNS_IN, 2);
	cursor_put(&w->c, ttl, 4);
	mark.len_at = w->c.at;
	cursor_put(&w->c, 0, 2);
	return mark;
}

static bool record_end(struct dns_writer *w, enum dns_section section, struct mark mark)
{
	struct cursor len = w->c;

	/* After a record that did not fit none may follow. */
	if (w->c.failed || w->header.truncated || section < w->section ||
	    w->counts[section] == UINT16_MAX) {
		w->c.failed = mark.failed;
		w->c.at = mark.at;
		w->suffixes_len = mark.suffixes_len;
		w->header.truncated = true;
		return false;
	}
	len.at = mark.len_at;
	cursor_put(&len, w->c.at - mark.len_at - 2, 2);
	w->section = section;
	w->counts[section]++;
	return true;
}

bool dns_add(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
	     uint16_t type, uint32_t ttl, const void *data, size_t len)
{
	struct mark mark;

	if (len > UINT16_MAX) {
		w->header.truncated = true;
		return false;
	}
	mark = record_begin(w, name, type, ttl);
	cursor_put_bytes(&w->c, data, len);
	return record_end(w, section, mark);
}

bool dns_add_addr(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		  uint32_t ttl, struct ip_addr addr)
{
	bool v4 = ip_addr_is_v4(addr);
	struct mark mark = record_begin(w, name, v4 ? DNS_A : DNS_AAAA, ttl);

	if (v4) {
		cursor_put(&w->c, ip_addr_to_v4(addr), 4);
	} else {
		cursor_put(&w->c, addr.hi, 8);
		cursor_put(&w->c, addr.lo, 8);
	}
	return record_end(w, section, mark);
}

bool dns_add_name(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		  uint16_t type, uint32_t ttl, const struct dns_name *target)
{
	struct mark mark = record_begin(w, name, type, ttl);

	put_name(w, target);
	return record_end(w, section, mark);
}

bool dns_add_soa(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		 uint32_t ttl, const struct dns_soa *soa)
{
	const uint32_t numbers[] = { soa->serial, soa->refresh, soa->retry, soa->expire,
				     soa->minimum };
	struct mark mark = record_begin(w, name, DNS_SOA, ttl);

	put_name(w, &soa->primary);
	put_name(w, &soa->mailbox);
	for (int i = 0; i < 5; i++)
		cursor_put(&w->c, numbers[i], 4);
	return record_end(w, section, mark);
}

/* Its place was kept. */
static void put_edns(struct dns_writer *w)
{
	w->c.room += OPT_LEN;
	cursor_put(&w->c, 0, 1);
	cursor_put(&w->c, DNS_OPT, 2);
	cursor_put(&w->c, w->edns.udp_size, 2);
	cursor_put(&w->c, w->header.rcode >> 4, 1);
	cursor_put(&w->c, w->edns.version, 1);
	cursor_put(&w->c, w->edns.dnssec_ok ? 0x8000 : 0, 2);
	cursor_put(&w->c, 0, 2);
	w->counts[DNS_ADDITIONAL]++;
}

static unsigned flags_of(const struct dns_header *h)
{
	return (unsigned)h->response << 15 | (h->opcode & 0xfU) << 11 |
	       (unsigned)h->authoritative << 10 | (unsigned)h->truncated << 9 |
	       (unsigned)h->recursion_desired << 8 | (unsigned)h->recursion_available << 7 |
	       (unsigned)h->authentic << 5 | (unsigned)h->checking_disabled << 4 |
	       (h->rcode & 0xfU);
}

size_t dns_end(struct dns_writer *w)
{
	struct cursor head = cursor_to_write(w->c.bytes, DNS_HEADER);

	if (w->c.failed)
		return 0;
	if (w->edns.present)
		put_edns(w);
	cursor_put(&head, w->header.id, 2);
	cursor_put(&head, flags_of(&w->header), 2);
	cursor_put(&head, w->questioned, 2);
	for (int i = 0; i < DNS_SECTIONS; i++)
		cursor_put(&head, w->counts[i], 2);
	return w->c.at;
}
