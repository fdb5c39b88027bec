/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_MARK, TOKEN_OTHER };

struct token {
	enum token_kind kind;
	const char *start; /* of a string: without its quotes */
	size_t len;
	unsigned line; /* where it begins */
};

struct lexer {
	const char *at;
	const char *end;
	unsigned line;
};

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool token_is(const struct token *token, const char *text)
{
	return token->kind != TOKEN_STRING && token->len == strlen(text) &&
	       memcmp(token->start, text, token->len) == 0;
}

static void advance(struct lexer *lexer)
{
	if (*lexer->at == '\n')
		lexer->line++;
	lexer->at++;
}

/* The length of a long bracket's opening "[[", "[==[" at @at; 0 where there is none. */
static size_t long_bracket(const char *at, const char *end)
{
	const char *p = at;

	if (p == end || *p != '[')
		return 0;
	for (p++; p < end && *p == '='; p++)
		;
	return p < end && *p == '[' ? (size_t)(p - at) + 1 : 0;
}

/* Move behind the end of a long string or comment whose opening is @opening bytes long. */
static void skip_long(struct lexer *lexer, size_t opening)
{
	lexer->at += opening;
	for (; lexer->at < lexer->end; advance(lexer)) {
		const char *p = lexer->at;

		if (*p != ']' || (size_t)(lexer->end - p) < opening || p[opening - 1] != ']')
			continue;
		for (p++; *p == '='; p++)
			;
		if ((size_t)(p - lexer->at) == opening - 1) {
			lexer->at += opening;
			return;
		}
	}
}

static void skip_blanks_and_comments(struct lexer *lexer)
{
	while (lexer->at < lexer->end) {
		const char *at = lexer->at;

		if (isspace((unsigned char)*at)) {
			advance(lexer);
		} else if (lexer->end - at >= 2 && at[0] == '-' && at[1] == '-') {
			size_t opening = long_bracket(at + 2, lexer->end);

			lexer->at += 2;
			if (opening)
				skip_long(lexer, opening);
			while (!opening && lexer->at < lexer->end && *lexer->at != '\n')
				lexer->at++;
		} else {
			return;
		}
	}
}

static struct token quoted(struct lexer *lexer)
{
	struct token token = { TOKEN_STRING, lexer->at + 1, 0, lexer->line };
	char quote = *lexer->at++;

	while (lexer->at < lexer->end && *lexer->at != quote && *lexer->at != '\n') {
		if (*lexer->at == '\\' && lexer->end - lexer->at > 1)
			advance(lexer);
		advance(lexer);
	}
	token.len = (size_t)(lexer->at - token.start);
	if (lexer->at < lexer->end)
		advance(lexer);
	return token;
}

static struct token next_token(struct lexer *lexer)
{
	struct token token;
	size_t opening;

	skip_blanks_and_comments(lexer);
	token = (struct token){ TOKEN_END, lexer->at, 0, lexer->line };
	if (lexer->at == lexer->end)
		return token;
	if (*lexer->at == '"' || *lexer->at == '\'')
		return quoted(lexer);
	opening = long_bracket(lexer->at, lexer->end);
	if (opening) {
		skip_long(lexer, opening);
		token.kind = TOKEN_STRING;
		return token;
	}
	token.kind = isdigit((unsigned char)*lexer->at) ? TOKEN_OTHER : TOKEN_NAME;
	while (lexer->at < lexer->end && is_name_char(*lexer->at))
		lexer->at++;
	if (lexer->at == token.start) {
		token.kind = TOKEN_MARK;
		lexer->at++;
	}
	token.len = (size_t)(lexer->at - token.start);
	return token;
}

/* Deeper tables are only counted: no path goes there. */
enum { DEPTH_MAX = 16 };

/*
 * The search walks the text once.  matched[d] is how many of the path's parts lead to the
 * table that is open at depth d; -1: it is on another branch.
 */
struct search {
	const char *path;
	int depth;
	int matched[DEPTH_MAX + 1];
	int pending; /* parts that lead to the value that comes next */
	bool in_returned; /* the outermost open table is the one that the text returns */
	bool best_returned; /* so was the one of the best match */
	int best; /* parts of the path that the best match has */
	unsigned line;
};

/* The @n-th part of the path; NULL behind its end. */
static const char *path_part(const char *path, int n, size_t *ret_len)
{
	for (; n > 0; n--) {
		path = strchr(path, '.');
		if (!path)
			return NULL;
		path++;
	}
	*ret_len = strcspn(path, ".");
	return path;
}

static void note_key(struct search *search, const struct token *key)
{
	int have = search->depth <= DEPTH_MAX ? search->matched[search->depth] : -1;
	size_t len = 0;
	const char *part = have >= 0 ? path_part(search->path, have, &len) : NULL;

	search->pending = -1;
	if (!part || len != key->len || memcmp(part, key->start, len) != 0)
		return;
	search->pending = have + 1;
	/* Of two keys the later counts, as it does for Lua; but first the returned table's. */
	if (search->best_returned && !search->in_returned)
		return;
	if (search->pending >= search->best || search->best_returned != search->in_returned) {
		search->best = search->pending;
		search->best_returned = search->in_returned;
		search->line = key->line;
	}
}

static void open_table(struct search *search, const struct token *before)
{
	search->depth++;
	if (search->depth == 1) {
		search->in_returned = token_is(before, "return");
		search->pending = 0;
	}
	if (search->depth <= DEPTH_MAX)
		search->matched[search->depth] = search->pending;
	search->pending = -1;
}

unsigned source_line(const char *text, size_t len, const char *path)
{
	struct lexer lexer = { text, text + len, 1 };
	struct search search = { .path = path, .pending = -1 };
	struct token before = { TOKEN_END, text, 0, 1 };
	struct token token = next_token(&lexer);

	while (token.kind != TOKEN_END) {
		bool starts_field = token_is(&before, "{") || token_is(&before, ",") ||
				    token_is(&before, ";");
		struct token key = token;
		struct lexer ahead = lexer;
		struct token after;

		if (starts_field)
			search.pending = -1;
		/* A field begins with `key =` or `["key"] =`. */
		if (starts_field && token_is(&token, "[")) {
			key = next_token(&ahead);
			after = next_token(&ahead);
			if (!token_is(&after, "]"))
				key.kind = TOKEN_OTHER;
		}
		after = next_token(&ahead);
		if (starts_field && search.depth > 0 && token_is(&after, "=") &&
		    (key.kind == TOKEN_NAME || key.kind == TOKEN_STRING))
			note_key(&search, &key);
		else if (token_is(&token, "{"))
			open_table(&search, &before);
		else if (token_is(&token, "}") && search.depth > 0)
			search.depth--;
		before = token;
		token = next_token(&lexer);
	}
	return search.line;
}
