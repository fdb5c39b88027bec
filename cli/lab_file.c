/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* In Lua's notation, whatever the bytes are. */
static void put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (isprint(c))
			fputc(c, out);
		else
			fprintf(out, "\\%03u", c);
	}
	fputc('"', out);
}

static void put_link(FILE *out, const struct lab_file *lab)
{
	const char *const names[] = { "delay", "loss", "rate" };
	const char *const values[] = { lab->delay, lab->loss, lab->rate };

	fputs("link = { ", out);
	for (size_t i = 0; i < 3; i++) {
		if (!values[i])
			continue;
		fprintf(out, "%s = ", names[i]);
		put_text(out, values[i]);
		fputs(", ", out);
	}
	fputs("}", out);
}

static bool is_public(const struct lab_file *lab, size_t side)
{
	return strcmp(lab->nat[side], "none") == 0;
}

static void put_side(FILE *out, const struct lab_file *lab, size_t side)
{
	const char *host = side == 0 ? LAB_A : LAB_B, *port = lab->forward[side];

	if (is_public(lab, side)) {
		fprintf(out, "      %s = host { ", host);
		put_link(out, lab);
		fputs(" },\n", out);
		return;
	}
	fprintf(out, "      home_%c = net { nat = ", "ab"[side]);
	put_text(out, lab->nat[side]);
	if (lab->nat6[side]) {
		fputs(", nat6 = ", out);
		put_text(out, lab->nat6[side]);
	}
	fprintf(out, ", %s = host {}, ", host);
	if (port)
		fprintf(out, "forward = { { tcp = %s, to = \"%s\" }, { udp = %s, to = \"%s\" } }, ",
			port, host, port, host);
	put_link(out, lab);
	fputs(" },\n", out);
}

static void put_world(FILE *out, const struct lab_file *lab)
{
	fputs("  world = function ()\n    return {\n", out);
	fprintf(out, "      " LAB_SERVER " = host { services = { %s\"dns\" } },\n",
		strcmp(lab->server, "own") == 0 ? "\"turn\", " : "");
	put_side(out, lab, 0);
	put_side(out, lab, 1);
	fputs("    }\n  end,\n", out);
}

/* What programs are told of the addresses; each sees the other as the world does. */
static void put_environment(FILE *out, const struct lab_file *lab)
{
	if (strcmp(lab->server, "coturn") == 0)
		fputs("    w." LAB_SERVER ":start { \"turnserver\", \"-n\", \"-L\", w." LAB_SERVER
		      ".address, \"-E\", w." LAB_SERVER ".address, \"--lt-cred-mech\",\n"
		      "      \"--user\", \"knothole:knothole\", \"--realm\", \"knothole\", "
		      "\"--no-cli\", \"--no-tls\", \"--no-dtls\",\n"
		      "      \"--log-file=stdout\", \"--pidfile=/tmp/turnserver.pid\", "
		      "ready = 3478 }\n",
		      out);
	fputs("    local function environment(own, peer)\n      return {\n"
	      "        \"KNOTHOLE_A=\" .. w." LAB_SERVER ":address_of(w." LAB_A "),\n"
	      "        \"KNOTHOLE_B=\" .. w." LAB_SERVER ":address_of(w." LAB_B "),\n"
	      "        \"KNOTHOLE_SELF=\" .. own.address, \"KNOTHOLE_PEER=\" .. "
	      "own:address_of(peer),\n"
	      "        \"KNOTHOLE_SERVER=\" .. w." LAB_SERVER ".address,\n",
	      out);
	if (strcmp(lab->server, "none") != 0)
		fputs("        \"KNOTHOLE_STUN=\" .. w." LAB_SERVER ".address .. \":3478\",\n"
		      "        \"KNOTHOLE_TURN=\" .. w." LAB_SERVER ".address .. \":3478\",\n"
		      "        \"KNOTHOLE_TURN_USER=knothole\", "
		      "\"KNOTHOLE_TURN_PASSWORD=knothole\",\n",
		      out);
	fputs("      }\n    end\n"
	      "    local for_a = environment(w." LAB_A ", w." LAB_B ")\n"
	      "    local for_b = environment(w." LAB_B ", w." LAB_A ")\n",
	      out);
}

static void put_ready(FILE *out, const char *ready)
{
	bool port = ready[0] && !ready[strspn(ready, "0123456789")];

	fputs(", ready = ", out);
	if (port)
		fputs(ready, out);
	else
		put_text(out, ready);
}

/* As a statement's right side. */
static void put_start(FILE *out, const struct lab_file *lab, size_t which, const char *ready)
{
	static const char *const hosts[LAB_PROGRAMS] = { LAB_A, LAB_B, LAB_SERVER };

	fprintf(out, "w.%s:start { ", hosts[which]);
	for (char *const *word = lab->argv[which]; *word; word++) {
		put_text(out, *word);
		fputs(", ", out);
	}
	fprintf(out, "env = %s", which == 0 ? "for_a" : "for_b");
	if (ready)
		put_ready(out, ready);
	fputs(" }\n", out);
}

/* Once one has ended the other has a while to do so, too, and is asked to. */
static void put_programs(FILE *out, const struct lab_file *lab)
{
	if (lab->argv[2]) {
		fputs("    ", out);
		put_start(out, lab, 2, lab->server_ready);
	}
	fputs("    local b = ", out);
	put_start(out, lab, 1, lab->ready);
	fputs("    local a = ", out);
	put_start(out, lab, 0, NULL);
	fputs("    while not a:ended() and not b:ended() do w:sleep \"10ms\" end\n"
	      "    local ends = w:now() + ",
	      out);
	fputs(lab->grace, out);
	fputs("\n"
	      "    while not (a:ended() and b:ended()) and w:now() < ends do w:sleep \"10ms\" end\n"
	      "    for _, name in ipairs { \"a\", \"b\" } do\n"
	      "      local program = name == \"a\" and a or b\n"
	      "      if program:ended() then\n"
	      "        local its = program:wait()\n"
	      "        w:log(name, \"ended with\", its.status)\n"
	      "        expect(its.status):is(0)\n"
	      "      else\n"
	      "        w:log(name, \"was asked to end\")\n"
	      "        program:kill()\n"
	      "        local patience = w:now() + 2\n"
	      "        while not program:ended() and w:now() < patience do w:sleep \"10ms\" end\n"
	      "        program:kill(9)\n"
	      "      end\n"
	      "    end\n",
	      out);
}

static void put_shell(FILE *out, const struct lab_file *lab)
{
	const char *mine = strcmp(lab->shell, LAB_B) == 0 ? "for_b" : "for_a";

	fprintf(out,
		"    local shell = w.%s:exec { \"bash\", \"-i\", terminal = true, env = %s, "
		"within = \"8760h\" }\n"
		"    expect(shell ~= nil):is(true)\n",
		lab->shell, mine);
}

int lab_file_write(const struct lab_file *lab, const char *path)
{
	FILE *out = fopen(path, "we");
	bool failed;

	if (!out)
		return -errno;
	fputs("return {\n  title = ", out);
	put_text(out, lab->shell ? "A shell in the lab" : "Two programs behind NATs");
	fputs(",\n  needs = \"live\",\n", out);
	put_world(out, lab);
	fputs("  run = function (w)\n", out);
	put_environment(out, lab);
	if (lab->shell)
		put_shell(out, lab);
	else
		put_programs(out, lab);
	fputs("  end,\n}\n", out);
	failed = ferror(out);
	return fclose(out) || failed ? -EIO : 0;
}
