/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  An edit is one replacement in what the inside host says: at the host's own
 * sequence number, so many bytes became so many others.  Numbers outside are those of inside plus
 * what all edits before have added.  The last few edits are kept with their texts, since a segment
 * may be sent again, cut in other places; older ones count by their sum only, and a segment from
 * before them, which was acknowledged long ago, is dropped.
 *
 *   inside   | USER a | PORT 192,168,1,2,15,160 | LIST |
 *   outside  | USER a | PORT 11,2,0,1,15,160 | LIST |        an edit of -3
 */
#include "ftp_alg.h"

#include <stdlib.h>
#include <string.h>

#include "ftp_line.h"
#include "header_fields.h"
#include "limits.h"
#include "permission_clock.h"
#include "static_forward.h"

enum { DATA_PORT = 20, CONNECTIONS = 64, EXPECTED = 64, EDITS = 8, ROOM = 2048 };
enum { OPTION_NOTHING = 1, OPTION_SACK = 5 };

/* How long a named endpoint waits for its data connection. */
#define EXPECTED_NS (120 * UINT64_C(1000000000))

struct edit {
	uint32_t seq; /* the inside host's */
	uint16_t was, is; /* bytes */
	char text[FTP_TEXT];
};

struct control {
	struct endpoint inside, outside, remote;
	uint64_t used; /* when last; 0 = free */
	uint32_t next; /* what the inside host says next */
	uint32_t line; /* where its current line began */
	uint32_t acknowledged; /* up to where the other side has it */
	struct edit edits[EDITS]; /* in order */
	uint32_t edits_len;
	bool folded; /* older ones were there, up to folded_end; they added … */
	uint32_t folded_end, folded_sum;
};

/* A data connection that is to come. */
struct expected {
	struct endpoint inside, outside, remote; /* any port of remote's address will do */
	uint64_t until; /* 0 = free */
};

struct ftp_table {
	struct control controls[CONNECTIONS];
	struct expected expected[EXPECTED];
};

void ftp_table_free(struct ftp_table *table)
{
	free(table);
}

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Control connections */

/* The one between these, or NULL; the inside end is @own, as its side knows it. */
static struct control *control_find(const struct nat *nat, struct endpoint own, bool outside,
				    struct endpoint remote)
{
	for (size_t i = 0; nat->ftp && i < CONNECTIONS; i++) {
		struct control *c = &nat->ftp->controls[i];

		if (c->used && endpoint_equal(outside ? c->outside : c->inside, own) &&
		    endpoint_equal(c->remote, remote))
			return c;
	}
	return NULL;
}

/* Begin to follow one whose inside host says @next next, in the place of the one that has been
 * silent the longest where there is no room; NULL without memory. */
static struct control *control_begin(struct passage *p, struct endpoint from, struct endpoint to,
				     uint32_t next)
{
	struct nat *nat = p->nat;
	struct control *c = control_find(nat, from, false, p->info.dst);

	if (!nat->ftp)
		nat->ftp = calloc(1, sizeof(*nat->ftp));
	if (!nat->ftp)
		return NULL;
	for (size_t i = 0; !c && i < CONNECTIONS; i++)
		if (!nat->ftp->controls[i].used)
			c = &nat->ftp->controls[i];
	if (!c) {
		c = &nat->ftp->controls[0];
		for (size_t i = 1; i < CONNECTIONS; i++)
			if (nat->ftp->controls[i].used < c->used)
				c = &nat->ftp->controls[i];
	}
	*c = (struct control){ .inside = from,
			       .outside = to,
			       .remote = p->info.dst,
			       .next = next,
			       .line = next,
			       .acknowledged = next };
	return c;
}

/* Numbers */

static uint32_t added_by(const struct edit *edit)
{
	return (uint32_t)edit->is - edit->was; /* modulo 2^32, as sequence numbers count */
}

/* What the edits before inside number @seq have added. */
static uint32_t added_before(const struct control *c, uint32_t seq)
{
	uint32_t sum = c->folded_sum;

	for (uint32_t i = 0; i < c->edits_len && before(c->edits[i].seq, seq); i++)
		sum += added_by(&c->edits[i]);
	return sum;
}

/* The inside number of outside @ack.  Of an edit that it acknowledges in part, nothing counts. */
static uint32_t number_inside(const struct control *c, uint32_t ack)
{
	uint32_t sum = c->folded_sum;

	for (uint32_t i = 0; i < c->edits_len; i++) {
		const struct edit *edit = &c->edits[i];
		uint32_t begins = edit->seq + sum;

		if (!before(begins, ack))
			break;
		if (before(ack, begins + edit->is))
			return edit->seq;
		sum += added_by(edit);
	}
	return ack - sum;
}

/* False where there is no room yet: the oldest that is remembered has not arrived. */
static bool add_edit(struct control *c, const struct edit *edit)
{
	if (c->edits_len == EDITS) {
		if (before(c->acknowledged, c->edits[0].seq + c->edits[0].was))
			return false;
		c->folded = true;
		c->folded_end = c->edits[0].seq + c->edits[0].was;
		c->folded_sum += added_by(&c->edits[0]);
		memmove(&c->edits[0], &c->edits[1], --c->edits_len * sizeof(*edit));
	}
	c->edits[c->edits_len++] = *edit;
	return true;
}

/* Data connections */

/* The outside endpoint for data that inside @data waits for from @remote, or an unset one. */
static struct endpoint open_data(struct passage *p, struct endpoint data, struct endpoint to)
{
	struct nat *nat = p->nat;
	const struct rules *rules = &nat->rules[NAT_TCP];
	struct mapping_key key = { NAT_TCP, rules->scope, data, { p->info.dst.addr, DATA_PORT } };
	struct outside_port same = { 0, data.port };
	struct endpoint outside = { to.addr, data.port };
	int pool = nat_pool_find(nat, to.addr);
	uint32_t ref;

	if (nat->model.kind != NAT_KIND_FIREWALL) {
		if (static_forward_out(nat, NAT_TCP, data, &outside.port))
			return outside;
		same.pool = pool < 0 ? 0 : (uint16_t)pool;
	}
	if (rules->stateless)
		return outside;
	ref = mapping_find(nat, &key);
	if (!ref && limits_make_mapping(nat, &key, nat_translates_ports(nat) ? NULL : &same, 0,
					p->now, &ref) != NAT_REASON_NEW_MAPPING)
		return (struct endpoint){ 0 };
	if (nat_translates_ports(nat))
		outside = mapping_outside(nat, nat_mapping(nat, ref));
	return outside;
}

static void expect(struct passage *p, struct endpoint data, struct endpoint outside)
{
	struct expected *free_one = &p->nat->ftp->expected[0];

	for (size_t i = 0; i < EXPECTED; i++) {
		struct expected *e = &p->nat->ftp->expected[i];

		if (e->until && endpoint_equal(e->outside, outside)) {
			free_one = e;
			break;
		}
		if (e->until < free_one->until)
			free_one = e;
	}
	*free_one = (struct expected){ data, outside, p->info.dst, p->now + EXPECTED_NS };
}

/* A SYN has come that was waited for: to the filter it is as if the inside host had sent to where
 * it comes from. */
static void let_in(struct passage *p, const struct expected *e)
{
	struct nat *nat = p->nat;
	enum nat_scope scope = nat->rules[NAT_TCP].scope;
	struct mapping_key key = { NAT_TCP, scope, e->inside, { e->remote.addr, DATA_PORT } };
	uint32_t ref = mapping_find(nat, &key);

	if (!ref)
		return;
	if (!scope_agrees(scope, key.remote, p->info.src)) {
		const struct mapping *m = nat_mapping(nat, ref);
		struct outside_port at = { m->pool, m->outside_port };

		/* It is for the one remote endpoint that this turns out to be. */
		mapping_end(nat, ref);
		key.remote = p->info.src;
		if (limits_make_mapping(nat, &key, &at, 0, p->now, &ref) != NAT_REASON_NEW_MAPPING)
			return;
	}
	session_open(nat, ref, p->info.src);
	nat_note_permission(nat, NAT_TCP, e->inside, p->info.src);
}

/* Out */

/* One segment on its way out. */
struct speech {
	struct passage *p;
	struct endpoint from, to;
	struct control after; /* what is known once it has gone */
	const char *text;
	uint32_t seq, end; /* of the text, the inside host's */
	bool reply;
	char out[ROOM];
	size_t used;
	bool changed, full, must_wait;
};

static void emit(struct speech *s, const char *text, size_t len)
{
	if (s->used + len > sizeof(s->out)) {
		s->full = true;
		return;
	}
	memcpy(s->out + s->used, text, len);
	s->used += len;
}

/* The edit that was made where @seq lies, if any. */
static const struct edit *edit_over(const struct control *c, uint32_t seq)
{
	for (uint32_t i = 0; i < c->edits_len; i++)
		if (!before(seq, c->edits[i].seq) && before(seq, c->edits[i].seq + c->edits[i].was))
			return &c->edits[i];
	return NULL;
}

/* A whole line at @at, of @len bytes, never said before. */
static void say_line(struct speech *s, uint32_t at, size_t len)
{
	const char *text = s->text + (at - s->seq);
	struct endpoint outside;
	struct ftp_line line;
	struct edit edit;

	s->after.line = at + (uint32_t)len;
	if (!ftp_line_read(text, len, s->reply, &line)) {
		emit(s, text, len);
		return;
	}
	if (line.kind == FTP_EPSV)
		line.data.addr = s->from.addr;
	outside = ip_addr_equal(line.data.addr, s->from.addr) ? open_data(s->p, line.data, s->to)
							      : (struct endpoint){ 0 };
	if (!outside.port) {
		emit(s, text, len);
		return;
	}
	expect(s->p, line.data, outside);
	edit = (struct edit){ .seq = at + (uint32_t)line.at, .was = (uint16_t)line.len };
	edit.is = (uint16_t)ftp_line_write(&line, outside, edit.text);
	emit(s, text, line.at);
	emit(s, edit.text, edit.is);
	emit(s, text + line.at + line.len, len - line.at - line.len);
	if (edit.is == edit.was && memcmp(edit.text, text + line.at, edit.is) == 0)
		return;
	s->must_wait = !add_edit(&s->after, &edit);
	s->changed = true;
}

/* From @at on the inside host says what it has not said before; returns where that is dealt with up
 * to. */
static uint32_t say_new(struct speech *s, uint32_t at)
{
	const char *text = s->text + (at - s->seq);
	size_t len = s->end - at;
	const char *newline = memchr(text, '\n', len);

	if (newline)
		len = (size_t)(newline - text) + 1;
	if (at == s->after.line && newline) {
		say_line(s, at, len);
	} else if (at == s->after.line && ftp_line_may_become(text, len, s->reply)) {
		s->must_wait = true;
	} else {
		emit(s, text, len);
		if (newline)
			s->after.line = at + (uint32_t)len;
	}
	return at + (uint32_t)len;
}

/* The whole segment, from where an edit began that it begins within; returns that. */
static uint32_t say(struct speech *s)
{
	const struct edit *edit = edit_over(&s->after, s->seq);
	uint32_t begins = edit ? edit->seq : s->seq, at = begins;

	while (before(at, s->end) && !s->full && !s->must_wait) {
		edit = edit_over(&s->after, at);
		if (edit) {
			emit(s, edit->text, edit->is);
			s->changed = true;
			at = edit->seq + edit->was;
		} else if (before(at, s->after.next)) {
			emit(s, s->text + (at - s->seq), 1);
			at++;
		} else {
			at = say_new(s, at);
		}
	}
	/* A bare acknowledgement may be ahead of what was dropped. */
	if (s->seq != s->end && before(s->after.next, s->end))
		s->after.next = s->end;
	return begins;
}

/* No number of it can be told: it was before what is remembered, or comes before its turn. */
static bool is_untold(const struct control *c, const struct packet_info *info)
{
	bool speaks = info->payload_len || info->tcp_flags & TCP_FIN;

	return speaks && (before(c->next, info->tcp_seq) ||
			  (c->folded && before(info->tcp_seq, c->folded_end)));
}

static bool speak(struct passage *p, struct control *c, struct endpoint from, struct endpoint to)
{
	struct speech s = { .p = p,
			    .from = from,
			    .to = to,
			    .after = *c,
			    .text = (const char *)p->pkt->data + p->info.payload_offset,
			    .seq = p->info.tcp_seq,
			    .end = p->info.tcp_seq + p->info.payload_len,
			    .reply = from.port == FTP_CONTROL_PORT };
	uint32_t begins;

	if (is_untold(c, &p->info))
		return false;
	begins = say(&s);
	if (s.must_wait || (s.full && s.changed))
		return false;
	if (s.changed && packet_set_payload(p->pkt, &p->info, s.out, s.used))
		return false;
	packet_set_tcp_word(p->pkt, &p->info, TCP_SEQ, begins + added_before(c, begins));
	*c = s.after;
	return true;
}

bool ftp_alg_out(struct passage *p, struct endpoint from, struct endpoint to)
{
	struct control *c = control_find(p->nat, from, false, p->info.dst);

	if (p->info.tcp_flags & TCP_SYN) {
		c = control_begin(p, from, to, p->info.tcp_seq + 1);
		if (c)
			c->used = p->now + 1;
		return true;
	}
	/* It has begun before this NAT did. */
	if (!c)
		c = control_begin(p, from, to, p->info.tcp_seq);
	if (!c)
		return true;
	c->used = p->now + 1;
	return speak(p, c, from, to);
}

/* In */

/* RFC 2018, 3: blocks of two numbers each. */
static void correct_sack(struct passage *p, const struct control *c)
{
	const uint8_t *header = p->pkt->data + p->info.transport_offset;
	size_t end = p->info.payload_offset - p->info.transport_offset, len;

	for (size_t at = TCP_HEADER; at < end && header[at]; at += len) {
		len = header[at] == OPTION_NOTHING ? 1 : at + 1 < end ? header[at + 1] : 0;
		if (!len || at + len > end)
			return;
		for (size_t k = at + 2; header[at] == OPTION_SACK && k + 4 <= at + len; k += 4)
			packet_set_tcp_word(p->pkt, &p->info, (uint16_t)k,
					    number_inside(c, get_be32(header + k)));
	}
}

static void correct_acknowledgement(struct passage *p, struct control *c)
{
	uint32_t ack = number_inside(c, p->info.tcp_ack);

	/* What was never said cannot have arrived. */
	if (before(c->acknowledged, ack) && !before(c->next, ack))
		c->acknowledged = ack;
	packet_set_tcp_word(p->pkt, &p->info, TCP_ACKNOWLEDGED, ack);
	correct_sack(p, c);
}

void ftp_alg_in(struct passage *p)
{
	struct ftp_table *table = p->nat->ftp;
	struct control *c = control_find(p->nat, p->info.dst, true, p->info.src);
	bool opens = (p->info.tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	if (c && p->info.tcp_flags & TCP_ACK && (c->folded || c->edits_len))
		correct_acknowledgement(p, c);
	for (size_t i = 0; table && opens && i < EXPECTED; i++) {
		struct expected *e = &table->expected[i];

		if (e->until <= p->now || !endpoint_equal(e->outside, p->info.dst) ||
		    !ip_addr_equal(e->remote.addr, p->info.src.addr))
			continue;
		let_in(p, e);
		e->until = 0;
	}
}
